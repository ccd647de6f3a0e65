"""Fetching the market's money documents through the adapters, and reading them as finance does."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any, BinaryIO

import requests

from channels.adapter import Adapter
from channels.messages import Connection, IncomingDocument
from channels.registry import platform
from channels.settlement_messages import MoneyLine, Reading, Sample, Source, Statement
from tests.sandbox_fixture import START, Sandbox

PLATFORM_OF = {"busy": "amazon", "ebay": "ebay", "shopify": "shopify", "shopee": "shopee"}
_NOT_SECRETS = {"platform", "name", "seller_id", "endpoint", "token_endpoint", "marketplaces"}
LAG = timedelta(minutes=3)


def dial(sandbox: Sandbox, seller: str) -> Adapter:
    """Return a seller's adapter with a fresh token."""
    sheet = sandbox.credentials(seller)
    connection = Connection(
        account_uid="test",
        platform=sheet["platform"],
        endpoint=sheet["endpoint"],
        token_endpoint=sheet["token_endpoint"],
        seller_id=sheet["seller_id"],
        marketplaces=tuple(sheet["marketplaces"]),
        credentials={name: str(value) for name, value in sheet.items() if name not in _NOT_SECRETS},
    )
    build = platform(connection.platform).build
    token = build(connection, None).refresh_token()
    kept = dict(connection.credentials)
    if token.refresh_token:
        kept["refresh_token"] = token.refresh_token
    return build(replace(connection, access_token=token.token, credentials=kept), None)


def again(adapter: Adapter) -> Adapter:
    """Return the same seller's adapter with a newer token; refresh tokens may be good for one use."""
    token = adapter.refresh_token()
    one = adapter.connection
    kept = dict(one.credentials) | ({"refresh_token": token.refresh_token} if token.refresh_token else {})
    build = platform(one.platform).build
    return build(replace(one, access_token=token.token, credentials=kept), None)


def every_document(
    adapter: Adapter, *, since: datetime, until: datetime, most: int = 2000
) -> list[IncomingDocument]:
    """Fetch page after page."""
    found: list[IncomingDocument] = []
    token = ""
    for _ in range(most):
        page = adapter.fetch_statements(created_from=since, created_to=until, page_token=token)
        found += page.items
        token = page.next_token
        if not token:
            return found
    raise AssertionError("the list does not end")


@dataclass
class Read:
    """One settlement as its document states it."""

    source: Source
    statement: Statement | None = None
    lines: list[MoneyLine] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))


def source_of(document: IncomingDocument) -> Source:
    """Return the source that recognizes a document among those of all platforms; exactly one may."""
    head = document.content.read(64 * 1024)
    document.content.seek(0)
    sample = Sample(name=document.name, head=head, size=len(head))
    known = [
        source
        for key in sorted(set(PLATFORM_OF.values()))
        for source in import_module(f"channels.platforms.{key}.settlements").SOURCES
    ]
    found = [source for source in known if source.recognizes(sample)]
    assert [source.key for source in found] == [document.source], (document.name, found)
    one: Source = found[0]
    return one


def read(document: IncomingDocument, *, currency: str = "", zone: str = "UTC") -> dict[str, Read]:
    """Read one document with its source, settlement by settlement."""
    source = source_of(document)
    content: BinaryIO = document.content
    reading = Reading(name=document.name, account="test", time_zone=zone, currency=currency)
    found: dict[str, Read] = defaultdict(lambda: Read(source))
    for value in source.read(content, reading):
        one = found[value.settlement_id]
        if isinstance(value, Statement):
            one.statement = value
        else:
            one.lines.append(value)
    return dict(found)


def rule_of(source: Source, types: tuple[str, str, str]) -> bool:
    """Say whether a source knows a type of line."""
    return any(
        all(wanted in ("*", said) for wanted, said in zip(rule.types, types, strict=True))
        for rule in source.rules
    )


def statements(sandbox: Sandbox, seller: str, *, rows: bool = True) -> list[dict[str, Any]]:
    """Return the market's own view of a seller's statements, newest first."""
    answer = requests.get(
        f"{sandbox.url}/_control/money", params={"seller": seller, "rows": "1" if rows else "0"}, timeout=60
    )
    assert answer.status_code == 200, answer.text
    return list(answer.json()["statements"])


def injected(sandbox: Sandbox, seller: str) -> list[dict[str, Any]]:
    """Return what oddities brought a seller: ``oddity``, ``statement``, ``currency`` and its ``rows``."""
    answer = requests.get(f"{sandbox.url}/_control/money", params={"seller": seller}, timeout=60)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["injected"])


def switch(sandbox: Sandbox, seller: str, *oddities: str, **more: object) -> None:
    """Switch oddities on for a seller's next statements."""
    answer = requests.post(
        f"{sandbox.url}/_control/money",
        json={"seller": seller, "oddities": list(oddities), **more},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text


def quiet(sandbox: Sandbox) -> None:
    """Let no oddity come by itself."""
    switch(sandbox, "busy", by_themselves=False)


def lived(sandbox: Sandbox, *sellers: str, days: int = 30, orders: float = 4, plain: bool = False) -> None:
    """Let a small market live some weeks up to ``START``; what merchants had to ship left in the middle.

    ``plain`` lets no oddity come by itself.
    """
    rates = dict.fromkeys(PLATFORM_OF, 0.0) | dict.fromkeys(sellers, orders)
    birth = START - timedelta(days=days)
    sandbox.reset(history_days=1, at=birth, orders_per_day=rates)
    if plain:
        quiet(sandbox)
    sandbox.set_clock(birth + timedelta(days=days / 2))
    for seller in sellers:
        ship(sandbox, seller)
    sandbox.set_clock(START)


def ship(sandbox: Sandbox, seller: str) -> None:
    """Let everything that waits at a seller's leave."""
    for order in sandbox.state(seller, limit=1000)["orders"]:
        if order["status"] == "unshipped" and not order["by_platform"]:
            sandbox.act(order["id"], "ship_elsewhere")
