"""Which part of its order a shipment is: platforms make one package of an order unless it is divided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from channels.adapter import Capability
from channels.registry import platform
from channels.shipping_messages import Parts
from logistics.models import Arrangement, ArrangementQuerySet, Shipment, ShipmentLine
from logistics.refusals import ShipmentRefused
from logistics.splitting import Part
from orders.models import Order, OrderLine

Lines = list[list[str | int]]
"""(platform's line id, listing units), as an arrangement keeps them."""


@dataclass(frozen=True, slots=True)
class Division:
    """How an order would be divided: this shipment's lines, the other parcels', and packages they have."""

    lines: Parts
    others: tuple[Parts, ...]
    taken: frozenset[str]


def divides(*, platform_key: str) -> bool:
    """Say whether a platform arranges parts of an order; a platform no longer there does not."""
    try:
        return Capability.SPLIT_ORDER in platform(platform_key).capabilities
    except LookupError:
        return False


def told_lines(*, shipment: Shipment) -> Lines:
    """Return what the platform is told of a shipment; a line of several SKUs counts once."""
    found = _units_by_line(shipment_ids=[shipment.pk]).get(shipment.pk, {})
    names = dict(OrderLine.objects.filter(pk__in=found).values_list("pk", "external_id"))
    return [[names[line_id], units] for line_id, units in found.items() if units]


def is_part(*, shipment: Shipment, order: Order, parts: Sequence[Part] | None = None) -> bool:
    """Say whether a shipment, or ``parts`` of it, is less than its platform would send as one parcel.

    It is when something of the order stays behind, or when another parcel of it is arranged already.
    """
    if _siblings(shipment=shipment, order=order).live().exists():
        return True
    mine = (
        _units_by_line(shipment_ids=[shipment.pk]).get(shipment.pk, {})
        if parts is None
        else {part.line_id: part.line_quantity for part in parts}
    )
    rows = OrderLine.objects.filter(order=order)
    return any(
        quantity - canceled - shipped > mine.get(line_id, 0)
        for line_id, quantity, canceled, shipped in rows.values_list(
            "pk", "quantity", "quantity_canceled", "quantity_shipped"
        )
    )


def refuse_part(*, shipment: Shipment, order: Order, parts: Sequence[Part] | None = None) -> None:
    """Raise ``ShipmentRefused`` for a part of an order whose platform arranges it only as a whole."""
    if divides(platform_key=order.account.platform):
        return
    if is_part(shipment=shipment, order=order, parts=parts):
        raise ShipmentRefused(
            "whole_only",
            _(
                "%(platform)s arranges an order only as a whole. Arrange everything that is left of it "
                "together, from one warehouse."
            )
            % {"platform": platform(order.account.platform).name},
        )


def division(*, shipment: Shipment, order: Order) -> Division:
    """Return how an order has to be divided so that this shipment is a package of its own."""
    siblings = Shipment.objects.filter(state=Shipment.State.PLANNED, lines__line__order=order)
    others = sorted({*siblings.values_list("pk", flat=True)} - {shipment.pk})
    held = dict(
        _siblings(shipment=shipment, order=order)
        .live()
        .exclude(package="")
        .values_list("shipment", "package")
    )
    open_ones = [pk for pk in others if pk not in held]
    units = _units_by_line(shipment_ids=[shipment.pk, *open_ones])
    names = dict(OrderLine.objects.filter(order=order).values_list("pk", "external_id"))
    return Division(
        lines=_named(units.get(shipment.pk, {}), names),
        others=tuple(found for pk in open_ones if (found := _named(units.get(pk, {}), names))),
        taken=frozenset(held.values()),
    )


def is_taken(*, shipment: Shipment, order: Order, package: str) -> bool:
    """Say whether another shipment of the order has a package already."""
    return _siblings(shipment=shipment, order=order).live().filter(package=package).exists()


def _siblings(*, shipment: Shipment, order: Order) -> ArrangementQuerySet:
    """Return the arrangements of the order's other shipments; what was voided here holds nothing any more."""
    others = Arrangement.objects.filter(order=order).exclude(shipment=shipment)
    return others.exclude(shipment__state=Shipment.State.VOIDED)


def _named(units: Mapping[int, int], names: Mapping[int, str]) -> Parts:
    return tuple((names[line_id], count) for line_id, count in units.items() if count)


def _units_by_line(*, shipment_ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """Return the listing units of each order line in each shipment."""
    found: dict[int, dict[int, int]] = {}
    rows = ShipmentLine.objects.filter(shipment__in=shipment_ids).order_by("shipment", "pk")
    for shipment_id, line_id, count in rows.values_list("shipment", "line", "line_quantity"):
        units = found.setdefault(shipment_id, {})
        units[line_id] = min(units.get(line_id, count), count)
    return found
