"""How a document writes its dates: the order of day and month is decided once, by what is possible."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from functools import cache

from babel.dates import get_month_names
from django.utils.translation import gettext as _

from channels.money_files.zones import zone_of
from channels.settlement_messages import StatementUnreadable

_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "tr")
_NUMERIC = re.compile(r"([0-9]{1,4})\s*[-./年]\s*([0-9]{1,2})\s*[-./月]\s*([0-9]{1,4})日?")
_COMPACT = re.compile(r"(20[0-9]{2})([0-9]{2})([0-9]{2})(?![0-9])")
_DAY_WORD = re.compile(
    r"([0-9]{1,2})\.?[\s-]+(?:de\s+)?([^\W\d_]+)\.?,?[\s-]+(?:de\s+)?([0-9]{4}|[0-9]{2})\b"
)
_WORD_DAY = re.compile(r"([^\W\d_]+)\.?\s+([0-9]{1,2}),?\s+([0-9]{4})")
_ISO_UTC = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2})(?: UTC|Z|\+00:00)", re.ASCII
)
_TIME = re.compile(
    r"^[\sT,]*(?:(上午|下午|午前|午後)\s*)?([0-9]{1,2})[:.hH時时]([0-9]{2})分?(?:[:.]?([0-9]{2})秒?)?(?:[.,]([0-9]+))?"
    r"\s*(?:([AaPp])\.?\s?[Mm]\.?)?\s*(.*)$"
)
_AFTERNOON = ("下午", "午後", "p", "P")
_LONGEST = 60


class NotADate(ValueError):
    """A cell is not a date in the document's style."""


class DateOrder(StrEnum):
    """Which number of ``02/03/2026`` is the day."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


@dataclass(frozen=True, slots=True)
class DateStyle:
    """How a document writes instants: order of numbers, and the zone where a cell names none."""

    order: DateOrder = DateOrder.DAY_FIRST
    zone: tzinfo = field(default=UTC)
    account_zone: str = "UTC"

    def read(self, text: str, zone_name: str = "") -> datetime:
        """Return the instant in UTC. A date without a time is its midnight. Raises ``NotADate``."""
        if not zone_name and (exact := _ISO_UTC.fullmatch(text)):
            try:
                return datetime.fromisoformat(exact[1] + "+00:00")
            except ValueError:
                raise NotADate(text) from None
        day, rest = _day(_plain(text), self.order)
        zone = self.zone
        if zone_name:
            named = zone_of(zone_name, self.account_zone)
            if named is None:
                raise NotADate(zone_name)
            zone = named
        if not rest.strip():
            return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        found = _TIME.match(rest)
        if found is None:
            named = zone_of(rest, self.account_zone)
            if named is None:
                raise NotADate(text)
            return datetime(day.year, day.month, day.day, tzinfo=named).astimezone(UTC)
        if tail := found[7].strip():
            named = zone_of(tail, self.account_zone)
            if named is None:
                raise NotADate(text)
            zone = named
        try:
            return datetime(
                day.year, day.month, day.day, _hour(found), int(found[3]), int(found[4] or 0),
                int((found[5] or "0")[:6].ljust(6, "0")), tzinfo=zone,
            ).astimezone(UTC)  # fmt: skip
        except ValueError:
            raise NotADate(text) from None


def date_order(
    samples: Iterable[str], *, period: tuple[str, str] | None = None, default: DateOrder | None = None
) -> DateOrder:
    """Decide between day first and month first.

    What is impossible falls out first; then the order in which fewest dates leave the stated period; then the
    one with the narrower span, since a document speaks of weeks and not of years. Dates that read the same
    either way decide nothing. Raises ``StatementUnreadable`` when both hold and no ``default`` is given.
    """
    edges = [numbers for text in period or () if (numbers := _numbers(text))]
    seen = {numbers for text in samples if (numbers := _numbers(text))} | set(edges)
    if not seen or all(first == second for first, second, _year in seen):
        return default or DateOrder.DAY_FIRST
    possible = {order: days for order in DateOrder if (days := _all_days(seen, order)) is not None}
    if not possible:
        raise StatementUnreadable(
            _(
                "Some dates are written with the day first and some with the month first. "
                "Get the document anew."
            )
        )
    ranked = sorted(
        (_outside(days, _all_days(set(edges), order)), (max(days) - min(days)).days, order)
        for order, days in possible.items()
    )
    if len(ranked) == 1 or ranked[0][:2] != ranked[1][:2]:
        return ranked[0][2]
    if default is None:
        raise StatementUnreadable(
            _(
                "Nobody can tell whether the day or the month stands first in this document. "
                "Export a longer period, or choose a layout that says it."
            )
        )
    return default


def read_date(text: str, style: DateStyle, *, row: int, column: str, zone_name: str = "") -> datetime:
    """Return a cell's instant. Raises ``StatementUnreadable`` with the row and column."""
    try:
        return style.read(text, zone_name)
    except NotADate:
        raise StatementUnreadable(
            _(
                "Row %(row)s: “%(text)s” in column %(column)s is not a date the hub can read. "
                "Get the document once more from its source, unchanged by a spreadsheet."
            )
            % {"row": row, "text": text[:_LONGEST], "column": column},
            row=row,
        ) from None


