"""The app's name."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """The inventory house."""

    name = "inventory"
