"""Moving an account's go-live time back takes the orders since then into work."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.models import ChannelAccount
from ecomhub.verifying import verify
from orders import golive, sweeps
from orders.models import Order
from tests.inventory.making import level
from tests.orders.factory import AT, incoming, line, make_goods, take

pytestmark = pytest.mark.django_db(transaction=True)


def test_orders_since_the_new_time_are_worked_and_older_ones_are_not() -> None:
    goods = make_goods({"mug": 5})
    later = AT + timedelta(days=1)
    ChannelAccount.objects.update(go_live_at=later)
    goods.account.refresh_from_db()
    take(
        goods.account,
        incoming(1, line("mug", 2), placed_at=AT - timedelta(days=3)),
        incoming(2, line("mug", 2), placed_at=AT - timedelta(days=9)),
    )
    assert set(Order.objects.values_list("status", "is_before_go_live")) == {("ignored", True)}

    assert golive.reconsider(at=AT) == 0
    ChannelAccount.objects.update(go_live_at=AT - timedelta(days=5))
    assert golive.reconsider(at=AT) == 1
    sweeps.sweep(now=lambda: AT)
    sweeps.sweep(now=lambda: AT)

    since, before = Order.objects.order_by("-placed_at")
    assert (since.status, since.is_before_go_live) == ("label", False)
    assert (before.status, before.is_before_go_live) == ("ignored", True)
    assert level(goods.skus["mug"], goods.warehouse) == (5, 2)
    assert golive.reconsider(at=AT) == 0
    verdict = verify()
    assert verdict.ok, [law for law in verdict.laws if law.violations]
