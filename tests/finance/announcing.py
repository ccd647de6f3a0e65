"""Answers of the Finances API in tests: transactions that are held back and come free."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from finance.models import MoneyAccount
from tests.finance.settling import take


def transaction(
    number: str,
    amount: str,
    *,
    order: str = "902-0000001",
    status: str = "RELEASED",
    at: str = "2026-03-05T08:14:22Z",
    until: str = "",
    releases: str = "",
    released_by: str = "",
    settlement: str = "",
    currency: str = "USD",
    kind: str = "Shipment",
) -> dict[str, Any]:
    """One transaction with its commission; ``until`` is when it is to come free."""
    related = {
        "ORDER_ID": order,
        "DEFERRED_TRANSACTION_ID": releases,
        "RELEASE_TRANSACTION_ID": released_by,
        "SETTLEMENT_ID": settlement,
        "SHIPMENT_ID": "S1",
    }
    cents = round(float(amount) * 100)
    parts = {"Sales": cents + 150, "Expenses": -150}

    def money(minor: int) -> dict[str, Any]:
        return {"currencyCode": currency, "currencyAmount": minor / 100}

    return {
        "transactionId": number,
        "transactionType": kind,
        "transactionStatus": status,
        "relatedIdentifiers": [
            {"relatedIdentifierName": name, "relatedIdentifierValue": value}
            for name, value in related.items()
            if value
        ],
        "postedDate": at,
        "totalAmount": money(cents),
        "contexts": [{"contextType": "DeferredContext", "deferralReason": "DD7", "maturityDate": until}]
        if until
        else [],
        "breakdowns": [
            {"breakdownType": name, "breakdownAmount": money(minor), "breakdowns": []}
            for name, minor in parts.items()
        ],
    }


def held_back(number: str, amount: str, **changes: Any) -> dict[str, Any]:
    """A transaction that comes free on the 14th of March."""
    return transaction(number, amount, status="DEFERRED", until="2026-03-14T08:00:00Z", **changes)


def release(number: str, amount: str, **changes: Any) -> dict[str, Any]:
    """What frees a transaction that was held back."""
    given: dict[str, Any] = {
        "at": "2026-03-14T08:00:00Z",
        "until": "2026-03-14T08:00:00Z",
        "releases": number,
    }
    return transaction(f"{number}R", amount, **{**given, **changes})


def tell(account: MoneyAccount, folder: Path, *found: dict[str, Any], name: str = "told.json") -> None:
    """Import an answer with these transactions."""
    path = folder / name
    path.write_text(json.dumps({"payload": {"transactions": list(found)}}))
    take(account, path)


def moment(text: str) -> datetime:
    """An instant."""
    return datetime.fromisoformat(text)


def numbers(rows: Sequence[Any]) -> list[str]:
    """The transactions' numbers."""
    return [row.reference for row in rows]
