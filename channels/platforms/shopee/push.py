"""What Shopee pushes: one address per application, signed over that address and the raw body."""

import hashlib
import hmac
import json
from datetime import datetime, timedelta

from channels.messages import Connection
from channels.platforms.shopee import signing
from channels.platforms.shopee.reading import instant, number
from channels.pushes import About, BadSignature, Push, Pushes, PushRequest
from channels.reading import Json, Unreadable, children, parse_json, text

FRESH_FOR = timedelta(hours=4)
"""Shopee repeats a push that was not taken for about three hours, with the time of its first try."""

CODES = [1, 2, 3, 4, 8, 12]
_ORDERS = {3: "order_status", 4: "tracking_number", 15: "shipping_document", 30: "package_status"}
_LISTINGS = {6: "banned_item", 8: "reserved_stock", 16: "violation_item", 22: "item_price"}
_RETURNS = {29: "return"}
_OTHERS = {1: "shop_authorized", 2: "shop_withdrew", 12: "authorization_ends"}


def verify(request: PushRequest, connection: Connection, at: datetime) -> None:
    """Prove that Shopee sent this to the application. Raises ``BadSignature``.

    One address serves every shop of an application; which one is meant stands in the signed body, and so
    does the time, without which a message could be sent again for ever.
    """
    key = connection.credentials.get("partner_key", "")
    given = request.headers.get("authorization", "").strip().lower()
    expected = signing.sign_push(partner_key=key, url=request.url, body=request.body)
    if not key or not hmac.compare_digest(given.encode(), expected.encode()):
        raise BadSignature("the signature is not that of the partner key")
    try:
        sent = instant(_object(request.body), "timestamp")
    except ValueError as error:
        raise BadSignature(f"the signed message cannot be read: {error}") from error
    if sent is None:
        raise BadSignature("the signed message has no time")


def read(request: PushRequest) -> tuple[Push, ...]:
    """Read a proven message. Raises ``ValueError`` for what cannot be read."""
    data = _object(request.body)
    code = data.get("code")
    if type(code) is not int:
        raise ValueError("the message has no code")
    said = data.get("data")
    said = parse_json(said.encode()) if isinstance(said, str) and said.startswith("{") else said
    inside: Json = said if isinstance(said, dict) else {}
    about, topic, ids = _meaning(code, inside)
    return (
        Push(
            event_id=_event(data, code, inside),
            topic=topic,
            about=about,
            external_ids=ids,
            at=instant(data, "timestamp"),
            seller_id=_shop(data),
        ),
    )


def _object(body: bytes) -> Json:
    try:
        data = parse_json(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(data, dict):
        raise ValueError("the message is no object")
    return data


def _shop(data: Json) -> str:
    return number(data, "shop_id")


def _meaning(code: int, inside: Json) -> tuple[About, str, tuple[str, ...]]:
    if code in _ORDERS:
        return About.ORDER, _ORDERS[code], _named(inside, "ordersn", "order_sn")
    if code in _RETURNS:
        return About.RETURN, _RETURNS[code], _named(inside, "return_sn", "returnsn")
    if code in _LISTINGS:
        return About.LISTING, _LISTINGS[code], _listings(inside)
    if code == 2:
        return About.AUTHORIZATION, _OTHERS[code], ()
    return About.OTHER, _OTHERS.get(code, f"code_{code}"), ()


def _named(inside: Json, *names: str) -> tuple[str, ...]:
    for name in names:
        found = text(inside, name, most=64)
        if found:
            return (found,)
    raise Unreadable(f"{names[0]} is missing")


def _listings(inside: Json) -> tuple[str, ...]:
    """Return the listings a message names: the item, with its models where it names some."""
    item = number(inside, "item_id")
    models = [number(part, "variation_id") or number(part, "model_id") for part in _parts(inside)]
    single = number(inside, "variation_id") or number(inside, "model_id")
    wanted = dict.fromkeys(model for model in (*models, single) if model)
    return tuple(f"{item}-{model}" for model in wanted) or ((item,) if item else ())


def _parts(inside: Json) -> list[Json]:
    return children(inside, "model_list") or children(inside, "variations")


def _event(data: Json, code: int, inside: Json) -> str:
    """Return what repeats when an event is pushed again: everything but the time of sending."""
    said = json.dumps([code, data.get("shop_id"), inside], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


PUSHES = Pushes(verify=verify, read=read, fresh_for=FRESH_FOR)
