"""The house's fragments of other pages."""

from django.utils.translation import gettext_lazy as _

from ecomhub.discovery import Panel

PANELS = [
    Panel(
        place="channels",
        key="order-lags",
        title=_("New orders of each shop, last 24 hours"),
        url_name="orders:lags",
        action="channels.view",
        order=10,
    ),
]
