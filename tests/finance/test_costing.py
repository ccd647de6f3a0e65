"""What goods cost: layers in the order of the stock ledger, in both methods, and back again."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from psycopg2.extensions import cursor as Cursor

from channels.models import ChannelAccount
from ecomhub import verifying
from finance.accounting import books
from finance.accounting.opening import Opening, OpeningRefused, open_balance
from finance.models import Book, Journal, MoneyAccount, Posting, StockChain, StockLayer, StockUse
from finance.reconciliation import costing
from finance.reconciliation.order_laws import LAWS
from inventory import ledger
from inventory.models import Sku, Warehouse
from tests.finance.making import OPENS, make_rate
from tests.finance.selling import SHIPPED_AT, earned, sell, turn
from tests.finance.settling import balances
from tests.inventory.making import AT, claim, make_entity, make_sku, make_warehouse, stock
from tests.orders import factory
from tests.orders.factory import line

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def book(transactional_db: None) -> Book:
    """The company's book, in yuan."""
    return books.open_book(legal_entity=make_entity(), opens_on=OPENS, at=AT, currency="CNY")


def go(sku: Sku, warehouse: Warehouse, quantity: int, number: int) -> None:
    """Units leave."""
    ledger.reserve(claims=[claim(sku, warehouse, quantity, number)], at=AT)
    ledger.ship(claims=[claim(sku, warehouse, quantity, number, "ship")], at=AT)


def value() -> None:
    """Value everything that is due."""
    while costing.value_due(at=AT):
        continue


def held() -> None:
    """Every law of orders holds."""
    assert verifying.verify(laws=LAWS).broken == []


def left() -> list[tuple[Decimal, Decimal]]:
    """What lies there: units and their value."""
    rows = StockLayer.objects.filter(left__gt=0).order_by("pk").values_list("left", "left_amount")
    return [(units.normalize(), amount) for units, amount in rows]


def test_first_in_goes_out_first(book: Book) -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 3, "1.00")
    stock(sku, warehouse, 3, "2.00")
    go(sku, warehouse, 4, 1)
    value()
    assert balances() == {"1200": Decimal("4.00"), "2010": Decimal("-9.00"), "5000": Decimal("5.00")}
    assert left() == [(Decimal(2), Decimal("4.00"))]
    held()


def test_the_moving_average_takes_from_everything(book: Book) -> None:
    book.cost_method = "average"
    book.save()
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 3, "1.00")
    stock(sku, warehouse, 3, "2.00")
    go(sku, warehouse, 4, 1)
    value()
    assert balances()["5000"] == Decimal("6.00")
    assert left() == [(Decimal(2), Decimal("3.00"))]
    go(sku, warehouse, 2, 2)
    value()
    assert left() == []
    assert "1200" not in balances()
    held()


def test_the_last_unit_takes_what_rounding_left(book: Book) -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 3, "0.3333")
    for number in (1, 2, 3):
        go(sku, warehouse, 1, number)
        value()
    assert "1200" not in balances()
    assert balances()["5000"] == Decimal("1.00")
    held()


def test_valuing_twice_changes_nothing(book: Book) -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 3)
    go(sku, warehouse, 1, 1)
    value()
    before = Posting.objects.count()
    value()
    StockChain.objects.update(version=0)
    value()
    assert Posting.objects.count() == before


def test_what_comes_back_returns_at_what_it_had_cost(book: Book) -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 1, "1.00")
    stock(sku, warehouse, 5, "9.00")
    go(sku, warehouse, 1, 1)
    ledger.take_back(claims=[claim(sku, warehouse, 1, 1, "return")], at=AT)
    value()
    assert "5000" not in balances()
    assert left() == [(Decimal(5), Decimal("45.00")), (Decimal(1), Decimal("1.00"))]
    held()


def test_what_was_lost_and_what_was_found_is_a_loss_and_a_gain(book: Book) -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 4, "2.50")
    for delta, number in ((-3, 1), (1, 2)):
        ledger.adjust(
            sku_id=sku.pk,
            warehouse_id=warehouse.pk,
            delta=delta,
            reason="counted",
            cause=f"count:{number}",
            at=AT,
        )
    value()
    assert balances()["5010"] == Decimal("5.00")
    assert balances()["1200"] == Decimal("5.00")
    held()


def test_goods_bought_abroad_keep_their_currency_and_the_rate_of_their_day(book: Book) -> None:
    make_rate("USD", "CNY", "7.00", on=date(2026, 3, 1))
    sku, warehouse = make_sku(), make_warehouse()
    ledger.receive(
        sku_id=sku.pk, warehouse_id=warehouse.pk, quantity=3, unit_cost=Decimal("1.10"), currency="USD",
        cause="purchase:1", at=AT,
    )  # fmt: skip
    go(sku, warehouse, 2, 1)
    value()
    cost = Posting.objects.get(account="5000")
    assert (cost.currency, cost.amount, cost.base_amount) == ("USD", Decimal("2.20"), Decimal("15.40"))
    held()


