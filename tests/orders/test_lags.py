"""How quickly each shop's orders came is told per shop, and only of orders somebody waited for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.models import ChannelAccount, Shop
from ecomhub.access import Actor, Role
from orders.lag_queries import shop_lags
from tests.orders.factory import AT, incoming, line, make_goods, taken

pytestmark = pytest.mark.django_db(transaction=True)

ANNA = Actor(name="anna", role=Role.OPERATIONS)


def test_each_shop_says_how_long_its_new_orders_took() -> None:
    goods = make_goods({"mug": 100})
    ChannelAccount.objects.update(switched_on_at=AT - timedelta(hours=5))
    for number, minutes in enumerate((1, 2, 30), start=1):
        paid = AT - timedelta(minutes=minutes)
        taken(goods.account, incoming(number, line(), placed_at=paid, paid_at=paid))
    old = AT - timedelta(hours=6)
    taken(goods.account, incoming(9, line(), placed_at=old, paid_at=old))
    rows = {row.shop.pk: row for row in shop_lags(actor=ANNA, at=AT)}
    shop = Shop.objects.get(orders__external_id=incoming(1).external_id)
    mine = rows.pop(shop.pk)
    assert (mine.orders, mine.p50_s, mine.last_at) == (3, 120.0, AT)
    assert mine.p95_s is not None
    assert 120 < mine.p95_s < 1800
    assert {row.orders for row in rows.values()} <= {0}


def test_somebody_limited_to_shops_sees_theirs() -> None:
    make_goods({"mug": 1})
    assert shop_lags(actor=Actor(name="bo", role=Role.OPERATIONS, shop_ids=frozenset()), at=AT) == []
