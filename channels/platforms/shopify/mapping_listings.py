"""A product variant of the Admin API 2026-01 as the hub's message, and the handle that writes to it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from channels.adapter import Refused
from channels.messages import BadItem, IncomingListing
from channels.platforms.shopify.directory import MARKETPLACE
from channels.platforms.shopify.mapping import listing_code
from channels.platforms.shopify.reading import bad_item, has_more, nodes, number_of, read_each
from channels.reading import Json, Unreadable, amount, child, children, currency, cut_text, flag, plain, text
from ecomhub.sentences import kept

_PART = "available"
UNTRACKED, NOWHERE, SEVERAL = "untracked", "nowhere", "several"
WHY_NOT = {
    UNTRACKED: _("Shopify does not count this listing's stock: switch on “Track quantity” for it."),
    NOWHERE: _("The listing is stocked at no location the hub keeps: stock it there at Shopify."),
    SEVERAL: _("The listing is stocked at several locations: name the one the hub keeps in the account."),
}


@dataclass(frozen=True, slots=True)
class Handle:
    """What writing to a listing needs. ``location`` is a number, or why there is none (``WHY_NOT``)."""

    variant: str
    product: str
    item: str
    location: str
    currency: str

    def __str__(self) -> str:
        return ":".join((self.variant, self.product, self.item, self.location, self.currency))


def read_handle(handle: str) -> Handle:
    """Read what ``Handle`` wrote. Raises ``Refused``."""
    parts = handle.split(":")
    if len(parts) != 5 or not all(parts):
        raise Refused(kept("The listing is known by an older name here. Fetch the listings again."))
    return Handle(*parts)


def read_listings(data: Json, variants: Any, *, location: str) -> tuple[list[IncomingListing], list[BadItem]]:
    """Read the variants of a page. Two with one SKU are both refused: an order could not tell them apart."""
    code = _shop_currency(data)
    found, bad = read_each(
        variants, read=lambda raw: read_listing(raw, code=code, location=location), id_key="id"
    )
    counted = Counter(one.listing_id for one in found)
    twins = [one for one in found if counted[one.listing_id] > 1]
    doubled = [
        bad_item(
            one.raw,
            id_key="id",
            reason=f"{counted[one.listing_id]} variants have the SKU {one.listing_id[:60]!r}:"
            " give each its own in Shopify",
        )
        for one in twins
    ]
    return [one for one in found if counted[one.listing_id] == 1], [*bad, *doubled]


def _shop_currency(data: Json) -> str:
    return currency(child(data, "shop").get("currencyCode"), "the shop's currencyCode")


def read_one(data: Json, variants: Sequence[Any], *, wanted: str, location: str) -> IncomingListing:
    """Return the wanted listing of a search's answer, which holds similar ones too. Raises ``Refused``."""
    try:
        code = _shop_currency(data)
        mine = [
            raw for raw in variants if isinstance(raw, dict) and _code_of(raw) == wanted
        ]  # a search finds words, not codes
        if not mine:
            raise Refused(kept("The shop has no listing %(listing)s.", listing=wanted[:120]))
        if len(mine) > 1:
            raise Refused(
                kept(
                    "%(count)d variants have the SKU %(sku)s. Give each its own in Shopify.",
                    count=len(mine),
                    sku=wanted[:60],
                )
            )
        return read_listing(mine[0], code=code, location=location)
    except (Unreadable, RecursionError) as error:
        raise Refused(
            kept("Listing %(listing)s cannot be read: %(words)s", listing=wanted[:120], words=str(error))
        ) from error


def _code_of(raw: Json) -> str:
    try:
        return listing_code(raw, number_of(raw.get("id"), "id"))
    except Unreadable:
        return ""


def read_listing(raw: Json, *, code: str, location: str) -> IncomingListing:
    """Read one variant. Raises ``Unreadable``.

    The quantity is what is available at the location the hub keeps; without one that can be named, it is
    unknown and the handle says why. A bundle has no stock of its own and is only a roof.
    """
    variant_id = number_of(raw.get("id"), "id")
    product = child(raw, "product")
    price = None if raw.get("price") is None else amount(raw["price"], "price")
    if price is not None and price < 0:
        raise Unreadable("price is negative")
    is_bundle = flag(raw, "requiresComponents")
    where, quantity = (NOWHERE, None) if is_bundle else _stock(raw, location)
    item = child(raw, "inventoryItem")
    title, kind = cut_text(product, "title", most=400), cut_text(raw, "title", most=90)
    product_id = number_of(product.get("id"), "product")
    handle = Handle(
        variant=variant_id,
        product=product_id,
        item=number_of(item.get("id"), "inventoryItem"),
        location=where,
        currency=code,
    )
    return IncomingListing(
        listing_id=listing_code(raw, variant_id),
        marketplace=MARKETPLACE,
        title=f"{title} - {kind}" if kind and kind != "Default Title" else title,
        status=cut_text(product, "status", most=40),
        product_id=product_id,
        is_parent=is_bundle,
        price=price,
        currency=code,
        picture_url=_picture(product),
        quantity=quantity,
        barcodes=tuple(part for part in (cut_text(raw, "barcode", most=60).strip(),) if part),
        product_type=cut_text(product, "productType", most=80),
        raw=plain(raw),
        handle=str(handle),
    )


def _stock(raw: Json, location: str) -> tuple[str, int | None]:
    """Return the location to write to, or why there is none, and what is available there."""
    item = child(raw, "inventoryItem")
    if not flag(item, "tracked"):
        return UNTRACKED, None
    levels = {
        number_of(child(level, "location").get("id"), "location"): level
        for level in nodes(item, "inventoryLevels")
    }
    if location:
        level = levels.get(location)
        return (location, _available(level)) if level is not None else (NOWHERE, None)
    active = [key for key, level in levels.items() if child(level, "location").get("isActive") is not False]
    if len(active) != 1 or has_more(item, "inventoryLevels"):
        return (SEVERAL if active else NOWHERE), None
    return active[0], _available(levels[active[0]])


def _available(level: Json) -> int | None:
    """Return what is available; Shopify counts below zero when it sold more, which is none for sale."""
    for part in children(level, "quantities"):
        if text(part, "name", most=40) == _PART:
            value = part.get("quantity")
            if type(value) is not int or abs(value) > 1_000_000_000:
                raise Unreadable("quantity is not a whole number")
            return max(0, value)
    return None


def _picture(product: Json) -> str:
    media = child(product, "featuredMedia")
    link = cut_text(child(child(media, "preview"), "image"), "url", most=501)
    return link if len(link) <= 500 else ""
