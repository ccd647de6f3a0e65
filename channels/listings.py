"""Listings: finding the one an order line names, taking them in, and pairing them with SKUs (商品配对)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from channels import changes
from channels.messages import IncomingListing
from channels.models import (
    ChannelAccount,
    Listing,
    ListingChange,
    ListingComponent,
    PricePublication,
    Publication,
    Shop,
)
from channels.registry import platform
from ecomhub import events
from ecomhub.work import ClockTimestamp, WorkState
from inventory.models import Sku

Kind = ListingChange.Kind


class PairingRefused(Exception):
    """A pairing cannot be made; the text says what to do instead."""


@dataclass(frozen=True, slots=True)
class WantedListing:
    """A listing as an order line names it."""

    marketplace: str
    listing_id: str
    title: str = ""
    product_id: str = ""


@dataclass(frozen=True, slots=True)
class ResolvedListing:
    """A listing of ours: its shop and what one unit of it takes from stock as (SKU id, units).

    No components: it is not paired yet.
    """

    id: int
    shop_id: int
    components: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a page of listings."""

    seen: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0


def resolve(
    *, account_id: int, wanted: Iterable[WantedListing], at: datetime
) -> dict[tuple[str, str], ResolvedListing]:
    """Return the listings that order lines name by (marketplace, listing id), creating unknown ones unmapped.

    Three statements for known listings, whatever their number. A marketplace that the account has no shop
    for gets one when its platform knows it; else its listings are left out of the answer.
    """
    asked = {(item.marketplace, item.listing_id): item for item in wanted}
    if not asked:
        return {}
    shops = shops_by_marketplace(account_id=account_id, marketplaces={place for place, _id in asked})
    asked = {key: item for key, item in asked.items() if key[0] in shops}
    found = _find(shops=shops, keys=asked)
    missing = [asked[key] for key in asked if key not in found]
    if missing:
        _create_unmapped(shops=shops, wanted=missing, at=at)
        found.update(_find(shops=shops, keys=[(item.marketplace, item.listing_id) for item in missing]))
    components = _components(listing_ids=list(found.values()))
    return {
        key: ResolvedListing(id=pk, shop_id=shops[key[0]], components=tuple(components.get(pk, ())))
        for key, pk in found.items()
    }


def shops_by_marketplace(*, account_id: int, marketplaces: Iterable[str]) -> dict[str, int]:
    """Return the account's shop ids by marketplace, opening shops on marketplaces that are new to it."""
    shops = dict(Shop.objects.filter(account_id=account_id).values_list("marketplace", "pk"))
    unknown = sorted(set(marketplaces) - set(shops))
    if unknown:
        _open_shops(account=ChannelAccount.objects.get(pk=account_id), marketplaces=unknown)
        shops = dict(Shop.objects.filter(account_id=account_id).values_list("marketplace", "pk"))
    return shops


def _open_shops(*, account: ChannelAccount, marketplaces: Sequence[str]) -> None:
    known = {place.id: place for place in platform(account.platform).marketplaces}
    pattern = account.shops.order_by("pk").first()
    if pattern is None:
        return
    Shop.objects.bulk_create(
        [
            Shop(
                account=account,
                marketplace=place,
                name=f"{account.name} {known[place].name}"[:80],
                short_name=f"{account.name[:21]} {known[place].country}",
                legal_entity_id=pattern.legal_entity_id,
                country=known[place].country,
                currency=known[place].currency,
                time_zone=known[place].time_zone,
            )
            for place in marketplaces
            if place in known
        ],
        ignore_conflicts=True,
    )


def _find(*, shops: Mapping[str, int], keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    wanted = set(keys)
    places = {shops[place]: place for place, _id in wanted}
    rows = Listing.objects.filter(
        shop_id__in=list(places), external_id__in=sorted({listing_id for _place, listing_id in wanted})
    ).values_list("pk", "shop_id", "external_id")
    found = {(places[shop_id], external_id): pk for pk, shop_id, external_id in rows}
    return {key: pk for key, pk in found.items() if key in wanted}


def _create_unmapped(*, shops: Mapping[str, int], wanted: Sequence[WantedListing], at: datetime) -> None:
    """Create listings that are not there, and tell of those that somebody else did not create meanwhile."""
    numbers = _fresh_numbers(len(wanted))
    rows = [
        Listing(
            pk=next(numbers),
            shop_id=shops[item.marketplace],
            external_id=item.listing_id,
            title=item.title[:500],
            product_id=item.product_id[:60],
        )
        for item in sorted(wanted, key=lambda item: (shops[item.marketplace], item.listing_id))
    ]
    with transaction.atomic():
        Listing.objects.bulk_create(rows, ignore_conflicts=True)
        ours = Listing.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk")
        happenings = [
            events.Happening("listing", pk, "created", at) for pk in ours.values_list("pk", flat=True)
        ]
        events.record_many(happenings=happenings, first=True)


def _fresh_numbers(count: int) -> Iterator[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('channels_listing', 'id')) FROM generate_series(1, %s)",
            [count],
        )
        return iter([number for (number,) in cursor.fetchall()])


