"""The books balance because the database refuses everything else."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from psycopg2.extensions import cursor as Cursor

from ecomhub.money import exponent, known_currencies
from finance.accounting.ledger import (
    AlreadyReversed,
    JournalComplete,
    KeyTaken,
    NotBalanced,
    PeriodClosed,
    Posted,
    WrongAmount,
    add_legs,
    open_journal,
    post,
    refusals,
    reverse,
)
from finance.accounting.plan import PLAN
from finance.models import Account, Book, Currency, Journal, LedgerTally, Posting
from tests.finance.making import DAY, OPENS, book_sale, leg, make_book, make_rate

pytestmark = pytest.mark.django_db(transaction=True)


def _execute(statement: str, values: Sequence[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _journal(book: Book, key: str = "raw") -> int:
    journal_id = open_journal(book=book, effective_on=DAY, kind="manual", key=key)
    assert journal_id is not None
    return journal_id


_RAW = """
INSERT INTO finance_posting (journal_id, account_id, currency, amount, base_amount, component, turn, rate_id)
SELECT %s, l.account, l.currency, l.amount, l.base, '', 0, l.rate
FROM unnest(%s::text[], %s::text[], %s::numeric[], %s::numeric[], %s::bigint[])
    AS l (account, currency, amount, base, rate)
