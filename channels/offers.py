"""What each listing should show: the publishable quantity, and the version it was computed from.

A listing's version is its own ``offer_version`` plus the versions of its components' stock levels; every
stock movement raises one of them. It is always read *before* the quantity: a movement in between makes the
listing due again, never forgotten.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from django.db.models import BigIntegerField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from channels.models import Listing, ListingComponent, Publication
from ecomhub.work import ClockTimestamp, WorkState
from inventory.queries import available_to_promise

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class Versioned(TypedDict):
    """What ``with_version`` adds to a row."""

    version: int


@dataclass(frozen=True, slots=True)
class Offer:
    """One listing's wanted quantity, and what the platform shows as far as we know (``None``: unknown)."""

    publication_id: int
    listing_id: int
    marketplace: str
    external_id: str
    product_type: str
    version: int
    wanted: int
    shown: int | None

    @property
    def change(self) -> int:
        """Units up or down against what the platform shows."""
        return self.wanted - (self.shown or 0)


def publishable_quantity(
    *,
    available: Mapping[int, int],
    components: Sequence[tuple[int, int]],
    buffer: int,
    percentage: int,
    cap: int | None,
) -> int:
    """Return min(cap, floor(percentage × max(0, available − buffer) / units)), the smallest over components.

    ``available`` is what can be promised per SKU id, in SKU units; the answer is in units of the listing.
    """
    if not components:
        return 0
    least = min(
        max(0, available.get(sku_id, 0) - buffer) * percentage // (100 * units)
        for sku_id, units in components
    )
    return least if cap is None else min(cap, least)


def published(*, account_id: int) -> "QuerySet[Publication]":
    """Return the publications of listings that we serve and may push: never the channel's own fulfillment.

    Listings that stopped offering stock (their own pause or the shop's) stay: they are to show 0.
    """
    return Publication.objects.filter(
        listing__shop__account_id=account_id,
        listing__is_mapped=True,
        listing__is_parent=False,
        listing__fulfillment_method="by_seller",
    )


def with_version(rows: "QuerySet[Publication]") -> "QuerySet[WithAnnotations[Publication, Versioned]]":
    """Add each listing's present ``version``."""
    levels = (
        ListingComponent.objects.filter(listing_id=OuterRef("listing_id"))
        .order_by()
        .values("listing_id")
        .annotate(total=Sum("sku__levels__version"))
        .values("total")
    )
    total = Coalesce(Subquery(levels, output_field=BigIntegerField()), 0)
    return rows.annotate(version=F("listing__offer_version") + total)


def changed(*, account_id: int) -> "QuerySet[WithAnnotations[Publication, Versioned]]":
    """Return the publications whose version passed what was done, whoever works on them."""
    rows = with_version(published(account_id=account_id)).filter(batch__isnull=True)
    return rows.filter(version__gt=F("done_version"))


def due(*, account_id: int) -> list[int]:
    """Return the ids of publications to push now: changed, free, and not waiting for another try."""
    rows = changed(account_id=account_id).filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=ClockTimestamp()),
        state=WorkState.WAITING,
        due_at__lte=ClockTimestamp(),
    )
    return list(rows.order_by("due_at", "pk").values_list("pk", flat=True))


def say_again(*, listing_ids: Iterable[int]) -> None:
    """Make listings due once more: somebody may have spoken late, so the last word may be an old one."""
    Listing.objects.filter(pk__in=list(listing_ids)).update(offer_version=F("offer_version") + 1)


def plan(*, publication_ids: Iterable[int]) -> list[Offer]:
    """Return what these listings should show now: versions are read first, then pairing and stock."""
    wanted_ids = list(publication_ids)
    rows = with_version(Publication.objects.filter(pk__in=wanted_ids))
    versions = dict(rows.values_list("pk", "version"))
    publications = list(
        Publication.objects.filter(pk__in=wanted_ids)
        .select_related("listing__shop")
        .prefetch_related("listing__components")
        .order_by("pk")
    )
    wanted = wanted_quantities(publications=publications)
    return [
        Offer(
            publication_id=row.pk,
            listing_id=row.listing_id,
            marketplace=row.listing.shop.marketplace,
            external_id=row.listing.external_id,
            product_type=row.listing.product_type,
            version=versions.get(row.pk, 0),
            wanted=wanted[row.pk],
            shown=shown_quantity(publication=row),
        )
        for row in publications
    ]


def wanted_quantities(*, publications: Sequence[Publication]) -> dict[int, int]:
    """Return what each listing should show by publication id, in one statement.

    The publications are read with listing, shop and components.
    """
    components = {
        row.pk: [(part.sku_id, part.quantity) for part in row.listing.components.all()]
        for row in publications
    }
    sku_ids = {sku_id for parts in components.values() for sku_id, _units in parts}
    available = available_to_promise(sku_ids=sorted(sku_ids))
    return {
        row.pk: _wanted(row=row, components=components[row.pk], available=available) for row in publications
    }


def _wanted(*, row: Publication, components: Sequence[tuple[int, int]], available: Mapping[int, int]) -> int:
    listing, shop = row.listing, row.listing.shop
    if listing.is_paused or shop.is_paused:
        return 0
    return publishable_quantity(
        available=available,
        components=components,
        buffer=shop.buffer if listing.buffer is None else listing.buffer,
        percentage=shop.percentage if listing.percentage is None else listing.percentage,
        cap=listing.cap,
    )


def shown_quantity(*, publication: Publication) -> int | None:
    """Return what the platform shows as far as we know: the later of what we sent and what we read."""
    listing = publication.listing
    if publication.sent_at is None or publication.sent_quantity is None:
        return listing.remote_quantity
    if listing.remote_at is not None and listing.remote_at > publication.sent_at:
        return listing.remote_quantity
    return publication.sent_quantity
