"""An account's own way out: what is accepted, what is hidden, and that every call takes it."""

from __future__ import annotations

import base64
import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from pytest_django import Settings

from channels import accounts, proving, proxies, tokens
from channels.adapter import RetryLater
from channels.models import ChannelAccount
from channels.proxies import AccountRefused
from ecomhub.access import Role
from ecomhub.http import HttpFailure, send_to_platform
from tests.api.calling import make_person
from tests.browser.looking import logged_in
from tests.channels.bazaar import bazaar, connect
from tests.channels.making import connect as connect_amazon
from tests.channels.making import run_stream
from tests.platforms_fake.sandbox import Market
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


class Gate(ThreadingHTTPServer):
    """A proxy on a loopback port: forwards what it is asked to and remembers it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.passed: list[tuple[str, str]] = []

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Passing(BaseHTTPRequestHandler):
    def _pass(self) -> None:
        gate = cast(Gate, self.server)
        gate.passed.append((self.path, self.headers.get("Proxy-Authorization", "")))
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {name: value for name, value in self.headers.items() if not name.startswith("Proxy-")}
        line.request(self.command, target, body=body or None, headers=headers)
        answer = line.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name in ("Content-Type", "x-amzn-RateLimit-Limit"):
            if value := answer.headers.get(name):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        line.close()

    do_GET = do_POST = do_PUT = do_PATCH = _pass

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def gate() -> Iterator[Gate]:
    server = Gate()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def market(settings: Settings) -> Iterator[Market]:
    with bazaar(settings) as opened:
        yield opened


@pytest.mark.parametrize(
    "text",
    [
        "socks5://127.0.0.1:1080",
        "127.0.0.1:8080",
        "http://127.0.0.1",
        "http://:8080",
        "http://host:99999",
        "http://host:80/path",
        "http://host:80?x=1",
        "http://ho st:80",
        "file:///etc/passwd",
        f"http://{'h' * 300}:80",
    ],
)
def test_what_is_no_proxy_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(AccountRefused) as refusal:
        proxies.read(text=text.replace("://", "://me:hidden@"))
    assert "hidden" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "address", "login"),
    [
        ("", "", {}),
        ("http://10.0.0.1:3128", "http://10.0.0.1:3128", {}),
        (
            "https://me:s%40crét@gate.example:443/",
            "https://gate.example:443",
            {"user": "me", "password": "s@crét"},
        ),
        ("http://[::1]:3128", "http://[::1]:3128", {}),
    ],
)
def test_address_and_login_are_told_apart(text: str, address: str, login: dict[str, str]) -> None:
    assert proxies.read(text=text) == (address, login)


def test_every_call_of_an_account_goes_through_its_proxy(market: Market, gate: Gate) -> None:
    account = connect(market, live=False, proxy=f"http://me:s%40cret@{gate.place}")
    before = len(market.calls)
    gate.passed.clear()
    market.token = "token-2"
    with pytest.raises(Exception, match="nothing"):
        tokens.call(
            account=account,
            operation="look",
            verb=lambda adapter: adapter.fetch_order(order_id="none"),
            at=START,
        )
    assert len(gate.passed) == len(market.calls) - before >= 2
    assert any(path.endswith("/token") for path, _login in gate.passed)
    expected = "Basic " + base64.b64encode(b"me:s@cret").decode()
    assert {login for _path, login in gate.passed} == {expected}


def test_every_call_to_amazon_goes_through_the_proxy(
    sandbox: Sandbox, settings: Settings, gate: Gate
) -> None:
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    account = connect_amazon(sandbox, seller="empty", proxy=f"http://{gate.place}")
    before = len(sandbox.calls(limit=1000))
    run_stream(account, "listings")
    assert len(gate.passed) == len(sandbox.calls(limit=1000)) - before > 1


def test_proving_takes_the_proxy_too(market: Market, gate: Gate) -> None:
    proving.prove(
        platform="fake",
        endpoint=market.url,
        token_endpoint=f"{market.url}/token",
        credentials={"key": market.key},
        seller_id="bazaar-1",
        proxy=f"http://{gate.place}",
    )
    assert len(gate.passed) == len(market.calls) == 2


def test_proxy_that_is_away_is_no_way_around_it(market: Market) -> None:
    account = connect(market, live=False)
    accounts.set_proxy(account=account, text="http://127.0.0.1:1", at=START)
    account.refresh_from_db()
    asked = len(market.calls)
    market.token = "token-2"
    with pytest.raises(RetryLater):
        tokens.call(account=account, operation="look", verb=lambda adapter: adapter.check(), at=START)
    assert len(market.calls) == asked


def test_refused_connection_to_a_proxy_counts_as_not_sent(settings: Settings) -> None:
    settings.ECOMHUB_SANDBOX_URL = "http://127.0.0.1:9"
    with pytest.raises(HttpFailure) as failure:
        send_to_platform(
            method="GET", url="http://127.0.0.1:9/x", hosts=(), proxy="http://me:hidden@127.0.0.1:1"
        )
    assert not failure.value.sent
    assert "hidden" not in failure.value.reason


def test_login_of_a_proxy_is_sealed_and_shown_nowhere(market: Market) -> None:
    account = connect(market, live=False)
    accounts.set_proxy(account=account, text="http://me:hidden-word@10.1.2.3:3128", at=START)
    account.refresh_from_db()
    row = ChannelAccount.objects.filter(pk=account.pk).values().get()
    assert account.proxy == "http://10.1.2.3:3128"
    assert "hidden-word" not in str(row)
    assert proxies.way_out(account=account) == "http://me:hidden-word@10.1.2.3:3128"
    client = logged_in(make_person(Role.OWNER))
    for path in (f"/channels/{account.pk}/proxy/", "/channels/"):
        page = client.get(path)
        assert page.status_code == 200
        assert "hidden-word" not in page.content.decode()


def test_proxy_is_changed_and_taken_away_on_its_page(market: Market) -> None:
    account = connect(market, live=False)
    client = logged_in(make_person(Role.OWNER))
    path = f"/channels/{account.pk}/proxy/"
    refused = client.post(path, {"proxy": "http://me:hidden-word@host"})
    assert refused.status_code == 200
    assert client.post(path, {"proxy": "http://me:word@10.1.2.3:3128"}).status_code == 302
    account.refresh_from_db()
    assert account.sealed_proxy_login
    assert client.post(path, {"proxy": "http://10.1.2.3:3128"}).status_code == 302
    account.refresh_from_db()
    assert account.sealed_proxy_login, "the address as it stands keeps its login"
    client.post(path, {"proxy": ""})
    account.refresh_from_db()
    assert (account.proxy, account.sealed_proxy_login) == ("", "")
