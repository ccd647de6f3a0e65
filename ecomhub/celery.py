"""The Celery application: a doorbell for work rows, nothing that could be lost."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecomhub.settings")

TURNS = 3
"""Priority of long turns (pulling, publishing): among each other they take turns in order of arrival.

Ticks and what somebody waits for (a shipment told, a parcel arranged, a push followed) have 0, the highest.
"""

app = Celery("ecomhub", set_as_current=True)
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
