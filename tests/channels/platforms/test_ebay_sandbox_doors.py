"""eBay's consent and notifications against the sandbox over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from pytest_django import Settings

from channels.adapter import (
    Adapter,
    Refused,
)
from channels.authorization import Application, NotAuthorized
from channels.platforms.ebay import notifications
from channels.pushes import About, BadSignature, PushRequest
from channels.registry import platform
from tests.answering import Answering, Reply, answering
from tests.channels.platforms.ebay_market import (
    SELLER,
    dial,
)
from tests.sandbox_fixture import START, Sandbox


@pytest.fixture
def ebay(sandbox: Sandbox, settings: Settings) -> Adapter:
    """The adapter of the seller with a fresh access token."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    return dial(sandbox)


@pytest.fixture
def listener() -> Iterator[Answering]:
    with answering() as running:
        yield running


def application(sandbox: Sandbox) -> Application:
    sheet = sandbox.credentials(SELLER)
    keys = ("client_id", "client_secret", "ru_name", "verification_token")
    return Application(
        endpoint=sheet["endpoint"],
        token_endpoint=sheet["token_endpoint"],
        fields={name: sheet[name] for name in keys},
    )


BACK = "http://127.0.0.1:9/connect/ebay/back"


def consent(sandbox: Sandbox, decision: str) -> dict[str, str]:
    """Go through the consent page like a browser; return what it brings back."""
    authorization = platform("ebay").authorization
    assert authorization is not None
    address = authorization.address(application(sandbox), BACK, "state-1")
    assert requests.get(address, timeout=30).status_code == 200
    form = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    form |= {"seller": SELLER, "decision": decision}
    sent = requests.post(address.partition("?")[0], data=form, timeout=30, allow_redirects=False)
    assert sent.status_code == 302
    assert sent.headers["Location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["Location"]).query).items()}


def test_consent_brings_credentials_that_work(sandbox: Sandbox, ebay: Adapter) -> None:
    authorization = platform("ebay").authorization
    assert authorization is not None
    query = consent(sandbox, "allow")
    assert query["state"] == "state-1"
    grant = authorization.exchange(application(sandbox), query, BACK)
    assert grant.seller_id == sandbox.credentials(SELLER)["seller_id"]
    assert grant.credentials["refresh_token"] == sandbox.credentials(SELLER)["refresh_token"]
    assert grant.authorized_for is not None
    assert grant.authorized_for > timedelta(days=500)
    assert grant.missing_scopes == ()
    with pytest.raises(NotAuthorized):
        authorization.exchange(application(sandbox), query, BACK)


def test_code_grows_old_and_a_no_is_a_no(sandbox: Sandbox, ebay: Adapter) -> None:
    authorization = platform("ebay").authorization
    assert authorization is not None
    with pytest.raises(NotAuthorized):
        authorization.exchange(application(sandbox), consent(sandbox, "deny"), BACK)
    query = consent(sandbox, "allow")
    sandbox.set_clock(START + timedelta(seconds=300))
    with pytest.raises(NotAuthorized):
        authorization.exchange(application(sandbox), query, BACK)


def test_consent_page_of_ebay_itself_knows_us_by_the_ru_name(sandbox: Sandbox) -> None:
    authorization = platform("ebay").authorization
    assert authorization is not None
    live = replace(application(sandbox), endpoint="https://api.ebay.com")
    parts = urlsplit(authorization.address(live, BACK, "s"))
    query = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "auth.ebay.com", "/oauth2/authorize")
    assert query["redirect_uri"] == [live.fields["ru_name"]]
    assert "accept_url" not in query


def subscribed(sandbox: Sandbox, ebay: Adapter, listener: Answering) -> str:
    """Subscribe the listener, which knows the answer to the challenge; return its address."""
    address = f"{listener.url}/hooks/ebay/1"
    listener.says(Reply(200, b"{}"))
    with pytest.raises(Refused, match="Challenge"):
        ebay.subscribe(address=address)
    request = listener.received[-1]
    code = parse_qs(urlsplit(request.target).query)["challenge_code"][0]
    greet = notifications.PUSHES.greet
    assert greet is not None
    asked = PushRequest("GET", address, {"challenge_code": code}, {}, b"")
    reply = greet(asked, ebay.connection)
    assert reply is not None
    listener.says(Reply(200, reply.body))
    ebay.subscribe(address=address)
    return address


def pushed(sandbox: Sandbox, event: str) -> PushRequest:
    """Return the last notification of an event as the hub would see it."""
    found = sandbox._get("_control/pushes", seller=SELLER, event=event)["pushes"][0]
    headers = {name.lower(): value for name, value in found["headers"].items()}
    return PushRequest("POST", found["url"], {}, headers, found["body"].encode())


def test_subscribing_answers_the_challenge_and_changes_nothing_twice(
    sandbox: Sandbox, ebay: Adapter, listener: Answering
) -> None:
    address = subscribed(sandbox, ebay, listener)
    held = sandbox._get("_control/pushes")["subscriptions"][SELLER]
    assert set(held) == {
        "MARKETPLACE_ACCOUNT_DELETION", "AUTHORIZATION_REVOCATION", "ORDER_CONFIRMATION",
        "ITEM_MARKED_SHIPPED",
    }  # fmt: skip
    assert set(held.values()) == {address}
    made = len(sandbox.calls(operation="createSubscription", seller=SELLER))
    ebay.subscribe(address=address)
    assert len(sandbox.calls(operation="createSubscription", seller=SELLER)) == made


def test_notifications_are_proven_with_the_platforms_key_and_read(
    sandbox: Sandbox, ebay: Adapter, listener: Answering
) -> None:
    notifications.KEYS.forget()
    subscribed(sandbox, ebay, listener)
    placed = sandbox.place_order(seller=SELLER, lines=[{"quantity": 1}], quiet=True)
    request = pushed(sandbox, "order_created")
    notifications.verify(request, ebay.connection, START)
    (push,) = notifications.read(request)
    assert (push.about, push.external_ids, push.at) == (About.ORDER, (placed["id"],), START)
    asked = len(sandbox.calls(operation="getPublicKey"))
    notifications.verify(request, ebay.connection, START)
    assert len(sandbox.calls(operation="getPublicKey")) == asked == 1
    altered = replace(request, body=request.body.replace(b"ORDER_CONFIRMATION", b"ORDER_CONFIRMATIOn"))
    with pytest.raises(BadSignature):
        notifications.verify(altered, ebay.connection, START)


def test_key_the_platform_does_not_know_proves_nothing(
    sandbox: Sandbox, ebay: Adapter, listener: Answering
) -> None:
    notifications.KEYS.forget()
    subscribed(sandbox, ebay, listener)
    sandbox.place_order(seller=SELLER, lines=[{"quantity": 1}], quiet=True)
    request = pushed(sandbox, "order_created")
    sandbox.reset()
    with pytest.raises(BadSignature):
        notifications.verify(request, ebay.connection, START)
