"""Recording what happened: one append-only table, numbered per object."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max, QuerySet

from ecomhub.models import Event

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

_INSERT = """
INSERT INTO ecomhub_event (object_kind, object_id, sequence, kind, data, actor, at)
SELECT * FROM unnest(%s::text[], %s::bigint[], %s::int[], %s::text[], %s::jsonb[], %s::text[],
                     %s::timestamptz[])
"""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event to record. ``data`` is small JSON without personal data."""

    object_kind: str
    object_id: int
    kind: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    actor: str = "system"


def record(
    *,
    object_kind: str,
    object_id: int,
    kind: str,
    at: datetime,
    actor: str = "system",
    **data: Any,
) -> None:
    """Record one event. The caller holds the object's row lock, which orders its numbers."""
    record_many(happenings=[Happening(object_kind, object_id, kind, at, data, actor)])


def record_many(*, happenings: Sequence[Happening], first: bool = False) -> None:
    """Record events of many objects in one statement.

    ``first`` says that the objects were created in this transaction, so their numbering begins at 1
    and nothing has to be read. Otherwise the caller holds each object's row lock.
    """
    if not happenings:
        return
    last: dict[tuple[str, int], int] = {} if first else _last_sequences(happenings)
    sequences = []
    for happening in happenings:
        place = (happening.object_kind, happening.object_id)
        last[place] = last.get(place, 0) + 1
        sequences.append(last[place])
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                [happening.object_kind for happening in happenings],
                [happening.object_id for happening in happenings],
                sequences,
                [happening.kind for happening in happenings],
                [_JSON.encode(happening.data) for happening in happenings],
                [happening.actor for happening in happenings],
                [happening.at for happening in happenings],
            ],
        )


def _last_sequences(happenings: Iterable[Happening]) -> dict[tuple[str, int], int]:
    last: dict[tuple[str, int], int] = {}
    by_kind: dict[str, set[int]] = {}
    for happening in happenings:
        by_kind.setdefault(happening.object_kind, set()).add(happening.object_id)
    for kind, ids in by_kind.items():
        rows = Event.objects.filter(object_kind=kind, object_id__in=ids).values_list("object_id")
        for object_id, number in rows.annotate(number=Max("sequence")):
            last[(kind, object_id)] = number
    return last


def of(*, object_kind: str, object_id: int) -> QuerySet[Event]:
    """Return an object's events, oldest first."""
    return Event.objects.filter(object_kind=object_kind, object_id=object_id).order_by("sequence")
