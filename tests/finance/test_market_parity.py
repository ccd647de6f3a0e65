"""The demo's books take rates as a user does: the market's central parity, imported from its sheet."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from channels.sandbox import money_parity
from channels.sandbox.app import make_market
from channels.sandbox.places import CNY_PER_MILLION
from channels.sandbox.wire import Call
from finance.accounting import fx, rates
from tests.finance.making import make_book

pytestmark = pytest.mark.django_db(transaction=True)
BORN = datetime(2026, 8, 24, tzinfo=UTC)


def test_a_yuan_book_has_a_rate_for_every_currency_and_month_of_the_demo() -> None:
    market = make_market(directory=None, seed=1, at=BORN, history_days=1)
    answer = money_parity.ROUTES[0].handler(cast(Call, SimpleNamespace(world=market.world)))
    body = answer.body
    assert isinstance(body, bytes)
    taken = rates.import_rates(data=body, name="central-parity.csv", source="pboc")
    assert taken.new == taken.rates > 0
    book = make_book(rate_source="pboc", rate_policy="month_first")
    for currency in set(CNY_PER_MILLION) - {"CNY"}:
        for days in range(-30, 150, 10):
            day = (BORN + timedelta(days=days)).date()
            rate = fx.rate_for(book=book, currency=currency, day=day)
            price = rate.multiply / rate.divide * 1_000_000
            assert abs(price / CNY_PER_MILLION[currency] - 1) <= 0.011, (currency, day)
            assert rate.on == day.replace(day=1)
    closing = fx.rates_for(book=book, wanted=[("USD", date(2026, 11, 30))], policy="day")
    assert closing["USD", date(2026, 11, 30)].on == date(2026, 11, 30)
