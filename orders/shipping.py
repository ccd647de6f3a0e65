"""What the house of logistics asks and records: claims still open, goods that left, and the gate before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from orders import lifecycle
from orders.models import Allocation, Order
from orders.opened import SHIP, NotAllowed, Opened, by_line, open_orders, still_open
from orders.reservations import shipped_sets
from orders.states import Status
from orders.writing import write

_SHIPPABLE = frozenset({Status.PROCESS, Status.LABEL, Status.SHIP})


@dataclass(frozen=True, slots=True)
class OpenAllocation:
    """SKU units claimed in a warehouse that neither left nor were given back.

    ``quantity`` counts SKU units, ``line_quantity`` the listing units they make.
    """

    allocation_id: int
    line_id: int
    order_id: int
    sku_id: int
    warehouse_id: int
    quantity: int
    line_quantity: int


@dataclass(frozen=True, slots=True)
class ShippedPart:
    """SKU units of a claim that left now; ``line_quantity`` says how many listing units they make."""

    allocation_id: int
    quantity: int
    line_quantity: int


def open_allocations(*, order_ids: Iterable[int]) -> list[OpenAllocation]:
    """Return what is claimed for these orders and not shipped yet, in one statement."""
    rows = (
        Allocation.objects.filter(
            line__order_id__in=list(order_ids),
            quantity__gt=F("quantity_shipped") + F("quantity_released"),
        )
        .order_by("pk")
        .annotate(order_id=F("line__order_id"))
    )
    return [
        OpenAllocation(
            allocation_id=row.pk,
            line_id=row.line_id,
            order_id=row.order_id,
            sku_id=row.sku_id,
            warehouse_id=row.warehouse_id,
            quantity=still_open(row),
            line_quantity=still_open(row) // row.units,
        )
        for row in rows
    ]


def shipment_gate(*, order: Order) -> None:
    """Let an order pass that may be shipped as it stands; else raise ``NotAllowed``.

    Asked again under the order's lock when goods leave: a cancel request that came in between stops them.
    """
    if order.status not in _SHIPPABLE:
        raise NotAllowed("no_such_move", _("The order is not waiting to be shipped. Reload the page."))
    refusal = lifecycle.GUARDS["workable"](Opened(order, []))
    if refusal is not None:
        raise NotAllowed("workable", refusal)


def record_shipped(*, parts: Sequence[ShippedPart], cause: str, at: datetime, actor: str) -> None:
    """Record that goods left: the ledger, the claims, the lines, and the order's state when nothing is left.

    ``cause`` names the act, such as ``ship:S2026-000123``. Raises ``NotAllowed`` when an order may not be
    shipped or holds less (also when the same goods were recorded before), and the ledger's refusals; then
    nothing is written.
    """
    with transaction.atomic():
        order_ids = (
            Allocation.objects.filter(pk__in=[part.allocation_id for part in parts])
            .values_list("line__order_id", flat=True)
            .distinct()
        )
        opened = open_orders(order_ids=order_ids)
        for each in opened.values():
            shipment_gate(order=each.order)
        places = {row.pk: (each, row) for each in opened.values() for row in each.allocations}
        for part in parts:
            each, allocation = places[part.allocation_id]
            _leave(each, allocation=allocation, quantity=part.quantity, cause=cause)
        for each in opened.values():
            _count(each, cause=cause, at=at, actor=actor)
        write(opened=opened.values(), at=at, actor=actor)


def _leave(opened: Opened, *, allocation: Allocation, quantity: int, cause: str) -> None:
    if not 0 < quantity <= still_open(allocation):
        raise NotAllowed(
            "not_held", _("The order does not hold that much in this warehouse. Reload the page.")
        )
    allocation.quantity_shipped += quantity
    opened.touch_allocation(allocation)
    opened.move_stock(SHIP, allocation=allocation, quantity=quantity, cause=cause)


def _count(opened: Opened, *, cause: str, at: datetime, actor: str) -> None:
    claims = by_line(opened)
    for line in opened.lines:
        shipped = line.quantity_shipped_elsewhere + shipped_sets(claims[line.pk])
        if shipped != line.quantity_shipped:
            line.quantity_shipped = shipped
            opened.touch_line(line)
    if lifecycle.can(opened, action="ship"):
        lifecycle.apply(opened, action="ship", at=at, actor=actor, cause=cause)
    else:
        opened.note("partly_shipped", at=at, actor=actor, cause=cause)
