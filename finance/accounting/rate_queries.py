"""Reads of exchange rates and of the documents they came in."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, QuerySet

from ecomhub import keyset
from finance.models import FxRate

PAGE = 60


@dataclass(frozen=True, slots=True)
class RateFilter:
    """What is asked of the table of rates; ``text`` is a currency or a pair such as USD/CNY."""

    source: str = ""
    text: str = ""
    on: date | None = None
    kind: str = ""


def rates(*, wanted: RateFilter) -> "QuerySet[FxRate]":
    """Return the rates that fit a filter, up to and with its day, in no order."""
    rows = FxRate.objects.select_related("first_leg", "second_leg", "file__file")
    if wanted.source:
        rows = rows.filter(source=wanted.source)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.on is not None:
        rows = rows.filter(on__lte=wanted.on)
    codes = [code for code in wanted.text.upper().replace("-", "/").replace(" ", "/").split("/") if code][:2]
    if len(codes) == 2:
        rows = rows.filter(base=codes[0], quote=codes[1]) | rows.filter(base=codes[1], quote=codes[0])
    elif codes:
        rows = rows.filter(base=codes[0]) | rows.filter(quote=codes[0])
    return rows


@dataclass(frozen=True, slots=True)
class Later:
    """Rates dated after a day: how many, and the last one's day."""

    count: int
    last: date


def later(*, wanted: RateFilter, day: date) -> Later | None:
    """Return what fits a filter and is dated after a day; nothing when nothing is."""
    found = rates(wanted=wanted).filter(on__gt=day).aggregate(count=Count("pk"), last=Max("on"))
    return Later(**found) if found["count"] else None


def rate_page(*, rows: "QuerySet[FxRate]", after: str = "", before: str = "") -> keyset.Page[FxRate]:
    """Return one page, the latest day first."""
    return keyset.page_of(
        rows=rows,
        keys=["on", "pk"],
        after=keyset.day_place(after),
        up_to=keyset.day_place(before),
        size=PAGE,
        key_of=lambda row: keyset.day_key(row.on, row.pk),
    )
