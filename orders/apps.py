"""The app's name."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """The orders house."""

    name = "orders"
