"""The rows of one document's settlements: their lines, the ledger's postings, deposits, what was said.

Settlements that fit are written together in one transaction; a larger one in chunks that are complete in
themselves, marked ``unfinished`` until the last.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from channels.settlement_messages import Source
from ecomhub import events
from ecomhub.events import Happening
from ecomhub.money import NotMoney, decimal_text
from finance.accounting.ledger import LedgerRefused
from finance.models import MoneyAccount, Settlement, SettlementFile, SourceFile
from finance.statements import balancing, deferred_keeping, money_accounts, payouts, posting, restating
from finance.statements.posting import CHUNK, Lines, RatesMissing
from finance.statements.restating import Decision
from finance.statements.staging import Elsewhere, Heading, Note, silent

State = SettlementFile.State
_UNFINISHED = "unfinished"

_INSERT = """
WITH added AS (
    INSERT INTO finance_settlementline (settlement_id, file_id, row, content, occurrence, line_type_id,
        currency, amount, posted_at, effective_on, order_ref, order_id, line_ref, sku_code, quantity,
        reference, marketplace, note, running)
    SELECT h.settlement_id, %(file)s, n.row, n.content, n.occurrence, n.line_type_id, h.currency, n.amount,
           n.posted_at, n.effective_on, n.order_ref, n.order_id, n.line_ref, n.sku_code, n.quantity,
           n.reference, n.marketplace, n.note, n.running
      FROM finance_numbered n
      JOIN unnest(%(numbers)s::int[], %(settlements)s::bigint[], %(currencies)s::text[])
        AS h(no, settlement_id, currency) USING (no)
     WHERE n.pos BETWEEN %(first)s AND %(last)s ORDER BY n.pos {once}
    RETURNING id
)
SELECT coalesce(min(id), 0), coalesce(max(id), -1), count(*) FROM added
"""
_ONCE = "ON CONFLICT (settlement_id, content, occurrence) DO NOTHING"
_STEPS = """
SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS lines
                  FROM finance_settlementline WHERE settlement_id = %(settlement)s) l
 WHERE n %% %(chunk)s = 0 OR n = lines ORDER BY id
"""
_COUNTED = """
SELECT count(*) FROM finance_settlementline l
 WHERE l.settlement_id = %s AND l.amount <> 0
