"""The house's line of the main menu."""

from django.utils.translation import gettext_lazy as _

from ecomhub.discovery import MenuEntry

MENU = [
    MenuEntry(
        label=_("Products & stock"), icon="box", url_name="inventory:list", action="inventory.view", order=40
    ),
]
