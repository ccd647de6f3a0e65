"""An order that is looked at often ends where one that is looked at once does."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Sum

from channels.models import ChannelAccount
from ecomhub import verifying
from finance import laws
from finance.models import Book, Journal, Match, MoneyAccount, MoneyException, Posting
from finance.reconciliation import exceptions
from orders.models import Order
from tests.finance.making import make_rate
from tests.finance.selling import LATER, earned, owed, publish, raised, sell, state, turn
from tests.finance.settling import take
from tests.finance.v2 import V2, Row, fee, price
from tests.orders import factory
from tests.orders.factory import line

pytestmark = pytest.mark.django_db(transaction=True)
TWICE = pytest.mark.parametrize("often", [True, False], ids=["after each statement", "once"])


@pytest.fixture
def sold(account: MoneyAccount, shop: ChannelAccount) -> Order:
    """A shipped order of 12.50, of which Amazon publishes to take 1.88; up to 0.50 more needs nobody."""
    factory.make_goods({"mug": 50}, account=shop)
    publish()
    return sell(shop, 1, line(tax=Decimal(0)))


def tell(account: MoneyAccount, folder: Path, *statements: list[Row], often: bool, after: int = 0) -> None:
    """Statements of the months from March on, explained after each of them or behind the last."""
    for number, rows in enumerate(statements, start=after):
        take(account, V2(rows, number=str(9001 + number), month=3 + number).write(folder))
        if often:
            turn(datetime(2026, 4 + number, 1, tzinfo=UTC))
    turn(LATER)


def bases(order: Order) -> dict[str, Decimal]:
    """What accounts hold of an order in the book's currency."""
    rows = Posting.objects.filter(order=order).values_list("account").annotate(sum=Sum("base_amount"))
    return {code: amount for code, amount in rows if amount}


def held() -> None:
    """Every law of the house holds."""
    assert verifying.verify(laws=laws.LAWS).broken == []


@TWICE
def test_small_differences_one_by_one_are_together_a_large_one(
    account: MoneyAccount, sold: Order, tmp_path: Path, often: bool
) -> None:
    tell(account, tmp_path, [price("12.50"), fee("-2.28")], [fee("-0.40")], often=often)
    assert raised() == [("fee_above_tariff", Decimal("0.80"))]
    assert (owed(sold), state(sold)) == ({"5200": Decimal("0.80")}, "waiting")
    assert earned(sold) == {"4000": Decimal("12.50"), "5200": Decimal("-1.88")}
    assert not Match.objects.filter(undoing=None).exists()
    held()


@TWICE
def test_a_difference_that_was_given_back_is_asked_about_no_more(
    account: MoneyAccount, sold: Order, tmp_path: Path, often: bool
) -> None:
    tell(account, tmp_path, [price("12.50"), fee("-2.28")], [fee("-0.40")], [fee("0.40")], often=often)
    assert (raised(), owed(sold), state(sold)) == ([], {}, "settled")
    assert earned(sold)["5200"] == Decimal("-2.28")
    booked = Match.objects.filter(undoing=None).values_list("component", "difference")
    assert list(booked) == [("5200", Decimal("0.40"))]
    held()


@TWICE
def test_a_question_about_fees_leaves_a_refund_where_it_is(
    account: MoneyAccount, sold: Order, tmp_path: Path, often: bool
) -> None:
    back = Row("-5.00", kind="Refund")
    tell(account, tmp_path, [price("12.50"), fee("-1.88"), back], [fee("-3.00")], often=often)
    assert (owed(sold), state(sold)) == ({"5200": Decimal("3.00")}, "waiting")
    assert earned(sold)["4100"] == Decimal("-5.00")
    assert Match.objects.get().component == "4100"
    held()


def test_what_a_person_accepted_is_not_asked_about_again(
    account: MoneyAccount, sold: Order, tmp_path: Path
) -> None:
    tell(account, tmp_path, [price("12.50"), fee("-2.28")], [fee("-0.40")], often=True)
    exceptions.accept(
        ids=list(MoneyException.objects.values_list("pk", flat=True)), reason="heavier", at=LATER, actor="Ann"
    )
    turn(LATER)
    assert (owed(sold), state(sold), earned(sold)["5200"]) == ({}, "settled", Decimal("-2.68"))
    tell(account, tmp_path, [fee("-0.30")], often=True, after=2)
    assert (raised(), owed(sold), earned(sold)["5200"]) == ([], {}, Decimal("-2.98"))
    tell(account, tmp_path, [fee("-0.30")], often=True, after=3)
    assert raised() == [("fee_above_tariff", Decimal("0.60"))]
    assert (owed(sold), earned(sold)["5200"]) == ({"5200": Decimal("0.60")}, Decimal("-2.68"))
    held()


@TWICE
def test_lines_keep_the_rate_of_their_day_and_only_what_was_expected_moves_with_it(
    account: MoneyAccount, shop: ChannelAccount, tmp_path: Path, often: bool
) -> None:
    """Sold at 7.00; paid in March at 7.10; a fee nobody expected in March at 7.10 and in April at 7.30."""
    factory.make_goods({"mug": 50}, account=shop)
    Book.objects.filter(pk=account.book_id).update(currency="CNY")
    for rate, day in (("7.00", date(2026, 3, 2)), ("7.10", date(2026, 3, 5)), ("7.30", date(2026, 4, 5))):
        make_rate("USD", "CNY", rate, on=day)
    order = sell(shop, 1, line(tax=Decimal(0)))
    account = MoneyAccount.objects.get(pk=account.pk)
    tell(account, tmp_path, [price("12.50"), fee("-2.00")], [fee("-0.20")], often=often)
    assert (owed(order), state(order)) == ({}, "settled")
    results = {code: bases(order)[code] for code in ("4000", "5200", "7100")}
    assert results == {"4000": Decimal("-87.50"), "5200": Decimal("15.66"), "7100": Decimal("-1.25")}
    assert Journal.objects.filter(kind="variance").count() == (2 if often else 1)
    held()
