"""Ringing the bell for this house's work rows; a lost message costs one tick, a doubled one nothing."""

from typing import Any

from celery import bootsteps
from django.core.cache import cache
from django.db.models import Q
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from channels import (
    connecting,
    feeds,
    polling,
    price_publishing,
    publishing,
    readback,
    receiving,
    rereading,
    streams,
    subscribing,
)
from channels.models import ChannelAccount
from ecomhub import clock
from ecomhub.celery import TURNS, app, ring
from ecomhub.health import LATE_TICK, TICK_KEY, note_tick

PER_TICK = 50
OLD_PER_TICK = 1000
_LONGEST_COUNTDOWN = 55.0
_LOOK_EVERY_SECONDS = 20.0


@app.task(name="channels.tick")
def tick() -> None:
    """Find what is due in this house and ring for it."""
    note_tick()
    for pull_id in polling.due_pulls(streams=streams.STREAMS, limit=PER_TICK):
        ring(pull, pull_id)
    speaking = ChannelAccount.objects.filter(
        Q(pushes_stock=True) | Q(pushes_prices=True), state=ChannelAccount.State.CONNECTED
    )
    for account_id in speaking.order_by("pk").values_list("pk", flat=True):
        ring(publish, account_id)
    for account_id in rereading.due_accounts(limit=PER_TICK):
        ring(read_pushed, account_id)
    for row_id in subscribing.due(limit=PER_TICK):
        ring(subscribe, row_id)
    streams.retry_failed(limit=PER_TICK)
    connecting.forget_old()
    receiving.forget_old(limit=OLD_PER_TICK)


@app.task(name="channels.pull", priority=TURNS)
def pull(pull_id: int) -> None:
    """Pull one stream of listings or of channel stock for one turn."""
    wait = streams.run(pull_id=pull_id, now=clock.now)
    if wait is not None and wait.total_seconds() < _LONGEST_COUNTDOWN:
        ring(pull, pull_id, countdown=wait.total_seconds())


@app.task(name="channels.publish", priority=TURNS)
def publish(account_id: int) -> None:
    """Settle the account's feeds, push what is due, read back what was accepted."""
    for batch_id in feeds.open_batches(account_id=account_id).values_list("pk", flat=True):
        feeds.work_on(batch_id=batch_id, now=clock.now)
    done = publishing.publish(account_id=account_id, now=clock.now)
    if done.batched:
        for batch_id in feeds.open_batches(account_id=account_id).values_list("pk", flat=True):
            feeds.work_on(batch_id=batch_id, now=clock.now)
    price_publishing.publish(account_id=account_id, now=clock.now)
    readback.read_back(account_id=account_id, now=clock.now)
    price_publishing.read_back(account_id=account_id, now=clock.now)
    if done.pushed == publishing.PER_RUN:
        ring(publish, account_id)


@app.task(name="channels.read_pushed")
def read_pushed(account_id: int) -> None:
    """Read again the listings that an account's pushes named."""
    rereading.read_pushed(account_id=account_id, now=clock.now)


@app.task(name="channels.subscribe")
def subscribe(row_id: int) -> None:
    """Ask one account's platform to push to us."""
    subscribing.subscribe(row_id=row_id, now=clock.now)


class TickBridge(bootsteps.StartStopStep):
    """Lets each worker send the ticks itself while the beat is silent."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._entry: Any = None

    def start(self, parent: Any) -> None:
        """Look at the age of the last tick again and again."""
        self._entry = parent.timer.call_repeatedly(_LOOK_EVERY_SECONDS, bridge_late_tick)

    def stop(self, parent: Any) -> None:
        """Look no more."""
        if self._entry is not None:
            self._entry.cancel()


def bridge_late_tick() -> bool:
    """Send every scheduled tick when the last one is too old; says whether it was."""
    try:
        last = cache.get(TICK_KEY)
    except RedisError:
        return False
    if last is not None and clock.real_now().timestamp() - float(last) < LATE_TICK.total_seconds():
        return False
    for entry in app.conf.beat_schedule.values():
        try:
            app.send_task(entry["task"], expires=30, retry=False)
        except (OperationalError, RedisError, OSError):
            return True
    return True


app.steps["worker"].add(TickBridge)
