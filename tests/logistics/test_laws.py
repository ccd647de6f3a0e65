"""Each law holds over real work, and names what raw SQL broke."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from psycopg2.extensions import cursor as Cursor

from ecomhub.discovery import Law
from logistics.laws import LAWS
from logistics.models import Arrangement, Confirmation, Shipment
from orders.models import OrderLine
from tests.logistics.making import LATER, Part, line, make_goods, planned_one, send, telling
from tests.orders.factory import incoming, taken

pytestmark = pytest.mark.django_db(transaction=True)

BREAKS = {
    "logistics.package-holds-one-shipment": [
        "UPDATE logistics_arrangement SET package = 'P1', "
        "order_id = (SELECT min(order_id) FROM logistics_arrangement)",
    ],
    "logistics.shipped-is-what-left-the-stock": [
        "ALTER TABLE logistics_shipmentline DISABLE TRIGGER USER",
        "UPDATE logistics_shipmentline SET quantity = quantity + 1 WHERE shipment_id = {gone}",
    ],
    "logistics.shipped-within-the-allocation": [
        "UPDATE orders_allocation SET quantity_shipped = 0, quantity_released = 0",
    ],
    "logistics.dispatched-has-content": [
        "ALTER TABLE logistics_shipmentline DISABLE TRIGGER USER",
        "DELETE FROM logistics_shipmentline WHERE shipment_id = {gone}",
    ],
    "logistics.dispatched-is-told-or-says-why-not": [
        "DELETE FROM logistics_confirmation WHERE shipment_id = {gone}",
    ],
    "logistics.confirmation-facts-agree": [
        "ALTER TABLE logistics_confirmation DROP CONSTRAINT confirmation_confirmed_was_told",
        "UPDATE logistics_confirmation SET outcome = 'confirmed', state = 'done'",
    ],
    "logistics.arrangement-facts-agree": [
        "UPDATE logistics_arrangement SET document_at = now()",
    ],
    "logistics.arranged-is-told": [
        "UPDATE logistics_confirmation SET told_at = now() WHERE outcome = 'confirmed'",
    ],
    "logistics.nothing-leaves-half-arranged": [
        "UPDATE logistics_arrangement SET outcome = 'sent', sent_at = now(), told_at = NULL, "
        "tracking_number = '', numbered_at = NULL",
    ],
    "logistics.shipment-times-agree": [
        "UPDATE logistics_shipment SET dispatched_at = planned_at WHERE state = 'planned'",
    ],
}
MORE_BREAKS = {
    "shipped goods of nobody": (
        "logistics.shipped-is-what-left-the-stock",
        "UPDATE inventory_stockmovement SET cause = 'ship:S99999999:' || id WHERE kind = 'ship'",
    ),
    "an order of the channel": (
        "logistics.dispatched-has-content",
        "UPDATE orders_order SET fulfillment_method = 'by_channel'",
    ),
    "nobody works on it": (
        "logistics.confirmation-facts-agree",
        "UPDATE logistics_confirmation SET state = 'done'",
    ),
    "sent without its time": (
        "logistics.confirmation-facts-agree",
        "UPDATE logistics_confirmation SET outcome = 'sent'",
    ),
    "told and not confirmed": (
        "logistics.confirmation-facts-agree",
        "UPDATE logistics_confirmation SET told_at = now()",
    ),
}


@pytest.fixture
def busy() -> Shipment:
    """A house that has worked: shipments in two parts, planned and arranged; returns one that left."""
    goods = make_goods({"mug": 20, "plate": 20}, account=telling())
    order, shipment = planned_one(goods, line("mug", 3), line("plate", 1, number=2))
    send(shipment, Part(OrderLine.objects.filter(order=order).order_by("pk")[0].pk, 2))
    waiting_order, waiting = planned_one(goods, line("mug", 1))
    Arrangement.objects.create(shipment=waiting, order=waiting_order, package="P2", asked_at=LATER)
    given_order, given = planned_one(goods, line("mug", 1))
    send(given)
    Confirmation.objects.filter(shipment=given).update(outcome="confirmed", told_at=LATER, state="done")
    Arrangement.objects.create(
        shipment=given, order=given_order, outcome="confirmed", told_at=LATER, numbered_at=LATER,
        tracking_number=f"1Z{given.number}", asked_at=LATER, state="done", has_document=False,
        package="P1",
    )  # fmt: skip
    taken(goods.account, incoming(88, line("mug", 1)))
    return shipment


@pytest.fixture
def undone(owner: Cursor) -> Iterator[Cursor]:
    """The owner's cursor inside a transaction that is rolled back."""
    owner.execute("BEGIN")
    yield owner
    owner.execute("ROLLBACK")


def broken(cursor: Cursor, law: Law) -> list[tuple[object, ...]]:
    """What breaks a law now."""
    cursor.execute(law.violations)
    return cursor.fetchall()


def test_every_law_holds_and_has_looked_at_something(busy: Shipment, undone: Cursor) -> None:
    for law in LAWS:
        undone.execute(law.checked)
        row = undone.fetchone()
        assert row is not None
        assert row[0] > 0, law.id
        assert broken(undone, law) == [], law.id


def test_every_law_has_a_breaking() -> None:
    assert {law.id for law in LAWS} == set(BREAKS)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.id)
def test_law_broken_by_raw_sql_is_named(law: Law, busy: Shipment, undone: Cursor) -> None:
    for statement in BREAKS[law.id]:
        undone.execute(statement.format(gone=busy.pk))
    rows = broken(undone, law)
    assert rows
    assert rows[0][0]


@pytest.mark.parametrize("why", MORE_BREAKS)
def test_other_ways_to_break_a_law_are_found(why: str, busy: Shipment, undone: Cursor) -> None:
    law_id, statement = MORE_BREAKS[why]
    undone.execute(statement)
    [law] = [law for law in LAWS if law.id == law_id]
    assert broken(undone, law)
