"""Stock in the REST API: what lies where, corrections, and goods received."""

import uuid
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from ecomhub import clock
from ecomhub.discovery import ApiSection
from ecomhub.money import known_currencies
from ecomhub.rest.fields import FilterSerializer, StrictSerializer
from ecomhub.rest.idempotency import idempotent
from ecomhub.rest.pagination import KeysetPagination
from ecomhub.rest.views import HubViewSet, cannot, conflict
from inventory import ledger
from inventory.models import Sku, StockLevel, StockMovement, Warehouse

LARGEST = 1_000_000_000


class StockLevelSerializer(serializers.ModelSerializer[StockLevel]):
    """What one warehouse holds of one SKU. ``available`` is on hand minus reserved and may be negative."""

    sku = serializers.CharField(source="sku.code")
    warehouse = serializers.CharField(source="warehouse.code")
    is_sellable = serializers.BooleanField(source="warehouse.is_sellable")

    class Meta:
        model = StockLevel
        fields = [
            "id",
            "sku",
            "warehouse",
            "is_sellable",
            "on_hand",
            "reserved",
            "available",
            "inbound",
            "version",
            "changed_at",
        ]
        read_only_fields = fields


class StockLevelFilter(FilterSerializer):
    """Filters of the stock list; ``sku`` and ``warehouse`` may be repeated and take codes."""

    sku = serializers.ListField(child=serializers.CharField(max_length=64), required=False, max_length=100)
    warehouse = serializers.ListField(
        child=serializers.CharField(max_length=20), required=False, max_length=100
    )
    changed_after = serializers.DateTimeField(required=False)
    short = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Only levels with less on hand than reserved.",
    )


class MovementSerializer(serializers.ModelSerializer[StockMovement]):
    """One line of the stock ledger (库存流水)."""

    sku = serializers.CharField(source="sku.code")
    warehouse = serializers.CharField(source="warehouse.code")

    class Meta:
        model = StockMovement
        fields = [
            "id",
            "kind",
            "sku",
            "warehouse",
            "on_hand_delta",
            "reserved_delta",
            "on_hand_after",
            "reserved_after",
            "cause",
            "actor",
            "note",
            "at",
        ]
        read_only_fields = fields


class AdjustmentSerializer(StrictSerializer):
    """A correction of what is on hand: ``delta`` units more or less, and why."""

    sku = serializers.CharField(max_length=64)
    warehouse = serializers.CharField(max_length=20)
    delta = serializers.IntegerField(min_value=-LARGEST, max_value=LARGEST)
    reason = serializers.CharField(max_length=200)


class ReceiptSerializer(StrictSerializer):
    """Goods that came in: ``quantity`` units at ``unit_cost`` each, decimal text in an ISO 4217 currency."""

    sku = serializers.CharField(max_length=64)
    warehouse = serializers.CharField(max_length=20)
    quantity = serializers.IntegerField(min_value=1, max_value=LARGEST)
    unit_cost = serializers.DecimalField(max_digits=19, decimal_places=4, min_value=0)
    currency = serializers.CharField(min_length=3, max_length=3)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")

    def validate_currency(self, value: str) -> str:
        """Take only known currencies."""
        if value not in known_currencies():
            raise serializers.ValidationError(_("There is no such currency."))
        return value


class StockLevelPages(KeysetPagination):
    """Levels by their key: a level never moves in the list while somebody reads it."""

    keys = (("id", int),)


class StockLevels(HubViewSet):
    """Stock levels, one per SKU and warehouse."""

    actions: ClassVar[dict[str, str]] = {"GET": "inventory.view"}
    serializer_class = StockLevelSerializer
    filter_serializer_class = StockLevelFilter
    pagination_class = StockLevelPages
    queryset = StockLevel.objects.none()

    def get_queryset(self) -> QuerySet[StockLevel]:
        """Return the levels in the caller's warehouses."""
        return StockLevel.objects.visible_to(self.actor).select_related("sku", "warehouse")

    @extend_schema(operation_id="stock_levels_list", parameters=[StockLevelFilter])
    def list(self, request: Request) -> Response:
        """List stock levels."""
        wanted = self.filters()
        levels = self.get_queryset()
        if wanted.get("sku"):
            levels = levels.filter(sku__code__in=wanted["sku"])
        if wanted.get("warehouse"):
            levels = levels.filter(warehouse__code__in=wanted["warehouse"])
        if wanted.get("changed_after"):
            levels = levels.filter(changed_at__gt=wanted["changed_after"])
        if wanted.get("short") is not None:
            levels = levels.filter(available__lt=0) if wanted["short"] else levels.filter(available__gte=0)
        page = self.paginate_queryset(levels) or []
        return self.get_paginated_response(StockLevelSerializer(page, many=True).data)