def test_a_receipt_without_a_rate_waits_and_what_follows_waits_with_it(book: Book) -> None:
    sku, warehouse = make_sku(), make_warehouse()
    ledger.receive(
        sku_id=sku.pk, warehouse_id=warehouse.pk, quantity=3, unit_cost=Decimal("1.10"), currency="USD",
        cause="purchase:1", at=AT,
    )  # fmt: skip
    go(sku, warehouse, 2, 1)
    value()
    assert StockChain.objects.get().reason == "rate_missing"
    assert not StockUse.objects.exists()
    make_rate("USD", "CNY", "7.00", on=date(2026, 3, 1))
    value()
    assert StockChain.objects.get().reason == ""
    assert StockUse.objects.get().amount == Decimal("2.20")
    held()


def test_opening_stock_is_an_opening_balance_and_no_debt(book: Book) -> None:
    sku, warehouse = make_sku(), make_warehouse()
    ledger.receive(
        sku_id=sku.pk, warehouse_id=warehouse.pk, quantity=2, unit_cost=Decimal("5"), currency="CNY",
        cause="sheet:abc:2", at=AT - timedelta(days=400),
    )  # fmt: skip
    value()
    assert balances() == {"1200": Decimal("10.00"), "3000": Decimal("-10.00")}
    assert Journal.objects.get().effective_on == OPENS


def test_an_order_costs_what_its_goods_took(shop: ChannelAccount, account: MoneyAccount) -> None:
    Book.objects.filter(pk=account.book_id).update(currency="CNY")
    make_rate("USD", "CNY", "7.00", on=date(2026, 3, 1))
    factory.make_goods({"mug": 10}, account=shop)
    order = sell(shop, 1, line(quantity=2))
    turn(SHIPPED_AT)
    assert earned(order)["5000"] == Decimal("-7.00")
    leg = Posting.objects.get(account="5000")
    assert (leg.order_id, leg.shop_id, leg.journal.kind) == (order.pk, order.shop_id, "cost")
    held()


_MOVED = """
INSERT INTO inventory_stockmovement (sku_id, warehouse_id, kind, on_hand_delta, reserved_delta, on_hand_after,
    reserved_after, demand, cause, actor, at, note)
VALUES (%s, %s, %s, %s, 0, %s, 0, '', 'transfer:1', 'x', %s, '')
"""
_LEVEL = """
UPDATE inventory_stocklevel SET on_hand = %s, version = version + 1 WHERE sku_id = %s AND warehouse_id = %s
"""


def test_goods_moved_between_warehouses_keep_their_value(book: Book, owner: Cursor) -> None:
    sku, here, there = make_sku(), make_warehouse(), make_warehouse()
    stock(sku, here, 4, "2.50")
    stock(sku, there, 1, "9.00")
    owner.execute(_MOVED, [sku.pk, here.pk, "transfer_out", -3, 1, AT])
    owner.execute(_MOVED, [sku.pk, there.pk, "transfer_in", 3, 4, AT])
    owner.execute(_LEVEL, [1, sku.pk, here.pk])
    owner.execute(_LEVEL, [4, sku.pk, there.pk])
    assert costing.value(sku_id=sku.pk, warehouse_id=there.pk, book=book)
    assert StockChain.objects.get(warehouse=there).reason == "transfer"
    value()
    value()
    assert StockChain.objects.get(warehouse=there).reason == ""
    assert balances()["1200"] == Decimal("19.00")
    assert "1210" not in balances()
    assert sorted(left()) == [
        (Decimal(1), Decimal("2.50")),
        (Decimal(1), Decimal("9.00")),
        (Decimal(3), Decimal("7.50")),
    ]
    held()


def test_stock_that_has_its_cost_opens_no_second_time(book: Book) -> None:
    stock(make_sku(), make_warehouse(), 3, "1.00")
    value()
    with pytest.raises(OpeningRefused, match="count them twice"):
        open_balance(book=book, opening=Opening("1200", "CNY", Decimal(3)))
    held()


def test_a_balance_of_stock_beside_units_with_a_cost_is_named(book: Book) -> None:
    said = Opening("1200", "CNY", Decimal(3))
    open_balance(book=book, opening=said)
    held()
    stock(make_sku(), make_warehouse(), 3, "1.00")
    value()
    assert verifying.verify(laws=LAWS).broken == ["I20"]
    assert not open_balance(book=book, opening=said).is_new
