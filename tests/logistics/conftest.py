"""A marketplace on the other side."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from tests.logistics.telling import Counter, open_counter
from tests.sandbox_fixture import Sandbox


@pytest.fixture
def counter(transactional_db: None, sandbox: Sandbox, settings: Settings) -> Counter:
    """A connected account that confirms shipments, with one order of three units ready to leave."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    return open_counter(sandbox)
