"""The ground's clockwork: messages to endpoints of others go out."""

from typing import Any

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from ecomhub import clock
from ecomhub.celery import app
from ecomhub.webhooks.sending import due_endpoints, forget_old, send_due


@app.task(name="ecomhub.tick")
def tick() -> None:
    """Ring for every endpoint with something due. Safe to run twice at once."""
    for endpoint_id in due_endpoints():
        _ring(send_webhooks, endpoint_id)
    forget_old(at=clock.now())


@app.task(name="ecomhub.send_webhooks")
def send_webhooks(endpoint_id: int) -> None:
    """Send what is due to one endpoint for one turn."""
    send_due(endpoint_id=endpoint_id)


def _ring(task: Any, row_id: int) -> None:
    try:
        task.apply_async(args=[row_id], expires=60, retry=False)
    except (OperationalError, RedisError, OSError):
        return