def _plain(text: str) -> str:
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFKC", text).replace("\u200e", "").strip()


def _numbers(text: str) -> tuple[int, int, int] | None:
    """Return the three numbers of a date whose order is in doubt, else nothing."""
    found = _NUMERIC.match(_plain(text))
    if found is None or len(found[1]) == 4 or _is_dotted(found):
        return None
    return int(found[1]), int(found[2]), _full_year(found[3])


def _all_days(seen: set[tuple[int, int, int]], order: DateOrder) -> list[date] | None:
    days = []
    for first, second, year in seen:
        day, month = (first, second) if order is DateOrder.DAY_FIRST else (second, first)
        try:
            days.append(date(year, month, day))
        except ValueError:
            return None
    return days


def _outside(days: list[date], edges: list[date] | None) -> int:
    if not edges:
        return 0
    return sum(not min(edges) <= day <= max(edges) for day in days)


def _day(text: str, order: DateOrder) -> tuple[date, str]:
    """Return the day at the start of a text and what follows it."""
    found = _NUMERIC.match(text) or _COMPACT.match(text)
    try:
        if found:
            first, second, third = found[1], found[2], found[3]
            if len(first) == 4:
                return date(int(first), int(second), int(third)), text[found.end() :]
            is_day_first = order is DateOrder.DAY_FIRST or _is_dotted(found)
            day, month = (first, second) if is_day_first else (second, first)
            return date(_full_year(third), int(month), int(day)), text[found.end() :]
        if found := _DAY_WORD.match(text):
            return date(_full_year(found[3]), _month(found[2]), int(found[1])), text[found.end() :]
        if found := _WORD_DAY.match(text):
            return date(int(found[3]), _month(found[1]), int(found[2])), text[found.end() :]
    except ValueError:
        raise NotADate(text) from None
    raise NotADate(text)


def _is_dotted(found: re.Match[str]) -> bool:
    """Say whether dots stand between the numbers: then the day is first, everywhere."""
    return "." in found.string[found.end(1) : found.start(2)]


def _full_year(text: str) -> int:
    return int(text) + 2000 if len(text) <= 2 else int(text)


def _hour(found: re.Match[str]) -> int:
    hour = int(found[2])
    half = found[6] or found[1]
    if not half or hour > 12:
        return hour
    return hour % 12 + (12 if half in _AFTERNOON else 0)


def _month(word: str) -> int:
    number = _months().get(_folded(word))
    if number is None:
        raise NotADate(word)
    return number


@cache
def _months() -> dict[str, int]:
    names: dict[str, int] = {"sept": 9}
    for language in _LANGUAGES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context=context, locale=language).items():
                    names.setdefault(_folded(name), number)
    short: dict[str, set[int]] = {}
    for name, number in names.items():
        short.setdefault(name[:3], set()).add(number)
    return {name: min(numbers) for name, numbers in short.items() if len(numbers) == 1} | names


def _folded(word: str) -> str:
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in apart if letter.isalpha())
