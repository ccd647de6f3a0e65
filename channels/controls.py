"""How much of the stock a listing or a shop offers: buffer, cap, percentage, pause; changes publish anew."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from channels import changes, offer_words
from channels.models import Listing, ListingChange, Shop
from ecomhub import events

Kind = ListingChange.Kind


def set_offer(
    *,
    listing: Listing,
    buffer: int | None,
    cap: int | None,
    percentage: int | None,
    is_paused: bool,
    at: datetime,
    actor: str = "system",
) -> None:
    """Set how much of the stock a listing offers, and publish it anew; ``None`` follows the shop."""
    with transaction.atomic():
        row = Listing.objects.select_for_update().get(pk=listing.pk)
        words = offer_words.change_note(
            {
                "buffer": (row.buffer, buffer),
                "percentage": (row.percentage, percentage),
                "cap": (row.cap, cap),
                "is_paused": (row.is_paused, is_paused),
            }
        )
        row.buffer, row.cap, row.percentage, row.is_paused = buffer, cap, percentage, is_paused
        row.offer_version += 1
        row.save(update_fields=["buffer", "cap", "percentage", "is_paused", "offer_version"])
        events.record(
            object_kind="listing",
            object_id=row.pk,
            kind="offer_changed",
            at=at,
            actor=actor,
            buffer=buffer,
            cap=cap,
            percentage=percentage,
            is_paused=is_paused,
        )
        changes.note(changes=[changes.Change(row.pk, Kind.OFFER_SET, at, actor=actor, note=words)])


def pause_many(*, listing_ids: Sequence[int], is_paused: bool, at: datetime, actor: str = "system") -> int:
    """Stop offering the stock of many listings, or go on; returns how many changed."""
    with transaction.atomic():
        rows = list(
            Listing.objects.select_for_update()
            .filter(pk__in=listing_ids, is_parent=False)
            .exclude(is_paused=is_paused)
            .order_by("pk")
        )
        ids = [row.pk for row in rows]
        Listing.objects.filter(pk__in=ids).update(is_paused=is_paused, offer_version=F("offer_version") + 1)
        happenings = [
            events.Happening("listing", pk, "offer_changed", at, {"is_paused": is_paused}, actor)
            for pk in ids
        ]
        events.record_many(happenings=happenings)
        words = offer_words.change_note({"is_paused": (not is_paused, is_paused)})
        changes.note(changes=[changes.Change(pk, Kind.OFFER_SET, at, actor=actor, note=words) for pk in ids])
    return len(ids)


def change_shop(*, shop: Shop, at: datetime, actor: str = "system") -> None:
    """Store a changed shop and publish its listings anew: buffer, percentage, cap or pause may differ."""
    with transaction.atomic():
        Shop.objects.select_for_update().get(pk=shop.pk)
        shop.save()
        Listing.objects.filter(shop=shop, is_mapped=True).update(offer_version=F("offer_version") + 1)
        events.record(object_kind="shop", object_id=shop.pk, kind="changed", at=at, actor=actor)
