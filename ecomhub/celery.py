"""The Celery application: a doorbell for work rows, nothing that could be lost."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecomhub.settings")

PULLING = 3
"""Priority of what brings news from the platforms; ticks and what goes out have 0, the highest."""

FILLING_IN = 6
"""Priority of what may take its time: history, wide windows, listings."""

app = Celery("ecomhub", set_as_current=True)
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
