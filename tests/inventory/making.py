"""Small things the tests of this house are made of."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from decimal import Decimal

from ecomhub.models import LegalEntity
from inventory import ledger
from inventory.models import Sku, StockLevel, Warehouse

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_numbers = itertools.count(1)


def make_entity() -> LegalEntity:
    """The company that owns the stock."""
    return LegalEntity.objects.get_or_create(
        code="main", defaults={"name": "Main company", "country": "CN", "currency": "CNY"}
    )[0]


def make_sku(code: str = "", **fields: object) -> Sku:
    """One SKU, by a code of its own when none is given."""
    return Sku.objects.create(code=code or f"SKU-{next(_numbers)}", **fields)


def make_warehouse(code: str = "", **fields: object) -> Warehouse:
    """One warehouse of our own."""
    values: dict[str, object] = {"name": "Shenzhen", "country": "CN", "legal_entity": make_entity()}
    return Warehouse.objects.create(code=code or f"W{next(_numbers)}", **(values | fields))


def stock(sku: Sku, warehouse: Warehouse, quantity: int, cost: str = "3.50") -> None:
    """Units received at a cost in CNY."""
    ledger.receive(
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        quantity=quantity,
        unit_cost=Decimal(cost),
        currency="CNY",
        cause=f"receipt:{next(_numbers)}",
        at=AT,
    )


def claim(sku: Sku, warehouse: Warehouse, quantity: int, line: int, act: str = "allocate") -> ledger.Claim:
    """A claim of an order line."""
    return ledger.Claim(
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        quantity=quantity,
        demand=f"wish:{line}",
        cause=f"{act}:{line}:1",
    )


def level(sku: Sku, warehouse: Warehouse) -> tuple[int, int]:
    """What lies there and what of it is reserved."""
    row = StockLevel.objects.get(sku=sku, warehouse=warehouse)
    return row.on_hand, row.reserved
