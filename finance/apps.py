"""The app's name."""

from django.apps import AppConfig


class FinanceConfig(AppConfig):
    """The finance house."""

    name = "finance"
