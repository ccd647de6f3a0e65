"""What comes in through the push address: nothing unproven has an effect, nothing proven has one twice."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from channels import doors, receiving, rereading, subscribing, throttle
from channels.adapter import Rate
from channels.door_models import ListingFetch, OrderFetch, PushReceipt, Subscription
from channels.models import ChannelAccount, Pull, ThrottleBucket
from ecomhub import clock, logs
from ecomhub.access import Role
from ecomhub.work import WorkState
from tests.api.calling import make_person
from tests.channels.bazaar import bazaar, connect, listing
from tests.platforms_fake.doors import push
from tests.platforms_fake.sandbox import Market

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def market(settings: Settings) -> Iterator[Market]:
    with bazaar(settings) as opened:
        yield opened


@pytest.fixture
def account(market: Market) -> ChannelAccount:
    return connect(market, live=False)


def place(account: ChannelAccount) -> str:
    return f"/hooks/{account.platform}/{account.push_id}"


def deliver(
    account: ChannelAccount,
    *,
    event: str = "e1",
    key: str = "let-me-in",
    at: datetime | None = None,
    **said: Any,
) -> Any:
    body, headers = push(key, event=event, at=at or clock.now(), **said)
    return send(place(account), body, headers)


def send(path: str, body: bytes, headers: dict[str, str]) -> Any:
    client = Client(enforce_csrf_checks=True)
    answer: Any = client.post(path, data=body, content_type="application/json", headers=headers)
    return answer


def nothing_happened() -> bool:
    rows = (PushReceipt, OrderFetch, ListingFetch)
    return not any(model.objects.exists() for model in rows)


def test_proven_push_leaves_a_receipt_and_an_order_to_fetch(account: ChannelAccount) -> None:
    assert deliver(account, ids=["o1"]).status_code == 200
    receipt = PushReceipt.objects.get()
    assert (receipt.account_id, receipt.event_id, receipt.external_ids) == (account.pk, "e1", ["o1"])
    assert OrderFetch.objects.get().external_id == "o1"


def test_altered_or_unsigned_push_has_no_effect(account: ChannelAccount) -> None:
    body, headers = push("let-me-in", event="e1", at=clock.now(), ids=["o1"])
    for changed, signed in (
        (body.replace(b"o1", b"o2"), headers),
        (body + b" ", headers),
        (body, {}),
        (body, {"x-bazaar-signature": "ä"}),
        (body, {"x-bazaar-signature": headers["x-bazaar-signature"][:-1]}),
    ):
        assert send(place(account), changed, signed).status_code == 401
    assert deliver(account, key="another key", ids=["o1"]).status_code == 401
    assert nothing_happened()
    assert send(place(account), body, headers).status_code == 200, "the control: as it was signed, it counts"


def test_unknown_address_and_bad_signature_get_the_same_answer(account: ChannelAccount) -> None:
    body, headers = push("let-me-in", event="e1", at=clock.now())
    answers = [
        send(place(account), body, {}),
        send(f"/hooks/fake/{'x' * 43}", body, headers),
        send(f"/hooks/fake/{account.uid}", body, headers),
        send(f"/hooks/amazon/{account.push_id}", body, headers),
        send(f"/hooks/nowhere/{account.push_id}", body, headers),
    ]
    assert {(one.status_code, one.content, tuple(sorted(one.headers.items()))) for one in answers} == {
        (401, b"", tuple(sorted(answers[0].headers.items())))
    }
    assert nothing_happened()


def test_signature_of_a_push_that_cannot_be_read_is_checked_first(account: ChannelAccount) -> None:
    assert send(place(account), b"\x00not json", {}).status_code == 401
    body, headers = push("let-me-in", event="e1", at=clock.now(), about="nobody knows")
    assert send(place(account), body, headers).status_code == 200
    assert nothing_happened()


def test_replayed_push_is_counted_once(account: ChannelAccount) -> None:
    body, headers = push("let-me-in", event="e1", at=clock.now(), ids=["o1"])
    for _again in range(3):
        assert send(place(account), body, headers).status_code == 200
    assert PushReceipt.objects.count() == 1
    assert OrderFetch.objects.get().asked == 1


@pytest.mark.parametrize("age", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_push_signed_long_ago_or_in_the_future_is_refused(account: ChannelAccount, age: timedelta) -> None:
    assert deliver(account, at=clock.now() - age, ids=["o1"]).status_code == 401
    assert nothing_happened()


def test_eight_deliveries_of_one_event_at_once_make_one_receipt(account: ChannelAccount) -> None:
    body, headers = push("let-me-in", event="e1", at=clock.now(), ids=["o1", "o2"])
    start = Barrier(8)

    def one(_number: int) -> int:
        start.wait()
        try:
            return int(send(place(account), body, headers).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(8))) == {200}
    assert PushReceipt.objects.count() == 1
    assert list(OrderFetch.objects.order_by("external_id").values_list("external_id", "asked")) == [
        ("o1", 1),
        ("o2", 1),
    ]


def test_many_events_of_one_order_are_one_piece_of_work(account: ChannelAccount) -> None:
    for number in range(5):
        deliver(account, event=f"e{number}", ids=["o1"])
    assert OrderFetch.objects.get().asked == 5
    assert PushReceipt.objects.count() == 5


def test_flood_is_held_back_and_does_not_crowd_out_repeats(
    account: ChannelAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "FLOOD", Rate(0.001, 3))
    answers = [deliver(account, event=f"e{number}", ids=[f"o{number}"]) for number in range(6)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert OrderFetch.objects.count() == 3
    assert deliver(account, event="e0", ids=["o0"]).status_code == 200


def test_unproven_flood_costs_the_account_nothing(
    account: ChannelAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "FLOOD", Rate(0.001, 1))
    for number in range(20):
        assert deliver(account, event=f"e{number}", key="wrong", ids=["o1"]).status_code == 401
    assert not ThrottleBucket.objects.filter(account=account, operation=throttle.PUSHES).exists()
    assert deliver(account, event="genuine", ids=["o1"]).status_code == 200


def test_body_over_the_cap_is_not_even_looked_at(
    account: ChannelAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "MOST_BYTES", 2000)
    answer = deliver(account, ids=["o1"], more="x" * 3000)
    assert answer.status_code == 413
    assert send("/hooks/fake/nobody", b"x" * 3000, {}).status_code == 413
    assert nothing_happened()


def test_challenge_is_answered_and_other_methods_are_not(account: ChannelAccount) -> None:
    client = Client()
    answer = client.get(place(account), {"challenge": "c1"})
    assert answer.status_code == 200
    assert len(answer.json()["answer"]) == 64
    assert client.get(place(account)).status_code == 401
    assert client.put(place(account), data=b"{}").status_code == 401
    assert client.get("/hooks/fake/nobody", {"challenge": "c1"}).status_code == 401


def test_withdrawn_consent_stops_only_its_account(account: ChannelAccount, market: Market) -> None:
    other = connect(market, live=False, name="Other", seller_id="bazaar-2")
    assert deliver(account, about="authorization").status_code == 200
    account.refresh_from_db()
    other.refresh_from_db()
    assert account.state == ChannelAccount.State.NEEDS_RECONNECT
    assert account.state_reason
    assert other.state == ChannelAccount.State.CONNECTED


def test_old_withdrawal_replayed_after_reconnecting_changes_nothing(account: ChannelAccount) -> None:
    body, headers = push("let-me-in", event="gone", at=clock.now(), about="authorization")
    send(place(account), body, headers)
    ChannelAccount.objects.filter(pk=account.pk).update(state=ChannelAccount.State.CONNECTED)
    assert send(place(account), body, headers).status_code == 200
    account.refresh_from_db()
    assert account.state == ChannelAccount.State.CONNECTED


def test_push_for_another_seller_counts_only_where_it_is_proven_for_them(
    account: ChannelAccount, market: Market
) -> None:
    other = connect(market, live=False, name="Other", seller_id="bazaar-2")
    deliver(account, event="e1", ids=["o1"], seller="bazaar-2")
    assert OrderFetch.objects.get().account_id == other.pk
    market.key = "other application"
    stranger = connect(market, live=False, name="Stranger", seller_id="bazaar-3")
    assert deliver(account, event="e2", about="authorization", seller="bazaar-3").status_code == 200
    assert deliver(account, event="e3", about="authorization", seller="nobody").status_code == 200
    stranger.refresh_from_db()
    account.refresh_from_db()
    assert {stranger.state, account.state} == {ChannelAccount.State.CONNECTED}


def test_pushed_listing_is_read_again(account: ChannelAccount, market: Market) -> None:
    market.offers["FB-US", "A-1"]["count"] = 3
    deliver(account, about="listing", ids=["A-1"])
    assert rereading.due_accounts(limit=5) == [account.pk]
    assert rereading.read_pushed(account_id=account.pk, now=clock.now) == 1
    assert listing(account, "A-1").remote_quantity == 3
    assert not ListingFetch.objects.exists()


def test_pushed_listing_nobody_knows_makes_the_stream_due(account: ChannelAccount) -> None:
    rows = Pull.objects.filter(account=account, stream="listings")
    before = rows.get().due_at
    deliver(account, about="listing", ids=["NEW-1"])
    rereading.read_pushed(account_id=account.pk, now=clock.now)
    assert rows.get().due_at < before
    assert not ListingFetch.objects.exists()


def test_ids_no_database_takes_are_left_out(account: ChannelAccount) -> None:
    assert deliver(account, event="e\x00" * 300, ids=["o1", "", "x" * 500, "nul\x00"]).status_code == 200
    assert list(OrderFetch.objects.values_list("external_id", flat=True)) == ["o1"]
    assert len(PushReceipt.objects.get().event_id) == 64


def test_platform_is_asked_to_push_once_connected(account: ChannelAccount, market: Market) -> None:
    row = Subscription.objects.get(account=account)
    assert row.pk in subscribing.due(limit=5)
    market.spoiled.append((503, "text/html", b""))
    assert not subscribing.subscribe(row_id=row.pk, now=clock.now)
    owner = make_person(Role.OWNER).actor()
    assert doors.door_of(account=account, actor=owner, at=clock.now()).push_problem
    Subscription.objects.update(due_at=row.due_at)
    assert subscribing.subscribe(row_id=row.pk, now=clock.now)
    row.refresh_from_db()
    assert (row.state, market.listeners) == (WorkState.DONE, [subscribing.address_of(account=account)])
    assert market.listeners[0].endswith(f"/hooks/fake/{account.push_id}")


def test_push_addresses_are_cut_from_the_logs() -> None:
    event = {"request": "POST /hooks/shopify/secret-id"}
    assert logs.address_without_query(None, "", event)["request"] == "POST /hooks/shopify/…"
