"""What eBay pushes: proven by its signature, read as a hint, and the challenge it asks an address first.

The proof (event notification, X-EBAY-SIGNATURE) is ECDSA over the body with a key that eBay names by its
number and hands out by a call; keys are kept for an hour, and unknown numbers are asked for seldom.
"""

import base64
import binascii
import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from channels.adapter import ChannelError, Refused, RetryLater
from channels.messages import Connection
from channels.platforms.ebay.client import RestApi, fetch_application_token
from channels.platforms.ebay.subscriptions import ACCOUNT_DELETION, AUTHORIZATION_REVOKED
from channels.platforms.ebay.transport import Expected
from channels.pushes import About, BadSignature, Push, Pushes, PushReply, PushRequest
from channels.reading import Json, child, cut_text, instant, parse_json, text

FRESH_FOR = timedelta(days=1)
"""eBay repeats for about a day what was not taken; a notification's number keeps it from counting twice."""

_KEY_NUMBER = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
_DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {"SHA1": hashes.SHA1, "SHA256": hashes.SHA256}
_KEPT_SECONDS = 3600.0
_MOST_KEYS = 64
_ASKS_PER_MINUTE = 10


@dataclass(frozen=True, slots=True)
class _Proof:
    """The signature header: which key, and what it made."""

    key: str
    signature: bytes


