"""Writing moves: decided in memory on locked levels, written in one statement that checks the decision."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from inventory.ledger.levels import Level, Levels, Pair, lock_levels
from inventory.ledger.nouns import CauseTaken, LedgerRefused, LevelsStale, Move, NotHeld, WrongQuantity

Key = tuple[str, str, int, int]
Fits = Callable[[Move, Level], bool]
"""Says whether a move may be made on a level as it stands."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a move may be made, what is raised when it may not (``None``: the answer is ``False``), and
    whether its demand must hold what is taken from it.
    """

    fits: Fits
    refusal: Callable[[Move], LedgerRefused] | None = None
    holds: bool = False


LARGEST = 2_000_000_000
"""More units than this fit in no level."""

# LATERAL … LIMIT 1 is one probe of the unique index per key; a plain join may read the whole ledger.
_KEYS_BEFORE = """
    unnest(%(causes)s::text[], %(kinds)s::text[], %(skus)s::bigint[], %(warehouses)s::bigint[])
        AS k (cause, kind, sku_id, warehouse_id)
    CROSS JOIN LATERAL (
        SELECT on_hand_delta, reserved_delta FROM inventory_stockmovement m
        WHERE m.cause = k.cause AND m.kind = k.kind AND m.sku_id = k.sku_id
            AND m.warehouse_id = k.warehouse_id
        LIMIT 1
    ) AS before
