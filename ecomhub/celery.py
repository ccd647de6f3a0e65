"""The Celery application: a doorbell for work rows, nothing that could be lost."""

import os
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecomhub.settings")

TURNS = 3
"""Priority of long turns (reading further back, publishing, explaining): in order of arrival among them.

Ticks and what somebody waits for (a shipment told, a parcel arranged, a push followed) have 0, the highest.
"""

FOLLOWING = 1
"""Priority of looking for what is new: a short look, due by the clock; no queue of long turns delays it."""

app = Celery("ecomhub", set_as_current=True)
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def ring(task: Any, *args: int, countdown: float = 0.0) -> None:
    """Send a message to a worker, best effort: what is lost here, the next tick finds."""
    try:
        task.apply_async(args=list(args), countdown=countdown, expires=countdown + 60, retry=False)
    except (OperationalError, RedisError, OSError):
        return
