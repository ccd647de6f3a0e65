"""Writing what was decided: which settlements are written together, which wait for a rate, and then go on."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from channels.settlement_messages import Source
from ecomhub import events
from finance.accounting import books, fx
from finance.models import Book, MoneyAccount, Settlement, SettlementFile, SettlementLine, SourceFile
from finance.statements import chaining, payouts, posting, staging
from finance.statements.line_writer import Writer, nonzero, post_kept, wait_for_rate
from finance.statements.posting import CHUNK, RatesMissing
from finance.statements.restating import Decision
from finance.statements.staging import Heading, Note, silent

State = SettlementFile.State


def keep(
    *,
    file: SourceFile,
    source: Source,
    decisions: Sequence[Decision],
    names: dict[int, str],
    at: datetime,
    actor: str,
    note: Note = silent,
) -> list[int]:
    """Write what was decided and return, per decision, how many of its lines came into the ledger.

    Where a rate is missing nothing of the settlement is posted, and its decision says so afterwards. What
    the ledger refuses is refused alone.
    """
    account = file.account
    _look_for_rates(account=account, decisions=decisions)
    writer = Writer(file=file, account=account, source=source, names=names, at=at, actor=actor, note=note)
    for batch in _batches(decisions):
        writer.write(batch)
    chaining.attach(account=account, at=at, actor=actor)
    return [writer.posted.get(decision.heading.no, 0) for decision in decisions]


def post_rest(*, account: MoneyAccount, settlement: Settlement, at: datetime, actor: str = "system") -> int:
    """Post what waits of a settlement whose lines are kept, chunk by chunk; 1 when it is posted now.

    The caller keeps other imports of the account out.
    """
    if not ready(account=account, settlements=Settlement.objects.filter(pk=settlement.pk)):
        return 0
    try:
        post_kept(account=account, settlement=settlement, actor=actor)
        with transaction.atomic():
            _posted(account=account, settlement=settlement, at=at, actor=actor)
    except RatesMissing:
        return 0
    chaining.attach(account=account, at=at, actor=actor)
    return 1


def _batches(decisions: Sequence[Decision]) -> Iterator[list[Decision]]:
    """Yield settlements that fit into one transaction together, a larger one alone; in the order staged."""
    batch: list[Decision] = []
    lines = 0
    for decision in decisions:
        size = decision.heading.lines if decision.keeps else 0
        if batch and lines + size > CHUNK:
            yield batch
            batch, lines = [], 0
        batch.append(decision)
        lines += size
    if batch:
        yield batch


def _look_for_rates(*, account: MoneyAccount, decisions: Sequence[Decision]) -> None:
    """Stage what cannot be posted because a rate of one of its days is missing."""
    posting_ones = [decision for decision in decisions if decision.posts]
    if not posting_ones:
        return
    book = Book.objects.get(pk=account.book_id)
    lines = staging.days(numbers=[decision.heading.no for decision in posting_ones])
    wanted = {
        decision.heading.no: {
            (decision.heading.currency, books.open_day(book=book, day=day))
            for day in [*lines.get(decision.heading.no, []), *_deposit_days(book, decision.heading)]
        }
        for decision in posting_ones
    }
    rates = fx.rates_for(book=book, wanted=set().union(*wanted.values()))
    for decision in posting_ones:
        if not wanted[decision.heading.no] <= rates.keys():
            wait_for_rate(decision)


def _deposit_days(book: Book, heading: Heading) -> list[date]:
    statement = heading.statement
    if statement is None or statement.deposited_at is None:
        return []
    return [books.day_of(book=book, instant=statement.deposited_at)]


def ready(*, account: MoneyAccount, settlements: QuerySet[Settlement]) -> list[Settlement]:
    """Return which of an account's settlements have a rate for every day of their kept lines and deposit."""
    rows = list(settlements.filter(account=account).order_by("pk"))
    book = Book.objects.get(pk=account.book_id)
    currencies = {row.pk: row.currency for row in rows}
    wanted: dict[int, set[fx.Wanted]] = {row.pk: set() for row in rows}
    lines = SettlementLine.objects.filter(settlement__in=rows).exclude(amount=0)
    facts = list(lines.values_list("settlement", "effective_on").distinct())
    facts += [
        (row.pk, books.day_of(book=book, instant=row.deposited_at))
        for row in rows
        if row.deposited_at is not None
    ]
    for pk, day in facts:
        wanted[pk].add((currencies[pk], books.open_day(book=book, day=day)))
    rates = fx.rates_for(book=book, wanted=set().union(*wanted.values()))
    return [row for row in rows if wanted[row.pk] <= rates.keys()]


def _posted(*, account: MoneyAccount, settlement: Settlement, at: datetime, actor: str) -> None:
    """Mark a settlement posted whose lines all are, and send its deposit."""
    posting.lock(settlements=[settlement.pk])
    Settlement.objects.filter(pk=settlement.pk).update(
        state=Settlement.State.POSTED, reason="", posted_count=nonzero(settlement.pk), updated_at=at
    )
    payouts.deposit(account=account, settlements=[settlement.pk], actor=actor)
    payouts.close(settlements=[settlement.pk], at=at)
    waiting = SettlementFile.objects.filter(settlement=settlement, state=State.STAGED, reason="rate_missing")
    for row in waiting.order_by("pk"):
        row.state, row.reason, row.posted_count = State.POSTED, "", row.added
        row.save(update_fields=["state", "reason", "posted_count"])
    events.record(object_kind="settlement", object_id=settlement.pk, kind="posted", at=at, actor=actor)
