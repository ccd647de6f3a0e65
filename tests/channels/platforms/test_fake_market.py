"""The fake platform against its own little market: an account that needs no word outside its folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from channels.adapter import Adapter, CredentialsRejected, Refused, RetryLater, TokenExpired, Unsupported
from channels.messages import Connection, OrderState, Outcome, ShipmentNotice, StockUpdate
from channels.registry import platform
from tests.platforms_fake.sandbox import Market, open_market

AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def market(settings: Settings) -> Iterator[Market]:
    settings.ECOMHUB_EXTRA_PLATFORMS = ["tests.platforms_fake"]
    with open_market() as opened:
        settings.ECOMHUB_SANDBOX_URL = opened.url
        opened.offer("A/1 ä", count=3)
        for number in range(5):
            opened.place(f"o{number}", at=int(AT.timestamp()) - number * 60, code="A/1 ä")
        yield opened


@pytest.fixture
def adapter(market: Market) -> Adapter:
    connection = Connection(
        account_uid="1",
        platform="fake",
        endpoint=market.url,
        token_endpoint=f"{market.url}/token",
        seller_id="s",
        marketplaces=("FB-US",),
        credentials={"key": market.key},
    )
    build = platform("fake").build
    return build(replace(connection, access_token=build(connection, None).refresh_token().token), None)


def test_pages_lead_through_every_order(adapter: Adapter) -> None:
    found, token, pages = [], "", 0
    while True:
        page = adapter.fetch_orders(updated_from=AT - timedelta(hours=1), updated_to=AT, page_token=token)
        found += [order.external_id for order in page.items]
        pages += 1
        token = page.next_token
        if not token:
            break
    assert (sorted(found), pages) == ([f"o{number}" for number in range(5)], 3)


def test_stock_goes_out_and_a_shipment_too(adapter: Adapter, market: Market) -> None:
    result = adapter.push_stock(update=StockUpdate("FB-US", "A/1 ä", 8))
    assert result.outcome is Outcome.CONFIRMED
    assert adapter.fetch_listing(marketplace="FB-US", listing_id="A/1 ä").quantity == 8
    notice = ShipmentNotice("o1", "FB-US", "1", "dhl", "DHL", "", "T1", AT, (("o1-1", 1),))
    adapter.confirm_shipment(notice=notice)
    after = adapter.fetch_order(order_id="o1")
    assert (after.state, after.parcels[0].tracking_number) == (OrderState.SHIPPED, "T1")


def test_markets_refusals_and_faults_are_told_apart(adapter: Adapter, market: Market) -> None:
    with pytest.raises(Refused):
        adapter.fetch_order(order_id="none")
    market.spoiled.append((200, "text/html", b"<html>"))
    with pytest.raises(RetryLater):
        adapter.fetch_order(order_id="o1")
    market.token = "token-2"
    with pytest.raises(TokenExpired):
        adapter.fetch_order(order_id="o1")
    market.key = "changed"
    with pytest.raises(CredentialsRejected):
        adapter.refresh_token()


def test_undeclared_verbs_are_unsupported(adapter: Adapter) -> None:
    with pytest.raises(Unsupported):
        adapter.push_stock_batch(updates=[])
    with pytest.raises(Unsupported):
        adapter.fetch_channel_stock(marketplace="FB-US", page_token="")
