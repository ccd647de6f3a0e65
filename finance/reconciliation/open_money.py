"""Reads of money that waits to be found: payouts on their way, and lines of statements nobody explained.

A line waits while it stands, as last booked, on money in transit or in suspense, bears no payout, and no
match holds it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from finance.reconciliation.match_legs import Arrival, Sent

MOST = 2_000
"""Payouts, and receipts, looked at in one turn."""
_CAME_BACK_DAYS = 120

_SENT = """
SELECT y.id, y.account_id, y.currency, y.amount, (y.sent_at AT TIME ZONE b.zone)::date, b.id,
       concat_ws(' ', y.reference, s.external_id, s.payout_ref), s.payout_amount, s.payout_currency,
       s.shop_id, a.provider, NULL::bigint, coalesce(s.source, w.source, '')
  FROM finance_payout y
  JOIN finance_moneyaccount a ON a.id = y.account_id
  JOIN finance_book b ON b.id = a.book_id
  LEFT JOIN finance_settlement s ON s.id = y.settlement_id
  LEFT JOIN finance_settlementline l ON l.id = y.line_id
  LEFT JOIN finance_settlement w ON w.id = l.settlement_id
 WHERE y.state = 'sent' AND y.amount <> 0 AND (%(payout)s::bigint IS NULL OR y.id = %(payout)s)
 ORDER BY y.sent_at DESC, y.id DESC LIMIT %(most)s
"""
# The literals are those of the index posting_waiting.
_WAITING = """
  FROM finance_posting p
  JOIN finance_settlementline l ON l.id = p.line_id
  JOIN finance_settlement s ON s.id = l.settlement_id AND s.state = 'posted'
  JOIN finance_moneyaccount a ON a.id = s.account_id
 WHERE p.account_id IN ('1120', '1130', '1900') AND p.payout_id IS NULL
   AND NOT EXISTS (SELECT FROM finance_posting n WHERE n.line_id = p.line_id AND n.turn > p.turn)
   AND NOT EXISTS (SELECT FROM finance_match m WHERE m.line_id = l.id AND m.undoing_id IS NULL)
"""
_ARRIVED = f"""
SELECT l.id, a.id, l.currency, l.amount, l.effective_on, a.book_id, a.holder,
       concat_ws(' ', l.reference, l.order_ref, l.note), p.account_id, -p.base_amount, p.rate_id,
       l.posted_at, l.settlement_id, p.turn, coalesce(nullif(l.reference, ''), nullif(l.note, ''), ''),
       s.source
{_WAITING}
   AND l.amount <> 0
   AND CASE WHEN a.holder = 'channel' THEN p.account_id <> '1900' AND l.amount > 0
                 AND (%(lines)s::bigint[] IS NOT NULL OR s.recorded_at > %(recently)s)
                 AND l.line_type_id IN (SELECT m.line_type_id FROM finance_typemapping m
                                         WHERE m.binding = 'payout')
            ELSE l.order_ref = '' OR p.account_id <> '1900' END
   AND (%(lines)s::bigint[] IS NULL OR l.id = ANY(%(lines)s))
 ORDER BY l.posted_at DESC, l.id DESC LIMIT %(most)s
"""  # noqa: S608
_LEFT = f"""
SELECT -l.id, a.id, l.currency, -l.amount, l.effective_on, a.book_id, concat_ws(' ', l.reference, l.note),
       NULL::numeric, NULL::text, s.shop_id, a.provider, l.id, s.source
{_WAITING}
   AND p.account_id = '1900' AND a.holder <> 'channel' AND l.amount < 0 AND l.order_ref = ''
 ORDER BY l.posted_at DESC, l.id DESC LIMIT %(most)s
"""
_UNDONE = """
SELECT m.payout_id, y.line_id, m.line_id FROM finance_match m JOIN finance_payout y ON y.id = m.payout_id
  JOIN finance_journal u ON u.id = m.undoing_id
 WHERE m.line_id IS NOT NULL AND u.key NOT LIKE 'restated:%'
"""
_RESTATED = """
SELECT DISTINCT y.id FROM finance_journal j
  JOIN finance_posting p ON p.journal_id = j.id
  JOIN finance_payout y ON y.id = p.payout_id AND y.state IN ('arrived', 'failed')
 WHERE (j.transaction, j.id) > (%s::text::xid8, %s) AND j.kind = 'payout'
   AND (SELECT sum(b.amount) FROM finance_posting b WHERE b.payout_id = y.id) <> 0
 ORDER BY y.id
"""


def payouts(*, payout_id: int | None = None) -> list[Sent]:
    """Return payouts on their way, the latest first."""
    with connection.cursor() as cursor:
        cursor.execute(_SENT, {"payout": payout_id, "most": MOST})
        return [Sent(*row) for row in cursor.fetchall()]


def receipts(*, at: datetime, lines: Sequence[int] | None = None) -> list[Arrival]:
    """Return lines that bring money (or take it, negative) and wait, the latest first.

    In an account of a platform only what came back lately, or is asked for, counts.
    """
    values: dict[str, Any] = {
        "recently": at - timedelta(days=_CAME_BACK_DAYS),
        "lines": None if lines is None else list(lines),
        "most": MOST,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ARRIVED, values)
        return [Arrival(*row) for row in cursor.fetchall()]


def outgoing() -> list[Sent]:
    """Return unexplained lines that take money out of a wallet or bank, as what they may be: transfers.

    Their ``payout_id`` is the line's, negative, until they are one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, {"most": MOST})
        return [Sent(*row) for row in cursor.fetchall()]


def restated(*, since: tuple[int, int]) -> list[int]:
    """Return payouts that arrived and whose deposit was then stated anew, behind an entry.

    ``since`` is that entry's transaction and key.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RESTATED, [str(since[0]), since[1]])
        return [payout for (payout,) in cursor.fetchall()]


def undone_pairs() -> set[tuple[int, int]]:
    """Return (payout, receipt) that a person took apart: no rule puts them together again.

    A line that was the payout is named too, as ``outgoing`` names it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNDONE)
        found = set()
        for payout, line, receipt in cursor.fetchall():
            found.add((payout, receipt))
            if line is not None:
                found.add((-line, receipt))
        return found
