"""Period-end revaluation (期末调汇): what money in other currencies is worth at the closing rate.

Only base amounts move. What is over (a settlement, a payout, an order, a currency with nothing left) gives
its remainder to the realized result, for good. What is still there is brought to the closing rate against
the unrealized result, and the day after takes that back, so that the next facts find their own rates.
Doing it twice adds only what changed since.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from ecomhub.limits import lift_limits
from finance.accounting import fx, ledger
from finance.accounting.fx import RateMissing
from finance.accounting.ledger import Leg
from finance.accounting.plan import (
    BANK,
    CLEARING,
    OPENING_ORDERS,
    PAYOUTS,
    REALIZED,
    UNREALIZED,
    UNSETTLED,
    WALLET,
    WITHDRAWALS,
)
from finance.models.ledger import Book, Journal


@dataclass(frozen=True, slots=True)
class Revaluation:
    """What a revaluation posted; gains are positive, in base currency."""

    on: date
    realized: Decimal
    unrealized: Decimal
    journals: list[int]


ITEM = f"""
    CASE WHEN p.account_id = '{CLEARING}' THEN p.settlement_id END,
    CASE WHEN p.account_id IN ('{UNSETTLED}', '{OPENING_ORDERS}') THEN p.order_id END,
    CASE WHEN p.account_id IN ('{PAYOUTS}', '{WITHDRAWALS}') THEN p.payout_id END,
    CASE WHEN p.account_id IN ('{BANK}', '{WALLET}') THEN p.money_account_id END,
    CASE WHEN p.account_id NOT IN ('{CLEARING}', '{UNSETTLED}', '{OPENING_ORDERS}', '{PAYOUTS}',
                                   '{WITHDRAWALS}', '{BANK}', '{WALLET}') THEN p.shop_id END
