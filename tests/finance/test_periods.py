"""A closed period takes nothing any more; what comes late goes to the first open day."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from threading import Event

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum
from django.utils import translation

from ecomhub.access import SYSTEM, Actor, Role
from ecomhub.models import Event as Happened
from ecomhub.models import User
from ecomhub.verifying import verify
from finance.accounting.balances import balances, fold, trial_balance
from finance.accounting.books import book_of, default_book, first_open_day, open_day
from finance.accounting.fx import RateMissing
from finance.accounting.ledger import PeriodClosed, post
from finance.accounting.ledger_laws import LAWS
from finance.accounting.revaluing import open_differences, revalue
from finance.closing.period_checks import worded
from finance.closing.periods import PeriodRefused, checklist, close, reopen
from finance.models import Book, Journal, LedgerTally, MoneyAccount, PeriodAct, Posting, Settlement
from tests.finance.making import OPENS, book_sale, leg, make_book, make_rate

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 4, 10, 9, tzinfo=UTC)
JANUARY = date(2026, 1, 31)
FEBRUARY = date(2026, 2, 28)
OWNER = Actor(name="boss", role=Role.OWNER)
FINANCE = Actor(name="accountant", role=Role.FINANCE)


def _dollars(
    book: Book, amount: str, base: str, *, on: date, account: str = "1020", **changes: object
) -> None:
    rate = make_rate("USD", "CNY", str(Decimal(base) / Decimal(amount)), on=on, source=f"t{on:%j}{amount}")
    post(
        book=book,
        effective_on=on,
        kind="manual",
        key=f"usd:{on}:{amount}:{account}",
        legs=[
            leg(account, amount, "USD", base=base, rate_id=rate.pk, **changes),
            leg("4000", str(-Decimal(amount)), "USD", base=str(-Decimal(base)), rate_id=rate.pk),
        ],
    )


def _held(book: Book, account: str, through: date) -> dict[str, tuple[Decimal, Decimal]]:
    rows = balances(book=book, through=through, accounts={account})
    return {row.currency: (row.amount, row.base_amount) for row in rows}


def test_a_closed_period_refuses_entries_and_the_next_day_takes_them() -> None:
    book = make_book()
    book_sale(book, on=JANUARY)
    act = close(book=book, through=JANUARY, at=NOW, actor=FINANCE)
    book.refresh_from_db()
    assert (book.locked_through, act.actor, act.kind) == (JANUARY, "accountant", "close")
    for day in (JANUARY, OPENS):
        with pytest.raises(PeriodClosed):
            book_sale(book, on=day)
    assert open_day(book=book, day=JANUARY) == first_open_day(book=book) == date(2026, 2, 1)
    assert book_sale(book, on=open_day(book=book, day=JANUARY)).is_new
    assert open_day(book=book, day=date(2026, 3, 5)) == date(2026, 3, 5)


def test_what_was_written_before_the_close_may_be_posted_again_without_effect() -> None:
    book = make_book()
    book_sale(book, on=JANUARY, key="a")
    close(book=book, through=JANUARY, at=NOW, actor=FINANCE)
    assert not book_sale(book, on=JANUARY, key="a").is_new


def test_raw_sql_cannot_write_into_a_closed_period_nor_move_the_lock() -> None:
    book = make_book()
    close(book=book, through=JANUARY, at=NOW, actor=FINANCE)
    with pytest.raises(DatabaseError, match="not in an open period"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO finance_journal (book_id, effective_on, kind, key, memo, actor)"
            " VALUES (%s, '2026-01-31', 'manual', 'late', '', 'x')",
            [book.pk],
        )
    for through in (None, date(2026, 1, 1), FEBRUARY):
        with pytest.raises(DatabaseError, match="recorded acts"):
            Book.objects.filter(pk=book.pk).update(locked_through=through)


def test_the_company_and_the_currency_of_a_book_with_entries_stay() -> None:
    book = make_book()
    Book.objects.filter(pk=book.pk).update(currency="USD")
    Book.objects.filter(pk=book.pk).update(currency="CNY")
    book_sale(book)
    for change in ({"currency": "USD"}, {"opens_on": OPENS + timedelta(days=1)}):
        with pytest.raises(DatabaseError, match="has entries"):
            Book.objects.filter(pk=book.pk).update(**change)


def test_a_period_is_closed_after_it_is_over_and_once() -> None:
    book = make_book()
    with pytest.raises(PeriodRefused, match="not over yet"):
        close(book=book, through=date(2026, 4, 10), at=NOW, actor=FINANCE)
    close(book=book, through=FEBRUARY, at=NOW, actor=FINANCE)
    with pytest.raises(PeriodRefused, match="closed already"):
        close(book=book, through=JANUARY, at=NOW, actor=FINANCE)


def test_only_the_owner_opens_a_period_again_and_it_stays_on_record() -> None:
    book = make_book()
    close(book=book, through=FEBRUARY, at=NOW, actor=FINANCE)
    for actor in (FINANCE, Actor(name="admin", role=Role.ADMIN)):
        with pytest.raises(PeriodRefused, match="role"):
            reopen(book=book, through=JANUARY, reason="late bill", at=NOW, actor=actor)
    with pytest.raises(PeriodRefused, match="why"):
        reopen(book=book, through=JANUARY, reason=" ", at=NOW, actor=OWNER)
    with pytest.raises(PeriodRefused, match="open already"):
        reopen(book=book, through=FEBRUARY, reason="late bill", at=NOW, actor=OWNER)
    reopen(book=book, through=JANUARY, reason="late bill", at=NOW, actor=OWNER)
    assert book_sale(book, on=FEBRUARY).is_new
    with pytest.raises(PeriodClosed):
        book_sale(book, on=JANUARY)
    acts = PeriodAct.objects.order_by("id").values_list("kind", "through", "reason", "actor")
    assert list(acts) == [
        ("close", FEBRUARY, "", "accountant"),
        ("reopen", JANUARY, "late bill", "boss"),
    ]
    kinds = Happened.objects.filter(object_kind="book", object_id=book.pk).values_list("kind", flat=True)
    assert list(kinds.order_by("sequence")) == ["opened", "period_closed", "period_reopened"]


def test_a_close_waits_for_an_entry_that_is_being_written() -> None:
    book = make_book()
    written, closing = Event(), Event()

    def write() -> None:
        try:
            with transaction.atomic():
                book_sale(book, on=JANUARY, key="slow")
                written.set()
                closing.wait(10)
                # The close has begun and cannot be through while this is open.
                Book.objects.filter(pk=book.pk, locked_through__isnull=True).get()
        finally:
            connection.close()

    def shut() -> None:
        try:
            written.wait(10)
            closing.set()
            close(book=book, through=JANUARY, at=NOW, actor=SYSTEM)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(write), pool.submit(shut)]:
            done.result(30)
    entry = Journal.objects.get(key="slow")
    assert entry.recorded_at < PeriodAct.objects.get().recorded_at


def test_money_in_other_currencies_is_brought_to_the_closing_rate_and_back() -> None:
    book = make_book()
    _dollars(book, "100.00", "700.00", on=date(2026, 1, 10))
    make_rate("USD", "CNY", "7.20", on=date(2026, 1, 30))
    make_rate("USD", "CNY", "9.99", on=date(2026, 2, 1))
    assert open_differences(book=book, on=JANUARY) == ["1020 USD 20.0000"]
    done = revalue(book=book, on=JANUARY)
    assert (done.realized, done.unrealized) == (Decimal(0), Decimal("20.00"))
    assert _held(book, "1020", JANUARY)["USD"] == (Decimal(100), Decimal(720))
    assert _held(book, "7110", JANUARY)["USD"] == (Decimal(0), Decimal(-20))
    assert _held(book, "1020", date(2026, 2, 1))["USD"] == (Decimal(100), Decimal(700))
    assert open_differences(book=book, on=JANUARY) == []
    assert revalue(book=book, on=JANUARY).journals == []


def test_a_fact_that_comes_after_the_revaluation_is_revalued_by_a_second_one() -> None:
    book = make_book()
    make_rate("USD", "CNY", "7.20", on=date(2026, 1, 30))
    _dollars(book, "100.00", "700.00", on=date(2026, 1, 10))
    revalue(book=book, on=JANUARY)
    _dollars(book, "10.00", "71.00", on=date(2026, 1, 11))
    assert revalue(book=book, on=JANUARY).unrealized == Decimal("1.00")
    assert _held(book, "1020", JANUARY)["USD"] == (Decimal(110), Decimal(792))
    assert _held(book, "1020", date(2026, 2, 1))["USD"] == (Decimal(110), Decimal(771))


def test_what_is_over_gives_its_difference_to_the_realized_result_for_good() -> None:
    book = make_book()
    make_rate("USD", "CNY", "7.20", on=date(2026, 1, 30))
    _dollars(book, "100.00", "700.00", on=date(2026, 1, 10), account="1115")
    _dollars(book, "-100.00", "-715.00", on=date(2026, 1, 20), account="1115")
    done = revalue(book=book, on=JANUARY)
    assert (done.realized, done.unrealized) == (Decimal("15.00"), Decimal(0))
    assert _held(book, "1115", date(2026, 3, 1))["USD"] == (Decimal(0), Decimal(0))
    assert _held(book, "7100", date(2026, 3, 1))["USD"] == (Decimal(0), Decimal(-15))


def test_accounts_that_are_not_money_keep_their_base() -> None:
    book = make_book()
    make_rate("USD", "CNY", "7.20", on=date(2026, 1, 30))
    _dollars(book, "100.00", "700.00", on=date(2026, 1, 10), account="1200")
    assert revalue(book=book, on=JANUARY).journals == []


def test_without_a_closing_rate_nothing_is_revalued_and_nothing_closed() -> None:
    book = make_book()
    _dollars(book, "100.00", "700.00", on=date(2026, 1, 10))
    with pytest.raises(RateMissing):
        revalue(book=book, on=JANUARY)
    with pytest.raises(PeriodRefused, match="USD in CNY") as refused:
        close(book=book, through=JANUARY, at=NOW, actor=FINANCE)
    assert {one.key for one in refused.value.findings if one.count} == {"closing_rates"}
    make_rate("USD", "CNY", "7.20", on=JANUARY)
    close(book=book, through=JANUARY, at=NOW, actor=FINANCE)
    assert _held(book, "1020", JANUARY)["USD"] == (Decimal(100), Decimal(720))


def test_a_close_without_revaluation_is_refused_while_money_is_off_its_rate() -> None:
    book = make_book()
    _dollars(book, "100.00", "700.00", on=date(2026, 1, 10))
    make_rate("USD", "CNY", "7.20", on=JANUARY)
    with pytest.raises(PeriodRefused, match="revalued"):
        close(book=book, through=JANUARY, at=NOW, actor=FINANCE, revalues=False)


def test_unclassified_lines_are_settled_or_accepted_with_a_reason() -> None:
    book = make_book()
    post(
        book=book,
        effective_on=JANUARY,
        kind="manual",
        key="a",
        legs=[leg("1010", "5.00"), leg("1900", "-5.00")],
    )
    found = {one.key: one for one in checklist(book=book, through=JANUARY)}
    assert (found["suspense"].count, found["suspense"].examples) == (1, ["-5.00 CNY"])
    assert found["trial_balance"].is_fine
    with pytest.raises(PeriodRefused, match="accept them with a reason: suspense"):
        close(book=book, through=JANUARY, at=NOW, actor=FINANCE, accepted={"suspense": " "})
    act = close(book=book, through=JANUARY, at=NOW, actor=FINANCE, accepted={"suspense": "asked Amazon"})
    assert {one["key"]: one["accepted"] for one in act.checks}["suspense"] == "asked Amazon"


def test_a_close_is_kept_as_codes_and_figures_whoever_closed() -> None:
    kept = []
    for language in ("zh-hans", "en"):
        book = make_book()
        legs = [leg("1010", "5.00"), leg("1900", "-5.00")]
        post(book=book, effective_on=JANUARY, kind="manual", key="a", legs=legs)
        with translation.override(language):
            accepted = {"suspense": "Trial balance"}
            kept.append(close(book=book, through=JANUARY, at=NOW, actor=FINANCE, accepted=accepted).checks)
    assert kept[0] == kept[1]
    (check,) = (one for one in kept[0] if one["key"] == "suspense")
    assert check["title"] == "No line is unclassified"
    with translation.override("zh-hans"):
        said = worded(check=check)
    assert said["title"] != check["title"] != said["hint"]
    assert (said["examples"], said["accepted"]) == (["-5.00 CNY"], "Trial balance")
    older = check | {"title": "没有未归类的行", "hint": "", "examples": ["一"]}
    assert worded(check=older) == older


def test_balances_of_any_day_are_what_the_postings_add_up_to() -> None:
    book = make_book()
    for day, amount in ((date(2026, 1, 5), "1.00"), (JANUARY, "2.00"), (date(2026, 2, 3), "4.00")):
        book_sale(book, amount, on=day)
    expected = {OPENS: 0, date(2026, 1, 5): 1, date(2026, 1, 30): 1, JANUARY: 3, date(2026, 2, 3): 7}
    for day, total in expected.items():
        held = _held(book, "1010", day)
        assert held.get("CNY", (Decimal(0), Decimal(0)))[0] == total
    before = balances(book=book)
    assert fold() == 4
    assert balances(book=book) == before
    assert LedgerTally.objects.count() == 4
    trial = trial_balance(book=book)
    assert (trial.is_zero, trial.left) == (True, {"CNY": Decimal(0)})
    assert fold() == 0


def test_a_fresh_installation_gets_its_book_at_the_first_use() -> None:
    book = default_book(at=NOW)
    assert (book.currency, book.opens_on) == ("CNY", date(2025, 1, 1))
    assert (book.rate_source, book.rate_days, book.allows_cross_rates) == ("ecb", 92, True)
    assert book_of(legal_entity=book.legal_entity, at=NOW).pk == book.pk


def _run(*words: str) -> dict[str, object]:
    out = StringIO()
    call_command(*words, "--json", stdout=out)
    answer: dict[str, object] = json.loads(out.getvalue())
    return answer


def test_the_commands_open_balance_close_and_reopen() -> None:
    opened = _run("book_open", "--opens-on", "2026-01-01", "--rate-source", "pboc", "--rate-days", "10")
    assert (opened["company"], opened["rate_source"], opened["rate_days"]) == ("main", "pboc", 10)
    with pytest.raises(CommandError, match="its book already"):
        _run("book_open", "--opens-on", "2026-01-01")
    book_sale(Book.objects.get(), "12.00", on=JANUARY)
    trial = _run("trial_balance")
    assert (trial["is_zero"], trial["left_over"]) == (True, {"CNY": "0.00"})
    looked = _run("period_close", "--through", "2026-01-31", "--check")
    assert looked["closed"] is False
    assert {one["key"]: one["count"] for one in looked["checks"]}["invariants"] == 0  # type: ignore[attr-defined]
    assert _run("period_close", "--through", "2026-01-31")["closed"] is True
    User.objects.create_user("boss", role=Role.OWNER)
    User.objects.create_user("accountant", role=Role.FINANCE)
    with pytest.raises(CommandError, match="role"):
        _run("period_reopen", "--user", "accountant", "--reason", "x")
    assert _run("period_reopen", "--user", "boss", "--reason", "bill")["through"] is None
    assert Posting.objects.count() == 2


def test_a_settlement_that_is_through_gives_its_remainder_and_an_open_one_keeps_its_base() -> None:
    book = make_book()
    seller = MoneyAccount.objects.create(name="Shop", holder="channel", provider="any", book=book)
    through, still_open = (
        Settlement.objects.create(
            account=seller, external_id=name, currency="USD", source="any", state="posted"
        )
        for name in ("1", "2")
    )
    make_rate("USD", "CNY", "7.20", on=JANUARY)
    _dollars(book, "100.00", "700.00", on=date(2026, 1, 10), account="1110", settlement_id=through.pk)
    _dollars(book, "-100.00", "-704.00", on=date(2026, 1, 12), account="1110", settlement_id=through.pk)
    _dollars(book, "50.00", "350.00", on=date(2026, 1, 14), account="1110", settlement_id=still_open.pk)
    done = revalue(book=book, on=JANUARY)
    assert (done.realized, done.unrealized) == (Decimal("4.00"), Decimal("10.00"))
    assert revalue(book=book, on=JANUARY).journals == []
    sums = Posting.objects.filter(account="1110").values_list("settlement__external_id")
    assert dict(sums.annotate(Sum("base_amount"))) == {"1": Decimal(0), "2": Decimal(350), None: Decimal(0)}
    close(book=book, through=JANUARY, at=NOW, actor=FINANCE)
    make_rate("USD", "CNY", "7.30", on=FEBRUARY)
    assert revalue(book=book, on=FEBRUARY).unrealized == Decimal("15.00")
    assert "I17" not in verify(laws=LAWS).broken
