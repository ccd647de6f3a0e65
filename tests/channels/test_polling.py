"""Pulling a stream: windows, checkpoints, cursors, leases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from channels import lanes, polling
from channels.adapter import ChannelError, Throttled
from channels.models import ChannelAccount, Pull, SyncRun, ThrottleBucket
from channels.polling import PageCounts
from ecomhub import work
from tests.channels.making import connect, later, pull_of
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def claimed(account: ChannelAccount, stream: str = "orders") -> Pull:
    pull = work.claim_one(model=Pull, pk=pull_of(account, stream).pk)
    assert pull is not None
    return pull


def write(pull: Pull, fetched: polling.FetchedPage, moment: datetime = START) -> None:
    counts = PageCounts(seen=len(fetched.page.items), created=len(fetched.page.items))
    with transaction.atomic():
        work.hold(row=pull)
        polling.advance(pull=pull, fetched=fetched, counts=counts, at=moment)


def whole_pass(account: ChannelAccount, stream: str = "orders", moment: datetime = START) -> list[str]:
    """Run one pass to its end and return the ids it saw."""
    pull = claimed(account, stream)
    seen: list[str] = []
    while True:
        fetched = polling.fetch_page(pull=pull, at=moment)
        if fetched is None:
            break
        seen += [order.external_id for order in fetched.page.items]
        write(pull, fetched, moment)
        if fetched.is_last:
            break
    polling.finish_pass(pull=pull, at=moment)
    return seen


def fill_bucket(account: ChannelAccount) -> None:
    ThrottleBucket.objects.filter(account=account).update(tokens=1000, burst=1000)


def test_cursor_moves_to_the_fixed_upper_bound_with_the_last_page(account: ChannelAccount) -> None:
    before = pull_of(account, "orders").cursor
    assert before is not None
    assert before < START
    assert whole_pass(account)
    after = pull_of(account, "orders")
    assert after.cursor == START - timedelta(minutes=2)
    assert after.pass_to is None
    run = SyncRun.objects.get(pull=after)
    assert run.ok
    assert run.seen == run.created > 0
    assert after.backlog == 0


def test_next_window_overlaps_the_last_one(account: ChannelAccount) -> None:
    whole_pass(account)
    pull = pull_of(account, "orders")
    bounds = lanes.window(pull=pull, at=later(minutes=10))
    assert pull.cursor is not None
    assert bounds == (pull.cursor - timedelta(minutes=10), later(minutes=8))


def test_killed_between_pages_goes_on_at_its_checkpoint(market: Sandbox) -> None:
    market.reset(history_days=40)
    account = connect(market)
    Pull.objects.filter(account=account, stream="orders").update(cursor=START - timedelta(days=10))
    pull = claimed(account)
    first = polling.fetch_page(pull=pull, at=START)
    assert first is not None
    assert not first.is_last
    write(pull, first)
    Pull.objects.filter(pk=pull.pk).update(lease_until=START - timedelta(days=900))

    again = claimed(account)
    assert again.pass_to == pull.pass_to
    second = polling.fetch_page(pull=again, at=later(minutes=5))
    assert second is not None
    ids = {order.external_id for order in first.page.items}
    assert ids.isdisjoint(order.external_id for order in second.page.items)
    assert pull_of(account, "orders").cursor == START - timedelta(days=10)


def test_killed_before_the_page_is_written_fetches_it_again(account: ChannelAccount) -> None:
    first = polling.fetch_page(pull=claimed(account), at=START)
    Pull.objects.update(lease_until=START - timedelta(days=900))
    second = polling.fetch_page(pull=claimed(account), at=START)
    assert first is not None
    assert second is not None
    assert [order.external_id for order in first.page.items] == [
        order.external_id for order in second.page.items
    ]


def test_two_workers_on_one_account_one_works(account: ChannelAccount) -> None:
    pk = pull_of(account, "orders").pk
    assert work.claim_one(model=Pull, pk=pk) is not None
    assert work.claim_one(model=Pull, pk=pk) is None


def test_woken_sleeper_writes_nothing(account: ChannelAccount) -> None:
    sleeper = claimed(account)
    fetched = polling.fetch_page(pull=sleeper, at=START)
    assert fetched is not None
    Pull.objects.filter(pk=sleeper.pk).update(lease_until=START - timedelta(days=900))
    claimed(account)
    before = Pull.objects.filter(pk=sleeper.pk).values().get()
    with pytest.raises(work.LeaseLost):
        write(sleeper, fetched)
    with pytest.raises(work.LeaseLost):
        polling.finish_pass(pull=sleeper, at=START)
    assert polling.fail_pass(pull=sleeper, error=work.LeaseLost("x"), at=START) is None
    assert Pull.objects.filter(pk=sleeper.pk).values().get() == before
    assert not SyncRun.objects.exists()


def test_repeated_page_token_ends_the_pass_and_keeps_the_cursor(market: Sandbox) -> None:
    market.reset(history_days=30)
    account = connect(market)
    Pull.objects.filter(account=account, stream="orders").update(cursor=START - timedelta(days=20))
    market.fault("repeated_page_token", seller="busy", operation="searchOrders", count=None)
    pull = claimed(account)
    first = polling.fetch_page(pull=pull, at=START)
    assert first is not None
    write(pull, first)
    with pytest.raises(polling.PassLooped) as raised:
        polling.fetch_page(pull=pull, at=START)
    polling.fail_pass(pull=pull, error=raised.value, at=START)
    after = pull_of(account, "orders")
    assert after.cursor == START - timedelta(days=20)
    assert after.pass_to is None
    assert after.errors == 1
    assert not SyncRun.objects.get(pull=after).ok


@pytest.mark.parametrize(
    "body", ["html_503", "html_429", "empty_500", "empty_200", "truncated_json", "missing_list_key"]
)
def test_bad_body_is_never_an_empty_page(account: ChannelAccount, market: Sandbox, body: str) -> None:
    market.fault(body, seller="busy", operation="searchOrders", count=1)
    pull = claimed(account)
    with pytest.raises(ChannelError) as raised:
        polling.fetch_page(pull=pull, at=START)
    polling.fail_pass(pull=pull, error=raised.value, at=START)
    after = pull_of(account, "orders")
    assert after.cursor == START - timedelta(days=1)
    assert after.state == work.WorkState.WAITING


def test_absent_platform_is_asked_for_ever(account: ChannelAccount, market: Sandbox) -> None:
    market.fault("html_503", seller="busy", operation="searchOrders", count=None)
    for _attempt in range(15):
        Pull.objects.update(due_at=START - timedelta(days=900))
        pull = claimed(account)
        with pytest.raises(ChannelError) as raised:
            polling.fetch_page(pull=pull, at=START)
        wait = polling.fail_pass(pull=pull, error=raised.value, at=START)
        assert wait is not None
        assert wait <= timedelta(minutes=5)
    assert pull_of(account, "orders").state == work.WorkState.WAITING


def test_empty_bucket_only_postpones(account: ChannelAccount) -> None:
    ThrottleBucket.objects.filter(account=account).update(tokens=0)
    pull = claimed(account)
    with pytest.raises(Throttled) as raised:
        polling.fetch_page(pull=pull, at=START)
    wait = polling.fail_pass(pull=pull, error=raised.value, at=START)
    assert wait is not None
    assert timedelta(seconds=170) < wait < timedelta(seconds=200)
    after = pull_of(account, "orders")
    assert after.errors == 0
    assert not SyncRun.objects.exists()


def test_history_goes_back_newest_first_and_ends(market: Sandbox) -> None:
    market.reset(history_days=30)
    account = connect(market, history_days=20)
    fill_bucket(account)
    floors = []
    seen: set[str] = set()
    while pull_of(account, "orders_history").state == work.WorkState.WAITING:
        Pull.objects.update(due_at=START - timedelta(days=900))
        seen |= set(whole_pass(account, "orders_history"))
        cursor = pull_of(account, "orders_history").cursor
        assert cursor is not None
        floors.append(cursor)
    assert floors == sorted(floors, reverse=True)
    assert floors[-1] == START - timedelta(days=20)
    recent = set(whole_pass(account))
    orders = market.state("busy", limit=10_000)["orders"]
    changed = {order["id"] for order in orders if order["id"] in seen | recent}
    assert len(changed) > 50


def test_wide_lanes_leave_tokens_for_the_narrow_one(account: ChannelAccount) -> None:
    ThrottleBucket.objects.filter(account=account, operation="fetch_orders").update(tokens=1.5)
    Pull.objects.update(due_at=START - timedelta(days=900))
    hourly = claimed(account, "orders_hourly")
    with pytest.raises(Throttled):
        polling.fetch_page(pull=hourly, at=START)
    assert polling.fetch_page(pull=claimed(account), at=START) is not None


def test_wide_pass_rests_so_long_that_it_takes_a_quarter_of_the_budget(account: ChannelAccount) -> None:
    pull = pull_of(account, "orders_hourly")
    pull.pass_pages = 1
    assert lanes.pause(pull=pull, at=START) == timedelta(hours=1)
    pull.pass_pages = 10
    pause = lanes.pause(pull=pull, at=START)
    assert pause is not None
    assert pause.total_seconds() == pytest.approx(4 * 10 / (0.0056 * 0.95))


def test_narrow_lane_halves_its_share_while_a_wide_one_works(account: ChannelAccount) -> None:
    Pull.objects.exclude(stream="orders").update(due_at=later(days=9000))
    whole_pass(account)
    pull = pull_of(account, "orders")
    alone = lanes.pause(pull=pull, at=START)
    Pull.objects.filter(stream="orders_hourly").update(pass_to=START)
    shared = lanes.pause(pull=pull, at=START)
    assert alone is not None
    assert shared is not None
    assert shared == 2 * alone


def test_two_days_away_are_caught_up_in_one_window(account: ChannelAccount, market: Sandbox) -> None:
    whole_pass(account)
    market.set_clock(later(days=2))
    Pull.objects.update(due_at=START - timedelta(days=900))
    seen = whole_pass(account, moment=later(days=2))
    placed = market.state("busy", limit=5000)["orders"]
    fresh = {order["id"] for order in placed if START.timestamp() < order["placed"]}
    due = {order["id"] for order in placed if order["visible"] <= later(days=2, minutes=-2).timestamp()}
    assert len(fresh & due) > 100
    assert fresh & due <= set(seen)


def test_what_changed_before_the_account_was_switched_on_was_not_late(account: ChannelAccount) -> None:
    Pull.objects.update(cursor=START - timedelta(days=13))
    whole_pass(account)
    assert SyncRun.objects.get().lag_s == timedelta(days=13).total_seconds()
    ChannelAccount.objects.update(switched_on_at=START - timedelta(minutes=5))
    Pull.objects.update(cursor=START - timedelta(days=13), due_at=START - timedelta(days=900))
    whole_pass(account)
    assert SyncRun.objects.latest("pk").lag_s == 300
