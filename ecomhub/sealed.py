"""Sealing: authenticated encryption under a key ring, bound to the place a value belongs to.

A sealed value is ``v1:<key id>:<fernet token>`` whose plaintext carries its context, so a value moved
to another row, changed, or sealed with a key no longer in the ring raises instead of being read.

Columns that hold such values are text and are named ``sealed`` or ``sealed_…``: so ``resealing`` finds them.
"""

import base64
import hmac
import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class SealBroken(Exception):
    """A sealed value was changed, moved to another place, or its key is not in the ring."""


@cache
def _ring(text: str) -> dict[str, Fernet]:
    ring: dict[str, Fernet] = {}
    for part in filter(None, (item.strip() for item in text.split(","))):
        key_id, _, key = part.partition(":")
        try:
            ring[key_id] = Fernet(key)
        except ValueError as error:
            raise ImproperlyConfigured(f"key {key_id!r} of ECOMHUB_KEYRING is not a Fernet key") from error
    if not ring:
        raise ImproperlyConfigured("ECOMHUB_KEYRING is empty; create one with `manage.py new_key`")
    return ring


def keyring() -> dict[str, Fernet]:
    """Return the keys by id; the first one seals, all of them open."""
    return _ring(settings.ECOMHUB_KEYRING)


def seal(*, context: str, data: Mapping[str, Any]) -> str:
    """Seal a JSON object for one place, such as ``channels.credential:<uid>``."""
    key_id, key = next(iter(keyring().items()))
    plain = json.dumps({"ctx": context, "data": data}, ensure_ascii=False, default=str).encode()
    return f"v1:{key_id}:{key.encrypt(plain).decode()}"


def unseal(*, context: str, blob: str) -> dict[str, Any]:
    """Open a sealed JSON object. Raises ``SealBroken`` when anything about it is not right."""
    try:
        opened = json.loads(_opened(blob))
    except ValueError as error:
        raise SealBroken("the value was changed or its key is wrong") from error
    if opened.get("ctx") != context:
        raise SealBroken("the value belongs to another place")
    data: dict[str, Any] = opened["data"]
    return data


def _opened(blob: str) -> bytes:
    version, _, rest = blob.partition(":")
    key_id, _, token = rest.partition(":")
    key = keyring().get(key_id)
    if version != "v1" or key is None:
        raise SealBroken("the value's key is not in the ring")
    try:
        return key.decrypt(token.encode())
    except InvalidToken as error:
        raise SealBroken("the value was changed or its key is wrong") from error


def reseal(*, blob: str) -> str:
    """Seal a value again under the newest key, for the place it belongs to. Raises ``SealBroken``."""
    key_id, key = next(iter(keyring().items()))
    return f"v1:{key_id}:{key.encrypt(_opened(blob)).decode()}"


def key_id_of(*, blob: str) -> str:
    """Return the id of the key that sealed a value, empty when it is no sealed value."""
    version, _, rest = blob.partition(":")
    return rest.partition(":")[0] if version == "v1" else ""


def active_key_id() -> str:
    """Return the id of the key that seals new values."""
    return next(iter(keyring()))


def new_data_key() -> bytes:
    """Return a fresh 256-bit key for one object's personal data."""
    return AESGCM.generate_key(bit_length=256)


def wrap_key(*, context: str, key: bytes) -> str:
    """Seal a data key under the ring for the object it belongs to."""
    return seal(context=context, data={"key": base64.b64encode(key).decode()})


def unwrap_key(*, context: str, blob: str) -> bytes:
    """Open a data key. Raises ``SealBroken``."""
    return base64.b64decode(unseal(context=context, blob=blob)["key"])


def seal_bytes(*, key: bytes, context: str, data: bytes) -> bytes:
    """Seal bytes under a data key with AES-256-GCM; the context is authenticated, not stored."""
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, data, context.encode())


def unseal_bytes(*, key: bytes, context: str, blob: bytes) -> bytes:
    """Open bytes sealed by ``seal_bytes``. Raises ``SealBroken``."""
    try:
        return AESGCM(key).decrypt(blob[:12], blob[12:], context.encode())
    except InvalidTag as error:
        raise SealBroken("the value was changed, moved, or its key is wrong") from error


def blind_token(*, purpose: str, text: str) -> bytes:
    """Return a keyed 16-byte hash of a normalised text, for searching what is stored sealed."""
    return hmac.digest(settings.ECOMHUB_BLIND_KEY, f"{purpose}\0{text}".encode(), "sha256")[:16]
