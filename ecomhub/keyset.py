"""Paging by keyset: "behind this row" as one row comparison, which an index of the same columns answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

from django.db.models import (
    BigIntegerField,
    BooleanField,
    DateTimeField,
    F,
    Field,
    Func,
    Model,
    Q,
    QuerySet,
    Value,
)

Row = TypeVar("Row", bound=Model)


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


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page; the keys are empty where there is no neighbor."""

    rows: list[Row]
    previous: str = ""
    following: str = ""


def page_of(
    *,
    rows: "QuerySet[Row]",
    keys: Sequence[str],
    after: Sequence[Any] | None,
    up_to: Sequence[Any] | None,
    size: int,
    key_of: Callable[[Row], str],
    newest_first: bool = True,
    fields: Sequence["Field[Any, Any] | None"] | None = None,
) -> Page[Row]:
    """Return one page of rows in the order of ``keys``, which end in a unique one; greatest first or last.

    ``after`` is the place behind which it begins, ``up_to`` the one before which it ends; without either it
    is the first page. ``key_of`` words a row's place for an address, as ``day_place`` and ``instant_place``
    read it.
    """
    backwards = up_to is not None
    rising = newest_first == backwards
    place = up_to if backwards else after
    if place is not None:
        rows = rows.filter((behind if rising else before)(keys=keys, values=place, fields=fields))
    order = keys if rising else [f"-{key}" for key in keys]
    taken = list(rows.order_by(*order)[: size + 1])
    more = len(taken) > size
    shown = taken[:size][::-1] if backwards else taken[:size]
    if not shown:
        return Page([])
    return Page(
        shown,
        key_of(shown[0]) if (more if backwards else place is not None) else "",
        key_of(shown[-1]) if backwards or more else "",
    )


def day_place(text: str) -> tuple[date, int] | None:
    """Read a page's key of a day and a row, ``2026-03-31_12``; what is none is the first page."""
    day, _mark, pk = text.partition("_")
    try:
        return date.fromisoformat(day), int(pk[:18])
    except ValueError:
        return None


def day_key(day: date, pk: int) -> str:
    """Return the key of a day and a row that ``day_place`` reads."""
    return f"{day.isoformat()}_{pk}"


def instant_place(text: str) -> tuple[datetime, int] | None:
    """Read a page's key of an instant in UTC and a row; what is none is the first page."""
    moment, _mark, pk = text.partition("_")
    try:
        return datetime.fromisoformat(moment).replace(tzinfo=UTC), int(pk[:18])
    except ValueError:
        return None


def instant_key(instant: datetime, pk: int) -> str:
    """Return the key of an instant and a row that ``instant_place`` reads."""
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat()}_{pk}"


INSTANT_FIELDS: Sequence["Field[Any, Any] | None"] = (DateTimeField(), BigIntegerField())
"""What Postgres cannot tell of the values of an instant's place."""
