"""Goods leave wholly or in part, once, and leave the work of telling behind."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, connections, transaction

from channels.models import Shop
from inventory import ledger
from inventory.models import StockMovement
from logistics.dispatch import change_tracking
from logistics.models import Confirmation, Shipment, ShipmentLine
from logistics.refusals import ShipmentRefused
from logistics.tasks import plan_due
from orders import cancellation, holds
from orders.models import Order, OrderLine, SearchKey
from orders.opened import NotAllowed
from tests.inventory.making import level, make_sku, stock
from tests.logistics.making import (
    AT,
    LATER,
    Part,
    content,
    line,
    make_goods,
    planned,
    planned_one,
    send,
    telling,
)
from tests.orders.factory import again, incoming, offer, take

pytestmark = pytest.mark.django_db(transaction=True)


def line_of(order: Order) -> OrderLine:
    """The order's first line."""
    return OrderLine.objects.filter(order=order).order_by("pk")[0]


def test_goods_that_left_are_out_of_stock_and_the_order_is_shipped() -> None:
    goods = make_goods({"mug": 10}, account=telling())
    order, shipment = planned_one(goods, line("mug", 3))
    gone = send(shipment)
    order.refresh_from_db()
    assert (gone.state, gone.dispatched_at, gone.carrier) == ("dispatched", LATER, "UPS")
    assert order.status == "shipped"
    assert level(goods.skus["mug"], goods.warehouse) == (7, 0)
    told = Confirmation.objects.get()
    assert (told.outcome, told.state, told.told_at) == ("intended", "waiting", None)
    assert told.reference.isdigit()
    assert told.lines == [["L1", 3]]
    assert SearchKey.objects.get().text == gone.tracking_number


def test_part_leaves_and_the_rest_is_planned_under_its_own_number() -> None:
    goods = make_goods({"mug": 10}, account=telling())
    order, shipment = planned_one(goods, line("mug", 3))
    send(shipment, Part(line_of(order).pk, 1))
    order.refresh_from_db()
    assert order.status == "label"
    assert level(goods.skus["mug"], goods.warehouse) == (9, 2)
    rest = Shipment.objects.get(state="planned")
    assert rest.number != shipment.number
    assert content(rest) == [(line_of(order).pk, 2, 2)]
    plan_due()
    assert planned(order) == [rest]
    send(rest)
    order.refresh_from_db()
    assert order.status == "shipped"
    assert [row.lines for row in Confirmation.objects.order_by("pk")] == [[["L1", 1]], [["L1", 2]]]
    assert len({row.reference for row in Confirmation.objects.all()}) == 2


def test_a_part_of_sets_takes_every_component() -> None:
    goods = make_goods({"mug": 10}, account=telling())
    spoon = make_sku("spoon")
    stock(spoon, goods.warehouse, 20)
    offer(goods.account, "tea-set", [(goods.skus["mug"], 1), (spoon, 4)])
    order, shipment = planned_one(goods, line("tea-set", 3))
    send(shipment, Part(line_of(order).pk, 2))
    assert level(spoon, goods.warehouse) == (12, 4)
    assert level(goods.skus["mug"], goods.warehouse) == (8, 1)
    assert Confirmation.objects.get().lines == [["L1", 2]]


@pytest.mark.parametrize("units", [0, 4])
def test_more_or_nothing_of_a_line_does_not_leave(units: int) -> None:
    goods = make_goods({"mug": 10})
    order, shipment = planned_one(goods, line("mug", 3))
    with pytest.raises(ShipmentRefused) as refused:
        send(shipment, Part(line_of(order).pk, units))
    assert refused.value.code in ("no_lines", "not_in_shipment")
    assert content(shipment) == [(line_of(order).pk, 3, 3)]


def test_the_same_shipment_leaves_once() -> None:
    goods = make_goods({"mug": 10})
    _order, shipment = planned_one(goods)
    send(shipment)
    with pytest.raises(ShipmentRefused, match="left already"):
        send(shipment)
    assert StockMovement.objects.filter(kind="ship").count() == 1


def test_held_canceled_and_asked_to_cancel_do_not_leave() -> None:
    goods = make_goods({"mug": 10})
    order, held = planned_one(goods)
    holds.hold(order_id=order.pk, at=AT, actor="somebody")
    with pytest.raises(NotAllowed, match="on hold"):
        send(held)
    order, canceled = planned_one(goods)
    cancellation.close(order_id=order.pk, at=AT, actor="somebody")
    with pytest.raises(NotAllowed):
        send(canceled)
    asked = incoming(77, line("mug", 1))
    take(goods.account, asked)
    [shipment] = planned(Order.objects.get(external_id=asked.external_id))
    take(goods.account, again(asked, cancel_requested=True))
    with pytest.raises(NotAllowed, match="asks to cancel"):
        send(shipment)
    assert not StockMovement.objects.filter(kind="ship").exists()


