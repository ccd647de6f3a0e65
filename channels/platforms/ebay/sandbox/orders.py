"""The Fulfillment API: getOrders, getOrder and shipping fulfillments."""

import re
from typing import Any
from urllib.parse import urlencode

from channels.platforms.ebay.sandbox.answers import error, read_time, time_text
from channels.platforms.ebay.sandbox.order_body import (
    clean_number,
    order_body,
    poisoned,
    was_paid,
    wire_id,
)
from channels.sandbox import faults, life
from channels.sandbox.goods import stream
from channels.sandbox.market_clock import seconds
from channels.sandbox.orders import CANCELED, Order, Package, read_doc, save_orders
from channels.sandbox.wire import BadRequest, Call, Response, json_response

DOMAIN = "API_FULFILLMENT"
_FILTER = re.compile(r"(lastmodifieddate|creationdate):\[([^\]]+?)\.\.([^\]]*)\]")
_STATUS = re.compile(r"orderfulfillmentstatus:\{([A-Z_|]+)\}")
_NUMBER = re.compile(r"[A-Za-z0-9]{1,100}")


def _number(call: Call, name: str, *, least: int, most: int, default: int) -> int:
    text = call.request.one(name)
    if text is None:
        return default
    if not text.isdecimal() or not least <= int(text) <= most:
        raise BadRequest(f"Invalid {name}: {text}")
    return int(text)


def _with_taxes(call: Call) -> bool:
    groups = call.request.many("fieldGroups")
    if any(group != "TAX_BREAKDOWN" for group in groups):
        raise BadRequest(f"Invalid field group: {groups[0]}")
    return bool(groups)


def get_orders(call: Call) -> Response:
    """GET /sell/fulfillment/v1/order: a window of the seller's orders, by offset."""
    limit = _number(call, "limit", least=1, most=200, default=50)
    offset = _number(call, "offset", least=0, most=10**7, default=0)
    with_taxes = _with_taxes(call)
    found = _by_ids(call) if call.request.one("orderIds") else _by_filter(call)
    page = found[offset : offset + limit]
    _poison_next(call, page)
    body: dict[str, Any] = {
        "href": f"{call.request.base_url}{call.request.path}?{call.request.query_string}",
        "total": len(found),
        "limit": limit,
        "offset": offset,
        "orders": [poisoned(each, order_body(call.world, each, with_taxes=with_taxes)) for each in page],
    }
    if offset + limit < len(found):
        query = {name: values[0] for name, values in call.request.query.items()}
        query["offset"] = str(offset + limit)
        body["next"] = f"{call.request.base_url}{call.request.path}?{urlencode(query)}"
    return json_response(body)


def _by_filter(call: Call) -> list[Order]:
    text = call.request.one("filter") or ""
    bounds = {name: (first, last) for name, first, last in _FILTER.findall(text)}
    status = _STATUS.search(text)
    if text and not bounds and not status:
        raise BadRequest(f"Invalid filter: {text[:80]}")
    now = call.world.now.timestamp()
    column = "placed" if "creationdate" in bounds else "updated"
    first_text, last_text = bounds.get("creationdate", bounds.get("lastmodifieddate", ("", "")))
    first = read_time(first_text, "start date") if first_text else now - 90 * 86400
    last = read_time(last_text, "end date") if last_text else now
    if first > now + 1 or last > now + 1:
        raise BadRequest("Start and end dates can't be in the future.")
    if first > last:
        raise BadRequest("The start date must be before the end date.")
    rows = call.world.db.execute(
        f"select doc from orders where seller = ? and {column} between ? and ? and visible <= ?"  # noqa: S608
        " order by placed, id",
        (call.caller.name, first, last, now),
    )
    orders = [read_doc(row["doc"]) for row in rows]
    if status is None:
        return orders
    wanted = set(status.group(1).split("|"))
    return [
        each for each in orders
        if order_body(call.world, each, with_taxes=False)["orderFulfillmentStatus"] in wanted
    ]  # fmt: skip


def _by_ids(call: Call) -> list[Order]:
    ids = call.request.many("orderIds")
    if len(ids) > 50:
        raise BadRequest("orderIds takes at most 50 values.")
    return [each for each in (find_order(call, number) for number in ids) if each is not None]


def find_order(call: Call, number: str) -> Order | None:
    """Return the caller's order under the number eBay shows for it now."""
    now = call.world.now.timestamp()
    kept = ("select doc from orders where seller = ? and visible <= ? and ", (call.caller.name, now))
    row = call.world.db.execute(kept[0] + "id = ?", (*kept[1], number)).fetchone()
    rows = [row] if row is not None else []
    if not rows and "-" in number:
        line = number.rpartition("-")[2]
        sql = kept[0] + "status in ('pending', 'canceled') and instr(doc, ?) > 0"
        rows = list(call.world.db.execute(sql, (*kept[1], f'"{line}"')))
    orders = [read_doc(each["doc"]) for each in rows]
    return next((each for each in orders if wire_id(call.world, each) == number), None)


