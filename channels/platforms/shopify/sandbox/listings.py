"""Products: variants with their stock at the shop's one location, setting quantities and prices."""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from channels.platforms.shopify.sandbox.answers import PLATFORM, gid, number_of, time_text, user_error
from channels.platforms.shopify.sandbox.graphql import Connection, QueryError
from channels.platforms.shopify.sandbox.order_body import variant_number
from channels.sandbox import faults
from channels.sandbox.goods import goods
from channels.sandbox.listings import Listing, set_price, set_quantity
from channels.sandbox.market_clock import seconds
from channels.sandbox.pictures import picture_url
from channels.sandbox.places import amount_text, decimals
from channels.sandbox.sets import for_sale, parts_of
from channels.sandbox.store import read_note, write_note
from channels.sandbox.wire import Call

LOCATION = "68000000001"
_SKU = re.compile(r'sku:"((?:[^"\\]|\\.)*)"')
_ID = re.compile(r"(?:^|\s)id:([0-9]+)")
_REASONS = {"correction", "cycle_count_available", "damaged", "other", "received", "restock", "shrinkage"}
_MOST = 1_000_000_000


def own(call: Call) -> list[Listing]:
    """Return the caller's variants; the roofs over them are products, not variants."""
    (place,) = call.caller.plan.marketplaces
    listings = call.world.listings_of(seller=call.caller.name, marketplace=place)
    return [one for one in listings.values() if not one.is_parent]


def variants(call: Call, arguments: dict[str, Any]) -> Connection:
    """Resolve ``productVariants``: all of them by SKU, or those a search finds."""
    found = own(call)
    search = arguments.get("query")
    if search:
        found = _matching(found, str(search))
    if arguments.get("sortKey") == "SKU":
        found = sorted(found, key=lambda one: one.code)
    return Connection(
        [variant_body(call, one) for one in found], [f"v{variant_number(one)}" for one in found]
    )


def _matching(found: list[Listing], search: str) -> list[Listing]:
    codes = {re.sub(r"\\(.)", r"\1", code).lower() for code in _SKU.findall(search)}
    numbers = set(_ID.findall(search))
    if not codes and not numbers:
        raise QueryError(f"The search {search[:100]!r} is not understood here.", "BAD_REQUEST")
    return [one for one in found if one.code.lower() in codes or variant_number(one) in numbers]


def variant_body(call: Call, one: Listing) -> dict[str, Any]:
    """Return a variant with its product and its stock."""
    number = variant_number(one)
    sku = one.components[0][0] if one.components else one.code
    barcode = next((good.barcode for good in goods(call.world.seed) if good.code == sku), None)
    is_bundle = bool(parts_of(call.world, one))
    single = len(one.components) == 1 and one.components[0][1] == 1
    image = {"__typename": "Image", "url": picture_url(base_url=call.request.base_url, code=sku)}
    level = {
        "__typename": "InventoryLevel",
        "location": {"__typename": "Location", "id": gid("Location", LOCATION), "name": "Warehouse",
                     "isActive": True},
        "quantities": [
            {"__typename": "InventoryQuantity", "name": "available", "quantity": for_sale(call.world, one)}
        ],
    }  # fmt: skip
    return {
        "__typename": "ProductVariant",
        "id": gid("ProductVariant", number),
        "sku": one.code,
        "barcode": barcode if single else None,
        "title": "Default Title",
        "price": amount_text(one.price, one.currency),
        "requiresComponents": is_bundle,
        "updatedAt": time_text(one.updated),
        "product": {
            "__typename": "Product",
            "id": gid("Product", product_number(one)),
            "title": one.title,
            "status": "ACTIVE",
            "productType": one.product_type,
            "featuredMedia": {"__typename": "MediaImage", "preview": {"image": image}},
        },
        "inventoryItem": {
            "__typename": "InventoryItem",
            "id": gid("InventoryItem", item_number(one)),
            "tracked": True,
            "inventoryLevels": Connection([level]),
        },
    }


def product_number(one: Listing) -> str:
    """Return the number of a variant's product."""
    return str(8_000_000_000_000 + one.id)


def item_number(one: Listing) -> str:
    """Return the number of a variant's stock."""
    return str(46_000_000_000_000 + one.id)


