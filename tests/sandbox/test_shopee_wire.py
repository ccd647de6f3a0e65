"""Shopee's side of the wire without our adapter: signatures by the known vectors, limits, labels."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from channels.platforms.shopee.sandbox import DIALECT, answers, identity, pushes, routes
from channels.platforms.shopee.sandbox.label import pdf_label
from channels.sandbox.app import Market
from channels.sandbox.sellers import Seller
from channels.sandbox.wire import Call, Daily, Request, Response
from channels.sandbox.world import World
from tests.sandbox import shopee_contracts
from tests.sandbox.invented import make_world
from tests.sandbox_fixture import START

WALL = 1_700_000_000
INFO = "/api/v2/shop/get_shop_info"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(identity, "wall", lambda: WALL)
    return make_world(DIALECT)


@pytest.fixture
def shop(world: World) -> Seller:
    return world.sellers["shopee"]


def token_of(world: World, shop: Seller) -> str:
    return str(identity.issue(world, shop)["access_token"])


def call(world: World, path: str, query: Mapping[str, str], body: bytes = b"") -> Call:
    method = "POST" if body else "GET"
    request = Request(method, path, urlencode(query), {"host": "127.0.0.1:1"}, body)
    return Call(world=world, request=request, arguments={})


def signed(shop: Seller, path: str, *said: str, at: int = WALL, key: str = "") -> dict[str, str]:
    base = f"{shop.client_id}{path}{at}{''.join(said)}"
    sign = hmac.new((key or shop.client_secret).encode(), base.encode(), hashlib.sha256).hexdigest()
    return {"partner_id": shop.client_id, "timestamp": str(at), "sign": sign}


def for_shop(world: World, shop: Seller, **changes: str) -> dict[str, str]:
    token = token_of(world, shop)
    query = signed(shop, INFO, token, shop.seller_id)
    return {**query, "access_token": token, "shop_id": shop.seller_id, **changes}


def said(answer: object) -> str:
    assert isinstance(answer, Response)
    return str(json.loads(answer.body)["error"])


def test_signed_call_is_let_in(world: World, shop: Seller) -> None:
    assert identity.identify(call(world, INFO, for_shop(world, shop))) is shop


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sign": "0" * 64}, "error_sign"),
        ({"partner_id": "1"}, "invalid_partner_id"),
        ({"timestamp": str(WALL - 301)}, "error_param"),
        ({"timestamp": str(WALL + 1)}, "error_sign"),
        ({"timestamp": "soon"}, "error_param"),
        ({"access_token": "x"}, "error_sign"),
        ({"shop_id": "5"}, "error_sign"),
        ({"sign": ""}, "error_param"),
    ],
)
def test_call_whose_proof_does_not_fit_is_refused(
    world: World, shop: Seller, changes: dict[str, str], code: str
) -> None:
    assert said(identity.identify(call(world, INFO, for_shop(world, shop, **changes)))) == code


def test_signature_of_another_path_does_not_open_this_one(world: World, shop: Seller) -> None:
    query = for_shop(world, shop)
    assert said(identity.identify(call(world, "/api/v2/order/cancel_order", query))) == "error_sign"


def test_platforms_vectors_are_let_in_and_altered_ones_are_not(
    world: World, shop: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = shopee_contracts.vectors()
    if found is None:
        return
    vector = next(each for each in found["request"] if each["kind"] == "shop")
    monkeypatch.setattr(identity, "wall", lambda: found["timestamp"])
    shop.client_id, shop.client_secret = str(found["partner_id"]), found["partner_key"]
    shop.seller_id = str(vector["shop_id"])
    expires = int(START.timestamp()) + 60
    row = (vector["access_token"], shop.name, expires, 0)
    world.db.execute("insert into tokens values (?, ?, ?, ?)", row)
    query = {
        "partner_id": shop.client_id,
        "timestamp": str(found["timestamp"]),
        "access_token": vector["access_token"],
        "shop_id": shop.seller_id,
        "sign": vector["sign"],
    }
    assert identity.identify(call(world, vector["path"], query)) is shop
    query["timestamp"] = str(found["timestamp"] + 1)
    assert said(identity.identify(call(world, vector["path"], query))) == "error_sign"
    (push,) = found["webhook"]
    proof = pushes.sign(key=shop.client_secret, address=push["url"], body=push["body"].encode())
    assert proof == push["authorization"]


def refresh(world: World, shop: Seller, **changes: object) -> Response:
    body = {
        "refresh_token": shop.refresh_token,
        "partner_id": int(shop.client_id),
        "shop_id": int(shop.seller_id),
        **changes,
    }
    query = signed(shop, identity.REFRESH)
    return identity.refresh_token(call(world, identity.REFRESH, query, json.dumps(body).encode()))


def test_refresh_token_is_used_up_by_its_answer(world: World, shop: Seller) -> None:
    old = shop.refresh_token
    assert said(refresh(world, shop)) == ""
    assert shop.refresh_token != old
    assert said(refresh(world, shop, refresh_token=old)) == "error_auth"
    assert said(refresh(world, shop)) == ""
    assert said(refresh(world, shop, shop_id=5)) == "error_param"
    kept = world.db.execute("select refresh_token as t from sellers where name = ?", (shop.name,)).fetchone()
    assert kept["t"] == shop.refresh_token


def test_daily_limit_is_answered_in_shopees_words_and_ends_at_midnight_in_singapore(
    world: World, shop: Seller
) -> None:
    few = Daily(group="application", most=2, starts=-8 * 3600)
    found = [replace(route, daily=few) for route in routes(world) if route.operation == "getShopInfo"]
    market = Market(world=world, routes=found)
    query = for_shop(world, shop)
    request = call(world, INFO, query).request
    assert [said(market.answer(request)) for _ in range(3)] == ["", "", "error_limit"]
    world.clock.set(at=START.replace(hour=16), speed=0)
    fresh = call(world, INFO, for_shop(world, shop)).request
    assert said(market.answer(fresh)) == ""


def test_amounts_are_numbers_and_whole_where_nobody_pays_in_fractions() -> None:
    assert answers.number(1990, "SGD") == 19.9
    assert type(answers.number(2000, "SGD")) is int
    assert (answers.number(349000, "VND"), answers.number(9900000, "IDR")) == (349000, 99000)


def test_label_is_a_pdf_with_its_texts_escaped() -> None:
    label = pdf_label(["SPX1", "a(b)\\c 茶"])
    assert label.startswith(b"%PDF-1.4")
    assert label.endswith(b"%%EOF\n")
    assert rb"(a\(b\)\\c ?)" in label