def _poison_next(call: Call, page: list[Order]) -> None:
    for order in page:
        if order.poison:
            continue
        fault = faults.take_kind(
            world=call.world, kind="poison_order", seller=call.caller.name, operation="getOrders"
        )
        if fault is None:
            return
        order.poison = str(fault.settings.get("variant", "bad_amount"))
        save_orders(call.world.db, [order])


def get_order(call: Call) -> Response:
    """GET /sell/fulfillment/v1/order/{orderId}."""
    with_taxes = _with_taxes(call)
    order = find_order(call, call.arguments["orderId"])
    if order is None:
        return error(404, 32100, f"Invalid Order Id: {call.arguments['orderId']}", domain=DOMAIN)
    return json_response(poisoned(order, order_body(call.world, order, with_taxes=with_taxes)))


def get_fulfillments(call: Call) -> Response:
    """GET /sell/fulfillment/v1/order/{orderId}/shipping_fulfillment."""
    order = find_order(call, call.arguments["orderId"])
    if order is None:
        return error(400, 32100, f"Invalid Order Id: {call.arguments['orderId']}", domain=DOMAIN)
    found = [
        {
            "fulfillmentId": clean_number(package) or "999", "shipmentTrackingNumber": clean_number(package),
            "shippingCarrierCode": package.carrier_code, "shippedDate": time_text(package.shipped_at),
            "lineItems": [{"lineItemId": line, "quantity": quantity} for line, quantity in package.items],
        }
        for package in order.packages
    ]  # fmt: skip
    return json_response({"fulfillments": found, "total": len(found)})


def create_fulfillment(call: Call) -> Response:
    """POST /sell/fulfillment/v1/order/{orderId}/shipping_fulfillment: 201 with the place of it, no body."""
    body = call.request.json()
    order = find_order(call, call.arguments["orderId"])
    if order is None or call.arguments["orderId"].isdecimal():  # numbers of the old checkout
        return error(400, 32100, f"Invalid Order Id: {call.arguments['orderId']}", domain=DOMAIN)
    if not isinstance(body, dict):
        return error(400, 32600, "Invalid input data", domain=DOMAIN)
    wrong = _wrong(order, body, now=seconds(call.world.now))
    if wrong is not None:
        return wrong
    number = str(body.get("trackingNumber", ""))
    take_shipment(
        call, order, items=[[part["lineItemId"], part.get("quantity", 1)] for part in body["lineItems"]],
        number=number, carrier=str(body.get("shippingCarrierCode", "")), by="createShippingFulfillment",
        shipped_at=int(read_time(str(body.get("shippedDate")), "shippedDate"))
        if body.get("shippedDate") else seconds(call.world.now),
    )  # fmt: skip
    place = f"https://api.ebay.com/sell/fulfillment/v1/order/{order.id}/shipping_fulfillment/{number or 999}"
    return Response(status=201, content_type="", headers={"Location": place})


def _wrong(order: Order, body: dict[str, Any], *, now: int) -> Response | None:
    if not was_paid(order) or order.status == CANCELED:
        return error(409, 32600, "The order is not paid or canceled.", domain=DOMAIN)
    number, carrier = body.get("trackingNumber"), body.get("shippingCarrierCode")
    if bool(number) != bool(carrier) or (number and not _NUMBER.fullmatch(str(number))):
        return error(400, 32300, "Invalid shipment tracking number or carrier", domain=DOMAIN)
    if (
        body.get("shippedDate")
        and not order.placed - 60 <= read_time(str(body["shippedDate"]), "shippedDate") <= now + 86400
    ):
        return error(400, 32500, "Invalid shipped date", domain=DOMAIN)
    parts = body.get("lineItems")
    if not isinstance(parts, list) or not parts:
        return error(400, 32600, "Invalid input data", domain=DOMAIN)
    seen: set[str] = set()
    for part in parts:
        line = order.line(str(part.get("lineItemId"))) if isinstance(part, dict) else None
        if line is None:
            return error(400, 32200, "Invalid line item id", domain=DOMAIN)
        if line.id in seen:
            return error(400, 32210, "Duplicate line item in the request", domain=DOMAIN)
        seen.add(line.id)
        quantity = part.get("quantity", 1)
        if type(quantity) is not int or not 1 <= quantity <= line.quantity - line.shipped:
            return error(400, 32600, "The quantity is more than what is not shipped yet", domain=DOMAIN)
    return None


def take_shipment(
    call: Call, order: Order, *, items: list[list[Any]], number: str, carrier: str, by: str, shipped_at: int
) -> None:
    """Write down a parcel that left, and what will happen to it."""
    now = seconds(call.world.now)
    reference = str(len(order.packages) + 1)
    order.packages.append(
        Package(
            reference=reference, created=now, carrier_code=carrier, carrier=carrier, service=carrier,
            tracking=number, shipped_at=shipped_at, items=items, by=by, changed=now,
        )
    )  # fmt: skip
    chance = stream(call.world.seed, "travel", order.id, reference)
    for at, kind, data in life.travel(reference=reference, at=now, chance=chance):
        call.world.schedule(at=at, kind=kind, subject=order.id, data=data)
    life.count_shipped(order)
    life.touch(order, now)
    save_orders(call.world.db, [order])
