"""Statements that the sandbox's market issued, cut into rows so that a test can damage one of them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

from tests.finance.mutable_answers import objects
from tests.finance.mutable_documents import Document, column
from tests.sandbox.money_calling import LAG, again, dial, every_document, ship
from tests.sandbox_fixture import START, Sandbox

WEEKS = 9
SELLERS = ("busy", "ebay", "shopify", "shopee")
_WEEK = timedelta(days=7)
_AMOUNT = rb'"amount": \{"%s": "%s", "%s": "%s"\}'


def issued(market: Sandbox) -> dict[str, list[bytes]]:
    """What some weeks of a small market brought, week by week, by source; each document once."""
    birth = START - (WEEKS - 1) * _WEEK
    rates = {each["name"]: 0.0 for each in market.sellers()} | dict.fromkeys(SELLERS, 2.5)
    market.reset(history_days=1, at=birth, orders_per_day=rates)
    adapters = {seller: dial(market, seller) for seller in SELLERS}
    found: dict[str, dict[bytes, None]] = {}
    for week in range(WEEKS):
        since = birth + week * _WEEK
        market.set_clock(since + _WEEK)
        for seller in SELLERS:
            ship(market, seller)
            adapters[seller] = again(adapters[seller])
            for document in every_document(adapters[seller], since=since, until=since + _WEEK - LAG):
                found.setdefault(document.source, {})[document.content.read()] = None
    held = {source: list(contents) for source, contents in found.items()}
    return held | {"shopee_wallet": _of_months(held["shopee_wallet"])}


def _of_months(contents: list[bytes]) -> list[bytes]:
    """The last document of each month: a month's wallet is told anew from its first day with every pull."""
    last: dict[str, bytes] = {}
    for content in contents:
        first = json.loads(content)["response"]["transaction_list"][0]
        last[f"{datetime.fromtimestamp(first['create_time'], UTC):%Y-%m}"] = content
    return list(last.values())


def cut(source: str, content: bytes) -> Document:
    """A document of one of the sources that are damaged here, as its rows."""
    return _v2(content) if source == "amazon_settlement_v2" else _answer(source, json.loads(content))


def _v2(content: bytes) -> Document:
    heading, summary, *rows = content.removesuffix(b"\r\n").split(b"\r\n")
    return Document(
        head=heading + b"\r\n" + summary + b"\r\n", rows=tuple(rows), tail=b"\r\n", join=b"\r\n",
        amounts=(column(14, b"\t"),), currency=column(5, b"\t"), identity=column(8, b"\t"),
        foreign=b"CAD" if summary.split(b"\t")[5] == b"GBP" else b"GBP",
    )  # fmt: skip


def _answer(source: str, answer: dict[str, object]) -> Document:
    foreign = b"CAD" if '"GBP"' in json.dumps(answer) else b"GBP"
    match source:
        case "ebay_finances":
            value = rb"([0-9.]+)"
            return objects(
                answer, ("transactions",), foreign=foreign,
                amounts=(re.compile(_AMOUNT % (b"value", value, b"currency", b"[A-Z]+")),),
                currency=re.compile(_AMOUNT % (b"value", b"[0-9.]+", b"currency", b"([A-Z]+)")),
                identity=re.compile(rb'"transactionId": "([^"]+)"'),
            )  # fmt: skip
        case "shopify_payouts":
            path = ("data", "shopifyPaymentsAccount", "balanceTransactions", "nodes")
            value = rb"(-?[0-9.]+)"
            return objects(
                answer, path, foreign=foreign,
                amounts=(re.compile(_AMOUNT % (b"amount", value, b"currencyCode", b"[A-Z]+")),
                         re.compile(rb'"fee": \{"amount": "(-?[0-9.]+)"')),
                currency=re.compile(_AMOUNT % (b"amount", b"-?[0-9.]+", b"currencyCode", b"([A-Z]+)")),
                identity=re.compile(rb'BalanceTransaction/([0-9]+)"'),
            )  # fmt: skip
        case _:
            return objects(
                answer, ("response", "transaction_list"),
                amounts=(re.compile(rb'"amount": "?(-?[0-9.]+)'),),
                identity=re.compile(rb'"transaction_id": ([0-9]+)'),
            )  # fmt: skip
