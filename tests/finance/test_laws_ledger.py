"""Each law of the ledger, broken by raw SQL as the owner, is named."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from psycopg2.extensions import cursor as Cursor

from ecomhub.access import SYSTEM
from ecomhub.discovery import laws as found_laws
from ecomhub.verifying import verify
from finance import laws
from finance.accounting.ledger import post, reverse
from finance.accounting.ledger_laws import LAWS
from finance.accounting.opening import Opening, open_balance
from finance.closing.periods import close
from finance.models import MoneyAccount
from tests.finance.making import book_sale, leg, make_book, make_rate

pytestmark = pytest.mark.django_db(transaction=True)

JANUARY = date(2026, 1, 31)
NOW = datetime(2026, 4, 10, 9, tzinfo=UTC)
_WITHOUT_RULES = """
ALTER TABLE finance_journal DISABLE TRIGGER USER;
ALTER TABLE finance_posting DISABLE TRIGGER USER;
{}
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE finance_posting ENABLE TRIGGER USER;
ALTER TABLE finance_journal ENABLE TRIGGER USER;
"""
_JOURNAL = (
    "INSERT INTO finance_journal (book_id, effective_on, kind, key, memo, actor) "
    "SELECT id, {}, 'manual', '{}', '', 'x' FROM finance_book;"
)
_POSTINGS = (
    "INSERT INTO finance_posting (journal_id, account_id, currency, amount, base_amount, component, turn) "
    "SELECT max(id), l.* FROM finance_journal, (VALUES {}) l (a, c, m, b, k, t) "
    "GROUP BY l.a, l.c, l.m, l.b, l.k, l.t;"
)
_BOTH = "('1010', 'CNY', 1, 1, '', 0), ('4000', 'CNY', -1, -1, '', 0)"

BREAKS = {
    "I1": _WITHOUT_RULES.format(_JOURNAL.format("'2026-03-01'", "one leg")),
    "I2": _WITHOUT_RULES.format("UPDATE finance_posting SET amount = amount + 1 WHERE account_id = '1010';"),
    "I3": "ALTER TABLE finance_posting DISABLE TRIGGER posting_added",
    "I4": _WITHOUT_RULES.format(
        "UPDATE finance_posting SET amount = amount + sign(amount) * 0.001,"
        " base_amount = base_amount + sign(amount) * 0.001 WHERE currency = 'CNY';"
    ),
    "I5.keys": "ALTER TABLE finance_journal DROP CONSTRAINT journal_once;"
    "UPDATE finance_journal SET key = 'the same'",
    "I17": "UPDATE finance_posting SET base_amount = base_amount + 1 WHERE id = "
    "(SELECT max(id) FROM finance_posting WHERE account_id = '1800')",
    "I18": "UPDATE finance_fxrate SET \"on\" = '2026-03-29'",
    "I19": _WITHOUT_RULES.format(
        _JOURNAL.format("'2026-03-01'", "residual")
        + _POSTINGS.format("('1910', 'CNY', 9, 9, '', 0), ('4000', 'CNY', -9, -9, '', 0)")
    ),
    "I22": _WITHOUT_RULES.format(_JOURNAL.format("'2026-01-30'", "late") + _POSTINGS.format(_BOTH)),
    "I23": "UPDATE finance_posting SET base_amount = base_amount * 2 WHERE journal_id = "
    "(SELECT id FROM finance_journal WHERE reverses_id IS NOT NULL AND kind = 'reversal')",
    "I25": "UPDATE finance_ledgertally SET count = count + 1",
}
MENDS = {
    "I3": "ALTER TABLE finance_posting ENABLE TRIGGER posting_added",
    "I5.keys": "TRUNCATE finance_journal CASCADE;"
    "ALTER TABLE finance_journal ADD CONSTRAINT journal_once UNIQUE (book_id, key)",
}


def _live() -> None:
    """A small company: an opening wallet, a sale, a conversion, a reversal, and a closed January."""
    book = make_book()
    wallet = MoneyAccount.objects.create(
        name="Wallet", holder="wallet", provider="any", book=book, currency="USD"
    )
    rate = make_rate("USD", "CNY", "7.00", on=date(2026, 1, 1))
    make_rate("USD", "CNY", "7.20", on=JANUARY, version=2)
    open_balance(book=book, opening=Opening("1020", "USD", Decimal(100), money_account=wallet))
    sale = book_sale(book, on=JANUARY)
    reverse(journal_id=sale.journal_id, effective_on=date(2026, 2, 3), key="back")
    post(
        book=book,
        effective_on=date(2026, 2, 4),
        kind="wallet",
        key="conversion",
        legs=[
            leg("1020", "-100.00", "USD", base="-700.00", rate_id=rate.pk, money_account_id=wallet.pk),
            leg("1800", "100.00", "USD", base="700.00", rate_id=rate.pk),
            leg("1010", "715.00"),
            leg("1800", "-715.00"),
            leg("1800", "15.00"),
            leg("7120", "-15.00"),
        ],
    )
    close(book=book, through=JANUARY, at=NOW, actor=SYSTEM)


def test_the_house_offers_its_laws() -> None:
    assert {law.id for law in LAWS} <= {law.id for law in laws.LAWS} <= {law.id for law in found_laws()}
    assert len({law.id for law in laws.LAWS}) == len(laws.LAWS)


def test_every_law_has_a_break() -> None:
    assert {law.id for law in LAWS} == set(BREAKS)


@pytest.mark.parametrize("law", BREAKS)
def test_broken_law_is_named(law: str, owner: Cursor) -> None:
    _live()
    assert verify(laws=LAWS).broken == []
    try:
        owner.execute(f"BEGIN; {BREAKS[law]}; COMMIT")
        verdict = verify(laws=LAWS)
    finally:
        owner.execute(f"ROLLBACK; {MENDS.get(law, '')}")
    assert law in verdict.broken
    result = next(each for each in verdict.laws if each.id == law)
    assert result.examples
    assert result.checked or law == "I19"


def test_a_right_to_change_what_is_written_is_named(owner: Cursor) -> None:
    try:
        owner.execute("GRANT UPDATE ON finance_posting TO PUBLIC")
        assert verify(laws=LAWS).broken == ["I3"]
    finally:
        owner.execute("REVOKE UPDATE ON finance_posting FROM PUBLIC")
    assert verify(laws=LAWS).broken == []
