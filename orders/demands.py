"""Who of this house claims stock."""

from django.utils.translation import gettext_lazy as _

from ecomhub.discovery import Demand

DEMANDS = [Demand("order-line", _("Order line"), "orders:of-line")]
