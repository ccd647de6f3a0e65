"""Shipping and canceling: ``fulfillmentCreate`` at once, ``orderCancel`` as a job that ends later."""

from typing import Any

from channels.platforms.shopify.sandbox.answers import gid, number_of, user_error
from channels.platforms.shopify.sandbox.graphql import QueryError
from channels.platforms.shopify.sandbox.order_body import parcel_body
from channels.platforms.shopify.sandbox.orders import find_order
from channels.sandbox import life
from channels.sandbox.goods import stream
from channels.sandbox.market_clock import seconds
from channels.sandbox.orders import CANCELED, PENDING, SHIPPED, Order, Package, save_orders
from channels.sandbox.orders import find_order as find_any_order
from channels.sandbox.wire import Call
from channels.sandbox.world import World

CANCEL_SECONDS = 20
_REASONS = {"CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "STAFF", "OTHER"}


def create_fulfillment(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """Resolve ``fulfillmentCreate`` for one parcel of one order."""
    given = arguments.get("fulfillment")
    parts = given.get("lineItemsByFulfillmentOrder") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(parts, list) or not parts:
        raise QueryError("Variable $fulfillment of type FulfillmentInput! is invalid", "INVALID_VARIABLE")
    if len(parts) > 1:
        return _payload(None, "All fulfillment orders must be of one order and one location.")
    found = find_order(call, gid("Order", number_of(parts[0].get("fulfillmentOrderId"), "FulfillmentOrder")))
    if found is None:
        return _payload(None, "The fulfillment order does not exist.")
    if found.status in (CANCELED, PENDING, SHIPPED):
        return _payload(None, f"The fulfillment order is not in an open state ({found.status}).")
    items = _items(found, parts[0].get("fulfillmentOrderLineItems"))
    if isinstance(items, str):
        return _payload(None, items)
    package = _add(call, found, items, given.get("trackingInfo") or {})
    return _payload(parcel_body(found, package), "")


def _payload(body: dict[str, Any] | None, wrong: str) -> dict[str, Any]:
    errors = [user_error(wrong, ["fulfillment"])] if wrong else []
    return {"fulfillment": body, "userErrors": errors}


def _items(found: Order, given: Any) -> list[list[Any]] | str:
    if given is None:
        return [
            [line.id, line.quantity - line.shipped] for line in found.lines if line.quantity > line.shipped
        ]
    items: list[list[Any]] = []
    for one in given if isinstance(given, list) else []:
        line = found.line(number_of(one.get("id"), "FulfillmentOrderLineItem"))
        quantity = one.get("quantity")
        if line is None:
            return "The fulfillment order line item does not exist."
        if type(quantity) is not int or quantity < 1 or quantity > line.quantity - line.shipped:
            return "Invalid fulfillment order line item quantity requested."
        items.append([line.id, quantity])
    return items or "At least one line item is needed."


def _add(call: Call, found: Order, items: list[list[Any]], tracking: dict[str, Any]) -> Package:
    now = seconds(call.world.now)
    package = Package(
        reference=str(len(found.packages) + 1),
        created=now,
        carrier_code=str(tracking.get("company") or ""),
        carrier=str(tracking.get("company") or ""),
        service="Standard",
        tracking=str(tracking.get("number") or ""),
        shipped_at=now,
        items=items,
        by="fulfillmentCreate",
        changed=now,
    )
    found.packages.append(package)
    chance = stream(call.world.seed, "travel", found.id, package.reference)
    for at, kind, data in life.travel(reference=package.reference, at=now, chance=chance):
        call.world.schedule(at=at, kind=kind, subject=found.id, data=data)
    life.count_shipped(found)
    life.touch(found, now)
    save_orders(call.world.db, [found])
    return package


def cancel_order(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """Resolve ``orderCancel``: a job that is not done yet."""
    if arguments.get("reason") not in _REASONS or not isinstance(arguments.get("restock"), bool):
        raise QueryError(
            "Argument 'reason' or 'restock' has an invalid value", "argumentLiteralsIncompatible"
        )
    found = find_order(call, arguments.get("orderId"))
    wrong = "Order does not exist" if found is None else ""
    if found is not None and found.status == CANCELED:
        wrong = "Order has already been canceled"
    elif found is not None and found.packages:
        wrong = "Cannot cancel an order with fulfillments"
    if wrong or found is None:
        error = user_error(wrong, ["orderId"], "NOT_FOUND" if found is None else "INVALID")
        return {"job": None, "orderCancelUserErrors": [error], "userErrors": [error]}
    at = seconds(call.world.now) + (CANCEL_SECONDS if call.world.apply_seconds else 0)
    if call.world.apply_seconds:
        call.world.schedule(at=at, kind="shopify.cancel", subject=found.id)
    else:
        finish_cancel(call.world, found.id, "{}", at)
    job = {"__typename": "Job", "id": gid("Job", found.id), "done": False}
    return {"job": job, "orderCancelUserErrors": [], "userErrors": []}


def finish_cancel(world: World, subject: str, data: str, at: int) -> None:
    """End the job: the order is canceled unless it left meanwhile."""
    found = find_any_order(world.db, subject)
    if found is not None and found.status != CANCELED and not found.packages:
        life.cancel(world=world, order=found, at=at, by="seller", reason="CUSTOMER_CANCEL")
        save_orders(world.db, [found])
