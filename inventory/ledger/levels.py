"""Locking stock levels, always in primary-key order, so that two baskets never wait for each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

Pair = tuple[int, int]
"""(SKU, warehouse)"""

# Locks nothing unless every wanted level exists: a missing one must be made before any lock is held.
_LOCK = """
WITH wanted AS MATERIALIZED (
    SELECT l.id FROM unnest(%(skus)s::bigint[], %(warehouses)s::bigint[]) AS w (sku_id, warehouse_id)
    JOIN inventory_stocklevel l USING (sku_id, warehouse_id)
)
SELECT id, sku_id, warehouse_id, on_hand, reserved, version
FROM inventory_stocklevel
WHERE id IN (SELECT id FROM wanted) AND (SELECT count(*) FROM wanted) = %(count)s
ORDER BY id FOR UPDATE
"""
_CREATE = """
INSERT INTO inventory_stocklevel (sku_id, warehouse_id, on_hand, reserved, inbound, version)
SELECT w.sku_id, w.warehouse_id, 0, 0, 0, 0
FROM unnest(%(skus)s::bigint[], %(warehouses)s::bigint[]) AS w (sku_id, warehouse_id)
WHERE NOT EXISTS (
    SELECT 1 FROM inventory_stocklevel l WHERE l.sku_id = w.sku_id AND l.warehouse_id = w.warehouse_id
)
ORDER BY w.sku_id, w.warehouse_id
ON CONFLICT (sku_id, warehouse_id) DO NOTHING
"""


@dataclass(slots=True)
class Level:
    """A locked level as this transaction sees it; the ledger keeps it in step with the row."""

    id: int
    on_hand: int
    reserved: int
    version: int

    @property
    def available(self) -> int:
        """Return what may still be reserved; below zero after a count found less than was promised."""
        return self.on_hand - self.reserved


class Levels(dict[Pair, Level]):
    """Locked levels by (SKU, warehouse).

    After rolling back to a savepoint, ``reset`` to the mark taken at the savepoint: the rows went back, and
    these numbers have to go with them.
    """

    def mark(self) -> Mapping[Pair, tuple[int, int, int]]:
        """Remember the numbers of this moment."""
        return {pair: (level.on_hand, level.reserved, level.version) for pair, level in self.items()}

    def reset(self, mark: Mapping[Pair, tuple[int, int, int]]) -> None:
        """Go back to remembered numbers."""
        for pair, (on_hand, reserved, version) in mark.items():
            level = self[pair]
            level.on_hand, level.reserved, level.version = on_hand, reserved, version


def lock_levels(*, pairs: Iterable[Pair]) -> Levels:
    """Lock the levels of these (SKU, warehouse) pairs in primary-key order until the transaction ends.

    Missing levels are made first, empty. Call it once in a transaction, with every level the transaction may
    touch, before any savepoint: a second call could wait for somebody who waits for the first.
    """
    wanted = sorted(set(pairs))
    if not wanted:
        return Levels()
    values: dict[str, Any] = {
        "skus": [sku_id for sku_id, _ in wanted],
        "warehouses": [warehouse_id for _, warehouse_id in wanted],
        "count": len(wanted),
    }
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, values)
        rows = cursor.fetchall()
        if not rows:
            cursor.execute(_CREATE, values)
            cursor.execute(_LOCK, values)
            rows = cursor.fetchall()
    return Levels(
        {
            (sku_id, warehouse_id): Level(id=pk, on_hand=on_hand, reserved=reserved, version=version)
            for pk, sku_id, warehouse_id, on_hand, reserved, version in rows
        }
    )
