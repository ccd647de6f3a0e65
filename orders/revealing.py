"""Showing a buyer to somebody with the right to see them; each time is written down."""

from datetime import datetime

from django.db import transaction

from channels.messages import IncomingBuyer
from ecomhub import events
from ecomhub.access import Actor
from orders.buyers import open_buyer
from orders.models import Order


def reveal(*, order_id: int, at: datetime, actor: Actor) -> IncomingBuyer | None:
    """Open an order's buyer and record who looked; ``None`` when nothing is kept of them.

    Raises ``Order.DoesNotExist`` for an order the actor may not see. Ask ``orders.view_buyer`` first.
    """
    with transaction.atomic():
        order = Order.objects.visible_to(actor).select_for_update().get(pk=order_id)
        events.record(object_kind="order", object_id=order.pk, kind="buyer_shown", at=at, actor=actor.name)
    return open_buyer(order=order)
