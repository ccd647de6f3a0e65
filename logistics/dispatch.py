"""Letting goods leave (出库), wholly or in part. Telling the platform is another fact, left as work."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from channels.models import Shop
from ecomhub import events
from inventory.ledger import LedgerRefused
from logistics.arranged import given_words, refuse_own_words
from logistics.confirmation import DUE_ANEW, Told, intend
from logistics.models import Confirmation, Shipment
from logistics.queries import orders_in
from logistics.refusals import NoSuchShipment, ShipmentRefused
from logistics.splitting import Part, split_off
from orders.models import Order, OrderLine
from orders.search import note_tracking
from orders.shipping import ShippedPart, open_allocations, record_shipped, shipment_gate

LATE_CLOCK = timedelta(minutes=5)

_Told = Confirmation.Outcome


def dispatch(
    *,
    shipment_id: int,
    carrier: str = "",
    service: str = "",
    tracking_number: str = "",
    lines: Sequence[Part] | None = None,
    at: datetime,
    shipped_at: datetime | None = None,
    actor: str = "system",
) -> Shipment:
    """Ship a planned shipment, or only ``lines`` of it; what stays becomes a planned shipment of its own.

    Goods leave stock, order lines count them, and the work of telling the platform is left, all in one
    transaction. ``shipped_at`` is when they left, if not now. Carrier and number of an arranged shipment are
    the platform's, whatever is given here. Raises ``ShipmentRefused``, ``orders``'
    ``NotAllowed`` (held, buyer asks to cancel, canceled, shipped by the channel), ``NoSuchShipment``.
    """
    carrier, tracking_number = carrier.strip(), tracking_number.strip()
    with transaction.atomic():
        shipment, orders = _open(shipment_id)
        for order in orders.values():
            shipment_gate(order=order)
        given = given_words(shipment=shipment, orders=orders)
        carrier, tracking_number = given or (carrier, tracking_number)
        service = shipment.service if given else service
        _check_words(carrier=carrier, tracking_number=tracking_number, orders=orders)
        left_at = _check_time(shipped_at or at, at=at, orders=orders)
        if lines is not None:
            split_off(shipment=shipment, parts=lines, at=at, actor=actor)
        before = _units_gone(orders)
        _take_out(shipment=shipment, at=at, actor=actor)
        Shipment.objects.filter(pk=shipment.pk).update(
            state=Shipment.State.DISPATCHED,
            carrier=carrier,
            service=service.strip(),
            tracking_number=tracking_number,
            dispatched_at=left_at,
        )
        shipment.refresh_from_db()
        intend(shipment=shipment, told=_told(orders=orders, before=before, after=_units_gone(orders)))
        _note(shipment=shipment, orders=orders, kind="dispatched", at=at, actor=actor)
    return shipment


def change_tracking(
    *,
    shipment_id: int,
    carrier: str,
    service: str = "",
    tracking_number: str,
    at: datetime,
    actor: str = "system",
) -> Shipment:
    """Set or correct carrier and number of a shipment.

    On a planned one this is when shops that tell early (``on_label``) tell the platform. On a dispatched one
    the platform is told again, under the same reference, which corrects the parcel there.
    """
    carrier, tracking_number = carrier.strip(), tracking_number.strip()
    with transaction.atomic():
        shipment, orders = _open(shipment_id, dispatched=True)
        if not tracking_number:
            raise ShipmentRefused("tracking_missing", _("Enter the tracking number."))
        refuse_own_words(shipment=shipment, orders=orders)
        _check_words(carrier=carrier, tracking_number=tracking_number, orders=orders)
        planned = shipment.state == Shipment.State.PLANNED
        if planned:
            for order in orders.values():
                shipment_gate(order=order)
        Shipment.objects.filter(pk=shipment.pk).update(
            carrier=carrier, service=service.strip(), tracking_number=tracking_number
        )
        shipment.refresh_from_db()
        if planned:
            intend(shipment=shipment, told=_told_early(shipment=shipment, orders=orders))
        Confirmation.objects.filter(
            shipment=shipment,
            outcome__in=[_Told.CONFIRMED, _Told.REFUSED],
            order__account__confirms_shipments=True,
        ).update(outcome=_Told.INTENDED, told_at=None, checked_at=None, checks=0, **DUE_ANEW)
        _note(shipment=shipment, orders=orders, kind="tracking_set", at=at, actor=actor)
    return shipment


def _open(shipment_id: int, *, dispatched: bool = False) -> tuple[Shipment, dict[int, Order]]:
    """Lock a shipment's orders, then the shipment; the order that every writer keeps."""
    order_ids = orders_in(shipment_id=shipment_id)
    orders = {
        order.pk: order
        for order in Order.objects.filter(pk__in=order_ids)
        .order_by("pk")
        .select_for_update(of=("self",))
        .select_related("account", "shop")
    }
    shipment = (
        Shipment.objects.select_for_update(of=("self",))
        .select_related("warehouse")
        .filter(pk=shipment_id)
        .first()
    )
    if shipment is None:
        raise NoSuchShipment("no_such_shipment", _("There is no such shipment. Reload the page."))
    if shipment.state == Shipment.State.VOIDED:
        raise ShipmentRefused(
            "voided",
            _("Shipment %(number)s was voided. Nothing of it may leave.") % {"number": shipment.number},
        )
    if shipment.state == Shipment.State.DISPATCHED and not dispatched:
        raise ShipmentRefused(
            "already_dispatched",
            _("Shipment %(number)s has left already. Reload the page.") % {"number": shipment.number},
        )
    if orders_in(shipment_id=shipment_id) != sorted(orders):
        raise ShipmentRefused("changed", _("The plan of this shipment changed meanwhile. Look at it again."))
    return shipment, orders


