"""Who calls: consent page, codes, tokens of users and of the application, and the credentials to copy."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from random import Random
from typing import Any
from urllib.parse import urlencode

from channels.platforms.ebay.sandbox.answers import TRADING_PATH, error, failure
from channels.platforms.ebay.sandbox.signatures import signing_key
from channels.sandbox import consent, faults
from channels.sandbox.pushing import checked_address
from channels.sandbox.sellers import Seller
from channels.sandbox.store import read_note, write_note
from channels.sandbox.wire import BadRequest, Call, Request, Response, json_response
from channels.sandbox.world import World

KEY = "ebay"
TOKEN_SECONDS = 7200
CODE_SECONDS = 299
CONSENT_SECONDS = 18 * 30 * 86400
SCOPE = "https://api.ebay.com/oauth/api_scope"
_USER, _APPLICATION = "v^1.1#i^1#f^0#", "v^1.1#i^1#p^1#"
_SECRETS = ("refresh_token", "code")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def new_credentials(chance: Random) -> Mapping[str, str]:
    """Return a seller's account in the shapes eBay gives them."""
    name = "".join(chance.choices(_LETTERS, k=8))
    return {
        "seller_id": f"{name}_trading",
        "client_id": f"Harbor-ecomhub-PRD-{chance.getrandbits(36):09x}-{chance.getrandbits(32):08x}",
        "client_secret": f"PRD-{chance.getrandbits(48):012x}-{chance.getrandbits(32):08x}",
        "refresh_token": f"v^1.1#i^1#r^1#{chance.getrandbits(400):0100x}",
    }


def ru_name(seller: Seller) -> str:
    """Return the name under which eBay knows the application's address."""
    return f"Harbor_Light-{seller.client_id[-8:]}-hub-abcde"


def verification_token(seller: Seller) -> str:
    """Return a verification token to type in at both ends."""
    return hashlib.sha256(f"verify/{seller.client_id}".encode()).hexdigest()[:48]


def credential_sheet(world: World, seller: Seller, base_url: str) -> dict[str, Any]:
    """Return everything a person needs to connect this seller by hand."""
    signing = signing_key(world, seller)
    return {
        "platform": KEY,
        "name": seller.name,
        "seller_id": seller.seller_id,
        "client_id": seller.client_id,
        "client_secret": seller.client_secret,
        "refresh_token": seller.refresh_token,
        "ru_name": ru_name(seller),
        "verification_token": verification_token(seller),
        "signing_key_jwe": signing["jwe"],
        "signing_private_key": signing["privateKey"],
        "endpoint": base_url,
        "token_endpoint": f"{base_url}/identity/v1/oauth2/token",
        "marketplaces": list(seller.plan.marketplaces),
    }


def ask_consent(call: Call) -> Response:
    """GET /oauth2/authorize: the page that asks the seller.

    Where a RuName leads is set at eBay; here the application says it in ``accept_url``.
    """
    request = call.request
    seller = call.world.find_seller(platform=KEY, client_id=request.one("client_id") or "")
    if seller is None or request.one("redirect_uri") != ru_name(seller):
        return _refused(400, "invalid_request", "The client_id or the RuName is not known.")
    if request.one("response_type") != "code" or not request.one("scope"):
        return _refused(400, "invalid_request", "response_type must be code, and a scope is needed.")
    names = ("client_id", "redirect_uri", "scope", "state", "accept_url")
    hidden = {name: request.one(name) or "" for name in names}
    checked_address(hidden["accept_url"])
    return consent.consent_page(
        title="eBay: agree to third-party access", application="ecomhub", sellers=[seller], hidden=hidden
    )


def give_consent(call: Call) -> Response:
    """POST /oauth2/authorize: back to the application, with a code or with the refusal."""
    choice = consent.read_choice(call)
    fields = choice.fields
    seller = call.world.find_seller(platform=KEY, client_id=fields.get("client_id", ""))
    if seller is None or fields.get("redirect_uri") != ru_name(seller):
        return _refused(400, "invalid_request", "The client_id or the RuName is not known.")
    target = checked_address(fields.get("accept_url", ""))
    answer = {"state": fields.get("state", "")}
    if not choice.allowed:
        return consent.send_back(
            redirect_uri=target,
            parameters={**answer, "error": "access_denied", "error_description": "The seller declined."},
        )
    code = f"v^1.1#i^1#c^1#{secrets.token_hex(24)}"
    until = int(call.world.now.timestamp()) + CODE_SECONDS
    note = {"seller": seller.name, "until": until, "scope": fields.get("scope", "")}
    write_note(call.world.db, KEY, f"code/{code}", json.dumps(note))
    return consent.send_back(
        redirect_uri=target, parameters={**answer, "code": code, "expires_in": str(CODE_SECONDS)}
    )


def _refused(status: int, code: str, text: str) -> Response:
    return json_response({"error": code, "error_description": text}, status=status)


