"""Reading what a platform says strictly: a value is what it must be, or its object is ``Unreadable``."""

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
_AMOUNT = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
STEP = Decimal("0.0001")
"""The smallest amount that is stored."""

_LARGEST_POWER = 13
_LARGEST_ID = 2**64
_LONGEST_NAME = 120


class Unreadable(ValueError):
    """An object of the platform's does not have the shape it must have; the text says where and what."""


def parse_json(body: bytes) -> Any:
    """Parse JSON text. Numbers with a point become ``Decimal``; half characters become U+FFFD.

    Raises ``ValueError`` for anything that is not JSON, ``RecursionError`` for nesting without end.
    """
    return parse_text(body.decode("utf-8-sig"))


def parse_text(text: str) -> Any:
    """Parse one JSON text; see ``parse_json``."""
    return _mended(text, json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant))


def parse_sequence(text: str) -> list[Any]:
    """Parse JSON values that follow each other, with white space between them or none."""
    decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)
    values: list[Any] = []
    place = 0
    while True:
        while place < len(text) and text[place] in " \t\r\n\x1e":
            place += 1
        if place == len(text):
            return values
        value, place = decoder.raw_decode(text, place)
        values.append(_mended(text, value))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _mended(text: str, value: Any) -> Any:
    """Replace half characters, which no database and no file can hold, where the text may hold some."""
    return _whole(value) if _SURROGATE.search(text) else value


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


def name_of(value: Json, id_key: str) -> str:
    """Return an object's own id, text or number, to name it though it is unreadable; empty without one."""
    found = value.get(id_key)
    if type(found) is int and 0 < found < _LARGEST_ID:
        return str(found)
    return found if isinstance(found, str) and len(found) <= _LONGEST_NAME and found.isprintable() else ""


def read_each(
    objects: Iterable[Any],
    *,
    read: Callable[[Json], T],
    id_key: str,
    named: Callable[[Json, str], str] = name_of,
) -> tuple[tuple[T, ...], tuple[BadItem, ...]]:
    """Read every object of a page; one that cannot be read stops only itself."""
    items: list[T] = []
    bad: list[BadItem] = []
    for value in objects:
        try:
            items.append(read(an_object(value, "item")))
        except Unreadable as error:
            bad.append(bad_item(value, id_key=id_key, reason=str(error), named=named))
        except RecursionError:
            bad.append(bad_item(None, id_key=id_key, reason="nested too deeply"))
    return tuple(items), tuple(bad)


def bad_item(value: Any, *, id_key: str, reason: str, named: Callable[[Json, str], str] = name_of) -> BadItem:
    """Return an object that could not be read, under its own id or, without one, under its content's."""
    try:
        raw = plain(value)
        digest = hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()
    except RecursionError:
        raw, digest = None, "0"
    name = named(raw, id_key) if isinstance(raw, dict) else ""
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


def flag(parent: Json, name: str) -> bool:
    """Return a truth value, which XML and some JSON write as text; anything else is false."""
    value = parent.get(name)
    if isinstance(value, bool):
        return value
    return isinstance(value, str) and value.strip().lower() == "true"


def instant(parent: Json, name: str) -> datetime | None:
    """Return an aware instant in UTC, ``None`` when absent. A time without its offset is unreadable."""
    value = parent.get(name)
    if value is None or value == "":
        return None
    return read_instant(clean(value, name), name)


def read_instant(value: str, name: str) -> datetime:
    """Read an ISO 8601 instant."""
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            raise Unreadable(f"{name} has no offset: {value[:40]!r}")
        found = found.astimezone(UTC)
    except Unreadable:
        raise
    except (ValueError, OverflowError) as error:
        raise Unreadable(f"{name} is not an instant: {value[:40]!r}") from error
    if not 1970 <= found.year <= 2200:
        raise Unreadable(f"{name} lies outside of all times: {value[:40]!r}")
    return found


def needed_instant(parent: Json, name: str) -> datetime:
    """Return an instant that must be there."""
    found = instant(parent, name)
    if found is None:
        raise Unreadable(f"{name} is missing")
    return found


def number(value: Any, name: str) -> Decimal:
    """Return a finite decimal number that was written as text or as a number, in any size."""
    if isinstance(value, str) and _AMOUNT.fullmatch(value):
        return Decimal(value)
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if type(value) is int:
        return Decimal(value)
    raise Unreadable(f"{name} is not an amount")


def amount(value: Any, name: str) -> Decimal:
    """Return an amount that ``numeric(19,4)`` can hold exactly, with a digit left for adding some up."""
    found = limited(number(value, name), name)
    if found != found.quantize(STEP):
        raise Unreadable(f"{name} has more than four decimals")
    return found


def limited(found: Decimal, name: str) -> Decimal:
    """Return the amount unless it is larger than any true one."""
    if found and found.adjusted() > _LARGEST_POWER:
        raise Unreadable(f"{name} is too large")
    return found


def currency(value: Any, name: str) -> str:
    """Return an ISO 4217 code."""
    if not isinstance(value, str) or value not in known_currencies():
        raise Unreadable(f"{name} is not a currency")
    return value
