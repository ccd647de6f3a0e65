"""Logs hold what an operator needs and no buyer, no secret, no link that opens anything."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from django.test import Client

from tests.browser.looking import person

CANARY = "jane.canary@example.com"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the root handler writes, formatted as in service."""
    formatters = (one.formatter for one in logging.getLogger().handlers)
    [ours] = [one for one in formatters if isinstance(one, structlog.stdlib.ProcessorFormatter)]
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(ours)
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel("INFO")
    yield out
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.mark.django_db
def test_a_search_for_a_buyer_is_not_in_the_log(client: Client, lines: io.StringIO) -> None:
    client.force_login(person())
    assert client.get("/orders/", {"q": CANARY}).status_code == 200
    assert "/orders/" in lines.getvalue()
    assert CANARY not in lines.getvalue()
    assert "jane" not in lines.getvalue()


@pytest.mark.django_db
def test_a_reset_link_is_not_in_the_log(client: Client, lines: io.StringIO) -> None:
    client.get("/accounts/password/reset/key/3f-d9sk2-secretkey/")
    assert "/accounts/password/reset/key/" in lines.getvalue()
    assert "secretkey" not in lines.getvalue()


def test_a_key_nobody_allowed_is_dropped_and_named(lines: io.StringIO) -> None:
    structlog.get_logger("tests").warning("tests.canary", buyer=CANARY, account="a")
    written = json.loads(lines.getvalue())
    assert (written["account"], written["dropped"]) == ("a", ["buyer"])
    assert CANARY not in lines.getvalue()
