"""Taking orders in: once, set-wise, and each as what it is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from psycopg2.extensions import cursor as Cursor

from channels.messages import BadItem, FulfillmentMethod, IncomingOrder, OrderState
from channels.models import ChannelAccount, FailedImport, RawDocument
from ecomhub.models import Event
from inventory.models import StockMovement
from orders.buyers import open_buyer, open_gift_message
from orders.intake import take_in
from orders.models import Allocation, Order, OrderIssue, OrderLine
from tests.inventory.making import level
from tests.orders.factory import (
    AT,
    GO_LIVE,
    Goods,
    again,
    incoming,
    line,
    make_account,
    make_goods,
    take,
    taken,
)

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = (
    "orders_order",
    "orders_orderline",
    "orders_allocation",
    "orders_allocationtrace",
    "orders_orderbuyer",
    "orders_orderissue",
    "orders_ordertally",
    "inventory_stocklevel",
    "inventory_stockmovement",
    "channels_rawdocument",
    "channels_datakey",
    "channels_listing",
    "ecomhub_event",
)


def picture(cursor: Cursor, *, locks: bool = True) -> dict[str, Any]:
    """Every row of the tables with the transactions that wrote or locked it."""
    seen = {}
    columns = "ctid::text, xmin::text, xmax::text" if locks else "ctid::text, xmin::text"
    for table in TABLES:
        cursor.execute(f"SELECT {columns} FROM {table} ORDER BY 1")
        seen[table] = cursor.fetchall()
    return seen


def test_new_order_is_approved_claims_its_stock_and_is_ready_to_print() -> None:
    goods = make_goods({"mug": 10, "plate": 5})
    order = taken(goods.account, incoming(1, line("mug", 2), line("plate", 1, number=2)))
    assert order.status == "label"
    assert level(goods.skus["mug"], goods.warehouse) == (10, 2)
    assert level(goods.skus["plate"], goods.warehouse) == (5, 1)
    assert list(OrderLine.objects.order_by("pk").values_list("quantity_allocated", flat=True)) == [2, 1]
    events = Event.objects.filter(object_kind="order").order_by("sequence")
    assert [(event.sequence, event.kind) for event in events] == [
        (1, "taken_in"),
        (2, "approve"),
        (3, "allocate"),
    ]


def test_order_of_a_shop_that_approves_by_hand_waits_for_review() -> None:
    goods = make_goods({"mug": 10}, auto_approve=False)
    assert taken(goods.account, incoming(1)).status == "review"
    assert level(goods.skus["mug"], goods.warehouse) == (10, 0)


def test_page_is_counted() -> None:
    goods = make_goods({"mug": 10})
    page = [incoming(number) for number in (1, 2, 3)]
    first = take(goods.account, *page)
    assert (first.seen, first.created, first.unchanged) == (3, 3, 0)
    newer = [again(page[0], platform_status="PENDING_PICKUP"), page[1], page[2]]
    second = take(goods.account, *newer, bad=[BadItem("902-X", "no currency")])
    assert (second.seen, second.updated, second.unchanged, second.quarantined) == (4, 1, 2, 1)


def test_repeated_page_writes_nothing(owner: Cursor) -> None:
    goods = make_goods({"mug": 4})
    page = [incoming(number, line("mug", 2)) for number in (1, 2, 3)]
    page.append(incoming(4, line("unknown")))
    take(goods.account, *page)
    before = picture(owner)
    result = take(goods.account, *page, at=AT + timedelta(hours=1))
    assert (result.unchanged, result.created, result.updated) == (4, 0, 0)
    assert picture(owner) == before


def test_newer_picture_of_the_same_page_rewrites_only_what_changed(owner: Cursor) -> None:
    goods = make_goods({"mug": 9})
    page = [incoming(number) for number in (1, 2)]
    take(goods.account, *page)
    owner.execute("SELECT xmin::text FROM orders_order WHERE external_id = %s", [page[1].external_id])
    before = owner.fetchone()
    take(goods.account, again(page[0]), page[1])
    owner.execute("SELECT xmin::text FROM orders_order WHERE external_id = %s", [page[1].external_id])
    assert owner.fetchone() == before


def test_order_twice_on_a_page_is_taken_once_in_its_newest_picture() -> None:
    goods = make_goods({"mug": 9})
    first = incoming(1, line("mug", 1))
    newer = again(first, lines=(line("mug", 3),))
    result = take(goods.account, newer, first)
    assert (result.seen, result.created, result.unchanged) == (2, 1, 1)
    assert OrderLine.objects.get().quantity == 3


def test_sixteen_deliverers_of_one_order_leave_one_order_and_one_reservation() -> None:
    goods = make_goods({"mug": 100})
    order = incoming(1, line("mug", 2))

    def deliver(_number: int) -> int:
        try:
            return take(goods.account, order).created
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        created = list(pool.map(deliver, range(16)))
    assert sum(created) == 1
    assert Order.objects.count() == 1
    assert StockMovement.objects.filter(kind="reserve").count() == 1
    assert level(goods.skus["mug"], goods.warehouse) == (100, 2)


def test_two_accounts_never_sell_the_last_units_twice() -> None:
    first = make_goods({"mug": 20})
    second = Goods(make_account(), first.warehouse, first.skus)
    from_second = second.account.shops.get()
    mug = first.skus["mug"]
    second_listing = from_second.listings.create(external_id="mug", is_mapped=True)
    second_listing.components.create(sku=mug, quantity=1)

    def deliver(job: tuple[ChannelAccount, int]) -> None:
        account, start = job
        try:
            take(account, *[incoming(number) for number in range(start, start + 20)])
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(deliver, [(first.account, 100), (second.account, 200)]))
    assert level(mug, first.warehouse) == (20, 20)
    assert Order.objects.filter(status="label").count() == 20
    assert OrderIssue.objects.filter(kind="shortage", solved_at=None).count() == 20


BROKEN: dict[str, Callable[[IncomingOrder], IncomingOrder]] = {
    "NUL in a title": lambda order: replace(order, lines=(line(title="a\x00b"),)),
    "lone surrogate in a title": lambda order: replace(order, lines=(line(title="\ud800"),)),
    "NUL in the order number": lambda order: replace(order, external_id="902\x00"),
    "order number too long": lambda order: replace(order, external_id="9" * 121),
    "line id too long": lambda order: replace(order, lines=(replace(line(), external_id="L" * 81),)),
    "negative quantity": lambda order: replace(order, lines=(line(quantity=-1),)),
    "unknown currency": lambda order: replace(order, currency="XXQ"),
    "five decimals": lambda order: replace(order, total=Decimal("1.23456")),
    "an amount beyond any order": lambda order: replace(order, total=Decimal("1e16")),
    "two lines with one id": lambda order: replace(order, lines=(line(), line())),
    "ten megabytes": lambda order: replace(order, raw={"note": "x" * 10_000_000}),
    "unknown marketplace": lambda order: replace(order, marketplace="NOWHERE"),
    "a value of a wrong kind": lambda order: replace(order, shipping_service=7),  # type: ignore[arg-type]
    "units beyond the column": lambda order: replace(
        order, lines=tuple(replace(line(number=n, quantity=1_000_000), charge=None) for n in range(1, 2200))
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_poison_order_stops_only_itself(fault: str) -> None:
    goods = make_goods({"mug": 50})
    page = [incoming(number) for number in range(1, 12)]
    page[5] = BROKEN[fault](page[5])
    result = take(goods.account, *page)
    assert (result.created, result.quarantined) == (10, 1)
    assert Order.objects.filter(status="label").count() == 10
    assert level(goods.skus["mug"], goods.warehouse) == (50, 10)
    failed = FailedImport.objects.get(kind="order")
    assert failed.reason
    assert "\x00" not in failed.external_id


def test_halves_of_a_page_that_broke_do_not_take_the_same_stock_twice() -> None:
    goods = make_goods({"mug": 2, "plate": 1})
    poison = replace(BROKEN["units beyond the column"](incoming(1)), state=OrderState.SHIPPED)
    page = [poison, incoming(2), incoming(3), incoming(4, line("plate"))]
    result = take(goods.account, *page)
    assert (result.created, result.quarantined) == (3, 1)
    assert Order.objects.filter(status="label").count() == 3
    assert not OrderIssue.objects.exists()
    assert level(goods.skus["mug"], goods.warehouse) == (2, 2)


def test_unknown_values_are_kept_raw_and_shown() -> None:
    goods = make_goods({"mug": 5})
    order = taken(
        goods.account,
        incoming(1, state=OrderState.UNKNOWN, platform_status="TELEPORTED", unknown_values=("TELEPORTED",)),
    )
    assert (order.platform_status, order.status) == ("TELEPORTED", "review")
    issue = OrderIssue.objects.get()
    assert (issue.kind, issue.detail) == ("unknown_value", {"values": ["TELEPORTED"]})
    assert level(goods.skus["mug"], goods.warehouse) == (5, 0)


def test_quarantined_order_is_solved_once_it_can_be_read() -> None:
    goods = make_goods({"mug": 5})
    order = incoming(1)
    take(goods.account, replace(order, currency="XXQ"))
    assert FailedImport.objects.get().state == "waiting"
    take(goods.account, order)
    assert FailedImport.objects.get().state == "done"


def test_older_picture_never_moves_an_order_backwards() -> None:
    goods = make_goods({"mug": 5})
    old = incoming(1)
    newest = again(old, minutes=30, state=OrderState.CANCELED, platform_status="CANCELLED")
    take(goods.account, old)
    take(goods.account, newest)
    result = take(goods.account, again(old, minutes=10), old)
    assert result.unchanged == 2
    order = Order.objects.get()
    assert (order.status, order.platform_status) == ("canceled", "CANCELLED")
    assert level(goods.skus["mug"], goods.warehouse) == (5, 0)


def test_two_layouts_of_one_moment_do_not_take_turns(owner: Cursor) -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1)
    other = replace(one, raw={"AmazonOrderId": one.external_id})
    assert take(goods.account, one).created == 1
    assert take(goods.account, other).updated == 1
    before = picture(owner)
    assert take(goods.account, one).unchanged == 1
    assert take(goods.account, other).unchanged == 1
    assert picture(owner) == before
    assert RawDocument.objects.filter(kind="order").count() == 2


def kill(pid: int) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    finally:
        connection.close()


def test_connection_lost_inside_the_transaction_leaves_no_trace(owner: Cursor) -> None:
    goods = make_goods({"mug": 5})
    before = picture(owner, locks=False)

    def die() -> None:
        with transaction.atomic():
            take_in(account=goods.account, orders=[incoming(1), incoming(2)], bad=(), at=AT)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pid = cursor.fetchone()[0]
            with ThreadPoolExecutor(1) as other:
                other.submit(kill, pid).result()

    with pytest.raises(OperationalError):
        die()
    connection.close()
    assert picture(owner, locks=False) == before
    assert take(goods.account, incoming(1)).created == 1


def test_buyer_and_gift_message_are_sealed_and_opened_again() -> None:
    goods = make_goods({"mug": 5})
    order = taken(goods.account, incoming(1, replace(line(), gift_message="For you 🎁")))
    buyer = open_buyer(order=order)
    assert buyer is not None
    assert (buyer.name, buyer.address and buyer.address.city) == ("Erika Mustermann", "Berlin")
    assert open_gift_message(order=order, line=order.lines.get()) == "For you 🎁"
    assert b"Erika" not in bytes(order.buyer.sealed)


def test_order_from_before_go_live_is_kept_and_never_claimed() -> None:
    goods = make_goods({"mug": 5})
    early = {"placed_at": GO_LIVE - timedelta(days=1)}
    states = {OrderState.OPEN: "ignored", OrderState.SHIPPED: "shipped", OrderState.COMPLETED: "completed"}
    for number, (state, status) in enumerate(states.items(), 1):
        order = taken(goods.account, incoming(number, state=state, **early))
        assert (order.status, order.is_before_go_live) == (status, True)
    assert not Allocation.objects.exists()
    assert not OrderIssue.objects.exists()


def test_order_shipped_at_first_sight_is_never_claimed() -> None:
    goods = make_goods({"mug": 5})
    order = taken(goods.account, incoming(1, line("mug", 2), state=OrderState.SHIPPED))
    row = order.lines.get()
    assert (order.status, row.quantity_shipped, row.quantity_shipped_elsewhere) == ("shipped", 2, 2)
    assert level(goods.skus["mug"], goods.warehouse) == (5, 0)


def test_order_the_channel_ships_is_kept_apart() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1, line("unpaired"), fulfillment_method=FulfillmentMethod.BY_CHANNEL)
    order = taken(goods.account, one)
    assert (order.status, order.issue_count) == ("process", 0)
    take(goods.account, again(one, state=OrderState.SHIPPED, platform_status="SHIPPED"))
    order.refresh_from_db()
    assert order.status == "shipped"
    assert not Allocation.objects.exists()


def test_unpaid_order_waits_and_goes_on_when_paid() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1, state=OrderState.UNPAID, platform_status="PENDING")
    assert taken(goods.account, one).status == "unpaid"
    assert level(goods.skus["mug"], goods.warehouse) == (5, 0)
    take(goods.account, again(one, state=OrderState.OPEN, platform_status="UNSHIPPED"))
    assert Order.objects.get().status == "label"
    assert level(goods.skus["mug"], goods.warehouse) == (5, 1)


def test_import_only_account_takes_orders_in_without_working_them() -> None:
    goods = make_goods({"mug": 5}, switched_on=False)
    order = taken(goods.account, incoming(1, line("mug"), line("unpaired", number=2)))
    assert order.status == "review"
    assert OrderIssue.objects.get().kind == "unmapped_listing"
    assert level(goods.skus["mug"], goods.warehouse) == (5, 0)


def test_order_without_lines_waits_for_them() -> None:
    goods = make_goods({"mug": 5})
    bare = replace(incoming(1), lines=())
    order = taken(goods.account, bare)
    assert (order.status, OrderIssue.objects.get().kind) == ("review", "no_lines")
    take(goods.account, again(bare, lines=(line("mug", 2),)))
    order.refresh_from_db()
    assert (order.status, order.issue_count) == ("label", 0)


def test_unmapped_listing_is_created_with_an_exception() -> None:
    goods = make_goods({"mug": 5})
    order = taken(goods.account, incoming(1, line("mug"), line("new-thing", number=2)))
    assert (order.status, order.issue_count) == ("process", 1)
    assert OrderIssue.objects.get().kind == "unmapped_listing"
    assert level(goods.skus["mug"], goods.warehouse) == (5, 1)
    assert not FailedImport.objects.exists()


@pytest.mark.parametrize("size", [1, 60])
def test_page_of_new_orders_takes_the_same_statements_whatever_its_size(
    size: int, django_assert_max_num_queries: Any
) -> None:
    goods = make_goods({"mug": 500, "plate": 500})
    page = [incoming(0, line("mug"), line("plate", number=2)) for _ in range(size)]
    with django_assert_max_num_queries(30):
        assert take(goods.account, *page).created == size
