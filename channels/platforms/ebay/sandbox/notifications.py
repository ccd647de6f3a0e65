"""The Notification API: keys, destinations with their challenge, subscriptions, and signed notifications."""

import base64
import hashlib
import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.platforms.ebay.sandbox.answers import error, time_text
from channels.platforms.ebay.sandbox.identity import KEY, is_application
from channels.platforms.ebay.sandbox.order_body import username, was_paid
from channels.sandbox import pushing
from channels.sandbox.market_clock import seconds
from channels.sandbox.orders import SHIPPED, Order, find_order
from channels.sandbox.pushing import OutgoingPush
from channels.sandbox.sellers import Seller
from channels.sandbox.store import read_note, read_notes, write_note
from channels.sandbox.wire import BadRequest, Call, Response, json_response
from channels.sandbox.world import World

DOMAIN = "API_NOTIFICATION"
ACCOUNT_DELETION, REVOKED = "MARKETPLACE_ACCOUNT_DELETION", "AUTHORIZATION_REVOCATION"
ORDERED, SENT = "ORDER_CONFIRMATION", "ITEM_MARKED_SHIPPED"
_OF_THE_APPLICATION = (ACCOUNT_DELETION, REVOKED)
_CHALLENGE_SECONDS = 2
_ORDER_OF_THE_CURVE = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _signing_key(world: World) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(hashlib.sha512(f"ebay/{world.secret}".encode()).digest())
    return ec.derive_private_key(number % (_ORDER_OF_THE_CURVE - 1) + 1, ec.SECP256R1())


def key_number(world: World) -> str:
    """Return the number of the market's signing key."""
    text = hashlib.sha256(f"kid/{world.secret}".encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"


def public_key(call: Call) -> Response:
    """GET /commerce/notification/v1/public_key/{id}: PEM on one line, as eBay writes it."""
    if not is_application(call):
        return error(403, 1100, "Insufficient permissions to fulfill the request.", domain="ACCESS")
    if call.arguments["id"] != key_number(call.world):
        return error(404, 195001, "The specified key id is invalid.", domain=DOMAIN)
    der = _signing_key(call.world).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = base64.b64encode(der).decode()
    key = f"-----BEGIN PUBLIC KEY-----{text}-----END PUBLIC KEY-----"
    return json_response({"key": key, "algorithm": "ECDSA", "digest": "SHA1"})


def list_destinations(call: Call) -> Response:
    """GET /commerce/notification/v1/destination."""
    found = [json.loads(value) for value in _kept(call, "destination").values()]
    return json_response(
        {"total": len(found), "href": call.request.path, "limit": 100, "destinations": found}
    )


def _kept(call: Call, kind: str) -> dict[str, str]:
    return read_notes(call.world.db, KEY, f"{kind}/{call.caller.name}/")


def create_destination(call: Call) -> Response:
    """POST /commerce/notification/v1/destination: taken once the address has answered the challenge."""
    if not is_application(call):
        return error(403, 1100, "Insufficient permissions to fulfill the request.", domain="ACCESS")
    body = call.request.json()
    config = body.get("deliveryConfig") if isinstance(body, dict) else None
    address = str(config.get("endpoint", "")) if isinstance(config, dict) else ""
    token = str(config.get("verificationToken", "")) if isinstance(config, dict) else ""
    if not 32 <= len(token) <= 80 or not token.replace("_", "").replace("-", "").isalnum():
        return error(400, 195018, "The verification token is not valid.", domain=DOMAIN)
    try:
        pushing.checked_address(address)
    except BadRequest as refused:
        return error(400, 195017, str(refused), domain=DOMAIN)
    kept = _kept(call, "destination")
    if any(json.loads(value)["deliveryConfig"]["endpoint"] == address for value in kept.values()):
        return error(409, 195021, "Destination exists for this endpoint", domain=DOMAIN)
    if not _challenge_fits(address=address, token=token):
        return error(409, 195020, "Challenge verification failed for requested endpoint", domain=DOMAIN)
    number = hashlib.sha256(f"{call.caller.name}{address}".encode()).hexdigest()[:20]
    stored = {
        "destinationId": number, "name": str(body.get("name", "")), "status": "ENABLED",
        "deliveryConfig": {"endpoint": address, "verificationToken": token},
    }  # fmt: skip
    write_note(call.world.db, KEY, f"destination/{call.caller.name}/{number}", json.dumps(stored))
    place = f"https://api.ebay.com/commerce/notification/v1/destination/{number}"
    return Response(status=201, content_type="", headers={"Location": place})


def _challenge_fits(*, address: str, token: str) -> bool:
    """Ask an address eBay's challenge and say whether it knows the answer."""
    code = hashlib.sha256(f"{address}{token}challenge".encode()).hexdigest()
    parts = urlsplit(address)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=_CHALLENGE_SECONDS)
    try:
        line.request("GET", f"{parts.path or '/'}?{urlencode({'challenge_code': code})}")
        answer = line.getresponse()
        found = json.loads(answer.read(4096)) if answer.status == 200 else None
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        line.close()
    wanted = hashlib.sha256(f"{code}{token}{address}".encode()).hexdigest()
    return isinstance(found, dict) and found.get("challengeResponse") == wanted


