"""Shipments in the REST API: what is planned, what left, what the platform was told, and shipping."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ecomhub import clock
from ecomhub.discovery import ApiSection
from ecomhub.rest import feed
from ecomhub.rest.fields import (
    FilterSerializer,
    SaidField,
    StrictSerializer,
    choices_of,
    codes,
    instant,
    numbers,
)
from ecomhub.rest.idempotency import idempotent
from ecomhub.rest.versions import tagged
from ecomhub.rest.views import cannot, conflict
from inventory.models import Warehouse
from logistics import queries
from logistics.arranging_api import ArrangementSerializer, ArrangingActions, ShippedLineSerializer
from logistics.dispatch import dispatch
from logistics.models import Confirmation, Shipment, ShipmentLine
from logistics.planning import plan
from logistics.refusals import NoSuchShipment, ShipmentRefused
from logistics.splitting import Part
from orders.models import Order
from orders.opened import NotAllowed
from orders.shipping import shipment_gate

_WRONG_CALL = frozenset(
    {
        "carrier_missing",
        "tracking_missing",
        "in_the_future",
        "before_the_order",
        "no_lines",
        "not_in_shipment",
    }
)
"""Refusals that are about the call itself (422); the others are about the shipment's state (409)."""


class ShipmentLineSerializer(serializers.ModelSerializer[ShipmentLine]):
    """SKU units of one order line; ``line_quantity`` counts listing units."""

    order = serializers.IntegerField(source="line.order_id")
    order_line = serializers.IntegerField(source="line_id")
    sku = serializers.CharField(source="sku.code")

    class Meta:
        model = ShipmentLine
        fields = ["order", "order_line", "sku", "quantity", "line_quantity"]
        read_only_fields = fields


class ConfirmationSerializer(serializers.ModelSerializer[Confirmation]):
    """Whether the platform was told of one order of the shipment (标发货)."""

    order = serializers.IntegerField(source="order_id")
    reason = SaidField(read_only=True)

    class Meta:
        model = Confirmation
        fields = ["id", "order", "reference", "outcome", "sent_at", "told_at", "checked_at", "reason"]
        read_only_fields = fields


class ShipmentSerializer(serializers.ModelSerializer[Shipment]):
    """A shipment (发货单). That goods left and that the platform was told are two facts."""

    warehouse = serializers.CharField(source="warehouse.code")
    orders = serializers.SerializerMethodField()
    lines = ShipmentLineSerializer(many=True)
    confirmations = ConfirmationSerializer(many=True)
    arrangement = ArrangementSerializer(allow_null=True)

    class Meta:
        model = Shipment
        fields = [
            "id",
            "number",
            "state",
            "warehouse",
            "orders",
            "carrier",
            "service",
            "tracking_number",
            "planned_at",
            "dispatched_at",
            "voided_at",
            "updated_at",
            "version",
            "lines",
            "confirmations",
            "arrangement",
        ]
        read_only_fields = fields

    def get_orders(self, shipment: Shipment) -> list[int]:
        """Show the keys of the orders in it."""
        return sorted({line.line.order_id for line in shipment.lines.all()})


class ShipmentFilter(FilterSerializer):
    """Filters of the shipment list."""

    state = choices_of(Shipment.State.choices)
    order = numbers(help_text="Ids of orders in it.")
    external_id = codes(120, help_text="The platform's order numbers, up to 100 at once.")
    shop = numbers(help_text="Ids of shops of its orders.")
    platform = codes(20, help_text="Platforms of its orders.")
    account = codes(60, help_text="Names of channel accounts of its orders.")
    warehouse = codes(20)
    carrier = codes(60)
    tracking = codes(120)
    outcome = choices_of(Confirmation.Outcome.choices, help_text="What is known about telling the platform.")
    planned_after = instant()
    planned_before = instant()
    dispatched_after = instant()
    dispatched_before = instant()
    updated_after = instant()
    updated_before = instant()


_SIMPLE = {
    "state": "state__in",
    "warehouse": "warehouse__code__in",
    "carrier": "carrier__in",
    "tracking": "tracking_number__in",
    **{
        f"{name}_{end}": f"{name}_at__{lookup}"
        for name in ("planned", "dispatched", "updated")
        for end, lookup in (("after", "gte"), ("before", "lt"))
    },
    "updated_after": "updated_at__gt",
}
_OF_ORDERS = {
    "order": "line__order__in",
    "external_id": "line__order__external_id__in",
    "shop": "line__order__shop__in",
    "platform": "line__order__account__platform__in",
    "account": "line__order__account__name__in",
}


def narrowed(rows: QuerySet[Shipment], wanted: dict[str, Any]) -> QuerySet[Shipment]:
    """Return the shipments that pass the checked filters."""
    given = {name: value for name, value in wanted.items() if value}
    rows = rows.filter(**{_SIMPLE[name]: value for name, value in given.items() if name in _SIMPLE})
    of_orders = {_OF_ORDERS[name]: value for name, value in given.items() if name in _OF_ORDERS}
    if of_orders:
        rows = rows.filter(pk__in=ShipmentLine.objects.filter(**of_orders).values("shipment"))
    if "outcome" in given:
        told = Confirmation.objects.filter(outcome__in=given["outcome"])
        rows = rows.filter(pk__in=told.values("shipment"))
    return rows


