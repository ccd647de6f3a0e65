"""Stock in the REST API: what lies where, its change feed, the ledger, corrections, and goods received."""

import uuid
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ecomhub import clock
from ecomhub.access import Actor
from ecomhub.discovery import ApiSection
from ecomhub.rest import feed
from ecomhub.rest.idempotency import idempotent
from ecomhub.rest.views import HubViewSet, cannot, conflict
from inventory import ledger
from inventory.api_shapes import (
    AdjustmentSerializer,
    MovementFilter,
    MovementSerializer,
    ReceiptFilter,
    ReceiptRowSerializer,
    ReceiptSerializer,
    StockLevelFilter,
    StockLevelSerializer,
)
from inventory.api_skus import Skus, Warehouses
from inventory.models import Sku, StockLevel, StockMovement, Warehouse


class StockLevels(HubViewSet):
    """Stock levels, one per SKU and warehouse."""

    actions: ClassVar[dict[str, str]] = {"GET": "inventory.view"}
    serializer_class = StockLevelSerializer
    filter_serializer_class = StockLevelFilter
    page_keys = (("id", int),)
    queryset = StockLevel.objects.none()

    def get_queryset(self) -> QuerySet[StockLevel]:
        """Return the levels in the caller's warehouses."""
        return StockLevel.objects.visible_to(self.actor).select_related("sku", "warehouse")

    @extend_schema(operation_id="stock_levels_list", parameters=[StockLevelFilter])
    def list(self, request: Request) -> Response:
        """List stock levels by their key: a level never moves in the list while somebody reads it."""
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
        return self.page_of(levels)

    @feed.described(operation_id="stock_levels_changes", serializer=StockLevelSerializer, name="StockLevel")
    @action(detail=False, methods=["get"])
    def changes(self, request: Request) -> Response:
        """Follow every level's last change: a client that keeps the cursor misses none."""
        return self.changes_of(self.get_queryset())


def moved_in(actor: Actor, wanted: dict[str, Any]) -> QuerySet[StockMovement]:
    """Return the movements an actor may see that pass the checked filters."""
    rows = StockMovement.objects.select_related("sku", "warehouse")
    if not actor.may("inventory.view"):
        return rows.none()
    if actor.warehouse_ids is not None:
        rows = rows.filter(warehouse__in=actor.warehouse_ids)
    named = {
        "sku": "sku__code__in",
        "warehouse": "warehouse__code__in",
        "kind": "kind__in",
        "after": "at__gte",
        "before": "at__lt",
    }
    return rows.filter(**{named[name]: value for name, value in wanted.items() if value})


class StockMovements(HubViewSet):
    """The stock ledger."""

    actions: ClassVar[dict[str, str]] = {"GET": "inventory.view"}
    serializer_class = MovementSerializer
    filter_serializer_class = MovementFilter
    page_keys = (("id", int),)
    newest_first = True
    queryset = StockMovement.objects.none()

    @extend_schema(operation_id="stock_movements_list", parameters=[MovementFilter])
    def list(self, request: Request) -> Response:
        """List what moved, the latest first."""
        return self.page_of(moved_in(self.actor, self.filters()))


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
        examples=[
            OpenApiExample(
                "Two mugs broke",
                value={"sku": "MUG-BLUE", "warehouse": "MAIN", "delta": -2, "reason": "broken"},
                request_only=True,
            )
        ],
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

    actions: ClassVar[dict[str, str]] = {"GET": "inventory.view", "POST": "inventory.move"}
    serializer_class = ReceiptRowSerializer
    filter_serializer_class = ReceiptFilter
    page_keys = (("id", int),)
    newest_first = True

    @extend_schema(operation_id="stock_receipts_list", parameters=[ReceiptFilter])
    def list(self, request: Request) -> Response:
        """List receipts with their cost, the latest first."""
        received = moved_in(self.actor, self.filters()).filter(kind=StockMovement.Kind.RECEIVE)
        return self.page_of(received.select_related("cost_layer"))

    @extend_schema(
        operation_id="stock_receipts_create",
        request=ReceiptSerializer,
        responses={201: MovementSerializer},
        examples=[
            OpenApiExample(
                "A pallet came in",
                value={
                    "sku": "MUG-BLUE",
                    "warehouse": "MAIN",
                    "quantity": 120,
                    "unit_cost": "2.50",
                    "currency": "CNY",
                    "note": "purchase order 77",
                },
                request_only=True,
            )
        ],
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
    ("stock/movements", StockMovements, "stock-movement"),
    ("stock/adjustments", StockAdjustments, "stock-adjustment"),
    ("stock/receipts", StockReceipts, "stock-receipt"),
    ("skus", Skus, "sku"),
    ("warehouses", Warehouses, "warehouse"),
]

SECTIONS: list[ApiSection] = []
