"""Settlement lines into the ledger, set-wise: every line two legs, once.

The clearing leg stands on the account that holds the money; the other leg carries the line and says what it
was. Both have the same base amount, so that every entry balances in both ways. Deterministic order, the
settlement's row locked first, entries keyed by settlement, day and first line: nothing can happen twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction

from channels.settlement_messages import Holder
from ecomhub.money import exponent
from finance.accounting import books, fx, ledger, plan
from finance.models import Book, MoneyAccount, Settlement
from finance.sources import registry

CHUNK = 10_000
"""Lines of one transaction; what is larger is posted in several."""

_CLEARING = {
    Holder.CHANNEL.value: plan.CLEARING,
    Holder.WALLET.value: plan.WALLET,
    Holder.BANK.value: plan.BANK,
}
_KINDS = {Holder.CHANNEL.value: "settlement", Holder.WALLET.value: "wallet", Holder.BANK.value: "bank"}

_MAPPED = """
mapped AS MATERIALIZED (
    SELECT DISTINCT ON (m.line_type_id) m.line_type_id, m.account_id, m.binding
      FROM finance_typemapping m JOIN finance_linetype t ON t.id = m.line_type_id
     WHERE t.source = ANY(%(sources)s) ORDER BY m.line_type_id, m.version DESC
)"""
# An order from before go-live was accounted for elsewhere, its tax too: nothing is expected of it here.
_OPENS = f"""
l.order_ref <> '' AND (o.is_before_go_live OR l.effective_on < %(live_on)s::date)
AND (m.binding = 'order' OR (m.binding = 'account' AND m.account_id = '{plan.COLLECTED_TAX}'))
"""
_MEANT = f"""
       CASE WHEN m.account_id IS NULL THEN '{plan.SUSPENSE}'
            WHEN m.binding = 'carry' THEN '{plan.CLEARING}'
            WHEN {_OPENS} THEN '{plan.OPENING_ORDERS}'
            WHEN m.binding = 'order' AND l.order_ref <> '' THEN '{plan.UNSETTLED}'
            ELSE m.account_id END AS contra,
       CASE WHEN (m.binding = 'order' AND l.order_ref <> '') OR ({_OPENS}) THEN m.account_id
            ELSE '' END AS component,
       CASE WHEN m.binding = 'carry' THEN c.older_id
            WHEN {_OPENS} THEN NULL
            WHEN m.account_id = '{plan.COLLECTED_TAX}' AND m.binding = 'account' THEN l.settlement_id
       END AS settlement,
       CASE WHEN m.binding = 'payout' THEN p.id END AS payout
"""
_MEANT_FROM = """
  LEFT JOIN mapped m ON m.line_type_id = l.line_type_id
  LEFT JOIN orders_order o ON o.id = l.order_id
  LEFT JOIN finance_carriedline c ON m.binding = 'carry' AND c.line_id = l.id
  LEFT JOIN finance_payout p ON m.binding = 'payout' AND p.line_id = l.id
"""
_WAITING = """
l.settlement_id = ANY(%(settlements)s) AND l.id BETWEEN %(first)s AND %(last)s AND l.amount <> 0
"""
# Fresh lines have neighbouring keys: only those are to be looked through, never the whole settlement.
_FRESH = """
l.settlement_id + 0 = ANY(%(settlements)s) AND l.id BETWEEN %(first)s AND %(last)s AND l.amount <> 0
"""
_UNPOSTED = """
AND NOT EXISTS (SELECT 1 FROM finance_posting x WHERE x.line_id = l.id AND x.turn = 0)
"""
_CARRIED = """
WITH {mapped}
INSERT INTO finance_carriedline (line_id, older_id)
SELECT l.id, (SELECT s.id FROM finance_settlement s
               WHERE s.account_id = %(account)s AND s.currency = l.currency AND s.id <> l.settlement_id
                 AND s.state = 'posted' AND s.external_id <> ''
                 AND s.external_id IN (l.reference, l.order_ref) ORDER BY s.id LIMIT 1)
  FROM finance_settlementline l JOIN mapped m ON m.line_type_id = l.line_type_id AND m.binding = 'carry'
 WHERE {where} ORDER BY l.id ON CONFLICT DO NOTHING
