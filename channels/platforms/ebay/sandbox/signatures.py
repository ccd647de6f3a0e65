"""Digital signatures: keys of the Key Management API, and the check of RFC 9421 message signatures.

Calls about money of sellers at home in the European Union or the United Kingdom must be signed; whoever
signs is checked in any case.
"""

import base64
import hashlib
import json
import re
import time
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from channels.platforms.ebay.sandbox.answers import error
from channels.sandbox.sellers import Seller
from channels.sandbox.store import read_note, write_note
from channels.sandbox.wire import BadRequest, Call, Response, json_response
from channels.sandbox.world import World

KEY = "ebay"
LASTS = 3 * 365 * 86400
OLDEST = 600
_SIGNED_AT_HOME = {"GB", "DE", "FR", "IT", "ES", "NL", "BE", "AT", "IE", "PL"}
_INPUT = re.compile(r"sig1=(\(([^()]*)\);created=([0-9]{9,11})(?:;[^,]*)?)")


def _private_key(world: World, seller: Seller, number: int) -> Ed25519PrivateKey:
    text = f"{world.seed}/{KEY}/signing/{seller.client_id}/{number}"
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(text.encode()).digest())


def signing_key(world: World, seller: Seller, number: int = 0) -> dict[str, Any]:
    """Return one of an application's keys as the Key Management API shows it once."""
    private = _private_key(world, seller, number)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    secret = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    mark = hashlib.sha256(public).hexdigest()
    return {
        "signingKeyId": f"{mark[:8]}-{mark[8:12]}-{mark[12:16]}-{mark[16:20]}-{mark[20:32]}",
        "signingKeyCipher": "ED25519",
        "publicKey": base64.b64encode(public).decode(),
        "privateKey": base64.b64encode(secret).decode(),
        "jwe": f"eyJ6aXAiOiJERUYiLCJ.{mark[:24]}.{mark[24:40]}.{seller.client_id}.{number}",
    }


def create_key(call: Call) -> Response:
    """POST /developer/key_management/v1/signing_key: a new pair; the private key is shown once."""
    body = call.request.json()
    if not isinstance(body, dict) or body.get("signingKeyCipher") != "ED25519":
        raise BadRequest("signingKeyCipher must be ED25519")
    noted = json.loads(read_note(call.world.db, KEY, f"signing/{call.caller.name}") or "1")
    write_note(call.world.db, KEY, f"signing/{call.caller.name}", json.dumps(noted + 1))
    now = int(call.world.now.timestamp())
    found = signing_key(call.world, call.caller, noted)
    return json_response({**found, "creationTime": now, "expirationTime": now + LASTS}, status=201)


def domicile(world: World, seller: Seller) -> str:
    """Return the country a seller is at home in."""
    first = world.marketplaces[next(iter(seller.plan.marketplaces))].country
    return read_note(world.db, KEY, f"domicile/{seller.name}") or first


def refusal(call: Call) -> Response | None:
    """Return eBay's refusal of a call that is not signed as it must be, ``None`` when all is well."""
    headers = call.request.headers
    signature, described = headers.get("signature", ""), headers.get("signature-input", "")
    if not signature and not described:
        if domicile(call.world, call.caller) in _SIGNED_AT_HOME:
            return _refused(215001, "x-ebay-signature-key, Signature or Signature-Input header is missing")
        return None
    found = _INPUT.fullmatch(described.strip())
    jwe = headers.get("x-ebay-signature-key", "")
    if found is None or not jwe:
        return _refused(215000, "The Signature-Input header is malformed")
    if abs(call.world.now.timestamp() - int(found[3])) > OLDEST and not _is_real_time(int(found[3])):
        return _refused(215003, "The signature is too old")
    key = _known_key(call, jwe)
    if key is None:
        return _refused(215002, "The signing key is not known")
    names = re.findall(r'"([^"]+)"', found[2])
    if not {"x-ebay-signature-key", "@method", "@path", "@authority"} <= set(names):
        return _refused(215004, "The signature does not cover what it must cover")
    try:
        base = "\n".join(
            [*(f'"{name}": {_value(call, name)}' for name in names), f'"@signature-params": {found[1]}']
        )
        raw = base64.b64decode(signature.removeprefix("sig1=").strip(":"), validate=True)
        key.public_key().verify(raw, base.encode())
    except (ValueError, KeyError, InvalidSignature):
        return _refused(215005, "Signature validation failed")
    return None


def _is_real_time(created: int) -> bool:
    """Whether a signature is young by the wall clock: the callers' clocks are not the market's."""
    return abs(time.time() - created) <= OLDEST


def _known_key(call: Call, jwe: str) -> Ed25519PrivateKey | None:
    made = json.loads(read_note(call.world.db, KEY, f"signing/{call.caller.name}") or "1")
    for number in range(made):
        if signing_key(call.world, call.caller, number)["jwe"] == jwe:
            return _private_key(call.world, call.caller, number)
    return None


def _value(call: Call, name: str) -> str:
    request = call.request
    match name:
        case "@method":
            return request.method
        case "@path":
            return request.path
        case "@authority":
            return request.headers.get("host", "")
        case "content-digest":
            given = request.headers["content-digest"]
            digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
            if given != f"sha-256=:{digest}:":
                raise ValueError("the digest is another one")
            return given
    return request.headers[name]


def _refused(number: int, words: str) -> Response:
    return error(403 if number == 215005 else 400, number, words, domain="ACCESS")
