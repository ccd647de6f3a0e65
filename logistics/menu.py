"""The house's line of the main menu."""

from django.utils.translation import gettext_lazy as _

from ecomhub.access import Actor
from ecomhub.discovery import MenuEntry
from logistics.queries import counts


def waiting(actor: Actor) -> int:
    """Return how many confirmations need a person."""
    return counts(actor=actor)["stopped"]


MENU = [
    MenuEntry(
        label=_("Shipments"),
        icon="truck",
        url_name="logistics:list",
        action="logistics.view",
        order=30,
        badge=waiting,
    ),
]
