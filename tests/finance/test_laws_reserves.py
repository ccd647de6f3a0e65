"""What platforms keep back is what their documents state, single holds and whole reserves alike."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from psycopg2.extensions import cursor as Cursor

from channels.settlement_messages import LineKind
from ecomhub.verifying import LawResult, verify
from finance.accounting.opening import Opening, open_balance
from finance.accounting.plan import RESERVE
from finance.models import MoneyAccount, SettlementFile
from finance.sources import registry
from finance.statements.reserve_laws import LAWS
from orders.models import Order
from tests.finance.holding import account_for
from tests.finance.settling import AT, balances, take
from tests.finance.sources.shop_documents import SHOPIFY_CSV
from tests.finance.test_restating import chain
from tests.finance.v2 import V2, other, price

pytestmark = pytest.mark.django_db(transaction=True)
KEPT, BACK = "Current Reserve Amount", "Previous Reserve Amount Balance"
HEADINGS = SHOPIFY_CSV.splitlines()[0]


def law() -> LawResult:
    """I9 as it stands."""
    (result,) = verify(laws=LAWS).laws
    return result


def fortnight(number: int, *rows: object) -> V2:
    """The settlements of March and April, one behind the other."""
    return V2(
        [price("100.00"), *rows],  # type: ignore[list-item]
        number=str(number),
        month=3 + (number - 1) // 2,
        first=1 if number % 2 else 15,
    )


def shopify(tmp_path: Path, *rows: tuple[str, str]) -> Path:
    """A payout of Shopify's with movements of a reserve beside a sale."""
    total = sum((Decimal(amount) for _kind, amount in rows), Decimal(100))
    lines = [
        f"2026-03-03 10:11:12 -0400,{kind},,,paid,2026-03-05,7,{amount},0.00,{amount},,USD"
        for kind, amount in (("charge", "100.00"), *rows)
    ]
    paid = f"2026-03-05 10:11:12 -0400,payout,,,paid,2026-03-05,7,-{total},0.00,-{total},,USD"
    path = tmp_path / "shopify.csv"
    path.write_text("\n".join([HEADINGS, *lines, paid, ""]))
    return path


def test_every_type_that_moves_a_reserve_is_named_by_its_source() -> None:
    rules = [(one.key, rule) for one in registry.sources().values() for rule in one.rules]
    assert {key for key, rule in rules if rule.reserve} == {
        "amazon_settlement_v2", "amazon_settlement_flat", *(
            key for key, rule in rules if rule.reserve and registry.source(key).is_evidence
        ),
    }  # fmt: skip
    assert {key for key, rule in rules if rule.account == RESERVE} >= {
        "amazon_settlement_v2", "ebay_finances", "ebay_transaction_report", "shopify_payouts",
        "shopify_transactions_csv", "stripe_transactions", "paypal_activity", "mapped",
    }  # fmt: skip
    for key, rule in rules:
        assert rule.kind is LineKind.RESERVE or rule.reserve is None, (key, rule)
        assert rule.account == RESERVE or rule.reserve is None, (key, rule)


def test_a_chain_of_reserves_holds_in_whatever_order_it_comes(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    files = [
        fortnight(1, other("-30.00", KEPT)),
        fortnight(2, other("30.00", BACK, day=16), other("-12.00", KEPT, day=17)),
        fortnight(3, other("12.00", BACK), other("-7.00", KEPT)),
    ]
    for file in (files[2], files[0], files[1]):
        take(account, file.write(tmp_path))
        assert not law().violations
    assert balances(account="1115") == {"1115": Decimal("7.00")}
    assert law().checked == 3


def test_a_reserve_kept_before_the_first_document_needs_no_opening_and_may_have_one(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, fortnight(1, other("30.00", BACK), other("-12.00", KEPT)).write(tmp_path))
    assert not law().violations
    open_balance(book=account.book, opening=Opening("1115", "USD", Decimal("29.00"), money_account=account))
    assert law().examples == [f"{account.name}, USD, reserve, 11.0000, 12.0000"]


def test_an_opening_reserve_that_the_first_settlement_gives_back_holds(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    open_balance(book=account.book, opening=Opening("1115", "USD", Decimal("30.00"), money_account=account))
    assert not law().violations
    take(account, fortnight(1, other("30.00", BACK), other("-12.00", KEPT)).write(tmp_path))
    assert not law().violations


def test_a_missing_settlement_between_two_is_not_taken_for_a_lost_reserve(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, fortnight(1, other("-30.00", KEPT)).write(tmp_path))
    take(account, fortnight(3, other("8.00", BACK), other("-9.00", KEPT)).write(tmp_path))
    assert not law().violations


def test_two_marketplaces_of_an_account_keep_reserves_of_their_own(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    for number, kept in (("1", "-30.00"), ("1b", "-4.00")):
        rows = [price("100.00", item=number), other(kept, KEPT)]
        take(account, V2(rows, number=number).write(tmp_path))
    take(account, fortnight(2, other("4.00", BACK, day=16)).write(tmp_path))
    assert not law().violations
    take(account, V2([other("30.00", BACK, day=16)], number="2b", first=15).write(tmp_path))
    assert not law().violations
    assert balances(account="1115") == {}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE finance_posting SET account_id = '4900' WHERE account_id = '1115' AND amount > 0",
        "UPDATE finance_posting SET amount = amount - 1 WHERE account_id = '1115' AND amount > 0",
        "UPDATE finance_posting SET money_account_id = NULL WHERE account_id = '1115' AND amount > 0",
        "UPDATE finance_posting SET account_id = '1115' WHERE account_id = '5400'",
        "UPDATE finance_settlementline SET amount = 29 WHERE amount = 30",
        "DELETE FROM finance_posting WHERE line_id = "
        "(SELECT id FROM finance_settlementline WHERE amount = 30)",
    ],
)
def test_a_reserve_that_is_not_what_documents_state_is_named(
    account: MoneyAccount, order: Order, tmp_path: Path, owner: Cursor, change: str
) -> None:
    for file in chain():
        take(account, file.write(tmp_path))
    assert not law().violations
    owner.execute(change)
    assert law().violations


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE finance_posting SET amount = amount + 1 WHERE account_id = '1115' AND amount > 0",
        "UPDATE finance_posting SET account_id = '4900' WHERE account_id = '1115' AND amount < 0",
    ],
)
def test_single_holds_of_another_platform_are_held_to_its_documents(
    account: MoneyAccount, tmp_path: Path, owner: Cursor, change: str
) -> None:
    shop = account_for("shopify_transactions_csv", legal_entity=account.book.legal_entity, at=AT)
    moves = (("reserved_funds", "-20.00"), ("reserved_funds_withdrawal", "-5.00"), ("dispute", "-3.00"))
    path = shopify(tmp_path, *moves, ("reserved_funds_reversal", "20.00"))
    assert [one.state for one in take(shop, path)] == [SettlementFile.State.POSTED]
    assert balances(account="1115") == {"1115": Decimal("8.00")}
    assert not law().violations
    owner.execute(change)
    assert [one.split(", ")[:3] for one in law().examples] == [[shop.name, "USD", "reserve"]]
