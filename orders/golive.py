"""An account's go-live time was moved back: orders placed since then are this house's to work after all."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from channels.messages import OrderState
from orders import lifecycle
from orders.models import Order
from orders.opened import Opened, open_orders
from orders.states import Status
from orders.writing import write


def reconsider(*, at: datetime, limit: int = 200) -> int:
    """Take orders back into work that an account's new go-live time covers; returns how many changed.

    Only orders the platform still waits for begin again; the others lose the mark and stay where they are.
    """
    late = Order.objects.filter(
        is_before_go_live=True,
        placed_at__gte=F("account__go_live_at"),
        account__switched_on_at__isnull=False,
    )
    ids = list(late.order_by("pk").values_list("pk", flat=True)[:limit])
    with transaction.atomic():
        opened = list(open_orders(order_ids=ids).values())
        for each in opened:
            _begin(each, at=at)
        write(opened=opened, at=at, actor="system")
    return len(opened)


def _begin(opened: Opened, *, at: datetime) -> None:
    order = opened.order
    order.is_before_go_live = False
    opened.note("go_live_moved", at=at)
    if order.status == Status.IGNORED and order.platform_state == OrderState.OPEN:
        lifecycle.apply(opened, action="reopen", at=at)