"""
_SENT = """
WITH {mapped}
INSERT INTO finance_payout (account_id, line_id, reference, currency, amount, sent_at, state)
SELECT %(account)s, l.id, l.reference, l.currency, -l.amount, l.posted_at, 'sent'
  FROM finance_settlementline l JOIN mapped m ON m.line_type_id = l.line_type_id AND m.binding = 'payout'
 WHERE {where} AND l.amount < 0 AND (%(holder)s = 'channel' OR m.account_id <> '1120')
 ORDER BY l.id ON CONFLICT (line_id) DO UPDATE SET state = 'sent' WHERE finance_payout.state = 'dropped'
"""
_GIVEN = """
l.id = ANY(%(lines)s) AND l.settlement_id = ANY(%(settlements)s)
AND NOT EXISTS (SELECT 1 FROM finance_match k WHERE k.line_id = l.id AND k.undoing_id IS NULL)
"""
_BINDINGS = """
SELECT DISTINCT m.binding
  FROM finance_typemapping m JOIN finance_linetype t ON t.id = m.line_type_id
 WHERE t.source = ANY(%(sources)s) AND m.binding = ANY(ARRAY['carry', 'payout'])
"""
_DAYS = """
SELECT l.settlement_id, l.currency, greatest(l.effective_on, %(open)s::date) AS day, min(l.id)
  FROM finance_settlementline l WHERE {where} GROUP BY 1, 2, 3 ORDER BY 1, 3
"""
_JOURNALS = """
INSERT INTO finance_journal (book_id, effective_on, kind, key, memo, actor)
SELECT %(book)s, j.day, %(kind)s, j.key, '', %(actor)s
  FROM unnest(%(days)s::date[], %(keys)s::text[]) AS j(day, key) ORDER BY j.key RETURNING id, key
"""
_POST = """
WITH {mapped}, journal AS MATERIALIZED (
    SELECT * FROM unnest(%(journals)s::bigint[], %(journal_settlements)s::bigint[],
                         %(journal_currencies)s::text[], %(journal_days)s::date[], %(rates)s::bigint[],
                         %(multiply)s::numeric[], %(divide)s::numeric[])
        AS j(id, settlement_id, currency, day, rate_id, multiply, divide)
), line AS (
    SELECT l.id, l.settlement_id, l.currency, l.amount, l.order_id,
           coalesce(o.shop_id, s.shop_id) AS shop_id, j.id AS journal_id, j.rate_id,
           CASE WHEN j.rate_id IS NULL THEN l.amount
                ELSE round(l.amount * j.multiply / j.divide, %(digits)s) END AS base,
           {meant}
      FROM finance_settlementline l
      JOIN finance_settlement s ON s.id = l.settlement_id
      JOIN journal j ON j.settlement_id = l.settlement_id AND j.currency = l.currency
       AND j.day = greatest(l.effective_on, %(open)s::date)
      {meant_from}
     WHERE {where}
)
INSERT INTO finance_posting (journal_id, account_id, currency, amount, base_amount, rate_id, component,
    shop_id, order_id, settlement_id, payout_id, money_account_id, line_id, turn)
SELECT line.journal_id, leg.account, line.currency, leg.sign * line.amount, leg.sign * line.base,
       line.rate_id, leg.component, line.shop_id, line.order_id, leg.settlement, leg.payout, %(account)s,
       leg.line, 0
  FROM line CROSS JOIN LATERAL (VALUES
    (1, %(clearing)s, '', line.settlement_id, NULL::bigint, NULL::bigint),
    (-1, line.contra, line.component, line.settlement, line.payout, line.id)
  ) AS leg(sign, account, component, settlement, payout, line)
 ORDER BY line.id, leg.sign DESC
