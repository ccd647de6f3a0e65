"""Listings over the wire: pages of My eBay, single ones by SKU, and who made them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from channels.adapter import Observer, PageTokenExpired, Refused, RetryLater
from channels.messages import Connection, IncomingListing, Page
from channels.platforms.ebay.client import RestApi, refuse_as_path
from channels.platforms.ebay.mapping_listings import INVENTORY, read_items
from channels.platforms.ebay.naming import item_of_code
from channels.platforms.ebay.trading import call_trading
from channels.platforms.ebay.transport import Expected, errors_in, hint
from channels.platforms.ebay.wire_times import time_text
from channels.platforms.ebay.xml_reading import inner, several, whole_text
from channels.reading import Json, Unreadable, text
from ecomhub import clock
from ecomhub.sentences import kept

PER_PAGE = 100
SKUS_PER_CALL = 25
LONGEST_STOCK_SKU = 50
_ENDS_WITHIN = timedelta(days=120)
"""As far ahead as GetSellerList takes; a listing without end is renewed every month."""


def fetch_page(
    *, connection: Connection, observer: Observer | None, marketplace: str, page_token: str
) -> Page[IncomingListing]:
    """Fetch one page of what the seller offers on one marketplace, as My eBay shows it.

    One Trading call, then one Inventory call for every 25 SKUs and one for each that the Inventory API made.
    """
    if page_token and not (page_token.isascii() and page_token.isdigit() and len(page_token) < 7):
        raise PageTokenExpired("this is no page of eBay's listings")
    number = int(page_token or 1)
    data = active_page(
        connection=connection, observer=observer, operation="fetch_listings", number=number, site=marketplace
    )
    try:
        active = inner(data, "ActiveList")
        objects = several(inner(active, "ItemArray"), "Item")
        pages = whole_text(inner(active, "PaginationResult"), "TotalNumberOfPages", 0)
    except Unreadable as error:
        raise RetryLater(f"eBay's answer is broken: {error}") from error
    items, bad = read_items(objects, marketplace=marketplace)
    made = _made_by_inventory(connection=connection, observer=observer, listings=items)
    return Page(
        items=tuple(replace(one, handle=made.get(one.listing_id, one.handle)) for one in items),
        bad=bad,
        next_token=str(number + 1) if number < pages and objects else "",
    )


def active_page(
    *, connection: Connection, observer: Observer | None, operation: str, number: int, site: str
) -> Json:
    """Return GetMyeBaySelling's answer with one page of the active fixed-price listings."""
    said = call_trading(
        connection=connection,
        observer=observer,
        expected=Expected(operation=operation, key="ActiveList", pages=number > 1),
        verb="GetMyeBaySelling",
        request={
            "ActiveList": {
                "Include": "true",
                "ListingType": "FixedPriceItem",
                "Pagination": {"EntriesPerPage": str(PER_PAGE), "PageNumber": str(number)},
            },
            "DetailLevel": "ReturnAll",
        },
        site=site,
    )
    if said.is_partial:
        raise RetryLater("eBay answered GetMyeBaySelling in part")
    return said.data


def _made_by_inventory(
    *, connection: Connection, observer: Observer | None, listings: Sequence[IncomingListing]
) -> dict[str, str]:
    """Return the handles of listings made by the Inventory API: only that API may write to them."""
    api = RestApi(connection, observer)
    skus = [
        one.listing_id
        for one in listings
        if one.handle and not item_of_code(one.listing_id) and len(one.listing_id) <= LONGEST_STOCK_SKU
    ]
    found: dict[str, str] = {}
    items = {one.listing_id: one.product_id for one in listings}
    for start in range(0, len(skus), SKUS_PER_CALL):
        for sku in _kept_by_inventory(api, skus[start : start + SKUS_PER_CALL]):
            offer = offer_of(api, sku=sku, item=items[sku], operation="fetch_listings")
            if offer:
                found[sku] = f"{INVENTORY}{offer}"
    return found


