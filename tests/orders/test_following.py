"""Following the platform: what a newer picture changes, and what the table refuses."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from channels.messages import IncomingOrder, IncomingParcel, IncomingReturn, OrderState
from ecomhub.verifying import verify
from inventory import ledger
from inventory.models import StockMovement
from orders import cancellation, holds, lifecycle, search, shipping
from orders.models import Allocation, Order, OrderIssue, PlatformReturn
from orders.opened import NotAllowed
from tests.inventory.making import level
from tests.orders.factory import AT, Goods, again, incoming, line, make_goods, take, taken

pytestmark = pytest.mark.django_db(transaction=True)


def ship_all(order: Order, cause: str = "left:1") -> None:
    parts = [
        shipping.ShippedPart(row.allocation_id, row.quantity, row.line_quantity)
        for row in shipping.open_allocations(order_ids=[order.pk])
    ]
    shipping.record_shipped(parts=parts, cause=cause, at=AT, actor="anna")


def assert_lawful() -> None:
    verdict = verify()
    assert verdict.ok, [law for law in verdict.laws if law.violations]


def test_platform_cancellation_gives_the_stock_back() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1, line("mug", 2))
    take(goods.account, one)
    gone = line("mug", 2, quantity_canceled=2)
    take(goods.account, again(one, state=OrderState.CANCELED, platform_status="CANCELLED", lines=(gone,)))
    assert Order.objects.get().status == "canceled"
    assert level(goods.skus["mug"], goods.warehouse) == (5, 0)
    assert_lawful()


def test_cancellation_after_shipping_is_an_exception() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1)
    order = taken(goods.account, one)
    ship_all(order)
    take(goods.account, again(one, state=OrderState.CANCELED, platform_status="CANCELLED"))
    order.refresh_from_db()
    assert (order.status, OrderIssue.objects.get().kind) == ("shipped", "cancel_after_ship")
    assert_lawful()


def test_cancel_request_keeps_the_stock_and_stops_the_order() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1, line("mug", 2))
    order = taken(goods.account, one)
    take(goods.account, again(one, cancel_requested=True))
    order.refresh_from_db()
    assert (order.cancel_requested, order.hold_reason) == (True, "cancel_requested")
    assert level(goods.skus["mug"], goods.warehouse) == (5, 2)
    with pytest.raises(NotAllowed, match="asks to cancel"):
        ship_all(order)
    with pytest.raises(NotAllowed):
        holds.release_hold(order_id=order.pk, at=AT, actor="anna")


def test_cancel_request_before_allocation_blocks_it() -> None:
    goods = make_goods({"mug": 5})
    order = taken(goods.account, incoming(1, cancel_requested=True))
    assert order.status == "review"
    assert level(goods.skus["mug"], goods.warehouse) == (5, 0)


def test_declined_cancel_request_is_not_asked_again() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1, cancel_requested=True)
    order = taken(goods.account, one)
    order = cancellation.decline_request(order_id=order.pk, at=AT, actor="anna")
    assert (order.status, order.hold_reason) == ("label", "")
    take(goods.account, again(one))
    order.refresh_from_db()
    assert (order.status, order.cancel_requested, order.hold_reason) == ("label", False, "")


def test_withdrawn_cancel_request_lets_the_order_go_on() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1, cancel_requested=True)
    take(goods.account, one)
    take(goods.account, again(one, cancel_requested=False))
    order = Order.objects.get()
    assert (order.status, order.cancel_requested, order.hold_reason) == ("label", False, "")


def test_accepted_cancel_request_closes_the_order() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1, line("mug", 2))
    order = taken(goods.account, one)
    take(goods.account, again(one, cancel_requested=True))
    assert cancellation.close(order_id=order.pk, at=AT, actor="anna").status == "canceled"
    assert level(goods.skus["mug"], goods.warehouse) == (5, 0)
    assert_lawful()


def test_shipped_elsewhere_takes_what_was_claimed_out_of_the_warehouse() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1, line("mug", 2))
    take(goods.account, one)
    shown = line("mug", 2, quantity_shipped=2)
    take(goods.account, again(one, state=OrderState.SHIPPED, platform_status="SHIPPED", lines=(shown,)))
    order = Order.objects.get()
    row = order.lines.get()
    assert (order.status, row.quantity_shipped, row.quantity_shipped_elsewhere) == ("shipped", 2, 0)
    assert level(goods.skus["mug"], goods.warehouse) == (3, 0)
    assert_lawful()


def test_shipped_elsewhere_without_a_claim_takes_nothing() -> None:
    goods = make_goods({"mug": 1})
    one = incoming(1, line("mug", 3))
    take(goods.account, one)
    assert level(goods.skus["mug"], goods.warehouse) == (1, 1)
    take(goods.account, again(one, state=OrderState.SHIPPED, platform_status="SHIPPED"))
    order = Order.objects.get()
    row = order.lines.get()
    assert (order.status, order.issue_count) == ("shipped", 0)
    assert (row.quantity_shipped, row.quantity_shipped_elsewhere) == (3, 2)
    assert level(goods.skus["mug"], goods.warehouse) == (0, 0)
    assert_lawful()


def test_part_shipped_elsewhere_leaves_the_rest_to_us() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1, line("mug", 3))
    take(goods.account, one)
    shown = line("mug", 3, quantity_shipped=1)
    take(goods.account, again(one, state=OrderState.PARTLY_SHIPPED, lines=(shown,)))
    order = Order.objects.get()
    assert (order.status, order.lines.get().quantity_shipped) == ("label", 1)
    ship_all(order)
    order.refresh_from_db()
    assert (order.status, order.lines.get().quantity_shipped) == ("shipped", 3)
    assert level(goods.skus["mug"], goods.warehouse) == (2, 0)
    assert_lawful()


def test_parcel_we_told_before_it_left_is_not_shipped_elsewhere() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1)
    order = taken(goods.account, one)
    search.note_tracking(order_id=order.pk, tracking_number="1Z999")
    parcel = IncomingParcel("1", "UPS", "1Z999", AT)
    take(goods.account, again(one, state=OrderState.SHIPPED, platform_status="SHIPPED", parcels=(parcel,)))
    order.refresh_from_db()
    assert order.status == "label"
    assert level(goods.skus["mug"], goods.warehouse) == (5, 1)


def part_shipped_here() -> tuple[Goods, IncomingOrder]:
    """An order of three mugs of which one left here in parcel 1Z999."""
    goods = make_goods({"mug": 5})
    one = incoming(1, line("mug", 3))
    ship_one(taken(goods.account, one), "1Z999")
    return goods, one


def ship_one(order: Order, tracking_number: str) -> None:
    """Let one unit leave here in a parcel of its own."""
    [row] = shipping.open_allocations(order_ids=[order.pk])
    search.note_tracking(order_id=order.pk, tracking_number=tracking_number)
    part = shipping.ShippedPart(row.allocation_id, 1, 1)
    shipping.record_shipped(parts=[part], cause=f"left:{tracking_number}", at=AT, actor="anna")


OURS = IncomingParcel("1", "UPS", "1Z999", AT, (("L1", 1),))


@pytest.mark.parametrize(
    ("state", "foreign", "status", "rest"),
    [
        (OrderState.PARTLY_SHIPPED, 1, "label", 1),
        (OrderState.PARTLY_SHIPPED, 2, "shipped", 0),
        (OrderState.SHIPPED, 2, "shipped", 0),
    ],
)
def test_parcel_from_the_seller_center_beside_ours_is_not_picked_again(
    state: OrderState, foreign: int, status: str, rest: int
) -> None:
    goods, one = part_shipped_here()
    parcels = (OURS, IncomingParcel("2", "USPS", "9400", AT, (("L1", foreign),)))
    shown = line("mug", 3, quantity_shipped=1 + foreign)
    first = again(one, state=state, lines=(shown,), parcels=parcels)
    for picture in (first, again(first, platform_status="SEEN_AGAIN")):
        take(goods.account, picture)
        order = Order.objects.get()
        assert (order.status, order.lines.get().quantity_shipped) == (status, 1 + foreign)
        assert level(goods.skus["mug"], goods.warehouse) == (2 + rest, rest)
    assert sum(row.quantity for row in shipping.open_allocations(order_ids=[order.pk])) == rest
    assert_lawful()


@pytest.mark.parametrize("gone", [1, 2])
def test_parcels_that_left_here_are_not_counted_twice(gone: int) -> None:
    goods, one = part_shipped_here()
    order = Order.objects.get()
    parcels = [OURS]
    if gone == 2:
        ship_one(order, "1Z998")
        parcels.append(IncomingParcel("2", "UPS", "1Z998", AT, (("L1", 1),)))
    shown = line("mug", 3, quantity_shipped=gone)
    take(goods.account, again(one, state=OrderState.PARTLY_SHIPPED, lines=(shown,), parcels=tuple(parcels)))
    order.refresh_from_db()
    assert (order.status, order.lines.get().quantity_shipped) == ("label", gone)
    assert level(goods.skus["mug"], goods.warehouse) == (5 - gone, 3 - gone)
    assert_lawful()


def test_smaller_quantity_gives_stock_back_and_larger_claims_more() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1, line("mug", 4))
    take(goods.account, one)
    less = again(one, lines=(line("mug", 4, quantity_canceled=2),))
    take(goods.account, less)
    assert level(goods.skus["mug"], goods.warehouse) == (5, 2)
    take(goods.account, again(less, lines=(line("mug", 5),)))
    order = Order.objects.get()
    assert (order.status, order.lines.get().quantity_allocated) == ("label", 5)
    assert level(goods.skus["mug"], goods.warehouse) == (5, 5)
    assert_lawful()


def test_larger_quantity_without_stock_goes_back_to_process() -> None:
    goods = make_goods({"mug": 2})
    one = incoming(1, line("mug", 2))
    take(goods.account, one)
    take(goods.account, again(one, lines=(line("mug", 3),)))
    order = Order.objects.get()
    assert (order.status, order.issue_count) == ("process", 1)
    assert_lawful()


def test_line_the_platform_no_longer_shows_is_canceled() -> None:
    goods = make_goods({"mug": 5, "plate": 5})
    one = incoming(1, line("mug"), line("plate", number=2))
    take(goods.account, one)
    take(goods.account, again(one, lines=(line("mug"),)))
    assert list(Order.objects.get().lines.order_by("pk").values_list("quantity_canceled", flat=True)) == [
        0,
        1,
    ]
    assert level(goods.skus["plate"], goods.warehouse) == (5, 0)
    assert_lawful()


def test_closed_here_and_shipped_there_is_a_discrepancy() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1)
    order = taken(goods.account, one)
    lifecycle.move(order_id=order.pk, action="close", at=AT, actor="anna")
    take(goods.account, again(one, state=OrderState.SHIPPED, platform_status="SHIPPED"))
    order.refresh_from_db()
    assert (order.status, OrderIssue.objects.get().detail) == ("canceled", {"about": "shipped"})


def test_paid_order_that_turns_unpaid_is_a_discrepancy_and_does_not_move() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1)
    order = taken(goods.account, one)
    take(goods.account, again(one, state=OrderState.UNPAID, platform_status="PENDING"))
    order.refresh_from_db()
    assert (order.status, OrderIssue.objects.get().kind) == ("label", "discrepancy")


def test_partial_refund_and_return_are_kept_as_reported() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1, line("mug", 2))
    order = taken(goods.account, one)
    ship_all(order)
    back = IncomingReturn("R1", "L1", 1, "in_transit", "too small", Decimal("12.50"), AT)
    lines = (line("mug", 2, quantity_shipped=2, refunded=Decimal("12.50")),)
    newer = again(one, state=OrderState.SHIPPED, lines=lines, returns=(back,))
    take(goods.account, newer)
    take(goods.account, again(newer, returns=(IncomingReturn("R1", "L1", 2, "received", at=AT),)))
    order.refresh_from_db()
    row = order.lines.get()
    assert (row.refunded, row.quantity_returned, order.return_status) == (Decimal("12.50"), 2, "fully")
    assert PlatformReturn.objects.get().status == "received"
    assert_lawful()


def test_history_of_an_order_never_goes_back() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1, state=OrderState.UNPAID, platform_status="PENDING")
    pictures = [
        one,
        again(one, minutes=10, state=OrderState.OPEN, platform_status="UNSHIPPED"),
        again(one, minutes=20, state=OrderState.SHIPPED, platform_status="SHIPPED"),
        again(one, minutes=30, state=OrderState.COMPLETED, platform_status="DELIVERED"),
    ]
    for index in (1, 0, 3, 2, 1, 0, 3):
        take(goods.account, pictures[index])
    order = Order.objects.get()
    assert (order.status, order.platform_status) == ("completed", "DELIVERED")
    assert StockMovement.objects.filter(kind="ship").count() == 1


def test_count_that_found_less_than_reserved_does_not_stop_the_platforms_shipment() -> None:
    goods = make_goods({"mug": 5})
    one = incoming(1, line("mug", 4))
    take(goods.account, one)
    from_stock = goods.skus["mug"].levels.get()
    shipping_place = Allocation.objects.get()
    assert shipping_place.quantity == 4
    lose(from_stock.sku_id, from_stock.warehouse_id, 3)
    take(goods.account, again(one, state=OrderState.SHIPPED, platform_status="SHIPPED"))
    order = Order.objects.get()
    assert (order.status, order.lines.get().quantity_shipped) == ("shipped", 4)
    assert level(goods.skus["mug"], goods.warehouse) == (2, 0)
    assert_lawful()


def lose(sku_id: int, warehouse_id: int, units: int) -> None:
    ledger.adjust(
        sku_id=sku_id,
        warehouse_id=warehouse_id,
        delta=-units,
        reason="counted",
        cause="count:1",
        at=AT + timedelta(hours=1),
    )
