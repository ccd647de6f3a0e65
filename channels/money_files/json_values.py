"""JSON documents as a stream of objects: pages of an API, one answer or many after each other."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, BinaryIO, TextIO

from django.utils.translation import gettext as _

from channels.money_files.encodings import head_text, text_of
from channels.settlement_messages import StatementUnreadable

Json = dict[str, Any]

WHOLE = "$"

_CHUNK = 1 << 16
_LARGEST_OBJECT = 1 << 23
_KEY = re.compile(r'"([A-Za-z0-9_@#-]{1,80})"\s*:')
_STEP = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"\s*(:?)|([{}\[\],:])|([^\s{}\[\],:"]+))')
_LONGEST = 40


def looks_like_json(head: bytes) -> bool:
    """Say whether a document starts as JSON does."""
    return head_text(head).lstrip("\ufeff \t\r\n")[:1] in ("{", "[")


@lru_cache(maxsize=8)
def json_keys(head: bytes) -> frozenset[str]:
    """Return the names of members seen in the first bytes; empty for what is not JSON."""
    return frozenset(_KEY.findall(head_text(head))) if looks_like_json(head) else frozenset()


def json_objects(file: BinaryIO, names: frozenset[str]) -> Iterator[tuple[str, int, Json]]:
    """Yield ``(name, record, object)`` for every object that is, or is in a list that is, a member so named.

    ``""`` names objects of a list the document itself is, ``WHOLE`` the objects a document is made of where
    they follow each other. Records are counted from 1 per name. Only one object
    at a time is held. Numbers with a point are ``Decimal``. Raises ``StatementUnreadable``.
    """
    with text_of(file) as text:
        try:
            yield from _Walk(text, names).objects()
        except UnicodeDecodeError as error:
            raise StatementUnreadable(
                _("The JSON is not in one encoding. Get the document once more.")
            ) from error
        except RecursionError as error:
            raise _broken() from error


def text_at(holder: Json, *path: str) -> str:
    """Return the text at a path; empty where there is nothing. Numbers become their text."""
    value: Any = holder
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if value is None or isinstance(value, (dict, list, bool)):
        return ""
    return str(value).strip()


def amount_at(holder: Json, *path: str, record: int = 0) -> Decimal | None:
    """Return the amount at a path, ``None`` where there is nothing. Raises ``StatementUnreadable``."""
    text = text_at(holder, *path)
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise StatementUnreadable(
            _("Record %(record)s: “%(text)s” at %(path)s is not an amount. Get the document once more.")
            % {"record": record, "text": text[:_LONGEST], "path": ".".join(path)},
            row=record,
        )
    return amount


def needed_amount(holder: Json, *path: str, record: int = 0) -> Decimal:
    """Return the amount at a path. Raises ``StatementUnreadable`` also when there is none."""
    amount = amount_at(holder, *path, record=record)
    if amount is None:
        raise missing(".".join(path), record)
    return amount


def instant_at(holder: Json, *path: str, record: int = 0) -> datetime | None:
    """Return the instant at a path, ISO 8601 or seconds since 1970; a date is its midnight in UTC."""
    text = text_at(holder, *path)
    if not text or text == "0":
        return None
    try:
        if text.isdigit() and len(text) > 8:
            return datetime.fromtimestamp(int(text), UTC)
        read = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise StatementUnreadable(
            _("Record %(record)s: “%(text)s” at %(path)s is not a time. Get the document once more.")
            % {"record": record, "text": text[:_LONGEST], "path": ".".join(path)},
            row=record,
        ) from None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def missing(name: str, record: int) -> StatementUnreadable:
    """Return the error for a member that a record must have."""
    return StatementUnreadable(
        _(
            "Record %(record)s has no %(name)s. Get the document once more from its source, "
            "with all its members."
        )
        % {"record": record, "name": name},
        row=record,
    )


def _broken() -> StatementUnreadable:
    return StatementUnreadable(_("The JSON breaks off or is damaged. Get the document once more."))


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


class _Walk:
    """Walks the structure and decodes whole only the objects that are wanted."""

    def __init__(self, text: TextIO, names: frozenset[str]) -> None:
        self._text = text
        self._names = names
        self._buffer = ""
        self._place = 0
        self._ended = False
        self._counts: dict[str, int] = {}
        self._decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)

    def objects(self) -> Iterator[tuple[str, int, Json]]:
        names: list[str] = []
        closers: list[str] = []
        key = ""
        while (step := self._next()) is not None:
            string, colon, mark, _scalar = step.groups()
            if string is not None:
                key = string if colon else ""
                continue
            if mark == "{" and not closers and WHOLE in self._names:
                self._place = step.end() - 1
                yield WHOLE, self._count(WHOLE), self._decode()
            elif mark == "{" and key in self._names and (key or closers == ["]"]):
                self._place = step.end() - 1
                yield key, self._count(key), self._decode()
                key = names[-1] if closers and closers[-1] == "]" else ""
            elif mark in ("{", "["):
                names.append(key if mark == "[" else "")
                closers.append("}" if mark == "{" else "]")
                key = names[-1]
            elif mark in ("}", "]"):
                if not closers or closers.pop() != mark:
                    raise _broken()
                names.pop()
                key = names[-1] if closers and closers[-1] == "]" else ""
            elif mark == ",":
                key = names[-1] if closers and closers[-1] == "]" else ""
        if closers or self._buffer[self._place :].strip("\ufeff \t\r\n"):
            raise _broken()

    def _count(self, key: str) -> int:
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key]

    def _more(self) -> bool:
        """Read on; returns whether anything came."""
        chunk = self._text.read(_CHUNK)
        self._ended = not chunk
        self._buffer = self._buffer[self._place :] + chunk
        self._place = 0
        if len(self._buffer) > _LARGEST_OBJECT:
            raise _broken()
        return bool(chunk)

    def _next(self) -> re.Match[str] | None:
        """Return the next sign or scalar and step over it; one that ends the buffer may not be whole yet."""
        while True:
            found = _STEP.match(self._buffer, self._place)
            whole = found is not None and (found[3] is not None or found.end() < len(self._buffer))
            if found is not None and (whole or self._ended):
                self._place = found.end()
                return found
            if not self._more() and self._ended:
                return self._last()

    def _last(self) -> re.Match[str] | None:
        found = _STEP.match(self._buffer, self._place)
        if found is not None:
            self._place = found.end()
        return found

    def _decode(self) -> Json:
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._place)
            except ValueError:
                if not self._more():
                    raise _broken() from None
                continue
            self._place = end
            found: Json = value
            return found