def _kept_by_inventory(api: RestApi, skus: Sequence[str]) -> list[str]:
    """Return which SKUs the Inventory API keeps. One it does not know is no error."""
    data = api.post(
        "/sell/inventory/v1/bulk_get_inventory_item",
        {"requests": [{"sku": sku} for sku in skus]},
        expected=Expected(operation="fetch_listings", key="responses"),
    )
    found: list[str] = []
    for entry in data["responses"]:
        if not isinstance(entry, dict):
            raise RetryLater("eBay answered about stock with something other than objects")
        status = entry.get("statusCode")
        if status == 200 and entry.get("sku") in skus:
            found.append(str(entry["sku"]))
        elif type(status) is not int or status >= 500:
            raise RetryLater(f"eBay could not say who keeps a SKU{hint(errors_in(entry))}")
    return found


def offer_of(api: RestApi, *, sku: str, item: str, operation: str) -> str:
    """Return the number of the Inventory API's offer that is this listing; empty when there is none."""
    data = api.get(
        "/sell/inventory/v1/offer",
        query={"sku": sku, "limit": "100"},
        expected=Expected(operation=operation, key="offers"),
    )
    for offer in data["offers"]:
        if not isinstance(offer, dict):
            continue
        listing, number = offer.get("listing"), offer.get("offerId")
        is_it = isinstance(listing, dict) and listing.get("listingId") == item
        if is_it and isinstance(number, str) and number.isascii() and number.isdigit():
            return number
    return ""


def fetch_one(
    *, connection: Connection, observer: Observer | None, marketplace: str, listing_id: str, operation: str
) -> IncomingListing:
    """Fetch one listing by the code the hub knows it under. Raises ``Refused`` when eBay shows none."""
    refuse_as_path(listing_id, "SKU")
    number = item_of_code(listing_id)
    verb = "GetItem" if number else "GetSellerList"
    key = "Item" if number else "ItemArray"
    said = call_trading(
        connection=connection,
        observer=observer,
        expected=Expected(operation=operation, key=key),
        verb=verb,
        request=_by_item(number) if number else _by_sku(listing_id),
        site=marketplace,
    )
    if said.is_partial:
        raise RetryLater(f"eBay answered {verb} in part")
    try:
        objects = [inner(said.data, "Item")] if number else several(inner(said.data, "ItemArray"), "Item")
        running = [item for item in objects if _is_running(item)]
    except Unreadable as error:
        raise RetryLater(f"eBay's answer is broken: {error}") from error
    items, bad = read_items(running, marketplace=marketplace)
    for one in items:
        if one.listing_id == listing_id:
            return one
    if bad:
        raise Refused(
            kept("Listing %(listing)s cannot be read: %(words)s", listing=listing_id, words=bad[0].reason)
        )
    raise Refused(
        kept(
            "eBay shows no running listing %(listing)s on %(marketplace)s.",
            listing=listing_id,
            marketplace=marketplace,
        )
    )


def without_handle(listing: IncomingListing) -> IncomingListing:
    """Return a listing that says nothing of who made it: one call alone cannot tell."""
    return replace(listing, handle="")


def _is_running(item: Json) -> bool:
    status = text(inner(item, "SellingStatus"), "ListingStatus", most=40)
    return status in ("", "Active")


def _by_item(number: str) -> Json:
    return {"ItemID": number, "DetailLevel": "ReturnAll"}


def _by_sku(sku: str) -> Json:
    at = clock.now()
    return {
        "SKUArray": {"SKU": sku},
        "EndTimeFrom": time_text(at),
        "EndTimeTo": time_text(at + _ENDS_WITHIN),
        "IncludeVariations": "true",
        "DetailLevel": "ReturnAll",
        "Pagination": {"EntriesPerPage": "50", "PageNumber": "1"},
    }
