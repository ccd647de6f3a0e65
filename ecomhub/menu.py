"""The shell's own line of the main menu; `ecomhub.discovery.menu` puts all apps' lines together."""

from django.utils.translation import gettext_lazy as _

from ecomhub.discovery import MenuEntry

MENU = [
    MenuEntry(
        label=_("Home"),
        icon="home",
        url_name="ecomhub:home",
        action="shell.home",
        order=0,
    ),
    MenuEntry(
        label=_("Webhooks"),
        icon="webhook",
        url_name="webhooks:list",
        action="webhooks.manage",
        order=90,
    ),
    MenuEntry(
        label=_("API"),
        icon="key",
        url_name="api-tokens",
        action="api.tokens",
        order=91,
    ),
]
