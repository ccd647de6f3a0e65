"""Two hundred damaged rows of what the market issued: each turns a named check red."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from random import Random

import pytest
from pytest_django import Settings

from finance.accounting import books
from finance.models import MoneyAccount, SettlementFile
from tests.finance.damaging import AT, red, take, undone
from tests.finance.holding import account_for
from tests.finance.mutable_documents import ADDED, AMOUNT, CURRENCY, REMOVED
from tests.finance.mutable_market import cut, issued
from tests.finance.world import rates
from tests.inventory.making import make_entity
from tests.sandbox_fixture import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
SOURCES = {"amazon_settlement_v2": 65, "ebay_finances": 50, "shopify_payouts": 50, "shopee_wallet": 35}
"""Whose rows are damaged, and how many."""
MOST = 30
"""Rows of the longest document that is taken."""


def test_a_damaged_row_of_the_markets_statements_turns_a_named_check_red(
    sandbox: Sandbox, settings: Settings, tmp_path: Path
) -> None:
    settings.ECOMHUB_FILES_DIR = str(tmp_path / "kept")
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    sandbox.faults_off()
    contents = issued(sandbox)
    rates.published()
    company = make_entity()
    books.open_book(
        legal_entity=company, opens_on=date(2025, 6, 1), at=AT, currency="USD", rate_days=92,
        allows_cross_rates=True,
    )  # fmt: skip
    chance = Random("two hundred rows")
    tried: Counter[str] = Counter()
    unseen = []
    for source, count in SOURCES.items():
        account = account_for(source, legal_entity=company, at=AT)
        for before, content, after, times in _chosen(source, contents[source], count, chance):
            document = cut(source, content)
            with undone():
                for other in (*before, *after):
                    assert {one.state for one in take(account, other, tmp_path)} == {
                        SettlementFile.State.POSTED
                    }
                usual = _usual(account, content, tmp_path)
                for _ in range(times):
                    what, damaged = document.mutated(chance)
                    tried[what.split()[0]] += 1
                    with undone():
                        if not red(account, damaged, tmp_path) - usual:
                            unseen.append(f"{source} {what}")
    assert not unseen
    assert tried.total() == sum(SOURCES.values()) == 200
    assert set(tried) == {REMOVED, ADDED, AMOUNT, CURRENCY}


def _chosen(
    source: str, contents: list[bytes], count: int, chance: Random
) -> list[tuple[list[bytes], bytes, list[bytes], int]]:
    """Documents with how many of their rows are to be damaged, and what has to be there beside them.

    A wallet's statement has no total but its balances: those before and after it hold them.
    """
    if source == "shopee_wallet":
        places = range(1, len(contents) - 1)
        found = [(contents[:place], contents[place], contents[place + 1 :]) for place in places]
    else:
        some = [one for one in contents if len(cut(source, one).rows) <= MOST and cut(source, one).has_money]
        found = [([], one, []) for one in chance.sample(some, min(8, len(some)))]
    share = Counter(chance.randrange(len(found)) for _ in range(count))
    return [(*found[place], times) for place, times in sorted(share.items())]


def _usual(account: MoneyAccount, content: bytes, folder: Path) -> set[str]:
    """What is red about the document as it was issued: nothing but types nobody knows."""
    with undone():
        found = red(account, content, folder)
    assert all(name.startswith("suspense") for name in found), found
    return found
