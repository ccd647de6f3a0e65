"""Reads of exchange rates and of the documents they came in."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from ecomhub import keyset
from finance.models import FxRate, RateFile

PAGE = 60


@dataclass(frozen=True, slots=True)
class RateFilter:
    """What is asked of the table of rates; ``text`` is a currency or a pair such as USD/CNY."""

    source: str = ""
    text: str = ""
    on: date | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class RatePage:
    """One page by keyset; the keys are empty where there is no neighbor."""

    rows: list[FxRate]
    previous: str = ""
    following: str = ""


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


def rate_page(*, rows: "QuerySet[FxRate]", after: str = "", before: str = "") -> RatePage:
    """Return one page, the latest day first."""
    keys = ["on", "pk"]
    behind, ahead = keyset.day_place(after), keyset.day_place(before)
    if ahead:
        taken = list(rows.filter(keyset.behind(keys=keys, values=ahead)).order_by("on", "pk")[: PAGE + 1])
        shown, earlier, later = taken[:PAGE][::-1], len(taken) > PAGE, True
    else:
        if behind:
            rows = rows.filter(keyset.before(keys=keys, values=behind))
        taken = list(rows.order_by("-on", "-pk")[: PAGE + 1])
        shown, earlier, later = taken[:PAGE], bool(behind), len(taken) > PAGE
    if not shown:
        return RatePage([])
    return RatePage(shown, _key(shown[0]) if earlier else "", _key(shown[-1]) if later else "")


def rate_files(*, size: int = 10) -> list[RateFile]:
    """Return the documents of rates that came in last."""
    return list(RateFile.objects.select_related("file").order_by("-pk")[:size])


def _key(row: FxRate) -> str:
    return f"{row.on.isoformat()}_{row.pk}"
