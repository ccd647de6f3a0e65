"""Items, their models, quantities and prices; a write says per model how it went, always with HTTP 200."""

import json
from typing import Any

from channels.platforms.shopee.sandbox.answers import answer, body_of, error, number, whole
from channels.platforms.shopee.sandbox.order_body import numbers_of
from channels.sandbox import faults
from channels.sandbox.goods import goods
from channels.sandbox.listings import Listing, set_quantity
from channels.sandbox.market_clock import seconds
from channels.sandbox.pictures import picture_url
from channels.sandbox.places import WHOLE_UNITS, decimals
from channels.sandbox.wire import BadRequest, Call, Response
from channels.sandbox.world import World

STATUSES = {"NORMAL", "BANNED", "UNLIST", "REVIEWING", "SELLER_DELETE", "SHOPEE_DELETE"}
MOST_STOCK = 999_999
Item = tuple[Listing, list[Listing]]


def items_of(call: Call) -> dict[int, Item]:
    """Return the caller's items by number, each with its models; an item without models has none."""
    mine = [listing for listing in call.world.listings.values() if listing.seller == call.caller.name]
    roofs = {listing.code: listing for listing in mine if listing.is_parent}
    models: dict[str, list[Listing]] = {}
    for listing in mine:
        if not listing.is_parent and listing.parent in roofs:
            models.setdefault(listing.parent, []).append(listing)
    found: dict[int, Item] = {}
    for listing in mine:
        below = models.get(listing.code, []) if listing.is_parent else []
        if below or not listing.parent:
            found[int(listing.external_code)] = (listing, below)
    return dict(sorted(found.items()))


def get_item_list(call: Call) -> Response:
    """GET /api/v2/product/get_item_list: numbers by offset."""
    wanted = call.request.many("item_status")
    if not wanted or set(wanted) - STATUSES:
        raise BadRequest("item_status is invalid")
    offset = whole(call, "offset", low=0, high=1_000_000)
    size = whole(call, "page_size", low=1, high=100)
    found = items_of(call) if "NORMAL" in wanted else {}
    numbers = list(found)[offset : offset + size]
    data: dict[str, Any] = {
        "item": [
            {"item_id": name, "item_status": "NORMAL", "update_time": found[name][0].updated}
            for name in numbers
        ],
        "total_count": len(found),
        "has_next_page": offset + size < len(found),
    }
    if data["has_next_page"]:
        data["next_offset"] = offset + size
    return answer(call, data)


def _stock(listing: Listing) -> dict[str, Any]:
    return {
        "summary_info": {"total_reserved_stock": 0, "total_available_stock": listing.quantity},
        "seller_stock": [{"location_id": "", "stock": listing.quantity, "if_saleable": True}],
        "shopee_stock": [],
    }


def _price(listing: Listing) -> list[dict[str, Any]]:
    price = number(listing.price, listing.currency)
    return [{"currency": listing.currency, "original_price": price, "current_price": price}]


def _barcode(world: World, listing: Listing) -> str:
    if len(listing.components) != 1 or listing.components[0][1] != 1:
        return ""
    sku = listing.components[0][0]
    return next((good.barcode for good in goods(world.seed) if good.code == sku), "")


def get_item_base_info(call: Call) -> Response:
    """GET /api/v2/product/get_item_base_info."""
    numbers = call.request.many("item_id_list")
    if not 1 <= len(numbers) <= 50 or not all(name.isdecimal() for name in numbers):
        raise BadRequest("item_id_list limit [1,50]")
    found = items_of(call)
    bodies = [_item(call, int(name), *found[int(name)]) for name in numbers if int(name) in found]
    return answer(call, {"item_list": bodies})


def _item(call: Call, name: int, listing: Listing, models: list[Listing]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "item_id": name,
        "category_id": 100_000,
        "item_name": listing.title,
        "item_sku": listing.code,
        "create_time": max(1, listing.created),
        "update_time": max(1, listing.updated),
        "image": {"image_url_list": [picture_url(base_url=call.request.base_url, code=listing.code)]},
        "item_status": "NORMAL",
        "has_model": bool(models),
        "condition": "NEW",
    }
    if not models:
        body |= {
            "price_info": _price(listing),
            "stock_info_v2": _stock(listing),
            "gtin_code": _barcode(call.world, listing),
        }
    return body


