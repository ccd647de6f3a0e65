"""Which warehouse serves what: a choice made on numbers alone, with the reasons kept for people.

One warehouse for the whole order first (the one that holds part of it already, then one serving the
country, then by priority); else one per line; else a line over several. Only whole listing units are
taken: a bundle lacking one part is not started.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inventory.ledger import Levels
from inventory.queries import Candidate

Components = tuple[tuple[int, int], ...]
"""What one listing unit takes from stock: (SKU, units)."""


@dataclass(frozen=True, slots=True)
class Need:
    """``sets`` listing units of a line that still lack stock."""

    line_id: int
    sets: int
    components: Components


@dataclass(frozen=True, slots=True)
class Take:
    """SKU units taken for a line from a warehouse; ``units`` of them make one listing unit."""

    line_id: int
    sku_id: int
    warehouse_id: int
    quantity: int
    units: int


@dataclass(slots=True)
class Choice:
    """What is taken, what is short per line and SKU, and why."""

    takes: list[Take] = field(default_factory=list)
    short: dict[int, dict[int, int]] = field(default_factory=dict)
    trace: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Board:
    """What a choice is made on: pairings, candidate warehouses, locked levels less what was taken."""

    components: Mapping[int, Components]
    candidates: Mapping[int, Sequence[Candidate]]
    levels: Levels
    taken: dict[tuple[int, int], int] = field(default_factory=dict)

    def free(self, sku_id: int, warehouse_id: int) -> int:
        """Return what may still be taken of a SKU in a warehouse."""
        level = self.levels.get((sku_id, warehouse_id))
        if level is None:
            return 0
        return level.on_hand - level.reserved - self.taken.get((sku_id, warehouse_id), 0)

    def take(self, sku_id: int, warehouse_id: int, quantity: int) -> None:
        """Take units off the board."""
        place = (sku_id, warehouse_id)
        self.taken[place] = self.taken.get(place, 0) + quantity


@dataclass(frozen=True, slots=True)
class _Place:
    warehouse_id: int
    serves: bool
    is_near: bool
    priority: int
    is_used: bool

    @property
    def rank(self) -> tuple[bool, bool, bool, int, int]:
        return (not self.is_used, not self.is_near, not self.serves, self.priority, self.warehouse_id)


def _places(*, skus: Iterable[int], board: Board, country: str, used: frozenset[int]) -> list[_Place]:
    found: dict[int, _Place] = {}
    for sku_id in skus:
        for candidate in board.candidates.get(sku_id, ()):
            place = candidate.warehouse_id
            if place not in found:
                serves = candidate.serves_countries
                near = country in serves or country == candidate.country
                fits = near or not serves
                found[place] = _Place(place, fits, near, candidate.priority, place in used)
    return sorted(found.values(), key=lambda place: place.rank)


def choose(
    *, needs: Sequence[Need], country: str, board: Board, used: frozenset[int] = frozenset()
) -> Choice:
    """Choose warehouses for the needs of one order and take the units off the board.

    ``used`` are the warehouses that hold part of the order already.
    """
    demand: dict[int, int] = {}
    for need in needs:
        for sku_id, units in need.components:
            demand[sku_id] = demand.get(sku_id, 0) + units * need.sets
    places = _places(skus=demand, board=board, country=country, used=used)
    choice = Choice(trace={"country": country})
    looked: list[dict[str, Any]] = []
    choice.trace["candidates"] = looked
    for place in places:
        lacks = _lacks(demand, place.warehouse_id, board)
        looked.append(
            {
                "warehouse": place.warehouse_id,
                "serves": place.serves,
                "priority": place.priority,
                "lacks": lacks,
            }
        )
        if not lacks:
            for need in needs:
                _take_here(choice, need, need.sets, place.warehouse_id, board)
            choice.trace["choice"] = "single"
            return _told(choice)
    for need in needs:
        _serve_apart(choice, need, places, board)
    choice.trace["choice"] = "short" if choice.short else "split"
    return _told(choice)


def _told(choice: Choice) -> Choice:
    choice.trace["takes"] = [
        [take.line_id, take.sku_id, take.warehouse_id, take.quantity] for take in choice.takes
    ]
    if choice.short:
        choice.trace["short"] = {str(line_id): missing for line_id, missing in choice.short.items()}
    return choice


def _lacks(demand: Mapping[int, int], warehouse_id: int, board: Board) -> dict[str, int]:
    lacks = {}
    for sku_id, quantity in demand.items():
        free = board.free(sku_id, warehouse_id)
        if free < quantity:
            lacks[str(sku_id)] = quantity - max(free, 0)
    return lacks


def _take_here(choice: Choice, need: Need, sets: int, warehouse_id: int, board: Board) -> None:
    for sku_id, units in need.components:
        board.take(sku_id, warehouse_id, sets * units)
        choice.takes.append(Take(need.line_id, sku_id, warehouse_id, sets * units, units))


def _serve_apart(choice: Choice, need: Need, places: Sequence[_Place], board: Board) -> None:
    demand = {sku_id: units * need.sets for sku_id, units in need.components}
    for place in places:
        if not _lacks(demand, place.warehouse_id, board):
            _take_here(choice, need, need.sets, place.warehouse_id, board)
            return
    total = {
        sku_id: sum(max(board.free(sku_id, place.warehouse_id), 0) for place in places)
        for sku_id, _units in need.components
    }
    sets = min(need.sets, *(total[sku_id] // units for sku_id, units in need.components))
    for sku_id, units in need.components:
        _spread(choice, need, sku_id, units, sets * units, places, board)
    if sets < need.sets:
        choice.short[need.line_id] = {
            sku_id: need.sets * units - total[sku_id]
            for sku_id, units in need.components
            if total[sku_id] < need.sets * units
        }


def _spread(
    choice: Choice, need: Need, sku_id: int, units: int, missing: int, places: Sequence[_Place], board: Board
) -> None:
    for place in places:
        quantity = min(missing, max(board.free(sku_id, place.warehouse_id), 0))
        if quantity:
            board.take(sku_id, place.warehouse_id, quantity)
            choice.takes.append(Take(need.line_id, sku_id, place.warehouse_id, quantity, units))
            missing -= quantity
