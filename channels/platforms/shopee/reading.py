"""Reading Shopee's JSON: its numbers, epoch seconds and noisy amounts, beside what every platform needs."""

import re
from datetime import UTC, datetime
from decimal import Decimal

from channels import reading
from channels.reading import STEP, Json, Unreadable

_LARGEST_ID = 2**64
_LATEST = 7_258_118_400  # the year 2200
_DIGITS = re.compile(r"[0-9]{1,20}", re.ASCII)
_NOISE = Decimal("0.00001")


def number(parent: Json, name: str) -> str:
    """Return an id as text, empty when absent or zero; ids exceed what a float can hold."""
    value = parent.get(name)
    if type(value) is int and 0 <= value < _LARGEST_ID:
        return str(value) if value else ""
    if value is None or value == "":
        return ""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return value.lstrip("0")
    raise Unreadable(f"{name} is not a number of Shopee's")


def needed_number(parent: Json, name: str) -> str:
    """Return an id that must be there."""
    found = number(parent, name)
    if not found:
        raise Unreadable(f"{name} is missing")
    return found


def instant(parent: Json, name: str) -> datetime | None:
    """Return an instant of epoch seconds, ``None`` when absent or zero."""
    value = parent.get(name)
    if value is None or (type(value) is int and value == 0):
        return None
    if type(value) is not int or not 0 < value < _LATEST:
        raise Unreadable(f"{name} is not an instant: {value!r:.40}")
    return datetime.fromtimestamp(value, tz=UTC)


def needed_instant(parent: Json, name: str) -> datetime:
    """Return an instant that must be there."""
    found = instant(parent, name)
    if found is None:
        raise Unreadable(f"{name} is missing")
    return found


def amount(parent: Json, name: str) -> Decimal | None:
    """Return an amount from 0 up that ``numeric(19,4)`` holds, ``None`` when absent.

    Shopee writes some amounts with noise behind the fourth decimal; it is rounded away.
    """
    value = parent.get(name)
    if value is None:
        return None
    found = reading.limited(reading.number(value, name), name)
    if found < 0:
        raise Unreadable(f"{name} is negative")
    exact = found.quantize(STEP)
    if abs(exact - found) > _NOISE:
        raise Unreadable(f"{name} has more than four decimals")
    return found if found == exact and found.as_tuple().exponent in range(-4, 1) else exact
