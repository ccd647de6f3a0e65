"""Dividing an order into packages: once, all of it, and single units only where shops may."""

from typing import Any

from channels.platforms.shopee.sandbox.answers import answer, body_of, error, not_found, text_of
from channels.platforms.shopee.sandbox.order_body import (
    numbers_of,
    package_entries,
    split_groups,
    status_of,
)
from channels.platforms.shopee.sandbox.orders import own_order
from channels.sandbox.market_clock import seconds
from channels.sandbox.orders import Order, save_orders
from channels.sandbox.parcels import left_to_arrange
from channels.sandbox.wire import BadRequest, Call, Response

MOST_PACKAGES = 5
UNIT_LEVEL = {"SG", "TH", "TW", "MY"}
# References of divided packages stay clear of those counted from one.
_FIRST = 101
_WRONG_QUANTITY = "order.order_split_wrong_item_quantity"


def split_order(call: Call) -> Response:
    """POST /api/v2/order/split_order: every unit of the order in one of the packages."""
    body = body_of(call)
    order = own_order(call, text_of(body, "order_sn"))
    if order is None:
        return not_found(call)
    if split_groups(order):
        return error(call, "order.order_has_been_split", "This order has already been split.")
    if status_of(order) != "READY_TO_SHIP" or order.packages:
        return error(call, "order.order_cannot_split", "You don't have the permission to split order.")
    packages = body.get("package_list")
    if not isinstance(packages, list) or len(packages) < 2:
        raise BadRequest("package_list is a required field")
    if len(packages) > MOST_PACKAGES:
        return error(call, "error_param", "The size of package list is over limit.")
    groups = [_items(call, order, package) for package in packages]
    refused = _refused(call, order, groups)
    if refused is not None:
        return refused
    order.extra["split"] = [[str(_FIRST + place), items] for place, items in enumerate(groups)]
    order.updated = max(order.updated, seconds(call.world.now))
    save_orders(call.world.db, [order])
    return answer(call, {"order_sn": order.id, "package_list": package_entries(call.world, order)})


def _items(call: Call, order: Order, package: object) -> list[list[Any]]:
    """Return (line id, units) of a package; a line without a quantity is in it whole."""
    entries = package.get("item_list") if isinstance(package, dict) else None
    if not isinstance(entries, list) or not entries:
        raise BadRequest("item_list is a required field")
    found: list[list[Any]] = []
    for entry in entries:
        numbers = (entry.get("item_id"), entry.get("model_id")) if isinstance(entry, dict) else None
        line = next(
            (
                line
                for line in order.lines
                if numbers_of(call.world, call.world.listings[line.listing]) == numbers
            ),
            None,
        )
        if line is None:
            found.append(["", 0])
            continue
        quantity = entry.get("model_quantity", line.quantity)
        found.append([line.id, quantity if type(quantity) is int else 0])
    return found


def _refused(call: Call, order: Order, groups: list[list[list[Any]]]) -> Response | None:
    """Return why Shopee does not divide an order so."""
    held: dict[str, int] = {}
    for items in groups:
        names = [name for name, _quantity in items]
        if "" in names:
            return error(call, "order.order_split_item_not_exist", "Cannot split order with invalid items.")
        if len(set(names)) != len(names):
            return error(call, "order.order_split_duplicate_item", "Cannot split order with duplicate items.")
        for name, quantity in items:
            if quantity < 1:
                return error(call, _WRONG_QUANTITY, "Cannot split order with wrong model quantity")
            held[name] = held.get(name, 0) + quantity
    whole: dict[str, int] = dict(left_to_arrange(order))
    if set(held) != set(whole):
        text = "Cannot split order with missing items."
        return error(call, "order.order_split_package_missing_item", text)
    divided = any(quantity != whole[name] for items in groups for name, quantity in items)
    country = call.world.marketplaces[order.marketplace].country
    if held != whole or (divided and country not in UNIT_LEVEL):
        return error(call, _WRONG_QUANTITY, "Cannot split order with wrong model quantity")
    return None
