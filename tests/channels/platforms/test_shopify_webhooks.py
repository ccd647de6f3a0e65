"""Shopify's webhooks: proof over the raw bytes, what an event means, and the market's own messages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels.messages import Connection
from channels.platforms.shopify import PLATFORM
from channels.platforms.shopify.webhooks import EVERYTHING, read, verify
from channels.pushes import About, BadSignature, Push, PushRequest
from tests.answering import answering
from tests.sandbox_fixture import Sandbox

AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
SHOP = "my-shop.myshopify.com"
CONNECTION = Connection(
    account_uid="test", platform="shopify", endpoint="https://{shop}", token_endpoint="", seller_id="My-Shop",
    marketplaces=("shopify",), credentials={"client_secret": "hush"},
)  # fmt: skip


def proof(body: bytes, secret: str = "hush") -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def pushed(topic: str, data: Any, **headers: str) -> PushRequest:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    given = {
        "x-shopify-topic": topic,
        "x-shopify-shop-domain": SHOP,
        "x-shopify-webhook-id": "w-1",
        "x-shopify-event-id": "e-1",
        "x-shopify-triggered-at": "2026-06-01T11:59:00.123Z",
        "x-shopify-hmac-sha256": proof(body),
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    return PushRequest("POST", "https://hub.example/hooks/1", {}, given, body)


def one(request: PushRequest) -> Push:
    (found,) = read(request)
    return found


def vectors() -> list[dict[str, str]]:
    """Return the published vectors where they are at hand, and always one of our own rule."""
    own = {
        "secret": "hush",
        "body": '{"id":820982911946154508}',
        "x_shopify_hmac_sha256": "qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I=",
    }
    folder = os.environ.get("ECOMHUB_CONTRACTS_DIR")
    if not folder:
        return [own]
    found: list[dict[str, str]] = json.loads((Path(folder) / "signature-vectors.json").read_text("utf-8"))[
        "shopify_webhook"
    ]
    return [own, *found]


@pytest.mark.parametrize("vector", vectors())
def test_published_vector_is_proven_and_any_other_byte_is_not(vector: dict[str, str]) -> None:
    body, sent = vector["body"].encode(), vector["x_shopify_hmac_sha256"]
    known = replace(CONNECTION, credentials={"client_secret": vector["secret"]})
    verify(pushed("orders/updated", body, x_shopify_hmac_sha256=sent), known, AT)
    for spoiled in (body + b" ", body.replace(b"8", b"9"), b""):
        with pytest.raises(BadSignature):
            verify(pushed("orders/updated", spoiled, x_shopify_hmac_sha256=sent), known, AT)


@pytest.mark.parametrize("sent", ["", "x", "é", proof(b"{}", "other"), proof(b"{}").lower()])
def test_wrong_signature_is_no_proof(sent: str) -> None:
    with pytest.raises(BadSignature):
        verify(pushed("orders/updated", b"{}", x_shopify_hmac_sha256=sent), CONNECTION, AT)


def test_account_without_a_secret_proves_nothing() -> None:
    bare = replace(CONNECTION, credentials={})
    with pytest.raises(BadSignature):
        verify(pushed("orders/updated", b"{}", x_shopify_hmac_sha256=proof(b"{}", "")), bare, AT)


@pytest.mark.parametrize("shop", ["", "other.myshopify.com", "my-shop.example"])
def test_push_about_another_shop_is_refused(shop: str) -> None:
    with pytest.raises(BadSignature):
        verify(pushed("orders/updated", b"{}", x_shopify_shop_domain=shop), CONNECTION, AT)


def test_order_push_names_its_order_as_text_and_its_time() -> None:
    found = one(pushed("orders/updated", {"id": 820982911946154508}))
    assert (found.about, found.external_ids) == (About.ORDER, ("820982911946154508",))
    assert found.event_id == "w-1"
    assert found.at == datetime(2026, 6, 1, 11, 59, 0, 123000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("topic", "data", "about", "ids"),
    [
        ("refunds/create", {"id": 1, "order_id": 5}, About.ORDER, ("5",)),
        ("fulfillments/update", {"id": 1, "order_id": 5}, About.ORDER, ("5",)),
        ("returns/approve", {"id": 1, "order": {"id": 5}}, About.RETURN, ("5",)),
        (
            "products/update",
            {"id": 1, "variants": [{"id": 2, "sku": "A"}, {"id": 3}]},
            About.LISTING,
            ("A", "3"),
        ),
        ("app/uninstalled", {"id": 1, "myshopify_domain": SHOP}, About.AUTHORIZATION, ()),
        ("shop/redact", {"shop_id": 1, "shop_domain": SHOP}, About.ERASURE, (EVERYTHING,)),
        ("customers/data_request", {"shop_domain": SHOP}, About.OTHER, ()),
        ("themes/publish", {"id": 1}, About.OTHER, ()),
    ],
)
def test_topics_mean_what_they_say(topic: str, data: Any, about: About, ids: tuple[str, ...]) -> None:
    found = one(pushed(topic, data))
    assert (found.about, found.external_ids) == (about, ids)


def test_redaction_names_the_orders_and_the_person() -> None:
    data = {
        "shop_domain": SHOP,
        "customer": {"id": 191167, "email": "ada@example.com"},
        "orders_to_redact": [299938, 280263],
    }
    found = one(pushed("customers/redact", data))
    assert found.about is About.ERASURE
    assert found.external_ids == ("299938", "280263")
    assert found.buyer_ids == ("191167", "ada@example.com")


def test_recorded_order_push_cannot_be_sent_again_as_something_that_takes_away() -> None:
    """Headers are not signed: a body that is not about the shop does nothing under another topic."""
    for topic in ("app/uninstalled", "shop/redact", "customers/redact"):
        with pytest.raises(ValueError, match="not about the shop"):
            read(pushed(topic, {"id": 1}))


def test_repeat_under_another_webhook_id_is_the_same_event_where_it_takes_away() -> None:
    data = {"id": 1, "myshopify_domain": SHOP}
    first = one(pushed("app/uninstalled", data))
    again = one(pushed("app/uninstalled", data, x_shopify_webhook_id="w-2"))
    assert first.event_id == again.event_id


def test_deliveries_of_one_event_to_two_subscriptions_are_two() -> None:
    """``X-Shopify-Webhook-Id`` de-duplicates; ``X-Shopify-Event-Id`` is common to several topics."""
    first = one(pushed("orders/create", {"id": 1}))
    second = one(pushed("orders/paid", {"id": 1}, x_shopify_webhook_id="w-2"))
    assert first.event_id != second.event_id


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nope", b"\xff", b"null", b"[" * 100_000, b'{"id": "../x"}', b"{}"]
)
def test_body_that_cannot_be_read_is_said_to_be_so(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read(pushed("orders/updated", body))


def test_market_pushes_what_the_hub_can_prove(sandbox: Sandbox) -> None:
    sheet = sandbox.credentials("shopify")
    known = replace(
        CONNECTION, seller_id=sheet["seller_id"], credentials={"client_secret": sheet["client_secret"]}
    )
    assert PLATFORM.pushes is not None
    with answering() as hub:
        for topic in ("ORDERS_CREATE", "APP_UNINSTALLED"):
            sandbox._post("subscribe", {"seller": "shopify", "topic": topic, "address": f"{hub.url}/hooks"})
        placed = sandbox.place_order(seller="shopify")
        sandbox._post("tell", {"seller": "shopify", "event": "authorization_withdrawn", "data": {}})
        found = wait_for(hub, 2)
    requests = [
        PushRequest("POST", "https://hub.example/hooks", {}, dict(one.headers), one.body) for one in found
    ]
    pushes = []
    for request in requests:
        PLATFORM.pushes.verify(request, known, AT)
        pushes += list(PLATFORM.pushes.read(request))
        with pytest.raises(BadSignature):
            PLATFORM.pushes.verify(replace(request, body=request.body + b" "), known, AT)
    assert (pushes[0].about, pushes[0].external_ids) == (About.ORDER, (placed["id"],))
    assert pushes[1].about is About.AUTHORIZATION
    assert len({push.event_id for push in pushes}) == 2


def wait_for(hub: Any, count: int) -> list[Any]:
    for _ in range(200):
        if len(hub.received) >= count:
            return list(hub.received)
        hub._thread.join(0.05)
    raise AssertionError(f"only {len(hub.received)} pushes came")