"""


class Writer:
    """Writes batches of one document."""

    def __init__(
        self,
        *,
        file: SourceFile,
        account: MoneyAccount,
        source: Source,
        names: dict[int, str],
        at: datetime,
        actor: str,
        note: Note = silent,
    ) -> None:
        self._note = note
        self._file, self._account, self._source = file, account, source
        self._names, self._at, self._actor = names, at, actor
        self._place = 1
        self.posted: dict[int, int] = {}

    def write(self, batch: Sequence[Decision]) -> None:
        """Write some settlements; when the ledger refuses them together, each alone."""
        first = self._place
        try:
            self._write(batch)
        except (RatesMissing, LedgerRefused) as error:
            self._place = first
            self._forget(batch)
            if len(batch) > 1:
                for decision in batch:
                    self.write([decision])
                return
            _give_up(batch[0], error)
            self._write(batch)

    def _write(self, batch: Sequence[Decision]) -> None:
        first = self._place
        last = first + sum(decision.heading.lines for decision in batch) - 1
        kept = [decision for decision in batch if decision.keeps]
        is_large = last - first + 1 > CHUNK and len(kept) == 1
        if is_large:
            self._write_large(kept[0], first=first, last=last)
        with transaction.atomic():
            self._rows(batch)
            if not is_large:
                self._lines(kept, first=first, last=last)
            self._finish(batch, is_large=is_large)
        self._place = last + 1
        self._note("posting", last)

    def _forget(self, batch: Sequence[Decision]) -> None:
        """Look at the settlements' rows anew after a transaction was given up."""
        names = [decision.heading.settlement_id[:120] for decision in batch]
        rows = Settlement.objects.filter(
            account=self._account, source=self._source.key, external_id__in=names
        )
        there = {(row.external_id, row.currency): row for row in rows}
        for decision in batch:
            heading = decision.heading
            decision.settlement = there.get((heading.settlement_id[:120], heading.currency[:3]))

    def _write_large(self, decision: Decision, *, first: int, last: int) -> None:
        with transaction.atomic():
            self._rows([decision])
            settlement = _row(decision)
            settlement.state, settlement.reason = Settlement.State.STAGED, _UNFINISHED
            settlement.save(update_fields=["state", "reason"])
        for start in range(first, last + 1, CHUNK):
            with transaction.atomic():
                self._lines([decision], first=start, last=min(start + CHUNK - 1, last))
            self._note("posting", min(start + CHUNK - 1, last))
        if decision.posts and not decision.is_new:
            post_kept(account=self._account, settlement=_row(decision), actor=self._actor)

    def _rows(self, batch: Sequence[Decision]) -> None:
        """Make the settlements' rows, or hold those that are there."""
        new = []
        for decision in batch:
            if decision.settlement is None:
                decision.settlement = self._new(decision.heading)
                new.append(decision.settlement)
        Settlement.objects.bulk_create([row for row in new if row.pk is None])
        posting.lock(settlements=[_row(decision).pk for decision in batch])

    def _new(self, heading: Heading) -> Settlement:
        return Settlement(
            account=self._account,
            external_id=heading.settlement_id[:120],
            currency=heading.currency[:3],
            source=self._source.key,
            shop_id=money_accounts.shop_of(account=self._account, currency=heading.currency),
            state=Settlement.State.STAGED,
            reason=_UNFINISHED,
        )

    def _lines(self, kept: Sequence[Decision], *, first: int, last: int) -> None:
        """Bring lines in by their places and post those whose settlements are to be posted."""
        for fresh, posts in ((True, True), (True, False), (False, True), (False, False)):
            some = [one for one in kept if one.is_new is fresh and one.posts is posts]
            if not some:
                continue
            with connection.cursor() as cursor:
                cursor.execute(
                    _INSERT.format(once="" if fresh else _ONCE),
                    {
                        "file": self._file.pk,
                        "numbers": [decision.heading.no for decision in some],
                        "settlements": [_row(decision).pk for decision in some],
                        "currencies": [decision.heading.currency for decision in some],
                        "first": first,
                        "last": last,
                    },
                )
                low, high, added = cursor.fetchone()
            if posts and added:
                settlements = [_row(decision).pk for decision in some]
                posting.post(
                    account=self._account,
                    lines=Lines(settlements=settlements, first=low, last=high, fresh=True),
                    actor=self._actor,
                )

    def _finish(self, batch: Sequence[Decision], *, is_large: bool) -> None:
        """Write how the settlements stand, send deposits, and remember what the document said."""
        told = []
        through = []
        for decision in batch:
            before = _row(decision).posted_count
            if decision.posts and not decision.is_new and not is_large:
                post_kept(account=self._account, settlement=_row(decision), actor=self._actor)
            self._settle(decision)
            ours = self._balance(decision)
            after = _row(decision).posted_count - ours
            self.posted[decision.heading.no] = max(after - before, 0) if decision.posts else 0
            if decision.posts:
                through.append(_row(decision).pk)
            told.append(self._document(decision))
        if through:
            payouts.deposit(account=self._account, settlements=through, actor=self._actor)
            payouts.close(settlements=through, at=self._at)
        if self._source.announces:
            deferred_keeping.keep(settlements=[_row(decision).pk for decision in batch])
        SettlementFile.objects.filter(
            file=self._file, settlement__in=[row.settlement_id for row in told]
        ).delete()
        SettlementFile.objects.bulk_create(told)
        events.record_many(happenings=[self._happening(decision) for decision in batch])

    def _settle(self, decision: Decision) -> None:
        """Bring a settlement's row up to date with what was decided."""
        row = _row(decision)
        known = row.state in (Settlement.State.POSTED, Settlement.State.EVIDENCE) or row.line_count
        if known and not decision.keeps:
            return
        heading, statement = decision.heading, decision.heading.statement
        row.state = {
            State.POSTED: Settlement.State.POSTED,
            State.STAGED: Settlement.State.STAGED,
            State.EVIDENCE: Settlement.State.EVIDENCE,
            State.REFUSED: Settlement.State.REFUSED,
        }[decision.state]
        row.reason = decision.reason
        row.lines_total = _storable(heading.total)
        row.line_count = heading.lines + decision.missing if decision.keeps else 0
        if decision.posts:
            row.posted_count = nonzero(row.pk)
        if statement is not None:
            row.total = None if statement.total is None else _storable(statement.total)
            row.starts_at, row.ends_at = statement.starts_at, statement.ends_at
            row.deposited_at = statement.deposited_at
            row.opening, row.closing = statement.opening, statement.closing
            row.payout_ref = statement.payout_id[:120]
            row.payout_amount, row.payout_currency = statement.payout_amount, statement.payout_currency[:3]
            row.platform_status = statement.platform_status[:40]
        if decision.keeps and heading.elsewhere.lines:
            _leave_out(row, heading.elsewhere)
        row.version += 1
        row.updated_at = self._at
        row.save()

    def _balance(self, decision: Decision) -> int:
        """Keep what an accepted document differs by as a line; return how many such lines were posted."""
        row = _row(decision)
        decision.difference = Decimal(0)
        if decision.accepted:
            row.accepted_reason = decision.accepted
        if not row.accepted_reason or not decision.keeps or decision.state == State.EVIDENCE:
            return 0
        total = restating.total_of(decision.heading)
        written = balancing.balance(
            settlement=row,
            file=self._file,
            wanted=(decision.heading.total if total is None else total) - decision.heading.elsewhere.total,
            deposited_at=row.deposited_at,
            reason=row.accepted_reason,
            at=self._at,
        )
        if written is not None:
            decision.difference = written.amount
            if decision.posts:
                lines = Lines([row.pk], written.line, written.line)
                posting.post(account=self._account, lines=lines, actor=self._actor)
        row.line_count, row.lines_total = balancing.sums_of(row)
        row.posted_count = nonzero(row.pk) if decision.posts else row.posted_count
        row.save(update_fields=["accepted_reason", "line_count", "lines_total", "posted_count"])
        return int(written is not None and decision.posts)

    def _document(self, decision: Decision) -> SettlementFile:
        heading = decision.heading
        total = restating.total_of(heading)
        return SettlementFile(
            settlement=_row(decision),
            file=self._file,
            state=decision.state,
            reason=decision.reason,
            total=None if total is None else _storable(total),
            lines_total=_storable(heading.total),
            line_count=heading.lines,
            posted_count=self.posted[heading.no],
            added=decision.added,
            missing=decision.missing,
            totals={
                name: amount_text(amount, heading.currency)
                for name, amount in totals(decision, self._names).items()
            },
        )

    def _happening(self, decision: Decision) -> Happening:
        data: dict[str, Any] = {"file": self._file.pk, "lines": decision.heading.lines}
        if decision.reason:
            data["reason"] = decision.reason
        return Happening("settlement", _row(decision).pk, decision.state.value, self._at, data, self._actor)


