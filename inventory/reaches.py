"""What an API token may be limited to in this house: warehouses."""

from django.utils.translation import gettext_lazy as _

from ecomhub.access import Actor
from ecomhub.discovery import Reach
from inventory.models import Warehouse


def warehouses(actor: Actor) -> dict[int, str]:
    """Return the warehouses an actor may see, by name."""
    rows = Warehouse.objects.visible_to(actor).order_by("code")
    return {pk: f"{code} · {name}" for pk, code, name in rows.values_list("pk", "code", "name")}


REACHES = [Reach("warehouses", _("Only warehouses"), warehouses)]
