"""One damaged row: wherever a document or its payout states a total, a named check turns red.

Every source that states a total brings documents of a dozen rows, whose bytes are damaged one row at a time:
removed, put in once more under another id, its amount or its currency changed. Red is a document that is
staged or refused for a reason, a law of the ledger that names it, or the period's check for unclassified
money. A total that is a closing balance is seen against the statements before and after.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random

import pytest
from pytest_django import Settings

from finance.accounting import books
from finance.models import Book, SettlementFile
from finance.sources import registry
from finance.statements import remembering
from tests.finance.damaging import AT, red, take, undone
from tests.finance.holding import account_for
from tests.finance.making import make_rate
from tests.finance.mutable_sheets import DOCUMENTS, LAYOUT
from tests.inventory.making import make_entity

pytestmark = pytest.mark.django_db
ROWS_OF_EACH = 12
State = SettlementFile.State

EXEMPT = {
    "amazon_date_range": "repeats settlements as evidence, and states no sum over its rows",
    "stripe_payouts": "lists a payout's rows without the payout's own amount",
    "lazada_statement": "lists fees one by one and states no sum",
    "tiktok_statement": "every row is an order's own sum, none over the rows",
    "aliexpress_statement": "every row is a release of its own, none sums them",
    "temu_statement": "lists movements without a balance or a sum",
    "mapped_shop": "a person's own columns of a shop's statement have no role for a sum",
}
"""Sources whose documents state no total, and why nothing can be held against their rows."""


@pytest.fixture
def book(db: None, settings: Settings, tmp_path: Path) -> Book:
    """A company whose books are in dollars and know what a pound costs."""
    settings.ECOMHUB_FILES_DIR = str(tmp_path / "kept")
    made = books.open_book(
        legal_entity=make_entity(), opens_on=date(2026, 1, 1), at=AT, currency="USD", rate_days=400
    )
    make_rate("GBP", "USD", "1.25", on=date(2026, 4, 1), source=made.rate_source)
    return made


def test_every_source_is_damaged_here_or_states_no_total() -> None:
    assert set(DOCUMENTS) | set(EXEMPT) == set(registry.sources())
    assert not set(DOCUMENTS) & set(EXEMPT)


@pytest.mark.parametrize("key", DOCUMENTS)
def test_a_damaged_row_turns_a_named_check_red(key: str, book: Book, tmp_path: Path) -> None:
    chance = Random(f"damage {key}")
    document = DOCUMENTS[key](chance)
    account = account_for(key, legal_entity=book.legal_entity, at=AT)
    if key == "mapped":
        remembering.save(account=account, name="Sheet", layout=LAYOUT, at=AT, actor="system")
    for content in filter(None, (document.before, document.after)):
        assert {one.state for one in take(account, content, tmp_path)} == {State.POSTED}
    with undone():
        usual = red(account, document.content(), tmp_path)
        assert all(name.startswith("suspense") for name in usual), "nothing was damaged"
    unseen = []
    for _ in range(ROWS_OF_EACH):
        what, content = document.mutated(chance)
        with undone():
            if not red(account, content, tmp_path) - usual:
                unseen.append(what)
    assert not unseen
