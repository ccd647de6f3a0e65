"""An order's money against its expectation: nothing is left over, and nothing large goes by unseen."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from channels.messages import OrderState
from channels.models import ChannelAccount
from ecomhub import verifying
from finance.models import Book, Journal, Match, MoneyAccount, MoneyException, OrderMoney, PeriodAct, Posting
from finance.reconciliation import exceptions
from finance.reconciliation.exceptions import ExceptionRefused
from finance.reconciliation.order_laws import LAWS
from finance.reconciliation.purses import Part, Purse
from orders.models import Order
from tests.finance.making import make_rate
from tests.finance.selling import LATER, earned, owed, publish, raised, sell, ship, state, turn
from tests.finance.settling import balances, take
from tests.finance.v2 import V2, Row, fee, price
from tests.orders import factory
from tests.orders.factory import incoming, line

pytestmark = pytest.mark.django_db(transaction=True)
SOON = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture
def goods(shop: ChannelAccount) -> None:
    """Enough of everything."""
    factory.make_goods({"mug": 50}, account=shop)


@pytest.fixture
def sold(account: MoneyAccount, shop: ChannelAccount, goods: None) -> Order:
    """A shipped order of 12.50, of which Amazon publishes to take 15 %."""
    publish()
    return sell(shop, 1, line(tax=Decimal(0)))


def refund(amount: str, **changes: object) -> Row:
    """What the buyer got back."""
    return Row(amount, kind="Refund", **changes)  # type: ignore[arg-type]


def held() -> None:
    """Every law of orders holds."""
    assert verifying.verify(laws=LAWS).broken == []


def test_other_fees_within_tolerance_end_on_the_fee_account(
    account: MoneyAccount, sold: Order, tmp_path: Path
) -> None:
    turn(SOON)
    assert owed(sold) == {"4000": Decimal("12.50"), "5200": Decimal("-1.88")}
    take(account, V2([price("12.50"), fee("-2.03")]).write(tmp_path))
    turn(SOON)
    assert owed(sold) == {}
    assert state(sold) == "settled"
    assert earned(sold)["5200"] == Decimal("-2.03")
    variance = Journal.objects.get(kind="variance")
    assert variance.key == f"variance:order:{sold.pk}:1"
    match = Match.objects.get()
    assert match.rule is not None
    assert (match.rule.key, match.component, match.difference) == (
        "variance_of_fees", "5200", Decimal("0.15"),
    )  # fmt: skip
    held()


def test_a_fee_above_the_tariff_waits_for_a_person(
    account: MoneyAccount, sold: Order, tmp_path: Path
) -> None:
    take(account, V2([price("12.50"), fee("-4.00")]).write(tmp_path))
    turn(SOON)
    assert state(sold) == "waiting"
    assert raised() == [("fee_above_tariff", Decimal("2.12"))]
    assert owed(sold) == {"5200": Decimal("2.12")}
    held()
    row = MoneyException.objects.get()
    with pytest.raises(ExceptionRefused):
        exceptions.accept(ids=[row.pk], reason=" ", at=LATER, actor="Ann")
    assert exceptions.accept(ids=[row.pk], reason="category was wrong", at=LATER, actor="Ann") == 1
    turn(LATER)
    assert (owed(sold), state(sold), raised()) == ({}, "settled", [])
    match = Match.objects.get()
    assert (match.rule, match.actor) == (None, "Ann")
    assert earned(sold)["5200"] == Decimal("-4.00")
    held()
    take(account, V2([fee("-2.12", day=9)], number="9002", month=4).write(tmp_path))
    turn(LATER)
    assert raised() == [("fee_above_tariff", Decimal("2.12"))]


def test_short_paid_over_tolerance_waits_for_a_person(
    account: MoneyAccount, sold: Order, tmp_path: Path
) -> None:
    take(account, V2([price("10.00"), fee("-1.88")]).write(tmp_path))
    turn(datetime(2026, 3, 10, tzinfo=UTC))
    assert (state(sold), raised()) == ("open", [])
    turn(LATER)
    assert state(sold) == "waiting"
    assert raised() == [("short_paid", Decimal("2.50"))]
    assert owed(sold) == {"4000": Decimal("2.50")}
    take(account, V2([price("2.50", day=6)], number="9002", month=4).write(tmp_path))
    turn(LATER)
    assert (owed(sold), state(sold), raised()) == ({}, "settled", [])
    assert MoneyException.objects.get(kind="short_paid").state == "solved"
    assert Match.objects.count() == 0
    held()


def test_over_paid_is_seen_at_once(account: MoneyAccount, sold: Order, tmp_path: Path) -> None:
    take(account, V2([price("19.00"), fee("-1.88")]).write(tmp_path))
    turn(SOON)
    assert raised() == [("over_paid", Decimal("-6.50"))]
    exceptions.accept(
        ids=list(MoneyException.objects.values_list("pk", flat=True)), reason="a tip", at=LATER, actor="Ann"
    )
    turn(LATER)
    assert owed(sold) == {}
    assert earned(sold)["4000"] == Decimal("19.00")


def test_without_a_tariff_the_fee_is_what_was_charged(
    account: MoneyAccount, shop: ChannelAccount, goods: None, tmp_path: Path
) -> None:
    order = sell(shop, 1, line(tax=Decimal(0)))
    take(account, V2([price("12.50"), fee("-1.88")]).write(tmp_path))
    turn(SOON)
    assert (owed(order), state(order), raised()) == ({}, "settled", [])
    assert earned(order)["5200"] == Decimal("-1.88")
    assert Match.objects.get().rule.key == "variance_without_expectation"  # type: ignore[union-attr]


def test_parts_paid_in_one_sum_are_set_against_it(
    account: MoneyAccount, shop: ChannelAccount, goods: None, tmp_path: Path
) -> None:
    """As eBay does: one amount for goods, shipping and the seller's own tax."""
    order = sell(shop, 1, line(charge=Decimal("10.00"), shipping=Decimal("3.00"), tax=Decimal("1.05")))
    take(account, V2([price("14.05")]).write(tmp_path))
    turn(SOON)
    assert (owed(order), state(order)) == ({}, "settled")
    mine = earned(order)
    assert (mine["4000"], mine["4010"], mine["2100"]) == (Decimal("10.00"), Decimal("3.00"), Decimal("1.05"))


