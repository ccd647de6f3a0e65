"""Who calls: Login with Amazon's token endpoint, access tokens that expire, and the credentials to copy."""

import hashlib
from collections.abc import Mapping
from random import Random
from typing import Any
from urllib.parse import urlencode

from channels.platforms.amazon.sandbox.answers import error
from channels.sandbox import faults
from channels.sandbox.sellers import Seller
from channels.sandbox.wire import Call, Request, Response, json_response
from channels.sandbox.world import World

TOKEN_SECONDS = 3600
_SECRETS = ("client_secret", "refresh_token", "code")
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def new_credentials(chance: Random) -> Mapping[str, str]:
    """Return a seller's account in the shapes Amazon gives them."""
    return {
        "seller_id": "A" + "".join(chance.choices(_CAPITALS, k=13)),
        "client_id": f"amzn1.application-oa2-client.{chance.getrandbits(128):032x}",
        "client_secret": f"amzn1.oa2-cs.v1.{chance.getrandbits(256):064x}",
        "refresh_token": f"Atzr|{chance.getrandbits(1200):0300x}",
    }


def credential_sheet(world: World, seller: Seller, base_url: str) -> dict[str, Any]:
    """Return everything a person needs to connect this seller by hand."""
    return {
        "platform": "amazon",
        "name": seller.name,
        "seller_id": seller.seller_id,
        "client_id": seller.client_id,
        "client_secret": seller.client_secret,
        "refresh_token": seller.refresh_token,
        "endpoint": base_url,
        "token_endpoint": f"{base_url}/auth/o2/token",
        "marketplaces": list(seller.plan.marketplaces),
    }


def _refused(status: int, code: str, text: str) -> Response:
    return json_response({"error": code, "error_description": text}, status=status)


def grant_token(call: Call) -> Response:
    """POST /auth/o2/token: a refresh token, or the application's own credentials, for an access token."""
    if not call.request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return _refused(400, "invalid_request", "The content type must be application/x-www-form-urlencoded.")
    form = call.request.form()
    kind = form.get("grant_type", "")
    if kind not in {"refresh_token", "client_credentials"}:
        return _refused(400, "unsupported_grant_type", "The authorization grant type is not supported.")
    known = [
        seller
        for seller in call.world.sellers.values()
        if seller.client_id == form.get("client_id") and seller.client_secret == form.get("client_secret")
    ]
    if not known:
        return _refused(401, "invalid_client", "Client authentication failed")
    seller = known[0]
    revoked = faults.take_kind(world=call.world, kind="revoked_grant", seller=seller.name, operation="token")
    if kind == "refresh_token" and (form.get("refresh_token") != seller.refresh_token or revoked):
        return _refused(400, "invalid_grant", "The request has an invalid grant parameter : refresh_token")
    token = _issue(call.world, seller, grantless=kind == "client_credentials")
    granted: dict[str, object] = {
        "access_token": token, "token_type": "bearer", "expires_in": TOKEN_SECONDS,
    }  # fmt: skip
    if kind == "refresh_token":
        granted["refresh_token"] = seller.refresh_token
    return json_response(granted)


def _issue(world: World, seller: Seller, *, grantless: bool) -> str:
    now = int(world.now.timestamp())
    number = world.db.execute("select count(*) as number from tokens").fetchone()["number"]
    text = f"{world.secret}/{seller.name}/{number}"
    token = ("Atc|" if grantless else "Atza|") + hashlib.sha512(text.encode()).hexdigest()
    world.db.execute("insert into tokens values (?, ?, ?, 0)", (token, seller.name, now + TOKEN_SECONDS))
    return token


def identify(call: Call) -> Seller | Response:
    """Return who sent the access token, or Amazon's refusal."""
    denied = "Access to requested resource is denied."
    token = call.request.headers.get("x-amz-access-token", "")
    if not token:
        return error(403, "Unauthorized", denied, "Access token is missing in the request header.")
    row = call.world.db.execute("select * from tokens where token = ?", (token,)).fetchone()
    if row is None or row["revoked"] or token.startswith("Atc|"):
        return error(
            403, "Unauthorized", denied, "The access token you provided is revoked, malformed or invalid."
        )
    if call.world.now.timestamp() >= row["expires"]:
        return error(403, "Unauthorized", denied, "The access token you provided has expired.")
    return call.world.sellers[row["seller"]]


def redact(request: Request) -> str:
    """Return a request's body without its secrets."""
    if not request.path.startswith("/auth/"):
        return request.body.decode("utf-8", "replace")
    form = {name: "…" if name in _SECRETS else value for name, value in request.form().items()}
    return urlencode(form)
