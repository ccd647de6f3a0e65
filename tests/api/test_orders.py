"""The order list and detail, as a program sees them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels.messages import FulfillmentMethod
from ecomhub.access import Role
from orders.models import Order, OrderLine
from tests.api.calling import Api, make_person
from tests.inventory.making import level
from tests.logistics.making import AT, line, make_goods, planned_one, ready, send, telling
from tests.orders.factory import incoming, make_account, taken

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api() -> Api:
    return Api()


def ids(page: dict[str, list[dict[str, object]]]) -> list[object]:
    """The keys of the orders of a page."""
    return [row["id"] for row in page["results"]]


def test_list_shows_our_status_beside_the_platforms_and_money_as_text(api: Api) -> None:
    goods = make_goods({"mug": 9})
    order = ready(goods)
    [row] = api.get("orders/")["results"]
    assert (row["status"], row["platform_status"]) == ("label", "UNSHIPPED")
    assert row["total"] == {"amount": "13.55", "currency": "USD"}
    assert (row["external_id"], row["platform"], row["shop"]["id"]) == (
        order.external_id,
        "amazon",
        goods.shop.pk,
    )


def test_pages_by_cursor_show_each_order_once_in_order_of_change(api: Api) -> None:
    goods = make_goods({"mug": 50})
    wanted = [ready(goods).pk for _ in range(7)]
    Order.objects.update(updated_at=AT)
    Order.objects.filter(pk=wanted[0]).update(updated_at=AT + timedelta(seconds=1))
    found: list[object] = []
    cursor, pages = "", 0
    while True:
        more: dict[str, Any] = {"cursor": cursor} if cursor else {}
        page = api.get("orders/", page_size=2, **more)
        found += ids(page)
        cursor, pages = page["next_cursor"], pages + 1
        if cursor is None:
            break
    assert found == [*wanted[1:], wanted[0]]
    assert pages == 4


def test_order_that_changes_while_a_client_reads_is_not_missed(api: Api) -> None:
    goods = make_goods({"mug": 50})
    first, second, third = (ready(goods).pk for _ in range(3))
    for number, pk in enumerate((first, second, third)):
        Order.objects.filter(pk=pk).update(updated_at=AT + timedelta(seconds=number))
    page = api.get("orders/", page_size=1)
    Order.objects.filter(pk=second).update(updated_at=AT + timedelta(seconds=9))
    rest = api.get("orders/", page_size=50, cursor=page["next_cursor"])
    assert ids(page) + ids(rest) == [first, third, second]


@pytest.mark.parametrize("cursor", ["x", "W10", "eyJhIjoxfQ", "WyIyMDI2IiwgMV0", "%00", "é"])
def test_cursor_that_is_not_ours_is_refused(api: Api, cursor: str) -> None:
    assert api.get("orders/", cursor=cursor, expect=400)["code"] == "bad_cursor"


@pytest.mark.parametrize("size", ["0", "201", "-1", "many", "1e2", "９"])
def test_page_size_outside_its_bounds_is_refused(api: Api, size: str) -> None:
    assert api.get("orders/", page_size=size, expect=400)["code"] == "bad_page_size"


def test_filters_narrow_the_list(api: Api) -> None:
    goods = make_goods({"mug": 9, "plate": 9})
    other = make_goods({"mug": 9}, account=make_account())
    a = ready(goods, line("mug"), country="DE")
    b = ready(goods, line("plate"), country="US", placed_at=AT - timedelta(days=2))
    c = ready(other, line("mug"), country="FR")
    Order.objects.filter(pk=a.pk).update(hold_reason="manual")
    Order.objects.filter(pk=b.pk).update(issue_count=1, cancel_requested=True)
    cases: list[tuple[dict[str, Any], set[int]]] = [
        ({"shop": goods.shop.pk}, {a.pk, b.pk}),
        ({"shop": [goods.shop.pk, other.shop.pk]}, {a.pk, b.pk, c.pk}),
        ({"platform": "amazon"}, {a.pk, b.pk, c.pk}),
        ({"status": ["label", "canceled"]}, {a.pk, b.pk, c.pk}),
        ({"status": "canceled"}, set()),
        ({"external_id": [a.external_id, c.external_id]}, {a.pk, c.pk}),
        ({"country": ["DE", "FR"]}, {a.pk, c.pk}),
        ({"hold": "true"}, {a.pk}),
        ({"hold": "false"}, {b.pk, c.pk}),
        ({"exception": "true"}, {b.pk}),
        ({"cancel_requested": "true"}, {b.pk}),
        ({"cancel_requested": "false"}, {a.pk, c.pk}),
        ({"sku": goods.skus["plate"].code}, {b.pk}),
        ({"placed_before": (AT - timedelta(days=1)).isoformat()}, {b.pk}),
        ({"placed_after": (AT - timedelta(days=1)).isoformat()}, {a.pk, c.pk}),
        ({"updated_after": (AT + timedelta(days=1)).isoformat()}, set()),
        ({"updated_after": (AT - timedelta(days=1)).isoformat(), "country": "FR"}, {c.pk}),
    ]
    for query, wanted in cases:
        assert set(ids(api.get("orders/", **query))) == wanted, query


def test_order_is_found_by_its_tracking_number(api: Api) -> None:
    goods = make_goods({"mug": 9})
    order, shipment = planned_one(goods)
    ready(goods)
    gone = send(shipment)
    assert ids(api.get("orders/", tracking=gone.tracking_number)) == [order.pk]
    assert ids(api.get("orders/", tracking="nobody's")) == []


@pytest.mark.parametrize(
    "query",
    [
        {"platfrom": "amazon"},
        {"platform": "nowhere"},
        {"status": "sleeping"},
        {"external_id": ["x"] * 101},
        {"updated_after": "yesterday"},
        {"sku": "a\x00b"},
        {"shop": "all"},
    ],
)
def test_wrong_filter_is_named_and_not_ignored(api: Api, query: dict[str, Any]) -> None:
    problem = api.get("orders/", expect=400, **query)
    assert any(name.startswith(next(iter(query))) for name in problem["errors"])


@pytest.mark.parametrize("path", ["orders/", "shipments/", "stock/levels/"])
def test_list_takes_as_few_statements_for_a_full_page_as_for_a_small_one(api: Api, path: str) -> None:
    """Reading the token is one of them."""
    goods = make_goods({"mug": 500, "plate": 500, "bowl": 500, "cup": 500})
    for name in ("mug", "plate", "bowl", "cup"):
        for _ in range(3):
            planned_one(goods, line(name), line("mug", 1, number=2))
    counted = []
    for size in (1, 2, 200):
        api.get(path, page_size=size)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            api.get(path, page_size=size)
        counted.append(len(seen))
    assert max(counted) <= 6, counted
    assert len(set(counted)) == 1, counted


def test_one_order_with_everything(api: Api) -> None:
    goods = make_goods({"mug": 9}, account=telling())
    order, shipment = planned_one(goods, line("mug", 2))
    gone = send(shipment)
    shown = api.get(f"orders/{order.pk}/")
    [found] = shown["lines"]
    quantities = ("ordered", "allocated", "shipped", "shipped_elsewhere", "canceled", "returned")
    assert [found[name] for name in quantities] == [2, 2, 2, 0, 0, 0]
    assert found["charge"] == {"amount": "25.00", "currency": "USD"}
    assert found["components"] == [{"sku": goods.skus["mug"].code, "units": 1}]
    [sent] = shown["shipments"]
    assert (sent["number"], sent["tracking_number"]) == (gone.number, gone.tracking_number)
    assert sent["confirmations"][0]["outcome"] == "intended"
    assert shown["version"] == Order.objects.get().version


def test_unknown_amount_is_null_and_not_zero(api: Api) -> None:
    goods = make_goods({"mug": 9})
    order = ready(goods, line("mug", charge=None), total=None)
    shown = api.get(f"orders/{order.pk}/")
    assert shown["total"] is None
    assert shown["lines"][0]["charge"] is None


def test_yen_has_no_decimals(api: Api) -> None:
    goods = make_goods({"mug": 9})
    order = ready(goods, currency="JPY")
    Order.objects.update(total=1250)
    assert api.get(f"orders/{order.pk}/")["total"] == {"amount": "1250", "currency": "JPY"}


def test_buyer_is_masked_without_the_scope(api: Api) -> None:
    order = ready(make_goods({"mug": 9}))
    masked = Api(scopes=("orders:read",)).get(f"orders/{order.pk}/")["buyer"]
    assert masked["masked"] is True
    assert masked["name"] == "E*** M***"
    assert "phone" not in masked
    assert "address" not in masked
    shown = api.get(f"orders/{order.pk}/")["buyer"]
    assert (shown["masked"], shown["name"], shown["address"]["city"]) == (False, "Erika Mustermann", "Berlin")


def test_scope_cannot_show_more_than_the_persons_role() -> None:
    order = ready(make_goods({"mug": 9}))
    finance = Api(make_person(Role.FINANCE))
    assert finance.get(f"orders/{order.pk}/")["buyer"]["masked"] is True


def test_order_of_another_shop_does_not_exist() -> None:
    mine, other = make_goods({"mug": 9}), make_goods({"mug": 9}, account=make_account())
    order, hidden = ready(mine), ready(other)
    api = Api(shop_ids=[mine.shop.pk])
    assert ids(api.get("orders/")) == [order.pk]
    assert api.get(f"orders/{hidden.pk}/", expect=404)["code"] == "not_found"
    api.post(f"orders/{hidden.pk}/actions/", {"action": "close"}, status=404)
    hidden.refresh_from_db()
    assert hidden.status == "label"


def test_allowed_actions_can_be_done_and_others_conflict(api: Api) -> None:
    goods = make_goods({"mug": 9}, auto_approve=False)
    order = ready(goods)
    shown = api.get(f"orders/{order.pk}/")
    assert {row["action"] for row in shown["allowed_actions"]} == {"approve", "close", "ignore"}
    approved = api.post(f"orders/{order.pk}/actions/", {"action": "approve"}, status=200)
    assert approved["status"] == "label"
    refused = api.post(f"orders/{order.pk}/actions/", {"action": "approve"}, status=409)
    assert refused["detail"]
    closed = api.post(f"orders/{order.pk}/actions/", {"action": "close", "note": "sold out"}, status=200)
    assert closed["status"] == "canceled"
    assert level(goods.skus["mug"], goods.warehouse) == (9, 0)


def test_order_is_held_and_released(api: Api) -> None:
    order = ready(make_goods({"mug": 9}))
    assert api.post(f"orders/{order.pk}/actions/", {"action": "hold"}, status=200)["hold_reason"] == "manual"
    assert (
        api.post(f"orders/{order.pk}/actions/", {"action": "release_hold"}, status=200)["hold_reason"] == ""
    )
    api.post(f"orders/{order.pk}/actions/", {"action": "decline_cancel"}, status=409)


def test_unknown_action_is_a_wrong_call(api: Api) -> None:
    order = ready(make_goods({"mug": 9}))
    assert "action" in api.post(f"orders/{order.pk}/actions/", {"action": "explode"}, status=400)["errors"]
    assert (
        "when" in api.post(f"orders/{order.pk}/actions/", {"action": "hold", "when": 1}, status=400)["errors"]
    )


def test_order_the_channel_ships_is_shown_and_not_worked(api: Api) -> None:
    goods = make_goods({"mug": 9})
    order = taken(goods.account, incoming(0, line(), fulfillment_method=FulfillmentMethod.BY_CHANNEL))
    assert api.get(f"orders/{order.pk}/")["allowed_actions"] == []
    api.post("shipments/", {"order": order.pk, "carrier": "UPS", "tracking_number": "1"}, status=409)
    assert OrderLine.objects.get().quantity_shipped == 0
