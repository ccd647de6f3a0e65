"""What the page of orders costs, and that it never counts further than it says."""

from __future__ import annotations

from copy import copy

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ecomhub.access import SYSTEM
from orders import queries
from orders.models import Order
from orders.queries import COUNT_CAP, OrderFilter
from tests.api.calling import make_person
from tests.logistics.making import make_goods, ready

pytestmark = pytest.mark.django_db(transaction=True)


def many(pattern: Order, count: int, *, begin: int = 0) -> None:
    """So many more orders like one, without lines."""
    rows = []
    for number in range(begin, begin + count):
        row = copy(pattern)
        row.pk, row._state = None, copy(pattern._state)
        row._state.adding = True
        row.external_id = f"many-{number}"
        rows.append(row)
    Order.objects.bulk_create(rows, batch_size=2000)


def test_page_of_orders_takes_six_statements_besides_session_and_person(client: Client) -> None:
    """However many rows it shows; those of who asks are counted too, and are two."""
    goods = make_goods({"mug": 9})
    pattern = ready(goods)
    client.force_login(make_person())
    client.get("/orders/")
    counted = []
    for begin in (0, 100):
        many(pattern, 100, begin=begin)
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/orders/").status_code == 200
        counted.append([each["sql"] for each in seen])
    assert len(counted[0]) == len(counted[1])
    who = [sql for sql in counted[1] if "django_session" in sql or 'FROM "ecomhub_user"' in sql]
    assert len(who) == 2
    assert len(counted[1]) - len(who) <= 6, "\n".join(counted[1])


def test_list_is_counted_up_to_ten_thousand_and_one(client: Client) -> None:
    """Ten thousand are named exactly; of more, nobody counts how many."""
    pattern = ready(make_goods({"mug": 9}))
    shop = pattern.shop
    wanted = OrderFilter(tab="all", shop_ids=(shop.pk,))
    client.force_login(make_person())
    page = f"/orders/?tab=all&shop={shop.pk}"
    many(pattern, COUNT_CAP - 2)
    assert queries.counted(orders=queries.found(actor=SYSTEM, wanted=wanted)) == 10_000
    assert "10,000+" not in client.get(page).content.decode()
    many(pattern, 50, begin=COUNT_CAP)
    with CaptureQueriesContext(connection) as seen:
        assert queries.counted(orders=queries.found(actor=SYSTEM, wanted=wanted)) == COUNT_CAP == 10_001
        text = client.get(page).content.decode()
    assert "10,000+" in text
    unlimited = [
        each["sql"]
        for each in seen
        if "COUNT(" in each["sql"].upper()
        and "orders_order" in each["sql"]
        and "LIMIT 10001" not in each["sql"]
    ]
    assert unlimited == []
