"""A book begins with what the old books ended with, each balance said once."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ecomhub.sheets import Finding, Job, Outcome, read_table
from finance.accounting.balances import balances
from finance.accounting.books import default_book
from finance.accounting.opening import Opening, OpeningRefused, apply, check, open_balance
from finance.models import Book, FxRate, Journal, MoneyAccount
from finance.sheets import OPENING_COLUMNS
from tests.finance.making import OPENS, make_book, make_rate

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _wallet(book: Book) -> MoneyAccount:
    return MoneyAccount.objects.create(
        name="PingPong", holder="wallet", provider="pingpong", book=book, currency="USD"
    )


def test_an_opening_balance_is_posted_once_and_another_one_is_refused() -> None:
    book = make_book()
    make_rate("USD", "CNY", "7.10", on=OPENS)
    opening = Opening("1020", "USD", Decimal("100.00"), money_account=_wallet(book))
    assert open_balance(book=book, opening=opening).is_new
    assert not open_balance(book=book, opening=opening).is_new
    held = {(row.account, row.amount, row.base_amount) for row in balances(book=book)}
    assert held == {("1020", Decimal(100), Decimal(710)), ("3000", Decimal(-100), Decimal(-710))}
    assert Journal.objects.get().effective_on == OPENS
    with pytest.raises(OpeningRefused, match="posted before"):
        open_balance(
            book=book, opening=Opening("1020", "USD", Decimal(90), money_account=opening.money_account)
        )


def test_the_base_amount_of_the_old_books_is_kept_as_a_rate_of_its_own() -> None:
    book = make_book()
    account = _wallet(book)
    opening = Opening("1020", "USD", Decimal("100.00"), Decimal("698.76"), account)
    open_balance(book=book, opening=opening)
    assert [row.base_amount for row in balances(book=book)] == [Decimal("698.76"), Decimal("-698.76")]
    rate = FxRate.objects.get()
    assert (rate.kind, rate.rate, rate.on) == ("event", Decimal("6.9876"), OPENS)
    assert not open_balance(book=book, opening=opening).is_new


@pytest.mark.parametrize(
    ("opening", "words"),
    [
        (Opening("9999", "CNY", Decimal(1)), "no account 9999"),
        (Opening("1200", "XQQ", Decimal(1)), "three letters"),
        (Opening("1200", "CNY", Decimal(0)), "is nothing"),
        (Opening("1200", "CNY", Decimal("0.001")), "finer than its currency"),
        (Opening("1020", "CNY", Decimal(1)), "Name the platform"),
        (Opening("1200", "USD", Decimal(1)), "no rate of USD"),
        (Opening("1200", "USD", Decimal(1), Decimal(-7)), "cannot be what"),
        (Opening("1200", "CNY", Decimal(1), Decimal(2)), "both amounts are the same"),
    ],
)
def test_what_cannot_be_an_opening_balance_is_refused(opening: Opening, words: str) -> None:
    with pytest.raises(OpeningRefused, match=words):
        open_balance(book=make_book(), opening=opening)
    assert not Journal.objects.exists()


def _sheet(*lines: str) -> tuple[list[Finding], list[Finding]]:
    data = "\n".join(["科目,账户,币种,金额,本位币金额", *lines]).encode()
    rows = read_table(data=data, columns=OPENING_COLUMNS).rows
    job = Job(at=AT, actor="somebody", digest="0" * 64)
    return check(rows=rows, job=job), apply(rows=rows, job=job)


def test_a_sheet_of_opening_balances_may_be_brought_twice() -> None:
    _wallet(default_book(at=AT))
    lines = ["钱包,PingPong,USD,100,712.30", "库存,,CNY,25000,", "wallet,Nobody,USD,1,7"]
    foreseen, done = _sheet(*lines)
    created = [Outcome.CREATED, Outcome.CREATED, Outcome.REFUSED]
    assert [one.outcome for one in foreseen] == [one.outcome for one in done] == created
    foreseen, done = _sheet(*lines)
    unchanged = [Outcome.UNCHANGED, Outcome.UNCHANGED, Outcome.REFUSED]
    assert [one.outcome for one in foreseen] == [one.outcome for one in done] == unchanged
    assert "Nobody" in done[2].reason
    assert Journal.objects.count() == 2


def test_a_sheet_that_says_an_account_twice_is_told_so() -> None:
    foreseen, _done = _sheet("库存,,CNY,25000,", "stock,,CNY,1,")
    assert [one.outcome for one in foreseen] == [Outcome.CREATED, Outcome.REFUSED]
    assert "again as row 2" in foreseen[1].reason
