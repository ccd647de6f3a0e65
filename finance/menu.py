"""The house's line of the main menu."""

from django.utils.translation import gettext_lazy as _

from ecomhub.access import Actor
from ecomhub.discovery import MenuEntry
from finance import queries


def _waiting(actor: Actor) -> int:
    return queries.waiting_count(actor=actor)


MENU = [
    MenuEntry(
        label=_("Finance"),
        icon="coin",
        url_name="finance:list",
        action="finance.view",
        order=60,
        badge=_waiting,
    ),
]
