"""Stock through the API."""

from __future__ import annotations

from decimal import Decimal

import pytest

from inventory.models import CostLayer, StockMovement, Warehouse
from tests.api.calling import Api
from tests.inventory.making import level, make_sku, make_warehouse, stock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api() -> Api:
    return Api()


def test_levels_by_code(api: Api) -> None:
    here, there = make_warehouse("HERE"), make_warehouse("THERE")
    mug, plate = make_sku("mug"), make_sku("plate")
    for sku, place, units in ((mug, here, 5), (mug, there, 7), (plate, here, 1)):
        stock(sku, place, units)
    assert len(api.get("stock/levels/")["results"]) == 3
    [found] = api.get("stock/levels/", sku="mug", warehouse="THERE")["results"]
    assert (found["on_hand"], found["reserved"], found["available"]) == (7, 0, 7)
    assert len(api.get("stock/levels/", sku=["mug", "plate"])["results"]) == 3
    assert api.get("stock/levels/", short="true")["results"] == []
    assert len(api.get("stock/levels/", changed_after="2020-01-01T00:00:00Z")["results"]) == 3


def test_levels_page_by_cursor(api: Api) -> None:
    place = make_warehouse()
    for _ in range(5):
        stock(make_sku(), place, 1)
    first = api.get("stock/levels/", page_size=3)
    second = api.get("stock/levels/", page_size=3, cursor=first["next_cursor"])
    assert len(first["results"]) + len(second["results"]) == 5
    assert second["next_cursor"] is None


def test_adjustment_moves_the_stock_and_answers_with_its_movement(api: Api) -> None:
    sku, place = make_sku("mug"), make_warehouse("HERE")
    stock(sku, place, 5)
    body = {"sku": "mug", "warehouse": "HERE", "delta": -2, "reason": "broken"}
    moved = api.post("stock/adjustments/", body)
    assert (moved["kind"], moved["on_hand_delta"], moved["on_hand_after"]) == ("adjust", -2, 3)
    assert moved["note"] == "broken"
    assert api.user.username in moved["actor"]
    assert level(sku, place) == (3, 0)


def test_receipt_keeps_its_cost(api: Api) -> None:
    sku, place = make_sku("mug"), make_warehouse("HERE")
    body = {"sku": "mug", "warehouse": "HERE", "quantity": 4, "unit_cost": "2.5000", "currency": "CNY"}
    assert api.post("stock/receipts/", body)["on_hand_after"] == 4
    layer = CostLayer.objects.get()
    assert (layer.unit_cost, layer.currency, layer.quantity) == (Decimal("2.5"), "CNY", 4)
    assert level(sku, place) == (4, 0)


@pytest.mark.parametrize(
    ("path", "change", "status", "code"),
    [
        ("adjustments", {"delta": -6}, 422, "not_enough_on_hand"),
        ("adjustments", {"delta": 0}, 422, "wrong_quantity"),
        ("adjustments", {"delta": 10**10}, 400, "invalid"),
        ("adjustments", {"delta": "1.5"}, 400, "invalid"),
        ("adjustments", {"reason": " "}, 400, "invalid"),
        ("adjustments", {"reason": "a\x00b"}, 400, "invalid"),
        ("adjustments", {"sku": "nothing"}, 422, "no_such_sku"),
        ("adjustments", {"warehouse": "nowhere"}, 422, "no_such_warehouse"),
        ("adjustments", {"warehouse": "FBA"}, 422, "channels_warehouse"),
        ("receipts", {"quantity": 0}, 400, "invalid"),
        ("receipts", {"unit_cost": "-1"}, 400, "invalid"),
        ("receipts", {"unit_cost": "NaN"}, 400, "invalid"),
        ("receipts", {"currency": "XXZ"}, 400, "invalid"),
    ],
)
def test_wrong_call_moves_nothing(
    api: Api, path: str, change: dict[str, object], status: int, code: str
) -> None:
    sku, place = make_sku("mug"), make_warehouse("HERE")
    make_warehouse("FBA", kind=Warehouse.Kind.CHANNEL)
    stock(sku, place, 5)
    body: dict[str, object] = {"sku": "mug", "warehouse": "HERE"}
    body |= (
        {"delta": 1, "reason": "count"}
        if path == "adjustments"
        else {"quantity": 1, "unit_cost": "1", "currency": "CNY"}
    )
    assert api.post(f"stock/{path}/", {**body, **change}, status=status)["code"] == code
    assert StockMovement.objects.count() == 1


def test_another_warehouse_is_neither_seen_nor_touched() -> None:
    mine, other = make_warehouse("MINE"), make_warehouse("OTHER")
    sku = make_sku("mug")
    stock(sku, mine, 1)
    stock(sku, other, 1)
    api = Api(warehouse_ids=[mine.pk])
    assert [row["warehouse"] for row in api.get("stock/levels/")["results"]] == ["MINE"]
    body = {"sku": "mug", "warehouse": "OTHER", "delta": 1, "reason": "count"}
    assert api.post("stock/adjustments/", body, status=422)["code"] == "no_such_warehouse"
