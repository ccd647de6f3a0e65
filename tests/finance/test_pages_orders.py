"""Reconciliation on the pages: three columns an order, the order's own page, the queue of exceptions."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client

from channels.models import ChannelAccount
from ecomhub.access import Role
from finance.models import MoneyAccount, MoneyException, Settlement
from orders.models import Order
from tests.browser.looking import logged_in, person, statements
from tests.finance.selling import sell, turn
from tests.finance.settling import take
from tests.finance.v2 import V2, fee, price
from tests.orders import factory
from tests.orders.factory import line

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(transactional_db: None) -> Client:
    """Mei, the owner."""
    return logged_in(person())


@pytest.fixture
def sold(account: MoneyAccount, shop: ChannelAccount) -> list[Order]:
    """Three shipped orders of 12.50 each."""
    factory.make_goods({"mug": 50}, account=shop)
    return [sell(shop, number, line(tax=Decimal(0))) for number in (1, 2, 3)]


@pytest.fixture
def short(account: MoneyAccount, sold: list[Order], tmp_path: Path) -> Order:
    """The first of them, paid short by 2.50."""
    rows = [price("10.00", order=sold[0].external_id), fee("-1.50", order=sold[0].external_id)]
    take(account, V2(rows).write(tmp_path))
    turn()
    return sold[0]


def test_orders_stand_in_three_columns(client: Client, short: Order, sold: list[Order]) -> None:
    rows = {
        row.pk: totals for row, _color, totals, *_rest in client.get("/finance/reconcile/").context["rows"]
    }
    [(total, word)] = rows[short.pk]
    assert (total.ours, total.settled, total.difference) == (
        Decimal("12.50"),
        Decimal("8.50"),
        Decimal("-4.00"),
    )
    assert word == "less came"
    [(untouched, _word)] = rows[sold[1].pk]
    assert (untouched.ours, untouched.settled) == (Decimal("12.50"), Decimal(0))
    found = client.get(f"/finance/reconcile/?q={short.external_id}").context["rows"]
    assert [row.pk for row, *_rest in found] == [short.pk]


def test_a_settlement_compares_its_orders(client: Client, short: Order) -> None:
    settlement = Settlement.objects.get()
    [(one, total, difference, word)] = client.get(f"/finance/settlements/{settlement.pk}/orders/").context[
        "rows"
    ]
    assert (one.ref, one.amount) == (short.external_id, Decimal("8.50"))
    assert (total.ours, difference, word) == (Decimal("12.50"), Decimal("-4.00"), "less came")


def test_the_page_of_an_order_says_what_it_earned(client: Client, short: Order) -> None:
    panel = client.get(f"/finance/orders/{short.pk}/panel/")
    parts = {part.component: (part.ours, part.settled) for part, _name, _word in panel.context["parts"]}
    assert parts["4000"] == (Decimal("12.50"), Decimal("10.00"))
    assert parts["5200"] == (Decimal(0), Decimal("-1.50"))
    assert len(panel.context["lines"]) == 2
    assert "earned" in client.get(f"/orders/{short.pk}/").content.decode()


def test_lists_of_orders_and_exceptions_cost_six_statements_at_most(client: Client, short: Order) -> None:
    for path in ("/finance/reconcile/", "/finance/exceptions/", f"/finance/orders/{short.pk}/panel/"):
        assert statements(client, path) <= 6, path


def test_exceptions_are_noted_and_accepted_in_bulk_with_a_reason(client: Client, short: Order) -> None:
    rows = list(MoneyException.objects.filter(state="open").order_by("pk"))
    assert rows
    page = client.get("/finance/exceptions/")
    assert {row.pk for row, *_rest in page.context["rows"]} == {row.pk for row in rows}
    assert (
        client.post(f"/finance/exceptions/{rows[0].pk}/note/", {"owner": "Fang", "text": "Asked"}).status_code
        == 204
    )
    assert "Asked" in client.get("/finance/exceptions/?owner=fang").content.decode()
    ids = [row.pk for row in rows]
    asked = client.get("/finance/exceptions/accept/", {"ids": ids})
    assert len(asked.context["chosen"]) == len(ids)
    refused = client.post("/finance/exceptions/accept/", {"ids": ids, "reason": " ", "save": "1"})
    assert refused.context["form"].errors
    done = client.post(
        "/finance/exceptions/accept/", {"ids": ids, "reason": "The platform's error", "save": "1"}
    )
    assert done.status_code == 204
    assert not MoneyException.objects.filter(state="open").exists()
    assert set(MoneyException.objects.values_list("closed_by", flat=True)) == {"mei"}
    assert "The platform&#x27;s error" in client.get("/finance/exceptions/?state=accepted").content.decode()


def test_people_limited_to_other_shops_see_no_exceptions_and_accept_none(short: Order) -> None:
    fang = logged_in(person(username="fang", role=Role.FINANCE, shop_ids=[short.shop_id + 1000]))
    ids = list(MoneyException.objects.filter(state="open").values_list("pk", flat=True))
    assert fang.get("/finance/exceptions/").context["rows"] == []
    assert fang.get("/finance/reconcile/").context["rows"] == []
    assert fang.post(f"/finance/exceptions/{ids[0]}/note/", {"owner": "x"}).status_code == 404
    fang.post("/finance/exceptions/accept/", {"ids": ids, "reason": "no", "save": "1"})
    assert MoneyException.objects.filter(state="open").count() == len(ids)
