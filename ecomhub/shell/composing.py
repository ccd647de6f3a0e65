"""What the shell puts together from the apps for one reader: the menu, its badges, the home tiles."""

from dataclasses import dataclass
from typing import Any

import structlog
from django.db import DatabaseError, transaction
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from ecomhub import discovery
from ecomhub.access import Actor
from ecomhub.discovery import Panel, Tile, TileValue

log = structlog.get_logger(__name__)

TONES = {"ok": "green", "warning": "orange", "danger": "red", "neutral": "blue"}


@dataclass(frozen=True, slots=True)
class MenuLine:
    """A menu entry as one reader sees it. ``key`` follows ``g`` on the keyboard."""

    name: str
    label: Any
    icon: str
    url: str
    key: str
    active: bool
    badge: bool


@dataclass(frozen=True, slots=True)
class ShownTile:
    """A home tile with its value and the address of the list it counts."""

    key: str
    title: Any
    icon: str
    url: str
    value: TileValue

    @property
    def color(self) -> str:
        """Return the color of the value's tone."""
        return TONES.get(self.value.tone, "blue")

    @property
    def is_number(self) -> bool:
        """Say whether the value is to be grouped as a number."""
        return not isinstance(self.value.value, str)


def _name(url_name: str) -> str:
    return url_name.partition(":")[0]


def _home_of(url_name: str) -> str:
    name = _name(url_name)
    return "home" if name == "ecomhub" else name


def _address(url_name: str) -> str | None:
    """Return an entry's address; one app's wrong name is logged and takes no page of the others down."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        log.exception("ecomhub.shell.no_such_page", url_name=url_name)
        return None


def menu_lines(*, actor: Actor, url_name: str) -> list[MenuLine]:
    """Return the menu lines an actor may open; the one of the page shown is active.

    ``url_name`` is the view name of the page, such as ``orders:detail``: an app with one line has it
    active on all its pages, an app with several only where the names are equal.
    """
    entries = [entry for entry in discovery.menu() if actor.may(entry.action)]
    exact = {entry.url_name for entry in entries if entry.url_name == url_name}
    first: dict[str, str] = {}
    for entry in entries:
        first.setdefault(_name(entry.url_name), entry.url_name)
    here = exact or {first.get(_name(url_name), "")}
    keys: set[str] = set()
    lines: list[MenuLine] = []
    for entry in entries:
        url = _address(entry.url_name)
        if url is None:
            continue
        key = _home_of(entry.url_name)[:1]
        lines.append(
            MenuLine(
                name=entry.url_name.replace(":", "-"),
                label=entry.label,
                icon=entry.icon,
                url=url,
                key="" if key in keys else key,
                active=entry.url_name in here,
                badge=entry.badge is not None,
            )
        )
        keys.add(key)
    return lines


def menu_counts(*, actor: Actor) -> dict[str, int]:
    """Return what waits behind each menu line that counts something, by the line's name."""
    return {
        entry.url_name.replace(":", "-"): entry.badge(actor)
        for entry in discovery.menu()
        if entry.badge is not None and actor.may(entry.action)
    }


def _value_of(tile: Tile, *, actor: Actor) -> TileValue:
    try:
        with transaction.atomic():
            return tile.load(actor)
    except DatabaseError:
        log.exception("ecomhub.home.tile_failed", tile=tile.key)
        return TileValue(value="–", note=_("Not counted now. It is tried again by itself."))


def home_tiles(*, actor: Actor) -> list[ShownTile]:
    """Return the home tiles an actor may see. A tile whose count fails says so and stops no other."""
    shown: list[ShownTile] = []
    for tile in discovery.tiles():
        url = _address(tile.url_name) if actor.may(tile.action) else None
        if url is None:
            continue
        shown.append(
            ShownTile(
                key=tile.key,
                title=tile.title,
                icon=tile.icon,
                url=f"{url}?{tile.query}" if tile.query else url,
                value=_value_of(tile, actor=actor),
            )
        )
    return shown


def page_panels(*, actor: Actor, place: str) -> list[Panel]:
    """Return the panels of one page an actor may see."""
    return [panel for panel in discovery.panels(place=place) if actor.may(panel.action)]
