"""What other limits would do to the shown quantities, looked at before anything is stored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from channels import offers
from channels.models import Listing, Publication, Shop
from channels.offers import Rule


@dataclass(frozen=True, slots=True)
class Effect:
    """How many listings a change touches, and how: against what the platform shows now."""

    listings: int
    to_zero: int
    down: int
    up: int
    same: int
    examples: tuple[tuple[str, int | None, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ListingEffect:
    """What one listing would show; ``possible`` is what the stock allows without limits."""

    shown: int | None
    before: int
    after: int
    possible: int
    rule: Rule


def of_listing(
    *, listing: Listing, buffer: int | None, cap: int | None, percentage: int | None, is_paused: bool
) -> ListingEffect | None:
    """Return what other limits would make a listing show; ``None`` while it is not paired."""
    rows = _read(Publication.objects.filter(listing=listing, listing__is_mapped=True))
    if not rows:
        return None
    shop = rows[0].listing.shop
    rule = Rule(
        buffer=shop.buffer if buffer is None else buffer,
        percentage=shop.percentage if percentage is None else percentage,
        cap=shop.cap if cap is None else cap,
        is_paused=is_paused or shop.is_paused,
    )
    before = offers.explained(publications=rows)[rows[0].pk]
    after = offers.explained(publications=rows, rule=lambda _listing: rule)[rows[0].pk]
    shown = offers.shown_quantity(publication=rows[0])
    return ListingEffect(shown, before.wanted, after.wanted, after.possible, rule)


def of_shop(*, shop: Shop, buffer: int, percentage: int, cap: int | None, is_paused: bool) -> Effect:
    """Return what other limits of a shop would do to its listings; their own limits stay."""
    account_rows = offers.published(account_id=shop.account_id).filter(listing__shop=shop)

    def rule(listing: Listing) -> Rule:
        return Rule(
            buffer=buffer if listing.buffer is None else listing.buffer,
            percentage=percentage if listing.percentage is None else listing.percentage,
            cap=cap if listing.cap is None else listing.cap,
            is_paused=is_paused or listing.is_paused,
        )

    return _effect(rows=_read(account_rows), rule=rule)


def _read(rows: "QuerySet[Publication]") -> list[Publication]:
    return list(rows.select_related("listing__shop").prefetch_related("listing__components").order_by("pk"))


def _effect(*, rows: Sequence[Publication], rule: Callable[[Listing], Rule]) -> Effect:
    before = offers.explained(publications=rows)
    after = offers.explained(publications=rows, rule=rule)
    changed = [(row, before[row.pk].wanted, after[row.pk].wanted) for row in rows]
    moved = [one for one in changed if one[1] != one[2]]
    worst = sorted(moved, key=lambda one: (one[2] > 0, one[2] - one[1]))
    return Effect(
        listings=len(rows),
        to_zero=sum(new == 0 for _row, _old, new in moved),
        down=sum(0 < new < old for _row, old, new in moved),
        up=sum(new > old for _row, old, new in moved),
        same=len(rows) - len(moved),
        examples=tuple((row.listing.external_id, old, new) for row, old, new in worst[:3]),
    )
