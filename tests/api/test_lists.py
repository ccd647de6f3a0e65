"""What every section of the API shares: filters, sparse answers, tags, deprecation, few statements."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from channels.models import ChannelAccount, Credential, Listing
from ecomhub.access import Role
from ecomhub.rest.deprecation import Deprecation, deprecated
from inventory.api import StockLevels
from inventory.models import Sku
from orders.models import Order
from tests.api.calling import Api, document, make_person
from tests.inventory.making import make_sku, make_warehouse, stock
from tests.logistics.making import AT, line, make_goods, planned_one, ready, send, telling
from tests.orders.factory import make_account

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = (
    *("orders/", "shipments/", "skus/", "warehouses/", "accounts/", "shops/", "listings/"),
    *("stock/levels/", "stock/movements/", "stock/receipts/", "orders/changes/", "shipments/changes/"),
)


OF_THIS_COMPANY = (
    *("orders_act", "skus_partial_update", "shipments_create"),
    *("stock_adjustments_create", "stock_receipts_create"),
)


@pytest.fixture
def api() -> Api:
    return Api()


def ids(page: dict[str, Any]) -> set[int]:
    """The keys of a page's objects."""
    return {row["id"] for row in page["results"]}


def patched(api: Api, sku: Sku, body: dict[str, Any], **headers: str) -> Any:
    """The answer to a change of a SKU."""
    return api.client.patch(
        f"/api/v1/skus/{sku.pk}/",
        json.dumps(body),
        content_type="application/json",
        headers={"Idempotency-Key": f"{body}{headers}", **headers},
    )


@pytest.mark.parametrize("path", LISTS)
def test_list_takes_few_statements_whatever_its_size(api: Api, path: str) -> None:
    goods = make_goods({"mug": 500, "plate": 500, "bowl": 500}, account=telling())
    for name in ("mug", "plate", "bowl"):
        _order, shipment = planned_one(goods, line(name), line("mug", 1, number=2))
        send(shipment)
    counted = []
    api.get(path)
    for size in (1, 200):
        with CaptureQueriesContext(connection) as seen:
            api.get(path, page_size=size)
        counted.append(len(seen))
    assert max(counted) <= 7, "the token's own statement and six"
    assert counted[0] == counted[1], counted


@pytest.mark.parametrize("path", LISTS)
def test_fields_bring_themselves_alone_and_unknown_ones_are_named(api: Api, path: str) -> None:
    goods = make_goods({"mug": 9}, account=telling())
    planned_one(goods)
    for row in api.get(path, fields="id")["results"]:
        assert list(row) == ["id"]
    assert "nothing" in api.get(path, fields="id,nothing", expect=400)["errors"]["fields"][0]
    api.get(path, fields="", expect=400)
    assert api.get(path)["results"][0].keys() > {"id"}


def test_sparse_orders_read_no_lines(api: Api) -> None:
    ready(make_goods({"mug": 9}))
    api.get("orders/")
    with CaptureQueriesContext(connection) as seen:
        api.get("orders/", fields="id,status")
    assert not [each["sql"] for each in seen if "orders_orderline" in each["sql"]]


def test_orders_by_account_warehouse_ranges_and_many_values(api: Api) -> None:
    goods = make_goods({"mug": 9, "plate": 9})
    other = make_goods({"mug": 9}, account=make_account())
    a = ready(goods, line("mug"), placed_at=AT - timedelta(days=3), ship_by_at=AT + timedelta(days=1))
    b = ready(goods, line("plate"), paid_at=AT - timedelta(days=1), ship_by_at=AT + timedelta(days=5))
    c = ready(other, line("mug"))
    codes = [goods.skus["mug"].code, other.skus["mug"].code]
    cases: list[tuple[dict[str, Any], set[int]]] = [
        ({"account": goods.account.name}, {a.pk, b.pk}),
        ({"account": [goods.account.name, other.account.name]}, {a.pk, b.pk, c.pk}),
        ({"warehouse": goods.warehouse.code}, {a.pk, b.pk}),
        ({"warehouse": "nowhere"}, set()),
        ({"sku": codes}, {a.pk, c.pk}),
        ({"platform": ["amazon", "amazon"]}, {a.pk, b.pk, c.pk}),
        ({"placed_before": (AT - timedelta(days=2)).isoformat()}, {a.pk}),
        ({"paid_after": (AT - timedelta(days=2)).isoformat()}, {b.pk}),
        ({"ship_by_before": (AT + timedelta(days=2)).isoformat()}, {a.pk}),
        ({"ship_by_after": (AT + timedelta(days=2)).isoformat()}, {b.pk}),
        ({"external_id": [a.external_id, *(f"no-{n}" for n in range(99))]}, {a.pk}),
        ({"exception_kind": "shortage"}, set()),
    ]
    for query, wanted in cases:
        assert ids(api.get("orders/", **query)) == wanted, query


