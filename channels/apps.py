"""The app's name."""

from django.apps import AppConfig

from channels import registry


class ChannelsConfig(AppConfig):
    """The channels house."""

    name = "channels"

    def ready(self) -> None:
        """Read every platform's folder, so that a broken one stops the start and not a sync."""
        registry.platforms()