class KeyRing:
    """Public keys by where they come from and their number, each fetched once an hour at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[tuple[str, str], tuple[float, ec.EllipticCurvePublicKey, str]] = {}
        self._asked: list[float] = []

    def find(self, *, connection: Connection, number: str) -> tuple[ec.EllipticCurvePublicKey, str]:
        """Return a key and its digest. Raises ``BadSignature`` for a number eBay does not know,
        ``RetryLater`` when it cannot be fetched now."""
        place = (connection.endpoint, number)
        now = time.monotonic()
        with self._lock:
            held = self._keys.get(place)
            if held is not None and now - held[0] < _KEPT_SECONDS:
                return held[1], held[2]
            self._asked = [at for at in self._asked if now - at < 60]
            if len(self._asked) >= _ASKS_PER_MINUTE:
                raise RetryLater("too many notifications name keys that are not known")
            self._asked.append(now)
        key, digest = _fetch_key(connection, number)
        with self._lock:
            if len(self._keys) >= _MOST_KEYS:
                self._keys.pop(min(self._keys, key=lambda one: self._keys[one][0]))
            self._keys[place] = (now, key, digest)
        return key, digest

    def forget(self) -> None:
        """Drop every key."""
        with self._lock:
            self._keys.clear()
            self._asked.clear()


KEYS = KeyRing()


def _fetch_key(connection: Connection, number: str) -> tuple[ec.EllipticCurvePublicKey, str]:
    try:
        api = RestApi(connection, None, token=fetch_application_token(connection))
        data = api.get(
            f"/commerce/notification/v1/public_key/{number}",
            expected=Expected(operation="subscribe", key="key", kind=str),
        )
    except RetryLater:
        raise
    except Refused as error:
        raise BadSignature(f"eBay does not know the key: {error.reason}") from error
    except ChannelError as error:
        raise RetryLater(error.reason) from error
    return read_key(data["key"]), str(data.get("digest", "SHA1")).upper()


def read_key(written: str) -> ec.EllipticCurvePublicKey:
    """Read a public key as eBay writes it: PEM on one line. Raises ``BadSignature``."""
    inside = re.sub(r"-----[A-Z ]+-----|\s", "", written)
    try:
        key = load_der_public_key(base64.b64decode(inside, validate=True))
    except (ValueError, TypeError) as error:
        raise BadSignature("eBay's key cannot be read") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise BadSignature("eBay's key is of another kind")
    return key


def verify(request: PushRequest, connection: Connection, now: datetime) -> None:
    """Prove that eBay sent exactly these bytes. Raises ``BadSignature``, or ``RetryLater`` when the key
    cannot be fetched now. When they were sent stands inside of them: see ``read``."""
    proof = _read_proof(request.headers.get("x-ebay-signature", ""))
    key, digest = KEYS.find(connection=connection, number=proof.key)
    check_signature(body=request.body, signature=proof.signature, key=key, digest=digest)


def check_signature(
    *, body: bytes, signature: bytes, key: ec.EllipticCurvePublicKey, digest: str
) -> None:  # fmt: skip
    """Check one signature over the very bytes. Raises ``BadSignature``."""
    algorithm = _DIGESTS.get(digest)
    if algorithm is None:
        raise BadSignature(f"the digest {digest[:20]!r} is not known")
    try:
        key.verify(signature, body, ec.ECDSA(algorithm()))
    except InvalidSignature as error:
        raise BadSignature("the signature does not fit the body") from error


def _read_proof(header: str) -> _Proof:
    try:
        data = json.loads(base64.b64decode(header, validate=True))
        signature = base64.b64decode(data["signature"], validate=True)
        number = data["kid"]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise BadSignature("the signature header cannot be read") from error
    if not isinstance(number, str) or not _KEY_NUMBER.fullmatch(number):
        raise BadSignature("the signature header names no key")
    return _Proof(key=number, signature=signature)


def _parts(body: bytes) -> tuple[Json, Json]:
    """Return what a notification says of itself and what it brings. Raises ``ValueError``."""
    try:
        data = parse_json(body)
    except RecursionError as error:
        raise ValueError("the notification is nested too deeply") from error
    if not isinstance(data, dict):
        raise ValueError("the notification is not an object")
    return child(data, "metadata"), child(data, "notification")


def read(request: PushRequest) -> tuple[Push, ...]:
    """Read a proven notification. Raises ``ValueError`` for what cannot be read."""
    about, notification = _parts(request.body)
    sent = instant(notification, "publishDate") or instant(notification, "eventDate")
    topic = text(about, "topic", most=80)
    number = text(notification, "notificationId", most=200)
    data = child(notification, "data")
    if not topic or not number or sent is None:
        raise ValueError("the notification has no topic, no number or no date")
    if topic == ACCOUNT_DELETION:
        return (Push(number, topic, About.ERASURE, buyer_ids=tuple(_people(data)), at=sent),)
    if topic == AUTHORIZATION_REVOKED:
        name = cut_text(data, "username", most=120)
        return (Push(number, topic, About.AUTHORIZATION, at=sent, seller_id=name),)
    orders = tuple(dict.fromkeys(_orders_in(data)))
    kind = About.ORDER if orders else About.OTHER
    return (Push(number, topic, kind, external_ids=orders, at=sent),)


def _people(data: Json) -> Iterator[str]:
    for name in ("username", "userId", "eiasToken"):
        found = cut_text(data, name, most=120)
        if found:
            yield found


def _orders_in(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the order numbers a topic's data names, wherever the topic puts them."""
    if depth > 6:
        return
    if isinstance(value, dict):
        for name, part in value.items():
            if name.lower() == "orderid" and isinstance(part, str) and 0 < len(part) <= 120:
                yield part
            else:
                yield from _orders_in(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            yield from _orders_in(part, depth + 1)


def greet(request: PushRequest, connection: Connection) -> PushReply | None:
    """Answer eBay's challenge: a hash over its code, our token and our address."""
    code = request.query.get("challenge_code", "")
    if request.method != "GET" or not code:
        return None
    token = connection.credentials.get("verification_token", "")
    if not token:
        raise ValueError("the account has no verification token")
    answer = challenge_answer(code=code, token=token, endpoint=request.url.partition("?")[0])
    return PushReply(body=json.dumps({"challengeResponse": answer}).encode())


def challenge_answer(*, code: str, token: str, endpoint: str) -> str:
    """Return the hash eBay wants to see (marketplace account deletion, endpoint validation)."""
    return hashlib.sha256(f"{code}{token}{endpoint}".encode()).hexdigest()


PUSHES = Pushes(verify=verify, read=read, greet=greet, fresh_for=FRESH_FOR)
