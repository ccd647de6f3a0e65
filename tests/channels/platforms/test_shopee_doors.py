"""What comes in from Shopee: pushes proven over their bytes, and the consent that brings a code."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_django import Settings

from channels.adapter import (
    Adapter,
    RetryLater,
)
from channels.authorization import Application, NotAuthorized
from channels.messages import Connection
from channels.platforms.shopee import PLATFORM
from channels.pushes import About, BadSignature, PushRequest
from tests.answering import Answering, Reply, answering
from tests.channels.platforms.contract import AT, connection, reply
from tests.channels.platforms.examples.shopee import EXAMPLES, ITEM, MODEL

LISTING = f"{ITEM}-{MODEL}"
KEY = "kkey"


@pytest.fixture
def server(settings: Settings) -> Iterator[Answering]:
    with answering() as running:
        settings.ECOMHUB_SANDBOX_URL = running.url
        yield running


@pytest.fixture
def shopee(server: Answering) -> Adapter:
    return PLATFORM.build(replace(connection(PLATFORM, EXAMPLES, server.url), seller_id="14701711"), None)


def mac(text: str, key: str = KEY) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def pushed(
    code: int, data: Any, *, shop: int = 14701711, at: int = 1655714431, **changes: Any
) -> PushRequest:
    body = json.dumps({"shop_id": shop, "code": code, "timestamp": at, "data": data}).encode()
    url = "https://hub.example/hooks/shopee/1"
    headers = {"authorization": mac(f"{url}|{body.decode()}")}
    request = PushRequest(method="POST", url=url, query={}, headers=headers, body=body)
    return replace(request, **changes)


@pytest.fixture
def shop(server: Answering) -> Connection:
    return replace(connection(PLATFORM, EXAMPLES, server.url), seller_id="14701711")


def test_push_is_proven_over_its_address_and_raw_bytes(shop: Connection) -> None:
    assert PLATFORM.pushes is not None
    good = pushed(3, {"ordersn": "220620ABCDEF", "status": "READY_TO_SHIP", "update_time": 1655714430})
    PLATFORM.pushes.verify(good, shop, AT)
    wrong = [
        replace(good, body=good.body + b" "),
        replace(good, url="https://hub.example/hooks/shopee/2"),
        replace(good, headers={}),
        replace(good, headers={"authorization": "ü"}),
        pushed(3, {}, headers={"authorization": mac("x")}),
        pushed(3, {"ordersn": "1"}, at=0),
    ]
    for request in wrong:
        with pytest.raises(BadSignature):
            PLATFORM.pushes.verify(request, shop, AT)
    keyless = replace(shop, credentials={**shop.credentials, "partner_key": ""})
    unsigned = replace(good, headers={"authorization": mac(f"{good.url}|{good.body.decode()}", "")})
    with pytest.raises(BadSignature):
        PLATFORM.pushes.verify(unsigned, keyless, AT)


@pytest.mark.parametrize(
    ("code", "data", "about", "ids"),
    [
        (3, {"ordersn": "1A", "status": "SHIPPED"}, About.ORDER, ("1A",)),
        (4, {"ordersn": "1A", "tracking_no": "T"}, About.ORDER, ("1A",)),
        (29, {"return_sn": "7", "ordersn": "1A"}, About.RETURN, ("7",)),
        (8, {"item_id": ITEM, "variation_id": MODEL}, About.LISTING, (LISTING,)),
        (6, {"item_id": ITEM}, About.LISTING, (str(ITEM),)),
        (2, {"extra": "x"}, About.AUTHORIZATION, ()),
        (5, {"actions": []}, About.OTHER, ()),
        (99, None, About.OTHER, ()),
    ],
)
def test_push_codes_have_their_meaning(code: int, data: Any, about: About, ids: tuple[str, ...]) -> None:
    assert PLATFORM.pushes is not None
    (push,) = PLATFORM.pushes.read(pushed(code, data))
    assert (push.about, push.external_ids, push.seller_id) == (about, ids, "14701711")
    assert push.at == datetime(2022, 6, 20, 8, 40, 31, tzinfo=UTC)


def test_repeated_push_is_the_same_event_and_another_change_is_not() -> None:
    assert PLATFORM.pushes is not None
    change = {"ordersn": "1A", "status": "SHIPPED", "update_time": 5}
    (first,) = PLATFORM.pushes.read(pushed(3, change))
    (again,) = PLATFORM.pushes.read(pushed(3, change, at=1655718031))
    (other,) = PLATFORM.pushes.read(pushed(3, change | {"update_time": 6}))
    (foreign,) = PLATFORM.pushes.read(pushed(3, change, shop=5))
    assert first.event_id == again.event_id
    assert len({first.event_id, other.event_id, foreign.event_id}) == 3


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"[" * 100_000, b'{"code": "3"}', b'{"code":3,"data":{}}']
)
def test_unreadable_push_is_a_value_error(body: bytes) -> None:
    assert PLATFORM.pushes is not None
    with pytest.raises(ValueError):
        PLATFORM.pushes.read(replace(pushed(3, {}), body=body))


def application(server: Answering) -> Application:
    fields = {"partner_id": "2001887", "partner_key": KEY}
    return Application(server.url, f"{server.url}/token", fields)


def test_consent_address_is_signed_and_carries_the_state_back(server: Answering) -> None:
    assert PLATFORM.authorization is not None
    url = PLATFORM.authorization.address(application(server), "https://hub.example/back", "s+t/=&x")
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert query["sign"] == mac(f"2001887/api/v2/shop/auth_partner{query['timestamp']}")
    back = urlsplit(query["redirect"])
    assert parse_qs(back.query) == {"state": ["s+t/=&x"]}
    assert KEY not in url


def test_code_of_another_shop_is_not_taken(server: Answering) -> None:
    assert PLATFORM.authorization is not None
    server.says(reply(EXAMPLES.token() | {"shop_id_list": [5]}))
    with pytest.raises(NotAuthorized):
        PLATFORM.authorization.exchange(application(server), {"code": "c", "shop_id": "6"}, "https://h/back")
    server.says(Reply(503, b"<html>", "text/html"))
    with pytest.raises(RetryLater):
        PLATFORM.authorization.exchange(application(server), {"code": "c", "shop_id": "6"}, "https://h/back")
