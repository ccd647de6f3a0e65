"""Ringing the bell for the orders house; a lost message costs one tick, a doubled one nothing."""

from typing import Any

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from ecomhub import clock
from ecomhub.celery import app
from orders import golive, pulling, sweeps, tally

PULLS_PER_TICK = 50
RETRIES_PER_TICK = 5
_LONGEST_COUNTDOWN = 55.0


def ring(task: Any, *args: int, countdown: float = 0.0) -> None:
    """Send a message to a worker, best effort: what is lost here, the next tick finds."""
    try:
        task.apply_async(args=list(args), countdown=countdown, expires=countdown + 60, retry=False)
    except (OperationalError, RedisError, OSError):
        return


@app.task(name="orders.tick")
def tick() -> None:
    """Ring for due pulls and failed orders, take waiting orders on, fold the counters. Safe to run twice."""
    for pull_id in pulling.due_pulls(limit=PULLS_PER_TICK):
        ring(pull, pull_id)
    ring(retry)
    golive.reconsider(at=clock.now())
    sweeps.sweep(now=clock.now)
    tally.fold()


@app.task(name="orders.pull")
def pull(pull_id: int) -> None:
    """Pull one order stream for one turn, and ring again when it comes due soon."""
    wait = pulling.pull_orders(pull_id=pull_id, now=clock.now)
    if wait is not None and wait.total_seconds() < _LONGEST_COUNTDOWN:
        ring(pull, pull_id, countdown=wait.total_seconds())


@app.task(name="orders.retry")
def retry() -> None:
    """Try orders that could not be taken in once more."""
    pulling.retry_failed(now=clock.now, limit=RETRIES_PER_TICK)
