"""Orders: the list of numbers, the orders themselves, cancellations and returns."""

from typing import Any

from channels.platforms.shopee.sandbox.answers import (
    answer,
    body_of,
    cursor,
    error,
    not_found,
    number,
    read_cursor,
    text_of,
    whole,
)
from channels.platforms.shopee.sandbox.order_body import OPTIONAL, numbers_of, order_body, poisoned, status_of
from channels.sandbox import faults, life
from channels.sandbox.market_clock import seconds
from channels.sandbox.orders import Order, find_order, read_doc, save_orders
from channels.sandbox.parcels import arranged
from channels.sandbox.wire import BadRequest, Call, Response

LONGEST_WINDOW = 15 * 86400
REASONS = {"OUT_OF_STOCK", "CUSTOMER_REQUEST", "UNDELIVERABLE_AREA", "COD_NOT_SUPPORTED"}
_RETURNS = {
    "requested": "REQUESTED", "accepted": "ACCEPTED", "refunded": "REFUND_PAID", "rejected": "CANCELLED",
}  # fmt: skip


def _window(call: Call, first: str, last: str) -> tuple[int, int]:
    start, end = (whole(call, name, low=0, high=2**33) for name in (first, last))
    if not start < end or end - start > LONGEST_WINDOW:
        raise BadRequest("Start time must be earlier than end time and diff in 15days")
    return start, end


def get_order_list(call: Call) -> Response:
    """GET /api/v2/order/get_order_list: numbers alone, by time."""
    request, world = call.request, call.world
    field = request.one("time_range_field")
    if field not in ("create_time", "update_time"):
        raise BadRequest("time_range_field must be create_time or update_time")
    start, end = (whole(call, name, low=0, high=2**33) for name in ("time_from", "time_to"))
    if not start < end or end - start > LONGEST_WINDOW:
        text = "Start time must be earlier than end time and diff in 15days."
        return error(call, "order.order_list_invalid_time", text)
    size = whole(call, "page_size", low=1, high=100)
    column = "updated" if field == "update_time" else "placed"
    place: tuple[int, str] = (-1, "")
    token = request.one("cursor")
    if token is not None:
        state = read_cursor(world, token)
        place = (int(state["at"]), str(state["id"]))
    rows = world.db.execute(
        f"select doc from orders where seller = ? and {column} between ? and ?"  # noqa: S608
        f" and ({column}, id) > (?, ?) and visible <= ? order by {column}, id limit ?",
        (call.caller.name, start, end, *place, world.now.timestamp(), size + 1),
    )
    found = [read_doc(row["doc"]) for row in rows]
    page, more = found[:size], len(found) > size
    wanted = request.one("order_status")
    listed = [
        {"order_sn": order.id, "order_status": status_of(order), "booking_sn": ""}
        for order in page
        if wanted in (None, status_of(order))
    ]
    following = ""
    if more:
        edge = page[-1]
        at = edge.updated if column == "updated" else edge.placed
        following = cursor(world, {"at": at, "id": edge.id})
    return answer(call, {"order_list": listed, "more": more, "next_cursor": following})


def own_order(call: Call, order_sn: str) -> Order | None:
    """Return the caller's order when it can be read already."""
    order = find_order(call.world.db, order_sn)
    if order is None or order.seller != call.caller.name or order.visible > call.world.now.timestamp():
        return None
    return order


def get_order_detail(call: Call) -> Response:
    """GET /api/v2/order/get_order_detail: up to fifty orders with the fields that were asked for."""
    numbers = call.request.many("order_sn_list")
    if not 1 <= len(numbers) <= 50:
        raise BadRequest("order_sn_list limit [1,50]")
    wanted = set(call.request.many("response_optional_fields"))
    if wanted - OPTIONAL:
        raise BadRequest(f"response_optional_fields {sorted(wanted - OPTIONAL)[0]} is invalid")
    found = [order for order in (own_order(call, name) for name in numbers) if order is not None]
    if not found:
        return not_found(call)
    _poison_next(call, found)
    bodies = [poisoned(order, order_body(call, order, wanted)) for order in found]
    return answer(call, {"order_list": bodies})


