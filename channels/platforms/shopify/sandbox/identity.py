"""Who calls: consent, access tokens that expire, refresh tokens that rotate, and what is kept secret."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode

from channels.platforms.shopify.sandbox.answers import PLATFORM, unauthorized
from channels.sandbox import faults
from channels.sandbox.consent import consent_page, read_choice, send_back
from channels.sandbox.sellers import Seller
from channels.sandbox.store import read_note, write_note
from channels.sandbox.wire import BadRequest, Call, Request, Response, json_response
from channels.sandbox.world import World

TOKEN_SECONDS = 3600
REFRESH_SECONDS = 90 * 86400
CODE_SECONDS = 600
_SECRETS = ("client_secret", "refresh_token", "code", "access_token")
SCOPES = (
    "read_all_orders", "read_customers", "read_inventory", "read_locations",
    "read_merchant_managed_fulfillment_orders", "read_orders", "read_products", "read_returns",
    "read_shopify_payments_accounts", "read_shopify_payments_payouts", "write_inventory",
    "write_merchant_managed_fulfillment_orders", "write_orders", "write_products",
)  # fmt: skip


def new_credentials(chance: Random) -> Mapping[str, str]:
    """Return a seller's account in the shapes Shopify gives them; the seller number is the shop's domain."""
    return {
        "seller_id": f"harbor-light-{chance.getrandbits(20):05x}.myshopify.com",
        "client_id": f"{chance.getrandbits(128):032x}",
        "client_secret": f"shpss_{chance.getrandbits(128):032x}",
        "refresh_token": f"shprt_{chance.getrandbits(128):032x}",
    }


def credential_sheet(world: World, seller: Seller, base_url: str) -> dict[str, Any]:
    """Return everything a person needs to connect this seller by hand."""
    return {
        "platform": PLATFORM,
        "name": seller.name,
        "seller_id": seller.seller_id,
        "shop": seller.seller_id,
        "client_id": seller.client_id,
        "client_secret": seller.client_secret,
        "refresh_token": _chain(world, seller)["good"][-1],
        "endpoint": base_url,
        "token_endpoint": f"{base_url}/admin/oauth/access_token",
        "marketplaces": list(seller.plan.marketplaces),
    }


def _refused(status: int, code: str, text: str) -> Response:
    return json_response({"error": code, "error_description": text}, status=status)


def _chain(world: World, seller: Seller) -> dict[str, Any]:
    """Return a seller's refresh tokens: one, or the old one beside a new one nobody has used yet."""
    held = read_note(world.db, PLATFORM, f"chain/{seller.name}")
    if held is None:
        return {"good": [seller.refresh_token], "until": int(world.now.timestamp()) + REFRESH_SECONDS}
    found: dict[str, Any] = json.loads(held)
    return found


def grant_token(call: Call) -> Response:
    """POST /admin/oauth/access_token: a code or a refresh token for an access token."""
    request, world = call.request, call.world
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        body = request.json()
        form = {str(name): str(value) for name, value in body.items()} if isinstance(body, dict) else {}
    else:
        form = request.form()
    known = [
        seller
        for seller in world.sellers_of(PLATFORM)
        if seller.client_id == form.get("client_id") and seller.client_secret == form.get("client_secret")
    ]
    if not known:
        return _refused(
            400, "application_cannot_be_found", "The app could not be found or its secret is wrong."
        )
    seller = known[0]
    if form.get("grant_type") == "refresh_token":
        return _refresh(world, seller, form.get("refresh_token", ""))
    if "code" in form:
        return _redeem(world, seller, form)
    return _refused(400, "unsupported_grant_type", "The grant type is not supported.")


def _refresh(world: World, seller: Seller, token: str) -> Response:
    chain = _chain(world, seller)
    revoked = faults.take_kind(world=world, kind="revoked_grant", seller=seller.name, operation="token")
    if token not in chain["good"] or world.now.timestamp() >= chain["until"] or revoked:
        return _refused(400, "invalid_grant", "The refresh token is invalid, expired or was used already.")
    # The token that was used stays good until its replacement is used for the first time.
    return _issue(world, seller, keeps=token)


def _redeem(world: World, seller: Seller, form: Mapping[str, str]) -> Response:
    key = f"code/{hashlib.sha256(form['code'].encode()).hexdigest()}"
    held = read_note(world.db, PLATFORM, key)
    name, _, expires = (held or "").partition("/")
    if name != seller.name or world.now.timestamp() >= float(expires):
        return _refused(400, "invalid_request", "The authorization code was not found or was already used.")
    write_note(world.db, PLATFORM, key, None)
    if form.get("expiring") != "1":
        return _refused(403, "non_expiring_token", "Non-expiring access tokens are no longer accepted.")
    return _issue(world, seller, keeps="")


