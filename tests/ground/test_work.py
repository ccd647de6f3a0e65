"""Work rows: one worker at a time, deaths and errors told apart, sleepers write nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from channels.models import ChannelAccount, Pull
from ecomhub import work
from ecomhub.work import LeaseLost, WorkState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pull() -> Pull:
    account = ChannelAccount.objects.create(
        platform="any",
        name="one",
        seller_id="S",
        endpoint="",
        token_endpoint="",
        go_live_at=datetime.now(UTC),
    )
    return Pull.objects.create(account=account, stream=Pull.Stream.ORDERS)


def _lapse(pull: Pull) -> None:
    Pull.objects.filter(pk=pull.pk).update(lease_until=datetime(2000, 1, 1, tzinfo=UTC))


def _claim_and_close(_number: int) -> int:
    try:
        return len(work.claim(model=Pull, limit=5))
    finally:
        connection.close()


def test_of_sixteen_workers_one_gets_the_row(pull: Pull) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(_claim_and_close, range(16))) == 1


def test_a_row_that_is_not_due_stays(pull: Pull) -> None:
    [row] = work.claim(model=Pull, limit=1)
    work.finish(row=row, due_in=timedelta(hours=1))
    assert work.claim(model=Pull, limit=1) == []


def test_a_woken_sleeper_writes_nothing(pull: Pull) -> None:
    [sleeper] = work.claim(model=Pull, limit=1)
    _lapse(pull)
    [successor] = work.claim(model=Pull, limit=1)
    for late_write in (work.finish, work.renew):
        with pytest.raises(LeaseLost):
            late_write(row=sleeper)
    with pytest.raises(LeaseLost):
        work.fail(row=sleeper, reason="late")
    with pytest.raises(LeaseLost), transaction.atomic():
        work.hold(row=sleeper)
    with transaction.atomic():
        work.hold(row=successor)


def test_the_third_death_quarantines(pull: Pull) -> None:
    for _death in range(3):
        assert len(work.claim(model=Pull, limit=1)) == 1
        _lapse(pull)
    assert work.claim(model=Pull, limit=1) == []
    pull.refresh_from_db()
    assert (pull.state, pull.deaths) == (WorkState.QUARANTINED, 3)


def test_errors_wait_longer_each_time_and_the_twelfth_quarantines(pull: Pull) -> None:
    for _error in range(12):
        Pull.objects.update(due_at=datetime(2000, 1, 1, tzinfo=UTC))
        [row] = work.claim(model=Pull, limit=1)
        work.fail(row=row, reason="the platform is away")
    pull.refresh_from_db()
    assert (pull.state, pull.errors, pull.deaths) == (WorkState.QUARANTINED, 12, 0)
    waits = [work.backoff(errors=n, jitter=0) for n in range(1, 13)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(seconds=15), timedelta(hours=1))


def test_an_answer_forgets_earlier_deaths(pull: Pull) -> None:
    work.claim(model=Pull, limit=1)
    _lapse(pull)
    [row] = work.claim(model=Pull, limit=1)
    work.postpone(row=row, due_in=timedelta(0), reason="throttled")
    pull.refresh_from_db()
    assert (pull.deaths, pull.errors, pull.lease_until) == (0, 0, None)


def test_retry_by_a_person_wakes_a_quarantined_row(pull: Pull) -> None:
    [row] = work.claim(model=Pull, limit=1)
    work.fail(row=row, reason="broken", final=True)
    assert work.claim(model=Pull, limit=1) == []
    work.ring(model=Pull, pks=[pull.pk])
    assert len(work.claim(model=Pull, limit=1)) == 1
