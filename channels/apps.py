"""The app's name."""

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    """The channels house."""

    name = "channels"
