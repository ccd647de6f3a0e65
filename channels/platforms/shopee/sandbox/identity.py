"""Who calls: signatures and their age, tokens, refresh tokens good for one use, and the consent page."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from random import Random
from typing import Any

from channels.platforms.shopee.sandbox.answers import FORBIDDEN, body_of, error, flat
from channels.sandbox import faults
from channels.sandbox.consent import consent_page, read_choice, send_back
from channels.sandbox.market_clock import seconds
from channels.sandbox.sellers import Seller
from channels.sandbox.store import read_note, write_note
from channels.sandbox.wire import BadRequest, Call, Request, Response
from channels.sandbox.world import World
from ecomhub import clock

PLATFORM = "shopee"
TOKEN_SECONDS = 4 * 3600
REFRESH_SECONDS = 30 * 86400
CONSENT_SECONDS = 365 * 86400
SIGNATURE_SECONDS = 300
CODE_SECONDS = 600
REFRESH = "/api/v2/auth/access_token/get"
CONSENT = "/api/v2/shop/auth_partner"
_SECRETS = ("code", "refresh_token")


def new_credentials(chance: Random) -> Mapping[str, str]:
    """Return a shop and its application in the shapes Shopee gives them."""
    return {
        "seller_id": str(chance.randint(10**8, 9 * 10**8)),
        "client_id": str(chance.randint(2_000_000, 2_099_999)),
        "client_secret": f"{chance.getrandbits(256):064x}",
        "refresh_token": f"{chance.getrandbits(128):032x}",
    }


def credential_sheet(world: World, seller: Seller, base_url: str) -> dict[str, Any]:
    """Return everything a person needs to connect this shop by hand."""
    return {
        "platform": PLATFORM,
        "name": seller.name,
        "seller_id": seller.seller_id,
        "partner_id": seller.client_id,
        "partner_key": seller.client_secret,
        "refresh_token": seller.refresh_token,
        "endpoint": base_url,
        "token_endpoint": f"{base_url}{REFRESH}",
        "marketplaces": list(seller.plan.marketplaces),
    }


def shops(world: World) -> list[Seller]:
    """Return every shop of this platform."""
    return [seller for seller in world.sellers.values() if seller.platform == PLATFORM]


def wall() -> int:
    """Return the wall clock's second: signatures and codes age in real seconds at any speed."""
    return int(clock.real_now().timestamp())


def proven_partner(call: Call, *said: str) -> list[Seller] | Response:
    """Return the shops of the application whose signature this is, or Shopee's refusal."""
    request = call.request
    partner, timestamp, sign = (request.one(name) for name in ("partner_id", "timestamp", "sign"))
    if partner is None:
        return error(call, "error_param", "There is no partner_id in query.", status=FORBIDDEN)
    if timestamp is None or not timestamp.isdecimal():
        return error(call, "error_param", "Invalid timestamp.", status=FORBIDDEN)
    if sign is None:
        return error(call, "error_param", "There is no sign in query.", status=FORBIDDEN)
    known = [seller for seller in shops(call.world) if seller.client_id == partner]
    if not known:
        return error(call, "invalid_partner_id", "Invalid partner_id, please have a check.", status=FORBIDDEN)
    if abs(wall() - int(timestamp)) > SIGNATURE_SECONDS:
        return error(call, "error_param", "Timestamp is expired.", status=FORBIDDEN)
    base = f"{partner}{request.path}{timestamp}{''.join(said)}"
    wanted = hmac.new(known[0].client_secret.encode(), base.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, sign):
        return error(call, "error_sign", "Wrong sign.", status=FORBIDDEN)
    return known


def identify(call: Call) -> Seller | Response:
    """Return the shop a call is for, or Shopee's refusal."""
    shop, token = call.request.one("shop_id"), call.request.one("access_token")
    if token is None:
        return error(call, "error_param", "There is no access_token in query.", status=FORBIDDEN)
    if shop is None:
        return error(call, "error_param", "There is no shop_id in query.", status=FORBIDDEN)
    known = proven_partner(call, token, shop)
    if isinstance(known, Response):
        return known
    seller = next((seller for seller in known if seller.seller_id == shop), None)
    if seller is None:
        return error(call, "shop_no_linked", "Partner and shop has no linked.", status=FORBIDDEN)
    row = call.world.db.execute("select * from tokens where token = ?", (token,)).fetchone()
    stale = row is None or row["revoked"] or row["seller"] != seller.name
    if stale or call.world.now.timestamp() >= row["expires"]:
        text = "Invalid access_token, please have a check."
        return error(call, "invalid_acceess_token", text, status=FORBIDDEN)
    return seller


