"""A platform that does not answer holds up only itself."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from channels import hanging, streams, tokens
from channels.adapter import Adapter, RetryLater
from channels.door_models import Silence
from channels.messages import IncomingOrder
from channels.models import ChannelAccount, Pull, SyncRun
from ecomhub import work
from tests.channels.bazaar import bazaar, connect
from tests.channels.making import pull_of
from tests.platforms_fake.sandbox import Market
from tests.sandbox_fixture import START

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def market(settings: Settings) -> Iterator[Market]:
    with bazaar(settings) as opened:
        opened.place("o1", at=int(START.timestamp()))
        yield opened


@pytest.fixture
def account(market: Market, settings: Settings) -> ChannelAccount:
    connected = connect(market, live=False)
    call(connected)
    settings.ECOMHUB_CALL_SECONDS = 1
    return connected


@pytest.fixture
def healthy(account: ChannelAccount, market: Market) -> ChannelAccount:
    """An account of the same platform at another address, which answers."""
    row = connect(market, live=False, name="Healthy", seller_id="bazaar-2")
    call(row)
    ChannelAccount.objects.filter(pk=row.pk).update(endpoint=f"{market.url}/")
    row.refresh_from_db()
    return row


def look(adapter: Adapter) -> IncomingOrder:
    return adapter.fetch_order(order_id="o1")


def call(account: ChannelAccount) -> IncomingOrder:
    return tokens.call(account=account, operation="look", verb=look, at=START)


def hang(account: ChannelAccount, market: Market) -> None:
    market.hangs = 3.0
    with pytest.raises(RetryLater):
        call(account)
    market.hangs = 0.0


def rest_is_over() -> None:
    Silence.objects.update(until=work.ClockTimestamp())


def test_no_call_may_last_as_long_as_others_may_be_held_up() -> None:
    assert django_settings.ECOMHUB_CALL_SECONDS < 30


def test_after_one_call_in_vain_nobody_else_waits(account: ChannelAccount, market: Market) -> None:
    hang(account, market)
    asked = len(market.calls)
    for _other in range(5):
        with pytest.raises(tokens.PlatformHangs) as refused:
            call(account)
        assert refused.value.after is not None
    assert len(market.calls) == asked, "nothing was sent"


def test_one_of_eight_tries_again_when_the_rest_is_over(account: ChannelAccount, market: Market) -> None:
    hang(account, market)
    rest_is_over()
    market.hangs = 3.0
    asked, start = len(market.calls), Barrier(8)

    def one(_number: int) -> type[Exception] | None:
        start.wait()
        try:
            call(account)
        except RetryLater as error:
            return type(error)
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(one, range(8)))
    assert ends.count(tokens.PlatformHangs) == 7
    assert len(market.calls) == asked + 1
    assert Silence.objects.get().count == 2


def test_answer_ends_the_silence(account: ChannelAccount, market: Market) -> None:
    hang(account, market)
    rest_is_over()
    assert call(account).external_id == "o1"
    assert not Silence.objects.exists()


def statements_about_silence(account: ChannelAccount) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        call(account)
    return [row["sql"].split()[0] for row in seen.captured_queries if "silence" in row["sql"]]


def test_answered_call_writes_nothing_unless_it_ends_a_silence(
    account: ChannelAccount, market: Market
) -> None:
    assert statements_about_silence(account) == ["SELECT"]
    hang(account, market)
    rest_is_over()
    assert "DELETE" in statements_about_silence(account)
    assert statements_about_silence(account) == ["SELECT"]


def test_refusal_answers_the_one_that_tried(account: ChannelAccount, market: Market) -> None:
    hang(account, market)
    rest_is_over()
    market.spoiled.append((503, "text/html", b"<html>"))
    with pytest.raises(RetryLater):
        call(account)
    assert not Silence.objects.exists()


def test_rest_grows_and_stays_bounded(account: ChannelAccount) -> None:
    waits = []
    for _time in range(8):
        hanging.note_silence(account=account)
        wait = hanging.standing(account=account).wait
        assert wait is not None
        waits.append(round(wait.total_seconds()))
    assert waits == sorted(waits)
    assert waits[0] <= hanging.FIRST_REST.total_seconds()
    assert waits[-1] <= hanging.LONGEST_REST.total_seconds()


def test_another_address_is_not_held_up(
    account: ChannelAccount, healthy: ChannelAccount, market: Market
) -> None:
    hang(account, market)
    assert call(healthy).external_id == "o1"
    with pytest.raises(tokens.PlatformHangs):
        call(account)


def test_quick_refusal_is_not_taken_for_silence(account: ChannelAccount, market: Market) -> None:
    market.spoiled.append((503, "text/html", b"<html>"))
    with pytest.raises(RetryLater):
        call(account)
    assert not Silence.objects.exists()


def test_streams_of_a_hanging_platform_give_their_worker_back_at_once(
    account: ChannelAccount, healthy: ChannelAccount, market: Market
) -> None:
    """One worker and a queue in which the hanging account stands first with all it has to do."""
    market.hangs = 3.0
    queue = [pull_of(account, "listings").pk] * 5
    work.ring(model=Pull, pks=[queue[0], pull_of(healthy, "listings").pk])
    asked = len(market.calls)
    for pull_id in queue:
        streams.run(pull_id=pull_id, now=lambda: START)
        work.ring(model=Pull, pks=[pull_id])
    assert len(market.calls) == asked + 1, "four of five gave the worker back without a call"
    market.hangs = 0.0
    before = SyncRun.objects.filter(pull__account=healthy, ok=True).count()
    streams.run(pull_id=pull_of(healthy, "listings").pk, now=lambda: START)
    assert SyncRun.objects.filter(pull__account=healthy, ok=True).count() == before + 1
    assert SyncRun.objects.filter(pull__account=account, ok=False).count() == 1, "rests are no failures"
