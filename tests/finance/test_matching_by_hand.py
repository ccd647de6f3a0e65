"""Matching by hand: what is between is shown and bounded, several receipts, and taking apart again."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ecomhub.models import Event
from finance.models import Book, FxRate, Journal, Match, MatchRule, MoneyAccount, MoneyException, Payout
from finance.reconciliation import match_booking, matching_by_hand, reconciling
from finance.reconciliation.match_booking import MatchRefused
from orders.models import Order
from tests.finance.making import make_rate
from tests.finance.receiving import Bank, bank, held, pay, stands_on
from tests.finance.settling import AT, balances

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def icbc(account: MoneyAccount, order: Order, tmp_path: Path) -> Bank:
    """The company's bank."""
    return bank(account, tmp_path)


def by_hand(payout: Payout, *lines: int, reason: str = "the bank says so") -> None:
    """Match as a person does."""
    matching_by_hand.match(payout_id=payout.pk, lines=lines, reason=reason, at=AT, actor="Ann")


def take_apart(payout: Payout, reason: str = "it was another one") -> None:
    """Take apart as a person does."""
    match_booking.take_back(payout_id=payout.pk, reason=reason, at=AT, actor="Ann")


def test_a_payout_that_arrived_in_parts_is_matched_with_all_of_them(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    payout = pay(account, tmp_path)
    parts = [icbc.gets("60.00"), icbc.gets("38.50", day=18)]
    seen = matching_by_hand.look(payout_id=payout.pk, lines=[part.pk for part in parts], at=AT)
    assert (seen.refusal, seen.difference, seen.account) == ("", Decimal("1.50"), "5510")
    by_hand(payout, *(part.pk for part in parts))
    payout.refresh_from_db()
    assert (payout.state, payout.arrived_line) == ("arrived", parts[1])
    assert [(row.part, row.line, row.difference) for row in Match.objects.order_by("part")] == [
        (0, parts[0], Decimal("1.50")),
        (1, parts[1], Decimal(0)),
    ]
    assert balances()["5510"] == Decimal("1.50")
    assert {"1900", "1120"} & set(balances()) == set()
    assert Journal.objects.get(kind="match").memo == "the bank says so"
    held()


def test_looking_writes_nothing(account: MoneyAccount, icbc: Bank, tmp_path: Path) -> None:
    Book.objects.update(currency="CNY")
    make_rate("USD", "CNY", "7.00", on=date(2026, 3, 2))
    make_rate("USD", "CNY", "7.10", on=date(2026, 3, 15))
    account = MoneyAccount.objects.get(pk=account.pk)
    payout = pay(account, tmp_path)
    line = bank(account, tmp_path, name="CMB", currency="CNY").gets("705.00")
    before = (Journal.objects.count(), FxRate.objects.count(), Match.objects.count())
    seen = matching_by_hand.look(payout_id=payout.pk, lines=[line.pk], at=AT)
    assert (seen.refusal, seen.is_converted, seen.arrived) == ("", True, Decimal("705.00"))
    shown = {(leg.account, leg.currency): (leg.amount, leg.base_amount) for leg in seen.legs}
    assert shown["1800", "USD"] == (Decimal("100.00"), Decimal("705.00"))
    assert shown["1800", "CNY"] == (Decimal("-705.00"), Decimal("-705.00"))
    assert shown["7120", "USD"] == (Decimal(0), Decimal("5.00"))
    assert (Journal.objects.count(), FxRate.objects.count(), Match.objects.count()) == before
    by_hand(payout, line.pk)
    assert FxRate.objects.get(kind="event").rate == Decimal("7.05")
    held()


@pytest.mark.parametrize(
    ("amount", "words"),
    [("60.00", "40.00 USD is missing"), ("140.00", "40.00 USD more arrived")],
)
def test_too_much_between_is_refused_in_words(
    account: MoneyAccount, icbc: Bank, tmp_path: Path, amount: str, words: str
) -> None:
    payout = pay(account, tmp_path)
    line = icbc.gets(amount)
    with pytest.raises(MatchRefused, match=words):
        by_hand(payout, line.pk)
    payout.refresh_from_db()
    assert (payout.state, stands_on(line), Match.objects.count()) == ("sent", "1900", 0)


def test_the_limit_of_a_fee_by_hand_is_a_rule(account: MoneyAccount, icbc: Bank, tmp_path: Path) -> None:
    payout = pay(account, tmp_path)
    line = icbc.gets("90.00")
    MatchRule.objects.filter(key="by_hand_less_fee").update(tolerance=5)
    with pytest.raises(MatchRefused, match=r"at most"):
        by_hand(payout, line.pk)
    MatchRule.objects.filter(key="by_hand_less_fee").update(tolerance=10)
    by_hand(payout, line.pk)
    assert balances()["5510"] == Decimal("10.00")


def test_cents_are_rounding_within_the_books_caps_also_when_more_came(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    Book.objects.update(rounding_cap=Decimal("0.05"), rounding_cap_month=Decimal("0.05"))
    payout = pay(account, tmp_path)
    line = icbc.gets("100.03")
    by_hand(payout, line.pk)
    assert balances()["1910"] == Decimal("-0.03")
    other = pay(account, tmp_path, "50.00", number="9002")
    with pytest.raises(MatchRefused, match=r"0\.03 USD more"):
        by_hand(other, icbc.gets("50.03", day=18).pk)


def test_a_conversion_far_from_the_days_rates_is_refused(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    make_rate("EUR", "USD", "1.10", on=date(2026, 3, 15))
    payout = pay(account, tmp_path)
    line = bank(account, tmp_path, name="N26", currency="EUR").gets("70.00")
    with pytest.raises(MatchRefused, match=r"77\.00 USD"):
        by_hand(payout, line.pk)


def test_receipts_of_several_currencies_none_and_no_reason_are_refused(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    make_rate("EUR", "USD", "1.10", on=date(2026, 3, 15))
    payout = pay(account, tmp_path)
    dollars, euros = icbc.gets("50.00"), bank(account, tmp_path, name="N26", currency="EUR").gets("45.00")
    with pytest.raises(MatchRefused, match="several currencies"):
        by_hand(payout, dollars.pk, euros.pk)
    with pytest.raises(MatchRefused, match="Choose one or more"):
        by_hand(payout)
    with pytest.raises(MatchRefused, match="Say why"):
        by_hand(payout, dollars.pk, reason=" ")
    with pytest.raises(MatchRefused, match="meanwhile"):
        by_hand(payout, dollars.pk, 987654321)


def test_what_is_taken_apart_waits_again_and_no_rule_repeats_it(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    payout = pay(account, tmp_path)
    line = icbc.gets("99.00")
    reconciling.match_payouts(at=AT)
    entry = Journal.objects.get(kind="match")
    take_apart(payout)
    payout.refresh_from_db()
    assert (payout.state, payout.arrived_line, stands_on(line)) == ("sent", None, "1900")
    undone = Match.objects.get()
    assert undone.undoing is not None
    assert (undone.undoing.reverses, undone.undoing.memo) == (entry, "it was another one")
    assert "5510" not in balances()
    assert balances()["1120"] == Decimal("100.00")
    assert Event.objects.filter(object_kind="payout", kind="taken_apart", object_id=payout.pk).exists()
    assert reconciling.match_payouts(at=AT) == 0
    held()
    by_hand(payout, line.pk)
    payout.refresh_from_db()
    assert (payout.state, Match.objects.count()) == ("arrived", 2)
    held()


def test_taking_apart_needs_a_reason_and_something_matched(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    payout = pay(account, tmp_path)
    with pytest.raises(MatchRefused, match="not matched"):
        take_apart(payout)
    line = icbc.gets("100.00")
    by_hand(payout, line.pk)
    with pytest.raises(MatchRefused, match="Say why"):
        take_apart(payout, reason="")
    with pytest.raises(MatchRefused, match="not on its way"):
        by_hand(payout, line.pk)


def test_a_transfer_taken_apart_is_no_payout_any_more_and_both_lines_are_unexplained(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    out = icbc.gets("-250.00", what="Debit")
    came = bank(account, tmp_path, name="BOC").gets("250.00")
    reconciling.match_payouts(at=AT)
    payout = Payout.objects.get()
    take_apart(payout)
    payout.refresh_from_db()
    assert (payout.state, stands_on(out), stands_on(came)) == ("dropped", "1900", "1900")
    assert reconciling.match_payouts(at=AT) == 0
    assert not MoneyException.objects.filter(kind="ambiguous", state="open").exists()
    held()


def test_a_receipt_serves_one_payout_only(account: MoneyAccount, icbc: Bank, tmp_path: Path) -> None:
    first, second = pay(account, tmp_path, number="9001"), pay(account, tmp_path, number="9002")
    line = icbc.gets("100.00")
    by_hand(first, line.pk)
    with pytest.raises(MatchRefused, match="meanwhile"):
        by_hand(second, line.pk)
