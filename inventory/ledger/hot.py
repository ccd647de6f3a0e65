"""The hot path: one unit sold over and over, one round trip each."""

from contextlib import nullcontext
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from inventory.ledger.nouns import CauseTaken, Claim, WrongQuantity

_RESERVE_ONE = """
WITH seen AS (
    SELECT reserved_delta FROM inventory_stockmovement
    WHERE cause = %(cause)s AND kind = 'reserve' AND sku_id = %(sku)s AND warehouse_id = %(warehouse)s
), moved AS (
    UPDATE inventory_stocklevel
    SET reserved = reserved + %(quantity)s, version = version + 1, changed_at = %(at)s
    WHERE sku_id = %(sku)s AND warehouse_id = %(warehouse)s AND on_hand - reserved >= %(quantity)s
        AND NOT EXISTS (SELECT 1 FROM seen)
    RETURNING on_hand, reserved
), written AS (
    INSERT INTO inventory_stockmovement (kind, sku_id, warehouse_id, on_hand_delta, reserved_delta,
        on_hand_after, reserved_after, demand, cause, actor, at, note)
    SELECT 'reserve', %(sku)s, %(warehouse)s, 0, %(quantity)s, on_hand, reserved,
        %(demand)s, %(cause)s, %(actor)s, %(at)s, ''
    FROM moved
    RETURNING reserved_delta
)
SELECT reserved_delta FROM written UNION ALL SELECT reserved_delta FROM seen
"""
_MOVED = """
SELECT reserved_delta FROM inventory_stockmovement
WHERE cause = %(cause)s AND kind = 'reserve' AND sku_id = %(sku)s AND warehouse_id = %(warehouse)s
"""


def reserve_one(*, claim: Claim, at: datetime, actor: str = "system") -> bool:
    """Reserve one claim in one statement; whether it was granted.

    A shortage is an answer. A claim whose cause moved before is granted again without effect; two callers
    with one cause at the same time move it once. Raises ``WrongQuantity``, ``CauseTaken``.
    """
    if claim.quantity <= 0 or not claim.demand:
        raise WrongQuantity("a reservation takes at least one unit for a demand")
    values: dict[str, Any] = {
        "sku": claim.sku_id,
        "warehouse": claim.warehouse_id,
        "quantity": claim.quantity,
        "demand": claim.demand,
        "cause": claim.cause,
        "actor": actor,
        "at": at,
    }
    try:
        # Only the tie below can fail, and only inside a transaction does a failure cost more than itself.
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            row = _ask(_RESERVE_ONE, values)
    except IntegrityError:
        row = _ask(_MOVED, values)
        if row is None:
            raise
    if row is not None and row[0] != claim.quantity:
        raise CauseTaken(f"{claim.cause!r} already reserved {row[0]} units, not {claim.quantity}")
    return row is not None


def _ask(statement: str, values: dict[str, Any]) -> tuple[int] | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row: tuple[int] | None = cursor.fetchone()
    return row
