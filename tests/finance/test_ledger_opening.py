"""A book begins with what the old books ended with, each balance said once."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ecomhub.models import LegalEntity
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


def _companies(*lines: str) -> list[Finding]:
    """Bring a sheet with the column of companies; what is foreseen is what is done."""
    data = "\n".join(["科目,账户,币种,金额,公司", *lines]).encode()
    rows = read_table(data=data, columns=OPENING_COLUMNS).rows
    job = Job(at=AT, actor="somebody", digest="0" * 64)
    foreseen, done = check(rows=rows, job=job), apply(rows=rows, job=job)
    assert [(one.outcome, one.reason) for one in foreseen] == [(one.outcome, one.reason) for one in done]
    return done


def test_each_company_opens_its_own_stock_in_one_sheet() -> None:
    first, second = make_book(), make_book()
    names = [first.legal_entity.name, second.legal_entity.code]
    done = _companies(f"库存,,CNY,100,{names[0]}", f"stock,,CNY,200,{names[1]}", f"2010,,CNY,-50,{names[1]}")
    assert [one.outcome for one in done] == [Outcome.CREATED] * 3
    held = {(row.account, row.amount) for row in balances(book=first)}
    assert held == {("1200", Decimal(100)), ("3000", Decimal(-100))}
    assert ("2010", Decimal(-50)) in {(row.account, row.amount) for row in balances(book=second)}


def test_a_row_without_company_goes_to_the_only_book_and_nowhere_where_there_are_several() -> None:
    only = make_book()
    (done,) = _companies("库存,,CNY,100,")
    assert done.outcome is Outcome.CREATED
    assert Journal.objects.get().book == only
    other = make_book()
    (done,) = _companies("2010,,CNY,-50,")
    assert done.outcome is Outcome.REFUSED
    assert "column Company" in done.reason
    assert other.legal_entity.name in done.reason
    make_rate("USD", "CNY", "7.10", on=OPENS)
    _wallet(other)
    (done,) = _companies("wallet,PingPong,USD,10,")
    assert done.outcome is Outcome.CREATED
    assert Journal.objects.latest("pk").book == other


def test_a_company_nobody_knows_one_without_book_and_another_ones_account_are_refused() -> None:
    one, other = make_book(), make_book()
    _wallet(one)
    bare = LegalEntity.objects.create(code="bare", name="Bare", country="CN", currency="CNY")
    twins = [
        LegalEntity.objects.create(code=code, name="Twin", country="CN", currency="CNY") for code in "ab"
    ]
    done = _companies(
        "库存,,CNY,1,Moon", f"库存,,CNY,1,{bare.name}", f"库存,,CNY,1,{twins[0].name}",
        f"wallet,PingPong,USD,1,{other.legal_entity.code}",
    )  # fmt: skip
    assert {one.outcome for one in done} == {Outcome.REFUSED}
    assert "There is no company Moon" in done[0].reason
    assert "book_open --company bare" in done[1].reason
    assert "code instead: a, b" in done[2].reason
    assert "another company" in done[3].reason
    assert not Journal.objects.exists()


def test_a_sheet_that_says_an_account_twice_is_told_so() -> None:
    foreseen, _done = _sheet("库存,,CNY,25000,", "stock,,CNY,1,")
    assert [one.outcome for one in foreseen] == [Outcome.CREATED, Outcome.REFUSED]
    assert "again as row 2" in foreseen[1].reason
