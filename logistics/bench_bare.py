"""What the API's order detail is measured against: the same fields by plain nested ModelSerializers.

A bare Django REST Framework application: no middleware, nobody asked who they are, everything prefetched.
"""

from typing import Any

from django.db.models import Prefetch
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from channels.models import ListingComponent
from ecomhub import discovery
from ecomhub.access import SYSTEM
from orders import buyers, lifecycle
from orders.api_shapes import (
    AllowedActionSerializer,
    BuyerSerializer,
    IssueSerializer,
    OrderDetailSerializer,
    ReturnSerializer,
)
from orders.models import Order, OrderIssue, OrderLine


class BareReturnSerializer(ReturnSerializer):
    """A return; the bare one does not look for its currency."""

    refunded = serializers.DecimalField(max_digits=19, decimal_places=4)  # type: ignore[assignment]


class BareSerializer(OrderDetailSerializer):
    """The order's fields as a developer would nest them."""

    issues = IssueSerializer(source="open_issues", many=True)
    returns = BareReturnSerializer(many=True)
    buyer = serializers.SerializerMethodField()  # type: ignore[assignment]
    allowed_actions = serializers.SerializerMethodField()  # type: ignore[assignment]

    def get_buyer(self, order: Order) -> Any:
        """Show the buyer in full."""
        buyer = buyers.open_buyer(order=order)
        return None if buyer is None else BuyerSerializer({"masked": False, **buyers.plain(buyer=buyer)}).data

    def get_allowed_actions(self, order: Order) -> Any:
        """Show what may be done."""
        rows = lifecycle.allowed_actions(order=order, actor=SYSTEM)
        shown = [{"action": row.action, "title": str(row.label)} for row in rows]
        return AllowedActionSerializer(shown, many=True).data


@extend_schema(exclude=True)
class Bare(APIView):
    """One order."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = []
    renderer_classes = [JSONRenderer]

    def get(self, request: Request, pk: int) -> Response:
        """Show it."""
        parts = ListingComponent.objects.select_related("sku").order_by("pk")
        order = (
            Order.objects.select_related("account", "shop")
            .prefetch_related(
                Prefetch("lines", queryset=OrderLine.objects.select_related("listing").order_by("pk")),
                Prefetch("lines__listing__components", queryset=parts),
                Prefetch("issues", queryset=OrderIssue.objects.filter(solved_at=None), to_attr="open_issues"),
                "returns",
            )
            .get(pk=pk)
        )
        for section in discovery.api_sections(place="order"):
            setattr(order, section.key, section.load(SYSTEM, [pk])[pk])
        return Response(BareSerializer(order).data)


urlpatterns = [path("bare/<int:pk>/", Bare.as_view())]
