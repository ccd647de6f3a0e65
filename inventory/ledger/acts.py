"""The acts of the ledger, each a list of claims or receipts turned into moves."""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction

from ecomhub.money import known_currencies
from inventory.ledger.levels import Level, Levels
from inventory.ledger.nouns import (
    Claim,
    LedgerRefused,
    Move,
    NotEnoughOnHand,
    Receipt,
    WrongQuantity,
)
from inventory.ledger.writing import LARGEST, Rule, apply
from inventory.models import StockMovement

Kind = StockMovement.Kind


def _available(move: Move, level: Level) -> bool:
    return level.available >= move.reserved_delta


def _stays_above_zero(move: Move, level: Level) -> bool:
    return level.on_hand + move.on_hand_delta >= 0 and level.reserved + move.reserved_delta >= 0


def _too_little(move: Move) -> LedgerRefused:
    return NotEnoughOnHand(
        f"SKU {move.sku_id} has less than that in warehouse {move.warehouse_id} for {move.cause!r}"
    )


_RESERVE = Rule(fits=_available)
_TAKE = Rule(fits=_stays_above_zero, refusal=_too_little, holds=True)
_PUT = Rule(fits=_stays_above_zero, refusal=_too_little)


def _moves(claims: Sequence[Claim], *, kind: str, on_hand: int, reserved: int) -> list[Move]:
    for claim in claims:
        if not 0 < claim.quantity <= LARGEST:
            raise WrongQuantity(f"{claim.cause!r} asks for {claim.quantity} units; at least 1 is needed")
        if reserved and not claim.demand:
            raise WrongQuantity(f"{claim.cause!r} does not say for which demand")
    return [
        Move(
            kind=kind,
            sku_id=claim.sku_id,
            warehouse_id=claim.warehouse_id,
            on_hand_delta=on_hand * claim.quantity,
            reserved_delta=reserved * claim.quantity,
            demand=claim.demand,
            cause=claim.cause,
        )
        for claim in claims
    ]


def reserve(
    *, claims: Sequence[Claim], at: datetime, actor: str = "system", levels: Levels | None = None
) -> list[bool]:
    """Reserve claims set-wise, first come first served; per claim whether it was granted.

    A shortage is an answer, not an error. A claim whose cause moved before is granted again without effect.
    With ``levels`` (locked by ``lock_levels`` in this transaction) it is one statement, else two.
    Raises ``WrongQuantity``, ``CauseTaken``, ``LevelsStale``.
    """
    moves = _moves(claims, kind=Kind.RESERVE, on_hand=0, reserved=1)
    moved = apply(moves=moves, rule=_RESERVE, at=at, actor=actor, levels=levels)
    return [answer is not False for answer in moved]


def release(
    *, claims: Sequence[Claim], at: datetime, actor: str = "system", levels: Levels | None = None
) -> list[bool]:
    """Give reserved units back; per claim ``True`` when it moved now, ``False`` when it had moved before.

    Raises ``NotHeld`` when a demand holds less in that warehouse, and then nothing moves.
    """
    moves = _moves(claims, kind=Kind.RELEASE, on_hand=0, reserved=-1)
    return [bool(answer) for answer in apply(moves=moves, rule=_TAKE, at=at, actor=actor, levels=levels)]


def ship(
    *, claims: Sequence[Claim], at: datetime, actor: str = "system", levels: Levels | None = None
) -> list[bool]:
    """Let reserved units leave the warehouse; per claim ``True`` when it moved now, ``False`` when before.

    Raises ``NotHeld`` or ``NotEnoughOnHand`` (a count found less than was reserved), and then nothing moves.
    """
    moves = _moves(claims, kind=Kind.SHIP, on_hand=-1, reserved=-1)
    return [bool(answer) for answer in apply(moves=moves, rule=_TAKE, at=at, actor=actor, levels=levels)]


def take_back(
    *, claims: Sequence[Claim], at: datetime, actor: str = "system", levels: Levels | None = None
) -> list[bool]:
    """Put units that came back on hand again; per claim ``True`` when it moved now, ``False`` when before."""
    moves = _moves(claims, kind=Kind.TAKE_BACK, on_hand=1, reserved=0)
    return [bool(answer) for answer in apply(moves=moves, rule=_PUT, at=at, actor=actor, levels=levels)]


