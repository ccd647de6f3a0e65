"""Orders that pushes named, fetched one by one beside the polls, and buyers erased on demand."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from channels import documents, receiving, tokens
from channels.adapter import Capability, RetryLater
from channels.door_models import Erasure, OrderFetch
from channels.messages import IncomingBuyer
from channels.models import ChannelAccount, DataKey, Pull, RawDocument
from channels.registry import platform
from ecomhub import clock, events, work
from ecomhub.access import Role
from ecomhub.verifying import verify
from orders import buyers, erasing, fetching, pulling
from orders.laws import LAWS
from orders.models import Order, OrderBuyer
from tests.api.calling import Api, make_person
from tests.channels.bazaar import bazaar, connect
from tests.channels.making import pull_of
from tests.orders.factory import AT, incoming, line, take
from tests.platforms_fake.doors import push
from tests.platforms_fake.sandbox import Market
from tests.sandbox_fixture import START

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def market(settings: Settings) -> Iterator[Market]:
    with bazaar(settings) as opened:
        yield opened


@pytest.fixture
def account(market: Market) -> ChannelAccount:
    return connect(market, live=False)


def deliver(account: ChannelAccount, *ids: str, event: str = "e1", **said: Any) -> None:
    body, headers = push("let-me-in", event=event, at=clock.now(), ids=ids, **said)
    path = f"/hooks/fake/{account.push_id}"
    answer = Client().post(path, data=body, content_type="application/json", headers=headers)
    assert answer.status_code == 200


def fetch(account: ChannelAccount) -> int:
    OrderFetch.objects.update(due_at=work.ClockTimestamp())
    return fetching.fetch_pushed(account_id=account.pk, now=lambda: START)


def test_pushed_order_is_fetched_and_its_work_goes(account: ChannelAccount, market: Market) -> None:
    market.place("o1", at=int(START.timestamp()))
    deliver(account, "o1")
    assert fetching.due_accounts(limit=5) == [account.pk]
    assert fetch(account) == 1
    assert Order.objects.get().external_id == "o1"
    assert not OrderFetch.objects.exists()


def test_push_before_the_order_can_be_read_is_tried_again(account: ChannelAccount, market: Market) -> None:
    deliver(account, "o1")
    assert fetch(account) == 0
    assert OrderFetch.objects.get().errors == 1
    market.place("o1", at=int(START.timestamp()))
    assert fetch(account) == 1
    assert Order.objects.get().external_id == "o1"


def test_order_that_never_comes_is_given_up(account: ChannelAccount) -> None:
    deliver(account, "o1")
    for _try in range(fetching.TRIES):
        assert fetch(account) == 0
    assert not OrderFetch.objects.exists()


def test_poll_and_push_bring_one_order(account: ChannelAccount, market: Market) -> None:
    ids = [f"o{number}" for number in range(6)]
    for order_id in ids:
        market.place(order_id, at=int(START.timestamp()) - 60)
    deliver(account, *ids)
    work.ring(model=Pull, pks=[pull_of(account, "orders").pk])
    start = Barrier(2)

    def poll() -> None:
        start.wait()
        try:
            pulling.pull_orders(pull_id=pull_of(account, "orders").pk, now=lambda: START)
        finally:
            connection.close()

    def take_pushed() -> None:
        start.wait()
        try:
            fetch(account)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(poll), pool.submit(take_pushed)]:
            done.result()
    assert sorted(Order.objects.values_list("external_id", flat=True)) == ids
    assert pull_of(account, "orders").last_success_at == START


def test_push_during_the_fetch_makes_it_fetch_again(
    account: ChannelAccount, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    market.place("o1", at=int(START.timestamp()))
    deliver(account, "o1")
    real_call = tokens.call

    def interrupted(**given):  # type: ignore[no-untyped-def]
        answer = real_call(**given)
        deliver(account, "o1", event="e2")
        return answer

    monkeypatch.setattr(tokens, "call", interrupted)
    assert fetch(account) == 1
    monkeypatch.setattr(tokens, "call", real_call)
    assert OrderFetch.objects.get().lease_until is None
    assert fetch(account) == 1
    assert not OrderFetch.objects.exists()


def test_platform_that_does_not_answer_lets_all_wait_without_an_error(
    account: ChannelAccount, market: Market
) -> None:
    for number in range(3):
        market.place(f"o{number}", at=int(START.timestamp()))
    deliver(account, "o0", "o1", "o2")
    market.spoiled.append((503, "text/html", b""))
    assert fetch(account) == 0
    rows = OrderFetch.objects.all()
    assert {(row.errors, row.lease_until) for row in rows} == {(0, None)}
    assert fetch(account) == 3


def test_order_that_breaks_the_intake_stops_only_itself(
    account: ChannelAccount, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        market.place(f"o{number}", at=int(START.timestamp()))
    deliver(account, "o0", "o1")
    real_take = pulling.take_orders

    def breaks(**given):  # type: ignore[no-untyped-def]
        if given["orders"][0].external_id == "o0":
            raise RuntimeError("a fault of ours")
        return real_take(**given)

    monkeypatch.setattr(fetching, "take_orders", breaks)
    assert fetch(account) == 1
    assert OrderFetch.objects.get().external_id == "o0"
    assert Order.objects.get().external_id == "o1"


def test_pushed_return_makes_the_stream_of_returns_due(account: ChannelAccount) -> None:
    rows = Pull.objects.filter(account=account, stream="returns")
    rows.update(due_at=clock.now() + timedelta(days=1))
    deliver(account, "r1", about="return")
    assert rows.get().due_at < clock.now() + timedelta(minutes=1)
    assert not OrderFetch.objects.exists()


def test_return_brings_its_order_where_returns_are_part_of_orders(
    account: ChannelAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = platform("fake")
    without = replace(offered, capabilities=offered.capabilities - {Capability.RETURNS})
    monkeypatch.setattr(receiving, "platforms", lambda: {"fake": without})
    deliver(account, "o1", about="return")
    assert OrderFetch.objects.get().external_id == "o1"


def buy(account: ChannelAccount, name: str, *, order: str, quantity: int = 1, **changes: Any) -> None:
    """Take an order of somebody in."""
    buyer = IncomingBuyer(name=name, email=f"{name}@example.org".lower(), id=f"id-{name}")
    bought = line(quantity=quantity)
    take(
        account,
        incoming(1, bought, external_id=order, marketplace="FB-US", buyer=buyer, **changes),
    )


def test_demanded_buyers_are_erased_everywhere_and_the_proof_stays(
    account: ChannelAccount, market: Market
) -> None:
    for name in ("Ana", "Ben"):
        buy(account, name, order=f"order-{name}")
    deliver(account, about="erasure", buyers=["id-Ana"], event="forget")
    demand = Erasure.objects.get()
    assert "id-Ana" not in demand.sealed
    assert erasing.is_due()
    assert erasing.erase_due(at=AT) == 1
    ana, ben = (Order.objects.get(external_id=f"order-{name}") for name in ("Ana", "Ben"))
    assert buyers.open_buyer(order=ana) is None
    assert buyers.open_buyer(order=ben) is not None
    assert documents.read(account_id=account.pk, kind="order", external_id="order-Ana") == []
    assert documents.read(account_id=account.pk, kind="order", external_id="order-Ben")
    assert RawDocument.objects.filter(external_id="order-Ana").exists(), "only unreadable now"
    key = DataKey.objects.get(account=account, external_id="order-Ana")
    assert (key.sealed, key.redacted_at) == ("", AT)
    demand.refresh_from_db()
    assert (demand.erased_at, demand.orders_erased) == (AT, 1)
    assert verify(laws=[law for law in LAWS if law.id == "orders.erased_buyers_are_gone"]).ok
    assert [event.kind for event in events.of(object_kind="erasure", object_id=demand.pk)] == ["erased"]


def test_erased_buyer_is_gone_from_the_answer_a_repeated_call_gets(account: ChannelAccount) -> None:
    """The call is still done once, and its answer no longer shows who bought; others' stay as they were."""
    ChannelAccount.objects.update(go_live_at=AT - timedelta(days=1))
    account.refresh_from_db()
    api = Api(make_person(Role.ADMIN))
    answers = {}
    for name in ("Ana", "Ben"):
        buy(account, name, order=f"order-{name}")
        pk = Order.objects.get(external_id=f"order-{name}").pk
        path, body = f"orders/{pk}/actions/", {"action": "hold"}
        answers[name] = (path, body, api.post(path, body, key=name, status=200))
        assert answers[name][2]["buyer"]["name"] == name
    deliver(account, about="erasure", buyers=["id-Ana"])
    erasing.erase_due(at=AT)
    path, body, _seen = answers["Ana"]
    again = api.post(path, body, key="Ana", status=200)
    assert again["buyer"] is None
    assert again["hold_reason"]
    path, body, seen = answers["Ben"]
    assert api.post(path, body, key="Ben", status=200) == seen


