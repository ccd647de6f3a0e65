"""Moving an order from state to state: the only code that assigns ``order.status`` after intake.

``apply`` works on an open order in memory, so that intake and allocation move hundreds in one write;
``move`` is the same for one order, with its lock and its write.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ecomhub.access import Actor
from orders.issues import SERVING, settle
from orders.models import Order, OrderLine
from orders.opened import NotAllowed, Opened, open_order
from orders.reservations import release_all
from orders.states import OPEN, TRANSITIONS, Status, Transition, find
from orders.writing import write

BY_CHANNEL = "by_channel"
_ENDED = frozenset({Status.SHIPPED, Status.COMPLETED, Status.CANCELED, Status.IGNORED})
_GIVES_BACK = frozenset({Status.CANCELED, Status.IGNORED})

Guard = Callable[[Opened], "str | Promise | None"]


def _workable(opened: Opened) -> str | Promise | None:
    order = opened.order
    if order.cancel_requested:
        return _("The buyer asks to cancel. Accept or decline the request first.")
    if order.hold_reason:
        return _("The order is on hold. Release the hold first.")
    return _worked_here(opened)


def _worked_here(opened: Opened) -> str | Promise | None:
    order = opened.order
    if order.fulfillment_method == BY_CHANNEL:
        return _("The channel ships this order. There is nothing to do here.")
    if order.is_before_go_live:
        return _("The order is older than the account's go-live time and is kept for search only.")
    if order.account.switched_on_at is None:
        return _("The account is import-only. Switch it on under Channels first.")
    if order.platform_state == "unpaid":
        return _("The order is not paid yet. Wait for the platform.")
    return None


def _by_channel(opened: Opened) -> str | Promise | None:
    if opened.order.fulfillment_method == BY_CHANNEL:
        return None
    return _("Only orders the channel ships are handed over to it.")


def _fully_allocated(opened: Opened) -> str | Promise | None:
    needs = [
        max(0, line.quantity - line.quantity_canceled - line.quantity_shipped_elsewhere)
        for line in opened.lines
    ]
    covered = all(line.quantity_allocated >= need for line, need in zip(opened.lines, needs, strict=True))
    if covered and any(needs):
        return None
    return _("Not every line has stock. Receive stock or pair its listing with a SKU.")


def _fully_shipped(opened: Opened) -> str | Promise | None:
    complete = all(line.quantity_shipped >= line.quantity - line.quantity_canceled for line in opened.lines)
    if complete and any(line.quantity_shipped for line in opened.lines):
        return None
    return _("Not every line has left. Ship the rest first.")


def _nothing_shipped(opened: Opened) -> str | Promise | None:
    if not any(line.quantity_shipped for line in opened.lines):
        return None
    return _("Part of the order has left already. Handle it as a return.")


GUARDS: Mapping[str, Guard] = {
    "workable": _workable,
    "worked_here": _worked_here,
    "by_channel": _by_channel,
    "fully_allocated": _fully_allocated,
    "fully_shipped": _fully_shipped,
    "nothing_shipped": _nothing_shipped,
}


def _refusal(opened: Opened, transition: Transition) -> NotAllowed | None:
    if transition.by_person and opened.order.fulfillment_method == BY_CHANNEL:
        return NotAllowed("by_channel", _("The channel ships this order. There is nothing to do here."))
    if not transition.guard:
        return None
    message = GUARDS[transition.guard](opened)
    return None if message is None else NotAllowed(transition.guard, message)


def apply(
    opened: Opened, *, action: str, at: datetime, actor: str = "system", note: str = "", **data: Any
) -> None:
    """Move an open order in memory, with its event and what the move brings with it.

    An order that is canceled or ignored gives its stock back, and one that ended has no open exception about
    serving it. Raises ``NotAllowed`` and changes nothing when the table or the guard says no.
    """
    order = opened.order
    transition = find(action=action, source=order.status)
    if transition is None:
        raise NotAllowed("no_such_move", _("The order moved on meanwhile. Reload the page."))
    refusal = _refusal(opened, transition)
    if refusal is not None:
        raise refusal
    if transition.target in _GIVES_BACK:
        release_all(opened)
    source = order.status
    order.status = transition.target.value
    if transition.target is Status.SHIPPED:
        order.shipped_at = at
    elif transition.target is Status.CANCELED:
        order.canceled_at = at
    told = {"from": source, "to": order.status, **data}
    if note:
        told["note"] = note[:500]
    opened.note(action, at=at, actor=actor, **told)
    if transition.target in _ENDED:
        settle(opened, kinds=SERVING, at=at, every_line=True, actor=actor)


def is_worked(order: Order) -> bool:
    """Say whether an order is this house's to work on now: sold by us, after go-live, and not ended."""
    return order.fulfillment_method != BY_CHANNEL and not order.is_before_go_live and order.status in OPEN


def start(*, order: Order, status: Status) -> None:
    """Give an order its first status at intake."""
    order.status = status.value


def can(opened: Opened, *, action: str) -> bool:
    """Say whether an open order could make a move now."""
    transition = find(action=action, source=opened.order.status)
    return transition is not None and _refusal(opened, transition) is None


def move(*, order_id: int, action: str, at: datetime, actor: str, note: str = "") -> Order:
    """Move one order: lock it, look the action up, ask the guard, write the event. Returns the order.

    Raises ``NotAllowed`` when the table has no such move from where the order stands, or its guard refuses.
    """
    with transaction.atomic():
        opened = open_order(order_id=order_id)
        apply(opened, action=action, at=at, actor=actor, note=note)
        write(opened=[opened], at=at, actor=actor)
    return opened.order


def offered(opened: Opened, *, actor: Actor) -> Sequence[Transition]:
    """Return the moves a person may make on an open order now."""
    return [
        row
        for row in TRANSITIONS
        if row.by_person
        and row.source == opened.order.status
        and actor.may(row.access)
        and _refusal(opened, row) is None
    ]


def allowed_actions(
    *, order: Order, actor: Actor, lines: Sequence[OrderLine] | None = None
) -> Sequence[Transition]:
    """Return the moves an actor may make on an order as it stands, for buttons and the API.

    ``lines`` are the order's lines, when the caller has them.
    """
    held = order.lines.all() if lines is None else lines
    return offered(Opened(order, list(held)), actor=actor)
