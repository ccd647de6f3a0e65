"""One damaged row: wherever a document or its payout states a total, a named check turns red.

Every source that states a total brings documents of a dozen rows, whose bytes are damaged one row at a time:
removed, put in once more under another id, its amount or its currency changed. Red is a document that is
staged or refused for a reason, a law of the ledger that names it, or the period's check for unclassified
money. A total that is a closing balance is seen against the statements before and after.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from finance.accounting import books
from finance.closing import period_checks
from finance.laws import LAWS
from finance.models import Book, MoneyAccount, SettlementFile
from finance.sources import registry
from finance.statements import importing, remembering
from finance.statements.summaries import Summary
from tests.finance.holding import account_for
from tests.finance.making import make_rate
from tests.finance.mutable_sheets import DOCUMENTS, LAYOUT
from tests.inventory.making import make_entity

pytestmark = pytest.mark.django_db
AT = datetime(2026, 7, 2, 12, tzinfo=UTC)
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

# A document that waits for a rate or a payout is not yet found to be wrong.
_NO_FINDING = frozenset({"rate_missing"})


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
        assert {one.state for one in _take(account, content, tmp_path)} == {State.POSTED}
    with _undone():
        usual = _red(account, document.content(), tmp_path)
        assert usual <= {"suspense"}, "nothing was damaged"
    unseen = []
    for _ in range(ROWS_OF_EACH):
        what, content = document.mutated(chance)
        with _undone():
            if not _red(account, content, tmp_path) - usual:
                unseen.append(what)
    assert not unseen


@contextmanager
def _undone() -> Iterator[None]:
    """Take everything back that happens inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _take(account: MoneyAccount, content: bytes, folder: Path) -> list[Summary]:
    path = folder / "document"
    path.write_bytes(content)
    return importing.take_in(account=account, path=path, at=AT)


def _red(account: MoneyAccount, content: bytes, folder: Path) -> set[str]:
    """The names of the checks that a document turns red."""
    said = _take(account, content, folder)
    found = {
        f"{one.state}: {one.reason}"
        for one in said
        if one.state in (State.STAGED, State.REFUSED) and one.reason not in _NO_FINDING
    }
    if found:
        return found
    with connection.cursor() as cursor:
        for law in LAWS:
            cursor.execute(law.violations)
            if cursor.fetchone() is not None:
                found.add(law.id)
    checks = period_checks.look(book=account.book, through=date(2026, 7, 31))
    return found | {check.key for check in checks if check.key == "suspense" and check.count}