def test_own_tax_named_apart_leaves_no_collected_tax(
    account: MoneyAccount, shop: ChannelAccount, goods: None, tmp_path: Path
) -> None:
    order = sell(shop, 1, line(tax=Decimal("1.05")))
    take(account, V2([price("12.50"), price("1.05", what="Tax")]).write(tmp_path))
    assert balances()["2110"] == Decimal("-1.05")
    turn(SOON)
    assert (owed(order), state(order)) == ({}, "settled")
    assert "2110" not in balances()
    assert earned(order)["2100"] == Decimal("1.05")
    held()


def test_three_periods_for_one_order_and_nothing_changes_in_a_closed_one(
    account: MoneyAccount, shop: ChannelAccount, goods: None, tmp_path: Path
) -> None:
    """Shipped in March, settled in April, refunded in May after April's close."""
    order = sell(shop, 1, line(tax=Decimal(0)))
    turn(datetime(2026, 3, 4, tzinfo=UTC))
    take(account, V2([price("12.50"), fee("-1.88")], month=4).write(tmp_path))
    turn(datetime(2026, 4, 20, tzinfo=UTC))
    assert state(order) == "settled"
    closed = date(2026, 4, 30)
    _lock(account.book, closed)
    before = _through(closed)
    take(account, V2([refund("-12.50"), fee("1.88", kind="Refund")], number="9003", month=4).write(tmp_path))
    turn(datetime(2026, 5, 20, tzinfo=UTC))
    assert (owed(order), state(order)) == ({}, "settled")
    assert _through(closed) == before
    months = Journal.objects.exclude(kind__in=["stock", "cost", "payout"]).values_list("kind", "effective_on")
    assert sorted((kind, day.month) for kind, day in months) == [
        ("settlement", 4), ("settlement", 5), ("shipment", 3), ("variance", 4), ("variance", 5),
    ]  # fmt: skip
    assert earned(order).get("4100") == Decimal("-12.50")
    held()


def _lock(book: Book, day: date) -> None:
    """Close through a day, whatever the checklist says."""
    with transaction.atomic():
        PeriodAct.objects.create(book=book, kind="close", through=day, at=LATER)
        Book.objects.filter(pk=book.pk).update(locked_through=day)


def _through(day: date) -> list[tuple[object, ...]]:
    rows = Posting.objects.filter(journal__effective_on__lte=day).order_by("pk")
    return list(rows.values_list("pk", "account", "amount", "base_amount"))


