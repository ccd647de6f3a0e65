"""The receiver for trying out webhooks: what arrives is kept, shown, and proven by its signature."""

from __future__ import annotations

from datetime import UTC, datetime

import requests

from ecomhub.webhooks import signing
from tests.sandbox_fixture import Sandbox

BODY = b'{"type":"order.ship"}'


def _address(sandbox: Sandbox) -> str:
    return f"{sandbox.url}/webhook-receiver/erp"


def _send(sandbox: Sandbox, secret: str) -> int:
    signed = signing.headers(message_id="msg_1", at=datetime.now(UTC), body=BODY, secrets=[secret])
    headers = signed | {"content-type": "application/json"}
    return requests.post(_address(sandbox), data=BODY, headers=headers, timeout=10).status_code


def _page(sandbox: Sandbox) -> str:
    return requests.get(_address(sandbox), timeout=10).text


def _set(sandbox: Sandbox, **fields: str) -> str:
    return requests.post(_address(sandbox), data=fields, timeout=10).text


def test_a_message_is_kept_and_proven_by_its_secret(sandbox: Sandbox) -> None:
    ours, others = signing.new_secret(), signing.new_secret()
    assert "Nothing arrived yet" in _set(sandbox, secret=ours)
    assert _send(sandbox, ours) == 200
    assert "proven 已验证" in _page(sandbox)
    assert "not proven" not in _page(sandbox)
    assert _send(sandbox, others) == 200
    assert "not proven" in _page(sandbox)


def test_it_answers_as_the_switch_says(sandbox: Sandbox) -> None:
    _set(sandbox, answer="503")
    assert _send(sandbox, signing.new_secret()) == 503
    _set(sandbox, answer="7")
    assert _send(sandbox, signing.new_secret()) == 503, "what is no status changes nothing"
