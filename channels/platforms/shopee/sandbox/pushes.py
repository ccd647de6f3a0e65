"""Pushes: one address per application, signed over that address and the raw body."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from channels.platforms.shopee.sandbox.answers import answer, body_of, error, text_of
from channels.platforms.shopee.sandbox.identity import proven_partner
from channels.platforms.shopee.sandbox.order_body import package_number, status_of
from channels.sandbox import pushing
from channels.sandbox.market_clock import seconds
from channels.sandbox.orders import Order, find_order
from channels.sandbox.pushing import OutgoingPush
from channels.sandbox.sellers import Seller
from channels.sandbox.wire import Call, Response
from channels.sandbox.world import World

ORDER, TRACKING, RETURN, WITHDRAWN = 3, 4, 29, 2


def set_app_push_config(call: Call) -> Response:
    """POST /api/v2/push/set_app_push_config: every shop of the application is pushed to one address."""
    known = proven_partner(call)
    if isinstance(known, Response):
        return known
    body = body_of(call)
    address = text_of(body, "callback_url")
    codes = body.get("set_push_config_on", [])
    if not isinstance(codes, list) or any(type(code) is not int for code in codes):
        return error(call, "error_param", "Wrong parameters, detail: set_push_config_on is invalid.")
    for seller in known:
        pushing.subscribe(world=call.world, seller=seller, address=address)
    return answer(call, {"result": "success"})


def push(world: World, seller: Seller, event: str, data: Mapping[str, Any]) -> OutgoingPush | None:
    """Return the signed message of an event, ``None`` for what Shopee says nothing of."""
    address = pushing.address_of(world=world, seller=seller)
    order = find_order(world.db, str(data["order"])) if "order" in data else None
    said = _said(order, event, data)
    if address is None or said is None:
        return None
    code, inside = said
    message = {
        "shop_id": int(seller.seller_id),
        "code": code,
        "timestamp": seconds(world.now),
        "data": inside,
    }
    body = json.dumps(message, separators=(",", ":")).encode()
    proof = sign(key=seller.client_secret, address=address, body=body)
    headers = {"Authorization": proof, "Content-Type": "application/json"}
    return OutgoingPush(url=address, headers=headers, body=body)


def sign(*, key: str, address: str, body: bytes) -> str:
    """Return a push's signature."""
    return hmac.new(key.encode(), address.encode() + b"|" + body, hashlib.sha256).hexdigest()


def _said(order: Order | None, event: str, data: Mapping[str, Any]) -> tuple[int, dict[str, Any]] | None:
    if event == pushing.AUTHORIZATION_WITHDRAWN:
        return WITHDRAWN, {"extra": "shop deauthorization"}
    if order is None:
        return None
    if event in (pushing.ORDER_CREATED, pushing.ORDER_CHANGED):
        changed = {"ordersn": order.id, "status": status_of(order), "update_time": order.updated}
        return ORDER, {**changed, "completed_scenario": "", "items": []}
    if event == pushing.TRACKING_GIVEN:
        number = package_number(order, str(data["package"]))
        given = {"ordersn": order.id, "package_number": number, "tracking_no": data["tracking"]}
        return TRACKING, {**given, "forder_id": number}
    if event == pushing.RETURN_CHANGED:
        changed = {"ordersn": order.id, "return_sn": data["return"], "status": data["status"]}
        return RETURN, {**changed, "update_time": order.updated}
    return None
