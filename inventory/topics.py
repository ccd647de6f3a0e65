"""What outgoing webhooks can tell of this house."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from ecomhub.discovery import Topic
from inventory.models import StockLevel


def newest_levels(most: int) -> Sequence[tuple[int, int, datetime]]:
    """Return the levels that changed last, as their messages name them."""
    rows = StockLevel.objects.filter(version__gt=0).order_by("-change_epoch", "-change_xid", "-id")
    return list(rows.values_list("pk", "version", "changed_at")[:most])


TOPICS = [
    Topic("sku", _("Products: everything")),
    Topic("stock", _("Stock: every change, the newest state only"), newest_levels),
    Topic("stock.changed", _("Stock of a product in a warehouse changed"), newest_levels),
]
