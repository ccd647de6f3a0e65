"""Shopee's signatures: HMAC-SHA256 over what is said, keyed with the application's partner key.

Calls sign ``partner_id + path + timestamp``, those of a shop also its access token and its number; a push
signs the address it goes to and its raw body. Instants are wall seconds: Shopee takes five minutes.
"""

import hashlib
import hmac
from collections.abc import Mapping

from ecomhub import clock


def digest(*, key: str, message: bytes) -> str:
    """Return the HMAC-SHA256 of a message in small hexadecimal letters."""
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()


def sign_call(
    *, partner_id: str, partner_key: str, path: str, timestamp: int, access_token: str = "", shop_id: str = ""
) -> str:
    """Return the signature of a call; without token and shop it is one of the application's own."""
    base = f"{partner_id}{path}{timestamp}{access_token}{shop_id}"
    return digest(key=partner_key, message=base.encode())


def sign_push(*, partner_key: str, url: str, body: bytes) -> str:
    """Return the signature a push to this address must carry."""
    return digest(key=partner_key, message=url.encode() + b"|" + body)


def shop_query(
    credentials: Mapping[str, str], *, path: str, access_token: str, shop_id: str
) -> dict[str, str]:
    """Return what the address of every call for a shop carries."""
    timestamp = now()
    return {
        "partner_id": credentials.get("partner_id", ""),
        "timestamp": str(timestamp),
        "access_token": access_token,
        "shop_id": shop_id,
        "sign": sign_call(
            partner_id=credentials.get("partner_id", ""),
            partner_key=credentials.get("partner_key", ""),
            path=path,
            timestamp=timestamp,
            access_token=access_token,
            shop_id=shop_id,
        ),
    }


def public_query(credentials: Mapping[str, str], *, path: str) -> dict[str, str]:
    """Return what the address of a call of the application itself carries."""
    timestamp = now()
    return {
        "partner_id": credentials.get("partner_id", ""),
        "timestamp": str(timestamp),
        "sign": sign_call(
            partner_id=credentials.get("partner_id", ""),
            partner_key=credentials.get("partner_key", ""),
            path=path,
            timestamp=timestamp,
        ),
    }


def now() -> int:
    """Return the wall clock's second; never the application's clock, which Shopee does not share."""
    return int(clock.real_now().timestamp())
