"""Planned shipments (发货单): what is allocated and has not left, one per order and warehouse."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from channels.messages import OrderState
from ecomhub.events import Happening, record_many
from ecomhub.sentences import kept
from logistics.arranged import arranged_among
from logistics.arranged import withdraw as withdraw_arrangement
from logistics.confirmation import withdraw
from logistics.models import Shipment, ShipmentLine
from orders.issues import open_issue
from orders.models import IssueKind, Order
from orders.shipping import OpenAllocation, open_allocations
from orders.states import Status

PLANNED_BY_ITSELF = frozenset({Status.LABEL, Status.SHIP})
PLANNABLE = PLANNED_BY_ITSELF | {Status.PROCESS}
"""An order still short of something is planned only when a person asks: part of it may leave now."""

Key = tuple[int, int, int]
"""(order line, SKU, warehouse)."""


@dataclass(slots=True)
class Planned:
    """What a run of planning did: ids of shipments made, given more or fewer lines, and voided."""

    created: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    voided: list[int] = field(default_factory=list)


def take_numbers(*, count: int) -> list[str]:
    """Return so many new shipment numbers: ``S`` and at least eight digits. Gaps are harmless."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('logistics_shipment_number') FROM generate_series(1, %s)", [count])
        return [f"S{number:08d}" for (number,) in cursor.fetchall()]


def plan(*, order_ids: Iterable[int], at: datetime, actor: str = "system", partly: bool = False) -> Planned:
    """Bring the planned shipments of these orders in line with their open allocations.

    New allocations get a planned shipment, released ones leave theirs, and a shipment with nothing left is
    voided. With ``partly`` an order that is not fully allocated is planned for what it has. Idempotent.
    """
    ids = sorted(set(order_ids))
    with transaction.atomic():
        orders = {
            order.pk: order
            for order in Order.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",))
        }
        opened = {_key(row): row for row in open_allocations(order_ids=ids)}
        held = _planned_lines(ids)
        done = Planned()
        _shrink(held=held, opened=opened, orders=orders, at=at, actor=actor, done=done)
        wanted = PLANNABLE if partly else PLANNED_BY_ITSELF
        _grow(held=held, opened=opened, orders=orders, wanted=wanted, at=at, actor=actor, done=done)
    return done


def void(*, shipment: Shipment, at: datetime, actor: str, reason: str) -> None:
    """Void a planned shipment whose order row the caller has locked; what was not told yet stays untold."""
    Shipment.objects.filter(pk=shipment.pk, state=Shipment.State.PLANNED).update(
        state=Shipment.State.VOIDED, voided_at=at
    )
    told = {*withdraw(shipment_id=shipment.pk, reason=reason)}
    told |= {*withdraw_arrangement(shipment_id=shipment.pk, reason=reason)}
    platform_canceled = Order.objects.filter(pk__in=told, platform_state=OrderState.CANCELED)
    for order_id in sorted(told - set(platform_canceled.values_list("pk", flat=True))):
        open_issue(
            order_id=order_id,
            kind=IssueKind.DISCREPANCY,
            at=at,
            detail={"shipment": shipment.number, "reason": "told to the platform, then voided"},
            actor=actor,
        )
    record_many(happenings=[Happening("shipment", shipment.pk, "voided", at, {"reason": reason}, actor)])


def _key(row: OpenAllocation) -> Key:
    return (row.line_id, row.sku_id, row.warehouse_id)