def test_late_order_does_not_bring_an_erased_buyer_back(account: ChannelAccount) -> None:
    buy(account, "Ana", order="order-Ana")
    deliver(account, "order-Ana", "never-seen", about="erasure")
    erasing.erase_due(at=AT)
    later = AT + timedelta(hours=1)
    buy(account, "Ana", order="order-Ana", quantity=2, updated_at=later)
    buy(account, "Ana", order="never-seen")
    assert Order.objects.count() == 2
    assert not OrderBuyer.objects.exists()


def test_demand_is_worked_on_once_more_and_then_forgotten(account: ChannelAccount) -> None:
    buy(account, "Ana", order="order-Ana")
    deliver(account, about="erasure", buyers=["id-Ana"])
    erasing.erase_due(at=AT)
    assert not erasing.is_due()
    assert Erasure.objects.get().sealed
    Erasure.objects.update(due_at=work.ClockTimestamp())
    assert erasing.erase_due(at=AT + timedelta(minutes=5)) == 1
    demand = Erasure.objects.get()
    assert (demand.state, demand.sealed, demand.erased_at) == ("done", "", AT)


def test_everything_of_an_account_can_be_demanded(account: ChannelAccount, market: Market) -> None:
    other = connect(market, live=False, name="Other", seller_id="bazaar-2")
    for each in (account, other):
        buy(each, "Ana", order="order-Ana")
    deliver(account, "*", about="erasure")
    erasing.erase_due(at=AT)
    assert OrderBuyer.objects.get().order.account_id == other.pk


