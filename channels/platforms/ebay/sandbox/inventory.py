"""The Inventory API, as far as stock and prices of what it made need it."""

from typing import Any

from channels.platforms.ebay.sandbox.answers import error, money
from channels.platforms.ebay.sandbox.items import BY_INVENTORY, item_number, offer_number
from channels.platforms.ebay.sandbox.trading import write_price
from channels.sandbox import faults
from channels.sandbox.listings import Listing, set_quantity
from channels.sandbox.market_clock import seconds
from channels.sandbox.wire import Call, Response, json_response

DOMAIN = "API_INVENTORY"


def _kept(call: Call) -> dict[str, Listing]:
    """Return what the Inventory API made for the caller, by SKU."""
    found: dict[str, Listing] = {}
    for place in BY_INVENTORY & set(call.caller.plan.marketplaces):
        offers = call.world.listings_of(seller=call.caller.name, marketplace=place)
        found |= {code: listing for code, listing in offers.items() if not listing.is_parent}
    return found


def _problem(number: int, message: str) -> dict[str, Any]:
    return {"errorId": number, "domain": DOMAIN, "category": "REQUEST", "message": message}


def _requests(call: Call, most: int) -> list[dict[str, Any]] | Response:
    body = call.request.json()
    found = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(found, list) or not 1 <= len(found) <= most:
        return error(400, 25727, "The number of requests is not valid.", domain=DOMAIN)
    if not all(isinstance(one, dict) and isinstance(one.get("sku"), str) for one in found):
        return error(400, 25708, "Invalid SKU.", domain=DOMAIN)
    return found


def bulk_get_items(call: Call) -> Response:
    """POST /sell/inventory/v1/bulk_get_inventory_item: 200, or 207 when some are not known."""
    wanted = _requests(call, 25)
    if isinstance(wanted, Response):
        return wanted
    kept = _kept(call)
    found: list[dict[str, Any]] = []
    for one in wanted:
        sku = one["sku"]
        listing = kept.get(sku)
        if listing is None:
            missing = _problem(25702, f"SKU {sku} is not available in the system")
            found.append({"statusCode": 404, "sku": sku, "errors": [missing]})
            continue
        available = {"shipToLocationAvailability": {"quantity": listing.quantity}}
        item = {
            "sku": sku,
            "availability": available,
            "condition": "NEW",
            "product": {"title": listing.title},
        }
        found.append({"statusCode": 200, "sku": sku, "inventoryItem": item})
    return json_response(
        {"responses": found}, status=200 if all(sku["sku"] in kept for sku in wanted) else 207
    )


def get_offers(call: Call) -> Response:
    """GET /sell/inventory/v1/offer?sku=…"""
    sku = call.request.one("sku")
    if sku is None:
        return error(400, 25709, "Invalid value for sku.", domain=DOMAIN)
    listing = _kept(call).get(sku)
    if listing is None:
        return error(404, 25713, "This Offer is not available.", domain=DOMAIN)
    offer = {
        "offerId": offer_number(listing),
        "sku": sku,
        "marketplaceId": listing.marketplace,
        "format": "FIXED_PRICE",
        "availableQuantity": listing.quantity,
        "pricingSummary": {"price": money(listing.price, listing.currency)},
        "status": "PUBLISHED",
        "listing": {"listingId": item_number(call.world, listing), "listingStatus": "ACTIVE"},
    }
    return json_response({"total": 1, "size": 1, "limit": 100, "href": call.request.path, "offers": [offer]})


def bulk_update(call: Call) -> Response:
    """POST /sell/inventory/v1/bulk_update_price_quantity: one SKU per call, a status for each offer."""
    wanted = _requests(call, 1)
    if isinstance(wanted, Response):
        return wanted
    one = wanted[0]
    listing = _kept(call).get(one["sku"])
    if listing is None:
        missing = _problem(25702, f"SKU {one['sku']} is not available in the system")
        return json_response(
            {"responses": [{"statusCode": 404, "sku": one["sku"], "errors": [missing]}]}, status=207
        )
    offers = one.get("offers", [])
    if not isinstance(offers, list) or len(offers) > 25:
        return error(400, 25709, "Invalid value for offers.", domain=DOMAIN)
    results = [_update(call, listing, offer) for offer in offers]
    status = 200 if all(result["statusCode"] == 200 for result in results) else 207
    return json_response({"responses": results}, status=status)


def _update(call: Call, listing: Listing, offer: Any) -> dict[str, Any]:
    number = offer.get("offerId") if isinstance(offer, dict) else None
    answer: dict[str, Any] = {"statusCode": 200, "sku": listing.code, "offerId": number}
    if number != offer_number(listing):
        return answer | {"statusCode": 404, "errors": [_problem(25713, "This Offer is not available.")]}
    quantity, price = offer.get("availableQuantity"), offer.get("price")
    if quantity is not None:
        if type(quantity) is not int or not 0 <= quantity <= 99_999:
            wrong = _problem(25709, "Invalid value for availableQuantity.")
            return answer | {"statusCode": 400, "errors": [wrong]}
        if not faults.take_kind(
            world=call.world, kind="accepted_not_applied", seller=call.caller.name,
            operation="bulkUpdatePriceQuantity",
        ):  # fmt: skip
            now = seconds(call.world.now)
            set_quantity(
                world=call.world, listing=listing, quantity=quantity, at=now, by="bulkUpdatePriceQuantity"
            )
    if price is not None:
        is_good = isinstance(price, dict) and price.get("currency") == listing.currency
        if not is_good or not write_price(call, listing, str(price.get("value", ""))):
            return answer | {"statusCode": 400, "errors": [_problem(25709, "Invalid value for price.")]}
    return answer