def test_newest_first_pages_through_all(api: Api) -> None:
    goods = make_goods({"mug": 50})
    wanted = [ready(goods, placed_at=AT - timedelta(hours=2 + number)).pk for number in range(5)]
    found: list[int] = []
    more: dict[str, Any] = {}
    while True:
        page = api.get("orders/", order_by="-placed_at", page_size=2, **more)
        found += [row["id"] for row in page["results"]]
        if page["next_cursor"] is None:
            break
        more = {"cursor": page["next_cursor"]}
    assert found == wanted


def test_shipments_by_what_their_orders_are(api: Api) -> None:
    goods = make_goods({"mug": 9}, account=telling())
    order, shipment = planned_one(goods)
    other = make_goods({"mug": 9}, account=make_account())
    _order, hidden = planned_one(other)
    for query in (
        {"external_id": order.external_id},
        {"shop": goods.shop.pk},
        {"account": goods.account.name},
        {"warehouse": goods.warehouse.code},
    ):
        assert ids(api.get("shipments/", **query)) == {shipment.pk}, query
    assert ids(api.get("shipments/", platform="amazon")) == {shipment.pk, hidden.pk}


def test_channels_show_no_secret(api: Api) -> None:
    goods = make_goods({"mug": 9})
    Credential.objects.create(account=goods.account, sealed="SECRET-SEALED", sealed_access="SECRET-ACCESS")
    ChannelAccount.objects.update(proxy="http://user:SECRET-PROXY@127.0.0.1:1")
    for path in ("accounts/", "shops/", "listings/", f"accounts/{goods.account.pk}/"):
        answer = api.client.get(f"/api/v1/{path}")
        assert answer.status_code == 200
        assert b"SECRET" not in answer.content
    [shop] = api.get("shops/")["results"]
    assert api.get(f"shops/{shop['id']}/") == shop


def test_listing_shows_wanted_and_published(api: Api) -> None:
    goods = make_goods({"mug": 9})
    Listing.objects.update(remote_quantity=4)
    [row] = api.get("listings/", sku=goods.skus["mug"].code)["results"]
    assert (row["wanted"], row["published"]) == (9, 4)
    assert row["difference"]
    assert row["components"] == [{"sku": goods.skus["mug"].code, "units": 1}]
    assert api.get("listings/", mapped="false")["results"] == []
    assert api.get(f"listings/{row['id']}/")["external_id"] == row["external_id"]


def test_other_shops_listings_do_not_exist() -> None:
    mine, other = make_goods({"mug": 9}), make_goods({"mug": 9}, account=make_account())
    api = Api(shop_ids=[mine.shop.pk])
    assert ids(api.get("shops/")) == {mine.shop.pk}
    assert ids(api.get("accounts/")) == {mine.account.pk}
    hidden = Listing.objects.get(shop=other.shop)
    api.get(f"listings/{hidden.pk}/", expect=404)


def test_receipts_and_ledger_are_read(api: Api) -> None:
    sku, place = make_sku("mug"), make_warehouse("HERE")
    stock(sku, place, 5, cost="2.50")
    [receipt] = api.get("stock/receipts/", sku="mug")["results"]
    assert (receipt["quantity"], receipt["unit_cost"]) == (5, {"amount": "2.50", "currency": "CNY"})
    [moved] = api.get("stock/movements/", kind="receive")["results"]
    assert (moved["on_hand_after"], moved["warehouse"]) == (5, "HERE")
    assert api.get("stock/movements/", kind="ship")["results"] == []
    assert Api(warehouse_ids=[]).get("stock/receipts/")["results"] == []
    [shown] = api.get("skus/", code="mug")["results"]
    assert shown["promised"] == 5


