"""Trading's items as the hub's listings: one per item, and one per variation beside its parent."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from channels.messages import BadItem, IncomingListing
from channels.platforms.ebay.directory import SITE_HOSTS, SITE_NAMES
from channels.platforms.ebay.mapping_money import Purse, not_negative
from channels.platforms.ebay.naming import listing_code
from channels.platforms.ebay.xml_reading import (
    inner,
    several,
    several_texts,
    whole_text,
    xml_money,
)
from channels.reading import Json, Unreadable, an_object, bad_item, cut_text, needed_text, text

_NO_BARCODE = {"does not apply", "n/a", "na", "none"}
TRADING, INVENTORY = "item:", "offer:"
"""How a listing's handle begins: by whose call, and under which number, it is written to."""


def read_items(
    objects: Iterable[Any], *, marketplace: str
) -> tuple[tuple[IncomingListing, ...], tuple[BadItem, ...]]:
    """Read the items of a page that stand on one marketplace; one that cannot be read stops only itself."""
    found: list[IncomingListing] = []
    bad: list[BadItem] = []
    for value in objects:
        try:
            item = an_object(value, "item")
            if site_of(item) in ("", marketplace):
                found += read_item(item, marketplace)
        except (Unreadable, RecursionError) as error:
            bad.append(bad_item(value, id_key="ItemID", reason=str(error) or "nested too deeply"))
    return tuple(found), tuple(bad)


def site_of(item: Json) -> str:
    """Return the marketplace an item stands on by its site, else by the address of its page; or nothing."""
    named = SITE_NAMES.get(text(item, "Site", most=60))
    if named:
        return named
    address = text(inner(item, "ListingDetails"), "ViewItemURL", most=1000)
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return SITE_HOSTS.get(host.removeprefix("www.").removeprefix("cgi."), "")


def read_item(item: Json, marketplace: str) -> tuple[IncomingListing, ...]:
    """Read an item: itself, or as the parent of its variations and those. Raises ``Unreadable``."""
    number = needed_text(item, "ItemID", most=40)
    variations = several(inner(item, "Variations"), "Variation")
    if not variations:
        return (_single(item, number, marketplace),)
    parent = IncomingListing(
        listing_id=listing_code(sku="", item=number),
        marketplace=marketplace,
        title=cut_text(item, "Title", most=500),
        status=_status(item),
        product_id=number,
        is_parent=True,
        picture_url=_picture(item),
        raw=item,
    )
    return (parent, *(_variation(item, part, number, parent) for part in variations))


def _single(item: Json, number: str, marketplace: str) -> IncomingListing:
    price, currency = _price(item)
    return IncomingListing(
        listing_id=listing_code(sku=text(item, "SKU", most=120), item=number),
        marketplace=marketplace,
        title=cut_text(item, "Title", most=500),
        status=_status(item),
        product_id=number,
        price=price,
        currency=currency,
        picture_url=_picture(item),
        quantity=_available(item),
        barcodes=_barcodes(inner(item, "ProductListingDetails")),
        raw=item,
        handle=f"{TRADING}{number}",
    )


def _variation(item: Json, part: Json, number: str, parent: IncomingListing) -> IncomingListing:
    aspects = [
        (cut_text(pair, "Name", most=200), value[:500])
        for pair in several(inner(part, "VariationSpecifics"), "NameValueList")
        for value in several_texts(pair, "Value")
    ]
    price, currency = _price(part)
    words = ", ".join(value for _name, value in aspects)
    return IncomingListing(
        listing_id=listing_code(sku=text(part, "SKU", most=120), item=number, aspects=aspects),
        marketplace=parent.marketplace,
        title=(cut_text(part, "VariationTitle", most=500) or f"{parent.title} [{words}]")[:500],
        status=parent.status,
        product_id=number,
        parent_id=parent.listing_id,
        price=price,
        currency=currency,
        picture_url=parent.picture_url,
        quantity=_available(part),
        barcodes=_barcodes(inner(part, "VariationProductListingDetails")),
        raw={"ItemID": number, "Variation": part},
        handle=f"{TRADING}{number}",
    )


def _status(item: Json) -> str:
    return text(inner(item, "SellingStatus"), "ListingStatus", most=40) or "Active"


def _price(part: Json) -> tuple[Decimal | None, str]:
    """Return the price that stands now: an item's current one, a variation's own."""
    purse = Purse()
    price = xml_money(purse, inner(part, "SellingStatus"), "CurrentPrice")
    if price is None:
        price = xml_money(purse, part, "StartPrice")
    if price is None:
        price = xml_money(purse, part, "BuyItNowPrice")
    return not_negative(price, "the price"), purse.currency


def _available(part: Json) -> int | None:
    """Return how many can be bought: ``Quantity`` counts what was sold as well."""
    if part.get("QuantityAvailable") not in (None, ""):
        return whole_text(part, "QuantityAvailable")
    if part.get("Quantity") in (None, ""):
        return None
    sold = whole_text(inner(part, "SellingStatus"), "QuantitySold", 0)
    return max(0, whole_text(part, "Quantity") - sold)


def _picture(item: Json) -> str:
    link = cut_text(inner(item, "PictureDetails"), "GalleryURL", most=501)
    return link if len(link) <= 500 else ""


def _barcodes(details: Json) -> tuple[str, ...]:
    codes = [cut_text(details, name, most=60).strip() for name in ("EAN", "UPC", "ISBN")]
    return tuple(code for code in codes if code and code.lower() not in _NO_BARCODE)
