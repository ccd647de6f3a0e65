"""Token buckets in the database."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from channels import throttle, tokens
from channels.adapter import Rate, Throttled
from channels.models import ChannelAccount, ThrottleBucket
from channels.registry import platform
from ecomhub import clock
from ecomhub.clock import Anchor
from tests.channels.making import connect, later
from tests.sandbox_fixture import START, Sandbox


def set_bucket(account: ChannelAccount, operation: str, **values: float) -> ThrottleBucket:
    rows = ThrottleBucket.objects.filter(account=account, operation=operation)
    rows.update(**values)
    return rows.get()


def test_empty_bucket_says_how_long_to_wait(account: ChannelAccount) -> None:
    set_bucket(account, "fetch_orders", tokens=1)
    assert throttle.take(account_id=account.pk, operation="fetch_orders") == 0.0
    wait = throttle.take(account_id=account.pk, operation="fetch_orders")
    assert wait == pytest.approx(1 / (0.0056 * throttle.MARGIN), rel=0.02)


def test_tokens_are_kept_for_more_urgent_callers(account: ChannelAccount) -> None:
    set_bucket(account, "fetch_orders", tokens=2.5)
    assert throttle.take(account_id=account.pk, operation="fetch_orders", keep=2) > 0
    assert throttle.take(account_id=account.pk, operation="fetch_orders", keep=1) == 0.0
    assert throttle.take(account_id=account.pk, operation="fetch_orders", keep=1) > 0
    assert throttle.take(account_id=account.pk, operation="fetch_orders") == 0.0


def test_bucket_never_grants_more_than_its_rate_under_eight_takers(account: ChannelAccount) -> None:
    rate, burst, seconds = 20.0, 5, 1.5
    set_bucket(account, "push_stock", tokens=burst, rate=rate, burst=burst)
    started = time.monotonic()

    def greedy(_number: int) -> int:
        granted = 0
        try:
            while time.monotonic() < started + seconds:
                granted += throttle.take(account_id=account.pk, operation="push_stock") == 0.0
        finally:
            connection.close()
        return granted

    with ThreadPoolExecutor(8) as pool:
        granted = sum(pool.map(greedy, range(8)))
    elapsed = time.monotonic() - started
    assert burst <= granted <= burst + rate * elapsed
    assert ThrottleBucket.objects.get(account=account, operation="push_stock").used == granted


@pytest.fixture
def points(account: ChannelAccount, monkeypatch: pytest.MonkeyPatch) -> ThrottleBucket:
    """A platform that counts points: reading orders and listings draw from one bucket of a hundred."""
    counted = replace(
        platform("amazon"),
        rates={"points": Rate(10.0, 100)},
        buckets={"fetch_orders": "points", "fetch_listings": "points"},
        costs={"fetch_orders": 40.0, "fetch_listings": 25.0},
    )
    monkeypatch.setattr(throttle, "platform", lambda key: counted)
    throttle.open_buckets(account_id=account.pk, rates={"points": Rate(10.0, 100)})
    return ThrottleBucket.objects.get(account=account, operation="points")


def left(bucket: ThrottleBucket) -> float:
    bucket.refresh_from_db()
    return bucket.tokens


def test_calls_of_different_cost_draw_from_one_bucket(
    account: ChannelAccount, points: ThrottleBucket
) -> None:
    ThrottleBucket.objects.filter(pk=points.pk).update(rate=0.0001)
    assert throttle.take(account_id=account.pk, operation="fetch_orders") == 0.0
    assert throttle.take(account_id=account.pk, operation="fetch_listings") == 0.0
    assert left(points) == pytest.approx(35, abs=0.1)
    assert throttle.take(account_id=account.pk, operation="fetch_orders") > 0
    assert throttle.take(account_id=account.pk, operation="fetch_orders", cost=30.0) == 0.0
    assert points.used == 2
    assert left(points) == pytest.approx(5, abs=0.1)


def test_costly_calls_leave_room_for_urgent_ones(account: ChannelAccount, points: ThrottleBucket) -> None:
    ThrottleBucket.objects.filter(pk=points.pk).update(rate=0.0001, tokens=60)
    assert throttle.take(account_id=account.pk, operation="fetch_orders", keep=1) > 0
    assert throttle.take(account_id=account.pk, operation="fetch_orders") == 0.0


def test_wait_for_a_costly_call_is_until_all_its_tokens_are_there(
    account: ChannelAccount, points: ThrottleBucket
) -> None:
    ThrottleBucket.objects.filter(pk=points.pk).update(tokens=0)
    wait = throttle.take(account_id=account.pk, operation="fetch_orders")
    assert wait == pytest.approx(40 / (10 * throttle.MARGIN), rel=0.05)
    assert throttle.period(account=account, operation="fetch_orders") == pytest.approx(
        40 / (10 * throttle.MARGIN)
    )


def test_call_that_costs_more_than_the_bucket_holds_takes_all_of_it(
    account: ChannelAccount, points: ThrottleBucket
) -> None:
    assert throttle.take(account_id=account.pk, operation="fetch_orders", cost=500.0) == 0.0
    assert left(points) == 0.0


@pytest.mark.parametrize(("said", "kept"), [(30.0, 30.0), (500.0, 100.0), (-5.0, 0.0)])
def test_what_the_platform_has_left_lowers_the_bucket_and_never_fills_it(
    account: ChannelAccount, points: ThrottleBucket, said: float, kept: float
) -> None:
    ThrottleBucket.objects.filter(pk=points.pk).update(rate=0.0001)
    throttle.learn(account_id=account.pk, operation="fetch_orders", remaining=said, granted_rate=0.0001)
    assert left(points) == pytest.approx(kept, abs=0.1)


def test_costly_bucket_never_grants_more_than_its_rate_under_eight_takers(
    account: ChannelAccount, points: ThrottleBucket
) -> None:
    def greedy(_number: int) -> int:
        try:
            asked = [throttle.take(account_id=account.pk, operation="fetch_listings") for _ in range(10)]
            return asked.count(0.0)
        finally:
            connection.close()

    ThrottleBucket.objects.filter(pk=points.pk).update(rate=0.0001)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(greedy, range(8))) == 4


def test_throttled_answer_empties_the_bucket(account: ChannelAccount) -> None:
    throttle.empty(account_id=account.pk, operation="fetch_orders")
    assert throttle.take(account_id=account.pk, operation="fetch_orders") > 0


@pytest.mark.parametrize(
    ("named", "believed"), [(0.004, 0.004), (0.5, 0.0056), (0.0001, 0.0028), (0.0, 0.0056)]
)
def test_learned_rate_stays_between_half_and_all_of_the_published(
    account: ChannelAccount, named: float, believed: float
) -> None:
    throttle.learn(account_id=account.pk, operation="fetch_orders", granted_rate=named)
    assert ThrottleBucket.objects.get(account=account, operation="fetch_orders").rate == believed


def test_rate_of_a_sandbox_account_runs_with_the_clock(
    account: ChannelAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.real_now()
    clock.write_anchor(
        path=tmp_path / "clock.json", anchor=Anchor(real=now, app=now - timedelta(days=90), speed=60.0)
    )
    monkeypatch.setenv("ECOMHUB_CLOCK_FILE", str(tmp_path / "clock.json"))
    set_bucket(account, "fetch_orders", tokens=0)
    wait = throttle.take(account_id=account.pk, operation="fetch_orders")
    assert wait == pytest.approx(1 / (0.0056 * 60 * throttle.MARGIN), rel=0.05)


def test_unknown_operation_is_granted(account: ChannelAccount) -> None:
    assert throttle.take(account_id=account.pk, operation="no_such_call") == 0.0


def test_market_that_counts_never_refuses_us(
    transactional_db: None, market: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both clocks run sixty times as fast and the market enforces its published rates."""
    market.reset(rate_limits=True, speed=60.0)
    now = clock.real_now()
    clock.write_anchor(path=tmp_path / "clock.json", anchor=Anchor(real=now, app=START, speed=60.0))
    monkeypatch.setenv("ECOMHUB_CLOCK_FILE", str(tmp_path / "clock.json"))
    account = connect(market, at=clock.now())
    until = time.monotonic() + 8.0

    def greedy(_number: int) -> int:
        spoken = 0
        try:
            while time.monotonic() < until:
                try:
                    tokens.call(
                        account=account,
                        operation="fetch_orders",
                        verb=lambda adapter: adapter.fetch_orders(
                            updated_from=later(days=-1), updated_to=later(minutes=-5), page_token=""
                        ),
                        at=clock.now(),
                    )
                    spoken += 1
                except Throttled as refusal:
                    wait = refusal.after or timedelta(seconds=1)
                    time.sleep(min(wait.total_seconds(), 0.2))
        finally:
            connection.close()
        return spoken

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(greedy, range(3))) >= 21
    asked = market.calls(operation="searchOrders", seller="busy", limit=1000)
    assert {call["status"] for call in asked} == {200}