def test_marketplace_order_needs_a_tracking_number_and_a_carrier() -> None:
    goods = make_goods({"mug": 10}, account=telling())
    _order, shipment = planned_one(goods)
    for missing, code in (
        ({"tracking_number": " "}, "tracking_missing"),
        ({"carrier": ""}, "carrier_missing"),
    ):
        with pytest.raises(ShipmentRefused) as refused:
            send(shipment, **missing)
        assert refused.value.code == code
    assert Shipment.objects.get().state == "planned"


def test_import_only_account_is_not_told_and_the_row_says_so() -> None:
    goods = make_goods({"mug": 10})
    _order, shipment = planned_one(goods)
    send(shipment, tracking_number="")
    told = Confirmation.objects.get()
    assert (told.outcome, told.state) == ("withheld", "paused")


def test_shop_that_tells_by_hand_waits_for_a_person() -> None:
    goods = make_goods({"mug": 10}, account=telling())
    Shop.objects.update(tells=Shop.Tell.BY_HAND)
    _order, shipment = planned_one(goods)
    send(shipment)
    told = Confirmation.objects.get()
    assert (told.outcome, told.state) == ("intended", "paused")


def test_shop_that_tells_early_tells_with_the_number_and_not_again_when_goods_leave() -> None:
    goods = make_goods({"mug": 10}, account=telling())
    Shop.objects.update(tells=Shop.Tell.ON_LABEL)
    order, shipment = planned_one(goods, line("mug", 2))
    change_tracking(shipment_id=shipment.pk, carrier="UPS", tracking_number="1Z9", at=AT)
    told = Confirmation.objects.get()
    assert (told.outcome, told.state, told.lines) == ("intended", "waiting", [["L1", 2]])
    Confirmation.objects.update(outcome="confirmed", state="done", told_at=AT, sent_at=AT)
    with pytest.raises(ShipmentRefused, match="was told that all"):
        send(shipment, Part(line_of(order).pk, 1), tracking_number="1Z9")
    send(shipment, tracking_number="1Z9")
    assert Confirmation.objects.get().outcome == "confirmed"


def test_corrected_number_is_told_again_under_the_same_reference() -> None:
    goods = make_goods({"mug": 10}, account=telling())
    _order, shipment = planned_one(goods)
    send(shipment)
    before = Confirmation.objects.get()
    Confirmation.objects.update(outcome="confirmed", state="done", told_at=LATER, sent_at=LATER)
    change_tracking(shipment_id=shipment.pk, carrier="UPS", tracking_number="1ZNEW", at=LATER)
    told = Confirmation.objects.get()
    assert (told.outcome, told.state, told.told_at) == ("intended", "waiting", None)
    assert told.reference == before.reference
    assert told.lease_epoch > before.lease_epoch


def test_time_of_leaving_is_neither_in_the_future_nor_before_the_order() -> None:
    goods = make_goods({"mug": 10})
    order, shipment = planned_one(goods)
    for left_at in (LATER + timedelta(hours=1), order.placed_at - timedelta(seconds=1)):
        with pytest.raises(ShipmentRefused):
            send(shipment, shipped_at=left_at)
    assert send(shipment, shipped_at=AT).dispatched_at == AT


def test_count_below_the_reserved_stops_the_goods_with_words() -> None:
    goods = make_goods({"mug": 3})
    _order, shipment = planned_one(goods, line("mug", 3))
    ledger.adjust(
        sku_id=goods.skus["mug"].pk,
        warehouse_id=goods.warehouse.pk,
        delta=-2,
        reason="broken",
        cause="count:1",
        at=AT,
    )
    with pytest.raises(ShipmentRefused, match="holds less"):
        send(shipment)
    shipment.refresh_from_db()
    assert shipment.state == "planned"


def test_lines_of_a_dispatched_shipment_are_frozen_by_the_database() -> None:
    goods = make_goods({"mug": 10})
    _order, shipment = planned_one(goods)
    send(shipment)
    with pytest.raises(DatabaseError, match="do not change"), transaction.atomic():
        ShipmentLine.objects.update(quantity=9)
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"):
        cursor.execute("DELETE FROM logistics_shipment")


def test_ship_and_cancel_at_once_have_one_winner() -> None:
    """Ten rounds of both at once: whoever is second gets a refusal, and stock agrees with the winner."""
    goods = make_goods({"mug": 10})
    for _round in range(10):
        order, shipment = planned_one(goods)
        before = level(goods.skus["mug"], goods.warehouse)
        start = threading.Barrier(2)
        won: list[str] = []

        def run(
            name: str, order_id: int, shipment: Shipment, start: threading.Barrier, won: list[str]
        ) -> None:
            try:
                start.wait(timeout=30)
                if name == "ship":
                    send(shipment)
                else:
                    cancellation.close(order_id=order_id, at=LATER, actor="somebody")
                won.append(name)
            except (NotAllowed, ShipmentRefused):
                return
            finally:
                connections.close_all()

        threads = [
            threading.Thread(target=run, args=(name, order.pk, shipment, start, won))
            for name in ("ship", "cancel")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        order.refresh_from_db()
        assert order.status == ("shipped" if won == ["ship"] else "canceled")
        on_hand, reserved = level(goods.skus["mug"], goods.warehouse)
        assert (on_hand, reserved) == (before[0] - (won == ["ship"]), before[1] - 1)
