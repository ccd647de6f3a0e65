"""Token buckets in the database."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from channels import throttle, tokens
from channels.adapter import Throttled
from channels.models import ChannelAccount, ThrottleBucket
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
