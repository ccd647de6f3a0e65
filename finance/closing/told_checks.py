"""What a platform told of an order's transactions, beside what its settlements then said of it.

Compared by order, through the end of the newest settlement of the same marketplace: a transaction that came
into the settlement after the one it was released in is no difference. Nothing is compared from before the
platform's telling began, or while it has not told through the end of the settlement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from finance.models.ledger import Book

_COMPARED = """
WITH chosen AS (
    SELECT s.id, s.account_id, s.currency, s.starts_at, s.ends_at FROM finance_settlement s
     WHERE s.id = ANY(%(settlements)s) AND s.state = 'posted' AND s.starts_at < s.ends_at
), told AS (
    SELECT c.account_id, c.currency, f.since, t.through
      FROM (SELECT DISTINCT account_id, currency FROM chosen) c
      JOIN LATERAL (SELECT min(posted_at) AS since FROM finance_announcedmoney a
                     WHERE a.account_id = c.account_id AND a.currency = c.currency) f ON f.since IS NOT NULL
      JOIN LATERAL (SELECT max(released_at) AS through FROM finance_announcedmoney a
                     WHERE a.account_id = c.account_id) t ON true
), series AS (
    SELECT s.account_id, s.currency, s.id, s.ends_at, lower(coalesce(l.marketplace, '')) AS place
      FROM told t
      JOIN finance_settlement s ON s.account_id = t.account_id AND s.currency = t.currency
       AND s.state = 'posted' AND s.ends_at <= t.through
      LEFT JOIN LATERAL (SELECT marketplace FROM finance_settlementline
                          WHERE settlement_id = s.id AND marketplace <> '' LIMIT 1) l ON true
), ends AS (
    SELECT account_id, currency, place, max(ends_at) AS until FROM series GROUP BY 1, 2, 3
), lone AS (
    SELECT account_id, currency, max(until) AS until FROM ends GROUP BY 1, 2 HAVING count(*) = 1
), refs AS (
    SELECT t.account_id, t.currency, t.since, l.order_id,
           CASE WHEN l.order_id IS NULL THEN l.order_ref ELSE '' END AS order_ref
      FROM told t
      JOIN chosen c ON c.account_id = t.account_id AND c.currency = t.currency AND c.ends_at <= t.through
      JOIN finance_settlementline l ON l.settlement_id = c.id AND l.order_ref <> ''
     UNION
    SELECT t.account_id, t.currency, t.since, a.order_id,
           CASE WHEN a.order_id IS NULL THEN a.order_ref ELSE '' END
      FROM told t
      JOIN chosen c ON c.account_id = t.account_id AND c.currency = t.currency AND c.ends_at <= t.through
      JOIN finance_announcedmoney a ON a.account_id = t.account_id AND a.currency = t.currency
       AND a.state = 'released' AND a.released_at >= c.starts_at AND a.released_at < c.ends_at
       AND a.order_ref <> ''
), said AS (
    SELECT r.*, s.amount, s.first, s.ref, s.place FROM refs r
      LEFT JOIN LATERAL (
          SELECT sum(x.amount) AS amount, min(x.posted_at) AS first, max(x.order_ref) AS ref,
                 (array_agg(s.place ORDER BY s.ends_at DESC))[1] AS place
            FROM (SELECT l.settlement_id, l.amount, l.posted_at, l.order_ref FROM finance_settlementline l
                   WHERE l.order_id = r.order_id
                  UNION ALL
                  SELECT l.settlement_id, l.amount, l.posted_at, l.order_ref FROM finance_settlementline l
                   WHERE r.order_id IS NULL AND l.order_id IS NULL AND l.order_ref <> ''
                     AND l.order_ref = r.order_ref) x
            JOIN series s ON s.id = x.settlement_id AND s.account_id = r.account_id
             AND s.currency = r.currency) s ON true
), sums AS (
    SELECT s.account_id, s.currency, s.order_id, coalesce(s.ref, a.ref, s.order_ref) AS ref,
           coalesce(a.amount, 0) AS told, coalesce(s.amount, 0) AS said, a.through
      FROM said s
      LEFT JOIN LATERAL (
          SELECT sum(x.amount) FILTER (WHERE x.released_at < e.until) AS amount, max(x.order_ref) AS ref,
                 max(e.until) AS through
            FROM (SELECT a.* FROM finance_announcedmoney a WHERE a.order_id = s.order_id
                  UNION ALL
                  SELECT a.* FROM finance_announcedmoney a
                   WHERE s.order_id IS NULL AND a.order_id IS NULL AND a.order_ref <> ''
                     AND a.account_id = s.account_id AND a.order_ref = s.order_ref) x
            LEFT JOIN channels_shop h ON h.id = x.shop_id
            LEFT JOIN ends n ON n.account_id = s.account_id AND n.currency = s.currency
             AND n.place = coalesce(s.place, lower(h.name))
            LEFT JOIN lone o ON o.account_id = s.account_id AND o.currency = s.currency
            CROSS JOIN LATERAL (SELECT coalesce(n.until, o.until) AS until) e
           WHERE x.account_id = s.account_id AND x.currency = s.currency AND x.state = 'released') a ON true
     WHERE (s.first IS NULL OR s.first >= s.since) AND (s.first IS NOT NULL OR a.through IS NOT NULL)
)
SELECT account_id, currency, order_id, ref, told, said, count(*) OVER ()
  FROM sums WHERE %(all)s OR told <> said
 ORDER BY abs(told - said) DESC, ref LIMIT %(limit)s
"""
_OF_PERIOD = """
SELECT s.id FROM finance_settlement s JOIN finance_moneyaccount m ON m.id = s.account_id
 WHERE m.book_id = %(book)s AND s.state = 'posted'
   AND (s.ends_at AT TIME ZONE %(zone)s)::date > coalesce(%(locked)s::date, '-infinity'::date)
   AND (s.ends_at AT TIME ZONE %(zone)s)::date <= %(through)s
   AND EXISTS (SELECT FROM finance_announcedmoney a
                WHERE a.account_id = s.account_id AND a.currency = s.currency)
"""


@dataclass(frozen=True, slots=True)
class Told:
    """An order with what its transactions told and what settlements said of it; ``of`` counts them all."""

    account_id: int
    currency: str
    order_id: int | None
    ref: str
    told: Decimal
    said: Decimal
    of: int

    @property
    def difference(self) -> Decimal:
        """Return what settlements brought more (positive) or less than was told."""
        return self.said - self.told


def compared(*, settlements: Sequence[int], only_differing: bool = True, limit: int = 50) -> list[Told]:
    """Return the orders of posted settlements that were told of, the largest difference first."""
    if not settlements:
        return []
    given: dict[str, Any] = {"settlements": list(settlements), "all": not only_differing, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(_COMPARED, given)
        return [Told(*row) for row in cursor.fetchall()]


def of_period(*, book: Book, through: date) -> list[Told]:
    """Return the differing orders of the settlements that ended in what is still open of a period."""
    with connection.cursor() as cursor:
        cursor.execute(
            _OF_PERIOD,
            {"book": book.pk, "zone": book.zone, "locked": book.locked_through, "through": through},
        )
        settlements = [pk for (pk,) in cursor.fetchall()]
    return compared(settlements=settlements, limit=1000)