def adjust(
    *,
    sku_id: int,
    warehouse_id: int,
    delta: int,
    reason: str,
    cause: str,
    at: datetime,
    actor: str = "system",
) -> StockMovement:
    """Correct what is on hand by ``delta`` (not 0), with the reason a person gave.

    On hand may fall below what is reserved: that is a shortage, shown as such, and nothing more is reserved.
    Raises ``NotEnoughOnHand`` when less than nothing would remain, ``CauseTaken``, ``WrongQuantity``.
    """
    if delta == 0 or abs(delta) > LARGEST:
        raise WrongQuantity("an adjustment adds or takes at least one unit")
    if not reason.strip():
        raise WrongQuantity("an adjustment needs a reason")
    move = Move(
        kind=Kind.ADJUST,
        sku_id=sku_id,
        warehouse_id=warehouse_id,
        on_hand_delta=delta,
        reserved_delta=0,
        demand="",
        cause=cause,
        note=reason.strip()[:200],
    )
    apply(moves=[move], rule=_PUT, at=at, actor=actor, levels=None)
    return _movement(move)


def receive(
    *,
    sku_id: int,
    warehouse_id: int,
    quantity: int,
    unit_cost: Decimal,
    currency: str,
    cause: str,
    at: datetime,
    actor: str = "system",
    note: str = "",
) -> StockMovement:
    """Take units into a warehouse at a cost per unit; returns the movement, the old one for an old cause.

    Writes the cost layer with it. Raises ``WrongQuantity``, ``CauseTaken``.
    """
    receipt = Receipt(
        sku_id=sku_id,
        warehouse_id=warehouse_id,
        quantity=quantity,
        unit_cost=unit_cost,
        currency=currency,
        cause=cause,
        note=note,
    )
    receive_many(receipts=[receipt], at=at, actor=actor)
    return _movement(_receipt_move(receipt))


_LAYERS = """
INSERT INTO inventory_costlayer
    (movement_id, sku_id, warehouse_id, quantity, unit_cost, currency, received_at)
SELECT m.id, m.sku_id, m.warehouse_id, m.on_hand_delta, r.unit_cost, r.currency, m.at
FROM unnest(%(causes)s::text[], %(skus)s::bigint[], %(warehouses)s::bigint[],
            %(costs)s::numeric[], %(currencies)s::text[])
    WITH ORDINALITY AS r (cause, sku_id, warehouse_id, unit_cost, currency, position)
CROSS JOIN LATERAL (
    SELECT * FROM inventory_stockmovement
    WHERE cause = r.cause AND kind = 'receive' AND sku_id = r.sku_id AND warehouse_id = r.warehouse_id
    LIMIT 1
) AS m
ORDER BY r.position
"""


def receive_many(
    *,
    receipts: Sequence[Receipt],
    at: datetime,
    actor: str = "system",
    levels: Levels | None = None,
) -> list[bool]:
    """Take many receipts in set-wise; per receipt ``True`` when it came in now, ``False`` when it had before.

    Each new one gets its cost layer. Raises ``WrongQuantity``, ``CauseTaken``.
    """
    for receipt in receipts:
        _check_receipt(receipt)
    moves = [_receipt_move(receipt) for receipt in receipts]
    with nullcontext() if connection.in_atomic_block else transaction.atomic():
        moved = apply(moves=moves, rule=_PUT, at=at, actor=actor, levels=levels)
        new = {move.key: receipt for move, receipt, now in zip(moves, receipts, moved, strict=True) if now}
        _write_layers(list(new.values()))
    return [bool(answer) for answer in moved]


def _write_layers(receipts: Sequence[Receipt]) -> None:
    if not receipts:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _LAYERS,
            {
                "causes": [receipt.cause for receipt in receipts],
                "skus": [receipt.sku_id for receipt in receipts],
                "warehouses": [receipt.warehouse_id for receipt in receipts],
                "costs": [receipt.unit_cost for receipt in receipts],
                "currencies": [receipt.currency for receipt in receipts],
            },
        )


def _check_receipt(receipt: Receipt) -> None:
    if not 0 < receipt.quantity <= LARGEST:
        raise WrongQuantity("a receipt brings at least one unit")
    cost = receipt.unit_cost
    if not isinstance(cost, Decimal) or not cost.is_finite() or not 0 <= cost < Decimal("1e15"):
        raise WrongQuantity("a unit cost is a Decimal of zero or more")
    if receipt.currency not in known_currencies():
        raise WrongQuantity(f"{receipt.currency!r} is not an ISO 4217 currency")


def _receipt_move(receipt: Receipt) -> Move:
    return Move(
        kind=Kind.RECEIVE,
        sku_id=receipt.sku_id,
        warehouse_id=receipt.warehouse_id,
        on_hand_delta=receipt.quantity,
        reserved_delta=0,
        demand="",
        cause=receipt.cause,
        note=receipt.note[:200],
    )


def _movement(move: Move) -> StockMovement:
    return StockMovement.objects.get(
        cause=move.cause, kind=move.kind, sku_id=move.sku_id, warehouse_id=move.warehouse_id
    )
