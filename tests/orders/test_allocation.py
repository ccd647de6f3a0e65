"""Choosing warehouses and claiming stock."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from channels.listings import pair
from channels.models import Listing
from ecomhub.verifying import verify
from orders import cancellation, lifecycle, shipping, sweeps
from orders.allocation import allocate
from orders.models import Allocation, AllocationTrace, Order, OrderIssue
from orders.opened import NotAllowed
from tests.inventory.making import level, make_sku, make_warehouse, stock
from tests.orders.factory import AT, again, incoming, line, make_account, make_goods, offer, take, taken

pytestmark = pytest.mark.django_db(transaction=True)


def claims(order: Order) -> list[tuple[str, str, int]]:
    rows = Allocation.objects.filter(line__order=order).order_by("pk")
    return [(row.sku.code, row.warehouse.code, row.quantity - row.quantity_released) for row in rows]


def test_warehouse_serving_the_country_goes_before_a_better_priority() -> None:
    account = make_account()
    mug = make_sku("M")
    offer(account, "mug", [(mug, 1)])
    far = make_warehouse("FAR", priority=1, serves_countries=["DE"])
    near = make_warehouse("NEAR", priority=9, serves_countries=["US"])
    stock(mug, far, 5)
    stock(mug, near, 5)
    assert claims(taken(account, incoming(1))) == [("M", "NEAR", 1)]
    trace = AllocationTrace.objects.get().trace
    assert (trace["choice"], trace["country"]) == ("single", "US")
    assert trace["candidates"][0] == {"warehouse": near.pk, "serves": True, "priority": 9, "lacks": {}}


def test_one_warehouse_for_everything_goes_before_a_better_one_for_a_part() -> None:
    account = make_account()
    mug, plate = make_sku("M"), make_sku("P")
    offer(account, "mug", [(mug, 1)])
    offer(account, "plate", [(plate, 1)])
    best, other = make_warehouse("BEST", priority=1), make_warehouse("OTHER", priority=5)
    stock(mug, best, 5)
    stock(mug, other, 5)
    stock(plate, other, 5)
    order = taken(account, incoming(1, line("mug"), line("plate", number=2)))
    assert claims(order) == [("M", "OTHER", 1), ("P", "OTHER", 1)]


def test_order_is_split_when_no_warehouse_has_everything() -> None:
    account = make_account()
    mug = make_sku("M")
    offer(account, "mug", [(mug, 1)])
    stock(mug, make_warehouse("A", priority=1), 2)
    stock(mug, make_warehouse("B", priority=2), 3)
    order = taken(account, incoming(1, line("mug", 4)))
    assert (order.status, claims(order)) == ("label", [("M", "A", 2), ("M", "B", 2)])
    assert AllocationTrace.objects.get().trace["choice"] == "split"


def test_bundle_takes_every_part_and_only_whole_sets() -> None:
    account = make_account()
    cup, saucer = make_sku("CUP"), make_sku("SAUCER")
    offer(account, "tea-set", [(cup, 2), (saucer, 3)])
    place = make_warehouse("A")
    stock(cup, place, 10)
    stock(saucer, place, 7)
    order = taken(account, incoming(1, line("tea-set", 3)))
    assert (order.status, order.lines.get().quantity_allocated) == ("process", 2)
    assert (level(cup, place), level(saucer, place)) == ((10, 4), (7, 6))
    issue = OrderIssue.objects.get()
    assert issue.detail == {"missing": {str(saucer.pk): 2}}
    assert verify().ok
    cancellation.close(order_id=order.pk, at=AT, actor="anna")
    assert (level(cup, place), level(saucer, place)) == ((10, 0), (7, 0))
    assert verify().ok


def test_bundle_shipped_in_part_counts_whole_sets() -> None:
    account = make_account()
    cup, saucer = make_sku("CUP"), make_sku("SAUCER")
    offer(account, "tea-set", [(cup, 1), (saucer, 2)])
    place = make_warehouse("A")
    stock(cup, place, 10)
    stock(saucer, place, 10)
    order = taken(account, incoming(1, line("tea-set", 2)))
    parts = {part.sku_id: part for part in shipping.open_allocations(order_ids=[order.pk])}
    assert [part.line_quantity for part in parts.values()] == [2, 2]
    leave(parts[cup.pk].allocation_id, 2, "left:1")
    assert order.lines.get().quantity_shipped == 0
    leave(parts[saucer.pk].allocation_id, 2, "left:2")
    assert order.lines.get().quantity_shipped == 1
    leave(parts[saucer.pk].allocation_id, 2, "left:3")
    order.refresh_from_db()
    assert (order.status, order.lines.get().quantity_shipped) == ("shipped", 2)
    assert verify().ok


def leave(allocation_id: int, quantity: int, cause: str) -> None:
    part = shipping.ShippedPart(allocation_id, quantity, quantity)
    shipping.record_shipped(parts=[part], cause=cause, at=AT, actor="anna")


def test_more_than_is_held_does_not_leave() -> None:
    goods = make_goods({"mug": 5})
    order = taken(goods.account, incoming(1, line("mug", 2)))
    held = shipping.open_allocations(order_ids=[order.pk])[0]
    with pytest.raises(NotAllowed):
        leave(held.allocation_id, 3, "left:1")
    assert level(goods.skus["mug"], goods.warehouse) == (5, 2)


def test_pairing_a_listing_heals_the_orders_that_waited_for_it() -> None:
    goods = make_goods({"mug": 5})
    order = taken(goods.account, incoming(1, line("mug"), line("new-thing", number=2)))
    sku = make_sku("NEW")
    stock(sku, goods.warehouse, 3)
    assert sweeps.sweep(now=lambda: AT) == 0
    pair(listing=Listing.objects.get(external_id="new-thing"), components=[(sku.pk, 1)], at=AT)
    assert sweeps.sweep(now=lambda: AT) == 1
    order.refresh_from_db()
    assert (order.status, order.issue_count) == ("label", 0)
    assert level(sku, goods.warehouse) == (3, 1)


def test_arriving_stock_goes_to_the_orders_short_of_it_oldest_first() -> None:
    goods = make_goods({"mug": 0})
    first = taken(goods.account, incoming(1, line("mug", 2)))
    second = taken(goods.account, incoming(2, line("mug", 2)))
    assert sweeps.sweep(now=lambda: AT) == 0
    stock(goods.skus["mug"], goods.warehouse, 3)
    assert sweeps.sweep(now=lambda: AT) == 2
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("label", "process")
    assert level(goods.skus["mug"], goods.warehouse) == (3, 3)
    assert sweeps.sweep(now=lambda: AT) == 0
    assert verify().ok


def test_switching_an_account_on_starts_the_orders_that_waited() -> None:
    goods = make_goods({"mug": 5}, switched_on=False)
    order = taken(goods.account, incoming(1))
    assert sweeps.sweep(now=lambda: AT) == 0
    goods.account.switched_on_at = AT
    goods.account.save()
    sweeps.sweep(now=lambda: AT)
    order.refresh_from_db()
    assert order.status == "label"


def test_repeated_allocation_changes_nothing() -> None:
    goods = make_goods({"mug": 1})
    order = taken(goods.account, incoming(1, line("mug", 2)))
    assert allocate(order_ids=[order.pk], at=AT) == {order.pk: "process"}
    version = order.version
    order.refresh_from_db()
    assert order.version == version
    assert level(goods.skus["mug"], goods.warehouse) == (1, 1)


def test_changed_pairing_does_not_touch_what_is_claimed() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1, line("mug", 2))
    order = taken(goods.account, one)
    other = make_sku("OTHER")
    stock(other, goods.warehouse, 5)
    offer(goods.account, "mug", [(other, 3)])
    take(goods.account, again(one, lines=(line("mug", 3),)))
    order.refresh_from_db()
    assert (order.status, level(goods.skus["mug"], goods.warehouse)) == ("label", (5, 3))
    assert level(other, goods.warehouse) == (5, 0)
    assert verify().ok


def test_random_baskets_never_deadlock_and_never_oversell() -> None:
    names = [f"sku{number}" for number in range(6)]
    goods = make_goods(dict.fromkeys(names, 40))
    others = [make_account() for _ in range(3)]
    for account in others:
        for name in names:
            offer(account, name, [(goods.skus[name], 1)])

    def shop(seed: int) -> None:
        dice = random.Random(seed)
        account = [goods.account, *others][seed % 4]
        try:
            for turn in range(6):
                page = []
                for place in range(6):
                    picked = dice.sample(names, 3)
                    lines = [line(name, dice.randint(1, 2), number=n) for n, name in enumerate(picked)]
                    page.append(incoming(f"{seed}{turn}{place}", *lines))
                take(account, *page)
                for order in Order.objects.filter(account=account, status="label").order_by("?")[:2]:
                    lifecycle.move(order_id=order.pk, action="close", at=AT, actor="anna")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(shop, range(4)))
    for sku in goods.skus.values():
        on_hand, reserved = level(sku, goods.warehouse)
        assert on_hand == 40
        assert 0 <= reserved <= 40
    assert verify().ok
