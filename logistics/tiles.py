"""What the house counts on the home page."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecomhub.access import Actor
from ecomhub.discovery import Tile, TileValue
from logistics.queries import counts


def to_ship(actor: Actor) -> TileValue:
    """Count the planned shipments."""
    return TileValue(value=counts(actor=actor)["planned"])


def not_told(actor: Actor) -> TileValue:
    """Count what the marketplaces refused or never answered."""
    stopped = counts(actor=actor)["stopped"]
    return TileValue(
        value=stopped,
        tone="danger" if stopped else "ok",
        note=_("Put right carrier or number, then tell again") if stopped else "",
    )


TILES = [
    Tile(
        key="logistics.planned",
        title=gettext_lazy("Shipments to send"),
        icon="truck",
        url_name="logistics:list",
        query="view=planned",
        action="logistics.view",
        order=45,
        load=to_ship,
    ),
    Tile(
        key="logistics.stopped",
        title=gettext_lazy("Not marked as shipped"),
        icon="alert-triangle",
        url_name="logistics:list",
        query="view=stopped",
        action="logistics.view",
        order=57,
        load=not_told,
    ),
]