def list_subscriptions(call: Call) -> Response:
    """GET /commerce/notification/v1/subscription: the application's own, or the calling user's."""
    mine = [
        json.loads(value)
        for value in _kept(call, "subscription").values()
        if (json.loads(value)["topicId"] in _OF_THE_APPLICATION) == is_application(call)
    ]
    return json_response({"total": len(mine), "href": call.request.path, "limit": 100, "subscriptions": mine})


def create_subscription(call: Call) -> Response:
    """POST /commerce/notification/v1/subscription."""
    body = call.request.json()
    topic = body.get("topicId") if isinstance(body, dict) else None
    if topic not in (*_OF_THE_APPLICATION, ORDERED, SENT):
        return error(400, 195004, "Invalid topic id.", domain=DOMAIN)
    if (topic in _OF_THE_APPLICATION) != is_application(call):
        return error(403, 195011, "The token does not allow this topic.", domain=DOMAIN)
    kept = read_note(call.world.db, KEY, f"destination/{call.caller.name}/{body.get('destinationId')}")
    if kept is None:
        return error(400, 195014, "Invalid or missing destination id.", domain=DOMAIN)
    place = f"subscription/{call.caller.name}/{topic}"
    if read_note(call.world.db, KEY, place) is not None:
        return error(409, 195012, "Subscription already exists", domain=DOMAIN)
    number = hashlib.sha256(place.encode()).hexdigest()[:20]
    stored = {
        "subscriptionId": number, "topicId": topic, "status": "ENABLED",
        "creationDate": time_text(seconds(call.world.now)), "destinationId": str(body["destinationId"]),
        "payload": {"format": "JSON", "schemaVersion": "1.0", "deliveryProtocol": "HTTPS"},
    }  # fmt: skip
    write_note(call.world.db, KEY, place, json.dumps(stored))
    address = json.loads(kept)["deliveryConfig"]["endpoint"]
    pushing.subscribe(world=call.world, seller=call.caller, address=address, topic=str(topic))
    href = f"https://api.ebay.com/commerce/notification/v1/subscription/{number}"
    return Response(status=201, content_type="", headers={"Location": href})


def push(world: World, seller: Seller, event: str, data: Mapping[str, Any]) -> OutgoingPush | None:
    """Return the signed notification of an event, ``None`` when eBay has no topic for it."""
    if event == pushing.CHALLENGE:
        return _challenge(world, seller)
    topic, content = _content(world, seller, event, data)
    address = pushing.address_of(world=world, seller=seller, topic=topic) if topic else None
    if address is None:
        return None
    now = time_text(seconds(world.now))
    text = f"{topic}/{json.dumps(content, sort_keys=True)}/{now}"
    message = {
        "metadata": {"topic": topic, "schemaVersion": "1.0", "deprecated": False},
        "notification": {
            "notificationId": hashlib.sha256(text.encode()).hexdigest()[:36],
            "eventDate": now,
            "publishDate": now,
            "publishAttemptCount": 1,
            "data": content,
        },
    }
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    return OutgoingPush(address, {"Content-Type": "application/json", **signature(world, body)}, body)


def signature(world: World, body: bytes) -> dict[str, str]:
    """Return the header that proves a body."""
    made = _signing_key(world).sign(body, ec.ECDSA(hashes.SHA1()))  # noqa: S303 - eBay's own digest
    proof = {
        "alg": "ecdsa", "kid": key_number(world), "signature": base64.b64encode(made).decode(),
        "digest": "SHA1",
    }  # fmt: skip
    return {"X-EBAY-SIGNATURE": base64.b64encode(json.dumps(proof).encode()).decode()}


def _content(
    world: World, seller: Seller, event: str, data: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:  # fmt: skip
    order = find_order(world.db, str(data.get("order", "")))
    match event:
        case pushing.BUYER_ERASED if order is not None:
            name = username(order)
            return ACCOUNT_DELETION, {"username": name, "userId": f"id{name}", "eiasToken": f"nY+{name}=="}
        case pushing.AUTHORIZATION_WITHDRAWN:
            return REVOKED, {"username": seller.seller_id, "userId": f"id{seller.seller_id}",
                             "revokeReason": "USER_REVOKED"}  # fmt: skip
        case pushing.ORDER_CREATED | pushing.ORDER_CHANGED if order is not None:
            return _order_content(seller, order, is_new=event == pushing.ORDER_CREATED)
    return "", {}


def _order_content(seller: Seller, order: Order, *, is_new: bool) -> tuple[str, dict[str, Any]]:
    """Return the topic of an order: bought, or sent. eBay tells of nothing else that happens to one."""
    user = {"username": seller.seller_id, "userId": f"id{seller.seller_id}"}
    if not was_paid(order):
        return "", {}
    if order.status == SHIPPED:
        return SENT, {"user": user, "order": {"orderId": order.id}}
    untouched = not order.packages and not any(line.cancel_request for line in order.lines)
    if is_new or untouched:
        return ORDERED, {"user": user, "order": {"orderId": order.id}}
    return "", {}


def _challenge(world: World, seller: Seller) -> OutgoingPush | None:
    """Return the challenge itself, to be seen on the seller center's list of pushes."""
    address = pushing.address_of(world=world, seller=seller, topic=ACCOUNT_DELETION)
    if address is None:
        return None
    code = hashlib.sha256(f"{address}{seconds(world.now)}".encode()).hexdigest()
    return OutgoingPush(f"{address}?{urlencode({'challenge_code': code})}", {}, b"", "GET")
