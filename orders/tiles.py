"""What the house counts on the home page, from the maintained counters."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from ecomhub.access import Actor
from ecomhub.discovery import Tile, TileValue
from orders.queries import counts


def _load(bucket: str, tone: str) -> Callable[[Actor], TileValue]:
    def load(actor: Actor) -> TileValue:
        found = counts(actor=actor).get(bucket, 0)
        return TileValue(value=found, tone=tone if found else "ok")

    return load


def _tile(bucket: str, title: Any, icon: str, order: int, tone: str = "neutral") -> Tile:
    return Tile(
        key=f"orders.{bucket}",
        title=title,
        icon=icon,
        url_name="orders:list",
        query=f"tab={bucket}",
        action="orders.view",
        order=order,
        load=_load(bucket, tone),
    )


TILES = [
    _tile("review", _("To review"), "eye", 10),
    _tile("process", _("To process"), "list-details", 20),
    _tile("label", _("Ready to print"), "printer", 30),
    _tile("ship", _("Ready to ship"), "truck", 40),
    _tile("exceptions", _("Exceptions"), "alert-triangle", 50, "danger"),
    _tile("hold", _("On hold"), "hand-stop", 55, "warning"),
    _tile("cancel_requested", _("Asked to cancel"), "ban", 56, "warning"),
]
