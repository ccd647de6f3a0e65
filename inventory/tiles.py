"""The house's counters on the home page."""

from django.utils.translation import gettext_lazy as _

from ecomhub.access import Actor
from ecomhub.discovery import Tile, TileValue
from inventory import queries


def _out(actor: Actor) -> TileValue:
    count = queries.stock_counts(actor=actor).out
    return TileValue(value=count, tone="warning" if count else "ok")


def _oversold(actor: Actor) -> TileValue:
    count = queries.stock_counts(actor=actor).oversold
    return TileValue(value=count, tone="danger" if count else "ok")


TILES = [
    Tile(
        key="stock-out",
        title=_("Nothing to promise"),
        icon="box",
        url_name="inventory:list",
        query="stock=out",
        action="inventory.view",
        order=60,
        load=_out,
    ),
    Tile(
        key="stock-oversold",
        title=_("Reserved beyond stock"),
        icon="alert-triangle",
        url_name="inventory:list",
        query="stock=oversold",
        action="inventory.view",
        order=61,
        load=_oversold,
    ),
]
