"""Orders v0 confirmShipment: the seller says what left, with which carrier and tracking number."""

from typing import Any

from channels.platforms.amazon.sandbox.answers import headers, invalid, not_found, read_time
from channels.platforms.amazon.sandbox.orders import visible_order
from channels.sandbox import life
from channels.sandbox.goods import stream
from channels.sandbox.market_clock import seconds
from channels.sandbox.orders import CANCELED, PENDING, Order, Package, save_orders
from channels.sandbox.wire import BadRequest, Call, Response

RATE = 2.0
DAY = 86400


def confirm_shipment(call: Call) -> Response:
    """POST /orders/v0/orders/{orderId}/shipmentConfirmation: 204, or what is wrong with it."""
    body = call.request.json()
    detail = body.get("packageDetail") if isinstance(body, dict) else None
    if not isinstance(detail, dict) or not isinstance(body.get("marketplaceId"), str):
        return invalid("marketplaceId and packageDetail are required.")
    order = visible_order(call)
    if order is None:
        return not_found("The requested order was not found.")
    now = seconds(call.world.now)
    wrong = _wrong_order(order, body) or _wrong_package(order, detail, now)
    if wrong:
        return invalid(wrong)
    items = _read_items(order, detail)
    old = next((p for p in order.packages if p.reference == detail["packageReferenceId"]), None)
    package = Package(
        reference=detail["packageReferenceId"],
        created=old.created if old else now,
        carrier_code=detail["carrierCode"],
        carrier=detail.get("carrierName") or detail["carrierCode"],
        service=detail.get("shippingMethod") or "Standard",
        tracking=detail["trackingNumber"],
        shipped_at=int(read_time(detail["shipDate"], "shipDate")),
        items=items,
        by="confirmShipment",
        changed=now,
    )
    if old is None:
        order.packages.append(package)
        chance = stream(call.world.seed, "travel", order.id, package.reference)
        for at, kind, data in life.travel(reference=package.reference, at=now, chance=chance):
            call.world.schedule(at=at, kind=kind, subject=order.id, data=data)
    else:
        order.packages[order.packages.index(old)] = package
    life.count_shipped(order)
    life.touch(order, now)
    save_orders(call.world.db, [order])
    return Response(status=204, content_type="", headers=headers(call, RATE))


def _wrong_order(order: Order, body: dict[str, Any]) -> str:
    if order.marketplace != body["marketplaceId"]:
        return "The order does not belong to the marketplaceId."
    if order.by_platform:
        return "The order is fulfilled by Amazon and cannot be confirmed by the seller."
    if order.status == CANCELED:
        return "The order is canceled and cannot be confirmed."
    if order.status == PENDING:
        return "The order is pending and cannot be confirmed yet."
    return ""


def _wrong_package(order: Order, detail: dict[str, Any], now: int) -> str:
    reference = detail.get("packageReferenceId")
    if not isinstance(reference, str) or not reference.isascii() or not reference.isdecimal():
        return "packageReferenceId must be a positive number."
    for name in ("carrierCode", "trackingNumber", "shipDate"):
        if not isinstance(detail.get(name), str) or not detail[name].strip():
            return f"{name} is required."
    if detail["carrierCode"].lower() == "other" and not detail.get("carrierName"):
        return "carrierName is required when carrierCode is Other."
    shipped_at = read_time(detail["shipDate"], "shipDate")
    if shipped_at < order.placed - 60:
        return "shipDate must not be before the purchase date."
    if shipped_at > now + DAY:
        return "shipDate must not be in the future."
    return ""


def _read_items(order: Order, detail: dict[str, Any]) -> list[list[Any]]:
    items = detail.get("orderItems")
    if not isinstance(items, list) or not items:
        raise BadRequest("orderItems is required.")
    taken: dict[str, int] = {}
    for package in order.packages:
        if package.reference != detail["packageReferenceId"]:
            for item, quantity in package.items:
                taken[item] = taken.get(item, 0) + quantity
    found: list[list[Any]] = []
    for entry in items:
        line = order.line(str(entry.get("orderItemId"))) if isinstance(entry, dict) else None
        quantity = entry.get("quantity") if isinstance(entry, dict) else None
        if line is None:
            raise BadRequest("orderItems holds an orderItemId that is not part of the order.")
        if type(quantity) is not int or quantity < 1:
            raise BadRequest("The quantity of an order item must be a positive number.")
        if any(line.id == item for item, _ in found):
            raise BadRequest("orderItems holds an orderItemId twice.")
        if quantity > line.quantity - taken.get(line.id, 0):
            raise BadRequest(
                f"The quantity of order item {line.id} is more than what is not shipped yet;"
                " the order may already be fulfilled."
            )
        found.append([line.id, quantity])
    return found
