"""The bank in that world: a person adds its accounts and imports each month's statements when it is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from channels.settlement_messages import Holder
from finance.models import MoneyAccount, Payout
from finance.reconciliation import matching_by_hand, open_money
from finance.statements import importing, money_accounts
from tests.finance.world.files import Kept
from tests.finance.world.market import BIRTH
from tests.inventory.making import make_entity
from tests.sandbox_fixture import START, Sandbox

NAME = "Harbor Bank"
HOLDERS = ("ebay", "empty")
"""A seller of the company's and the newcomer, who has accounts of its own."""


def open_account(name: str) -> MoneyAccount:
    """The account of a name, added as on the import page; a second time it is there."""
    held = MoneyAccount.objects.select_related("book", "channel").filter(name=name).first()
    return held or money_accounts.create(
        name=name, holder=Holder.BANK, provider=NAME, at=START, legal_entity=make_entity(), zone="UTC",
        live_on=BIRTH.date(),
    )  # fmt: skip


def open_accounts(documents: Iterable[Kept]) -> None:
    """The accounts documents of the bank are of."""
    for name in sorted({each.account for each in documents if each.account.startswith(NAME)}):
        open_account(name)


def take_in(market: Sandbox, *, since: datetime, until: datetime, folder: Path) -> None:
    """Download the months that were over after one instant and until another, and import them."""
    for first, last in _months():
        if since.date() <= last < until.date():
            for seller in HOLDERS:
                _take_in(market, seller, first=first, last=last, at=until, folder=folder)


def _take_in(market: Sandbox, seller: str, *, first: date, last: date, at: datetime, folder: Path) -> None:
    for account in _get(market, "bank.json", seller=seller).json()["accounts"]:
        if account["first"] > str(last):
            continue
        currency, number = account["currency"], account["number"]
        path = folder / f"bank-{number}-{first:%Y-%m}.xml"
        query = {"from": str(first), "to": str(last)}
        path.write_bytes(_get(market, f"{seller}/bank/{currency}.xml", **query).content)
        importing.take_in(account=open_account(f"{NAME} {number}"), path=path, at=at)


def match_the_rest() -> None:
    """Match by hand what no rule decided: where rates jump, a conversion is known by what it is called."""
    receipts = open_money.receipts(at=START)
    for payout in Payout.objects.filter(state=Payout.State.SENT, amount__gt=0).order_by("pk"):
        for receipt in receipts:
            if receipt.holder == "bank" and payout.reference and payout.reference in receipt.said.split():
                matching_by_hand.match(
                    payout_id=payout.pk, lines=[receipt.line_id], at=START, actor="person",
                    reason="The bank names the payout.",
                )  # fmt: skip


def _months() -> Iterator[tuple[date, date]]:
    """Every month the market lived in that is over, by first and last day."""
    first = BIRTH.date().replace(day=1)
    while first < START.date():
        after = (first + timedelta(days=31)).replace(day=1)
        yield first, after - timedelta(days=1)
        first = after


def ends() -> list[date]:
    """The last days of those months."""
    return [last for _first, last in _months() if last < START.date()]


def _get(market: Sandbox, path: str, **query: Any) -> requests.Response:
    answer = requests.get(f"{market.url}/seller-center/{path}", params=query, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer
