"""Stopping an order (搁置) and letting it go on. A hold is a reason, not a state; its stock stays."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from orders.allocation import allocate
from orders.lifecycle import BY_CHANNEL
from orders.models import HoldReason, Order
from orders.opened import NotAllowed, Opened, open_order
from orders.states import OPEN
from orders.writing import write


def stop(opened: Opened, *, reason: str, at: datetime, actor: str = "system", note: str = "") -> None:
    """Put a hold on an open order in memory; an earlier reason stays."""
    if opened.order.hold_reason:
        return
    opened.order.hold_reason = str(reason)
    opened.note("held", at=at, actor=actor, reason=str(reason), **({"note": note[:500]} if note else {}))


def let_go(opened: Opened, *, at: datetime, actor: str = "system") -> None:
    """Take the hold off an open order in memory."""
    if opened.order.hold_reason:
        opened.note("hold_released", at=at, actor=actor, reason=opened.order.hold_reason)
        opened.order.hold_reason = ""


def hold(
    *, order_id: int, at: datetime, actor: str, reason: str = HoldReason.MANUAL, note: str = ""
) -> Order:
    """Stop an order: nothing is approved, claimed or shipped until the hold is released.

    Raises ``NotAllowed`` for an order that ended or that the channel ships.
    """
    with transaction.atomic():
        opened = open_order(order_id=order_id)
        if opened.order.status not in OPEN or opened.order.fulfillment_method == BY_CHANNEL:
            raise NotAllowed("ended", _("Only an order that is being worked can be held."))
        stop(opened, reason=reason, at=at, actor=actor, note=note)
        write(opened=[opened], at=at, actor=actor)
    return opened.order


def release_hold(*, order_id: int, at: datetime, actor: str) -> Order:
    """Release an order's hold; it goes on by itself as far as it can.

    Raises ``NotAllowed`` while the buyer's request to cancel, or ours at the platform, is undecided.
    """
    with transaction.atomic():
        opened = open_order(order_id=order_id)
        if opened.order.cancel_requested:
            raise NotAllowed(
                "cancel_requested", _("The buyer asks to cancel. Accept or decline the request first.")
            )
        if opened.order.hold_reason == HoldReason.CANCELING:
            raise NotAllowed(
                "canceling", _("The order is being canceled at the platform. Wait for its word, or give up.")
            )
        let_go(opened, at=at, actor=actor)
        write(opened=[opened], at=at, actor=actor)
    allocate(order_ids=[order_id], at=at, actor=actor)
    return Order.objects.get(pk=order_id)