"""
_MOVED = """
WITH {mapped}, now AS (
    SELECT l.id, l.settlement_id, greatest(l.effective_on, %(open)s::date) AS day,
           x.turn, x.account_id, x.currency, x.amount, x.base_amount, x.rate_id,
           x.component AS was_component, x.shop_id AS was_shop, x.order_id AS was_order,
           x.settlement_id AS was_settlement, x.payout_id AS was_payout, x.money_account_id,
           l.order_id, coalesce(o.shop_id, s.shop_id) AS shop_id, {meant}
      FROM finance_settlementline l
      JOIN finance_settlement s ON s.id = l.settlement_id AND s.account_id = %(account)s
      JOIN LATERAL (SELECT * FROM finance_posting p WHERE p.line_id = l.id ORDER BY p.turn DESC LIMIT 1) x
        ON true
      {meant_from}
     WHERE l.id = ANY(%(lines)s)
       AND NOT EXISTS (SELECT 1 FROM finance_match k WHERE k.line_id = l.id AND k.undoing_id IS NULL)
       AND NOT EXISTS (SELECT 1 FROM finance_payout y
                         JOIN finance_match k ON k.payout_id = y.id AND k.undoing_id IS NULL
                        WHERE y.line_id = l.id)
), moved AS (
    SELECT * FROM now WHERE (account_id, was_component, coalesce(was_order, 0), coalesce(was_settlement, 0),
                             coalesce(was_payout, 0))
       IS DISTINCT FROM (contra, component, coalesce(order_id, 0), coalesce(settlement, 0),
                         coalesce(payout, 0))
)
"""
_MOVES = """
SELECT settlement_id, day, min(id), (array_agg(turn ORDER BY id))[1], count(*) FROM moved
 GROUP BY 1, 2 ORDER BY 1, 2
"""
_REBOOK = """
, journal AS MATERIALIZED (
    SELECT * FROM unnest(%(journals)s::bigint[], %(journal_settlements)s::bigint[], %(journal_days)s::date[])
        AS j(id, settlement_id, day)
)
INSERT INTO finance_posting (journal_id, account_id, currency, amount, base_amount, rate_id, component,
    shop_id, order_id, settlement_id, payout_id, money_account_id, line_id, turn)
SELECT j.id, leg.account, moved.currency, leg.sign * moved.amount, leg.sign * moved.base_amount,
       moved.rate_id, leg.component, leg.shop, leg.order_id, leg.settlement, leg.payout,
       moved.money_account_id, moved.id, moved.turn + leg.step
  FROM moved JOIN journal j USING (settlement_id, day) CROSS JOIN LATERAL (VALUES
    (-1, 1, moved.account_id, moved.was_component, moved.was_shop, moved.was_order, moved.was_settlement,
     moved.was_payout),
    (1, 2, moved.contra, moved.component, moved.shop_id, moved.order_id, moved.settlement, moved.payout)
  ) AS leg(sign, step, account, component, shop, order_id, settlement, payout)
 ORDER BY moved.id, leg.step
"""


class RatesMissing(Exception):
    """No rate for some currencies and days; nothing was posted."""

    def __init__(self, missing: Sequence[fx.Wanted]) -> None:
        super().__init__(", ".join(f"{currency} {day}" for currency, day in missing))
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of some settlements with keys from ``first`` to ``last``; ``fresh`` ones were never posted."""

    settlements: Sequence[int]
    first: int
    last: int
    fresh: bool = False


def holder_of(*, account: MoneyAccount, source: str) -> str:
    """Return who keeps the money a source speaks of: some platforms have a wallet of their own beside."""
    if account.holder != Holder.CHANNEL.value:
        return account.holder
    try:
        known = registry.source(source)
    except LookupError:
        return account.holder
    return known.holder.value if known.platform else account.holder


