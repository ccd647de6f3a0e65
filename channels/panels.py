"""The house's fragments of other pages."""

from django.utils.translation import gettext_lazy as _

from ecomhub.discovery import Panel

PANELS = [
    Panel(
        place="home",
        key="freshness",
        title=_("How fresh each shop is"),
        url_name="channels:freshness",
        action="channels.view",
        order=10,
    ),
    Panel(
        place="sku",
        key="listings",
        title=_("Listings that sell it"),
        url_name="channels:of-sku",
        action="channels.view",
        order=10,
    ),
]
