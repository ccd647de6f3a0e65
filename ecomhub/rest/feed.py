"""Change feeds: every object once per last write, in the order of the transactions that wrote it.

A row's key is (epoch, transaction, id), stamped by the database (``ecomhub.0002``). Handed out are only rows
whose transaction is older than every transaction still open, so nothing can appear behind a client that
has gone by. Where a client stopped reading, a crash included, it goes on with its last cursor; what changes
again comes again. An instant (``updated_after``) cannot promise that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, IntegerField, Model, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers

from ecomhub.fields import XidField
from ecomhub.keyset import before, behind
from ecomhub.rest.pagination import MAX_PAGE_SIZE, PAGE_SIZE, decode, encode

Row = TypeVar("Row", bound=Model)

KEYS = ("change_epoch", "change_xid", "id")
_FIELDS: "tuple[Field[Any, Any] | None, ...]" = (IntegerField(), XidField(), IntegerField())
_BEGIN = (0, 0, 0)
# What the oldest open writer holds back, and for how long; other roles' transactions are seen by number only.
_STATE = """
SELECT ecomhub_epoch(), pg_snapshot_xmin(now.s)::text,
       coalesce((SELECT extract(epoch FROM clock_timestamp() - min(xact_start))
                   FROM pg_stat_activity
                  WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
                    AND datname = current_database()), 0)::float
  FROM (SELECT pg_current_snapshot() AS s) now
"""


@dataclass(frozen=True, slots=True)
class State:
    """How far a feed reaches now: below ``horizon``; ``lag_s`` says how long the oldest writer is at it."""

    epoch: int
    horizon: int
    lag_s: float


@dataclass(frozen=True, slots=True)
class FeedPage:
    """One page: the rows, the cursor to keep, and whether more waits behind it."""

    rows: Sequence[Any]
    next_cursor: str
    has_more: bool
    state: State

    def body(self, *, results: Sequence[Any]) -> dict[str, Any]:
        """Return the answer's body."""
        return {
            "results": results,
            "next_cursor": self.next_cursor,
            "has_more": self.has_more,
            "epoch": self.state.epoch,
            "lag_s": round(self.state.lag_s, 3),
        }


def state() -> State:
    """Return how far feeds reach now. Raises the epoch when the database lives a new life."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        epoch, horizon, lag_s = cursor.fetchone()
    return State(epoch=int(epoch), horizon=int(horizon), lag_s=max(0.0, lag_s))


def read(*, rows: "QuerySet[Row]", cursor: str, size: int) -> FeedPage:
    """Return the page behind a cursor; an empty cursor begins with the oldest change.

    Raises ``Problem`` (400) for a cursor of another list. Two statements, and what ``rows`` brings along.
    """
    place = decode(cursor, kinds=(int, int, int)) if cursor else list(_BEGIN)
    now = state()
    ripe = rows.filter(
        behind(keys=KEYS, values=place, fields=_FIELDS),
        before(keys=KEYS[:2], values=(now.epoch, now.horizon), fields=_FIELDS[:2]),
    )
    found = list(ripe.order_by(*KEYS)[: size + 1])
    shown = found[:size]
    last = [getattr(shown[-1], key) for key in KEYS] if shown else place
    return FeedPage(rows=shown, next_cursor=encode(last), has_more=len(found) > size, state=now)


PARAMETERS = [
    OpenApiParameter(
        name="cursor",
        type=str,
        description="The `next_cursor` of the answer before; without it the feed begins with the oldest.",
    ),
    OpenApiParameter(
        name="page_size",
        type={"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE},
        description="Objects per page.",
    ),
]


class FeedSerializer(serializers.Serializer[Any]):
    """What every page of a change feed has beside its objects."""

    next_cursor = serializers.CharField(
        help_text="Keep it with what you stored; send it as `cursor` for what changed after this page."
    )
    has_more = serializers.BooleanField(help_text="Whether to ask again at once.")
    epoch = serializers.IntegerField(
        help_text="Raised when the database was restored; what you saw may have been undone then."
    )
    lag_s = serializers.FloatField(
        help_text="For how many seconds the oldest open write has been holding newer changes back."
    )


def described(*, operation_id: str, serializer: Any, name: str) -> Callable[[Any], Any]:
    """Describe a change feed of these objects in the OpenAPI document."""
    page = type(
        f"{name}Changes",
        (FeedSerializer,),
        {"results": serializer(many=True), "__doc__": f"One page of the change feed of {name.lower()}s."},
    )
    return extend_schema(operation_id=operation_id, parameters=PARAMETERS, responses=page)
