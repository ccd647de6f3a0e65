"""Statements of a wallet or bank whose periods overlap: the same movement told twice is posted once.

Where a source states the holder's own number of each movement, what another statement posted is left out, and
the statement stands for the rest. Where it does not, equal lines in both may be the same money or may not:
then nothing is posted and both are shown.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from channels.settlement_messages import Holder, Source
from finance.models import MoneyAccount, Settlement
from finance.statements import posting
from finance.statements.staging import Elsewhere, Heading

_NEAR = timedelta(days=1)
_NUMBERS = ("reference", "line_id")
_COLUMNS = {"reference": "reference", "line_id": "line_ref"}
_TAKE_OUT = """
WITH known AS (
    SELECT h.no, l.line_type_id, l.{number} AS number, l.amount, count(*) AS lines
      FROM unnest(%(numbers)s::int[], %(settlements)s::bigint[]) AS h(no, settlement_id)
      JOIN finance_settlementline l ON l.settlement_id = h.settlement_id AND l.{number} <> ''
     GROUP BY 1, 2, 3, 4
), placed AS (
    SELECT n.ctid AS place, k.lines,
           row_number() OVER (PARTITION BY n.no, n.line_type_id, n.{number}, n.amount
                              ORDER BY n.row, n.occurrence) AS turn
      FROM finance_numbered n
      JOIN known k ON (k.no, k.line_type_id, k.number, k.amount)
                    = (n.no, n.line_type_id, n.{number}, n.amount)
)
DELETE FROM finance_numbered n USING placed p WHERE n.ctid = p.place AND p.turn <= p.lines
RETURNING n.no, n.amount, n.posted_at
"""
_ALIKE = """
SELECT DISTINCT n.no, s.external_id
  FROM unnest(%(numbers)s::int[], %(settlements)s::bigint[]) AS h(no, settlement_id)
  JOIN finance_settlementline l ON l.settlement_id = h.settlement_id
  JOIN finance_numbered n ON n.no = h.no AND n.content = l.content {unnumbered}
  JOIN finance_settlement s ON s.id = h.settlement_id ORDER BY 1, 2
"""
_LEFT = "SELECT no, min(posted_at), max(posted_at) FROM finance_numbered WHERE no = ANY(%s) GROUP BY no"


def look(*, account: MoneyAccount, source: Source, headings: Sequence[Heading]) -> None:
    """Take what other statements of the account posted out of the staged lines, and mark what may be it.

    Belongs behind the numbering of the lines; sets ``elsewhere`` and ``alike`` of the headings.
    """
    if posting.holder_of(account=account, source=source.key) == Holder.CHANNEL.value:
        return
    pairs = [
        (heading, other)
        for heading in headings
        if heading.statement is not None and heading.statement.starts_at and heading.statement.ends_at
        for other in _others(account, source, heading)
    ]
    if not pairs:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        if source.numbered_by in _NUMBERS:
            _take_out(cursor, pairs, _COLUMNS[source.numbered_by])
        near = [(heading, other) for heading, other in pairs if not _follow(heading, other)]
        if near:
            number = _COLUMNS.get(source.numbered_by, "")
            unnumbered = f"AND n.{number} = ''" if number else ""
            cursor.execute(_ALIKE.format(unnumbered=unnumbered), _given(near))
            by_no = {heading.no: heading for heading in headings}
            for no, name in cursor.fetchall():
                by_no[no].alike.append(name)


def _others(account: MoneyAccount, source: Source, heading: Heading) -> list[Settlement]:
    """Return the posted statements of the account whose days touch this one's."""
    statement = heading.statement
    if statement is None or statement.starts_at is None or statement.ends_at is None:
        return []
    rows = Settlement.objects.filter(
        Q(starts_at__lte=statement.ends_at + _NEAR, ends_at__gte=statement.starts_at - _NEAR),
        account=account,
        source=source.key,
        currency=heading.currency[:3],
        state=Settlement.State.POSTED,
    )
    return list(rows.exclude(external_id=heading.settlement_id[:120]).order_by("pk"))


def _given(pairs: Sequence[tuple[Heading, Settlement]]) -> dict[str, Any]:
    return {
        "numbers": [heading.no for heading, _other in pairs],
        "settlements": [other.pk for _heading, other in pairs],
    }


def _take_out(cursor: Any, pairs: Sequence[tuple[Heading, Settlement]], number: str) -> None:
    cursor.execute(_TAKE_OUT.format(number=number), _given(pairs))
    taken: dict[int, list[tuple[Decimal, datetime]]] = {}
    for no, amount, at in cursor.fetchall():
        taken.setdefault(no, []).append((amount, at))
    if not taken:
        return
    cursor.execute(_LEFT, [list(taken)])
    left = {no: (first, last) for no, first, last in cursor.fetchall()}
    for heading in {heading.no: heading for heading, _other in pairs}.values():
        if heading.no in taken:
            heading.elsewhere = _elsewhere(taken[heading.no], left.get(heading.no))


def _elsewhere(
    taken: Sequence[tuple[Decimal, datetime]], left: tuple[datetime, datetime] | None
) -> Elsewhere:
    """Say what was taken out, before and behind what is left; between it, balances say nothing any more."""
    total = sum((amount for amount, _at in taken), Decimal(0))
    if left is None:
        return Elsewhere(len(taken), total)
    first, last = left
    before = sum((amount for amount, at in taken if at <= first), Decimal(0))
    behind = sum((amount for amount, at in taken if at >= last and at > first), Decimal(0))
    is_apart = all(at <= first or at >= last for _amount, at in taken)
    return Elsewhere(len(taken), total, before, behind, is_apart, first, last)


def _follow(heading: Heading, other: Settlement) -> bool:
    """Say whether one statement begins with the balance and the instant the other one ends with."""
    statement = heading.statement
    if statement is None or statement.starts_at is None or statement.ends_at is None:
        return False
    if None in (statement.opening, statement.closing, other.opening, other.closing):
        return False
    if other.starts_at is None or other.ends_at is None:
        return False
    comes_after = statement.opening == other.closing and statement.starts_at >= other.ends_at
    comes_before = statement.closing == other.opening and statement.ends_at <= other.starts_at
    return comes_after or comes_before
