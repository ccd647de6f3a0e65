"""The fake platform's market, opened for a test, and an account connected to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytest_django import Settings

from channels import accounts
from channels.models import ChannelAccount, Listing
from tests.channels.making import run_stream
from tests.inventory.making import make_entity
from tests.platforms_fake.sandbox import Market, open_market
from tests.sandbox_fixture import START


@contextmanager
def bazaar(settings: Settings) -> Iterator[Market]:
    """A market with three American offers and a Japanese one."""
    settings.ECOMHUB_EXTRA_PLATFORMS = ["tests.platforms_fake"]
    with open_market() as market:
        settings.ECOMHUB_SANDBOX_URL = market.url
        for code in ("A-1", "A-2", "A-3"):
            market.offer(code, price="9.90")
        market.offer("J-1", site="FB-JP", price="1200")
        yield market


def connect(market: Market, *, live: bool = True, **changes: Any) -> ChannelAccount:
    """Connect the market's seller, read its listings, and switch it on."""
    where: dict[str, Any] = {
        "platform": "fake",
        "endpoint": market.url,
        "token_endpoint": f"{market.url}/token",
        "seller_id": "bazaar-1",
        "credentials": {"key": market.key},
    }
    given = {
        "name": "Bazaar",
        "environment": "sandbox",
        "marketplaces": accounts.check_connection(**where),
        "legal_entity": make_entity(),
        "go_live_at": START,
        "at": START,
    }
    account = accounts.add(**{**where, **given, **changes})
    run_stream(account, "listings")
    if live:
        accounts.switch_on(
            account=account, pushes_stock=True, confirms_shipments=True, pushes_prices=True, at=START
        )
        account.refresh_from_db()
    return account


def listing(account: ChannelAccount, code: str) -> Listing:
    """A listing of the account as it stands now."""
    rows = Listing.objects.select_related("shop__account", "price_publication")
    return rows.get(shop__account=account, external_id=code)