def _application(call: Call) -> Seller | None:
    """Return whose application signed in: HTTP Basic with App ID and Cert ID."""
    kind, _, packed = call.request.headers.get("authorization", "").partition(" ")
    try:
        client, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except ValueError:
        return None
    found = call.world.find_seller(platform=KEY, client_id=client, client_secret=secret)
    return found if kind.lower() == "basic" else None


def grant_token(call: Call) -> Response:
    """POST /identity/v1/oauth2/token: a code, a refresh token or nothing more, for an access token."""
    if not call.request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return _refused(400, "invalid_request", "The content type must be application/x-www-form-urlencoded.")
    form = call.request.form()
    seller = _application(call)
    if seller is None:
        return _refused(401, "invalid_client", "client authentication failed")
    revoked = faults.take_kind(world=call.world, kind="revoked_grant", seller=seller.name, operation="token")
    match form.get("grant_type", ""):
        case "client_credentials":
            if SCOPE not in form.get("scope", "").split():
                return _refused(400, "invalid_scope", "The requested scope is invalid.")
            return json_response(_issued(call.world, seller, _APPLICATION, "Application Access Token"))
        case "refresh_token":
            if form.get("refresh_token") != seller.refresh_token or revoked:
                return _refused(400, "invalid_grant", "the provided refresh token is invalid or revoked")
            return json_response(_issued(call.world, seller, _USER, "User Access Token"))
        case "authorization_code":
            return _trade_code(call, seller, form)
    return _refused(400, "unsupported_grant_type", "grant type in request is not supported")


def _trade_code(call: Call, seller: Seller, form: Mapping[str, str]) -> Response:
    key = f"code/{form.get('code', '')}"
    kept = read_note(call.world.db, KEY, key)
    write_note(call.world.db, KEY, key, None)
    note = json.loads(kept) if kept else {}
    is_good = note.get("seller") == seller.name and note.get("until", 0) > call.world.now.timestamp()
    if not is_good or form.get("redirect_uri") != ru_name(seller):
        return _refused(400, "invalid_grant", "the provided authorization grant code is invalid or expired")
    issued = _issued(call.world, seller, _USER, "User Access Token")
    more = {"refresh_token": seller.refresh_token, "refresh_token_expires_in": CONSENT_SECONDS}
    return json_response({**issued, **more})


def _issued(world: World, seller: Seller, prefix: str, kind: str) -> dict[str, object]:
    now = int(world.now.timestamp())
    number = world.db.execute("select count(*) as number from tokens").fetchone()["number"]
    text = f"{world.secret}/{KEY}/{seller.name}/{number}"
    token = prefix + hashlib.sha512(text.encode()).hexdigest()
    world.db.execute("insert into tokens values (?, ?, ?, 0)", (token, seller.name, now + TOKEN_SECONDS))
    return {"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": kind}


def is_application(call: Call) -> bool:
    """Whether the application itself calls, for nobody."""
    return _token(call).startswith(_APPLICATION)


def _token(call: Call) -> str:
    if call.request.path == TRADING_PATH:
        return call.request.headers.get("x-ebay-api-iaf-token", "")
    kind, _, token = call.request.headers.get("authorization", "").partition(" ")
    return token if kind.lower() == "bearer" else ""


def identify(call: Call) -> Seller | Response:
    """Return who sent the access token, or eBay's refusal in the form of the API that was called."""
    row = call.world.db.execute("select * from tokens where token = ?", (_token(call),)).fetchone()
    seller = call.world.sellers.get(row["seller"]) if row is not None else None
    is_trading = call.request.path == TRADING_PATH
    if row is None or row["revoked"] or seller is None or seller.platform != KEY:
        return _denied(call, is_trading, "Invalid access token", 21916984)
    if call.world.now.timestamp() >= row["expires"]:
        return _denied(call, is_trading, "The access token has expired", 21917053)
    needs_user = not call.request.path.startswith("/commerce/notification/")
    if needs_user and is_application(call):
        return (
            failure(call, 930, "The token does not allow this call.")
            if is_trading
            else error(403, 1100, "Insufficient permissions to fulfill the request.", domain="ACCESS")
        )
    return seller


def _denied(call: Call, is_trading: bool, words: str, code: int) -> Response:
    if is_trading:
        return failure(call, code, f"{words}.")
    refused = error(401, 1001, words, domain="OAuth")
    refused.headers["WWW-Authenticate"] = 'Bearer realm="api.ebay.com"'
    return refused


def redact(request: Request) -> str:
    """Return a request's body without its secrets."""
    if not request.path.startswith(("/identity/", "/oauth2/")):
        return request.body.decode("utf-8", "replace")
    try:
        form = request.form()
    except BadRequest:
        return ""
    return urlencode({name: "…" if name in _SECRETS else value for name, value in form.items()})
