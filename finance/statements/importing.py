"""Taking money documents in: kept, recognized, read as a stream, and each settlement of it decided once.

One import of an account runs at a time. What is small is written in one transaction; what is large in
chunks, each of them complete in itself, and an interrupted import goes on when the file is given again.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from channels.settlement_messages import MoneyLine, Source, Statement, StatementUnreadable
from ecomhub import files
from finance.models import (
    DocumentRuling,
    LineType,
    MoneyAccount,
    Settlement,
    SettlementFile,
    SettlementLine,
    SourceFile,
)
from finance.sources.registry import Undecided
from finance.statements import (
    balancing,
    classifying,
    keeping,
    line_writer,
    money_accounts,
    overlapping,
    recognizing,
    restating,
    staging,
)
from finance.statements.classifying import TypeBook
from finance.statements.recognizing import Choice, Recognized
from finance.statements.restating import Decision, Known
from finance.statements.staging import Heading, Note, silent
from finance.statements.summaries import Summary

WAIT_SECONDS = 600
_LOCK = 7_401_001


class ImportBusy(Exception):
    """Another import of the account runs; nothing was read."""


def take_in(
    *,
    account: MoneyAccount,
    path: Path,
    at: datetime,
    name: str = "",
    actor: str = "system",
    choice: Choice = Choice(),  # noqa: B008 - it never changes
) -> list[Summary]:
    """Take a document in and return a summary per settlement.

    The same bytes a second time change nothing, but what waited is tried again. Raises ``OSError`` when the
    file cannot be read, ``ImportBusy`` when another import of the account does not end.
    """
    with alone(account=account):
        file = keep_file(account=account, path=path, name=name or path.name, at=at, actor=actor)
        if file.state == SourceFile.State.READ:
            return _again(file, at=at, actor=actor)
        with path.open("rb") as content:
            document = _Document(file, content, path.stat().st_size, choice)
            return _read(document, at=at, actor=actor)


def keep_file(*, account: MoneyAccount, path: Path, name: str, at: datetime, actor: str) -> SourceFile:
    """Keep a document's bytes for ever and return its row; the same bytes are kept once per account.

    Raises ``OSError``.
    """
    digest = files.hash_of(path=path)
    held = SourceFile.objects.select_related("file").filter(account=account, digest=digest)
    if file := held.first():
        return file
    kept, _digest = files.store_path(
        path=path, purpose="statement", name=name, content_type="application/octet-stream", sealed=True
    )
    try:
        with transaction.atomic():
            return SourceFile.objects.create(
                account=account, digest=digest, file=kept, received_at=at, actor=actor[:160]
            )
    except IntegrityError:
        kept.delete()
        return held.get()


def finish(
    *,
    file: SourceFile,
    at: datetime,
    actor: str = "system",
    choice: Choice = Choice(),  # noqa: B008 - it never changes
    note: Note = silent,
    wait: float = WAIT_SECONDS,
) -> list[Summary]:
    """Take a kept document in, or go on where that was interrupted; return a summary per settlement.

    One that was read before changes nothing, whatever is chosen. ``note`` is told how far it is. Raises
    ``ImportBusy`` when another import of the account does not end within ``wait`` seconds, what ``note``
    raises, and as ``files.opened`` does.
    """
    with alone(account=file.account, wait=wait), files.opened(file=file.file) as content:
        file.refresh_from_db(fields=["state", "source"])
        if file.state == SourceFile.State.READ:
            return _again(file, at=at, actor=actor)
        return _read(_Document(file, content, file.file.size, choice), at=at, actor=actor, note=note)


def look_again(
    *,
    file: SourceFile,
    settlement: Settlement,
    at: datetime,
    actor: str = "system",
    note: Note = silent,
    wait: float = WAIT_SECONDS,
) -> list[Summary]:
    """Decide one settlement of a document that was read anew, after a person ruled on it.

    Its other settlements stay as they are. Raises as ``finish`` does.
    """
    with alone(account=file.account, wait=wait), files.opened(file=file.file) as content:
        choice = Choice(layout=file.layout) if file.layout is not None else Choice(source=file.source)
        document = _Document(file, content, file.file.size, choice, only=settlement)
        return _read(document, at=at, actor=actor, note=note)


def post_waiting(*, at: datetime, accounts: QuerySet[MoneyAccount] | None = None) -> int:
    """Post settlements that waited for a rate and have it now; return how many were posted.

    Accounts with a running import are left for the next time.
    """
    waiting = Settlement.objects.filter(state=Settlement.State.STAGED, reason="rate_missing")
    if accounts is not None:
        waiting = waiting.filter(account__in=accounts)
    posted = 0
    for account in MoneyAccount.objects.filter(settlements__in=waiting).distinct().order_by("pk"):
        if not keeping.ready(account=account, settlements=waiting):
            continue
        try:
            with alone(account=account, wait=0):
                for row in keeping.ready(account=account, settlements=waiting):
                    posted += keeping.post_rest(account=account, settlement=row, at=at)
        except ImportBusy:
            continue
    return posted


@contextmanager
def alone(*, account: MoneyAccount, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Keep other imports of an account out, in this database, until the block ends.

    Waits so many seconds for one that runs, then raises ``ImportBusy``.
    """
    deadline = time.monotonic() + wait
    while not _try_lock(account):
        if time.monotonic() > deadline:
            raise ImportBusy(_("Another import of %s is running. Try again when it is through.") % account)
        time.sleep(0.05)
    try:
        yield
    finally:
        # A broken connection has given the lock back already; its own error is the one to tell.
        with suppress(OperationalError, InterfaceError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, account.pk])


