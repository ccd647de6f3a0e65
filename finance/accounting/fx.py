"""Which rate turns an amount into base currency: the book's policy, applied to the stored rates.

The rate of a day is the last one published on or before it, at most ``rate_days`` old: never a later one,
never something between two. A person's own rate counts like a published one and wins on its day. A rate
through a third currency is used only where the book allows it, only through the source's own pivot, from
two rates of one day, and it is stored with both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from ecomhub.money import converted
from finance.accounting.rate_sources import BY_KEY, MANUAL
from finance.models.ledger import Book
from finance.models.rates import FxRate

_EXACT = Context(prec=60)
_PLACES = 12
_SIGNIFICANT = 10
"""Digits a stored cross rate keeps at least; ``unit`` grows until it does."""
_LOOKED_AT = 400
"""Rates of one currency looked at for a day on which the other one was published too."""


class RateMissing(Exception):
    """No stored rate fits; what needed it waits. The text says what to import or type."""

    def __init__(self, *, currency: str, day: date, message: str) -> None:
        super().__init__(message)
        self.currency = currency
        self.day = day


@dataclass(frozen=True, slots=True)
class BookRate:
    """How an amount becomes base currency: times ``multiply``, divided by ``divide``, rounded once.

    Two exact numbers and not their quotient: an inverse quotation would lose digits. ``rate_id`` is the
    stored row, ``None`` in the book's own currency; ``on`` is its day.
    """

    currency: str
    rate_id: int | None
    multiply: Decimal
    divide: Decimal
    on: date | None

    def base(self, amount: Decimal) -> Decimal:
        """Return an amount in base currency, in its decimals, halves away from zero."""
        return converted(amount, self.currency, multiply=self.multiply, divide=self.divide)


Wanted = tuple[str, date]
"""(currency, day)"""

# One probe of the unique index per wanted day, direction and source.
_STORED = """
SELECT w.currency, w.asked, r.id, r.base, r.unit, r.rate, r."on"
FROM unnest(%(currencies)s::text[], %(days)s::date[]) AS w (currency, asked)
CROSS JOIN LATERAL (
    SELECT found.*
    FROM unnest(%(sources)s::text[], %(kinds)s::text[]) WITH ORDINALITY AS s (source, kind, rank)
    CROSS JOIN (VALUES (true), (false)) AS d (direct)
    CROSS JOIN LATERAL (
        SELECT f.id, f.base, f.unit, f.rate, f."on", s.rank FROM finance_fxrate f
        WHERE f.source = s.source AND f.kind = s.kind
            AND f.base = CASE WHEN d.direct THEN w.currency ELSE %(book)s END
            AND f.quote = CASE WHEN d.direct THEN %(book)s ELSE w.currency END
            AND f."on" BETWEEN w.asked - %(age)s AND w.asked
        ORDER BY f."on" DESC, f.version DESC LIMIT 1
    ) AS found
    ORDER BY found."on" DESC, found.rank LIMIT 1
) AS r
"""
# The rates of one day against the pivot, each in whichever direction its source quotes.
_LEGS = """
SELECT w.currency, w.asked, r.*
FROM unnest(%(currencies)s::text[], %(days)s::date[]) AS w (currency, asked)
CROSS JOIN LATERAL (
    SELECT a."on", a.id, a.base, a.unit, a.rate, b.id, b.base, b.unit, b.rate
    FROM (VALUES (true), (false)) AS d (direct)
    CROSS JOIN LATERAL (
        SELECT f.id, f.base, f.unit, f.rate, f."on", f.version FROM finance_fxrate f
        WHERE f.source = %(source)s AND f.kind = 'published'
            AND f.base = CASE WHEN d.direct THEN w.currency ELSE %(pivot)s END
            AND f.quote = CASE WHEN d.direct THEN %(pivot)s ELSE w.currency END
            AND f."on" BETWEEN w.asked - %(age)s AND w.asked
        ORDER BY f."on" DESC, f.version DESC LIMIT %(most)s
    ) AS a
    CROSS JOIN (VALUES (true), (false)) AS e (direct)
    CROSS JOIN LATERAL (
        SELECT f.id, f.base, f.unit, f.rate FROM finance_fxrate f
        WHERE f.source = %(source)s AND f.kind = 'published'
            AND f.base = CASE WHEN e.direct THEN %(book)s ELSE %(pivot)s END
            AND f.quote = CASE WHEN e.direct THEN %(pivot)s ELSE %(book)s END
            AND f."on" = a."on"
        ORDER BY f."on" DESC, f.version DESC LIMIT 1
    ) AS b
    ORDER BY a."on" DESC, a.version DESC LIMIT 1
) AS r
"""
_KEEP = """
WITH made AS (
    SELECT m.*, coalesce((SELECT max(version) FROM finance_fxrate f WHERE f.source = %(source)s
        AND f.kind = 'cross' AND f.base = m.base AND f.quote = %(book)s AND f."on" = m.day), 0) + 1 AS version
    FROM unnest(%(bases)s::text[], %(units)s::int[], %(days)s::date[], %(rates)s::numeric[],
                %(firsts)s::bigint[], %(seconds)s::bigint[]) AS m (base, unit, day, rate, first, second)
    WHERE NOT EXISTS (SELECT FROM finance_fxrate f WHERE f.source = %(source)s AND f.kind = 'cross'
        AND f.base = m.base AND f.quote = %(book)s AND f."on" = m.day
        AND f.first_leg_id = m.first AND f.second_leg_id = m.second)
)
INSERT INTO finance_fxrate (source, kind, base, quote, unit, "on", rate, version, first_leg_id,
    second_leg_id, reason, actor)
