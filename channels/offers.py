"""What each listing should show: the publishable quantity, and the version it was computed from.

A listing's version is its own ``offer_version`` plus the versions of its components' stock levels; every
stock movement raises one of them. It is always read *before* the quantity: a movement in between makes the
listing due again, never forgotten.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from channels.models import Listing, ListingComponent, Publication
from ecomhub import work
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
    handle: str
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
        work.is_due(),
    )
    return list(rows.order_by("due_at", "pk").values_list("pk", flat=True))


def say_again(*, listing_ids: Iterable[int]) -> None:
    """Make listings due once more: somebody may have spoken late, so the last word may be an old one."""
    Listing.objects.filter(pk__in=list(listing_ids)).update(offer_version=F("offer_version") + 1)


def send_now(*, listing_id: int) -> None:
    """Publish a listing anew, now: a person asks for it and need not wait for its next try."""
    say_again(listing_ids=[listing_id])
    Publication.objects.filter(listing=listing_id, batch__isnull=True).update(
        state=WorkState.WAITING, due_at=ClockTimestamp(), errors=0, deaths=0
    )


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
            handle=row.listing.handle,
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
    return {pk: one.wanted for pk, one in explained(publications=publications).items()}


@dataclass(frozen=True, slots=True)
class Rule:
    """The limits a listing's quantity is computed with, its own where it has some, else its shop's."""

    buffer: int
    percentage: int
    cap: int | None
    is_paused: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """What a listing should show, what its stock would allow, and the limits in between."""

    wanted: int
    possible: int
    rule: Rule


def explained(
    *,
    publications: Sequence[Publication],
    rule: Callable[[Listing], Rule] | None = None,
) -> dict[int, Explained]:
    """Return what each listing should show and from what, by publication id, in one statement.

    ``rule`` replaces the stored limits, to look at what others would do. The publications are read with
    listing, shop and components.
    """
    components = {
        row.pk: [(part.sku_id, part.quantity) for part in row.listing.components.all()]
        for row in publications
    }
    sku_ids = {sku_id for parts in components.values() for sku_id, _units in parts}
    available = available_to_promise(sku_ids=sorted(sku_ids))
    found = {}
    for row in publications:
        limits, parts = (rule or rule_of)(row.listing), components[row.pk]
        offered = publishable_quantity(
            available=available,
            components=parts,
            buffer=limits.buffer,
            percentage=limits.percentage,
            cap=limits.cap,
        )
        possible = publishable_quantity(
            available=available, components=parts, buffer=0, percentage=100, cap=None
        )
        wanted = 0 if limits.is_paused else offered
        found[row.pk] = Explained(wanted=wanted, possible=possible, rule=limits)
    return found


def rule_of(listing: Listing) -> Rule:
    """Return a listing's limits: its own where it has some, else its shop's."""
    shop = listing.shop
    return Rule(
        buffer=shop.buffer if listing.buffer is None else listing.buffer,
        percentage=shop.percentage if listing.percentage is None else listing.percentage,
        cap=shop.cap if listing.cap is None else listing.cap,
        is_paused=listing.is_paused or shop.is_paused,
    )


def shown_quantity(*, publication: Publication) -> int | None:
    """Return what the platform shows as far as we know: the later of what we sent and what we read."""
    listing = publication.listing
    if publication.sent_at is None or publication.sent_quantity is None:
        return listing.remote_quantity
    if listing.remote_at is not None and listing.remote_at > publication.sent_at:
        return listing.remote_quantity
    return publication.sent_quantity
