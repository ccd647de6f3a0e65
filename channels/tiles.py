"""The house's counters on the home page."""

from django.utils.translation import gettext_lazy as _

from channels import connecting, queries
from ecomhub import clock
from ecomhub.access import Actor
from ecomhub.discovery import Tile, TileValue


def _unmapped(actor: Actor) -> TileValue:
    count = queries.unmapped_listings(actor=actor).count()
    return TileValue(value=count, tone="warning" if count else "ok")


def _failed(actor: Actor) -> TileValue:
    count = queries.failed_imports(actor=actor).count()
    return TileValue(value=count, tone="danger" if count else "ok")


def _consents(actor: Actor) -> TileValue:
    at = clock.now()
    rows = queries.accounts_visible_to(actor=actor).filter(connecting.to_renew(at=at))
    ends = [connecting.deadline(account=account, at=at) for account in rows]
    pressing = any(end is None or end.urgency > 1 for end in ends)
    return TileValue(value=len(ends), tone="danger" if pressing else "warning" if ends else "ok")


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
    Tile(
        key="channels.consents",
        title=_("Accounts to connect again"),
        icon="plug-x",
        url_name="channels:list",
        query="",
        action="channels.view",
        order=90,
        load=_consents,
    ),
]