def _try_lock(account: MoneyAccount) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, account.pk])
        return bool(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class _Document:
    """A document that is open, what it was chosen to be, and the one settlement of it that is meant."""

    file: SourceFile
    content: BinaryIO
    size: int
    choice: Choice
    only: Settlement | None = None

    def recognize(self) -> Recognized:
        """Say what it is. Raises ``StatementUnreadable``."""
        return recognizing.recognize(file=self.file, content=self.content, size=self.size, choice=self.choice)

    def items(self, known: Recognized) -> Iterator[Statement | MoneyLine]:
        """Stream what it says. Raises ``StatementUnreadable``."""
        wanted = None if self.only is None else (self.only.external_id, self.only.currency)
        for item in known.items(file=self.file, content=self.content):
            if wanted is None or (item.settlement_id[:120], item.currency[:3]) == wanted:
                yield item


def _read(document: _Document, *, at: datetime, actor: str, note: Note = silent) -> list[Summary]:
    file = document.file
    try:
        known = document.recognize()
        types = TypeBook(source=known.source, at=at)
        headings = staging.stage(items=document.items(known), types=types, note=note)
    except StatementUnreadable as error:
        return [_refuse(document, error)]
    try:
        learned = types.settle()
        decisions = _decide(file=file, source=known.source, headings=headings)
        names = _type_names(decisions)
        kept = keeping.keep(
            file=file,
            source=known.source,
            decisions=decisions,
            names=names,
            at=at,
            actor=actor,
            note=note,
        )
    finally:
        staging.clear()
    classifying.reclassify(line_types=learned, actor=actor)
    if document.only is None:
        SourceFile.objects.filter(pk=file.pk).update(
            state=SourceFile.State.READ,
            source=known.source.key,
            layout=known.layout,
            reason="",
            reasons=None,
            fitting=None,
            lines=sum(heading.lines for heading in headings),
        )
    return [_summary(decision, posted, names) for decision, posted in zip(decisions, kept, strict=True)]


def _refuse(document: _Document, error: StatementUnreadable) -> Summary:
    staging.clear()
    reasons = recognizing.refusals(
        file=document.file, content=document.content, size=document.size, choice=document.choice
    )
    if document.only is None:
        SourceFile.objects.filter(pk=document.file.pk).update(
            state=SourceFile.State.REFUSED,
            reason=error.reason[:300],
            reasons=reasons,
            fitting=list(error.fitting) if isinstance(error, Undecided) else [],
        )
    return Summary("", "", SettlementFile.State.REFUSED, error.reason, reasons=reasons)


def _decide(*, file: SourceFile, source: Source, headings: Sequence[Heading]) -> list[Decision]:
    """Compare what was staged with what is known, and decide each settlement."""
    account = file.account
    staging.number(zone=account.book.zone, orders=money_accounts.orders_of(account=account))
    overlapping.look(account=account, source=source, headings=headings)
    names = [heading.settlement_id[:120] for heading in headings]
    rows = Settlement.objects.filter(account=account, external_id__in=names)
    same: dict[tuple[str, str], Settlement] = {}
    elsewhere: set[tuple[str, str]] = set()
    for row in rows:
        if row.source == source.key:
            same[row.external_id, row.currency] = row
        elif row.state == Settlement.State.POSTED:
            elsewhere.add((row.external_id, row.currency))
    counted = SettlementLine.objects.filter(settlement__in=[row.pk for row in same.values()])
    counted = counted.exclude(content=balancing.CONTENT)
    rulings = {
        row.settlement_id: row
        for row in DocumentRuling.objects.filter(file=file, settlement__in=same.values()).order_by("pk")
    }
    held = dict(counted.values_list("settlement").annotate(lines=Count("pk")))
    keys = {heading.no: (heading.settlement_id[:120], heading.currency) for heading in headings}
    met = {no: same[key].pk for no, key in keys.items() if key in same and same[key].pk in held}
    shared = staging.compared(settlements=met)
    decisions = []
    for heading in headings:
        met_row = same.get(keys[heading.no])
        known = Known(
            settlement=met_row,
            lines=0 if met_row is None else held.get(met_row.pk, 0),
            shared=shared.get(heading.no, 0),
            posted_elsewhere=keys[heading.no] in elsewhere,
            ruling=None if met_row is None else rulings.get(met_row.pk),
        )
        decisions.append(restating.decide(heading=heading, known=known, source=source))
    return decisions


def _type_names(decisions: Sequence[Decision]) -> dict[int, str]:
    used = {key for decision in decisions for key in decision.heading.by_type}
    return {row.pk: str(row) for row in LineType.objects.filter(pk__in=used)}


def _summary(decision: Decision, posted: int, names: dict[int, str]) -> Summary:
    heading = decision.heading
    statement = heading.statement
    return Summary(
        settlement_id=heading.settlement_id,
        currency=heading.currency,
        state=decision.state,
        reason=decision.reason,
        header_total=restating.total_of(heading),
        lines_total=heading.total,
        lines=heading.lines,
        posted=posted,
        totals=line_writer.totals(decision, names),
        starts_at=None if statement is None else statement.starts_at,
        ends_at=None if statement is None else statement.ends_at,
        settlement=None if decision.settlement is None else decision.settlement.pk,
    )


def _again(file: SourceFile, *, at: datetime, actor: str) -> list[Summary]:
    """Say what is known of a document that was read before; what waits for a rate is tried again."""
    found = []
    rows = SettlementFile.objects.filter(file=file).select_related("settlement").order_by("pk")
    for row in rows:
        settlement, posted = row.settlement, 0
        waits = row.state == SettlementFile.State.STAGED and row.reason == "rate_missing"
        if waits and settlement.reason == "rate_missing":
            posted = keeping.post_rest(account=file.account, settlement=settlement, at=at, actor=actor)
            row.refresh_from_db()
            settlement.refresh_from_db()
        summary = Summary(
            settlement_id=settlement.external_id,
            currency=settlement.currency,
            state=SettlementFile.State(row.state),
            reason=row.reason,
            header_total=row.total,
            lines_total=row.lines_total,
            lines=row.line_count,
            posted=row.posted_count if posted else 0,
            totals={name: Decimal(amount) for name, amount in sorted(row.totals.items())},
            starts_at=settlement.starts_at,
            ends_at=settlement.ends_at,
            settlement=settlement.pk,
        )
        if not posted and row.state not in (SettlementFile.State.STAGED, SettlementFile.State.REFUSED):
            summary = replace(summary, state=SettlementFile.State.DUPLICATE, reason="")
        found.append(summary)
    return found
