"""Shipping through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ecomhub import clock
from inventory.models import StockMovement
from logistics.models import Confirmation, Shipment
from orders.models import Order, OrderLine
from tests.api.calling import Api
from tests.inventory.making import level, make_warehouse, stock
from tests.logistics.making import content, line, make_goods, planned_one, ready, telling

pytestmark = pytest.mark.django_db(transaction=True)

UPS = {"carrier": "UPS", "tracking_number": "1Z999"}


@pytest.fixture
def api() -> Api:
    return Api()


def test_whole_order_leaves_without_waiting_for_the_clockwork(api: Api) -> None:
    goods = make_goods({"mug": 9}, account=telling())
    order = ready(goods, line("mug", 2))
    gone = api.post("shipments/", {"order": order.pk, **UPS, "service": "Ground"})
    assert (gone["state"], gone["orders"], gone["warehouse"]) == (
        "dispatched",
        [order.pk],
        goods.warehouse.code,
    )
    assert gone["lines"][0]["quantity"] == 2
    assert gone["confirmations"][0]["outcome"] == "intended"
    order.refresh_from_db()
    assert order.status == "shipped"
    assert api.get(f"shipments/{gone['id']}/") == gone


def test_part_leaves_and_the_rest_stays_planned(api: Api) -> None:
    goods = make_goods({"mug": 9}, account=telling())
    order, shipment = planned_one(goods, line("mug", 3))
    part = [{"order_line": OrderLine.objects.get().pk, "quantity": 1}]
    gone = api.post("shipments/", {"order": order.pk, "lines": part, **UPS})
    assert gone["number"] == shipment.number
    [rest] = api.get("shipments/", state="planned")["results"]
    assert rest["lines"][0]["quantity"] == 2
    assert len(api.get("shipments/", order=order.pk)["results"]) == 2


def test_order_short_of_stock_ships_what_it_has(api: Api) -> None:
    goods = make_goods({"mug": 2})
    order = ready(goods, line("mug", 5))
    gone = api.post("shipments/", {"order": order.pk, **UPS})
    assert gone["lines"][0]["quantity"] == 2
    assert api.post("shipments/", {"order": order.pk, **UPS}, status=409)["code"] == "nothing_to_ship"


def test_order_in_two_warehouses_asks_which(api: Api) -> None:
    goods = make_goods({"mug": 1})
    other = make_warehouse(country="US", priority=20)
    stock(goods.skus["mug"], other, 2)
    order = ready(goods, line("mug", 3))
    assert api.post("shipments/", {"order": order.pk, **UPS}, status=422)["code"] == "which_warehouse"
    gone = api.post("shipments/", {"order": order.pk, "warehouse": other.code, **UPS})
    assert gone["warehouse"] == other.code
    assert Shipment.objects.get(state="planned").warehouse == goods.warehouse


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"carrier": ""}, 422, "carrier_missing"),
        ({"tracking_number": ""}, 422, "tracking_missing"),
        ({"order": 10**12}, 422, "no_such_order"),
        ({"warehouse": "nowhere"}, 422, "no_such_warehouse"),
        ({"shipped_at": "2019-01-01T00:00:00Z"}, 422, "before_the_order"),
        ({"shipped_at": (clock.now() + timedelta(days=3)).isoformat()}, 422, "in_the_future"),
        ({"lines": [{"order_line": 10**9, "quantity": 1}]}, 422, "not_in_shipment"),
        ({"lines": []}, 400, "invalid"),
        ({"lines": [{"order_line": 1, "quantity": 0}]}, 400, "invalid"),
        ({"colour": "red"}, 400, "invalid"),
    ],
)
def test_wrong_call_changes_nothing(api: Api, change: dict[str, object], status: int, code: str) -> None:
    goods = make_goods({"mug": 9}, account=telling())
    order = ready(goods, line("mug", 2))
    assert api.post("shipments/", {"order": order.pk, **UPS, **change}, status=status)["code"] == code
    assert not StockMovement.objects.filter(kind="ship").exists()
    assert level(goods.skus["mug"], goods.warehouse) == (9, 2)


def test_held_order_conflicts(api: Api) -> None:
    order = ready(make_goods({"mug": 9}))
    api.post(f"orders/{order.pk}/actions/", {"action": "hold"}, status=200)
    assert "on hold" in api.post("shipments/", {"order": order.pk, **UPS}, status=409)["detail"]


def test_lists_are_filtered(api: Api) -> None:
    goods = make_goods({"mug": 9}, account=telling())
    first, second = ready(goods), ready(goods)
    gone = api.post("shipments/", {"order": first.pk, **UPS})
    _order, waiting = planned_one(goods)
    assert second.pk
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({"state": "dispatched"}, [gone["id"]]),
        ({"state": "planned"}, [waiting.pk]),
        ({"tracking": "1Z999"}, [gone["id"]]),
        ({"order": first.pk}, [gone["id"]]),
        ({"outcome": "intended"}, [gone["id"]]),
        ({"outcome": "refused"}, []),
        ({"warehouse": "nowhere"}, []),
    ]
    for query, wanted in cases:
        assert [row["id"] for row in api.get("shipments/", **query)["results"]] == wanted, query


def test_shipment_of_another_warehouse_or_shop_does_not_exist() -> None:
    goods = make_goods({"mug": 9})
    order, shipment = planned_one(goods)
    for api in (Api(warehouse_ids=[]), Api(shop_ids=[])):
        assert api.get("shipments/")["results"] == []
        api.get(f"shipments/{shipment.pk}/", expect=404)
        answer = api.raw_post("shipments/", {"order": order.pk, **UPS}, key="one")
        assert answer.status_code in (409, 422)
    assert content(shipment)
    assert Order.objects.get().status == "label"
    assert not Confirmation.objects.exists()
