"""The house's fragment of the order page."""

from django.utils.translation import gettext_lazy as _

from ecomhub.discovery import Panel

PANELS = [
    Panel(
        place="order",
        key="earned",
        title=_("What this order earned"),
        url_name="finance:order-panel",
        action="finance.view",
        order=40,
    ),
]
