"""The sandbox as this house's platform."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from channels.models import ChannelAccount
from channels.registry import platform
from tests.channels.making import connect
from tests.sandbox_fixture import Sandbox


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