def refresh_token(call: Call) -> Response:
    """POST /api/v2/auth/access_token/get: one use of a refresh token brings both tokens anew."""
    known = proven_partner(call)
    if isinstance(known, Response):
        return known
    data, world = body_of(call), call.world
    seller = next((one for one in known if one.seller_id == str(data.get("shop_id"))), None)
    if seller is None or str(data.get("partner_id")) != seller.client_id:
        return error(call, "error_param", "Wrong parameters, detail: shop_id or partner_id is wrong.")
    revoked = faults.take_kind(world=world, kind="revoked_grant", seller=seller.name, operation="token")
    issued = int(read_note(world.db, PLATFORM, f"refreshed/{seller.name}") or world.birth)
    old = seconds(world.now) - issued > REFRESH_SECONDS
    if revoked or old or data.get("refresh_token") != seller.refresh_token:
        return error(call, "error_auth", "Invalid refresh_token.", status=FORBIDDEN)
    given = {"partner_id": int(seller.client_id), "shop_id": int(seller.seller_id)}
    return flat(call, {**given, **issue(world, seller)})


def issue(world: World, seller: Seller) -> dict[str, Any]:
    """Return a new pair of tokens; the refresh token before it is good for nothing now."""
    now = seconds(world.now)
    count = world.db.execute("select count(*) as n from tokens").fetchone()["n"]
    texts = [f"{world.secret}/{seller.name}/{count}/{kind}" for kind in ("access", "refresh")]
    access, refresh = (hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts)
    world.db.execute("insert into tokens values (?, ?, ?, 0)", (access, seller.name, now + TOKEN_SECONDS))
    world.db.execute("update sellers set refresh_token = ? where name = ?", (refresh, seller.name))
    seller.refresh_token = refresh
    write_note(world.db, PLATFORM, f"refreshed/{seller.name}", str(now))
    return {"access_token": access, "refresh_token": refresh, "expire_in": TOKEN_SECONDS}


def exchange_code(call: Call) -> Response:
    """POST /api/v2/auth/token/get: the code of a consent, good once and for ten minutes."""
    known = proven_partner(call)
    if isinstance(known, Response):
        return known
    data, world = body_of(call), call.world
    key = f"code/{data.get('code')}"
    noted = json.loads(read_note(world.db, PLATFORM, key) or "{}")
    seller = next((one for one in known if one.name == noted.get("seller")), None)
    if seller is None or str(data.get("shop_id")) != seller.seller_id or wall() > int(noted["until"]):
        return error(call, "error_auth", "Invalid code", status=FORBIDDEN)
    write_note(world.db, PLATFORM, key, None)
    return flat(call, {"shop_id_list": [int(seller.seller_id)], **issue(world, seller)})


def ask_consent(call: Call) -> Response:
    """GET /api/v2/shop/auth_partner: the page on which a seller allows the application to speak."""
    known = proven_partner(call)
    if isinstance(known, Response):
        return known
    redirect = call.request.one("redirect")
    if redirect is None:
        return error(call, "error_param", "There is no redirect in query.")
    hidden = {"redirect": redirect}
    return consent_page(
        title="Shopee Open Platform", application=f"App {known[0].client_id}", sellers=known, hidden=hidden
    )


def answer_consent(call: Call) -> Response:
    """Send the browser back: with a code and the shop's number, or with neither after a no."""
    choice, world = read_choice(call), call.world
    redirect = choice.fields.get("redirect", "")
    if not redirect.startswith(("http://", "https://")):
        raise BadRequest("redirect is invalid")
    if not choice.allowed or choice.seller is None:
        return send_back(redirect_uri=redirect, parameters={"error": "access_denied"})
    count = world.db.execute("select count(*) as n from notes").fetchone()["n"]
    text = f"{world.secret}/code/{choice.seller.name}/{count}/{wall()}"
    code = hashlib.sha256(text.encode()).hexdigest()[:32]
    noted = {"seller": choice.seller.name, "until": wall() + CODE_SECONDS}
    write_note(world.db, PLATFORM, f"code/{code}", json.dumps(noted))
    return send_back(redirect_uri=redirect, parameters={"code": code, "shop_id": choice.seller.seller_id})


def shop_info(call: Call) -> Response:
    """GET /api/v2/shop/get_shop_info."""
    place = call.world.marketplaces[next(iter(call.caller.plan.marketplaces))]
    since = call.caller.started_at or call.world.birth
    return flat(
        call,
        {
            "shop_name": call.caller.name,
            "region": place.country,
            "status": "NORMAL",
            "is_cb": True,
            "auth_time": since,
            "expire_time": since + CONSENT_SECONDS,
            "shop_fulfillment_flag": "Others",
        },
    )


def redact(request: Request) -> str:
    """Return a request's body without its secrets."""
    text = request.body.decode("utf-8", "replace")
    if not request.path.startswith("/api/v2/auth/"):
        return text
    try:
        data = json.loads(text)
    except ValueError:
        return "…"
    shown = data if isinstance(data, dict) else {}
    return json.dumps({name: "…" if name in _SECRETS else value for name, value in shown.items()})
