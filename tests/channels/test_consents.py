"""The consent flow of each platform against its own sandbox: there, allowed or denied, and back."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from django.test import Client
from pytest_django import Settings

from channels import subscribing, tokens
from channels.door_models import Subscription
from channels.models import ChannelAccount
from channels.registry import platform, platforms
from ecomhub import clock
from ecomhub.access import Role
from tests.api.calling import make_person
from tests.browser.looking import logged_in
from tests.inventory.making import make_entity
from tests.sandbox_fixture import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

CONSENTING = sorted(key for key, one in platforms().items() if one.authorization is not None)


@pytest.fixture
def market(sandbox: Sandbox, settings: Settings) -> Sandbox:
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    sandbox.reset(at=clock.now(), history_days=1)
    make_entity()
    return sandbox


@pytest.fixture
def client() -> Client:
    return logged_in(make_person(Role.OWNER))


def begin(client: Client, market: Sandbox, key: str, path: str = "") -> str:
    """Fill the start page in from what the seller center shows; returns the consent page's address."""
    authorization = platform(key).authorization
    assert authorization is not None
    sheet = market.credentials(key)
    known = {"shop": sheet["seller_id"], **sheet}
    given = {"name": f"My {key}", "environment": "our_sandbox", "go_live_at": "2026-06-01T12:00", "proxy": ""}
    fields = {f"application_{one.key}": str(known.get(one.key, "")) for one in authorization.fields}
    answer = client.post(path or f"/channels/connect/{key}/", {**given, **fields})
    assert answer.status_code == 200
    assert "Refresh" in answer.headers, answer.content.decode()
    return str(answer.headers["Refresh"].removeprefix("0; url="))


def decide(address: str, *, allow: bool) -> dict[str, str]:
    """Answer the consent page as the seller would; returns the query the browser comes back with."""
    page = requests.get(address, timeout=30)
    assert page.status_code == 200, page.text
    form = {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page.text)
    }
    seller = re.search(r'name="seller" value="([^"]*)"', page.text)
    assert seller is not None
    form |= {"seller": seller[1], "decision": "allow" if allow else "deny"}
    answer = requests.post(address, data=form, timeout=30, allow_redirects=False)
    assert answer.status_code in (302, 303), answer.text
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def come_back(client: Client, key: str, query: dict[str, str]) -> Any:
    return client.get(f"/channels/connect/{key}/back", query)


@pytest.mark.parametrize("key", CONSENTING)
def test_allowed_account_is_connected_and_speaks(key: str, client: Client, market: Sandbox) -> None:
    query = decide(begin(client, market, key), allow=True)
    answer = come_back(client, key, query)
    assert answer.status_code == 302, answer.context["reason"]
    account = ChannelAccount.objects.get()
    assert account.seller_id == str(market.credentials(key)["seller_id"])
    assert account.shops.exists()
    places = tokens.call(account=account, operation="check", verb=lambda one: one.check(), at=clock.now())
    assert places
    assert account.authorized_until is None or account.authorized_until > clock.now()
    assert "used already" in come_back(client, key, query).context["reason"]


@pytest.mark.parametrize("key", CONSENTING)
def test_denied_consent_connects_nothing_and_says_so(key: str, client: Client, market: Sandbox) -> None:
    query = decide(begin(client, market, key), allow=False)
    assert come_back(client, key, query).context["reason"]
    assert not ChannelAccount.objects.exists()


@pytest.mark.parametrize("key", CONSENTING)
def test_invented_code_connects_nothing(key: str, client: Client, market: Sandbox) -> None:
    query = decide(begin(client, market, key), allow=True)
    assert come_back(client, key, {**query, "code": "invented"}).context["reason"]
    assert not ChannelAccount.objects.exists()


@pytest.mark.parametrize("key", CONSENTING)
def test_account_that_lost_its_consent_is_connected_again(key: str, client: Client, market: Sandbox) -> None:
    come_back(client, key, decide(begin(client, market, key), allow=True))
    ChannelAccount.objects.update(state=ChannelAccount.State.NEEDS_RECONNECT, state_reason="gone")
    account = ChannelAccount.objects.get()
    address = begin(client, market, key, f"/channels/{account.pk}/authorize/")
    answer = come_back(client, key, decide(address, allow=True))
    assert answer.status_code == 302, answer.context["reason"]
    account.refresh_from_db()
    assert account.state == ChannelAccount.State.CONNECTED
    assert tokens.call(account=account, operation="check", verb=lambda one: one.check(), at=clock.now())


@pytest.mark.parametrize("key", CONSENTING)
def test_connected_account_has_an_address_for_pushes(key: str, client: Client, market: Sandbox) -> None:
    come_back(client, key, decide(begin(client, market, key), allow=True))
    account = ChannelAccount.objects.get()
    assert account.push_id in subscribing.address_of(account=account)
    assert Subscription.objects.filter(account=account).exists() != subscribing.is_by_hand(account=account)