def get_model_list(call: Call) -> Response:
    """GET /api/v2/product/get_model_list."""
    found = items_of(call).get(whole(call, "item_id", low=1, high=2**63))
    if found is None:
        return error(call, "product.error_item_not_found", "Item_id is not found.")
    _roof, models = found
    options = [listing.title.partition(", ")[2] or listing.title for listing in models]
    tiers = [{"name": models[0].theme if models else "", "option_list": [{"option": o} for o in options]}]
    bodies = [
        {
            "model_id": int(listing.external_code),
            "model_sku": listing.code,
            "model_status": "MODEL_NORMAL",
            "tier_index": [place],
            "promotion_id": 0,
            "gtin_code": _barcode(call.world, listing),
            "price_info": _price(listing),
            "stock_info_v2": _stock(listing),
        }
        for place, listing in enumerate(models)
    ]
    return answer(call, {"tier_variation": tiers, "model": bodies})


def _wanted(call: Call, body: dict[str, Any], name: str) -> tuple[dict[int, Listing], list[Any]]:
    """Return the listings of the item a write names, by model (0 without one), and the write's entries."""
    item, entries = body.get("item_id"), body.get(name)
    if type(item) is not int:
        raise BadRequest("item_id is a required field")
    if not isinstance(entries, list) or not 1 <= len(entries) <= 50:
        raise BadRequest(f"{name} length should be between 1 to 50")
    found = items_of(call).get(item)
    if found is None:
        return {}, entries
    roof, models = found
    return {numbers_of(call.world, listing)[1]: listing for listing in models} or {0: roof}, entries


def update_stock(call: Call) -> Response:
    """POST /api/v2/product/update_stock: some models may be taken and others refused."""
    listings, entries = _wanted(call, body_of(call), "stock_list")
    success: list[dict[str, Any]] = []
    failure: list[dict[str, Any]] = []
    ignored = faults.take_kind(
        world=call.world, kind="accepted_not_applied", seller=call.caller.name, operation="updateStock"
    )
    for entry in entries:
        model = entry.get("model_id", 0) if isinstance(entry, dict) else 0
        try:
            listing, quantity = _quantity(listings, model, entry)
        except BadRequest as refused:
            failure.append({"model_id": model, "failed_reason": str(refused)})
            continue
        if ignored is None:
            _put(call.world, listing, quantity)
        success.append({"model_id": model, "location_id": "", "stock": quantity})
    return answer(call, {"success_list": success, "failure_list": failure})


def _quantity(listings: dict[int, Listing], model: Any, entry: Any) -> tuple[Listing, int]:
    listing = listings.get(model) if type(model) is int else None
    if listing is None:
        raise BadRequest("The model is not exist.")
    stocks = entry.get("seller_stock")
    quantity = stocks[0].get("stock") if isinstance(stocks, list) and len(stocks) == 1 else None
    if type(quantity) is not int or not 0 <= quantity <= MOST_STOCK:
        raise BadRequest("The stock is out of the allowed range.")
    if stocks[0].get("location_id"):
        raise BadRequest("Invalid location_id.")
    return listing, quantity


def _put(world: World, listing: Listing, quantity: int) -> None:
    at = seconds(world.now)
    if world.apply_seconds == 0:
        set_quantity(world=world, listing=listing, quantity=quantity, at=at, by="updateStock")
    else:
        data = {"quantity": quantity}
        kind = "shopee.quantity"
        world.schedule(at=at + world.apply_seconds, kind=kind, subject=str(listing.id), data=data)


def apply_quantity(world: World, subject: str, data: str, at: int) -> None:
    """Put an accepted quantity on the shelf."""
    listing = world.listings.get(int(subject))
    if listing is not None:
        quantity = int(json.loads(data)["quantity"])
        set_quantity(world=world, listing=listing, quantity=quantity, at=at, by="updateStock")


def update_price(call: Call) -> Response:
    """POST /api/v2/product/update_price."""
    listings, entries = _wanted(call, body_of(call), "price_list")
    success: list[dict[str, Any]] = []
    failure: list[dict[str, Any]] = []
    for entry in entries:
        model = entry.get("model_id", 0) if isinstance(entry, dict) else 0
        price = entry.get("original_price") if isinstance(entry, dict) else None
        listing = listings.get(model) if type(model) is int else None
        if listing is None:
            failure.append({"model_id": model, "failed_reason": "The model is not exist."})
            continue
        minor = _minor(price, listing.currency)
        if minor is None:
            failure.append({"model_id": model, "failed_reason": "The price is invalid for this region."})
            continue
        listing.price = minor
        call.world.db.execute("update listings set price = ? where id = ?", (minor, listing.id))
        success.append({"model_id": model, "original_price": price})
    return answer(call, {"success_list": success, "failure_list": failure})


def _minor(price: Any, currency: str) -> int | None:
    if isinstance(price, bool) or not isinstance(price, int | float) or not 0 < price < 10**12:
        return None
    if currency in WHOLE_UNITS and price != int(price):
        return None
    minor = round(price * 10 ** decimals(currency))
    return minor if abs(minor / 10 ** decimals(currency) - price) < 1e-9 * max(1, price) else None
