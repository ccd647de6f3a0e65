"""Orders: pages by update time, single ones, and what of them waits to be shipped."""

import re
from datetime import datetime
from typing import Any

from channels.platforms.shopify.sandbox.answers import gid, number_of
from channels.platforms.shopify.sandbox.graphql import Connection, QueryError
from channels.platforms.shopify.sandbox.listings import LOCATION
from channels.platforms.shopify.sandbox.order_body import order_body
from channels.sandbox import faults
from channels.sandbox.orders import CANCELED, PENDING, Order, read_doc, save_orders
from channels.sandbox.wire import Call

_TERM = re.compile(r"updated_at:(>=|<=|>|<)'([^']*)'")


def _window(search: str) -> tuple[float, float]:
    first, last = 0.0, float(2**40)
    for sign, text in _TERM.findall(search):
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:
            raise QueryError(f"{text!r} is no time.", "BAD_REQUEST") from error
        if at.tzinfo is None:
            raise QueryError(f"{text!r} has no time zone.", "BAD_REQUEST")
        second = at.timestamp()
        if sign[0] == ">":
            first = max(first, second + (0 if sign == ">=" else 1))
        else:
            last = min(last, second - (0 if sign == "<=" else 1))
    return first, last


def orders(call: Call, arguments: dict[str, Any]) -> Connection:
    """Resolve ``orders`` by update time; the cursor is the place behind an order, not its position."""
    if arguments.get("sortKey") != "UPDATED_AT":
        raise QueryError("This shop hands out its orders by UPDATED_AT alone.", "BAD_REQUEST")
    first, last = _window(str(arguments.get("query") or ""))
    size = arguments.get("first")
    if type(size) is not int:
        raise QueryError("you must provide one of the following values: first, last", "BAD_REQUEST")
    at, number = _place(arguments.get("after"))
    rows = call.world.db.execute(
        "select doc from orders where seller = ? and updated between ? and ? and (updated, id) > (?, ?)"
        " and visible <= ? order by updated, id limit ?",
        (call.caller.name, first, last, at, number, call.world.now.timestamp(), size + 1),
    )
    found = [read_doc(row["doc"]) for row in rows]
    page = found[:size]
    _poison_next(call, page)
    return Connection(
        [order_body(call.world, order) for order in page],
        [f"{order.updated}.{order.id}" for order in page],
        len(found) > size,
    )


def _place(cursor: Any) -> tuple[int, str]:
    if cursor is None:
        return -1, ""
    at, _, number = str(cursor).partition(".")
    if not at.isdecimal() or not number.isdecimal():
        raise QueryError("Invalid cursor for current pagination sort.", "", ["orders"])
    return int(at), number


def _poison_next(call: Call, page: list[Order]) -> None:
    for order in page:
        if order.poison:
            continue
        fault = faults.take_kind(
            world=call.world, kind="poison_order", seller=call.caller.name, operation="orders"
        )
        if fault is None:
            return
        order.poison = str(fault.settings.get("variant", "bad_amount"))
        save_orders(call.world.db, [order])


def find_order(call: Call, value: Any) -> Order | None:
    """Return the caller's order of a global id when it can be read already."""
    row = call.world.db.execute(
        "select doc from orders where id = ? and seller = ? and visible <= ?",
        (number_of(value, "Order"), call.caller.name, call.world.now.timestamp()),
    ).fetchone()
    return None if row is None else read_doc(row["doc"])


def order(call: Call, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Resolve ``order``."""
    found = find_order(call, arguments.get("id"))
    if found is None:
        return None
    return {**order_body(call.world, found), "fulfillmentOrders": Connection([fulfillment_order(found)])}


def fulfillment_order(found: Order) -> dict[str, Any]:
    """Return what the shop's one location has to ship of an order."""
    left = {line.id: 0 if line.canceled_by else line.quantity - line.shipped for line in found.lines}
    waits = found.status not in (CANCELED, PENDING) and any(left.values())
    status = "OPEN" if waits else "ON_HOLD" if found.status == PENDING else "CLOSED"
    return {
        "__typename": "FulfillmentOrder",
        "id": gid("FulfillmentOrder", found.id),
        "status": "CANCELLED" if found.status == CANCELED else status,
        "assignedLocation": {"location": {"__typename": "Location", "id": gid("Location", LOCATION)}},
        "lineItems": Connection(
            [
                {
                    "__typename": "FulfillmentOrderLineItem",
                    "id": gid("FulfillmentOrderLineItem", line.id),
                    "remainingQuantity": left[line.id],
                    "totalQuantity": line.quantity,
                    "lineItem": {"__typename": "LineItem", "id": gid("LineItem", line.id)},
                }
                for line in found.lines
            ]
        ),
    }