"""


def _raw_legs(journal_id: int, *legs: tuple[str, str, str, str, int | None]) -> None:
    _execute(_RAW, [journal_id, *[list(column) for column in zip(*legs, strict=True)]])


def test_the_plan_is_in_the_table() -> None:
    held = {
        (row.code, row.name, row.name_zh, row.nature, row.is_monetary, row.takes_lines)
        for row in Account.objects.all()
    }
    assert held == {(e.code, e.name, e.name_zh, e.nature.value, e.money, e.lines) for e in PLAN}


def test_the_table_of_currencies_is_iso_4217() -> None:
    held = dict(Currency.objects.values_list("code", "exponent"))
    assert held == {code: exponent(code) for code in known_currencies()}


def test_an_entry_is_written_once_under_its_key() -> None:
    book = make_book()
    legs = [leg("1010", "12.34"), leg("4000", "-12.34")]
    first = post(book=book, effective_on=DAY, kind="manual", key="a", legs=legs)
    again = post(book=book, effective_on=DAY, kind="manual", key="a", legs=list(reversed(legs)))
    assert (first.is_new, again.is_new) == (True, False)
    assert again.journal_id == first.journal_id
    assert Posting.objects.count() == 2


def test_a_key_that_stands_for_other_legs_is_refused() -> None:
    book = make_book()
    book_sale(book, "5.00", key="a")
    with pytest.raises(KeyTaken):
        book_sale(book, "6.00", key="a")
    assert Posting.objects.count() == 2


def test_every_book_has_keys_of_its_own() -> None:
    assert book_sale(make_book(), key="a").is_new
    assert book_sale(make_book(), key="a").is_new


def test_two_at_once_with_one_key_write_one_entry() -> None:
    book = make_book()
    start = Barrier(4)

    def run(_number: int) -> Posted:
        try:
            start.wait(10)
            return book_sale(book, "7.00", key="race")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(run, range(4)))
    assert sorted(outcome.is_new for outcome in outcomes) == [False, False, False, True]
    assert len({outcome.journal_id for outcome in outcomes}) == 1
    assert (Journal.objects.count(), Posting.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    "legs",
    [
        [leg("1010", "10.00"), leg("4000", "-9.99")],
        [leg("1010", "10.00")],
        [leg("1010", "10.00", "USD", base="71.00"), leg("4000", "-71.00")],
        [],
    ],
    ids=["amount", "one leg", "two currencies", "none"],
)
def test_what_does_not_balance_is_refused_in_words(legs: list[object]) -> None:
    with pytest.raises(NotBalanced):
        post(book=make_book(), effective_on=DAY, kind="manual", key="a", legs=legs)  # type: ignore[arg-type]
    assert not Journal.objects.exists()


@pytest.mark.parametrize(
    ("legs", "refusal"),
    [
        ([("1010", "CNY", "10", "10", None), ("4000", "CNY", "-9", "-9", None)], NotBalanced),
        ([("1010", "USD", "10", "71", 1), ("4000", "EUR", "-10", "-71", 1)], NotBalanced),
        ([("1010", "USD", "10", "71", 1), ("4000", "USD", "-10", "-70", 1)], NotBalanced),
        ([("1010", "CNY", "0.001", "0.001", None), ("4000", "CNY", "-0.001", "-0.001", None)], WrongAmount),
        ([("1010", "JPY", "0.5", "1", 1), ("4000", "JPY", "-0.5", "-1", 1)], WrongAmount),
        ([("1010", "USD", "1", "7.001", 1), ("4000", "USD", "-1", "-7.001", 1)], WrongAmount),
        ([("1010", "XQQ", "1", "7", 1), ("4000", "XQQ", "-1", "-7", 1)], WrongAmount),
        ([("1010", "CNY", "10", "9", None), ("4000", "CNY", "-10", "-9", None)], WrongAmount),
        ([("1010", "USD", "10", "71", None), ("4000", "USD", "-10", "-71", None)], WrongAmount),
        ([("1010", "CNY", "0", "0", None), ("4000", "CNY", "0", "0", None)], WrongAmount),
    ],
    ids=[
        "amount",
        "two currencies",
        "base",
        "fen",
        "half a yen",
        "base fen",
        "no currency",
        "base differs",
        "no rate",
        "nothing",
    ],
)
def test_a_raw_statement_that_breaks_a_rule_is_refused(
    legs: list[tuple[str, str, str, str, int | None]], refusal: type[Exception]
) -> None:
    book = make_book()
    rate = make_rate("USD", "CNY", "7.1").pk
    rows = [(*row[:4], rate if row[4] else None) for row in legs]
    with pytest.raises(refusal), transaction.atomic(), refusals():
        _raw_legs(_journal(book), *rows)
    assert not Journal.objects.exists()
    assert not LedgerTally.objects.exists()


def test_statements_that_balance_only_together_are_refused() -> None:
    book = make_book()
    with transaction.atomic():
        journal_id = _journal(book)
        with pytest.raises(NotBalanced), transaction.atomic(), refusals():
            _raw_legs(journal_id, ("1010", "CNY", "10", "10", None))
        _raw_legs(journal_id, ("4000", "CNY", "-10", "-10", None), ("1010", "CNY", "10", "10", None))


def test_two_entries_do_not_balance_each_other() -> None:
    book = make_book()
    across = (
        "INSERT INTO finance_posting"
        " (journal_id, account_id, currency, amount, base_amount, component, turn)"
        " VALUES (%s, '1010', 'CNY', 1, 1, '', 0), (%s, '4000', 'CNY', -1, -1, '', 0)"
    )
    with transaction.atomic():
        entries = [_journal(book, "a"), _journal(book, "b")]
        with pytest.raises(NotBalanced), transaction.atomic(), refusals():
            _execute(across, entries)
        _execute(across, [entries[0], entries[0]])
        _execute(across, [entries[1], entries[1]])


def test_an_entry_takes_legs_in_several_statements_of_its_transaction_and_none_later() -> None:
    book = make_book()
    with transaction.atomic():
        journal_id = _journal(book)
        for _ in range(2):
            add_legs(journal_id=journal_id, legs=[leg("1010", "1.00"), leg("4000", "-1.00")])
    with pytest.raises(JournalComplete), transaction.atomic():
        add_legs(journal_id=journal_id, legs=[leg("1010", "1.00"), leg("4000", "-1.00")])
    assert Posting.objects.count() == 4


def test_a_stated_transaction_number_does_not_open_an_entry_again() -> None:
    book = make_book()
    with transaction.atomic():
        _execute(
            "INSERT INTO finance_journal"
            " (book_id, effective_on, kind, key, memo, actor, transaction, recorded_at)"
            " VALUES (%s, %s, 'manual', 'forged', '', 'x', '99999999', '2001-01-01')",
            [book.pk, DAY],
        )
        journal = Journal.objects.get(key="forged")
        add_legs(journal_id=journal.pk, legs=[leg("1010", "1.00"), leg("4000", "-1.00")])
    assert journal.transaction != 99999999
    assert journal.recorded_at.year > 2001


def test_an_entry_without_legs_is_refused_at_the_end_of_its_transaction() -> None:
    book = make_book()
    with pytest.raises(NotBalanced), refusals(), transaction.atomic():
        _journal(book)
    assert not Journal.objects.exists()


@pytest.mark.parametrize(
    "table", ["journal", "posting", "settlementline", "typemapping", "fxrate", "periodact", "policychange"]
)
@pytest.mark.parametrize(
    "statement", ["UPDATE finance_{} SET id = id", "DELETE FROM finance_{}", "TRUNCATE finance_{}"]
)
def test_what_is_written_is_never_changed(table: str, statement: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"):
        _execute(statement.format(table))


def test_the_order_found_for_a_line_later_may_be_written() -> None:
    _execute("UPDATE finance_settlementline SET order_id = NULL")
    with pytest.raises(DatabaseError, match="permission denied"):
        _execute("UPDATE finance_settlementline SET amount = 0")


def test_a_day_before_the_book_is_refused_and_its_first_day_is_not() -> None:
    book = make_book()
    assert book_sale(book, on=OPENS).is_new
    with pytest.raises(PeriodClosed):
        book_sale(book, on=OPENS - timedelta(days=1))


def test_a_reversal_is_the_opposite_and_happens_once() -> None:
    book = make_book()
    rate = make_rate("USD", "CNY", "7.1")
    legs = [
        leg("1110", "10.00", "USD", base="71.00", rate_id=rate.pk),
        leg("1900", "-10.00", "USD", base="-71.00", rate_id=rate.pk),
    ]
    entry = post(book=book, effective_on=DAY, kind="manual", key="a", legs=legs)
    back = reverse(journal_id=entry.journal_id, effective_on=DAY, key="a:back")
    assert not reverse(journal_id=entry.journal_id, effective_on=DAY, key="a:back").is_new
    with pytest.raises(AlreadyReversed):
        reverse(journal_id=entry.journal_id, effective_on=DAY, key="a:other")
    rows = Posting.objects.filter(journal=back.journal_id).values_list("account_id", "amount", "base_amount")
    assert set(rows) == {("1110", Decimal(-10), Decimal(-71)), ("1900", Decimal(10), Decimal(71))}
    assert Journal.objects.get(pk=back.journal_id).reverses_id == entry.journal_id


def test_other_errors_of_the_database_keep_their_words() -> None:
    with pytest.raises(IntegrityError), refusals():
        _execute("INSERT INTO finance_book (legal_entity_id) VALUES (NULL)")


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def test_large_entries_are_written_set_wise(capsys: pytest.CaptureFixture[str]) -> None:
    book = make_book()
    spans = {}
    for pairs in (2_000, 20_000):

        def write(pairs: int = pairs) -> None:
            with transaction.atomic():
                journal_id = _journal(book, f"large:{pairs}")
                _execute(
                    "INSERT INTO finance_posting (journal_id, account_id, currency, amount, base_amount,"
                    " component, turn) SELECT %s, s.account, 'CNY', s.sign * n, s.sign * n, '', 0"
                    " FROM generate_series(1, %s) n, (VALUES ('1010', 1), ('4000', -1)) s (account, sign)",
                    [journal_id, pairs],
                )

        spans[pairs * 2] = _timed(write)
    with capsys.disabled():
        print("legs, seconds:", {legs: round(seconds, 2) for legs, seconds in spans.items()})
    assert Posting.objects.count() == 44_000
    assert LedgerTally.objects.count() == 4


def test_the_owner_is_held_to_balance_too(owner: Cursor) -> None:
    book = make_book()
    journal_id = book_sale(book).journal_id
    with pytest.raises(Exception, match="is complete"):
        owner.execute(
            "INSERT INTO finance_posting"
            " (journal_id, account_id, currency, amount, base_amount, component, turn)"
            " VALUES (%s, '1010', 'CNY', 1, 1, '', 0)",
            [journal_id],
        )
