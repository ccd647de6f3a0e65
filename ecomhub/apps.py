"""The ground's app: registers its checks."""

from django.apps import AppConfig


class EcomhubConfig(AppConfig):
    """The ground."""

    name = "ecomhub"
