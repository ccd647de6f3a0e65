"""Returns in the REST API: read only, as the platforms report them."""

from typing import Any, ClassVar

from django.db.models import F, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ecomhub.rest.fields import FilterSerializer, MoneyField, codes, instant, numbers
from ecomhub.rest.views import HubViewSet
from orders.models import PlatformReturn


class ReturnedSerializer(serializers.ModelSerializer[PlatformReturn]):
    """Goods of one order line coming back. `status` is the platform's word; `order_line` may be unknown."""

    order = serializers.IntegerField(source="order_id")
    order_external_id = serializers.CharField(source="order.external_id")
    order_line = serializers.IntegerField(source="line_id", allow_null=True)
    shop = serializers.IntegerField(source="order.shop_id")
    refunded = MoneyField(amount="refunded", currency="order_currency")

    class Meta:
        model = PlatformReturn
        fields = [
            "id",
            "external_id",
            "order",
            "order_external_id",
            "order_line",
            "shop",
            "quantity",
            "status",
            "reason",
            "refunded",
            "reported_at",
            "updated_at",
        ]
        read_only_fields = fields


class ReturnFilter(FilterSerializer):
    """Filters of the list of returns."""

    order = numbers(help_text="Ids of their orders.")
    order_external_id = codes(120, help_text="The platform's order numbers, up to 100 at once.")
    external_id = codes(120, help_text="The platform's numbers of returns.")
    shop = numbers(help_text="Ids of shops of their orders.")
    platform = codes(20, help_text="Platforms of their orders.")
    account = codes(60, help_text="Names of channel accounts of their orders.")
    status = codes(40, help_text="The platform's own words.")
    updated_after = instant()
    updated_before = instant()


_FILTERS = {
    "order": "order__in",
    "order_external_id": "order__external_id__in",
    "external_id": "external_id__in",
    "shop": "order__shop__in",
    "platform": "order__account__platform__in",
    "account": "order__account__name__in",
    "status": "status__in",
    "updated_after": "updated_at__gt",
    "updated_before": "updated_at__lt",
}


class Returns(HubViewSet):
    """Returns of orders of the caller's shops."""

    actions: ClassVar[dict[str, str]] = {"GET": "orders.view"}
    serializer_class = ReturnedSerializer
    filter_serializer_class = ReturnFilter
    queryset = PlatformReturn.objects.none()

    def get_queryset(self) -> QuerySet[PlatformReturn]:
        """Return the caller's returns."""
        rows = PlatformReturn.objects.visible_to(self.actor).select_related("order")
        return rows.annotate(order_currency=F("order__currency"))

    @extend_schema(operation_id="returns_list", parameters=[ReturnFilter])
    def list(self, request: Request) -> Response:
        """List returns, those changed longest ago first."""
        wanted: dict[str, Any] = {name: value for name, value in self.filters().items() if value}
        return self.page_of(self.get_queryset().filter(**{_FILTERS[name]: wanted[name] for name in wanted}))

    @extend_schema(operation_id="returns_retrieve")
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one return."""
        return Response(self.shown(self.get_object(), many=False))


ROUTES = [("returns", Returns, "return")]
