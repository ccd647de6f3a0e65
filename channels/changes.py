"""What changed on a listing: who, what, from, to, when. Rows are added and never rewritten.

What was told to the platform or seen there is an event of the listing too, so that webhooks tell of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from channels.models import Listing, ListingChange
from ecomhub import events
from ecomhub.models import Event
from inventory.models import Sku

SHOWN = 50

_TOLD = frozenset(
    {
        ListingChange.Kind.PRICE_SENT,
        ListingChange.Kind.PRICE_SHOWN,
        ListingChange.Kind.QUANTITY_SENT,
        ListingChange.Kind.QUANTITY_SHOWN,
    }
)
"""Changes that are events by this; the others record their own."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change to be noted. ``before`` and ``after`` are prices in ``currency``, or units without one."""

    listing_id: int
    kind: str
    at: datetime
    before: Decimal | int | None = None
    after: Decimal | int | None = None
    currency: str = ""
    actor: str = "system"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pairing:
    """What a listing sold from an instant on: (SKU code, units)."""

    at: datetime
    actor: str
    parts: tuple[tuple[str, int], ...]


def note(*, changes: Sequence[Change]) -> None:
    """Write changes down; those that change nothing are left out.

    The listings are locked here: who holds other rows that a writer of listings takes locks them before.
    """
    real = [one for one in changes if one.note or one.before != one.after]
    with transaction.atomic():
        ListingChange.objects.bulk_create(
            [
                ListingChange(
                    listing_id=one.listing_id,
                    kind=one.kind,
                    before=None if one.before is None else Decimal(one.before),
                    after=None if one.after is None else Decimal(one.after),
                    currency=one.currency,
                    actor=one.actor[:80],
                    note=one.note[:300],
                    at=one.at,
                )
                for one in real
            ],
            batch_size=500,
        )
        _tell([one for one in real if one.kind in _TOLD])


def lock(*, listing_ids: Iterable[int]) -> None:
    """Lock listings in the order every writer keeps."""
    rows = Listing.objects.filter(pk__in=list(listing_ids)).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))


def _tell(changes: Sequence[Change]) -> None:
    if not changes:
        return
    lock(listing_ids=[one.listing_id for one in changes])
    events.record_many(
        happenings=[
            events.Happening("listing", one.listing_id, str(one.kind), one.at, {}, one.actor)
            for one in sorted(changes, key=lambda one: one.listing_id)
        ]
    )


def pairings(*, listing_id: int, limit: int = SHOWN) -> list[Pairing]:
    """Return what a listing sold since when, the newest first: SKU codes with units, none when undone."""
    rows = Event.objects.filter(
        object_kind="listing", object_id=listing_id, kind__in=["paired", "unpaired"]
    ).order_by("-sequence")[:limit]
    found = list(rows)
    ids = {part[0] for row in found for part in row.data.get("components", [])}
    codes = dict(Sku.objects.filter(pk__in=ids).values_list("pk", "code")) if ids else {}
    return [
        Pairing(
            at=row.at,
            actor=row.actor,
            parts=tuple((codes.get(pk, str(pk)), units) for pk, units in row.data.get("components", [])),
        )
        for row in found
    ]


def history(*, listing_id: int, limit: int = SHOWN) -> list[ListingChange]:
    """Return the latest changes of a listing, the newest first."""
    return list(ListingChange.objects.filter(listing_id=listing_id).order_by("-pk")[:limit])
