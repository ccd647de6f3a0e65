"""Markets made in this process, with a platform of the tests' own beside the real ones."""

import json
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any
from urllib.parse import urlsplit

from channels.sandbox import pushing
from channels.sandbox.app import Market
from channels.sandbox.dialects import Dialect, find_dialects
from channels.sandbox.market_clock import MarketClock
from channels.sandbox.orders import Order
from channels.sandbox.places import Marketplace
from channels.sandbox.pushing import OutgoingPush
from channels.sandbox.sellers import Seller, SellerPlan
from channels.sandbox.wire import Call, Request, Response, Route, json_response
from channels.sandbox.world import World, give_birth
from tests.sandbox_fixture import START

SHOP = "stall"
PLACE = Marketplace("STALL_SG", "SG", "Stall.example", "SGD", 0, True, (("SG", 9), ("MY", 1)))


def sign(world: World, seller: Seller, event: str, data: Mapping[str, Any]) -> OutgoingPush | None:
    """Turn an event into a message with a toy signature: the length of the body."""
    address = pushing.address_of(world=world, seller=seller, topic=event)
    if address is None:
        return None
    body = json.dumps({"event": event, **data}).encode()
    return OutgoingPush(url=address, headers={"X-Length": str(len(body))}, body=body)


def _identify(call: Call) -> Seller | Response:
    seller = call.world.sellers.get(call.request.headers.get("x-seller", ""))
    return seller or json_response({"who": "nobody"}, status=401)


def paid_id(chance: Random, order: Order) -> str:
    """Return the number an order goes on under once it is paid."""
    return f"PAID-{order.id}"


def stall(**fields: Any) -> Dialect:
    """Return a small platform with one seller; ``fields`` replace what it offers."""
    found = Dialect(
        platform="stall",
        title="Stall",
        marketplaces=(PLACE,),
        plans=(SellerPlan(SHOP, 2.0, 4.0, 96.0, {PLACE.id: 1}, shelf=0.3),),
        new_order_id=lambda chance: f"S{int(chance.random() * 10**12):012d}",
        new_line_id=lambda chance: str(int(chance.random() * 10**12)),
        new_listing_code=lambda chance: str(chance.getrandbits(40)),
        new_network_code=lambda chance: "",
        new_credentials=lambda chance: {
            "seller_id": str(chance.getrandbits(32)), "client_id": "c", "client_secret": "s",
            "refresh_token": "r",
        },
        buyer_mail=lambda chance, place: f"{chance.getrandbits(32)}@stall.example",
        credential_sheet=lambda world, seller, base: {"platform": "stall", "seller_id": seller.seller_id},
        identify=_identify,
        too_many=lambda call, route: json_response({"slow": "down"}, status=429),
        broken=lambda text: json_response({"broken": text}, status=400),
        due={},
        redact=lambda request: request.body.decode(),
        push=sign,
    )  # fmt: skip
    return replace(found, **fields)


def real_dialects() -> list[Dialect]:
    """Return the dialects of the platforms in the checkout."""
    return [module.DIALECT for module in find_dialects()]


def make_world(*dialects: Dialect, history_days: int = 0, **born: Any) -> World:
    """Return a market in memory whose clock stands at ``START``; nothing goes wrong by itself."""
    clock = MarketClock()
    clock.set(at=START, speed=0)
    world = World(directory=None, dialects=dialects, clock=clock)
    calm = {"push_shares": dict.fromkeys(pushing.DEFAULT_SHARES, 0.0)}
    give_birth(world=world, seed=7, history_days=history_days, **{**calm, **born})
    return world


def ask(market: Market, path: str, *, method: str = "GET", seller: str = SHOP, body: bytes = b"") -> Response:
    """Send one request to a market of this process."""
    parts = urlsplit(path)
    headers = {"x-seller": seller}
    return market.answer(
        Request(method=method, path=parts.path, query_string=parts.query, headers=headers, body=body)
    )


def route(dialect: Dialect, **fields: Any) -> Route:
    """Return a route of the invented platform that answers a page of two."""

    def handler(call: Call) -> Response:
        return json_response({"page": {"rows": [1, 2]}, "next": "n"})

    known = {"method": "POST", "pattern": "/stall/rows", "handler": handler, "operation": "rows"}
    return Route(**{**known, "dialect": dialect, **fields})
