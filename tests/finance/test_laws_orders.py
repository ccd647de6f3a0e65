"""Each law of orders' money holds over real work, and is named when raw SQL breaks it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from psycopg2.extensions import cursor as Cursor

from channels.models import ChannelAccount
from channels.settlement_messages import Holder
from ecomhub import verifying
from finance.models import MoneyAccount, MoneyException, Settlement
from finance.reconciliation.order_laws import LAWS
from finance.statements import money_accounts
from tests.finance.making import make_rate
from tests.finance.selling import publish, sell, state, turn
from tests.finance.settling import AT, take
from tests.finance.test_reconciling import arrive
from tests.finance.v2 import V2, Row, fee, price
from tests.orders import factory
from tests.orders.factory import line

pytestmark = pytest.mark.django_db(transaction=True)
_LEGS = """
INSERT INTO finance_posting (journal_id, account_id, currency, amount, base_amount, rate_id, component,
    shop_id, order_id, settlement_id, payout_id, money_account_id, sku_id, line_id, turn)
SELECT journal_id, account_id, currency, {sign} * amount, {sign} * base_amount, rate_id, component, {shop},
       order_id, settlement_id, payout_id, money_account_id, sku_id, NULL, 0
  FROM finance_posting WHERE {where} ORDER BY id LIMIT 1
"""
_OFF, _ON = (f"ALTER TABLE finance_posting {way} TRIGGER USER" for way in ("DISABLE", "ENABLE"))
BREAKS = {
    "I11": ["UPDATE finance_expecteditem SET amount = amount + 1"],
    "I14": [
        _OFF,
        _LEGS.format(sign=1, shop="shop_id", where="account_id = '5200' AND order_id IS NOT NULL"),
        _ON,
    ],
    "I15": ["DELETE FROM finance_moneyexception"],
    "I16": ["UPDATE finance_settlement SET closing = closing + 1 WHERE closing IS NOT NULL"],
    "I19.shares": ["UPDATE finance_stockuse SET amount = amount + 0.01"],
    "I20": ['UPDATE finance_stocklayer SET left_base = left_base + 1 WHERE "left" > 0'],
    "I21": [
        _OFF,
        _LEGS.format(sign=1, shop="NULL", where="account_id = '4000' AND order_id IS NOT NULL"),
        _ON,
    ],
}


@pytest.fixture
def busy(account: MoneyAccount, shop: ChannelAccount, tmp_path: Path) -> None:
    """An order settled, one given back more than it was sold for, stock, and a wallet."""
    make_rate("CNY", "USD", "0.14", on=date(2026, 3, 1))
    publish()
    factory.make_goods({"mug": 50}, account=shop)
    settled = sell(shop, 1, line(tax=Decimal(0)))
    sell(shop, 2, line(tax=Decimal(0)))
    rows = [
        price("12.50"), fee("-2.00"), price("12.50", order="902-0000002"), fee("-1.88", order="902-0000002"),
        Row("-20.00", kind="Refund", order="902-0000002"),
    ]  # fmt: skip
    take(account, V2(rows).write(tmp_path))
    wallet = money_accounts.create(
        name="PingPong", holder=Holder.WALLET, provider="pingpong", at=AT, zone="UTC",
        legal_entity=account.book.legal_entity,
    )  # fmt: skip
    arrive(wallet, tmp_path, "1.12")
    Settlement.objects.filter(account=wallet).update(opening=Decimal(0), closing=Decimal("1.12"))
    turn(datetime(2026, 3, 25, tzinfo=UTC))
    assert state(settled) == "settled"


def test_a_part_that_is_given_back_beyond_its_sale_is_listed_though_the_whole_is_not(
    account: MoneyAccount, shop: ChannelAccount, tmp_path: Path, owner: Cursor
) -> None:
    """Shipping given back twice over is hidden in the goods' price; only the part tells."""
    factory.make_goods({"mug": 50}, account=shop)
    sell(shop, 1, line(tax=Decimal(0)))
    rows = [
        price("12.50"), Row("4.00", what="Shipping"),
        Row("-6.50", kind="Refund", what="Shipping", day=7),
        Row("-1.00", kind="Refund", what="Goodwill", day=7),
    ]  # fmt: skip
    take(account, V2(rows).write(tmp_path))
    turn(datetime(2026, 3, 25, tzinfo=UTC))
    listed = MoneyException.objects.filter(kind="refund_above_sales")
    assert list(listed.values_list("component", "amount")) == [("4010", Decimal("2.50"))]
    assert "I15" not in verifying.verify(laws=LAWS).broken
    owner.execute("UPDATE finance_moneyexception SET component = '4000' WHERE component = '4010'")
    (law,) = [law for law in verifying.verify(laws=LAWS).laws if law.violations]
    assert (law.id, law.examples) == ("I15", ["902-0000001, USD, 4010, 4.0000, 6.5000"])


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE finance_stocklayer SET left_amount = left_amount + 0.01, left_base = left_base + 0.01 "
        'WHERE "left" > 0',
        'UPDATE finance_stocklayer SET quantity = quantity + 1 WHERE "left" > 0',
        "UPDATE finance_stockuse SET base_amount = base_amount - 0.01",
        "UPDATE finance_stockuse SET quantity = quantity + 1",
        "DELETE FROM finance_stockuse WHERE id = (SELECT max(id) FROM finance_stockuse)",
        "INSERT INTO finance_stockuse (movement_id, layer_id, demand, order_id, account_id, quantity, "
        "currency, amount, base_amount) SELECT movement_id, layer_id, demand, order_id, account_id, "
        "-quantity, currency, -amount + 0.01, -base_amount FROM finance_stockuse LIMIT 1",
    ],
)
def test_shares_that_do_not_add_up_are_named(change: str, owner: Cursor) -> None:
    owner.execute(change)
    assert "I19.shares" in verifying.verify(laws=LAWS).broken


def test_every_law_has_a_way_to_break_it_here() -> None:
    assert set(BREAKS) == {law.id for law in LAWS}


@pytest.mark.usefixtures("busy")
def test_every_law_holds_and_has_looked_at_something() -> None:
    verdict = verifying.verify(laws=LAWS)
    assert [(law.id, law.examples) for law in verdict.laws if law.violations] == []
    assert {law.id for law in verdict.laws if not law.checked} == set()


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("law_id", sorted(BREAKS))
def test_a_broken_law_is_named(law_id: str, owner: Cursor) -> None:
    assert verifying.verify(laws=LAWS).ok
    for statement in BREAKS[law_id]:
        owner.execute(statement)
    assert law_id in verifying.verify(laws=LAWS).broken
