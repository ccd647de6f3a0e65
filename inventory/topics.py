"""What outgoing webhooks can tell of this house."""

from django.utils.translation import gettext_lazy as _

from ecomhub.discovery import Topic

TOPICS = [
    Topic("sku", _("Products: everything")),
    Topic("stock", _("Stock: every change, the newest state only")),
    Topic("stock.changed", _("Stock of a product in a warehouse changed")),
]
