"""Dividing a planned shipment: what leaves or is arranged now stays, the rest is planned apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from ecomhub import events
from logistics.arranged import arranged_among
from logistics.models import Confirmation, Shipment, ShipmentLine
from logistics.planning import take_numbers
from logistics.refusals import ShipmentRefused

_Told = Confirmation.Outcome


@dataclass(frozen=True, slots=True)
class Part:
    """So many listing units (> 0) of an order line that leave now."""

    line_id: int
    line_quantity: int


def split_off(*, shipment: Shipment, parts: Sequence[Part], at: datetime, actor: str) -> None:
    """Leave only ``parts`` in the shipment and move the rest to a new planned one.

    The caller has locked the shipment's orders and the shipment. Raises ``ShipmentRefused`` for parts it does
    not hold, and once the platform was told of all of it.
    """
    if shipment.confirmations.exclude(outcome__in=[_Told.INTENDED, _Told.WITHHELD]).exists():
        raise ShipmentRefused(
            "already_told", _("The marketplace was told that all of this ships. Ship it whole.")
        )
    if shipment.pk in arranged_among(shipment_ids=[shipment.pk]):
        raise ShipmentRefused(
            "already_arranged", _("All of this shipment was arranged with the marketplace. Ship it whole.")
        )
    rows = list(shipment.lines.order_by("pk"))
    wanted = _checked(shipment=shipment, parts=parts, units={row.line_id: row.line_quantity for row in rows})
    rest = _cut_to(rows=rows, wanted=wanted)
    if not rest:
        return
    [number] = take_numbers(count=1)
    other = Shipment.objects.create(number=number, warehouse_id=shipment.warehouse_id, planned_at=at)
    for row in rest:
        row.shipment = other
    ShipmentLine.objects.bulk_create(rest)
    happening = events.Happening("shipment", other.pk, "planned", at, {"split_from": shipment.number}, actor)
    events.record_many(happenings=[happening], first=True)


def _checked(*, shipment: Shipment, parts: Sequence[Part], units: Mapping[int, int]) -> dict[int, int]:
    wanted = {part.line_id: part.line_quantity for part in parts}
    if not parts or len(wanted) != len(parts) or any(quantity <= 0 for quantity in wanted.values()):
        raise ShipmentRefused(
            "no_lines", _("Say how many units of which line leave; each line once, at least one.")
        )
    for line_id, quantity in wanted.items():
        if quantity > units.get(line_id, 0):
            raise ShipmentRefused(
                "not_in_shipment",
                _("Shipment %(number)s holds %(held)s units of this line, not %(asked)s.")
                % {"number": shipment.number, "held": units.get(line_id, 0), "asked": quantity},
            )
    return wanted


def _cut_to(*, rows: Sequence[ShipmentLine], wanted: Mapping[int, int]) -> list[ShipmentLine]:
    """Shrink lines to what leaves and return the rest as unsaved lines."""
    rest: list[ShipmentLine] = []
    for row in rows:
        goes = wanted.get(row.line_id, 0)
        if goes == row.line_quantity:
            continue
        quantity = row.quantity * goes // max(row.line_quantity, 1)
        rest.append(
            ShipmentLine(
                line_id=row.line_id,
                sku_id=row.sku_id,
                quantity=row.quantity - quantity,
                line_quantity=row.line_quantity - goes,
            )
        )
        if quantity == 0:
            row.delete()
            continue
        row.quantity, row.line_quantity = quantity, goes
        row.save(update_fields=["quantity", "line_quantity"])
    return rest