def test_change_needs_the_state_it_was_meant_for(api: Api) -> None:
    api = Api(make_person(Role.OPERATIONS))
    sku = make_sku("mug")
    read = api.client.get(f"/api/v1/skus/{sku.pk}/")
    tag = read.headers["ETag"]
    missing = patched(api, sku, {"safety_stock": 3})
    assert (missing.status_code, missing.json()["code"]) == (428, "if_match_required")
    done = patched(api, sku, {"safety_stock": 3}, **{"If-Match": tag})
    assert (done.status_code, done.json()["safety_stock"]) == (200, 3)
    assert done.headers["ETag"] != tag
    late = patched(api, sku, {"safety_stock": 9}, **{"If-Match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert (
        patched(api, sku, {"safety_stock": 9}, **{"If-Match": f"W/{done.headers['ETag']}"}).status_code == 412
    )
    assert patched(api, sku, {"safety_stock": 4}, **{"If-Match": "*"}).status_code == 200
    assert Sku.objects.get().safety_stock == 4
    wrong = patched(api, sku, {"barcodes": ["a"]}, **{"If-Match": "*"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "sku_refused")


def test_act_for_another_state_of_the_order_is_refused(api: Api) -> None:
    order = ready(make_goods({"mug": 9}))
    tag = api.client.get(f"/api/v1/orders/{order.pk}/").headers["ETag"]
    path = f"/api/v1/orders/{order.pk}/actions/"

    def act(name: str, seen: str, key: str) -> Any:
        headers = {"Idempotency-Key": key, "If-Match": seen}
        return api.client.post(path, {"action": name}, content_type="application/json", headers=headers)

    Order.objects.filter(pk=order.pk).update(version=order.version + 5)
    refused = act("hold", tag, "1")
    assert (refused.status_code, refused.json()["code"]) == (412, "changed_meanwhile")
    assert Order.objects.get().hold_reason == ""
    now = api.client.get(f"/api/v1/orders/{order.pk}/").headers["ETag"]
    done = act("hold", f'"0", {now}', "1")
    assert (done.status_code, done.json()["hold_reason"]) == (200, "manual"), "a refused key may try again"
    assert act("release_hold", done.headers["ETag"], "2").status_code == 200


def test_deprecated_operation_says_so_on_every_answer(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    since = datetime(2026, 11, 1, tzinfo=UTC)
    mark = deprecated(since=since, sunset=datetime(2027, 11, 1, tzinfo=UTC), instead="stock_levels_changes")
    monkeypatch.setattr(StockLevels, "list", mark(StockLevels.list))
    answer = api.client.get("/api/v1/stock/levels/")
    assert answer.headers["Deprecation"] == f"@{int(since.timestamp())}"
    assert answer.headers["Sunset"] == "Mon, 01 Nov 2027 00:00:00 GMT"
    assert 'rel="deprecation"' in answer.headers["Link"]


def test_too_short_a_notice_is_a_mistake_of_ours() -> None:
    since = datetime(2026, 11, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="180 days"):
        Deprecation(since=since, sunset=since + timedelta(days=30), instead="x")
    assert get_resolver()


def test_every_example_of_the_document_works(api: Api) -> None:
    """What the documentation shows can be sent as it stands (with the objects of this company)."""
    goods = make_goods({"mug": 9}, account=telling())
    main = make_warehouse("MAIN")
    blue = make_sku("MUG-BLUE")
    stock(blue, main, 9)
    order = ready(goods, line("mug", 2))
    tried = 0
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            for name, example in content.get("examples", {}).items():
                if not path.startswith(
                    ("/api/v1/orders", "/api/v1/stock", "/api/v1/skus", "/api/v1/shipments/")
                ):
                    continue
                if "arrange" in path or "cancel" in path or "label" in path:
                    continue
                body = dict(example["value"])
                if "order" in body:
                    body["order"] = order.pk
                place = path.replace("{id}", str(blue.pk if "skus" in path else order.pk))
                answer = getattr(api.client, method)(
                    place,
                    json.dumps(body),
                    content_type="application/json",
                    headers={"Idempotency-Key": f"{path} {name}", "If-Match": "*"},
                )
                if "hold" in body.values():
                    api.post(f"orders/{order.pk}/actions/", {"action": "release_hold"}, status=200)
                assert answer.status_code in (200, 201), (path, name, answer.content)
                tried += 1
    assert tried >= 5
