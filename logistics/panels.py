"""The house's fragment of the order page."""

from django.utils.translation import gettext_lazy as _

from ecomhub.discovery import Panel

PANELS = [
    Panel(
        place="order",
        key="shipments",
        title=_("Shipments"),
        url_name="logistics:order-panel",
        action="logistics.view",
        order=20,
    ),
    Panel(
        place="account",
        key="confirmations",
        title=_("Orders the platform would be told about"),
        url_name="logistics:account-panel",
        action="logistics.view",
        order=10,
    ),
]
