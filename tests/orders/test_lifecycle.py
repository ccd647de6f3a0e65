"""The state table, and who may move an order."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from psycopg2.extensions import cursor as Cursor

from channels.messages import FulfillmentMethod
from ecomhub.access import Actor, Role
from ecomhub.events import of
from orders import acting, holds, lifecycle, shipping
from orders.models import Order, OrderIssue, OrderLine
from orders.opened import NotAllowed, Opened
from orders.states import TRANSITIONS, Status, find
from tests.inventory.making import level
from tests.orders.factory import AT, incoming, line, make_account, make_goods, taken

pytestmark = pytest.mark.django_db(transaction=True)

ACTIONS = sorted({row.action for row in TRANSITIONS})
ANNA = Actor(name="anna", role=Role.OPERATIONS)


def test_every_action_from_every_state_does_what_the_table_says(owner: Cursor) -> None:
    """Each cell: moved as the table says, or refused without a trace; guards are satisfied beforehand."""
    goods = make_goods({"mug": 5}, auto_approve=False)
    order = taken(goods.account, incoming(1))
    for action, source in itertools.product(ACTIONS, Status.values):
        row = find(action=action, source=source)
        guard = row.guard if row else ""
        channel = guard == "by_channel"
        owner.execute(
            "UPDATE orders_order SET status = %s, fulfillment_method = %s",
            [source, "by_channel" if channel else "by_seller"],
        )
        left = 1 if guard == "fully_shipped" else 0
        owner.execute(
            "UPDATE orders_orderline SET quantity_allocated = %s, quantity_shipped = %s",
            [1 if guard == "fully_allocated" else 0, left],
        )
        before = Order.objects.values().get()
        if row is None:
            with pytest.raises(NotAllowed):
                lifecycle.move(order_id=order.pk, action=action, at=AT, actor="anna")
            assert Order.objects.values().get() == before
            continue
        moved = lifecycle.move(order_id=order.pk, action=action, at=AT, actor="anna")
        assert (moved.status, moved.version) == (row.target, before["version"] + 1)
        event = of(object_kind="order", object_id=order.pk).last()
        assert event is not None
        assert (event.kind, event.data["from"], event.data["to"]) == (action, source, row.target)


def test_every_guard_of_the_table_exists_and_is_used() -> None:
    assert {row.guard for row in TRANSITIONS if row.guard} == set(lifecycle.GUARDS)


def test_every_action_is_once_per_state() -> None:
    keys = [(row.action, row.source) for row in TRANSITIONS]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("changes", "guard"),
    [
        ({"hold_reason": "manual"}, "workable"),
        ({"cancel_requested": True}, "workable"),
        ({"fulfillment_method": "by_channel"}, "workable"),
        ({"is_before_go_live": True}, "workable"),
        ({"platform_state": "unpaid"}, "workable"),
        ({"is_before_go_live": True}, "worked_here"),
    ],
)
def test_guard_refuses(changes: dict[str, object], guard: str) -> None:
    account = make_account()
    order = Order(account=account, shop=account.shops.get(), status="review", platform_state="open")
    opened = Opened(order, [])
    assert lifecycle.GUARDS[guard](opened) is None
    for name, value in changes.items():
        setattr(order, name, value)
    assert lifecycle.GUARDS[guard](opened)


def test_nothing_is_fully_allocated_without_units() -> None:
    order = Order()
    assert lifecycle.GUARDS["fully_allocated"](Opened(order, []))
    half = [OrderLine(quantity=2, quantity_allocated=1)]
    assert lifecycle.GUARDS["fully_allocated"](Opened(order, half))
    rest = [OrderLine(quantity=2, quantity_allocated=1, quantity_canceled=1)]
    assert lifecycle.GUARDS["fully_allocated"](Opened(order, rest)) is None


def test_import_only_order_cannot_be_approved() -> None:
    goods = make_goods({"mug": 5}, switched_on=False)
    order = taken(goods.account, incoming(1))
    with pytest.raises(NotAllowed, match="import-only"):
        lifecycle.move(order_id=order.pk, action="approve", at=AT, actor="anna")


def test_canceling_gives_back_and_ends_the_exceptions() -> None:
    goods = make_goods({"mug": 1})
    order = taken(goods.account, incoming(1, line("mug", 2)))
    assert (order.status, order.issue_count) == ("process", 1)
    order = lifecycle.move(order_id=order.pk, action="close", at=AT, actor="anna")
    assert (order.status, order.issue_count, order.canceled_at) == ("canceled", 0, AT)
    assert level(goods.skus["mug"], goods.warehouse) == (1, 0)
    assert OrderIssue.objects.get().solved_at == AT


def test_ship_and_cancel_have_one_winner() -> None:
    for round_number in range(6):
        goods = make_goods({"mug": 1})
        order = taken(goods.account, incoming(100 + round_number))
        claim = shipping.open_allocations(order_ids=[order.pk])[0]
        part = shipping.ShippedPart(claim.allocation_id, claim.quantity, claim.line_quantity)
        start = Barrier(2)

        def ship(order: Order = order, part: shipping.ShippedPart = part, start: Barrier = start) -> str:
            start.wait()
            shipping.record_shipped(parts=[part], cause=f"left:{order.pk}", at=AT, actor="anna")
            return "shipped"

        def cancel(order: Order = order, start: Barrier = start) -> str:
            start.wait()
            return lifecycle.move(order_id=order.pk, action="cancel", at=AT, actor="ben").status

        with ThreadPoolExecutor(2) as pool:
            answers = [pool.submit(guarded, job) for job in (ship, cancel)]
        won = [answer.result() for answer in answers if answer.result() != "refused"]
        order.refresh_from_db()
        assert won == [order.status]
        expected = (0, 0) if order.status == "shipped" else (1, 0)
        assert level(goods.skus["mug"], goods.warehouse) == expected


def guarded(job: object) -> str:
    try:
        return str(job())  # type: ignore[operator]
    except NotAllowed:
        return "refused"
    finally:
        connection.close()


def test_person_is_offered_what_they_may_do() -> None:
    goods = make_goods({"mug": 5}, auto_approve=False)
    order = taken(goods.account, incoming(1))
    assert [row.action for row in lifecycle.allowed_actions(order=order, actor=ANNA)] == [
        "approve",
        "close",
        "ignore",
    ]
    viewer = Actor(name="vera", role=Role.VIEWER)
    assert not lifecycle.allowed_actions(order=order, actor=viewer)
    with pytest.raises(NotAllowed):
        acting.perform(order_id=order.pk, action="approve", at=AT, actor=viewer)


def test_approving_claims_the_stock_at_once() -> None:
    goods = make_goods({"mug": 5}, auto_approve=False)
    order = taken(goods.account, incoming(1))
    order = acting.perform(order_id=order.pk, action="approve", at=AT, actor=ANNA)
    assert order.status == "label"
    assert level(goods.skus["mug"], goods.warehouse) == (5, 1)


def test_actor_of_another_shop_does_not_find_the_order() -> None:
    goods = make_goods({"mug": 5}, auto_approve=False)
    order = taken(goods.account, incoming(1))
    stranger = Actor(name="stan", role=Role.OPERATIONS, shop_ids=frozenset({0}))
    with pytest.raises(Order.DoesNotExist):
        acting.perform(order_id=order.pk, action="approve", at=AT, actor=stranger)


def test_order_the_channel_ships_offers_nothing() -> None:
    goods = make_goods({"mug": 5})
    order = taken(goods.account, incoming(1, fulfillment_method=FulfillmentMethod.BY_CHANNEL))
    assert not lifecycle.allowed_actions(order=order, actor=ANNA)
    with pytest.raises(NotAllowed):
        lifecycle.move(order_id=order.pk, action="close", at=AT, actor="anna")
    with pytest.raises(NotAllowed):
        holds.hold(order_id=order.pk, at=AT, actor="anna")


def test_held_order_keeps_its_stock_and_goes_on_when_released() -> None:
    goods = make_goods({"mug": 5}, auto_approve=False)
    order = taken(goods.account, incoming(1))
    holds.hold(order_id=order.pk, at=AT, actor="anna", note="wait for the buyer")
    with pytest.raises(NotAllowed, match="on hold"):
        lifecycle.move(order_id=order.pk, action="approve", at=AT, actor="anna")
    assert holds.release_hold(order_id=order.pk, at=AT, actor="anna").hold_reason == ""
    assert lifecycle.move(order_id=order.pk, action="approve", at=AT, actor="anna").status == "process"


def test_ignored_order_is_taken_back_into_work() -> None:
    goods = make_goods({"mug": 5})
    order = taken(goods.account, incoming(1))
    holds.hold(order_id=order.pk, at=AT, actor="anna")
    with pytest.raises(NotAllowed):
        lifecycle.move(order_id=order.pk, action="take_back", at=AT, actor="anna")
    short = taken(goods.account, incoming(2, line("mug", 9)))
    lifecycle.move(order_id=short.pk, action="ignore", at=AT, actor="anna")
    assert level(goods.skus["mug"], goods.warehouse) == (5, 1)
    assert acting.perform(order_id=short.pk, action="take_back", at=AT, actor=ANNA).status == "process"
