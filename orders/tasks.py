"""Ringing the bell for the orders house; a lost message costs one tick, a doubled one nothing."""

from typing import Any

from ecomhub import clock
from ecomhub.celery import FOLLOWING, TURNS, app, ring
from orders import cancel_calls, erasing, fetching, golive, pulling, returns, sweeps, tally

PULLS_PER_TICK = 50
RETRIES_PER_TICK = 5
_LONGEST_COUNTDOWN = 55.0


@app.task(name="orders.tick")
def tick() -> None:
    """Ring for due pulls and failed orders, take waiting orders on, fold the counters. Safe to run twice."""
    returns.open_lanes(at=clock.now())
    returns.retry_failed(limit=RETRIES_PER_TICK)
    for pull_id in pulling.due_pulls(limit=PULLS_PER_TICK, streams=pulling.FOLLOWING):
        ring(follow, pull_id)
    for pull_id in pulling.due_pulls(limit=PULLS_PER_TICK, streams=pulling.LOOKING_BACK):
        ring(pull, pull_id)
    for account_id in fetching.due_accounts(limit=PULLS_PER_TICK):
        ring(fetch, account_id)
    ring(retry)
    cancel_calls.report_stopped(at=clock.now())
    for cancel_id in cancel_calls.due_cancels(limit=PULLS_PER_TICK):
        ring(cancel_there, cancel_id)
    if erasing.is_due():
        ring(erase)
    golive.reconsider(at=clock.now())
    sweeps.sweep(now=clock.now)
    tally.fold()


@app.task(name="orders.follow", priority=FOLLOWING)
def follow(pull_id: int) -> None:
    """Look for an account's new orders before all long turns; ring again when the next look comes soon."""
    _take_turn(follow, pull_id)


@app.task(name="orders.pull", priority=TURNS)
def pull(pull_id: int) -> None:
    """Pull a stream that looks further back for one turn, and ring again when it comes due soon."""
    _take_turn(pull, pull_id)


def _take_turn(task: Any, pull_id: int) -> None:
    wait = pulling.pull_orders(pull_id=pull_id, now=clock.now)
    if wait is not None and wait.total_seconds() < _LONGEST_COUNTDOWN:
        ring(task, pull_id, countdown=wait.total_seconds())


@app.task(name="orders.retry")
def retry() -> None:
    """Try orders that could not be taken in once more."""
    pulling.retry_failed(now=clock.now, limit=RETRIES_PER_TICK)


@app.task(name="orders.fetch")
def fetch(account_id: int) -> None:
    """Fetch the orders that an account's pushes named."""
    fetching.fetch_pushed(account_id=account_id, now=clock.now)


@app.task(name="orders.erase")
def erase() -> None:
    """Erase the buyers' data that platforms demand to be erased."""
    erasing.erase_due(at=clock.now())


@app.task(name="orders.cancel")
def cancel_there(cancel_id: int) -> None:
    """Do one cancellation's next step at its platform."""
    cancel_calls.carry_out(cancel_id=cancel_id, at=clock.now())
