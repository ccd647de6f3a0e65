"""Reading Shopee's JSON strictly: a value is what it must be, or its object is ``Unreadable``."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from channels.messages import BadItem
from ecomhub.money import known_currencies

T = TypeVar("T")
Json = dict[str, Any]

LARGEST_QUANTITY = 1_000_000
_LARGEST_ID = 2**64
_LATEST = 7_258_118_400  # the year 2200
_DIGITS = re.compile(r"[0-9]{1,20}", re.ASCII)
_AMOUNT = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_STEP = Decimal("0.0001")


class Unreadable(ValueError):
    """An object of Shopee's does not have the shape it must have; the text says where and what."""


def parse_json(body: bytes) -> Any:
    """Parse JSON text. Numbers with a point become ``Decimal``; half characters become U+FFFD.

    Raises ``ValueError`` for anything that is not JSON, ``RecursionError`` for nesting without end.
    """
    text_ = body.decode("utf-8-sig")
    value = json.loads(text_, parse_float=Decimal, parse_constant=_refuse_constant)
    return _mended(text_, value)


def parse_sequence(text_: str) -> list[Any]:
    """Parse JSON values that follow each other, with white space between them or none."""
    decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)
    values: list[Any] = []
    place = 0
    while True:
        while place < len(text_) and text_[place] in " \t\r\n\x1e":
            place += 1
        if place == len(text_):
            return values
        value, place = decoder.raw_decode(text_, place)
        values.append(_mended(text_, value))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _mended(text_: str, value: Any) -> Any:
    """Replace half characters, which no database and no file can hold, where the text may hold some."""
    return _whole(value) if _SURROGATE.search(text_) else value


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(part) for part in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(part) for name, part in value.items()}
    return value


def plain(value: Any) -> Any:
    """Write ``Decimal`` numbers as text, in place, so that the object can be stored as JSON."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        for name, part in value.items():
            if isinstance(part, dict | list | Decimal):
                value[name] = plain(part)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            if isinstance(part, dict | list | Decimal):
                value[place] = plain(part)
    return value


def read_each(
    objects: Iterable[Any], *, read: Callable[[Json], T], id_key: str
) -> tuple[tuple[T, ...], tuple[BadItem, ...]]:
    """Read every object of a page; one that cannot be read stops only itself."""
    items: list[T] = []
    bad: list[BadItem] = []
    for value in objects:
        try:
            items.append(read(an_object(value, "item")))
        except Unreadable as error:
            bad.append(bad_item(value, id_key=id_key, reason=str(error)))
        except RecursionError:
            bad.append(bad_item(None, id_key=id_key, reason="nested too deeply"))
    return tuple(items), tuple(bad)


def bad_item(value: Any, *, id_key: str, reason: str) -> BadItem:
    """Return an object that could not be read, under its own id or, without one, under its content's."""
    try:
        raw = plain(value)
        digest = hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()
    except RecursionError:
        raw, digest = None, "0"
    name = ""
    if isinstance(raw, dict):
        found = raw.get(id_key)
        if type(found) is int and 0 < found < _LARGEST_ID:
            name = str(found)
        elif isinstance(found, str):
            name = found if len(found) <= 120 and found.isprintable() else ""
    return BadItem(external_id=name or f"unreadable-{digest[:12]}", reason=reason[:500], raw=raw)


def an_object(value: Any, name: str) -> Json:
    """Return a JSON object."""
    if not isinstance(value, dict):
        raise Unreadable(f"{name} is not an object")
    return value


def child(parent: Json, name: str) -> Json:
    """Return the object under a name; an absent one is empty."""
    value = parent.get(name)
    return {} if value is None else an_object(value, name)


def children(parent: Json, name: str) -> list[Json]:
    """Return the objects of a list; an absent one is empty."""
    value = parent.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Unreadable(f"{name} is not a list")
    return [an_object(part, name) for part in value]


def needed_children(parent: Json, name: str) -> list[Json]:
    """Return the objects of a list that must be there."""
    if parent.get(name) is None:
        raise Unreadable(f"{name} is missing")
    return children(parent, name)


def clean(value: Any, name: str) -> str:
    """Return text that a database can hold."""
    if not isinstance(value, str):
        raise Unreadable(f"{name} is not text")
    if "\x00" in value:
        raise Unreadable(f"{name} holds a NUL character")
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Unreadable(f"{name} holds half a character")
    return value


def text(parent: Json, name: str, *, most: int) -> str:
    """Return text of at most so many characters, empty when absent; a longer one is unreadable."""
    value = parent.get(name)
    if value is None:
        return ""
    found = clean(value, name)
    if len(found) > most:
        raise Unreadable(f"{name} is longer than {most} characters")
    return found


def cut_text(parent: Json, name: str, *, most: int) -> str:
    """Return text shortened to so many characters, empty when absent: for what is only read by people."""
    value = parent.get(name)
    return "" if value is None else clean(value, name)[:most]


def needed_text(parent: Json, name: str, *, most: int) -> str:
    """Return text that must be there."""
    found = text(parent, name, most=most)
    if not found.strip():
        raise Unreadable(f"{name} is missing")
    return found


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


def whole(parent: Json, name: str, default: int | None = None) -> int:
    """Return a quantity: a whole number from 0 up. Without a default it must be there."""
    value = parent.get(name)
    if value is None:
        if default is None:
            raise Unreadable(f"{name} is missing")
        return default
    if type(value) is not int:
        raise Unreadable(f"{name} is not a whole number")
    if value < 0:
        raise Unreadable(f"{name} is negative")
    if value > LARGEST_QUANTITY:
        raise Unreadable(f"{name} is larger than {LARGEST_QUANTITY}")
    return value


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
    if isinstance(value, str) and _AMOUNT.fullmatch(value):
        found = Decimal(value)
    elif isinstance(value, Decimal) and value.is_finite():
        found = value
    elif type(value) is int:
        found = Decimal(value)
    else:
        raise Unreadable(f"{name} is not an amount")
    if found < 0:
        raise Unreadable(f"{name} is negative")
    if found and found.adjusted() > 14:
        raise Unreadable(f"{name} is too large")
    exact = found.quantize(_STEP)
    if abs(exact - found) > Decimal("0.00001"):
        raise Unreadable(f"{name} has more than four decimals")
    return found if found == exact and found.as_tuple().exponent in range(-4, 1) else exact


def currency(parent: Json, name: str) -> str:
    """Return an ISO 4217 code."""
    value = parent.get(name)
    if not isinstance(value, str) or value not in known_currencies():
        raise Unreadable(f"{name} is not a currency")
    return value
