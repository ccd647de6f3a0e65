"""Listings Items 2021-08-01 and FBA inventory summaries as the hub's messages."""

from decimal import Decimal

from channels.messages import ChannelStock, FulfillmentMethod, IncomingListing
from channels.reading import (
    Json,
    Unreadable,
    amount,
    child,
    children,
    clean,
    currency,
    cut_text,
    needed_text,
    plain,
    text,
    whole,
)

SELLER_CHANNEL = "DEFAULT"
_BARCODES = {"ean", "upc", "gtin", "jan", "isbn"}


def read_listing(raw: Json, marketplace: str) -> IncomingListing:
    """Read one listing as it stands on one marketplace. Raises ``Unreadable``."""
    summary = _of_marketplace(raw, "summaries", marketplace)
    price, code = _price(raw, marketplace)
    method, quantity = _availability(raw)
    parents, children_skus = _variation(raw, marketplace)
    return IncomingListing(
        listing_id=needed_text(raw, "sku", most=120),
        marketplace=marketplace,
        title=cut_text(summary, "itemName", most=500),
        status=", ".join(_texts(summary, "status"))[:40],
        product_id=text(summary, "asin", most=60),
        parent_id=parents[0] if parents else "",
        is_parent=bool(children_skus),
        price=price,
        currency=code,
        picture_url=_picture(summary),
        quantity=quantity,
        fulfillment_method=method,
        barcodes=_barcodes(raw),
        product_type=_product_type(raw, summary, marketplace),
        raw=plain(raw),
    )


def _of_marketplace(raw: Json, name: str, marketplace: str) -> Json:
    """Return the entry of one marketplace in a list with one entry per marketplace."""
    for entry in children(raw, name):
        if entry.get("marketplaceId") == marketplace:
            return entry
    return {}


def _texts(parent: Json, name: str) -> list[str]:
    found = parent.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Unreadable(f"{name} is not a list")
    return [clean(part, name) for part in found]


def _price(raw: Json, marketplace: str) -> tuple[Decimal | None, str]:
    """Return what everybody pays; business prices are kept in ``raw`` alone."""
    for offer in children(raw, "offers"):
        if offer.get("marketplaceId") == marketplace and offer.get("offerType") == "B2C":
            price = child(offer, "price")
            value = amount(price.get("amount"), "price")
            if value < 0:
                raise Unreadable("price is negative")
            return value, currency(price.get("currencyCode"), "the currency of price")
    return None, ""


def _availability(raw: Json) -> tuple[FulfillmentMethod, int | None]:
    """Return who ships and how many the seller offers; goods at Amazon show no quantity here."""
    method = FulfillmentMethod.BY_SELLER
    for entry in children(raw, "fulfillmentAvailability"):
        if needed_text(entry, "fulfillmentChannelCode", most=60) == SELLER_CHANNEL:
            offered = None if entry.get("quantity") is None else whole(entry, "quantity")
            return FulfillmentMethod.BY_SELLER, offered
        method = FulfillmentMethod.BY_CHANNEL
    return method, None


def _variation(raw: Json, marketplace: str) -> tuple[list[str], list[str]]:
    parents: list[str] = []
    below: list[str] = []
    for entry in children(_of_marketplace(raw, "relationships", marketplace), "relationships"):
        if entry.get("type") == "VARIATION":
            parents += _texts(entry, "parentSkus")
            below += _texts(entry, "childSkus")
    if any(len(sku) > 120 for sku in parents):
        raise Unreadable("parentSkus holds one longer than 120 characters")
    return parents, below


def _picture(summary: Json) -> str:
    link = cut_text(child(summary, "mainImage"), "link", most=501)
    return link if len(link) <= 500 else ""


def _barcodes(raw: Json) -> tuple[str, ...]:
    found: list[str] = []
    for entry in children(child(raw, "attributes"), "externally_assigned_product_identifier"):
        if text(entry, "type", most=60) in _BARCODES:
            found.append(cut_text(entry, "value", most=60))
    return tuple(dict.fromkeys(code for code in found if code))


def _product_type(raw: Json, summary: Json, marketplace: str) -> str:
    named = text(_of_marketplace(raw, "productTypes", marketplace), "productType", most=80)
    return named or text(summary, "productType", most=80)


def read_stock(raw: Json, marketplace: str) -> ChannelStock:
    """Read what Amazon's own warehouses hold of one SKU. Raises ``Unreadable``."""
    details = child(raw, "inventoryDetails")
    if not details:
        raise Unreadable("inventoryDetails is missing")
    inbound = ("inboundWorkingQuantity", "inboundShippedQuantity", "inboundReceivingQuantity")
    return ChannelStock(
        listing_id=needed_text(raw, "sellerSku", most=120),
        product_id=text(raw, "asin", most=60),
        sellable=whole(details, "fulfillableQuantity", 0),
        reserved=whole(child(details, "reservedQuantity"), "totalReservedQuantity", 0),
        inbound=sum(whole(details, name, 0) for name in inbound),
        unsellable=whole(child(details, "unfulfillableQuantity"), "totalUnfulfillableQuantity", 0),
        marketplace=marketplace,
    )
