"""A settlement that is issued again with another deposit, when the first one arrived already."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ecomhub import verifying
from finance import laws
from finance.models import Journal, Match, MoneyAccount, MoneyException
from finance.reconciliation import exceptions, explaining, match_booking, matching_by_hand
from orders.models import Order
from tests.finance.receiving import SOON, Bank, bank, held, pay, stands_on
from tests.finance.settling import balances, take
from tests.finance.v2 import V2, other, price

pytestmark = pytest.mark.django_db(transaction=True)
LATE = datetime(2026, 5, 20, 12, tzinfo=UTC)


@pytest.fixture
def icbc(account: MoneyAccount, order: Order, tmp_path: Path) -> Bank:
    """The company's bank."""
    return bank(account, tmp_path)


def turn(at: datetime = SOON) -> None:
    """Explain what is there."""
    explaining.take_turn(at=at, sweeps=True)


def issue_again(account: MoneyAccount, folder: Path, more: str) -> None:
    """The settlement of 100.00 once more, with one more line."""
    path = V2([price("100.00"), other(more, "Storage Fee")]).write(folder, "again.txt")
    (summary,) = take(account, path)
    assert summary.posted == 1


def broken() -> list[str]:
    """The laws that do not hold."""
    return list(verifying.verify(laws=laws.LAWS).broken)


def test_what_a_rule_lets_pass_is_found_anew_with_the_new_deposit(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    payout = pay(account, tmp_path)
    line = icbc.gets("99.00", note="AMAZON")
    turn()
    assert balances()["5510"] == Decimal("1.00")
    issue_again(account, tmp_path, "-1.00")
    assert "I8" in str(broken())
    turn(SOON + timedelta(minutes=1))
    payout.refresh_from_db()
    assert (payout.state, payout.amount, payout.arrived_line) == ("arrived", 99, line)
    assert not {"5510", "1120", "1900"} & set(balances())
    assert Match.objects.filter(undoing=None).count() == 1
    assert [row.state for row in MoneyException.objects.all()] == []
    held()
    entries = Journal.objects.count()
    turn(SOON + timedelta(hours=2))
    assert Journal.objects.count() == entries


def test_what_no_rule_lets_pass_is_named_with_its_receipt_until_a_person_accepts_it(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    payout = pay(account, tmp_path)
    line = icbc.gets("100.00", note="AMAZON")
    turn()
    issue_again(account, tmp_path, "-9.00")
    turn(SOON + timedelta(minutes=1))
    payout.refresh_from_db()
    assert (payout.state, payout.amount, stands_on(line)) == ("sent", 91, "1900")
    row = MoneyException.objects.get(kind="unmatched_payout")
    assert (row.payout, row.line, row.amount) == (payout, line, Decimal("91.00"))
    held()
    _months_go_by(account, tmp_path)
    turn(LATE)
    assert "I8" in str(broken())
    exceptions.accept(ids=[row.pk], reason="Amazon takes 9.00 back in April", at=LATE, actor="Ann")
    turn(LATE)
    held()


def test_a_person_matches_what_no_rule_lets_pass(account: MoneyAccount, icbc: Bank, tmp_path: Path) -> None:
    payout = pay(account, tmp_path)
    line = icbc.gets("100.00", note="AMAZON")
    turn()
    issue_again(account, tmp_path, "4.00")
    turn(SOON + timedelta(minutes=1))
    assert MoneyException.objects.get(kind="unmatched_payout").line == line
    matching_by_hand.match(
        payout_id=payout.pk, lines=[line.pk], reason="4.00 kept by the bank", at=SOON, actor="Ann"
    )
    turn(SOON + timedelta(minutes=2))
    payout.refresh_from_db()
    assert (payout.state, balances()["5510"], "1120" in balances()) == ("arrived", Decimal("4.00"), False)
    assert not MoneyException.objects.exclude(state="solved").exists()
    held()


def test_two_that_a_person_took_apart_stay_apart_when_the_deposit_changes(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    payout = pay(account, tmp_path)
    icbc.gets("99.00", note="somebody")
    turn()
    match_booking.take_back(payout_id=payout.pk, reason="a loan", at=SOON, actor="Ann")
    issue_again(account, tmp_path, "-1.00")
    turn(SOON + timedelta(minutes=1))
    payout.refresh_from_db()
    assert payout.state == "sent"


def _months_go_by(account: MoneyAccount, folder: Path) -> None:
    """A statement of another bank, from before the payout until long after it."""
    path = folder / "long.csv"
    path.write_text(
        "Booking date,Transaction type,Description,Reference,Amount,Balance,Currency\n"
        "2026-03-10,Debit,rent,,-1.00,999.00,USD\n2026-05-15,Debit,rent,,-1.00,998.00,USD\n",
        encoding="utf-8",
    )
    take(bank(account, folder, name="BOC").account, path)
