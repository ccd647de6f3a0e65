"""A seller with books, and the order most settlement rows speak of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from channels.models import ChannelAccount
from finance.models import MoneyAccount
from finance.statements import money_accounts
from orders.models import Order
from tests.finance.making import OPENS
from tests.finance.settling import AT
from tests.orders import factory


@pytest.fixture
def shop(transactional_db: None) -> ChannelAccount:
    """A seller in the USA whose books are in dollars."""
    account = factory.make_account(name="Busy seller", go_live_at=datetime(2026, 2, 1, tzinfo=UTC))
    book = money_accounts.of_channel(channel=account, at=AT).book
    book.currency, book.rate_source, book.rate_days = "USD", "ecb", 92
    book.opens_on = OPENS
    book.save()
    return account


@pytest.fixture
def account(shop: ChannelAccount) -> MoneyAccount:
    """Its money account."""
    return money_accounts.of_channel(channel=shop, at=AT)


@pytest.fixture
def order(shop: ChannelAccount) -> Order:
    """The order most rows speak of."""
    factory.make_goods({"mug": 10}, account=shop)
    return factory.taken(shop, factory.incoming(1))
