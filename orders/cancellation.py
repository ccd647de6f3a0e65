"""Cancellation: the buyer's request, our own closing, and what the platform decided."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from orders import lifecycle
from orders.allocation import allocate
from orders.holds import let_go, stop
from orders.issues import raise_issue
from orders.models import HoldReason, IssueKind, Order
from orders.opened import NotAllowed, Opened, open_order
from orders.states import OPEN, Status
from orders.writing import write


def note_request(opened: Opened, *, reason: str, at: datetime) -> None:
    """Note on an open order that the buyer asks to cancel: it keeps its stock and goes no further."""
    order = opened.order
    if order.cancel_requested or order.cancel_declined_at is not None or order.status not in OPEN:
        return
    order.cancel_requested = True
    opened.note("cancel_requested", at=at, reason=reason[:200])
    stop(opened, reason=HoldReason.CANCEL_REQUESTED, at=at)


def withdraw_request(opened: Opened, *, at: datetime) -> None:
    """Note on an open order that the platform no longer shows the request."""
    if not opened.order.cancel_requested:
        return
    opened.order.cancel_requested = False
    opened.note("cancel_request_withdrawn", at=at)
    if opened.order.hold_reason == HoldReason.CANCEL_REQUESTED:
        let_go(opened, at=at)


def canceled_by_platform(opened: Opened, *, at: datetime) -> None:
    """Follow the platform's cancellation: give the stock back, or open an issue when goods left already."""
    if opened.order.status == Status.CANCELED:
        return
    try:
        lifecycle.apply(opened, action="cancel", at=at)
    except NotAllowed:
        if opened.order.fulfillment_method != lifecycle.BY_CHANNEL and not opened.order.is_before_go_live:
            raise_issue(opened, kind=IssueKind.CANCEL_AFTER_SHIP, at=at)


def close(*, order_id: int, at: datetime, actor: str, note: str = "") -> Order:
    """Close an order here and give its stock back. The platform is not told: cancel it there as well.

    Raises ``NotAllowed`` when something left already.
    """
    return lifecycle.move(order_id=order_id, action="close", at=at, actor=actor, note=note)


def decline_request(*, order_id: int, at: datetime, actor: str) -> Order:
    """Decline the buyer's request: the order goes on, and the platform's flag is not asked about again.

    Raises ``NotAllowed`` when there is no request.
    """
    with transaction.atomic():
        opened = open_order(order_id=order_id)
        order = opened.order
        if not order.cancel_requested:
            raise NotAllowed("no_request", _("The buyer does not ask to cancel. Reload the page."))
        order.cancel_requested = False
        order.cancel_declined_at = at
        opened.note("cancel_request_declined", at=at, actor=actor)
        if order.hold_reason == HoldReason.CANCEL_REQUESTED:
            let_go(opened, at=at, actor=actor)
        write(opened=[opened], at=at, actor=actor)
    allocate(order_ids=[order_id], at=at, actor=actor)
    return Order.objects.get(pk=order_id)