def _components(*, listing_ids: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {}
    rows = ListingComponent.objects.filter(listing_id__in=listing_ids).order_by("listing_id", "sku_id")
    for listing_id, sku_id, quantity in rows.values_list("listing_id", "sku_id", "quantity"):
        found.setdefault(listing_id, []).append((sku_id, quantity))
    return found


_TAKEN = (
    "product_id",
    "parent_external_id",
    "is_parent",
    "title",
    "product_type",
    "handle",
    "status",
    "price",
    "currency",
    "picture_url",
    "fulfillment_method",
    "barcodes",
)


def _fields(incoming: IncomingListing) -> dict[str, Any]:
    return {
        "product_id": incoming.product_id[:60],
        "parent_external_id": incoming.parent_id[:120],
        "is_parent": incoming.is_parent,
        "title": incoming.title[:500],
        "product_type": incoming.product_type[:80],
        "handle": incoming.handle[:300],
        "status": incoming.status[:40],
        "price": incoming.price,
        "currency": incoming.currency,
        "picture_url": incoming.picture_url[:500],
        "fulfillment_method": incoming.fulfillment_method.value,
        "barcodes": list(incoming.barcodes),
    }


def take_in(*, account: ChannelAccount, listings: Sequence[IncomingListing], at: datetime) -> TakenIn:
    """Take in a page of listings as the platform shows them; unchanged ones only get their times.

    Belongs into the transaction of the page. What a listing sells (its pairing) is never touched. The
    quantity the platform shows is noted for listings that we serve; see ``publishing`` for its use.
    """
    by_key = {(item.marketplace, item.listing_id): item for item in listings}
    shops = shops_by_marketplace(account_id=account.pk, marketplaces={place for place, _id in by_key})
    by_key = {key: item for key, item in by_key.items() if key[0] in shops}
    before = set(_find(shops=shops, keys=by_key))
    fresh = [key for key in by_key if key not in before]
    new = [WantedListing(place, listing_id) for place, listing_id in fresh]
    _create_unmapped(shops=shops, wanted=new, at=at)
    ids = _find(shops=shops, keys=by_key)
    rows = Listing.objects.select_for_update().order_by("pk").in_bulk(list(ids.values()))
    moved = {pk: by_key[key] for key, pk in ids.items() if key in before and _moved(rows[pk], by_key[key])}
    if moved:
        changes.note(changes=_shown_changes(rows=[rows[pk] for pk in moved], incoming=moved, at=at))
    changed = [rows[pk] for key, pk in ids.items() if _change(row=rows[pk], incoming=by_key[key], at=at)]
    Listing.objects.bulk_update(changed, [*_TAKEN, "remote_quantity", "remote_at", "seen_at"], batch_size=200)
    same = set(rows) - {row.pk for row in changed}
    Listing.objects.filter(pk__in=same).update(seen_at=at, remote_at=at)
    updated = len(changed) - len(fresh)
    return TakenIn(seen=len(listings), created=len(fresh), updated=max(updated, 0), unchanged=len(same))


def _moved(row: Listing, incoming: IncomingListing) -> bool:
    return incoming.quantity not in (None, row.remote_quantity) or incoming.price not in (None, row.price)


def note_seen(*, listing: Listing, seen: IncomingListing, at: datetime) -> None:
    """Keep what a read-back of one listing showed: quantity, price, and the platform's own handle."""
    fields: dict[str, Any] = {"remote_quantity": seen.quantity, "remote_at": at}
    if seen.handle:
        fields["handle"] = seen.handle[:300]
    if seen.price is not None:
        fields |= {"price": seen.price, "currency": seen.currency}
    changes.note(changes=_shown_changes(rows=[listing], incoming={listing.pk: seen}, at=at))
    Listing.objects.filter(pk=listing.pk).update(**fields)


def note_price(*, listing_id: int, price: Decimal, currency: str) -> None:
    """Keep a price the platform confirmed."""
    Listing.objects.filter(pk=listing_id).update(price=price, currency=currency)


def _shown_changes(
    *, rows: Sequence[Listing], incoming: Mapping[int, IncomingListing], at: datetime
) -> list[changes.Change]:
    """Return how prices and quantities moved on the platform by another hand than ours.

    ``rows`` hold what was known before. What we sent last ourselves is no change of theirs.
    """
    ids = [row.pk for row in rows]
    sent = dict(Publication.objects.filter(listing__in=ids).values_list("listing_id", "sent_quantity"))
    prices = dict(PricePublication.objects.filter(listing__in=ids).values_list("listing_id", "sent_price"))
    found = []
    for row in rows:
        seen, units, price = incoming[row.pk], row.remote_quantity, row.price
        if seen.quantity is not None and units is not None and seen.quantity not in (units, sent.get(row.pk)):
            found.append(changes.Change(row.pk, Kind.QUANTITY_SHOWN, at, units, seen.quantity))
        if seen.price is None or price is None or row.currency != seen.currency:
            continue
        if seen.price not in (price, prices.get(row.pk)):
            found.append(changes.Change(row.pk, Kind.PRICE_SHOWN, at, price, seen.price, seen.currency))
    return [replace(one, actor="channel") for one in found]


def _change(*, row: Listing, incoming: IncomingListing, at: datetime) -> bool:
    """Bring a row up to what came; says whether more than the times changed."""
    fields = _fields(incoming)
    if incoming.quantity is not None:
        fields["remote_quantity"] = incoming.quantity
    different = [name for name, value in fields.items() if getattr(row, name) != value]
    for name in different:
        setattr(row, name, fields[name])
    row.seen_at = at
    row.remote_at = at
    return bool(different)


def pair(
    *, listing: Listing, components: Sequence[tuple[int, int]], at: datetime, actor: str = "system"
) -> None:
    """Say what one unit of a listing sells: (SKU id, units), several for a bundle, none to undo a pairing.

    Raises ``PairingRefused`` for a parent listing, a SKU named twice, units below one, or an unknown SKU.
    Orders that waited for the pairing are found by the orders house through ``Listing.is_mapped``.
    """
    pair_many(pairings={listing.pk: components}, at=at, actor=actor)


def pair_many(
    *,
    pairings: Mapping[int, Sequence[tuple[int, int]]],
    at: datetime,
    actor: str = "system",
    source: str = "",
) -> int:
    """Pair many listings by their id in one transaction; returns how many changed. See ``pair``.

    ``source`` names the sheet they come from; it is noted with the event.
    """
    with transaction.atomic():
        rows = Listing.objects.select_for_update().order_by("pk").in_bulk(list(pairings))
        _check_pairings(rows=rows, pairings=pairings)
        held = _components(listing_ids=list(rows))
        changed = {
            pk: sorted(components)
            for pk, components in pairings.items()
            if sorted(components) != sorted(held.get(pk, ()))
        }
        _replace_components(changed=changed)
        _publish_anew(listing_ids=sorted(changed))
        _note_pairings(changed=changed, at=at, actor=actor, source=source)
    return len(changed)


def _note_pairings(
    *, changed: Mapping[int, Sequence[tuple[int, int]]], at: datetime, actor: str, source: str
) -> None:
    happenings = []
    for pk in sorted(changed):
        data: dict[str, Any] = {"components": [list(part) for part in changed[pk]]}
        if source:
            data["source"] = source
        kind = "paired" if changed[pk] else "unpaired"
        happenings.append(events.Happening("listing", pk, kind, at, data, actor))
    events.record_many(happenings=happenings)


def _check_pairings(
    *, rows: Mapping[int, Listing], pairings: Mapping[int, Sequence[tuple[int, int]]]
) -> None:
    wanted = {sku_id for components in pairings.values() for sku_id, _units in components}
    known = set(Sku.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    for pk, components in pairings.items():
        if pk not in rows:
            raise PairingRefused(_("This listing does not exist any more; reload the page."))
        if rows[pk].is_parent and components:
            raise PairingRefused(_("A parent listing sells nothing itself; pair its variations."))
        sku_ids = [sku_id for sku_id, _units in components]
        if len(set(sku_ids)) != len(sku_ids):
            raise PairingRefused(_("A SKU is named twice; give it once with the sum of the units."))
        if any(units < 1 for _sku_id, units in components):
            raise PairingRefused(_("The units of a SKU must be at least 1."))
        if not set(sku_ids) <= known:
            raise PairingRefused(_("A SKU does not exist any more; choose another one."))


def _replace_components(*, changed: Mapping[int, Sequence[tuple[int, int]]]) -> None:
    ListingComponent.objects.filter(listing_id__in=list(changed)).delete()
    ListingComponent.objects.bulk_create(
        [
            ListingComponent(listing_id=pk, sku_id=sku_id, quantity=units)
            for pk in sorted(changed)
            for sku_id, units in changed[pk]
        ]
    )
    Listing.objects.filter(pk__in=[pk for pk in changed if changed[pk]]).update(is_mapped=True)
    Listing.objects.filter(pk__in=[pk for pk in changed if not changed[pk]]).update(is_mapped=False)


def _publish_anew(*, listing_ids: Sequence[int]) -> None:
    """Make publications due from scratch and take them from whoever works on them with the old pairing."""
    Listing.objects.filter(pk__in=listing_ids).update(offer_version=F("offer_version") + 1)
    Publication.objects.bulk_create([Publication(listing_id=pk) for pk in listing_ids], ignore_conflicts=True)
    Publication.objects.filter(listing_id__in=listing_ids).update(
        done_version=0,
        state=WorkState.WAITING,
        due_at=ClockTimestamp(),
        errors=0,
        batch=None,
        lease_until=None,
        lease_epoch=F("lease_epoch") + 1,
    )