def set_quantities(call: Call, arguments: dict[str, Any], key: str | None) -> dict[str, Any]:
    """Resolve ``inventorySetQuantities``: all of the quantities or none; a known key does nothing again."""
    given = arguments.get("input")
    if not isinstance(given, dict) or not isinstance(given.get("quantities"), list):
        raise QueryError(
            "Variable $input of type InventorySetQuantitiesInput! is invalid", "INVALID_VARIABLE"
        )
    mark = json.dumps(given, sort_keys=True)
    known = read_note(call.world.db, PLATFORM, f"key/{call.caller.name}/{key}") if key else None
    if known is not None and known != mark:
        error = user_error(
            "The key was used with other parameters.", None, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
        )
        return _group([error])
    if known is None:
        errors = [
            error for place, one in enumerate(given["quantities"]) for error in _wrong(call, place, one)
        ]
        if given.get("name") not in ("available", "on_hand"):
            errors.append(user_error("The quantity name is invalid.", ["input", "name"], "INVALID_NAME"))
        if given.get("reason") not in _REASONS:
            errors.append(user_error("The reason is invalid.", ["input", "reason"], "INVALID_REASON"))
        if errors:
            return _group(errors)
        _apply(call, given["quantities"])
        if key:
            write_note(call.world.db, PLATFORM, f"key/{call.caller.name}/{key}", mark)
    return _group([])


def _group(errors: list[dict[str, Any]]) -> dict[str, Any]:
    group = {"__typename": "InventoryAdjustmentGroup", "id": gid("InventoryAdjustmentGroup", "1")}
    return {"inventoryAdjustmentGroup": None if errors else group, "userErrors": errors}


def _listing_of(call: Call, value: Any, kind: str) -> Listing | None:
    number = number_of(value, kind)
    name = {"InventoryItem": item_number, "ProductVariant": variant_number}[kind]
    return next((one for one in own(call) if name(one) == number), None)


def _wrong(call: Call, place: int, one: Any) -> list[dict[str, Any]]:
    way = ["input", "quantities", str(place)]
    if not isinstance(one, dict) or "changeFromQuantity" not in one:
        raise QueryError("changeFromQuantity must be given; null means no check.", "INVALID_VARIABLE")
    listing = _listing_of(call, one.get("inventoryItemId"), "InventoryItem")
    quantity = one.get("quantity")
    if listing is None or parts_of(call.world, listing):
        message = "The specified inventory item could not be found."
        return [user_error(message, [*way, "inventoryItemId"], "INVALID_INVENTORY_ITEM")]
    if number_of(one.get("locationId"), "Location") != LOCATION:
        message = "The specified location could not be found."
        return [user_error(message, [*way, "locationId"], "INVALID_LOCATION")]
    if type(quantity) is not int or not 0 <= quantity <= _MOST:
        message = "The quantity can't be negative or higher than 1,000,000,000."
        return [user_error(message, [*way, "quantity"], "INVALID_QUANTITY_NEGATIVE")]
    if one["changeFromQuantity"] not in (None, listing.quantity):
        message = "The changeFromQuantity value does not match the current quantity."
        return [user_error(message, [*way, "changeFromQuantity"], "CHANGE_FROM_QUANTITY_STALE")]
    return []


def _apply(call: Call, quantities: list[dict[str, Any]]) -> None:
    lost = faults.take_kind(
        world=call.world, kind="accepted_not_applied", seller=call.caller.name,
        operation="inventorySetQuantities",
    )  # fmt: skip
    for one in quantities:
        listing = _listing_of(call, one["inventoryItemId"], "InventoryItem")
        if listing is not None and lost is None:
            set_quantity(
                world=call.world, listing=listing, quantity=one["quantity"], at=seconds(call.world.now),
                by="inventorySetQuantities",
            )  # fmt: skip


def update_prices(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """Resolve ``productVariantsBulkUpdate`` as far as prices go."""
    errors: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    given = arguments.get("variants")
    for place, one in enumerate(given if isinstance(given, list) else []):
        way = ["variants", str(place)]
        listing = _listing_of(call, one.get("id"), "ProductVariant")
        if listing is None or product_number(listing) != number_of(arguments.get("productId"), "Product"):
            message = "Product variant does not exist"
            errors.append(user_error(message, [*way, "id"], "PRODUCT_VARIANT_DOES_NOT_EXIST"))
            continue
        minor = _minor(one.get("price"), listing.currency)
        if minor is None:
            message = "Price must be a number that is not below zero"
            errors.append(user_error(message, [*way, "price"], "INVALID_INPUT"))
        else:
            set_price(world=call.world, listing=listing, minor=minor, at=seconds(call.world.now))
            changed.append(variant_body(call, listing))
    return {"productVariants": None if errors else changed, "userErrors": errors}


def _minor(price: Any, currency: str) -> int | None:
    try:
        amount = Decimal(str(price))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount < 10**9:
        return None
    return int(amount.scaleb(decimals(currency)))
