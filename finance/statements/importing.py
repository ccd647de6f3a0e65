"""Taking money documents in: kept, recognized, read as a stream, and each settlement of it decided once.

One import of an account runs at a time. What is small is written in one transaction; what is large in
chunks, each of them complete in itself, and an interrupted import goes on when the file is given again.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from django.db import InterfaceError, OperationalError, connection
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from channels.settlement_messages import Holder, Reading, Sample, Source, StatementUnreadable
from ecomhub import files
from finance.models import LineType, MoneyAccount, Settlement, SettlementFile, SettlementLine, SourceFile
from finance.sources import registry
from finance.statements import classifying, keeping, line_writer, money_accounts, restating, staging
from finance.statements.classifying import TypeBook
from finance.statements.restating import Decision, Known
from finance.statements.staging import Heading

WAIT_SECONDS = 600
_LOCK = 7_401_001


class ImportBusy(Exception):
    """Another import of the account runs; nothing was read."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of one settlement of a document; amounts in ``currency``.

    ``posted`` counts the lines this import brought into the ledger. A document that could not be read has
    one summary without a settlement.
    """

    settlement_id: str
    currency: str
    state: SettlementFile.State
    reason: str = ""
    header_total: Decimal | None = None
    lines_total: Decimal = Decimal(0)
    lines: int = 0
    posted: int = 0
    totals: dict[str, Decimal] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    settlement: int | None = None


def take_in(
    *, account: MoneyAccount, path: Path, at: datetime, name: str = "", actor: str = "system"
) -> list[Summary]:
    """Take a document in and return a summary per settlement.

    The same bytes a second time change nothing, but what waited is tried again. Raises ``OSError`` when the
    file cannot be read, ``ImportBusy`` when another import of the account does not end.
    """
    name = name or path.name
    digest = files.hash_of(path=path)
    with alone(account=account):
        file = SourceFile.objects.filter(account=account, digest=digest).first()
        if file is not None and file.state == SourceFile.State.READ:
            return _again(file, at=at, actor=actor)
        if file is None:
            kept, _digest = files.store_path(
                path=path,
                purpose="statement",
                name=name,
                content_type="application/octet-stream",
                sealed=True,
            )
            file = SourceFile.objects.create(
                account=account, digest=digest, file=kept, received_at=at, actor=actor[:160]
            )
        with path.open("rb") as content:
            return _read(file=file, content=content, size=path.stat().st_size, at=at, actor=actor)


def finish(*, file: SourceFile, at: datetime, actor: str = "system") -> list[Summary]:
    """Read a kept document again whose import was interrupted. Raises as ``files.opened`` does."""
    with alone(account=file.account), files.opened(file=file.file) as content:
        file.refresh_from_db()
        if file.state == SourceFile.State.READ:
            return _again(file, at=at, actor=actor)
        return _read(file=file, content=content, size=file.file.size, at=at, actor=actor)


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


def _read(*, file: SourceFile, content: BinaryIO, size: int, at: datetime, actor: str) -> list[Summary]:
    account = file.account
    head = content.read(registry.HEAD_BYTES)
    content.seek(0)
    try:
        source = registry.detect(Sample(name=file.file.name, head=head, size=size))
        _belongs(account, source)
        types = TypeBook(source=source, at=at)
        reading = Reading(
            name=file.file.name,
            account=account.name,
            time_zone=account.zone,
            currency=account.currency,
            layout=json.dumps(account.layout) if account.layout else "",
        )
        headings = staging.stage(items=source.read(content, reading), types=types)
    except StatementUnreadable as error:
        return [_refuse(file, error.reason)]
    try:
        learned = types.settle()
        decisions = _decide(account=account, source=source, headings=headings)
        names = _type_names(decisions)
        kept = keeping.keep(file=file, source=source, decisions=decisions, names=names, at=at, actor=actor)
    finally:
        staging.clear()
    classifying.reclassify(line_types=learned, actor=actor)
    lines = sum(heading.lines for heading in headings)
    SourceFile.objects.filter(pk=file.pk).update(
        state=SourceFile.State.READ, source=source.key, reason="", lines=lines
    )
    return [_summary(decision, posted, names) for decision, posted in zip(decisions, kept, strict=True)]


def _belongs(account: MoneyAccount, source: Source) -> None:
    """Refuse a platform's document for an account that is not the platform's."""
    is_channel = account.holder == Holder.CHANNEL.value
    if is_channel and source.platform in ("", account.provider):
        return
    if not is_channel and source.holder is not Holder.CHANNEL:
        return
    raise StatementUnreadable(
        _("This is a document of the kind %(title)s, and %(account)s is no account for it. Choose another.")
        % {"title": source.title, "account": account}
    )


def _refuse(file: SourceFile, reason: str) -> Summary:
    SourceFile.objects.filter(pk=file.pk).update(state=SourceFile.State.REFUSED, reason=reason[:300])
    staging.clear()
    return Summary("", "", SettlementFile.State.REFUSED, reason)


def _decide(*, account: MoneyAccount, source: Source, headings: Sequence[Heading]) -> list[Decision]:
    """Compare what was staged with what is known, and decide each settlement."""
    staging.number(zone=account.book.zone, orders=money_accounts.orders_of(account=account))
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
        totals=line_writer.totals(heading, names),
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
