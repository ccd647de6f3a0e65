"""A number that changes with the payment leaves one order, found by both numbers."""

from __future__ import annotations

import pytest

from channels.messages import OrderState
from channels.models import DataKey
from ecomhub.access import SYSTEM
from inventory.models import StockLevel
from orders.buyers import erase, open_buyer, open_gift_message
from orders.models import Order, OrderBuyer, OrderLine
from orders.queries import OrderFilter, found
from tests.orders.factory import AT, BUYER, Goods, again, incoming, line, make_goods, take, taken

pytestmark = pytest.mark.django_db(transaction=True)


def unpaid(goods: Goods, number: str, *, code: int = 1) -> Order:
    """An order the platform shows under a number it has only until it is paid."""
    gift = line("mug", 2, number=code, gift_message="With love")
    return taken(
        goods.account,
        incoming(number, gift, state=OrderState.UNPAID, platform_status="UNPAID", external_id=number),
    )


def reserved() -> int:
    """The units that orders hold."""
    return sum(StockLevel.objects.values_list("reserved", flat=True))


def searched(text: str) -> list[str]:
    """The numbers of the orders a search finds."""
    return sorted(order.external_id for order in found(actor=SYSTEM, wanted=OrderFilter(text=text)))


def test_paid_order_keeps_its_row_under_its_new_number() -> None:
    goods = make_goods({"mug": 9})
    old = unpaid(goods, "ITEM-77")
    paid = incoming("new", line("mug", 2), replaces=("ITEM-77",), buyer=None)
    result = take(goods.account, paid)
    assert (result.created, result.updated) == (0, 1)
    order = Order.objects.get()
    assert (order.pk, order.external_id, order.status) == (old.pk, paid.external_id, "label")
    assert reserved() == 2
    assert searched("ITEM-77") == [paid.external_id] == searched(paid.external_id)
    assert open_buyer(order=order) == BUYER
    assert open_gift_message(order=order, line=OrderLine.objects.get()) == "With love"


def test_order_without_the_message_would_be_doubled() -> None:
    """The control of the case above."""
    goods = make_goods({"mug": 9})
    unpaid(goods, "ITEM-77")
    take(goods.account, incoming("new", line("mug", 2)))
    assert Order.objects.count() == 2


def test_erased_under_the_new_number_nothing_is_left_of_the_buyer() -> None:
    goods = make_goods({"mug": 9})
    unpaid(goods, "ITEM-77")
    paid = incoming("new", line("mug", 2), replaces=("ITEM-77",))
    take(goods.account, paid)
    erase(account_id=goods.account.pk, external_ids=[paid.external_id], at=AT)
    assert not OrderBuyer.objects.exists()
    assert not DataKey.objects.filter(redacted_at=None).exists()


def test_old_picture_that_comes_late_makes_no_second_order() -> None:
    goods = make_goods({"mug": 9})
    unpaid(goods, "ITEM-77")
    take(goods.account, incoming("new", line("mug", 2), replaces=("ITEM-77",)))
    late = incoming("ITEM-77", line("mug", 2), external_id="ITEM-77", state=OrderState.UNPAID)
    assert take(goods.account, late).unchanged == 1
    assert Order.objects.count() == 1
    assert reserved() == 2


def test_both_pictures_on_one_page_are_one_order() -> None:
    goods = make_goods({"mug": 9})
    late = incoming("ITEM-77", line("mug", 2), external_id="ITEM-77", state=OrderState.UNPAID)
    take(goods.account, late, incoming("new", line("mug", 2), replaces=("ITEM-77",)))
    assert Order.objects.count() == 1
    assert reserved() == 2


def test_orders_paid_together_become_one() -> None:
    goods = make_goods({"mug": 9})
    first, second = unpaid(goods, "ITEM-77"), unpaid(goods, "ITEM-78", code=2)
    both = (line("mug", 2, number=1), line("mug", 2, number=2))
    paid = incoming("new", *both, replaces=("ITEM-77", "ITEM-78"))
    take(goods.account, paid)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.external_id, first.status) == (paid.external_id, "label")
    assert (second.external_id, second.status) == ("ITEM-78", "canceled")
    assert reserved() == 4
    assert searched("ITEM-78") == sorted([paid.external_id, "ITEM-78"])


def test_new_number_seen_first_stays_and_the_old_order_ends() -> None:
    goods = make_goods({"mug": 9})
    paid = incoming("new", line("mug", 2), replaces=("ITEM-77",))
    take(goods.account, paid)
    old = taken(goods.account, incoming("ITEM-77", line("mug", 2), external_id="ITEM-77"))
    assert reserved() == 4, "until the platform says that they are one"
    take(goods.account, again(paid))
    old.refresh_from_db()
    assert (old.status, reserved()) == ("canceled", 2)


def test_numbers_of_another_account_are_left_alone() -> None:
    goods, other = make_goods({"mug": 9}), make_goods({"mug": 9})
    unpaid(other, "ITEM-77")
    take(goods.account, incoming("new", line("mug", 2), replaces=("ITEM-77",)))
    assert Order.objects.filter(external_id="ITEM-77", status="unpaid").count() == 1
