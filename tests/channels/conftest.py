"""The sandbox as this house's platform."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytest_django.fixtures import Settings

from channels import accounts, feeds
from channels.models import ChannelAccount
from channels.registry import platform
from tests.channels.making import connect, run_stream
from tests.sandbox_fixture import START, Sandbox


@pytest.fixture
def market(sandbox: Sandbox, settings: Settings) -> Sandbox:
    """A market whose address is this installation's own sandbox."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    return sandbox


@pytest.fixture
def account(transactional_db: None, market: Sandbox) -> ChannelAccount:
    """The busy seller, connected and import-only."""
    return connect(market)


@pytest.fixture
def small(transactional_db: None, market: Sandbox) -> ChannelAccount:
    """The seller with few listings, connected and import-only."""
    return connect(market, seller="empty")


@pytest.fixture
def british(transactional_db: None, market: Sandbox) -> ChannelAccount:
    """The busy seller with its British shop alone: many listings, difficult codes, stock at the channel."""
    places = [place for place in platform("amazon").marketplaces if place.country == "GB"]
    return connect(market, marketplaces=places)


@pytest.fixture
def live(small: ChannelAccount) -> ChannelAccount:
    """The small seller with its listings read, switched on, nothing paired."""
    run_stream(small, "listings")
    return accounts.switch_on(account=small, pushes_stock=True, confirms_shipments=True, at=START)


@pytest.fixture
def feeding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform that takes feeds from three changes on."""
    few = replace(platform("amazon"), batch_from=3, batch_least=3)
    monkeypatch.setattr(feeds, "platform", lambda key: few)
