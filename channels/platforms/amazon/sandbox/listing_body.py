"""A listing as Listings Items 2021-08-01 writes it."""

from typing import Any

from channels.platforms.amazon.sandbox.answers import money, short_time_text
from channels.platforms.amazon.sandbox.prices import offer_body
from channels.sandbox.listings import Listing
from channels.sandbox.pictures import picture_url
from channels.sandbox.wire import Call

DATASETS = (
    "summaries", "attributes", "issues", "offers", "fulfillmentAvailability", "procurement",
    "relationships", "productTypes",
)  # fmt: skip
_CHANNELS = {"JP": "AMAZON_JP", "AU": "AMAZON_AU", "IN": "AMAZON_IN", "US": "AMAZON_NA", "CA": "AMAZON_NA",
             "MX": "AMAZON_NA"}  # fmt: skip


def channel_code(call: Call, listing: Listing) -> str:
    """Return who keeps the goods: the seller, or Amazon in the marketplace's region."""
    if not listing.by_platform:
        return "DEFAULT"
    return _CHANNELS.get(call.world.marketplaces[listing.marketplace].country, "AMAZON_EU")


def listing_body(call: Call, group: list[Listing], places: list[str], included: list[str]) -> dict[str, Any]:
    """Return the listings of one SKU on several marketplaces as one item with the wanted data sets."""
    first = group[0]
    body: dict[str, Any] = {"sku": first.code}
    if "summaries" in included:
        body["summaries"] = [_summary(call, listing) for listing in group]
    if "attributes" in included:
        body["attributes"] = _attributes(call, group)
    if "issues" in included:
        body["issues"] = []
    if "offers" in included:
        body["offers"] = [_offer(listing) for listing in group if not listing.is_parent]
    if "fulfillmentAvailability" in included:
        body["fulfillmentAvailability"] = [] if first.is_parent else [_availability(call, first)]
    if "relationships" in included:
        body["relationships"] = [_relationships(call, listing) for listing in group]
    if "productTypes" in included:
        body["productTypes"] = [
            {"marketplaceId": listing.marketplace, "productType": listing.product_type} for listing in group
        ]
    return body


def _picture(call: Call, listing: Listing) -> str:
    code = listing.components[0][0] if listing.components else listing.code
    return picture_url(base_url=call.request.base_url, code=code)


def _summary(call: Call, listing: Listing) -> dict[str, Any]:
    status = ["DISCOVERABLE"] if listing.is_parent or listing.quantity < 1 else ["BUYABLE", "DISCOVERABLE"]
    summary: dict[str, Any] = {
        "marketplaceId": listing.marketplace,
        "asin": listing.external_code,
        "productType": listing.product_type,
        "conditionType": "new_new",
        "status": status,
        "itemName": listing.title,
        "createdDate": short_time_text(listing.created),
        "lastUpdatedDate": short_time_text(listing.updated),
        "mainImage": {"link": _picture(call, listing), "height": 500, "width": 500},
    }
    if listing.network_code:
        summary["fnSku"] = listing.network_code
    return summary


def _availability(call: Call, listing: Listing) -> dict[str, Any]:
    found: dict[str, Any] = {"fulfillmentChannelCode": channel_code(call, listing)}
    if not listing.by_platform:
        found["quantity"] = listing.quantity
    return found


def _attributes(call: Call, group: list[Listing]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "item_name": [{"value": listing.title, "marketplace_id": listing.marketplace} for listing in group],
        "condition_type": [{"value": "new_new", "marketplace_id": listing.marketplace} for listing in group],
    }
    first = group[0]
    if not first.is_parent:
        entry: dict[str, Any] = {"fulfillment_channel_code": channel_code(call, first)}
        if not first.by_platform:
            entry["quantity"] = first.quantity
        found["fulfillment_availability"] = [entry]
        found["purchasable_offer"] = [offer_body(listing) for listing in group if not listing.is_parent]
    return found


def _offer(listing: Listing) -> dict[str, Any]:
    return {
        "marketplaceId": listing.marketplace,
        "offerType": "B2C",
        "price": money(listing.price, listing.currency),
        "audience": {"value": "ALL", "displayName": "Sell on Amazon"},
    }


def _relationships(call: Call, listing: Listing) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    theme = {"attributes": [listing.theme.lower()], "theme": listing.theme}
    if listing.is_parent:
        children = [
            other.code
            for other in call.world.listings.values()
            if other.parent == listing.code
            and other.seller == listing.seller
            and other.marketplace == listing.marketplace
        ]
        found = [{"type": "VARIATION", "childSkus": children, "variationTheme": theme}]
    elif listing.parent:
        found = [{"type": "VARIATION", "parentSkus": [listing.parent], "variationTheme": theme}]
    return {"marketplaceId": listing.marketplace, "relationships": found}
