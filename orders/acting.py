"""What a person does to an order by button or API: rights, the move, and what follows from it."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from ecomhub.access import Actor
from orders import canceling, lifecycle
from orders.allocation import allocate
from orders.models import Order
from orders.opened import NotAllowed
from orders.states import TRANSITIONS

_GOES_ON = frozenset({"approve", "take_back"})
CLOSE = "close"


def perform(
    *, order_id: int, action: str, at: datetime, actor: Actor, note: str = "", reason: str = ""
) -> Order:
    """Do one of the table's actions as a person; an approved order has its stock claimed at once.

    Closing an order of a platform that lets us cancel is canceling it there, for one of its reasons. Raises
    ``Order.DoesNotExist`` for an order the actor may not see and ``NotAllowed`` for what the actor, the table
    or a guard does not allow.
    """
    order = Order.objects.visible_to(actor).select_related("account").get(pk=order_id)
    rows = [row for row in TRANSITIONS if row.action == action and row.by_person]
    if not any(actor.may(row.access) for row in rows):
        raise NotAllowed("forbidden", _("Your role does not include this. Ask an administrator for it."))
    if action == CLOSE and canceling.cancels_there(order=order):
        canceling.ask(order_id=order_id, reason=reason, at=at, actor=actor.name, note=note)
        return Order.objects.get(pk=order_id)
    order = lifecycle.move(order_id=order_id, action=action, at=at, actor=actor.name, note=note)
    if action in _GOES_ON:
        allocate(order_ids=[order_id], at=at, actor=actor.name)
        order.refresh_from_db()
    return order