class ShipSerializer(StrictSerializer):
    """Goods of an order that left. Without ``lines`` all that is planned leaves; ``shipped_at`` is now."""

    order = serializers.IntegerField(min_value=1)
    lines = ShippedLineSerializer(many=True, required=False, allow_empty=False)
    warehouse = serializers.CharField(
        max_length=20, required=False, help_text="Needed when the order leaves from several warehouses."
    )
    carrier = serializers.CharField(
        max_length=60,
        required=False,
        allow_blank=True,
        default="",
        help_text="Needed unless the shipment was arranged: then carrier and number are the platform's.",
    )
    service = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    tracking_number = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    shipped_at = serializers.DateTimeField(required=False)


class Shipments(ArrangingActions):
    """Shipments of the caller's warehouses and shops."""

    actions: ClassVar[dict[str, str]] = {"GET": "logistics.view", "POST": "logistics.ship"}
    serializer_class = ShipmentSerializer
    filter_serializer_class = ShipmentFilter
    queryset = Shipment.objects.none()

    def get_queryset(self) -> QuerySet[Shipment]:
        """Return the caller's shipments with their content."""
        return queries.with_content(Shipment.objects.visible_to(self.actor))

    @extend_schema(operation_id="shipments_list", parameters=[ShipmentFilter])
    def list(self, request: Request) -> Response:
        """List shipments, those changed longest ago first."""
        return self.page_of(narrowed(self.get_queryset(), self.filters()))

    @feed.described(operation_id="shipments_changes", serializer=ShipmentSerializer, name="Shipment")
    @action(detail=False, methods=["get"])
    def changes(self, request: Request) -> Response:
        """Follow every shipment's last change, what the platform was told included."""
        return self.changes_of(self.get_queryset())

    @extend_schema(operation_id="shipments_retrieve")
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one shipment; its ETag is its version."""
        shipment: Shipment = self.get_object()
        return tagged(Response(self.shown(shipment, many=False)), version=shipment.version)

    @extend_schema(
        operation_id="shipments_create",
        request=ShipSerializer,
        responses={201: ShipmentSerializer},
        examples=[
            OpenApiExample(
                "All of it left",
                value={"order": 8412, "carrier": "UPS", "service": "Ground", "tracking_number": "1Z999"},
                request_only=True,
            )
        ],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Ship an order, wholly or in part; it answers with the shipment that left."""
        wanted = self.body(ShipSerializer)
        try:
            gone = self.ship(wanted)
        except NoSuchShipment as error:
            raise exceptions.NotFound(error.text) from error
        except NotAllowed as error:
            conflict(code=error.code, detail=str(error))
        except ShipmentRefused as error:
            if error.code in _WRONG_CALL:
                cannot(code=error.code, detail=error.text)
            conflict(code=error.code, detail=error.text)
        shown = queries.with_content(Shipment.objects.filter(pk=gone.pk)).get()
        return Response(ShipmentSerializer(shown).data, status=status.HTTP_201_CREATED)

    def ship(self, wanted: dict[str, Any]) -> Shipment:
        """Plan what is not planned yet and let it leave. Raises what ``dispatch`` raises."""
        order = (
            Order.objects.visible_to(self.actor)
            .select_related("account", "shop")
            .filter(pk=wanted["order"])
            .first()
        )
        if order is None:
            cannot(code="no_such_order", detail=_("There is no such order here."), field="order")
        shipment_gate(order=order)
        plan(order_ids=[order.pk], at=clock.now(), actor=self.actor.name, partly=True)
        parts = [Part(line["order_line"], line["quantity"]) for line in wanted.get("lines", [])]
        return dispatch(
            shipment_id=self.planned(order, wanted),
            carrier=wanted["carrier"],
            service=wanted["service"],
            tracking_number=wanted["tracking_number"],
            lines=parts or None,
            at=clock.now(),
            shipped_at=wanted.get("shipped_at"),
            actor=self.actor.name,
        )

    def planned(self, order: Order, wanted: dict[str, Any]) -> int:
        """Return the one planned shipment that is meant; else 409 or 422."""
        code = wanted.get("warehouse")
        mine = Warehouse.objects.visible_to(self.actor)
        places = set(mine.values_list("pk", flat=True)) if code is None else set()
        if code is not None:
            places = set(mine.filter(code=code).values_list("pk", flat=True))
            if not places:
                cannot(
                    code="no_such_warehouse",
                    detail=_("There is no warehouse with this code."),
                    field="warehouse",
                )
        rows = Shipment.objects.filter(
            pk__in=queries.planned_for(order_id=order.pk, warehouse_id=None), warehouse__in=places
        )
        found = list(rows.order_by("pk"))
        if not found:
            conflict(
                code="nothing_to_ship",
                detail=_("Nothing of this order is reserved and waiting there. Look at the order."),
            )
        if len({shipment.warehouse_id for shipment in found}) > 1:
            cannot(
                code="which_warehouse",
                detail=_("This order leaves from several warehouses. Name the one it leaves from now."),
                field="warehouse",
            )
        return found[0].pk


ROUTES = [("shipments", Shipments, "shipment")]

SECTIONS = [
    ApiSection(
        place="order",
        key="shipments",
        serializer=ShipmentSerializer,
        load=lambda actor, order_ids: queries.of_orders(order_ids=order_ids, actor=actor),
    )
]