def post_kept(*, account: MoneyAccount, settlement: Settlement, actor: str) -> None:
    """Post kept lines of a settlement that are not in the ledger, each chunk in its own transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_STEPS, {"settlement": settlement.pk, "chunk": CHUNK})
        steps = [last for (last,) in cursor.fetchall()]
    first = 0
    for last in steps:
        with transaction.atomic():
            posting.lock(settlements=[settlement.pk])
            posting.post(account=account, lines=Lines([settlement.pk], first, last), actor=actor)
        first = last + 1


def wait_for_rate(decision: Decision) -> None:
    """Let a settlement wait until the rates of its days are there."""
    decision.state, decision.reason, decision.posts = State.STAGED, "rate_missing", False


def totals(decision: Decision, names: dict[int, str]) -> dict[str, Decimal]:
    """Return a settlement's sums by the platform's own words for the type, and what was accepted beside."""
    found: dict[str, Decimal] = {}
    for key, amount in decision.heading.by_type.items():
        name = names.get(key, str(key))
        found[name] = found.get(name, Decimal(0)) + amount
    if decision.difference:
        found[balancing.TYPE_NAME] = decision.difference
    return dict(sorted(found.items()))


def amount_text(amount: Decimal, currency: str) -> str:
    """Return an amount as decimal text, also where the currency is none."""
    try:
        return decimal_text(amount, currency)
    except (NotMoney, ArithmeticError):
        return f"{amount:f}"


def _leave_out(row: Settlement, elsewhere: Elsewhere) -> None:
    """Let a statement stand for the lines that no other statement posted."""
    row.line_count -= elsewhere.lines
    row.lines_total -= _storable(elsewhere.total)
    if row.total is not None:
        row.total -= _storable(elsewhere.total)
    row.starts_at, row.ends_at = elsewhere.starts_at, elsewhere.ends_at
    if not elsewhere.is_apart:
        row.opening = row.closing = None
    if row.opening is not None:
        row.opening += _storable(elsewhere.before)
    if row.closing is not None:
        row.closing -= _storable(elsewhere.behind)


def nonzero(settlement: int) -> int:
    """Return how many lines of a settlement are money."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [settlement])
        return int(cursor.fetchone()[0])


def _give_up(decision: Decision, error: Exception) -> None:
    """Let a settlement wait, or refuse it, after the ledger did not take it."""
    if isinstance(error, RatesMissing):
        wait_for_rate(decision)
        return
    decision.state, decision.reason = State.REFUSED, "refused"
    decision.keeps = decision.posts = False


def _row(decision: Decision) -> Settlement:
    if decision.settlement is None:
        raise RuntimeError("the settlement's row is made before it is used")
    return decision.settlement


def _storable(amount: Decimal) -> Decimal:
    """Return an amount as its column takes it; what is no number there is shown as nothing."""
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 15:
        return Decimal(0)
    return round(amount, 4)
