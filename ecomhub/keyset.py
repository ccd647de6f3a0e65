"""Paging by keyset: "behind this row" as one row comparison, which an index of the same columns answers."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import BooleanField, F, Field, Func, Q, Value


class _Row(Func):
    """Several columns or values as one row: ``(a, b, c)``."""

    template = "(%(expressions)s)"
    arg_joiner = ", "
    output_field = BooleanField()


class _Compared(Func):
    """Two rows compared."""

    template = "%(expressions)s"
    output_field = BooleanField()


class _Behind(_Compared):
    arg_joiner = " > "


class _Before(_Compared):
    arg_joiner = " < "


def _rows(
    keys: Sequence[str], values: Sequence[Any], fields: Sequence["Field[Any, Any] | None"]
) -> list[_Row]:
    held = [Value(value, output_field=field) for value, field in zip(values, fields, strict=True)]
    return [_Row(*(F(key) for key in keys)), _Row(*held)]


def behind(
    *, keys: Sequence[str], values: Sequence[Any], fields: Sequence["Field[Any, Any] | None"] | None = None
) -> Q:
    """Return the filter for rows whose keys are greater than these values.

    ``fields`` are the types of the values where Postgres cannot tell them.
    """
    return Q(_Behind(*_rows(keys, values, fields or [None] * len(values))))


def before(
    *, keys: Sequence[str], values: Sequence[Any], fields: Sequence["Field[Any, Any] | None"] | None = None
) -> Q:
    """Return the filter for rows whose keys are less than these values."""
    return Q(_Before(*_rows(keys, values, fields or [None] * len(values))))


def day_place(text: str) -> tuple[date, int] | None:
    """Read a page's key of a day and a row, ``2026-03-31_12``; what is none is the first page."""
    day, _mark, pk = text.partition("_")
    try:
        return date.fromisoformat(day), int(pk[:18])
    except ValueError:
        return None
