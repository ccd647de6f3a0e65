"""Opening orders 期初订单: money of orders from before the go-live is listed; the list is account 1106."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client

from channels.models import ChannelAccount
from ecomhub.access import Role
from finance.accounting.opening import Opening, open_balance
from finance.models import MoneyAccount
from finance.reconciliation import opening_queries
from orders.models import Order
from tests.browser.looking import logged_in, person, statements
from tests.finance.settling import balances, take
from tests.finance.v2 import V2, price
from tests.orders import factory

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/finance/reconcile/opening/"


@pytest.fixture
def client(transactional_db: None) -> Client:
    """Mei, the owner."""
    return logged_in(person())


@pytest.fixture
def old(account: MoneyAccount, shop: ChannelAccount, tmp_path: Path) -> Order:
    """An order of before the go-live with money after it, one nobody knows, and one of today."""
    factory.make_goods({"mug": 10}, account=shop)
    order = factory.taken(shop, factory.incoming(1, placed_at=datetime(2026, 1, 15, tzinfo=UTC)))
    rows = [price("10.00"), price("7.00", order="902-0000999")]
    take(account, V2(rows).write(tmp_path))
    early = V2([price("5.00", order="902-0000777", day=20)], number="8999", month=1, first=16)
    take(account, early.write(tmp_path))
    return order


def test_lines_of_older_orders_are_listed_with_order_shop_day_amount_and_settlement(
    client: Client, old: Order
) -> None:
    assert PAGE in client.get("/finance/reconcile/").content.decode()
    page = client.get(PAGE)
    found = [
        (row.order_ref, row.order_id, row.shop, row.on.isoformat(), row.amount, row.settlement)
        for row in page.context["rows"]
    ]
    assert found == [
        ("902-0000777", None, old.shop.short_name, "2026-01-20", Decimal("-5.00"), "8999"),
        (old.external_id, old.pk, old.shop.short_name, "2026-03-05", Decimal("-10.00"), "9001"),
    ]
    (total,) = page.context["totals"]
    assert (total.rows, total.amount) == (2, balances()["1106"])
    assert "902-0000999" not in page.content.decode()


def test_what_the_book_opened_with_is_listed_beside_so_that_the_sum_is_the_account(
    client: Client, account: MoneyAccount, old: Order
) -> None:
    open_balance(book=account.book, opening=Opening("1106", "USD", Decimal("40.00")))
    page = client.get(PAGE)
    (total,) = page.context["totals"]
    assert total.amount == sum(row.amount for row in page.context["rows"]) == balances()["1106"]
    assert total.amount == Decimal("25.00")


def test_the_list_is_filtered_by_order_and_shop(client: Client, old: Order) -> None:
    (row,) = client.get(f"{PAGE}?q={old.external_id}").context["rows"]
    assert row.order_id == old.pk
    assert client.get(f"{PAGE}?q=%25").context["rows"] == []
    assert len(client.get(f"{PAGE}?shop={old.shop_id}").context["rows"]) == 2


def test_a_long_list_has_pages_both_ways(client: Client, old: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening_queries, "PAGE", 1)
    first = client.get(PAGE).context
    second = client.get(first["pager"].next_url).context
    assert [row.order_ref for row in (*first["rows"], *second["rows"])] == ["902-0000777", old.external_id]
    assert second["pager"].next_url is None
    again = client.get(second["pager"].previous_url).context
    assert [row.order_ref for row in again["rows"]] == ["902-0000777"]
    assert again["pager"].previous_url is None


def test_people_limited_to_shops_see_their_lines_only(old: Order) -> None:
    other = factory.make_account(name="Other seller").shops.get()
    mine = logged_in(person(username="half", role=Role.FINANCE, shop_ids=[old.shop_id]))
    theirs = logged_in(person(username="rest", role=Role.FINANCE, shop_ids=[other.pk]))
    assert len(mine.get(PAGE).context["rows"]) == 2
    assert theirs.get(PAGE).context["rows"] == []
    assert theirs.get(PAGE).context["totals"] == []
    assert logged_in(person(username="pia", role=Role.PICKER)).get(PAGE).status_code == 403


def test_the_list_costs_the_same_few_statements_however_long_it_is(client: Client, old: Order) -> None:
    assert statements(client, PAGE) == statements(client, f"{PAGE}?q={old.external_id}")