class _StockActs(HubViewSet):
    """What both acts on stock share."""

    actions: ClassVar[dict[str, str]] = {"POST": "inventory.move"}
    queryset = StockMovement.objects.none()

    def place(self, wanted: dict[str, Any]) -> tuple[int, int]:
        """Return the SKU and warehouse of a call, as far as the caller may see them; else 422."""
        sku = Sku.objects.visible_to(self.actor).filter(code=wanted["sku"]).first()
        if sku is None:
            cannot(code="no_such_sku", detail=_("There is no SKU with this code."), field="sku")
        warehouse = Warehouse.objects.visible_to(self.actor).filter(code=wanted["warehouse"]).first()
        if warehouse is None:
            cannot(
                code="no_such_warehouse", detail=_("There is no warehouse with this code."), field="warehouse"
            )
        if warehouse.kind == Warehouse.Kind.CHANNEL:
            cannot(
                code="channels_warehouse",
                detail=_("The channel counts the stock of its own warehouse. Choose one of yours."),
                field="warehouse",
            )
        return sku.pk, warehouse.pk

    def cause(self, kind: str) -> str:
        """Name the act. That it happens once is the idempotency key's, kept with its effect."""
        return f"{kind}:api:{uuid.uuid4()}"

    def moved(self, movement: StockMovement) -> Response:
        """Answer with the ledger's line."""
        return Response(MovementSerializer(movement).data, status=status.HTTP_201_CREATED)


class StockAdjustments(_StockActs):
    """Corrections of what is on hand."""

    serializer_class = AdjustmentSerializer

    @extend_schema(
        operation_id="stock_adjustments_create",
        request=AdjustmentSerializer,
        responses={201: MovementSerializer},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Correct the stock of one SKU in one warehouse; it answers with the movement it wrote."""
        wanted = self.body(AdjustmentSerializer)
        sku_id, warehouse_id = self.place(wanted)
        try:
            movement = ledger.adjust(
                sku_id=sku_id,
                warehouse_id=warehouse_id,
                delta=wanted["delta"],
                reason=wanted["reason"],
                cause=self.cause("adjust"),
                at=clock.now(),
                actor=self.actor.name,
            )
        except ledger.CauseTaken as error:
            conflict(code=error.code, detail=str(error))
        except ledger.LedgerRefused as error:
            cannot(code=error.code, detail=str(error))
        return self.moved(movement)


class StockReceipts(_StockActs):
    """Goods received."""

    serializer_class = ReceiptSerializer

    @extend_schema(
        operation_id="stock_receipts_create",
        request=ReceiptSerializer,
        responses={201: MovementSerializer},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Receive units of one SKU into one warehouse at their cost; it answers with the movement."""
        wanted = self.body(ReceiptSerializer)
        sku_id, warehouse_id = self.place(wanted)
        try:
            movement = ledger.receive(
                sku_id=sku_id,
                warehouse_id=warehouse_id,
                quantity=wanted["quantity"],
                unit_cost=wanted["unit_cost"],
                currency=wanted["currency"],
                cause=self.cause("receive"),
                at=clock.now(),
                actor=self.actor.name,
                note=wanted["note"],
            )
        except ledger.CauseTaken as error:
            conflict(code=error.code, detail=str(error))
        except ledger.LedgerRefused as error:
            cannot(code=error.code, detail=str(error))
        return self.moved(movement)


ROUTES = [
    ("stock/levels", StockLevels, "stock-level"),
    ("stock/adjustments", StockAdjustments, "stock-adjustment"),
    ("stock/receipts", StockReceipts, "stock-receipt"),
]

SECTIONS: list[ApiSection] = []
