"""The house's counters on the home page."""

from django.utils.translation import gettext_lazy as _

from channels import queries
from ecomhub.access import Actor
from ecomhub.discovery import Tile, TileValue


def _unmapped(actor: Actor) -> TileValue:
    count = queries.unmapped_listings(actor=actor).count()
    return TileValue(value=count, tone="warning" if count else "ok")


def _failed(actor: Actor) -> TileValue:
    count = queries.failed_imports(actor=actor).count()
    return TileValue(value=count, tone="danger" if count else "ok")


TILES = [
    Tile(
        key="channels.unmapped",
        title=_("Listings not paired"),
        icon="unlink",
        url_name="channels:listings",
        query="view=unmapped",
        action="channels.view",
        order=70,
        load=_unmapped,
    ),
    Tile(
        key="channels.failed",
        title=_("Failed imports"),
        icon="cloud-download",
        url_name="channels:failed",
        query="",
        action="channels.view",
        order=80,
        load=_failed,
    ),
]
