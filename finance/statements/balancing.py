"""What an accepted document differs by: a line of ours beside its own, unclassified until somebody says more.

With it a settlement's lines add up to what the document states, so that nothing of the difference is hidden.
When a later document brings what was missing, a second such line takes the first one back.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import md5

from django.db import connection

from finance.models import LineType, Settlement, SourceFile
from finance.statements.classifying import OURS

NAME = "Accepted difference 认可差额"
TYPE_NAME = f"{OURS}/{NAME}"
"""The type of line as pages and summaries name it."""
CONTENT = md5(TYPE_NAME.encode(), usedforsecurity=False).digest()
"""The content of every such line; no line of a document has it."""

_INSERT = """
WITH held AS (
    SELECT coalesce(sum(amount), 0) AS total, max(posted_at) AS latest,
           coalesce(max(occurrence) FILTER (WHERE content = %(content)s), 0) AS occurrence
      FROM finance_settlementline WHERE settlement_id = %(settlement)s
)
INSERT INTO finance_settlementline (settlement_id, file_id, row, content, occurrence, line_type_id, currency,
    amount, posted_at, effective_on, order_ref, line_ref, sku_code, quantity, reference, marketplace, note)
SELECT %(settlement)s, %(file)s, 0, %(content)s, h.occurrence + 1, %(line_type)s, %(currency)s,
       %(wanted)s - h.total, d.day, (d.day AT TIME ZONE %(zone)s)::date, '', '', '', 0, '', '', %(note)s
  FROM held h, LATERAL (SELECT coalesce(%(deposited)s, h.latest, %(at)s) AS day) d
 WHERE h.total <> %(wanted)s
RETURNING id, amount
"""
_SUMS = "SELECT count(*), coalesce(sum(amount), 0) FROM finance_settlementline WHERE settlement_id = %s"


@dataclass(frozen=True, slots=True)
class Difference:
    """A line that was written for what a document differs by."""

    line: int
    amount: Decimal


def balance(
    *,
    settlement: Settlement,
    file: SourceFile,
    wanted: Decimal,
    deposited_at: datetime | None,
    reason: str,
    at: datetime,
) -> Difference | None:
    """Write the line that brings a settlement's kept lines to ``wanted``; nothing where they are there.

    Belongs into the transaction that holds the settlement's row. The line counts on the day of the deposit,
    else of the latest line.
    """
    kind, _is_new = LineType.objects.get_or_create(
        source=settlement.source, first=OURS, second=NAME, third="", defaults={"seen_at": at}
    )
    given = {
        "settlement": settlement.pk,
        "file": file.pk,
        "content": CONTENT,
        "line_type": kind.pk,
        "currency": settlement.currency,
        "wanted": wanted,
        "deposited": deposited_at,
        "at": at,
        "zone": file.account.book.zone,
        "note": reason[:300],
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, given)
        found = cursor.fetchone()
    return None if found is None else Difference(*found)


def sums_of(settlement: Settlement) -> tuple[int, Decimal]:
    """Return how many lines a settlement has, and what they add up to."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [settlement.pk])
        lines, total = cursor.fetchone()
    return int(lines), Decimal(total)