def _planned_lines(order_ids: Sequence[int]) -> list[ShipmentLine]:
    """Return the lines of planned shipments of these orders; the shipments are locked, oldest first."""
    found = Shipment.objects.filter(state=Shipment.State.PLANNED, lines__line__order__in=order_ids)
    shipments = list(
        Shipment.objects.filter(pk__in=found.values("pk"), state=Shipment.State.PLANNED)
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    by_pk = {shipment.pk: shipment for shipment in shipments}
    lines = list(
        ShipmentLine.objects.filter(shipment__in=by_pk).select_related("line").order_by("shipment", "pk")
    )
    for line in lines:
        line.shipment = by_pk[line.shipment_id]
    return lines


def _line_key(line: ShipmentLine) -> Key:
    return (line.line_id, line.sku_id, line.shipment.warehouse_id)


def _shrink(
    *,
    held: list[ShipmentLine],
    opened: dict[Key, OpenAllocation],
    orders: dict[int, Order],
    at: datetime,
    actor: str,
    done: Planned,
) -> None:
    """Take back what is planned and no longer allocated, from the newest shipment first."""
    room = {key: row.quantity for key, row in opened.items()}
    cut: dict[int, int] = {}
    for line in held:
        order = orders.get(line.line.order_id)
        if order is None:
            continue
        left = room.get(_line_key(line), 0) if order.status in PLANNABLE else 0
        stays = min(line.quantity, left)
        room[_line_key(line)] = left - stays
        if stays < line.quantity:
            cut[line.pk] = stays
    touched = {line.shipment_id for line in held if line.pk in cut}
    for shipment_id in sorted(touched):
        lines = [line for line in held if line.shipment_id == shipment_id]
        if all(cut.get(line.pk, line.quantity) == 0 for line in lines):
            void(
                shipment=lines[0].shipment,
                at=at,
                actor=actor,
                reason=kept("Nothing is allocated for it any more."),
            )
            done.voided.append(shipment_id)
            held[:] = [line for line in held if line.shipment_id != shipment_id]
            continue
        for line in lines:
            _cut(line, cut.get(line.pk, line.quantity), held)
        Shipment.objects.filter(pk=shipment_id).update(state=Shipment.State.PLANNED)
        done.changed.append(shipment_id)


def _cut(line: ShipmentLine, stays: int, held: list[ShipmentLine]) -> None:
    if stays == line.quantity:
        return
    if stays == 0:
        held.remove(line)
        line.delete()
        return
    line.line_quantity = line.line_quantity * stays // line.quantity
    line.quantity = stays
    line.save(update_fields=["quantity", "line_quantity"])


def _grow(
    *,
    held: list[ShipmentLine],
    opened: dict[Key, OpenAllocation],
    orders: dict[int, Order],
    wanted: frozenset[str],
    at: datetime,
    actor: str,
    done: Planned,
) -> None:
    """Plan what is allocated and in no shipment yet."""
    planned: dict[Key, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for line in held:
        quantity, line_quantity = planned[_line_key(line)]
        planned[_line_key(line)] = (quantity + line.quantity, line_quantity + line.line_quantity)
    missing: dict[tuple[int, int], list[tuple[OpenAllocation, int, int]]] = defaultdict(list)
    for key, row in opened.items():
        order = orders[row.order_id]
        if order.status not in wanted or order.hold_reason or order.cancel_requested:
            continue
        quantity = row.quantity - planned[key][0]
        if quantity > 0:
            line_quantity = max(0, row.line_quantity - planned[key][1])
            missing[(row.order_id, row.warehouse_id)].append((row, quantity, line_quantity))
    if not missing:
        return
    shipments = _shipments_for(places=sorted(missing), held=held, at=at, actor=actor, done=done)
    existing = {(line.shipment_id, line.line_id, line.sku_id): line for line in held}
    fresh: list[ShipmentLine] = []
    for place, rows in missing.items():
        shipment = shipments[place]
        for row, quantity, line_quantity in rows:
            there = existing.get((shipment.pk, row.line_id, row.sku_id))
            if there is None:
                fresh.append(
                    ShipmentLine(
                        shipment=shipment,
                        line_id=row.line_id,
                        sku_id=row.sku_id,
                        quantity=quantity,
                        line_quantity=line_quantity,
                    )
                )
                continue
            there.quantity += quantity
            there.line_quantity += line_quantity
            there.save(update_fields=["quantity", "line_quantity"])
    ShipmentLine.objects.bulk_create(fresh)


def _shipments_for(
    *,
    places: Sequence[tuple[int, int]],
    held: list[ShipmentLine],
    at: datetime,
    actor: str,
    done: Planned,
) -> dict[tuple[int, int], Shipment]:
    """Return a planned shipment per (order, warehouse): one that is there and untold, or a new one."""
    found: dict[tuple[int, int], Shipment] = {}
    fixed = arranged_among(shipment_ids={line.shipment_id for line in held})
    for line in held:
        if not line.shipment.tracking_number and line.shipment_id not in fixed:
            found.setdefault((line.line.order_id, line.shipment.warehouse_id), line.shipment)
    missing = [place for place in places if place not in found]
    numbers = take_numbers(count=len(missing))
    made = Shipment.objects.bulk_create(
        [
            Shipment(number=number, warehouse_id=warehouse_id, planned_at=at)
            for number, (_order_id, warehouse_id) in zip(numbers, missing, strict=True)
        ]
    )
    found.update(zip(missing, made, strict=True))
    done.created.extend(shipment.pk for shipment in made)
    grown = sorted({found[place].pk for place in places} - set(done.created))
    Shipment.objects.filter(pk__in=grown).update(state=Shipment.State.PLANNED)
    done.changed.extend(grown)
    record_many(
        happenings=[
            Happening("shipment", shipment.pk, "planned", at, {"order": order_id}, actor)
            for (order_id, _warehouse_id), shipment in zip(missing, made, strict=True)
        ],
        first=True,
    )
    return found