"""
"""What one thing of an account is: money that came in is set against the money that leaves of the same."""
LASTING = "NOT (j.kind = 'revaluation' AND p.rate_id IS NOT NULL)"
"""Without what a revaluation only lends to a day: it is of an account as a whole, never of a thing of it."""

_OVER = f"""
SELECT p.account_id, p.currency, {ITEM}, max(p.shop_id), sum(p.base_amount)
FROM finance_posting p
JOIN finance_journal j ON j.id = p.journal_id
JOIN finance_account a ON a.code = p.account_id AND a.is_monetary
WHERE j.book_id = %s AND j.effective_on <= %s AND p.currency <> %s AND {LASTING}
GROUP BY p.account_id, p.currency, 3, 4, 5, 6, 7
HAVING sum(p.amount) = 0 AND sum(p.base_amount) <> 0
ORDER BY 1, 2, 3, 4, 5, 6, 7
"""  # noqa: S608
_HELD = """
SELECT p.account_id, p.currency, p.money_account_id, p.shop_id, sum(p.amount), sum(p.base_amount)
FROM finance_posting p
JOIN finance_journal j ON j.id = p.journal_id
JOIN finance_account a ON a.code = p.account_id AND a.is_monetary
WHERE j.book_id = %s AND j.effective_on <= %s AND p.currency <> %s
GROUP BY 1, 2, 3, 4 HAVING sum(p.amount) <> 0 OR sum(p.base_amount) <> 0 ORDER BY 1, 2, 3, 4
"""


def revalue(*, book: Book, on: date, actor: str = "system") -> Revaluation:
    """Revalue a book's monetary accounts at the closing rate of a day, and take it back the day after.

    The closing rate is the last published on or before that day, whatever the book's policy for facts is.
    Raises ``RateMissing`` before anything is written, ``PeriodClosed``.
    """
    with transaction.atomic():
        lift_limits()
        book = Book.objects.select_for_update(no_key=True).get(pk=book.pk)
        rates = _closing_rates(book, on)
        journals: list[int] = []
        over = _realized_legs(book, on)
        if over:
            journals.append(_post(book, on, "realized", over, actor))
        held = _unrealized_legs(book, on, rates)
        if held:
            journals.append(_post(book, on, "unrealized", held, actor))
            back = ledger.reverse(
                journal_id=journals[-1],
                effective_on=on + timedelta(days=1),
                key=f"revaluation:back:{journals[-1]}",
                kind=Journal.Kind.REVALUATION,
                actor=actor,
            )
            journals.append(back.journal_id)
    return Revaluation(
        on=on,
        realized=-sum((leg.base_amount for leg in over if leg.account == REALIZED), Decimal(0)),
        unrealized=-sum((leg.base_amount for leg in held if leg.account == UNREALIZED), Decimal(0)),
        journals=journals,
    )


def open_differences(*, book: Book, on: date) -> list[str]:
    """Name the positions whose base amount is not yet what the closing rate makes of them."""
    rates = _closing_rates(book, on)
    legs = [*_realized_legs(book, on), *_unrealized_legs(book, on, rates)]
    return [f"{leg.account} {leg.currency} {leg.base_amount}" for leg in legs[::2]]


def missing_rates(*, book: Book, on: date) -> list[str]:
    """Return the currencies a book holds on a day for which there is no closing rate."""
    held = {row[1] for row in _rows(_HELD, book, on)}
    wanted = [(currency, on) for currency in held]
    found = fx.rates_for(book=book, wanted=wanted, policy=Book.RatePolicy.DAY)
    return sorted(currency for currency, day in wanted if (currency, day) not in found)


def _closing_rates(book: Book, on: date) -> dict[str, fx.BookRate]:
    held = sorted({row[1] for row in _rows(_HELD, book, on)})
    found = fx.rates_for(book=book, wanted=[(currency, on) for currency in held], policy=Book.RatePolicy.DAY)
    for currency in held:
        if (currency, on) not in found:
            raise RateMissing(
                currency=currency, day=on, message=fx.missing_words(book=book, currency=currency, day=on)
            )
    return {currency: found[currency, on] for currency in held}


def _rows(query: str, book: Book, on: date) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, [book.pk, on, book.currency])
        return list(cursor.fetchall())


def _pair(result: str, leg: Leg) -> list[Leg]:
    """Return a base-only leg with its opposite on a result account."""
    return [
        leg,
        Leg(result, leg.currency, Decimal(0), -leg.base_amount, shop_id=leg.shop_id),
    ]


def _realized_legs(book: Book, on: date) -> list[Leg]:
    legs: list[Leg] = []
    for account, currency, settlement, order, payout, money_account, _shop, shop, base in _rows(
        _OVER, book, on
    ):
        legs += _pair(
            REALIZED,
            Leg(
                account,
                currency,
                Decimal(0),
                -base,
                shop_id=shop,
                order_id=order,
                settlement_id=settlement,
                payout_id=payout,
                money_account_id=money_account,
            ),
        )
    return legs


def _unrealized_legs(book: Book, on: date, rates: dict[str, fx.BookRate]) -> list[Leg]:
    legs: list[Leg] = []
    for account, currency, money_account, shop, amount, base in _rows(_HELD, book, on):
        off = rates[currency].base(amount) - base
        if off:
            leg = Leg(
                account,
                currency,
                Decimal(0),
                off,
                rate_id=rates[currency].rate_id,
                shop_id=shop,
                money_account_id=money_account,
            )
            legs += _pair(UNREALIZED, leg)
    return legs


def _post(book: Book, on: date, what: str, legs: list[Leg], actor: str) -> int:
    prefix = f"revaluation:{what}:{on}:"
    turn = Journal.objects.filter(book=book, key__startswith=prefix).count()
    posted = ledger.post(
        book=book,
        effective_on=on,
        kind=Journal.Kind.REVALUATION,
        key=f"{prefix}{turn}",
        legs=legs,
        actor=actor,
    )
    return posted.journal_id
