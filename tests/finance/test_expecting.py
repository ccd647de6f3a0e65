"""What a shipped order is expected to bring: by component, once per fact, at the published fees."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from channels.messages import FulfillmentMethod, OrderState
from channels.models import ChannelAccount
from ecomhub import verifying
from finance.models import ExpectedItem, Journal, MoneyAccount, OrderMoney, Posting
from finance.reconciliation.order_laws import LAWS
from finance.statements import money_accounts
from orders.models import Order
from tests.finance.making import make_rate
from tests.finance.selling import LATER, SHIPPED_AT, earned, owed, publish, sell, ship, turn
from tests.finance.settling import AT
from tests.orders import factory
from tests.orders.factory import incoming, line

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def goods(shop: ChannelAccount) -> None:
    """Enough of everything."""
    factory.make_goods({"mug": 50, "cup": 50}, account=shop)


def test_what_shipped_is_expected_by_component(
    account: MoneyAccount, shop: ChannelAccount, goods: None
) -> None:
    publish()
    order = sell(
        shop, 1,
        line(
            charge=Decimal("20.00"), discount=Decimal("2.00"), shipping=Decimal("4.00"), tax=Decimal("1.10")
        ),
    )  # fmt: skip
    turn(SHIPPED_AT)
    assert owed(order) == {
        "4000": Decimal("20.00"),
        "4010": Decimal("4.00"),
        "4200": Decimal("-2.00"),
        "2100": Decimal("1.10"),
        "5200": Decimal("-3.30"),
    }
    mine = earned(order)
    assert mine["4000"] == Decimal("20.00")
    assert mine["5200"] == Decimal("-3.30")
    journal = Journal.objects.get(kind="shipment")
    assert (journal.key, journal.effective_on) == (f"expected:order:{order.pk}:1", date(2026, 3, 3))


def test_a_second_turn_expects_nothing_twice(
    account: MoneyAccount, shop: ChannelAccount, goods: None
) -> None:
    order = sell(shop)
    turn(SHIPPED_AT)
    before = owed(order)
    OrderMoney.objects.update(is_due=True, checked_at=None)
    turn(LATER)
    assert owed(order) == before
    assert Journal.objects.filter(kind="shipment").count() == 1


def test_tax_the_marketplace_collects_is_not_ours(
    account: MoneyAccount, shop: ChannelAccount, goods: None
) -> None:
    order = sell(shop, 1, line(tax_collected_by_marketplace=True))
    turn(SHIPPED_AT)
    assert owed(order) == {"4000": Decimal("12.50")}


def test_parcels_that_leave_one_by_one_add_up(
    account: MoneyAccount, shop: ChannelAccount, goods: None
) -> None:
    lines = (line("mug", 3, charge=Decimal("10.00"), tax=Decimal(0)),)
    given = incoming(1, *lines)
    factory.take(shop, given)
    first = factory.again(
        given, minutes=60, state=OrderState.PARTLY_SHIPPED, platform_status="PART",
        lines=(line("mug", 3, charge=Decimal("10.00"), tax=Decimal(0), quantity_shipped=1),),
    )  # fmt: skip
    order = factory.taken(shop, first, at=SHIPPED_AT)
    turn(SHIPPED_AT)
    assert owed(order) == {"4000": Decimal("3.33")}
    order = ship(shop, given, at=SHIPPED_AT + timedelta(days=1))
    turn(LATER)
    assert owed(order) == {"4000": Decimal("10.00")}
    assert [row.key for row in Journal.objects.filter(kind="shipment").order_by("pk")] == [
        f"expected:order:{order.pk}:1",
        f"expected:order:{order.pk}:2",
    ]
    assert list(ExpectedItem.objects.order_by("pk").values_list("amount", flat=True)) == [
        Decimal("3.33"), Decimal("6.67"),
    ]  # fmt: skip


def test_orders_the_channel_ships_have_its_fees(
    account: MoneyAccount, shop: ChannelAccount, goods: None
) -> None:
    publish("FBAPerUnitFulfillmentFee", "0", account_id="5210", base="units", fixed=Decimal("3.86"))
    mine = sell(shop, 1, line(tax=Decimal(0)))
    theirs = sell(
        shop, 2, line(quantity=2, tax=Decimal(0), shipping=Decimal("5.00")),
        fulfillment_method=FulfillmentMethod.BY_CHANNEL,
    )  # fmt: skip
    turn(SHIPPED_AT)
    assert "5210" not in owed(mine)
    assert owed(theirs)["5210"] == Decimal("-12.72")


def test_orders_older_than_go_live_are_never_expected(
    account: MoneyAccount, shop: ChannelAccount, goods: None
) -> None:
    order = sell(shop, 1, placed_at=shop.go_live_at - timedelta(days=1))
    assert order.is_before_go_live
    turn(SHIPPED_AT)
    assert owed(order) == {}
    assert not OrderMoney.objects.exists()


def test_income_may_wait_until_the_order_is_completed(
    account: MoneyAccount, shop: ChannelAccount, goods: None
) -> None:
    book = account.book
    book.recognition = "delivered"
    book.save()
    given = incoming(1)
    factory.take(shop, given)
    order = ship(shop, given)
    turn(SHIPPED_AT)
    assert owed(order) == {}
    at = SHIPPED_AT + timedelta(days=5)
    ship(shop, given, at=at, state=OrderState.COMPLETED)
    turn(LATER)
    assert owed(order)["4000"] == Decimal("12.50")
    assert Journal.objects.get(kind="shipment").effective_on == at.date()


def stands(order: Order, account: str) -> Decimal:
    """What of an order's cost stands on an account, in base currency."""
    rows = Posting.objects.filter(order=order, account=account)
    worth: Decimal = rows.aggregate(sum=Sum("base_amount", default=Decimal(0)))["sum"]
    return worth