def test_rates_that_moved_between_shipment_and_payment_are_a_realized_result(
    account: MoneyAccount, shop: ChannelAccount, goods: None, tmp_path: Path
) -> None:
    Book.objects.filter(pk=account.book_id).update(currency="CNY")
    account.refresh_from_db()
    make_rate("USD", "CNY", "7.00", on=date(2026, 3, 2))
    make_rate("USD", "CNY", "7.10", on=date(2026, 3, 5))
    order = sell(shop, 1, line(tax=Decimal(0)))
    turn(datetime(2026, 3, 4, tzinfo=UTC))
    account = MoneyAccount.objects.get(pk=account.pk)
    take(account, V2([price("12.50"), fee("-1.88")]).write(tmp_path))
    turn(SOON)
    assert state(order) == "settled"
    base = [row.base_amount for row in Posting.objects.filter(account="1105", order=order)]
    assert sum(base) == 0
    realized = Posting.objects.get(account="7100")
    assert (realized.amount, realized.base_amount) == (Decimal(0), Decimal("-1.25"))
    held()


def test_a_canceled_order_that_was_paid_and_given_back_needs_nobody(
    account: MoneyAccount, shop: ChannelAccount, goods: None, tmp_path: Path
) -> None:
    given = incoming(1)
    factory.take(shop, given)
    order = ship(shop, given, state=OrderState.CANCELED)
    take(account, V2([price("12.50"), refund("-12.50")]).write(tmp_path))
    turn(SOON)
    assert (owed(order), raised()) == ({}, [])
    held()


def test_the_usual_fee_kept_of_a_canceled_order_is_a_fee_and_more_is_asked_about(
    account: MoneyAccount, shop: ChannelAccount, goods: None, tmp_path: Path
) -> None:
    publish()
    orders = []
    for number in (1, 2):
        given = incoming(number, line(tax=Decimal(0)))
        factory.take(shop, given)
        orders.append(ship(shop, given, state=OrderState.CANCELED))
    usual, greedy = orders
    rows = []
    for order, kept in ((usual, "-1.88"), (greedy, "-4.00")):
        ref = order.external_id
        rows += [price("12.50", order=ref), refund("-12.50", order=ref), fee(kept, order=ref)]
    take(account, V2(rows).write(tmp_path))
    turn(LATER)
    assert owed(usual) == {}
    assert earned(usual) == {"4000": Decimal("12.50"), "4100": Decimal("-12.50"), "5200": Decimal("-1.88")}
    assert raised() == [("fee_above_tariff", Decimal("2.12"))]
    assert owed(greedy)
    held()


def test_shipping_the_platform_takes_back_is_set_off_against_what_the_buyer_paid() -> None:
    purse = Purse("SGD")
    for component, left in (("4000", "0"), ("4010", "-1.20"), ("5300", "1.15"), ("5200", "0.03")):
        purse.parts[component] = Part(component, Decimal(left), Decimal(left), Decimal(-1), lines=1)
    assert (purse.sales_left, purse.fees_above) == (Decimal("-1.20"), Decimal("1.18"))
    purse.set_off_shipping("5300")
    assert (purse.sales_left, purse.fees_above) == (Decimal("-0.05"), Decimal("0.03"))
    alike = Purse("SGD", parts={"4010": Part("4010", Decimal(2), Decimal(2), Decimal(2), 1)})
    alike.parts["5300"] = Part("5300", Decimal(3), Decimal(3), Decimal(-5), 1)
    alike.set_off_shipping("5300")
    assert (alike.sales_left, alike.fees_above) == (Decimal(2), Decimal(3)), "two losses do not cancel out"


def test_reconcile_says_what_is_left(
    account: MoneyAccount, sold: Order, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("reconcile", "--json")
    assert '"open": 1' in capsys.readouterr().out
    assert OrderMoney.objects.get().due_on == date(2026, 4, 2)


def test_turns_at_once_explain_every_order_once(
    account: MoneyAccount, shop: ChannelAccount, goods: None, tmp_path: Path
) -> None:
    publish()
    orders = [sell(shop, number, line(tax=Decimal(0))) for number in range(1, 7)]
    rows = [row for order in orders for row in _paid(order)]
    take(account, V2(rows).write(tmp_path))
    failed: list[Exception] = []
    start = threading.Barrier(3)

    def run() -> None:
        try:
            start.wait(timeout=20)
            turn(SOON)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _each in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert failed == []
    turn(SOON)
    assert {state(order) for order in orders} == {"settled"}
    assert Journal.objects.filter(kind="shipment").count() == 6
    assert Journal.objects.filter(kind="variance").count() == 6
    assert balances(account="1105") == {}
    held()


def _paid(order: Order) -> list[Row]:
    return [price("12.50", order=order.external_id), fee("-2.00", order=order.external_id)]
