"""Reads of the opening orders 期初订单: what stands on 1106, line by line, and what it adds up to.

A line of an order older than the go-live settles against 1106 and is listed here, not raised: nobody expected
anything of it. What a sheet of opening balances or an entry by hand put there is listed beside the lines, so
that the list always adds up to the account.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from ecomhub.access import Actor

PAGE = 50

# The literal is that of the index posting_opening. A line stands where its last turn put it.
_STANDING = """
  FROM finance_posting p
  JOIN finance_journal j ON j.id = p.journal_id
  LEFT JOIN finance_settlementline l ON l.id = p.line_id
  LEFT JOIN orders_order o ON o.id = p.order_id
 WHERE p.account_id = '1106' AND p.amount <> 0
   AND (p.line_id IS NULL OR (j.reverses_id IS NULL AND NOT EXISTS (
        SELECT FROM finance_posting n WHERE n.line_id = p.line_id AND n.turn > p.turn)))
   AND (%(shops)s::bigint[] IS NULL OR p.shop_id = ANY(%(shops)s))
   AND (%(shop)s::bigint IS NULL OR p.shop_id = %(shop)s)
   AND (%(text)s = '' OR coalesce(o.external_id, l.order_ref, '') ILIKE %(text)s)
"""
_ROWS = f"""
SELECT t.id, t.day, t.ref, t.order_id, h.short_name, s.id, s.external_id, m.name, t.journal_id, t.memo,
       t.currency, t.amount
  FROM (SELECT p.id, coalesce(l.effective_on, j.effective_on) AS day,
               coalesce(o.external_id, l.order_ref, '') AS ref, p.order_id, p.shop_id,
               coalesce(l.settlement_id, p.settlement_id) AS settlement_id, p.journal_id, j.memo,
               p.currency, p.amount, p.money_account_id
        {_STANDING}
           AND (%(after)s = 0 OR p.id < %(after)s) AND (%(before)s = 0 OR p.id > %(before)s)
         ORDER BY p.id {{way}} LIMIT %(limit)s) t
  LEFT JOIN channels_shop h ON h.id = t.shop_id
  LEFT JOIN finance_settlement s ON s.id = t.settlement_id
  LEFT JOIN finance_moneyaccount m ON m.id = coalesce(s.account_id, t.money_account_id)
 ORDER BY t.id DESC
"""  # noqa: S608
_TOTALS = f"""
SELECT e.name, t.currency, t.rows, t.amount
  FROM (SELECT j.book_id, p.currency, count(*) AS rows, sum(p.amount) AS amount
        {_STANDING}
         GROUP BY 1, 2) t
  JOIN finance_book b ON b.id = t.book_id JOIN ecomhub_legalentity e ON e.id = b.legal_entity_id
 ORDER BY b.id, t.currency
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """Money of an order from before the go-live, as it stands on 1106: what came is below zero.

    ``settlement_id`` is empty, and ``memo`` may say more, where no line of a settlement put it there.
    """

    posting_id: int
    on: date
    order_ref: str
    order_id: int | None
    shop: str | None
    settlement_id: int | None
    settlement: str | None
    account: str | None
    journal_id: int
    memo: str
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class OpeningTotal:
    """What the listed lines of a book add up to in one currency: without a filter, its balance of 1106."""

    book: str
    currency: str
    rows: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class OpeningPage:
    """One page of them, the latest booked first, by keyset; 0 where there is no neighbor."""

    rows: list[OpeningLine]
    previous: int = 0
    following: int = 0


def opening_totals(*, actor: Actor, shop: int | None = None, text: str = "") -> list[OpeningTotal]:
    """Return what stands on 1106 by book and currency, of the shops somebody may see."""
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS, _given(actor, shop, text))
        return [OpeningTotal(*row) for row in cursor.fetchall()]


def opening_page(
    *, actor: Actor, shop: int | None = None, text: str = "", after: int = 0, before: int = 0
) -> OpeningPage:
    """Return one page of what stands on 1106; ``text`` is how an order's number begins."""
    given = _given(actor, shop, text) | {
        "after": 0 if before else after,
        "before": before,
        "limit": PAGE + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(way="ASC" if before else "DESC"), given)
        taken = [OpeningLine(*row) for row in cursor.fetchall()]
    has_more = len(taken) > PAGE
    if before:
        shown, earlier, later = taken[-PAGE:], has_more, True
    else:
        shown, earlier, later = taken[:PAGE], bool(after), has_more
    if not shown:
        return OpeningPage([])
    return OpeningPage(shown, shown[0].posting_id if earlier else 0, shown[-1].posting_id if later else 0)


def _given(actor: Actor, shop: int | None, text: str) -> dict[str, Any]:
    may = actor.may("finance.view")
    shops = sorted(actor.shop_ids) if actor.shop_ids is not None else None
    begins = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {"shops": shops if may else [], "shop": shop, "text": f"{begins}%" if begins else ""}
