"""The app's name."""

from django.apps import AppConfig


class LogisticsConfig(AppConfig):
    """The logistics house."""

    name = "logistics"
