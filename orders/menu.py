"""The house's line of the main menu."""

from django.utils.translation import gettext_lazy as _

from ecomhub.access import Actor
from ecomhub.discovery import MenuEntry
from orders import queries


def _waiting(actor: Actor) -> int:
    counts = queries.counts(actor=actor)
    return sum(counts.get(tab, 0) for tab in ("review", "process", "label", "ship"))


MENU = [
    MenuEntry(
        label=_("Orders"),
        icon="shopping-cart",
        url_name="orders:list",
        action="orders.view",
        order=20,
        badge=_waiting,
    ),
]
