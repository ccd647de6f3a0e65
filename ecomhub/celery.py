"""The Celery application: a doorbell for work rows, nothing that could be lost."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecomhub.settings")

app = Celery("ecomhub", set_as_current=True)
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
