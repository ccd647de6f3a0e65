"""What orders and shops earn: three margins, expected beside paid, and nothing unallocated lost."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from channels.models import ChannelAccount
from finance.models import MoneyAccount
from finance.reconciliation.profit_queries import order_profits, shop_profits
from tests.finance.making import make_rate
from tests.finance.selling import SHIPPED_AT, publish, sell, turn
from tests.finance.settling import take
from tests.finance.v2 import V2, fee, other, price
from tests.orders import factory
from tests.orders.factory import line

pytestmark = pytest.mark.django_db(transaction=True)


def test_profit_is_an_estimate_until_the_money_is_explained(
    account: MoneyAccount, shop: ChannelAccount, tmp_path: Path
) -> None:
    make_rate("CNY", "USD", "0.14", on=date(2026, 3, 1))
    publish()
    factory.make_goods({"mug": 10}, account=shop)
    order = sell(shop, 1, line(tax=Decimal(0)))
    turn(SHIPPED_AT)
    estimate = order_profits(order_ids=[order.pk])[order.pk]
    assert not estimate.is_actual
    commission = estimate.components["5200"]
    assert (commission.base, commission.expected, commission.paid, commission.is_actual) == (
        Decimal("-1.88"), Decimal("-1.88"), None, False,
    )  # fmt: skip
    assert estimate.margins.net_sales == Decimal("12.50")
    assert estimate.margins.margin1 == Decimal("12.01")
    assert estimate.margins.margin2 == Decimal("10.13")

    take(account, V2([price("12.50"), fee("-2.03"), other("-39.99", "Subscription Fee")]).write(tmp_path))
    turn(datetime(2026, 3, 20, tzinfo=UTC))
    fact = order_profits(order_ids=[order.pk])[order.pk]
    assert fact.is_actual
    commission = fact.components["5200"]
    assert (commission.base, commission.expected, commission.paid, commission.is_actual) == (
        Decimal("-2.03"), Decimal("-1.88"), Decimal("-2.03"), True,
    )  # fmt: skip
    assert fact.margins.margin3 == Decimal("9.98")

    (whole,) = shop_profits(book=account.book, first=date(2026, 1, 1), last=date(2026, 12, 31))
    assert whole.shop_id == order.shop_id
    assert sum(whole.orders.values()) == fact.margins.margin3
    assert whole.unallocated == {"5220": Decimal("-39.99")}
    assert whole.profit == whole.margins.margin3 == Decimal("-30.01")


def test_an_order_without_money_has_a_profit_of_nothing(account: MoneyAccount) -> None:
    assert order_profits(order_ids=[404])[404].margins.margin3 == Decimal(0)
