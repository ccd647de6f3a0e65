"""A marketplace on the other side."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tests.channels.bazaar import bazaar
from tests.logistics.parcels import Parcels, open_parcels
from tests.logistics.telling import Counter, open_counter
from tests.sandbox_fixture import Sandbox


@pytest.fixture
def counter(transactional_db: None, sandbox: Sandbox, settings: Settings) -> Counter:
    """A connected account that confirms shipments, with one order of three units ready to leave."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    return open_counter(sandbox)


@pytest.fixture
def parcels(transactional_db: None, settings: Settings) -> Iterator[Parcels]:
    """An account whose platform gives the tracking number, with one order of two units planned to leave."""
    with bazaar(settings) as market:
        yield open_parcels(market)
