"""Composition without upward imports: what an app offers is found by module name.

Each installed app may have ``menu.py`` (``MENU``), ``tiles.py`` (``TILES``), ``panels.py`` (``PANELS``),
``laws.py`` (``LAWS``), ``bench.py`` (``BENCHES``), ``sheets.py`` (``IMPORTERS``), ``topics.py`` (``TOPICS``),
``reaches.py`` (``REACHES``), ``demands.py`` (``DEMANDS``), ``gauges.py`` (``GAUGES``) and ``api.py``
(``ROUTES``, ``SECTIONS``). The ground reads these lists and never an app's name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.conf import settings

from ecomhub.access import Actor
from ecomhub.sheets import Importer


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A line of the main menu. ``label`` is a lazy translation, ``badge`` counts what waits."""

    label: Any
    icon: str
    url_name: str
    action: str
    order: int
    badge: Callable[[Actor], int] | None = None


@dataclass(frozen=True, slots=True)
class TileValue:
    """What a home tile shows: a number or short text, a tone (ok, warning, danger, neutral), a note."""

    value: int | str
    tone: str = "neutral"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A counter on the home page that links to the list it counts."""

    key: str
    title: Any
    icon: str
    url_name: str
    query: str
    action: str
    order: int
    load: Callable[[Actor], TileValue]


@dataclass(frozen=True, slots=True)
class Panel:
    """A fragment of another app's page, loaded by htmx from ``url_name`` with the object's key.

    ``place`` names the page that shows it, such as ``order`` or ``home``.
    """

    place: str
    key: str
    title: Any
    url_name: str
    action: str
    order: int


@dataclass(frozen=True, slots=True)
class Law:
    """Something that must hold in every snapshot of the database.

    ``checked`` is SQL that returns one number, how many things were looked at; ``violations`` is SQL that
    returns one row per broken thing, its first column naming it. Both run read-only.
    """

    id: str
    title: str
    checked: str
    violations: str


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that outgoing webhooks tell: an object kind (all its events) or one event of it.

    ``newest`` returns the latest (object id, sequence, instant) of a topic that is told without events.
    """

    name: str
    title: Any
    newest: Callable[[int], Sequence[tuple[int, int, datetime]]] | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """What an API token may be limited to, such as shops.

    ``load`` returns names by id, as far as an actor sees them.
    """

    key: str
    title: Any
    load: Callable[[Actor], Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class Demand:
    """For whom stock is claimed, named ``kind:id`` in the ledger: its words and the page that shows it."""

    kind: str
    title: Any
    url_name: str


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure for Prometheus: ``load`` returns (label values, value) as they stand at an instant."""

    name: str
    title: str
    labels: tuple[str, ...]
    load: Callable[[datetime], Sequence[tuple[tuple[str, ...], float]]]


@dataclass(frozen=True, slots=True)
class ApiSection:
    """What an upper app adds to a lower app's object in the REST API, such as an order's shipments.

    ``load`` returns one value per object key; ``serializer`` (a class) describes each of them and shows it,
    unless ``show`` does that faster.
    """

    place: str
    key: str
    serializer: Any
    load: Callable[[Actor, Sequence[int]], Mapping[int, Sequence[Any]]]
    show: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class BenchResult:
    """A bench's outcome as `make bench` prints it; ``ratio`` 1.0 is the limit, higher is better."""

    name: str
    unit: str
    ours: float
    limit: float
    ratio: float
    bound: float
    cases: list[dict[str, Any]] = field(default_factory=list)
    exact: dict[str, int] = field(default_factory=dict)


Bench = Callable[[], BenchResult]


def _is_ours(app: str) -> bool:
    return app in settings.ECOMHUB_APPS


def _lists(module: str, name: str) -> list[Any]:
    found: list[Any] = []
    for config in apps.get_app_configs():
        dotted = f"{config.name}.{module}"
        if _is_ours(config.name) and find_spec(dotted) is not None:
            found.extend(getattr(import_module(dotted), name))
    return found


def menu() -> Sequence[MenuEntry]:
    """Return every menu entry, in order."""
    return sorted(_lists("menu", "MENU"), key=lambda entry: entry.order)


def tiles() -> Sequence[Tile]:
    """Return every home tile, in order."""
    return sorted(_lists("tiles", "TILES"), key=lambda tile: tile.order)


def panels(*, place: str) -> Sequence[Panel]:
    """Return the panels for one page, in order."""
    offered = [panel for panel in _lists("panels", "PANELS") if panel.place == place]
    return sorted(offered, key=lambda panel: panel.order)


def laws() -> Sequence[Law]:
    """Return every law of ``verify``."""
    return sorted(_lists("laws", "LAWS"), key=lambda law: law.id)


def topics() -> Sequence[Topic]:
    """Return everything webhooks can tell, app by app."""
    return _lists("topics", "TOPICS")


def reaches() -> Sequence[Reach]:
    """Return what a token may be limited to, app by app."""
    return _lists("reaches", "REACHES")


def demands() -> dict[str, Demand]:
    """Return every kind of demand on stock, by its kind."""
    return {demand.kind: demand for demand in _lists("demands", "DEMANDS")}


def gauges() -> Sequence[Gauge]:
    """Return every figure the apps measure for Prometheus, by name."""
    return sorted(_lists("gauges", "GAUGES"), key=lambda gauge: gauge.name)


def benches() -> dict[str, Bench]:
    """Return every bench by its name."""
    return dict(_lists("bench", "BENCHES"))


def importers() -> dict[str, Importer]:
    """Return every kind of sheet that can be taken in, by its kind."""
    return {importer.kind: importer for importer in _lists("sheets", "IMPORTERS")}


def api_routes() -> Sequence[tuple[str, Any, str]]:
    """Return (prefix, viewset, basename) of every app's API section."""
    return _lists("api", "ROUTES")


def api_sections(*, place: str) -> Sequence[ApiSection]:
    """Return what the apps add to one kind of object in the API."""
    return [section for section in _lists("api", "SECTIONS") if section.place == place]
