"""Connecting a Shopify shop in the browser: the address, the proof that comes back, the code's exchange."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from pytest_django import Settings

from channels.adapter import Adapter
from channels.authorization import Application, Authorization, Grant, NotAuthorized
from channels.messages import Connection
from channels.platforms.shopify import PLATFORM
from channels.platforms.shopify.authorization import proof_of
from channels.platforms.shopify.directory import ASKED_SCOPES, SCOPES, missing_scopes, shop_domain
from tests.sandbox_fixture import Sandbox

BACK = "http://127.0.0.1:8000/channels/connect/back/"
SHOP = "my-shop.myshopify.com"
REAL = Application(
    endpoint="https://{shop}",
    token_endpoint="https://{shop}/admin/oauth/access_token",
    fields={"shop": "My-Shop", "client_id": "c", "client_secret": "hush"},
)


@pytest.fixture
def flow() -> Authorization:
    assert PLATFORM.authorization is not None
    return PLATFORM.authorization


@pytest.fixture
def application(sandbox: Sandbox, settings: Settings) -> Application:
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    sheet = sandbox.credentials("shopify")
    return Application(
        endpoint=sheet["endpoint"],
        token_endpoint=sheet["token_endpoint"],
        fields={name: sheet[name] for name in ("shop", "client_id", "client_secret")},
    )


def signed(query: dict[str, str], secret: str = "hush") -> dict[str, str]:
    return query | {"hmac": proof_of(query, secret=secret)}


def allow(address: str, *, back: str = BACK) -> dict[str, str]:
    """Press "Allow" on the page behind an address and return what the browser is sent back with."""
    page = requests.get(address, timeout=30)
    assert page.status_code == 200, page.text
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    answer = requests.post(
        address,
        data=fields | {"seller": "shopify", "decision": "allow"},
        allow_redirects=False,
        timeout=30,
    )
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(back)
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def test_browser_is_sent_to_the_shops_own_page(flow: Authorization) -> None:
    parts = urlsplit(flow.address(REAL, BACK, "s1"))
    query = parse_qs(parts.query)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"https://{SHOP}/admin/oauth/authorize"
    assert (query["state"], query["redirect_uri"], query["client_id"]) == (["s1"], [BACK], ["c"])
    assert set(SCOPES) <= set(query["scope"][0].split(","))
    assert "read_all_orders" in query["scope"][0]


@pytest.mark.parametrize(
    "shop", ["", "evil.example", "a.b.myshopify.com", "x@evil.example/", "-x", "a/../b", "é"]
)
def test_name_that_is_no_shop_is_refused(flow: Authorization, shop: str) -> None:
    with pytest.raises(NotAuthorized):
        flow.address(replace(REAL, fields={**REAL.fields, "shop": shop}), BACK, "s")


def test_shop_is_found_however_it_is_typed() -> None:
    for typed in ("my-shop", " My-Shop ", "my-shop.myshopify.com", "https://my-shop.myshopify.com/"):
        assert shop_domain(typed) == SHOP


@pytest.mark.parametrize(
    "spoiled",
    [
        {"hmac": ""},
        {"hmac": "0" * 64},
        {"hmac": "é"},
        {"code": "other"},
        {"shop": "other.myshopify.com"},
        {"more": "x"},
    ],
)
def test_answer_with_anything_changed_is_refused_unsent(flow: Authorization, spoiled: dict[str, str]) -> None:
    query = signed({"code": "k", "shop": SHOP, "state": "s", "timestamp": "1780000000"})
    with pytest.raises(NotAuthorized, match="proven"):
        flow.exchange(REAL, query | spoiled, BACK)


def test_proven_answer_of_another_shop_is_refused(flow: Authorization) -> None:
    for shop in ("other.myshopify.com", "evil.example"):
        with pytest.raises(NotAuthorized, match="another shop"):
            flow.exchange(REAL, signed({"code": "k", "shop": shop}), BACK)


def test_proof_is_made_from_the_sorted_parameters() -> None:
    query = {"timestamp": "1337178173", "code": "0907a61c", "shop": "some-shop.myshopify.com", "hmac": "x"}
    text = "code=0907a61c&shop=some-shop.myshopify.com&timestamp=1337178173"
    assert proof_of(query, secret="hush") == proof_of(dict(parse_qsl(text)), secret="hush")
    assert proof_of(query, secret="hush") != proof_of(query, secret="other")


def test_consent_ends_in_credentials_that_speak(flow: Authorization, application: Application) -> None:
    query = allow(flow.address(application, BACK, "state-1"))
    assert query["state"] == "state-1"
    grant = flow.exchange(application, query, BACK)
    assert grant.seller_id == application.fields["shop"]
    assert grant.missing_scopes == ()
    assert grant.authorized_for is None
    assert {place.id for place in speaking(application, grant).check()} == {"shopify"}


def speaking(application: Application, grant: Grant) -> Adapter:
    connection = Connection(
        account_uid="test", platform="shopify", endpoint=application.endpoint,
        token_endpoint=application.token_endpoint, seller_id=grant.seller_id, marketplaces=("shopify",),
        credentials=dict(grant.credentials),
    )  # fmt: skip
    token = PLATFORM.build(connection, None).refresh_token()
    return PLATFORM.build(replace(connection, access_token=token.token), None)


def test_code_works_once(flow: Authorization, application: Application) -> None:
    query = allow(flow.address(application, BACK, "state-1"))
    flow.exchange(application, query, BACK)
    with pytest.raises(NotAuthorized, match="did not take the code"):
        flow.exchange(application, query, BACK)


def test_merchant_who_says_no_is_told_apart(flow: Authorization, application: Application) -> None:
    with pytest.raises(NotAuthorized, match="did not allow"):
        flow.exchange(application, {"error": "access_denied", "state": "s"}, BACK)


def test_missing_scopes_are_named_and_a_writing_one_holds_its_reading_one() -> None:
    granted = tuple(scope for scope in SCOPES if scope.startswith("write_"))
    assert missing_scopes(granted) == ("read_locations", "read_returns")
    assert missing_scopes(SCOPES) == ()
    assert set(missing_scopes(SCOPES, of=ASKED_SCOPES)) == {
        "read_customers", "read_all_orders", "read_shopify_payments_accounts",
        "read_shopify_payments_payouts",
    }  # fmt: skip
    assert "read_orders" in missing_scopes(())
