"""The ground's app. Importing the Celery application here makes it the one every process rings through."""

from django.apps import AppConfig

from ecomhub.celery import app as celery_app

__all__ = ["EcomhubConfig", "celery_app"]


class EcomhubConfig(AppConfig):
    """The ground."""

    name = "ecomhub"
