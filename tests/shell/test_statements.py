"""Lists outside orders and products cost few statements too, however long they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from ecomhub import events
from ecomhub.access import SCOPES, SYSTEM, Role
from ecomhub.tokens import issue
from ecomhub.webhooks import endpoints
from ecomhub.webhooks.models import WebhookEndpoint
from tests.api.calling import make_person
from tests.browser.looking import logged_in, statements
from tests.logistics.making import line, make_goods, planned_one, send, telling
from tests.orders.factory import AT

pytestmark = pytest.mark.django_db(transaction=True)
MOST = 6


@pytest.fixture
def client() -> Client:
    """A person who may see everything."""
    return logged_in(make_person(Role.OWNER))


def flat(client: Client, paths: list[str], more: Callable[[int], None]) -> None:
    """Fail unless every page takes at most six statements, and as many when there is more to show."""
    more(1)
    before = {path: statements(client, path) for path in paths}
    more(5)
    after = {path: statements(client, path) for path in paths}
    assert max(after.values()) <= MOST, after
    assert before == after


def test_shipments_take_few_statements_whatever_their_number(client: Client) -> None:
    goods = make_goods({"mug": 500}, account=telling())

    def more(count: int) -> None:
        for _ in range(count):
            planned_one(goods, line("mug"), line("mug", 1, number=2))
            send(planned_one(goods, line("mug"))[1])

    views = ["planned", "awaiting", "dispatched", "stopped", "voided", "all"]
    flat(client, ["/shipments/", *(f"/shipments/?view={view}" for view in views)], more)


def test_webhooks_take_few_statements_whatever_their_number(client: Client) -> None:
    def more(count: int) -> None:
        for number in range(count):
            endpoints.subscribe(
                url=f"https://hook.example/{count}/{number}", wanted=["order"], actor=SYSTEM, at=AT
            )
        for number in range(count * 3):
            events.record(
                object_kind="order",
                object_id=count * 100 + number,
                kind="ship",
                at=AT + timedelta(days=number),
            )

    more(1)
    first = WebhookEndpoint.objects.order_by("pk")[0].pk
    flat(client, ["/webhooks/", f"/webhooks/{first}/", f"/webhooks/{first}/?view=waiting"], more)


def test_tokens_take_few_statements_whatever_their_number(client: Client) -> None:
    def more(count: int) -> None:
        for number in range(count):
            issue(user=make_person(), name=f"erp {number}", scopes=tuple(SCOPES))

    flat(client, ["/api-tokens/"], more)
