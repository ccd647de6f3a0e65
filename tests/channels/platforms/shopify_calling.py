"""Calling the sandbox's shop through the adapter, for several tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from channels.adapter import Adapter
from channels.messages import Connection, IncomingListing, IncomingOrder, ShipmentNotice
from channels.platforms.shopify import PLATFORM
from tests.sandbox_fixture import START, Sandbox


class Notes:
    """Remembers what the adapter reported."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int, float | None]] = []

    def __call__(
        self, *, operation: str, status: int, granted_rate: float | None, remaining: float | None = None
    ) -> None:
        self.seen.append((operation, status, remaining))


def connection_to(sandbox: Sandbox) -> Connection:
    sheet = sandbox.credentials("shopify")
    return Connection(
        account_uid="test",
        platform="shopify",
        endpoint=sheet["endpoint"],
        token_endpoint=sheet["token_endpoint"],
        seller_id=sheet["seller_id"],
        marketplaces=tuple(sheet["marketplaces"]),
        credentials={name: sheet[name] for name in ("client_id", "client_secret", "refresh_token")},
    )


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def shopify(sandbox: Sandbox, settings: Settings, notes: Notes) -> Adapter:
    """The shop's adapter with a fresh access token."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    connection = connection_to(sandbox)
    token = PLATFORM.build(connection, None).refresh_token()
    renewed = {**connection.credentials, "refresh_token": token.refresh_token}
    return PLATFORM.build(replace(connection, access_token=token.token, credentials=renewed), notes)


def every_order(shopify: Adapter, *, hours: int = 48) -> list[IncomingOrder]:
    found: list[IncomingOrder] = []
    token = ""
    while True:
        page = shopify.fetch_orders(
            updated_from=START - timedelta(hours=hours), updated_to=START, page_token=token
        )
        assert page.bad == ()
        found += page.items
        token = page.next_token
        if not token:
            return found


def every_listing(shopify: Adapter) -> list[IncomingListing]:
    found: list[IncomingListing] = []
    token = ""
    while True:
        page = shopify.fetch_listings(marketplace="shopify", page_token=token)
        assert page.bad == ()
        found += page.items
        token = page.next_token
        if not token:
            return found


def place(sandbox: Sandbox, **wanted: object) -> dict[str, Any]:
    return sandbox.place_order(seller="shopify", **wanted)


def notice_of(
    order: IncomingOrder, *, quantity: int = 1, number: str = "LX123", **more: Any
) -> ShipmentNotice:
    given: dict[str, Any] = {
        "carrier": "usps", "carrier_name": "USPS", "lines": ((order.lines[0].external_id, quantity),),
    } | more  # fmt: skip
    return ShipmentNotice(
        order_id=order.external_id, marketplace="shopify", reference="1", service="",
        tracking_number=number, shipped_at=START, **given,
    )  # fmt: skip
