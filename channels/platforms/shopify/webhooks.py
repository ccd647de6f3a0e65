"""What Shopify pushes: proven by an HMAC over the raw bytes with the app's secret.

The headers are not signed. So nothing is done on the strength of a header alone: an event that takes
something away must say in its signed body which shop it is about.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from channels.adapter import Refused
from channels.messages import Connection
from channels.platforms.shopify.directory import shop_domain
from channels.platforms.shopify.reading import number_of
from channels.pushes import About, BadSignature, Push, Pushes, PushRequest
from channels.reading import Json, Unreadable, child, children, parse_json, read_instant, text

# Shopify tries again for four hours, each time with the time of the event itself.
FRESH_FOR = timedelta(hours=5)
EVERYTHING = "*"  # every order of the account
_ORDER_TOPICS = ("orders/", "order_transactions/")
_BY_ORDER_ID = ("refunds/", "fulfillments/")
_REDACT, _SHOP_REDACT, _UNINSTALLED = "customers/redact", "shop/redact", "app/uninstalled"


def verify(request: PushRequest, connection: Connection, at: datetime) -> None:
    """Raise ``BadSignature`` unless the bytes are proven and about the connection's shop.

    How old the event is says a header (``Push.at``); it is judged against ``Pushes.fresh_for``.
    """
    secret = connection.credentials.get("client_secret", "")
    proof = base64.b64encode(hmac.new(secret.encode(), request.body, hashlib.sha256).digest())
    sent = request.headers.get("x-shopify-hmac-sha256", "")
    if not secret or not hmac.compare_digest(proof, sent.encode("utf-8", "replace")):
        raise BadSignature("the signature does not fit the body")
    shop = request.headers.get("x-shopify-shop-domain", "").lower()
    try:
        mine = shop_domain(connection.seller_id)
    except Refused as error:
        raise BadSignature(error.reason) from error
    if shop != mine:
        raise BadSignature("the push is about another shop")


def _triggered_at(request: PushRequest) -> datetime | None:
    value = request.headers.get("x-shopify-triggered-at", "")
    if not value:
        return None
    try:
        return read_instant(value, "X-Shopify-Triggered-At")
    except Unreadable as error:
        raise ValueError("the push names no time that can be read") from error


def read(request: PushRequest) -> tuple[Push, ...]:
    """Return the event. Raises ``ValueError`` for what cannot be read."""
    topic = request.headers.get("x-shopify-topic", "").lower()[:60]
    try:
        body = parse_json(request.body)
    except RecursionError as error:
        raise ValueError("the push is nested too deeply") from error
    if not topic or not isinstance(body, dict):
        raise ValueError("the push has no topic or is no object")
    about, orders, buyers = _content(topic, body, request)
    return (
        Push(
            event_id=_event_id(topic, about, request),
            topic=topic,
            about=about,
            external_ids=orders,
            buyer_ids=buyers,
            at=_triggered_at(request),
        ),
    )


def _event_id(topic: str, about: About, request: PushRequest) -> str:
    """Return what a repeated delivery has in common.

    That is the webhook's id; the event's id is shared by the webhooks of several subscriptions. Where the
    event takes something away it is the signed body itself: a recorded one must never work a second time.
    """
    webhook = request.headers.get("x-shopify-webhook-id", "")[:80]
    if about in (About.AUTHORIZATION, About.ERASURE) or not webhook:
        return hashlib.sha256(topic.encode() + b"\n" + request.body).hexdigest()
    return webhook


def _content(topic: str, body: Json, request: PushRequest) -> tuple[About, tuple[str, ...], tuple[str, ...]]:
    shop = request.headers.get("x-shopify-shop-domain", "").lower()
    if topic == _UNINSTALLED:
        _refuse_another_shop(body, "myshopify_domain", shop)
        return About.AUTHORIZATION, (), ()
    if topic == _SHOP_REDACT:
        _refuse_another_shop(body, "shop_domain", shop)
        return About.ERASURE, (EVERYTHING,), ()
    if topic == _REDACT:
        _refuse_another_shop(body, "shop_domain", shop)
        orders = body.get("orders_to_redact")
        return About.ERASURE, _numbers(orders if isinstance(orders, list) else []), _people(body)
    if topic.startswith("returns/"):
        return About.RETURN, _numbers([child(body, "order").get("id") or body.get("order_id")]), ()
    if topic.startswith(_BY_ORDER_ID):
        return About.ORDER, _numbers([body.get("order_id")]), ()
    if topic.startswith(_ORDER_TOPICS):
        return About.ORDER, _numbers([body.get("order_id") or body.get("id")]), ()
    if topic.startswith("products/"):
        codes = [text(one, "sku", most=120) or _number(one) for one in children(body, "variants")]
        return About.LISTING, tuple(dict.fromkeys(code for code in codes if code)), ()
    return About.OTHER, (), ()


def _number(parent: Json) -> str:
    return number_of(parent.get("id"), "id")


def _numbers(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(number_of(value, "id") for value in values))


def _people(body: Json) -> tuple[str, ...]:
    customer = child(body, "customer")
    number = _number(customer) if customer.get("id") is not None else ""
    return tuple(part for part in (number, text(customer, "email", most=300)) if part)


def _refuse_another_shop(body: Json, name: str, shop: str) -> None:
    if not shop or text(body, name, most=120).lower() != shop:
        raise ValueError("the body is not about the shop its header names")


PUSHES = Pushes(verify=verify, read=read, fresh_for=FRESH_FOR)