SELECT %(source)s, 'cross', base, %(book)s, unit, day, rate, version, first, second, '', 'system'
FROM made ORDER BY base, day ON CONFLICT DO NOTHING
"""


def rate_for(*, book: Book, currency: str, day: date) -> BookRate:
    """Return the rate of one currency on one day. Raises ``RateMissing``."""
    held = rates_for(book=book, wanted=[(currency, day)])
    try:
        return held[currency, day]
    except KeyError:
        raise RateMissing(
            currency=currency, day=day, message=missing_words(book=book, currency=currency, day=day)
        ) from None


def rates_for(*, book: Book, wanted: Iterable[Wanted], policy: str | None = None) -> dict[Wanted, BookRate]:
    """Return the rate of each currency and day by the book's policy; what has none is not in the answer.

    ``policy`` is another one than the book's, for closing rates. Rates through a third currency are stored
    on the way. One statement, and three more where such rates are needed, however much is wanted.
    """
    policy = policy or book.rate_policy
    found: dict[Wanted, BookRate] = {}
    asked: dict[Wanted, list[Wanted]] = {}
    for currency, day in set(wanted):
        if currency == book.currency:
            found[currency, day] = BookRate(book.currency, None, Decimal(1), Decimal(1), None)
        else:
            asked.setdefault((currency, asked_day(policy=policy, day=day)), []).append((currency, day))
    stored = _stored(book, sorted(asked), typed=policy == Book.RatePolicy.TYPED)
    if book.allows_cross_rates and policy != Book.RatePolicy.TYPED:
        stored |= _crossed(book, sorted(set(asked) - set(stored)))
    for key, rate in stored.items():
        for want in asked[key]:
            found[want] = rate
    return found


def asked_day(*, policy: str, day: date) -> date:
    """Return the day whose rate is the rate of ``day``: itself, or the first of its month."""
    return day if policy == Book.RatePolicy.DAY else day.replace(day=1)


def missing_words(*, book: Book, currency: str, day: date) -> str:
    """Say which rate is missing and what to do."""
    named = {"currency": currency, "base": book.currency, "day": asked_day(policy=book.rate_policy, day=day)}
    if book.rate_policy == Book.RatePolicy.TYPED:
        return _("Type the month's rate of %(currency)s in %(base)s for %(day)s.") % named
    words = _("There is no rate of %(currency)s in %(base)s for %(day)s. Import rates or type one.") % named
    pivot = BY_KEY[book.rate_source].pivot if book.rate_source in BY_KEY else ""
    if not book.allows_cross_rates and pivot and book.currency != pivot:
        words += " " + _("This book uses no rates through a third currency (%s).") % pivot
    return words


def _book_rate(book: Book, row: Sequence[Any]) -> BookRate:
    """Return a stored rate as a factor; the row is (id, base, unit, rate, on)."""
    pk, base, unit, rate, on = row
    if base == book.currency:
        return BookRate(book.currency, pk, Decimal(unit), rate, on)
    return BookRate(book.currency, pk, rate, Decimal(unit), on)


def _stored(book: Book, keys: Sequence[Wanted], *, typed: bool) -> dict[Wanted, BookRate]:
    if not keys:
        return {}
    values = {
        "currencies": [currency for currency, _day in keys],
        "days": [day for _currency, day in keys],
        "book": book.currency,
        "sources": [MANUAL] if typed else [MANUAL, book.rate_source],
        "kinds": [FxRate.Kind.TYPED.value, FxRate.Kind.PUBLISHED.value][: 1 if typed else 2],
        "age": 0 if typed else book.rate_days,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STORED, values)
        return {(row[0], row[1]): _book_rate(book, row[2:]) for row in cursor.fetchall()}


def _crossed(book: Book, keys: Sequence[Wanted]) -> dict[Wanted, BookRate]:
    """Build the rates of ``keys`` through the source's pivot, store them with both legs, return them."""
    source = BY_KEY.get(book.rate_source)
    if not keys or source is None or source.pivot in ("", book.currency):
        return {}
    values: dict[str, Any] = {
        "currencies": [currency for currency, _day in keys],
        "days": [day for _currency, day in keys],
        "source": source.key,
        "pivot": source.pivot,
        "book": book.currency,
        "age": book.rate_days,
        "most": _LOOKED_AT,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LEGS, values)
        rows = cursor.fetchall()
        if not rows:
            return {}
        made = {(row[0], row[2]): (_cross(source.pivot, row[3:]), row[3], row[7]) for row in rows}
        cursor.execute(
            _KEEP,
            values
            | {
                "bases": [currency for currency, _on in made],
                "days": [on for _currency, on in made],
                "units": [unit for (unit, _rate), _first, _second in made.values()],
                "rates": [rate for (_unit, rate), _first, _second in made.values()],
                "firsts": [first for _made, first, _second in made.values()],
                "seconds": [second for _made, _first, second in made.values()],
            },
        )
    kept = FxRate.objects.filter(
        kind=FxRate.Kind.CROSS,
        first_leg__in={row[3] for row in rows},
        second_leg__in={row[7] for row in rows},
    ).values_list("first_leg", "second_leg", "id", "base", "unit", "rate", "on")
    by_legs = {row[:2]: _book_rate(book, row[2:]) for row in kept}
    return {(row[0], row[1]): by_legs[row[3], row[7]] for row in rows if (row[3], row[7]) in by_legs}


def _cross(pivot: str, legs: Sequence[Any]) -> tuple[int, Decimal]:
    """Return (unit, rate) of a currency in another from their rates against the pivot, divided once.

    ``legs`` is (id, base, unit, rate) of the currency's rate and of the other's.
    """
    _id, base, unit, rate, _other, base_other, unit_other, rate_other = legs
    above, below = _EXACT.create_decimal(1), _EXACT.create_decimal(1)
    for number, divisor, upwards in (
        (rate, unit, base != pivot),
        (rate_other, unit_other, base_other == pivot),
    ):
        above = _EXACT.multiply(above, number if upwards else Decimal(divisor))
        below = _EXACT.multiply(below, Decimal(divisor) if upwards else number)
    return as_quoted(_EXACT.divide(above, below))


def as_quoted(exact: Decimal) -> tuple[int, Decimal]:
    """Return (unit, rate) for what one of a currency costs, with enough digits for any amount."""
    lacking = max(0, _SIGNIFICANT - _PLACES - exact.adjusted() - 1)
    unit = 10 ** min(lacking, 9)
    rate = _EXACT.multiply(exact, Decimal(unit)).quantize(Decimal(1).scaleb(-_PLACES), context=_EXACT)
    return unit, rate
