"""Reading Shopify's JSON strictly: a value is what it must be, or its object is ``Unreadable``."""

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
_AMOUNT = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_GID = re.compile(r"gid://shopify/[A-Za-z]{1,60}/([0-9A-Za-z_-]{1,60})(\?.{0,200})?", re.ASCII)
_NUMBER = re.compile(r"[0-9A-Za-z_-]{1,60}", re.ASCII)
_STEP = Decimal("0.0001")


class Unreadable(ValueError):
    """An object of Shopify's does not have the shape it must have; the text says where and what."""


def parse_json(body: bytes) -> Any:
    """Parse JSON text. Numbers with a point become ``Decimal``; half characters become U+FFFD.

    Raises ``ValueError`` for anything that is not JSON, ``RecursionError`` for nesting without end.
    """
    text = body.decode("utf-8-sig")
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
    """Return an object with ``Decimal`` numbers as text, so that it can be stored as JSON."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
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
    try:
        name = number_of(an_object(raw, "item").get(id_key), id_key)
    except Unreadable:
        name = ""
    return BadItem(external_id=name or f"unreadable-{digest[:12]}", reason=reason[:500], raw=raw)


def number_of(value: Any, name: str) -> str:
    """Return the number in a global id, or a plain id, as text."""
    if type(value) is int and value >= 0:
        return str(value)[:60]
    if isinstance(value, str):
        found = _GID.fullmatch(value)
        if found:
            return found[1]
        if _NUMBER.fullmatch(value):
            return value
    raise Unreadable(f"{name} is not an id" if value is not None else f"{name} is missing")


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


def nodes(parent: Json, name: str) -> list[Json]:
    """Return the objects of a connection, however it was asked for; an absent one is empty."""
    value = parent.get(name)
    if isinstance(value, list):
        return children(parent, name)
    connection = child(parent, name)
    if connection.get("nodes") is None and connection.get("edges") is not None:
        return [an_object(edge.get("node"), name) for edge in children(connection, "edges")]
    return children(connection, "nodes")


def has_more(parent: Json, name: str) -> bool:
    """Say whether a connection has another page."""
    connection = parent.get(name)
    return isinstance(connection, dict) and flag(child(connection, "pageInfo"), "hasNextPage")


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
    """Return a truth value; anything that is none is false."""
    return parent.get(name) is True


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


def amount(value: Any, name: str) -> Decimal:
    """Return an amount that ``numeric(19,4)`` can hold exactly."""
    if isinstance(value, str) and _AMOUNT.fullmatch(value):
        found = Decimal(value)
    elif isinstance(value, Decimal) and value.is_finite():
        found = value
    elif type(value) is int:
        found = Decimal(value)
    else:
        raise Unreadable(f"{name} is not an amount")
    if found and found.adjusted() > 13:
        raise Unreadable(f"{name} is too large")
    if found != found.quantize(_STEP):
        raise Unreadable(f"{name} has more than four decimals")
    return found


def currency(value: Any, name: str) -> str:
    """Return an ISO 4217 code."""
    if not isinstance(value, str) or value not in known_currencies():
        raise Unreadable(f"{name} is not a currency")
    return value
