"""Each law of stock is green on what the ledger writes and is named when raw SQL breaks it."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from psycopg2.extensions import cursor as Cursor

from ecomhub import verifying
from inventory import ledger
from inventory.laws import LAWS
from tests.inventory.making import AT, claim, make_sku, make_warehouse, stock

pytestmark = pytest.mark.django_db(transaction=True)

_COPY = """
INSERT INTO inventory_stockmovement (sku_id, warehouse_id, kind, on_hand_delta, reserved_delta, on_hand_after,
    reserved_after, demand, cause, actor, at, note)
SELECT sku_id, warehouse_id, {kind}, {on_hand}, {reserved}, on_hand_after + {on_hand},
    reserved_after + {reserved}, {demand}, 'raw', 'x', now(), '' FROM inventory_stockmovement
ORDER BY id DESC LIMIT 1
"""

BREAKS = {
    "inventory.level_is_sum_of_movements": ["UPDATE inventory_stocklevel SET on_hand = on_hand + 1"],
    "inventory.chain_is_unbroken": [
        "UPDATE inventory_stockmovement SET reserved_after = reserved_after + 1 WHERE kind = 'ship'"
    ],
    "inventory.never_oversold": [
        "ALTER TABLE inventory_stockmovement DROP CONSTRAINT stock_movement_never_oversells",
        "UPDATE inventory_stockmovement SET reserved_after = on_hand_after + 1 WHERE kind = 'reserve'",
    ],
    "inventory.receipt_has_its_cost": ["UPDATE inventory_costlayer SET quantity = quantity + 1"],
    "inventory.level_has_movements": [
        "DELETE FROM inventory_costlayer",
        "DELETE FROM inventory_stockmovement",
    ],
    "inventory.demand_holds_no_less_than_nothing": [
        _COPY.format(kind="'release'", on_hand=0, reserved=-1, demand="'wish:404'"),
    ],
    "inventory.reservation_names_its_demand": [
        _COPY.format(kind="'reserve'", on_hand=0, reserved=1, demand="''")
    ],
    "inventory.kind_fits_its_deltas": [
        _COPY.format(kind="'take_back'", on_hand=-1, reserved=0, demand="''"),
    ],
}


@pytest.fixture
def busy_ledger() -> None:
    """Some of everything."""
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 10)
    ledger.reserve(claims=[claim(sku, warehouse, 4, 1), claim(sku, warehouse, 2, 2)], at=AT)
    ledger.release(claims=[claim(sku, warehouse, 1, 2, "release")], at=AT)
    ledger.ship(claims=[claim(sku, warehouse, 3, 1, "ship")], at=AT)
    ledger.take_back(claims=[claim(sku, warehouse, 1, 1, "return")], at=AT)
    ledger.adjust(sku_id=sku.pk, warehouse_id=warehouse.pk, delta=1, reason="found", cause="count:1", at=AT)
    with_empty_level = make_warehouse()
    ledger.reserve(claims=[claim(sku, with_empty_level, 1, 3)], at=AT)


def test_every_law_has_a_way_to_break_it_here() -> None:
    assert set(BREAKS) == {law.id for law in LAWS}


@pytest.mark.usefixtures("busy_ledger")
@pytest.mark.parametrize("law_id", sorted(BREAKS))
def test_a_broken_law_is_named(law_id: str, owner: Cursor) -> None:
    before = verifying.verify(laws=LAWS)
    assert before.ok
    assert all(law.checked for law in before.laws)
    constraint = "stock_movement_never_oversells"
    owner.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [constraint])
    definition = (owner.fetchone() or ("",))[0]
    try:
        for statement in BREAKS[law_id]:
            owner.execute(statement)
        assert law_id in verifying.verify(laws=LAWS).broken
    finally:
        owner.execute("TRUNCATE inventory_costlayer, inventory_stockmovement CASCADE")
        owner.execute(f"ALTER TABLE inventory_stockmovement DROP CONSTRAINT IF EXISTS {constraint}")
        owner.execute(f"ALTER TABLE inventory_stockmovement ADD CONSTRAINT {constraint} {definition}")


@pytest.mark.usefixtures("busy_ledger")
def test_verify_prints_the_verdict_and_fails_on_a_broken_law(owner: Cursor) -> None:
    out = StringIO()
    call_command("verify", "--json", stdout=out)
    verdict = json.loads(out.getvalue())
    assert verdict["ok"]
    assert {"id", "checked", "violations"} <= verdict["laws"][0].keys()
    owner.execute("UPDATE inventory_stocklevel SET reserved = reserved + 1")
    out = StringIO()
    with pytest.raises(CommandError, match="level_is_sum_of_movements"):
        call_command("verify", stdout=out)
    assert "BROKEN inventory.level_is_sum_of_movements" in out.getvalue()
