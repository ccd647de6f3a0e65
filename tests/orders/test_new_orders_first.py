"""New orders go before all that reads further back: in the broker, and at the workers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings

from channels import polling
from channels import tasks as channel_tasks
from channels.models import ChannelAccount, Pull, ThrottleBucket
from ecomhub import clock, work
from ecomhub.celery import TURNS, app, ring
from ecomhub.clock import Anchor
from orders import pulling, tasks
from orders.models import Order
from tests.channels.making import pull_of
from tests.sandbox_fixture import START

pytestmark = pytest.mark.django_db(transaction=True)

LONG_TURNS = 30


@pytest.fixture(autouse=True)
def broker() -> Iterator[redis.Redis]:
    """A broker without a message, before and after."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushall()
    yield client
    client.flushall()


def in_order_of_work() -> list[str]:
    """Take every message the way a worker does; returns the names of their tasks."""
    names = []
    with app.connection_for_read() as connection:
        channel: Any = connection.channel()
        while (message := channel.basic_get("celery", no_ack=True)) is not None:
            names.append(str(message.headers["task"]))
    return names


def rung_after_long_turns() -> list[str]:
    for number in range(LONG_TURNS):
        ring(channel_tasks.publish, number)
    tasks.tick()
    return in_order_of_work()


def test_look_for_new_orders_goes_before_long_turns_rung_earlier(busy: ChannelAccount) -> None:
    names = rung_after_long_turns()
    first_turn = names.index("channels.publish")
    assert names.count("orders.follow") == 1
    assert names.index("orders.follow") < first_turn
    assert names.index("orders.retry") < names.index("orders.follow")
    assert names.index("orders.pull") > first_turn + LONG_TURNS - 1


def test_without_its_priority_the_look_waits_for_all_of_them(
    busy: ChannelAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the same messages in order of arrival."""
    monkeypatch.setattr(tasks.follow, "priority", TURNS)
    monkeypatch.setattr(tasks.follow, "_exec_options", None)
    names = rung_after_long_turns()
    assert names.index("orders.follow") >= names.index("channels.publish") + LONG_TURNS


def test_every_stream_of_orders_is_rung_for_by_one_of_the_two(busy: ChannelAccount) -> None:
    Pull.objects.filter(stream__in=pulling.STREAMS).update(due_at=START - timedelta(days=9000))
    streams = Pull.objects.filter(account=busy, stream__in=pulling.STREAMS).count()
    tasks.tick()
    names = in_order_of_work()
    assert names.count("orders.follow") + names.count("orders.pull") == streams
    assert pull_of(busy, "orders").pk in pulling.due_pulls(limit=1, streams=pulling.FOLLOWING)


def test_next_look_keeps_its_place(
    busy: ChannelAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sixty_times_as_fast(tmp_path, monkeypatch)
    ring(channel_tasks.publish, 0)
    tasks.follow(pull_of(busy, "orders").pk)
    assert pull_of(busy, "orders").last_started_at is not None
    assert in_order_of_work() == ["orders.follow", "channels.publish"]


def sixty_times_as_fast(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anchor = Anchor(real=clock.real_now(), app=START, speed=60.0)
    clock.write_anchor(path=folder / "clock.json", anchor=anchor)
    monkeypatch.setenv("ECOMHUB_CLOCK_FILE", str(folder / "clock.json"))


def slept_while_pulling(account: ChannelAccount, stream: str, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Take a turn of a stream whose next token is a good second away; returns the waits of the worker."""
    waits: list[float] = []
    really = time.sleep

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        really(seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    ThrottleBucket.objects.filter(account=account, operation="fetch_orders").update(
        tokens=0, rate=1.0, refilled_at=work.ClockTimestamp()
    )
    row = pull_of(account, stream)
    work.ring(model=Pull, pks=[row.pk])
    pulling.pull_orders(pull_id=row.pk, now=lambda: START, turn=0.0)
    return waits


@pytest.mark.parametrize("stream", ["orders_history", "orders_hourly", "orders_nightly"])
def test_lane_that_looks_back_gives_its_worker_back_instead_of_waiting_for_a_token(
    busy: ChannelAccount, stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert slept_while_pulling(busy, stream, monkeypatch) == []
    row = pull_of(busy, stream)
    assert row.lease_until is None
    assert row.errors == 0
    assert row.due_at > work.database_now()


def test_look_for_new_orders_waits_for_a_token_that_comes_soon(
    busy: ChannelAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert slept_while_pulling(busy, "orders", monkeypatch)
    assert pull_of(busy, "orders").last_started_at == START
    assert Order.objects.filter(account=busy).exists()


def test_with_the_patience_of_a_look_history_would_hold_its_worker(
    busy: ChannelAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: what keeps the worker free is the small patience, not the reserve of tokens."""
    monkeypatch.setattr(polling, "_PATIENCE", 20.0)
    assert slept_while_pulling(busy, "orders_hourly", monkeypatch)
