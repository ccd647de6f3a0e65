"""Webhooks: subscriptions, and events as Shopify's signed messages."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from channels.platforms.shopify.sandbox.answers import PLATFORM, VERSION, gid, time_text, user_error
from channels.platforms.shopify.sandbox.graphql import Connection
from channels.sandbox import pushing
from channels.sandbox.market_clock import seconds
from channels.sandbox.orders import CANCELED, find_order
from channels.sandbox.pushing import OutgoingPush
from channels.sandbox.sellers import Seller
from channels.sandbox.store import read_note, write_note
from channels.sandbox.wire import BadRequest, Call
from channels.sandbox.world import World

TOPICS = {
    "ORDERS_CREATE", "ORDERS_UPDATED", "ORDERS_CANCELLED", "ORDERS_EDITED", "REFUNDS_CREATE",
    "RETURNS_APPROVE", "RETURNS_CLOSE", "PRODUCTS_UPDATE", "APP_UNINSTALLED",
}  # fmt: skip
# The mandatory topics are set up with the app, not by a call; the first address of the shop gets them.
MANDATORY = ("customers/data_request", "customers/redact", "shop/redact")


def topic_path(topic: str) -> str:
    """Return a topic as the header names it: ORDERS_CREATE is orders/create."""
    head, _, tail = topic.lower().partition("_")
    return f"{head}/{tail}"


def subscriptions(call: Call, arguments: dict[str, Any]) -> Connection:
    """Resolve ``webhookSubscriptions``."""
    held = call.world.subscriptions.get(call.caller.name, {})
    return Connection([_body(topic, address) for topic, address in sorted(held.items()) if topic])


def _body(topic: str, address: str) -> dict[str, Any]:
    number = int(hashlib.sha256(f"{topic}{address}".encode()).hexdigest()[:10], 16)
    return {
        "__typename": "WebhookSubscription", "id": gid("WebhookSubscription", number), "topic": topic,
        "uri": address,
    }  # fmt: skip


def create_subscription(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """Resolve ``webhookSubscriptionCreate``; the same topic and address twice are refused."""
    topic, given = str(arguments.get("topic")), arguments.get("webhookSubscription")
    address = str(given.get("uri", "")) if isinstance(given, dict) else ""
    wrong = ""
    if topic not in TOPICS:
        wrong = "Invalid topic"
    elif call.world.subscriptions.get(call.caller.name, {}).get(topic) == address:
        wrong = "Address for this topic has already been taken"
    else:
        try:
            pushing.subscribe(world=call.world, seller=call.caller, address=address, topic=topic)
        except BadRequest as error:
            wrong = f"Address is invalid: {error}"
    if wrong:
        errors = [user_error(wrong, ["webhookSubscription", "callbackUrl"])]
        return {"webhookSubscription": None, "userErrors": errors}
    return {"webhookSubscription": _body(topic, address), "userErrors": []}


def push(world: World, seller: Seller, event: str, data: Mapping[str, Any]) -> OutgoingPush | None:
    """Return an event as Shopify sends it, ``None`` when the shop has not subscribed to it."""
    topic, body = _message(world, seller, event, data)
    held = world.subscriptions.get(seller.name, {})
    url = held.get(topic) or (next(iter(held.values()), None) if topic_path(topic) in MANDATORY else None)
    url = url or held.get("")
    if not topic or url is None:
        return None
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    number = int(read_note(world.db, PLATFORM, "webhooks") or 0) + 1
    write_note(world.db, PLATFORM, "webhooks", str(number))
    mark = hashlib.sha256(f"{world.secret}/webhook/{number}".encode()).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic_path(topic),
        "X-Shopify-Shop-Domain": seller.seller_id,
        "X-Shopify-API-Version": VERSION,
        "X-Shopify-Webhook-Id": f"{mark[:8]}-{mark[8:12]}-{mark[12:16]}-{mark[16:20]}-{mark[20:32]}",
        "X-Shopify-Event-Id": f"{mark[32:40]}-{mark[40:44]}-{mark[44:48]}-{mark[48:52]}-{mark[52:64]}",
        "X-Shopify-Triggered-At": time_text(seconds(world.now)),
        "X-Shopify-Hmac-Sha256": proof(raw, secret=seller.client_secret),
    }
    return OutgoingPush(url, headers, raw)


def proof(raw: bytes, *, secret: str) -> str:
    """Return the base64 HMAC of a message's bytes."""
    return base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()


def _message(world: World, seller: Seller, event: str, data: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if event in (pushing.ORDER_CREATED, pushing.ORDER_CHANGED):
        return _order(world, event, str(data.get("order", "")))
    if event == pushing.RETURN_CHANGED:
        topic = "RETURNS_CLOSE" if data.get("status") == "refunded" else "RETURNS_APPROVE"
        order = str(data.get("order", ""))
        back = str(data.get("return", ""))
        named = {"id": _whole(order), "admin_graphql_api_id": gid("Order", order)}
        return topic, {"id": _whole(back), "admin_graphql_api_id": gid("Return", back), "order": named}
    if event == pushing.LISTING_CHANGED:
        return "PRODUCTS_UPDATE", {"id": 1, "variants": [{"id": 1, "sku": str(data.get("code", ""))}]}
    if event == pushing.AUTHORIZATION_WITHDRAWN:
        return "APP_UNINSTALLED", {"id": 1, "name": seller.name, "myshopify_domain": seller.seller_id}
    if event == pushing.BUYER_ERASED:
        return "CUSTOMERS_REDACT", _redaction(seller, data)
    return "", {}


def _whole(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _order(world: World, event: str, order_id: str) -> tuple[str, dict[str, Any]]:
    found = find_order(world.db, order_id)
    if found is None:
        return "", {}
    topic = "ORDERS_CREATE" if event == pushing.ORDER_CREATED else "ORDERS_UPDATED"
    if event == pushing.ORDER_CHANGED and found.status == CANCELED:
        topic = "ORDERS_CANCELLED"
    body = {
        "id": _whole(found.id),
        "admin_graphql_api_id": gid("Order", found.id),
        "created_at": time_text(found.placed),
        "updated_at": time_text(found.updated),
        "currency": found.currency,
        "name": f"#{found.id[-6:]}",
    }
    return topic, body


def _redaction(seller: Seller, data: Mapping[str, Any]) -> dict[str, Any]:
    orders = data.get("orders") or ([data["order"]] if data.get("order") else [])
    return {
        "shop_id": 1,
        "shop_domain": seller.seller_id,
        "customer": {
            "id": _whole(str(data.get("buyer", "1"))),
            "email": str(data.get("mail", "")),
            "phone": "",
        },
        "orders_to_redact": [_whole(str(order)) for order in orders],
    }
