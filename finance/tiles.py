"""The house's counters on the home page."""

from django.utils.translation import gettext_lazy as _

from ecomhub.access import Actor
from ecomhub.discovery import Tile, TileValue
from finance import queries
from finance.reconciliation import exception_queries


def _waiting(actor: Actor) -> TileValue:
    count = queries.waiting_count(actor=actor)
    return TileValue(value=count, tone="danger" if count else "ok")


def _exceptions(actor: Actor) -> TileValue:
    count = exception_queries.open_count(actor=actor)
    return TileValue(value=count, tone="warning" if count else "ok")


TILES = [
    Tile(
        key="finance.waiting",
        title=_("Settlements not posted"),
        icon="file-text",
        url_name="finance:list",
        query="state=staged",
        action="finance.view",
        order=100,
        load=_waiting,
    ),
    Tile(
        key="finance.exceptions",
        title=_("Money exceptions"),
        icon="coin",
        url_name="finance:exceptions",
        query="",
        action="finance.view",
        order=110,
        load=_exceptions,
    ),
]
