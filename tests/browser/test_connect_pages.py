"""Connecting an account in a real browser, there and back, and how the pages look."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from channels import accounts
from channels.models import ChannelAccount
from ecomhub import clock
from tests.browser.looking import log_in, look_over, person
from tests.channels.bazaar import bazaar
from tests.inventory.making import make_entity
from tests.platforms_fake.sandbox import Market

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def market(settings: Settings, live_server: LiveServer) -> Iterator[Market]:
    settings.ECOMHUB_ORIGIN = live_server.url
    make_entity()
    with bazaar(settings) as opened:
        opened.codes["code-1"] = {"seller": "bazaar-1", "refresh": "r", "days": 5}
        yield opened


class _Consent(BaseHTTPRequestHandler):
    """The platform's page on which the seller says yes."""

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        answer = urlencode({"code": "code-1", "state": asked["state"][0]})
        link = f'<a href="{asked["to"][0]}?{answer}">Allow</a>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>Fake Bazaar</title>" + link)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def consent(page: Page) -> Iterator[None]:
    """Answers the consent page, whichever port the market has."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Consent)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    place = f"http://127.0.0.1:{server.server_port}"

    def elsewhere(route):  # type: ignore[no-untyped-def]
        parts = urlsplit(route.request.url)
        route.fulfill(response=route.fetch(url=f"{place}{parts.path}?{parts.query}"))

    page.route("**/consent?*", elsewhere)
    yield
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_account_is_connected_by_the_sellers_consent(
    page: Page, live_server: LiveServer, market: Market, consent: None
) -> None:
    log_in(page=page, address=live_server.url, user=person())
    page.goto(f"{live_server.url}/channels/")
    page.get_by_role("link", name="Connect an account").first.click()
    page.get_by_role("link", name="Log in there and allow it · Fake Bazaar").click()
    page.get_by_label("What you call it").fill("My bazaar")
    page.get_by_label("Where it lives").select_option(label="The invented market of this demo")
    page.get_by_label("Application key").fill(market.key)
    page.get_by_role("button", name="Go to Fake Bazaar").click()
    page.get_by_role("link", name="Allow").click()
    expect(page.get_by_role("heading", name="My bazaar")).to_be_visible()
    expect(page.get_by_text("The consent of the seller ends in")).to_be_visible()
    account = ChannelAccount.objects.get()
    assert (account.seller_id, account.switched_on_at) == ("bazaar-1", None)
    accounts.withdraw(account_id=account.pk, at=clock.now())
    page.goto(f"{live_server.url}/channels/")
    page.get_by_role("link", name="Connect again").first.click()
    expect(page.get_by_label("Application key")).to_be_visible()


def test_connect_pages_look_right_everywhere(page: Page, live_server: LiveServer, market: Market) -> None:
    log_in(page=page, address=live_server.url, user=person())
    look_over(
        page,
        live_server.url,
        "/channels/connect/",
        "/channels/connect/fake/",
        "/channels/connect/fake/back?state=x",
    )