"""
_REPEATS = f"""
SELECT k.cause, k.kind, k.sku_id, k.warehouse_id, before.on_hand_delta, before.reserved_delta
FROM {_KEYS_BEFORE}
"""  # noqa: S608
_WRITE = f"""
WITH seen AS MATERIALIZED (
    SELECT 1 FROM {_KEYS_BEFORE}
), moved AS (
    UPDATE inventory_stocklevel l
    SET on_hand = l.on_hand + d.on_hand_delta, reserved = l.reserved + d.reserved_delta,
        version = l.version + 1, changed_at = %(at)s
    FROM unnest(%(level_ids)s::bigint[], %(level_versions)s::bigint[], %(level_on_hand)s::int[],
                %(level_reserved)s::int[], %(level_on_hand_deltas)s::int[], %(level_reserved_deltas)s::int[])
        AS d (id, version, on_hand, reserved, on_hand_delta, reserved_delta)
    WHERE l.id = d.id AND l.version = d.version AND l.on_hand = d.on_hand AND l.reserved = d.reserved
        AND NOT EXISTS (SELECT 1 FROM seen)
    RETURNING 1
), written AS (
    INSERT INTO inventory_stockmovement (kind, sku_id, warehouse_id, on_hand_delta, reserved_delta,
        on_hand_after, reserved_after, demand, cause, note, actor, at)
    SELECT w.kind, w.sku_id, w.warehouse_id, w.on_hand_delta, w.reserved_delta,
        w.on_hand_after, w.reserved_after, w.demand, w.cause, w.note, %(actor)s, %(at)s
    FROM unnest(%(w_kinds)s::text[], %(w_skus)s::bigint[], %(w_warehouses)s::bigint[],
                %(w_on_hand_deltas)s::int[], %(w_reserved_deltas)s::int[], %(w_on_hand_after)s::int[],
                %(w_reserved_after)s::int[], %(w_demands)s::text[], %(w_causes)s::text[], %(w_notes)s::text[])
        WITH ORDINALITY AS w (kind, sku_id, warehouse_id, on_hand_delta, reserved_delta,
            on_hand_after, reserved_after, demand, cause, note, position)
    WHERE (SELECT count(*) FROM moved) = %(level_count)s
    ORDER BY w.position
    RETURNING 1
)
SELECT (SELECT count(*) FROM seen), (SELECT count(*) FROM moved), (SELECT count(*) FROM written)
"""  # noqa: S608
_HELD = """
SELECT d.demand, held.sku_id, held.warehouse_id, held.total
FROM unnest(%s::text[]) AS d (demand) CROSS JOIN LATERAL (
    SELECT m.sku_id, m.warehouse_id, sum(m.reserved_delta) AS total FROM inventory_stockmovement m
    WHERE m.demand = d.demand AND m.demand <> ''
    GROUP BY 1, 2
) AS held
"""


class _Plan:
    """Which of the wanted moves fit, one after the other, and the numbers after each."""

    def __init__(self, *, moves: Iterable[Move], levels: Levels, fits: Fits) -> None:
        self.rows: list[tuple[Move, int, int]] = []
        self.misfits: list[Move] = []
        self.distinct: list[Move] = []
        self.running: dict[Pair, Level] = {}
        self.taken: dict[Key, Move] = {}
        for move in moves:
            self._place(move, levels, fits)

    def _place(self, move: Move, levels: Levels, fits: Fits) -> None:
        if move.key in self.taken:
            _same_act(move, self.taken[move.key].on_hand_delta, self.taken[move.key].reserved_delta)
            return
        self.distinct.append(move)
        level = self.running.get(move.pair) or _copy(levels, move.pair)
        if not fits(move, level):
            self.misfits.append(move)
            return
        level.on_hand += move.on_hand_delta
        level.reserved += move.reserved_delta
        if max(level.on_hand, level.reserved) > LARGEST:
            raise WrongQuantity(f"no warehouse holds more than {LARGEST} units of a SKU")
        self.running[move.pair] = level
        self.taken[move.key] = move
        self.rows.append((move, level.on_hand, level.reserved))


def _copy(levels: Levels, pair: Pair) -> Level:
    held = levels.get(pair)
    if held is None:
        raise LevelsStale(f"SKU {pair[0]} in warehouse {pair[1]} was not locked before")
    return Level(id=held.id, on_hand=held.on_hand, reserved=held.reserved, version=held.version)


def _same_act(move: Move, on_hand_delta: int, reserved_delta: int) -> None:
    if (move.on_hand_delta, move.reserved_delta) != (on_hand_delta, reserved_delta):
        raise CauseTaken(
            f"{move.cause!r} already moved ({on_hand_delta}, {reserved_delta}) of SKU {move.sku_id} "
            f"and cannot move ({move.on_hand_delta}, {move.reserved_delta})"
        )


def _keys(moves: Sequence[Move]) -> dict[str, Any]:
    return {
        "causes": [move.cause for move in moves],
        "kinds": [move.kind for move in moves],
        "skus": [move.sku_id for move in moves],
        "warehouses": [move.warehouse_id for move in moves],
    }


def _repeats(moves: Sequence[Move]) -> set[Key]:
    """Return the keys that moved before. Raises ``CauseTaken`` when one of them moved something else."""
    with connection.cursor() as cursor:
        cursor.execute(_REPEATS, _keys(moves))
        before = {tuple(row[:4]): (row[4], row[5]) for row in cursor.fetchall()}
    for move in moves:
        if move.key in before:
            _same_act(move, *before[move.key])
    return set(before)


def _write(plan: _Plan, *, asked: Sequence[Move], levels: Levels, at: datetime, actor: str) -> bool:
    """Write a plan; ``False`` when some asked cause moved before, and then nothing is written."""
    touched = [(levels[pair], after) for pair, after in plan.running.items()]
    rows = plan.rows
    values = _keys(asked) | {
        "at": at,
        "actor": actor,
        "level_count": len(touched),
        "level_ids": [now.id for now, _ in touched],
        "level_versions": [now.version for now, _ in touched],
        "level_on_hand": [now.on_hand for now, _ in touched],
        "level_reserved": [now.reserved for now, _ in touched],
        "level_on_hand_deltas": [after.on_hand - now.on_hand for now, after in touched],
        "level_reserved_deltas": [after.reserved - now.reserved for now, after in touched],
        "w_kinds": [move.kind for move, _, _ in rows],
        "w_skus": [move.sku_id for move, _, _ in rows],
        "w_warehouses": [move.warehouse_id for move, _, _ in rows],
        "w_on_hand_deltas": [move.on_hand_delta for move, _, _ in rows],
        "w_reserved_deltas": [move.reserved_delta for move, _, _ in rows],
        "w_on_hand_after": [on_hand for _, on_hand, _ in rows],
        "w_reserved_after": [reserved for _, _, reserved in rows],
        "w_demands": [move.demand for move, _, _ in rows],
        "w_causes": [move.cause for move, _, _ in rows],
        "w_notes": [move.note for move, _, _ in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, values)
        seen, moved, written = cursor.fetchone()
    if seen:
        return False
    if moved != len(touched) or written != len(rows):
        if connection.in_atomic_block:
            transaction.set_rollback(True)
        raise LevelsStale("a level changed although it was handed over as locked; nothing was written")
    for now, after in touched:
        now.on_hand, now.reserved, now.version = after.on_hand, after.reserved, now.version + 1
    return True


def apply(
    *, moves: Sequence[Move], rule: Rule, at: datetime, actor: str, levels: Levels | None
) -> list[bool | None]:
    """Make moves; per move ``True`` moved now, ``None`` moved before, ``False`` did not fit.

    With a ``rule.refusal`` a move that does not fit raises it and nothing moves at all.
    """
    if not moves:
        return []
    if levels is not None and not connection.in_atomic_block:
        raise LevelsStale("locked levels live in a transaction, and there is none")
    with nullcontext() if connection.in_atomic_block else transaction.atomic():
        held = levels if levels is not None else lock_levels(pairs=[move.pair for move in moves])
        return _apply(moves=moves, rule=rule, at=at, actor=actor, levels=held)


def _apply(
    *, moves: Sequence[Move], rule: Rule, at: datetime, actor: str, levels: Levels
) -> list[bool | None]:
    before: set[Key] = set()
    for last in (False, True):
        fresh = [move for move in moves if move.key not in before]
        plan = _Plan(moves=fresh, levels=levels, fits=rule.fits)
        problem = _problem(plan, rule)
        if problem is None and (not fresh or _write(plan, asked=fresh, levels=levels, at=at, actor=actor)):
            break
        if last:
            raise problem or LevelsStale("a cause appeared while its level was locked")
        before = _repeats(moves)
    return [None if move.key in before else move.key in plan.taken for move in moves]


def _problem(plan: _Plan, rule: Rule) -> LedgerRefused | None:
    over = _over_held(plan.distinct) if rule.holds else None
    if over is not None:
        return NotHeld(f"{over.demand!r} holds less than {-over.reserved_delta} of SKU {over.sku_id} there")
    if rule.refusal is not None and plan.misfits:
        return rule.refusal(plan.misfits[0])
    return None


def _over_held(moves: Sequence[Move]) -> Move | None:
    """Return the first move that takes more from its demand than the demand holds."""
    if not moves:
        return None
    held = demand_holds(demands={move.demand for move in moves})
    for move in moves:
        place = (move.demand, move.sku_id, move.warehouse_id)
        held[place] = held.get(place, 0) + move.reserved_delta
        if held[place] < 0:
            return move
    return None


def demand_holds(*, demands: Iterable[str]) -> dict[tuple[str, int, int], int]:
    """Return what each demand holds now, by (demand, SKU, warehouse); empty holdings are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [sorted(demands)])
        rows: list[tuple[str, int, int, int]] = cursor.fetchall()
    return {
        (demand, sku_id, warehouse_id): int(total) for demand, sku_id, warehouse_id, total in rows if total
    }