def _poison_next(call: Call, page: list[Order]) -> None:
    """Spoil the next healthy order of a page for good, when that fault is switched on."""
    for order in page:
        if order.poison:
            continue
        fault = faults.take_kind(
            world=call.world, kind="poison_order", seller=call.caller.name, operation="getOrderDetail"
        )
        if fault is None:
            return
        order.poison = str(fault.settings.get("variant", "bad_amount"))
        save_orders(call.world.db, [order])


def cancel_order(call: Call) -> Response:
    """POST /api/v2/order/cancel_order: the whole order, before a parcel is arranged."""
    body = body_of(call)
    order = own_order(call, text_of(body, "order_sn"))
    if order is None:
        return not_found(call)
    reason = text_of(body, "cancel_reason")
    if reason not in REASONS:
        raise BadRequest("cancel_reason is invalid")
    if reason == "OUT_OF_STOCK" and not (body.get("item_list") or body.get("partial_cancel_item_list")):
        raise BadRequest("item_list is a required field")
    if body.get("partial_cancel_item_list"):
        return error(call, "order.error_param", "This order is not eligible for partial cancellation.")
    if status_of(order) not in ("UNPAID", "READY_TO_SHIP") or arranged(order) or order.packages:
        return error(call, "order.error_limit", "Can not cancel this order")
    now = seconds(call.world.now)
    life.cancel(world=call.world, order=order, at=now, by="seller", reason=reason)
    save_orders(call.world.db, [order])
    return answer(call, {"update_time": order.updated})


def handle_buyer_cancellation(call: Call) -> Response:
    """POST /api/v2/order/handle_buyer_cancellation: yes or no to a buyer's wish."""
    body = body_of(call)
    order = own_order(call, text_of(body, "order_sn"))
    if order is None:
        return not_found(call)
    operation = text_of(body, "operation")
    if operation not in ("ACCEPT", "REJECT"):
        raise BadRequest("operation must be ACCEPT or REJECT")
    accept, now = operation == "ACCEPT", seconds(call.world.now)
    if not life.answer_cancel(world=call.world, order=order, at=now, accept=accept):
        text = "Invalid order_status.The order status should be IN_CANCEL."
        return error(call, "order.cancel_order_invalid_status", text)
    save_orders(call.world.db, [order])
    return answer(call, {"update_time": order.updated})


def get_return_list(call: Call) -> Response:
    """GET /api/v2/returns/get_return_list: pages counted from 0, by the time of their last change."""
    start, end = _window(call, "update_time_from", "update_time_to")
    page = whole(call, "page_no", low=0, high=10_000)
    size = whole(call, "page_size", low=1, high=100)
    rows = call.world.db.execute(
        "select doc from orders where seller = ? and updated >= ? and doc like '%\"returns\":[{%'",
        (call.caller.name, start),
    )
    found = [
        (each["updated"], each["id"], order, each)
        for order in (read_doc(row["doc"]) for row in rows)
        for each in order.returns
        if start <= each["updated"] <= end
    ]
    found.sort(key=lambda entry: entry[:2])
    shown = found[page * size : (page + 1) * size]
    bodies = [_return(call, order, each) for _at, _id, order, each in shown]
    return answer(call, {"more": len(found) > (page + 1) * size, "return": bodies})


def _return(call: Call, order: Order, each: dict[str, Any]) -> dict[str, Any]:
    line = order.line(each["line"])
    items = []
    if line is not None:
        item, model = numbers_of(call.world, call.world.listings[line.listing])
        items = [
            {"item_id": item, "model_id": model, "name": line.title, "amount": each["quantity"],
             "item_price": number(line.unit_price, order.currency), "variation_sku": line.code}
        ]  # fmt: skip
    return {
        "return_sn": each["id"],
        "order_sn": order.id,
        "status": _RETURNS[each["status"]],
        "reason": each["reason"],
        "text_reason": "",
        "refund_amount": number(each["amount"], order.currency),
        "currency": order.currency,
        "create_time": each["created"],
        "update_time": each["updated"],
        "due_date": each["created"] + 2 * 86400,
        "item": items,
        "user": {"username": order.buyer["mail"].partition("@")[0]},
        "needs_logistics": True,
    }