def _check_words(*, carrier: str, tracking_number: str, orders: Mapping[int, Order]) -> None:
    if not carrier:
        raise ShipmentRefused("carrier_missing", _("Name the carrier that took the goods."))
    if not tracking_number and any(order.account.confirms_shipments for order in orders.values()):
        raise ShipmentRefused(
            "tracking_missing", _("Enter the tracking number; the marketplace asks for it.")
        )


def _check_time(left_at: datetime, *, at: datetime, orders: Mapping[int, Order]) -> datetime:
    if left_at > at + LATE_CLOCK:
        raise ShipmentRefused("in_the_future", _("Goods cannot have left in the future. Check the time."))
    if any(left_at < order.placed_at for order in orders.values()):
        raise ShipmentRefused(
            "before_the_order", _("Goods cannot have left before they were ordered. Check the time.")
        )
    return min(left_at, at)


def _take_out(*, shipment: Shipment, at: datetime, actor: str) -> None:
    """Let the shipment's units leave their allocations and the stock."""
    rows = list(shipment.lines.select_related("line").order_by("pk"))
    opened = {
        (row.line_id, row.sku_id): row
        for row in open_allocations(order_ids=sorted({row.line.order_id for row in rows}))
        if row.warehouse_id == shipment.warehouse_id
    }
    parts: list[ShippedPart] = []
    for row in rows:
        held = opened.get((row.line_id, row.sku_id))
        if held is None or held.quantity < row.quantity:
            raise ShipmentRefused(
                "not_allocated",
                _(
                    "Stock for this shipment is no longer reserved. Look at the order; "
                    "it is planned anew by itself."
                ),
            )
        parts.append(
            ShippedPart(
                allocation_id=held.allocation_id, quantity=row.quantity, line_quantity=row.line_quantity
            )
        )
    if not parts:
        raise ShipmentRefused("empty", _("There is nothing in this shipment."))
    try:
        record_shipped(parts=parts, cause=f"ship:{shipment.number}", at=at, actor=actor)
    except LedgerRefused as error:
        raise ShipmentRefused(
            error.code,
            _(
                "The warehouse holds less than this shipment needs: %(reason)s. "
                "Count the stock or receive goods first."
            )
            % {"reason": error},
        ) from error


def _units_gone(orders: Mapping[int, Order]) -> dict[int, int]:
    rows = OrderLine.objects.filter(order__in=list(orders))
    return dict(rows.values_list("pk", "quantity_shipped"))


def _told(*, orders: Mapping[int, Order], before: Mapping[int, int], after: Mapping[int, int]) -> list[Told]:
    """Return what the platform is told: the listing units that became complete by this shipment."""
    lines = OrderLine.objects.filter(order__in=list(orders)).order_by("pk")
    per_order: dict[int, list[tuple[str, int]]] = {order_id: [] for order_id in orders}
    for line in lines:
        units = after[line.pk] - before.get(line.pk, 0)
        if units > 0:
            per_order[line.order_id].append((line.external_id, units))
    return [Told(order=orders[order_id], lines=tuple(found)) for order_id, found in per_order.items()]


def _told_early(*, shipment: Shipment, orders: Mapping[int, Order]) -> list[Told]:
    """Return what is told before goods leave, for shops that tell when the number is known."""
    per_order: dict[int, dict[str, int]] = {order_id: {} for order_id in orders}
    for row in shipment.lines.select_related("line").order_by("pk"):
        units = per_order[row.line.order_id]
        units[row.line.external_id] = min(
            units.get(row.line.external_id, row.line_quantity), row.line_quantity
        )
    return [
        Told(order=orders[order_id], lines=tuple((line, units) for line, units in found.items() if units))
        for order_id, found in per_order.items()
        if orders[order_id].shop.tells == Shop.Tell.ON_LABEL and orders[order_id].account.confirms_shipments
    ]


def _note(*, shipment: Shipment, orders: Mapping[int, Order], kind: str, at: datetime, actor: str) -> None:
    """Write the shipment's timeline and let its orders be found by the number."""
    events.record(
        object_kind="shipment", object_id=shipment.pk, kind=kind, at=at, actor=actor, carrier=shipment.carrier
    )
    if shipment.tracking_number:
        for order_id in orders:
            note_tracking(order_id=order_id, tracking_number=shipment.tracking_number)