def held_book(*, account: MoneyAccount) -> Book:
    """Return the account's book, which nobody closes until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM finance_book WHERE id = %s FOR SHARE", [account.book_id])
    return Book.objects.get(pk=account.book_id)


def post(*, account: MoneyAccount, lines: Lines, actor: str = "system") -> int:
    """Post lines that are not in the ledger yet; return how many were.

    Belongs into a transaction that holds the settlements' rows. Raises ``RatesMissing``, and what the ledger
    refuses; then the transaction is to be given up.
    """
    book = held_book(account=account)
    given = _given(account=account, book=book, settlements=lines.settlements) | {
        "first": lines.first,
        "last": lines.last,
        "actor": actor[:160],
    }
    where = _FRESH if lines.fresh else _WAITING + _UNPOSTED
    with ledger.refusals(), connection.cursor() as cursor:
        cursor.execute(_BINDINGS, given)
        bindings = {binding for (binding,) in cursor.fetchall()}
        if "carry" in bindings:
            cursor.execute(_CARRIED.format(mapped=_MAPPED, where=where), given)
        if "payout" in bindings:
            cursor.execute(_SENT.format(mapped=_MAPPED, where=where), given)
        cursor.execute(_DAYS.format(where=where), given)
        parts = cursor.fetchall()
        if not parts:
            return 0
        given |= _journals(cursor, book=book, parts=parts, kind=_KINDS[given["holder"]], given=given)
        cursor.execute(_POST.format(mapped=_MAPPED, meant=_MEANT, meant_from=_MEANT_FROM, where=where), given)
        return int(cursor.rowcount) // 2


def rebook(*, lines: Sequence[int], kind: str, actor: str = "system") -> int:
    """Reverse and book anew posted lines that are not booked as they are meant now; return how many.

    What is meant changes with a type's mapping, the order found for a line, the older settlement a carry
    belongs to. What is matched stays until it is taken apart. Each money account's lines move in a
    transaction of their own. ``kind`` is the entries'.
    """
    moved = 0
    accounts = MoneyAccount.objects.filter(settlements__lines__in=lines).distinct().order_by("pk")
    for account in accounts:
        with transaction.atomic():
            moved += _rebook(account=account, lines=lines, kind=kind, actor=actor)
    return moved


def _rebook(*, account: MoneyAccount, lines: Sequence[int], kind: str, actor: str) -> int:
    held = Settlement.objects.filter(account=account, lines__in=lines).distinct().order_by("pk")
    settlements = list(held.values_list("pk", flat=True))
    lock(settlements=settlements)
    book = held_book(account=account)
    given = _given(account=account, book=book, settlements=settlements)
    given |= {"lines": list(lines), "actor": actor[:160], "kind": kind}
    moved = _MOVED.format(mapped=_MAPPED, meant=_MEANT, meant_from=_MEANT_FROM)
    with ledger.refusals(), connection.cursor() as cursor:
        cursor.execute(_SENT.format(mapped=_MAPPED, where=_GIVEN), given)
        cursor.execute(moved + _MOVES, given)
        moves = cursor.fetchall()
        if not moves:
            return 0
        keys = [f"{kind}:{one}:{day}:{line}:{turn}" for one, day, line, turn, _count in moves]
        given |= {"keys": keys, "days": [move[1] for move in moves]}
        cursor.execute(_JOURNALS, given)
        made = {key: journal for journal, key in cursor.fetchall()}
        given |= {
            "journals": [made[key] for key in keys],
            "journal_settlements": [move[0] for move in moves],
            "journal_days": [move[1] for move in moves],
        }
        cursor.execute(moved + _REBOOK, given)
    return sum(move[4] for move in moves)


def lock(*, settlements: Sequence[int]) -> None:
    """Hold these settlements' rows, in the order of their keys, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM finance_settlement WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [list(settlements)],
        )


def _given(*, account: MoneyAccount, book: Book, settlements: Sequence[int]) -> dict[str, Any]:
    sources = sorted(set(Settlement.objects.filter(pk__in=settlements).values_list("source", flat=True)))
    holder = holder_of(account=account, source=sources[0] if sources else "")
    return {
        "account": account.pk,
        "holder": holder,
        "book": book.pk,
        "open": books.first_open_day(book=book),
        "live_on": account.live_on,
        "digits": exponent(book.currency),
        "clearing": _CLEARING[holder],
        "settlements": list(settlements),
        "sources": sources,
    }


def _journals(
    cursor: Any, *, book: Book, parts: Sequence[tuple[int, str, date, int]], kind: str, given: dict[str, Any]
) -> dict[str, Any]:
    """Begin an entry per settlement and day, each with its rate."""
    wanted = {(currency, day) for _one, currency, day, _line in parts}
    rates = fx.rates_for(book=book, wanted=wanted)
    if missing := sorted(want for want in wanted if want not in rates):
        raise RatesMissing(missing)
    keys = [f"settlement:{one}:{day}:{line}" for one, _currency, day, line in parts]
    cursor.execute(_JOURNALS, given | {"kind": kind, "keys": keys, "days": [part[2] for part in parts]})
    made = {key: journal for journal, key in cursor.fetchall()}
    used = [rates[currency, day] for _one, currency, day, _line in parts]
    return {
        "journals": [made[key] for key in keys],
        "journal_settlements": [part[0] for part in parts],
        "journal_currencies": [part[1] for part in parts],
        "journal_days": [part[2] for part in parts],
        "rates": [rate.rate_id for rate in used],
        "multiply": [rate.multiply for rate in used],
        "divide": [rate.divide for rate in used],
    }
