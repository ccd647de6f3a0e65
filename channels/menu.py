"""The house's lines of the main menu."""

from django.utils.translation import gettext_lazy as _

from channels import queries
from ecomhub.access import Actor
from ecomhub.discovery import MenuEntry


def _failed(actor: Actor) -> int:
    return queries.failed_imports(actor=actor).count()


MENU = [
    MenuEntry(
        label=_("Channels"),
        icon="building-store",
        url_name="channels:list",
        action="channels.view",
        order=50,
        badge=_failed,
    ),
]
