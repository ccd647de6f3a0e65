"""Arranging shipments in the REST API: the choices, the decision, and the label."""

from typing import Any, NoReturn

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ecomhub import clock
from ecomhub.rest.fields import StrictSerializer
from ecomhub.rest.idempotency import idempotent
from ecomhub.rest.views import HubViewSet, cannot, conflict
from logistics import arranging
from logistics.arranging_views import label_answer
from logistics.models import Arrangement, Shipment
from logistics.presenting import arrangement_of
from logistics.refusals import NoSuchShipment, ShipmentRefused
from orders.opened import NotAllowed

_WRONG_CALL = frozenset({"no_such_choice", "tracking_missing"})


class ArrangementSerializer(serializers.ModelSerializer[Arrangement]):
    """Arranging a shipment where the platform gives the number: what is done and what is awaited.

    `told_at` is when the platform took it, `numbered_at` when it gave the tracking number, `document_at` when
    the label came.
    """

    handed_over = serializers.SerializerMethodField(
        help_text="`pickup`, `dropoff`, `own_number`; empty: not chosen yet."
    )

    class Meta:
        model = Arrangement
        fields = [
            "outcome",
            "handed_over",
            "package",
            "tracking_number",
            "carrier",
            "asked_at",
            "sent_at",
            "told_at",
            "numbered_at",
            "document_at",
            "reason",
        ]
        read_only_fields = fields

    def get_handed_over(self, row: Arrangement) -> str:
        """Show the kind of the choice."""
        return str(row.choice.get("kind", ""))


class OfferSerializer(serializers.Serializer[Any]):
    """A way of handing over that the platform offers now; `is_default` is what the shop's rule takes."""

    key = serializers.CharField()
    kind = serializers.CharField(source="choice.kind")
    title = serializers.CharField()
    from_at = serializers.DateTimeField(source="choice.from_at", allow_null=True)
    to_at = serializers.DateTimeField(source="choice.to_at", allow_null=True)
    is_default = serializers.BooleanField()
    needs_number = serializers.BooleanField()


class OffersSerializer(serializers.Serializer[Any]):
    """The ways a shipment can be handed over."""

    choices = OfferSerializer(many=True)


class ArrangeSerializer(StrictSerializer):
    """How to hand a shipment over: a choice's key, or nothing for the shop's rule."""

    choice = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    tracking_number = serializers.CharField(
        max_length=120,
        required=False,
        allow_blank=True,
        default="",
        help_text="For a choice that brings its own number.",
    )


def refuse(error: ShipmentRefused | NotAllowed) -> NoReturn:
    """Answer a refusal: 404 for nothing there, 422 for a wrong call, 409 for what does not fit now."""
    if isinstance(error, NoSuchShipment):
        raise exceptions.NotFound(error.text)
    if error.code in _WRONG_CALL:
        cannot(code=error.code, detail=str(error))
    conflict(code=error.code, detail=str(error))


class ArrangingActions(HubViewSet):
    """What the shipments' section offers besides: arranging, where the platform gives the number."""

    @extend_schema(operation_id="shipments_choices", responses={200: OffersSerializer})
    @action(detail=True, methods=["get"])
    def choices(self, request: Request, pk: str) -> Response:
        """Ask the platform how a planned shipment can be handed over."""
        shipment: Shipment = self.get_object()
        self.need("logistics.arrange")
        try:
            found = arranging.offers(shipment_id=shipment.pk, at=clock.now())
        except (ShipmentRefused, NotAllowed) as error:
            refuse(error)
        return Response(OffersSerializer({"choices": found}).data)

    @extend_schema(
        operation_id="shipments_arrange",
        request=ArrangeSerializer,
        responses={200: ArrangementSerializer},
        examples=[OpenApiExample("By the shop's rule", value={}, request_only=True)],
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def arrange(self, request: Request, pk: str) -> Response:
        """Arrange a planned shipment: the platform is asked next; the arrangement says what is awaited."""
        wanted = self.body(ArrangeSerializer)
        shipment: Shipment = self.get_object()
        self.need("logistics.arrange")
        try:
            row = arranging.intend(
                shipment_id=shipment.pk,
                choice_key=wanted["choice"],
                tracking_number=wanted["tracking_number"],
                at=clock.now(),
                actor=self.actor.name,
            )
        except (ShipmentRefused, NotAllowed) as error:
            refuse(error)
        return Response(ArrangementSerializer(row).data)

    @extend_schema(
        operation_id="shipments_document",
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            (200, "image/png"): OpenApiTypes.BINARY,
            (200, "image/jpeg"): OpenApiTypes.BINARY,
            (200, "application/zip"): OpenApiTypes.BINARY,
            (200, "text/plain"): OpenApiTypes.BINARY,
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
        },
    )
    @action(detail=True, methods=["get"])
    def document(self, request: Request, pk: str) -> HttpResponse:
        """Fetch the shipment's label as the platform made it; 404 while there is none."""
        shipment: Shipment = self.get_object()
        self.need("logistics.label")
        row = arrangement_of(shipment=shipment)
        if row is None or row.document_id is None:
            raise exceptions.NotFound(_("The marketplace has not given the label yet."))
        try:
            return label_answer(row=row)
        except (Http404, PermissionDenied) as error:
            raise exceptions.NotFound(str(error)) from error

    def need(self, right: str) -> None:
        """Raise 403 when the caller's role or token does not include a right."""
        if not self.actor.may(right):
            raise exceptions.PermissionDenied(
                _("Your role does not include this. Ask an administrator for it.")
            )
