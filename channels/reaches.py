"""What an API token may be limited to in this house: shops."""

from django.utils.translation import gettext_lazy as _

from channels.models import Shop
from ecomhub.access import Actor
from ecomhub.discovery import Reach


def shops(actor: Actor) -> dict[int, str]:
    """Return the shops an actor may see, by name."""
    rows = Shop.objects.visible_to(actor).order_by("short_name", "pk")
    return {pk: f"{short} · {name}" for pk, short, name in rows.values_list("pk", "short_name", "name")}


REACHES = [Reach("shops", _("Only shops"), shops)]
