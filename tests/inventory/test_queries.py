"""Reads: what can be promised, who sees what, and lists that take the same statements at any size."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ecomhub.access import NOBODY, SYSTEM, Actor, Role
from inventory import ledger, queries
from inventory.models import Sku, Warehouse
from tests.inventory.making import AT, claim, make_sku, make_warehouse, stock

pytestmark = pytest.mark.django_db


def codes(page: queries.Page[queries.Product]) -> list[str]:
    """The codes on a page."""
    return [row.sku.code for row in page.rows]


def test_only_sellable_warehouses_of_ours_back_what_is_promised() -> None:
    sku, empty = make_sku(safety_stock=2), make_sku(safety_stock=3)
    stock(sku, make_warehouse(), 10)
    stock(sku, make_warehouse(kind=Warehouse.Kind.OVERSEAS), 5)
    stock(sku, make_warehouse(kind=Warehouse.Kind.CHANNEL), 100)
    stock(sku, make_warehouse(is_sellable=False), 100)
    assert queries.available_to_promise(sku_ids=[sku.pk, empty.pk]) == {sku.pk: 13, empty.pk: -3}


def test_what_is_reserved_beyond_a_count_lowers_the_promise_elsewhere() -> None:
    sku, near, far = make_sku(), make_warehouse(), make_warehouse()
    stock(sku, near, 5)
    stock(sku, far, 4)
    ledger.reserve(claims=[claim(sku, near, 5, 1)], at=AT)
    ledger.adjust(sku_id=sku.pk, warehouse_id=near.pk, delta=-3, reason="counted", cause="c", at=AT)
    assert queries.available_to_promise(sku_ids=[sku.pk]) == {sku.pk: 1}
    assert codes(queries.products(actor=SYSTEM, stock="oversold")) == [sku.code]


def test_candidates_are_sellable_warehouses_with_stock_in_their_priority() -> None:
    sku = make_sku()
    second = make_warehouse(priority=20, country="DE", serves_countries=["DE", "FR"])
    first = make_warehouse(priority=10)
    stock(sku, second, 3)
    stock(sku, first, 1)
    stock(sku, make_warehouse(kind=Warehouse.Kind.CHANNEL), 9)
    make_warehouse()
    found = queries.candidates(sku_ids=[sku.pk])[sku.pk]
    assert [(one.warehouse_id, one.available) for one in found] == [(first.pk, 1), (second.pk, 3)]
    assert found[1].serves_countries == ("DE", "FR")


def test_what_a_demand_holds_is_the_sum_of_what_was_done_for_it() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 9)
    ledger.reserve(claims=[claim(sku, warehouse, 5, 1)], at=AT)
    ledger.ship(claims=[claim(sku, warehouse, 2, 1, "ship")], at=AT)
    assert queries.demands_held(demands=["wish:1"]) == {"wish:1": {(sku.pk, warehouse.pk): 3}}
    ledger.release(claims=[claim(sku, warehouse, 3, 1, "release")], at=AT)
    assert queries.demands_held(demands=["wish:1"]) == {}


def test_pages_of_products_show_every_one_once_in_order() -> None:
    for number in range(7):
        make_sku(f"K{number}")
    seen: list[str] = []
    after = None
    while True:
        page = queries.products(actor=SYSTEM, after=after, limit=3)
        seen += codes(page)
        after = page.next_after
        if after is None:
            break
    assert seen == [f"K{number}" for number in range(7)]


def test_a_page_of_products_takes_two_statements_at_any_size() -> None:
    places = [make_warehouse(), make_warehouse()]
    for _ in range(12):
        sku = make_sku()
        for warehouse in places:
            stock(sku, warehouse, 3)
    for limit in (2, 12):
        with CaptureQueriesContext(connection) as captured:
            page = queries.products(actor=SYSTEM, limit=limit)
        assert len(captured) == 2
        assert {(row.on_hand, row.promised) for row in page.rows} == {(6, 6)}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("cup", ["BIG-CUP", "CUP-1"]),
        ("蓝色", ["CUP-1"]),
        ("6901234567892", ["CUP-1"]),
        ("690123", []),
        ("MUG", ["BIG-CUP"]),
    ],
)
def test_products_are_found_by_code_name_and_whole_barcode(search: str, found: list[str]) -> None:
    make_sku("CUP-1", name_zh="蓝色杯子", barcodes=["6901234567892"])
    make_sku("BIG-CUP", name_en="Large mug")
    make_sku("OTHER")
    assert codes(queries.products(actor=SYSTEM, search=search)) == found


def test_products_are_filtered_by_what_is_left_of_them() -> None:
    warehouse = make_warehouse()
    plenty, low, sold, never = make_sku("A"), make_sku("B", safety_stock=5), make_sku("C"), make_sku("D")
    for sku, quantity in ((plenty, 9), (low, 4), (sold, 2)):
        stock(sku, warehouse, quantity)
    ledger.reserve(claims=[claim(sold, warehouse, 2, 1)], at=AT)
    assert codes(queries.products(actor=SYSTEM, stock="in_stock")) == ["A"]
    assert codes(queries.products(actor=SYSTEM, stock="low")) == ["B"]
    assert codes(queries.products(actor=SYSTEM, stock="out")) == ["C", "D"]
    Sku.objects.filter(pk=never.pk).update(status=Sku.Status.RETIRED)
    assert queries.stock_counts(actor=SYSTEM) == queries.StockCounts(out=1, low=1, oversold=0)


def test_a_person_of_one_warehouse_sees_its_stock_only() -> None:
    sku, mine, other = make_sku(), make_warehouse(), make_warehouse()
    stock(sku, mine, 3)
    stock(sku, other, 4)
    picker = Actor(name="li", role=Role.PICKER, warehouse_ids=frozenset({mine.pk}))
    seen = queries.product(actor=picker, sku_id=sku.pk)
    assert seen is not None
    assert [row.warehouse_id for row in seen.levels] == [mine.pk]
    assert [row.warehouse_id for row in queries.movements_of(actor=picker, sku_id=sku.pk).rows] == [mine.pk]
    assert list(queries.warehouses(actor=picker)) == [mine]
    assert queries.product(actor=NOBODY, sku_id=sku.pk) is None
    assert queries.movements_of(actor=NOBODY).rows == []


def test_movements_are_listed_newest_first_in_one_statement_a_page() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 9)
    for line in range(5):
        ledger.reserve_one(claim=claim(sku, warehouse, 1, line), at=AT)
    with CaptureQueriesContext(connection) as captured:
        page = queries.movements_of(actor=SYSTEM, sku_id=sku.pk, limit=4)
        assert {row.warehouse.code for row in page.rows} == {warehouse.code}
    assert len(captured) == 1
    assert page.next_after is not None
    rest = queries.movements_of(actor=SYSTEM, sku_id=sku.pk, after=page.next_after[1])
    assert [row.kind for row in rest.rows] == ["reserve", "receive"]
    assert [row.reserved_after for row in page.rows] == [5, 4, 3, 2]