def test_mail_address_counts_on_the_account_alone_and_an_id_on_all(
    account: ChannelAccount, market: Market
) -> None:
    other = connect(market, live=False, name="Other", seller_id="bazaar-2")
    for each in (account, other):
        buy(each, "Ana", order="order-Ana")
        buy(each, "Ben", order="order-Ben")
    deliver(account, about="erasure", buyers=["ana@example.org", "id-Ben"])
    erasing.erase_due(at=AT)
    left = OrderBuyer.objects.values_list("order__account_id", "order__external_id")
    assert list(left) == [(other.pk, "order-Ana")]


def test_pushed_orders_of_a_stopped_account_wait(account: ChannelAccount) -> None:
    deliver(account, "o1")
    ChannelAccount.objects.update(state=ChannelAccount.State.PAUSED)
    assert fetching.due_accounts(limit=5) == []
    assert fetch(account) == 0
    assert OrderFetch.objects.get().errors == 0


def test_call_that_says_retry_later_is_no_error_of_the_row(
    account: ChannelAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**given):  # type: ignore[no-untyped-def]
        raise RetryLater("away", after=timedelta(hours=1))

    deliver(account, "o1")
    monkeypatch.setattr(tokens, "call", away)
    fetch(account)
    assert OrderFetch.objects.get().due_at - work.database_now() > timedelta(minutes=50)
