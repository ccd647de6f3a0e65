"""What is reserved becomes a planned shipment per warehouse, and stops being one when it is not."""

from __future__ import annotations

import pytest

from inventory.models import Warehouse
from logistics.models import Shipment
from logistics.planning import plan
from logistics.queries import orders_to_plan
from logistics.tasks import plan_due
from orders import cancellation, holds
from orders.allocation import allocate
from orders.models import OrderLine
from tests.inventory.making import make_sku, make_warehouse, stock
from tests.logistics.making import AT, content, line, make_goods, planned, planned_one, ready, send
from tests.orders.factory import offer

pytestmark = pytest.mark.django_db(transaction=True)


def test_reserved_order_becomes_one_shipment_with_a_number() -> None:
    goods = make_goods({"mug": 10, "plate": 5})
    order, shipment = planned_one(goods, line("mug", 2), line("plate", 1, number=2))
    assert shipment.number.startswith("S")
    assert shipment.number[1:].isdigit()
    assert shipment.warehouse == goods.warehouse
    first, second = OrderLine.objects.filter(order=order).order_by("pk")
    assert content(shipment) == [(first.pk, 2, 2), (second.pk, 1, 1)]


def test_planning_twice_plans_once() -> None:
    goods = make_goods({"mug": 10})
    order, shipment = planned_one(goods, line("mug", 2))
    assert planned(order) == [shipment]
    assert orders_to_plan(limit=10) == []


def test_order_split_over_two_warehouses_has_a_shipment_in_each() -> None:
    goods = make_goods({"mug": 1})
    other = make_warehouse(country="US", priority=20)
    stock(goods.skus["mug"], other, 2)
    shipments = planned(ready(goods, line("mug", 3)))
    assert {shipment.warehouse_id for shipment in shipments} == {goods.warehouse.pk, other.pk}
    assert sorted(content(shipment)[0][1] for shipment in shipments) == [1, 2]


def test_clockwork_finds_what_has_to_be_planned() -> None:
    goods = make_goods({"mug": 10})
    orders = [ready(goods, line("mug", 1)) for _ in range(3)]
    assert orders_to_plan(limit=10) == [order.pk for order in orders]
    assert plan_due() == 3
    assert orders_to_plan(limit=10) == []
    assert Shipment.objects.filter(state="planned").count() == 3


def test_order_short_of_stock_is_planned_only_when_asked() -> None:
    goods = make_goods({"mug": 2})
    order = ready(goods, line("mug", 5))
    assert order.status == "process"
    assert planned(order) == []
    assert orders_to_plan(limit=10) == []
    plan(order_ids=[order.pk], at=AT, partly=True)
    shipment = Shipment.objects.get()
    assert content(shipment)[0][1:] == (2, 2)
    stock(goods.skus["mug"], goods.warehouse, 3)
    allocate(order_ids=[order.pk], at=AT)
    assert planned(order) == [shipment]
    assert content(shipment)[0][1:] == (5, 5)


def test_held_order_is_not_planned_until_released() -> None:
    goods = make_goods({"mug": 2})
    order = ready(goods)
    holds.hold(order_id=order.pk, at=AT, actor="somebody")
    assert planned(order) == []
    holds.release_hold(order_id=order.pk, at=AT, actor="somebody")
    assert len(planned(order)) == 1


def test_canceled_order_voids_its_shipment() -> None:
    goods = make_goods({"mug": 2})
    order, shipment = planned_one(goods)
    cancellation.close(order_id=order.pk, at=AT, actor="somebody")
    assert orders_to_plan(limit=10) == [order.pk]
    plan_due()
    shipment.refresh_from_db()
    assert (shipment.state, shipment.version) == ("voided", 2)
    assert orders_to_plan(limit=10) == []


def test_every_part_of_a_set_is_planned_with_the_sets_it_makes() -> None:
    goods = make_goods({"mug": 10})
    spoon = make_sku("spoon")
    stock(spoon, goods.warehouse, 20)
    offer(goods.account, "tea-set", [(goods.skus["mug"], 1), (spoon, 4)])
    _order, shipment = planned_one(goods, line("tea-set", 2))
    assert sorted(row[1:] for row in content(shipment)) == [(2, 2), (8, 2)]


def test_what_left_is_not_planned_again() -> None:
    goods = make_goods({"mug": 10})
    order, shipment = planned_one(goods, line("mug", 2))
    send(shipment)
    assert planned(order) == []
    assert orders_to_plan(limit=10) == []


def test_warehouse_of_the_channel_is_never_planned() -> None:
    goods = make_goods({"mug": 0})
    stock(goods.skus["mug"], make_warehouse(country="US", kind=Warehouse.Kind.CHANNEL), 50)
    order = ready(goods)
    plan(order_ids=[order.pk], at=AT, partly=True)
    assert not Shipment.objects.exists()