def test_goods_become_cost_when_their_sale_becomes_income(
    account: MoneyAccount, shop: ChannelAccount, goods: None
) -> None:
    make_rate("CNY", "USD", "0.14", on=date(2026, 3, 1))
    book = account.book
    book.recognition = "delivered"
    book.save()
    given = incoming(1)
    factory.take(shop, given)
    order = ship(shop, given)
    turn(SHIPPED_AT)
    sent = stands(order, "1230")
    assert sent > 0
    assert stands(order, "5000") == 0
    assert verifying.verify(laws=LAWS).ok
    at = SHIPPED_AT + timedelta(days=5)
    ship(shop, given, at=at, state=OrderState.COMPLETED)
    turn(LATER)
    turn(LATER)
    assert (stands(order, "1230"), stands(order, "5000")) == (Decimal(0), sent)
    cost = Journal.objects.get(key__startswith="delivered:")
    assert (cost.kind, cost.effective_on) == ("cost", at.date())
    assert verifying.verify(laws=LAWS).ok


def test_goods_are_cost_at_once_where_sales_are_income_at_shipment(
    account: MoneyAccount, shop: ChannelAccount, goods: None
) -> None:
    make_rate("CNY", "USD", "0.14", on=date(2026, 3, 1))
    order = sell(shop, 1)
    turn(SHIPPED_AT)
    assert stands(order, "1230") == 0
    assert stands(order, "5000") > 0


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2026, 3, 1), "-1.88"), (date(2026, 3, 4), "-1.25"), (date(2025, 1, 1), "-1.88")],
)
def test_the_fee_is_the_one_of_its_day(
    account: MoneyAccount, shop: ChannelAccount, goods: None, day: date, expected: str
) -> None:
    """The old fee ends on ``day``; where that is over before it shipped, the new one holds."""
    until = day if day > date(2026, 1, 1) else None
    publish("Commission", "10", valid_until=until)
    if until is None:
        publish("Commission", "15", valid_from=date(2026, 2, 1))
    else:
        publish("Commission", "15", valid_from=until)
    order = sell(shop)
    turn(SHIPPED_AT)
    assert owed(order)["5200"] == Decimal(expected)


def test_bands_minimum_and_category_decide_the_fee(
    account: MoneyAccount, shop: ChannelAccount, goods: None
) -> None:
    publish("Commission", "5", up_to=Decimal("10"), minimum=Decimal("0.30"))
    publish("Commission", "20", above=Decimal("10"))
    cheap = sell(shop, 1, line(charge=Decimal("2.00"), tax=Decimal(0)))
    dear = sell(shop, 2, line(charge=Decimal("30.00"), tax=Decimal(0)))
    turn(SHIPPED_AT)
    assert owed(cheap)["5200"] == Decimal("-0.30")
    assert owed(dear)["5200"] == Decimal("-6.00")


def test_without_a_rate_the_order_waits_and_is_expected_later(shop: ChannelAccount, goods: None) -> None:
    book = money_accounts.of_channel(channel=shop, at=AT).book
    book.currency, book.allows_cross_rates = "CNY", False
    book.save()
    order: Order = sell(shop)
    turn(SHIPPED_AT)
    assert OrderMoney.objects.get().reason == "rate_missing"
    make_rate("USD", "CNY", "7.10", on=date(2026, 3, 2))
    turn(LATER)
    assert owed(order)["4000"] == Decimal("12.50")
    assert OrderMoney.objects.get().reason == ""
