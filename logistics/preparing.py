"""What is settled before a parcel is arranged: which package of its order it is, and how it leaves."""

from datetime import datetime, timedelta

from django.db import transaction

from channels.adapter import ChannelError, Refused, Unsupported
from channels.shipping_messages import SplitRequest
from ecomhub import work
from ecomhub.work import LeaseLost
from logistics import arrangement_rows as rows
from logistics import arranging
from logistics.dividing import division, is_part, is_taken, refuse_part
from logistics.models import Arrangement, Shipment
from logistics.refusals import ShipmentRefused
from orders.opened import NotAllowed
from orders.shipping import shipment_gate

_SPLIT = "split_order"


def packaged(*, row: Arrangement, at: datetime) -> bool:
    """Make sure that a part of an order is a package of its own there; ``False`` when it is not yet.

    Asking again finds the same package, so a lost answer costs nothing. Nothing is divided for a shipment
    that may not be sent now; the next step says why.
    """
    shipment, order = row.shipment, row.order
    if row.package or not _may_be_sent(row) or not is_part(shipment=shipment, order=order):
        return True
    try:
        refuse_part(shipment=shipment, order=order)
        wanted = division(shipment=shipment, order=order)
        request = SplitRequest(
            order_id=order.external_id,
            marketplace=order.shop.marketplace,
            lines=wanted.lines,
            others=wanted.others,
            taken=wanted.taken,
        )
        package = rows.call(
            row=row, operation=_SPLIT, verb=lambda adapter: adapter.split_order(request=request), at=at
        )
    except (ShipmentRefused, Refused, Unsupported) as error:
        rows.refuse(row=row, reason=str(error), at=at)
        return False
    except ChannelError as error:
        rows.not_given(row=row, error=error)
        return False
    with transaction.atomic():
        rows.lock(row=row)
        work.hold(row=row)
        if package and is_taken(shipment=shipment, order=order, package=package):
            work.finish(row=row, due_in=timedelta())  # another parcel of the same content was faster
            return False
        Arrangement.objects.filter(pk=row.pk).update(package=package[:120])
    row.package = package[:120]
    return True


def _may_be_sent(row: Arrangement) -> bool:
    try:
        shipment_gate(order=row.order)
    except NotAllowed:
        return False
    return row.shipment.state == Shipment.State.PLANNED and row.order.account.confirms_shipments


def chosen(*, row: Arrangement, at: datetime) -> bool:
    """Make sure that the choice is one the platform offers; ``False`` when it could not be made now."""
    if row.choice.get("kind"):
        return True
    order = row.order
    try:
        choices = rows.call(
            row=row,
            operation=arranging.CHOICES,
            verb=lambda adapter: adapter.shipping_choices(order_id=order.external_id, package=row.package),
            at=at,
        )
        chosen = arranging.pick(
            choices=choices,
            choice_key=str(row.choice.get("key", "")),
            preference=str(row.choice.get("preference") or arranging.preference_of(shop_id=order.shop_id)),
            tracking_number=row.own_number,
        )
    except (ShipmentRefused, Refused, Unsupported) as error:
        rows.refuse(row=row, reason=str(error), at=at)
        return False
    except ChannelError as error:
        rows.not_given(row=row, error=error)
        return False
    row.choice = arranging.plain(choice=chosen)
    if not Arrangement.objects.filter(pk=row.pk, lease_epoch=row.lease_epoch).update(choice=row.choice):
        raise LeaseLost(f"arrangement {row.pk} belongs to another worker now")
    return True