def _issue(world: World, seller: Seller, *, keeps: str) -> Response:
    now = int(world.now.timestamp())
    number = int(read_note(world.db, PLATFORM, "issued") or 0) + 1
    write_note(world.db, PLATFORM, "issued", str(number))
    mark = hashlib.sha256(f"{world.secret}/shopify/{seller.name}/{number}".encode()).hexdigest()
    access, refresh = f"shpat_{mark[:32]}", f"shprt_{mark[32:]}"
    good = [keeps, refresh] if keeps else [refresh]
    chain = {"good": good, "until": now + REFRESH_SECONDS}
    write_note(world.db, PLATFORM, f"chain/{seller.name}", json.dumps(chain))
    # Only one expiring token lives per app and shop.
    world.db.execute("update tokens set revoked = 1 where seller = ?", (seller.name,))
    world.db.execute("insert into tokens values (?, ?, ?, 0)", (access, seller.name, now + TOKEN_SECONDS))
    return json_response(
        {
            "access_token": access,
            "scope": ",".join(SCOPES),
            "expires_in": TOKEN_SECONDS,
            "refresh_token": refresh,
            "refresh_token_expires_in": REFRESH_SECONDS,
        }
    )


def identify(call: Call) -> Seller | Response:
    """Return who sent the access token, or Shopify's refusal."""
    token = call.request.headers.get("x-shopify-access-token", "")
    row = call.world.db.execute("select * from tokens where token = ?", (token,)).fetchone()
    if row is None or row["revoked"] or call.world.now.timestamp() >= row["expires"]:
        return unauthorized()
    seller = call.world.sellers.get(row["seller"])
    return seller if seller is not None and seller.platform == PLATFORM else unauthorized()


def show_consent(call: Call) -> Response:
    """GET /admin/oauth/authorize: ask the merchant."""
    request = call.request
    known = [one for one in call.world.sellers_of(PLATFORM) if one.client_id == request.one("client_id")]
    address = request.one("redirect_uri") or ""
    if not known or not address.startswith(("http://", "https://")) or not request.one("state"):
        raise BadRequest("Oauth error invalid_request: client_id, redirect_uri and state are needed.")
    unknown = set(request.many("scope")) - set(SCOPES)
    if unknown or not request.many("scope"):
        raise BadRequest(f"Oauth error invalid_scope: {', '.join(sorted(unknown)) or 'none was asked for'}.")
    hidden = {name: request.one(name) or "" for name in ("client_id", "redirect_uri", "state")}
    return consent_page(title="Shopify", application="ecomhub", sellers=known, hidden=hidden)


def answer_consent(call: Call) -> Response:
    """POST /admin/oauth/authorize: send the browser back with a code, and proof that it is from us."""
    choice = read_choice(call)
    seller, world = choice.seller, call.world
    address = choice.fields.get("redirect_uri", "")
    if not choice.allowed or seller is None or seller.client_id != choice.fields.get("client_id"):
        refused = {"error": "access_denied", "state": choice.fields.get("state", "")}
        return send_back(redirect_uri=address, parameters=refused)
    number = read_note(world.db, PLATFORM, "codes") or "0"
    write_note(world.db, PLATFORM, "codes", str(int(number) + 1))
    code = hashlib.sha256(f"{world.secret}/code/{number}".encode()).hexdigest()[:32]
    key = f"code/{hashlib.sha256(code.encode()).hexdigest()}"
    write_note(world.db, PLATFORM, key, f"{seller.name}/{world.now.timestamp() + CODE_SECONDS}")
    parameters = {
        "code": code,
        "host": "YWRtaW4uc2hvcGlmeS5jb20vc3RvcmUvaGFyYm9y",
        "shop": seller.seller_id,
        "state": choice.fields.get("state", ""),
        "timestamp": str(int(world.now.timestamp())),
    }
    parameters["hmac"] = callback_proof(parameters, secret=seller.client_secret)
    return send_back(redirect_uri=address, parameters=parameters)


def callback_proof(parameters: Mapping[str, str], *, secret: str) -> str:
    """Return the hex HMAC of a callback's sorted parameters."""
    text = "&".join(f"{name}={value}" for name, value in sorted(parameters.items()) if name != "hmac")
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def redact(request: Request) -> str:
    """Return a request's body without its secrets."""
    body = request.body.decode("utf-8", "replace")
    if not request.path.startswith("/admin/oauth/"):
        return body
    return urlencode([(name, "…" if name in _SECRETS else value) for name, value in parse_qsl(body)])
