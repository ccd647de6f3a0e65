"""How values look to a person: amounts, numbers, instants and spans in the reader's language.

Everything here is text for the page; the API writes its own plain forms. The same words for spans are
handed to the browser (``span_words``), which keeps ages and countdowns moving between two loads.
"""

import zlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_skeleton
from babel.numbers import format_decimal
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, pgettext, to_locale

from ecomhub.money import exponent

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MOST_DECIMALS = 4

_UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s"))

_ACTORS = {"system": "ecomhub", "command": gettext_lazy("a command")}
"""Who acted when it was nobody: the names that rows keep, and how they read."""

STYLES = frozenset({"short", "long", "date", "time"})


@cache
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(to_locale(language))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def locale() -> Locale:
    """Return the Babel locale of the language the page is written in."""
    return _locale(get_language() or "en")


def actor_text(name: str) -> str:
    """Return who acted, for people: a person's name as it is, the hub and its commands in words."""
    return str(_ACTORS.get(name, name))


def number_text(value: int | Decimal, *, signed: bool = False) -> str:
    """Return a number grouped as the language does; ``signed`` writes the plus of a positive one."""
    text = format_decimal(value, format="#,##0.####", locale=locale(), decimal_quantization=False)
    return f"+{text}" if signed and value > 0 else text


def amount_text(amount: Decimal, currency: str) -> str:
    """Return an amount with its currency's decimals, and with more where it really has more.

    An amount of 1.2345 USD keeps its four places: a page never hides part of an amount.
    """
    least = exponent(currency)
    plain = amount.normalize()
    places = plain.as_tuple().exponent
    held = -places if isinstance(places, int) and places < 0 else 0
    shown = max(least, min(held, MOST_DECIMALS))
    pattern = "#,##0" + ("." + "0" * shown if shown else "")
    return format_decimal(amount, format=pattern, locale=locale())


def country_name(code: str) -> str:
    """Return a country's name in the reader's language, or the code when nobody knows it."""
    return str(locale().territories.get(code.upper(), code))


def utc_text(at: datetime) -> str:
    """Return an instant as ``2026-11-22 09:07:05 UTC``, for titles and for copying."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def machine_text(at: datetime) -> str:
    """Return an instant for a ``datetime`` attribute: ISO 8601, whole seconds, ``Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_text(*, instant: datetime, at: datetime, style: str = "short") -> str:
    """Return an instant in the current time zone; the year is left out while it is that of ``at``.

    ``style`` is ``short`` (to the minute), ``long`` (to the second), ``date`` or ``time``.
    """
    if style not in STYLES:
        raise ValueError(f"{style} is no style of an instant")
    local = timezone.localtime(instant)
    clock = local.strftime("%H:%M:%S" if style == "long" else "%H:%M")
    if style == "time":
        return clock
    same_year = local.year == timezone.localtime(at).year
    day = format_skeleton("MMMd" if same_year else "yMMMd", local, locale=locale())
    if style == "date":
        return day
    joint = str(locale().datetime_formats["medium"])
    return joint.replace("{1}", day).replace("{0}", clock)


def span_words() -> dict[str, str]:
    """Return the words spans are made of; ``{n}`` and ``{span}`` stand for what goes in."""
    return {
        "s": pgettext("span", "{n} s"),
        "min": pgettext("span", "{n} min"),
        "h": pgettext("span", "{n} h"),
        "d": pgettext("span", "{n} d"),
        "now": pgettext("age", "just now"),
        "ago": pgettext("age", "{span} ago"),
        "left": pgettext("countdown", "{span} left"),
        "late": pgettext("countdown", "{span} late"),
        "due": pgettext("countdown", "due now"),
    }


def span_text(seconds: float, *, units: int = 2) -> str:
    """Return a span in its largest ``units`` units: ``2 d 4 h``, ``12 min``, ``40 s``.

    Seconds are only shown below one minute, because nobody plans by them.
    """
    words = span_words()
    rest = int(abs(seconds))
    if rest < MINUTE:
        return words["s"].replace("{n}", str(rest))
    parts: list[str] = []
    for size, unit in _UNITS[:3]:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(words[unit].replace("{n}", str(count)) if count else "")
        if len(parts) == units:
            break
    return " ".join(part for part in parts if part)


def age_text(*, instant: datetime, at: datetime) -> str:
    """Return how long ago an instant was: ``just now``, ``2 min ago``, ``3 h ago``."""
    words = span_words()
    seconds = (at - instant).total_seconds()
    if seconds < 5:
        return words["now"]
    return words["ago"].replace("{span}", span_text(seconds, units=1))


def countdown_text(*, due: datetime, at: datetime) -> str:
    """Return what is left until an instant, or by how much it was missed."""
    words = span_words()
    left = (due - at).total_seconds()
    if abs(left) < MINUTE:
        return words["due"]
    word = words["left"] if left >= 0 else words["late"]
    return word.replace("{span}", span_text(left))


def countdown_state(*, due: datetime, at: datetime, soon: timedelta) -> str:
    """Return ``late``, ``soon`` or ``calm``: what colour a countdown has."""
    if due < at:
        return "late"
    return "soon" if due - at <= soon else "calm"


def monogram(name: str) -> tuple[str, int]:
    """Return the letters and one of eight colours for a name without a picture, always the same."""
    words = name.split()
    letters = "".join(word[0] for word in words[:2]) if len(words) > 1 else name[:2]
    return letters.upper() or "?", zlib.crc32(name.encode()) % 8
