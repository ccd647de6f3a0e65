"""What changed on a listing: who, what, from, to, when. Rows are added and never rewritten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from channels.models import ListingChange

SHOWN = 50


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


def note(*, changes: Sequence[Change]) -> None:
    """Write changes down in one statement; those that change nothing are left out."""
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
            for one in changes
            if one.note or one.before != one.after
        ],
        batch_size=500,
    )


def history(*, listing_id: int, limit: int = SHOWN) -> list[ListingChange]:
    """Return the latest changes of a listing, the newest first."""
    return list(ListingChange.objects.filter(listing_id=listing_id).order_by("-pk")[:limit])
