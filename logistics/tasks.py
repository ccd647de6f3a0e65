"""The house's clockwork: what allocation left is planned, what is due is told."""

import structlog
from django.db import DatabaseError

from ecomhub import clock
from ecomhub.celery import app, ring
from ecomhub.rest.idempotency import forget_old
from logistics import handing_over
from logistics.confirmation import report_stopped, tell
from logistics.planning import plan
from logistics.queries import (
    arrangements_unreported,
    due_arrangements,
    due_confirmations,
    orders_to_plan,
    stopped_unreported,
)
from orders.opened import NotAllowed

log = structlog.get_logger(__name__)

PLANNED_PER_TICK = 400
PLANNED_AT_ONCE = 50
TOLD_PER_TICK = 200
TOLD_PER_ACCOUNT = 40


@app.task(name="logistics.tick")
def tick() -> None:
    """Plan shipments, ring for what is due, report what was given up. Safe to run twice at once."""
    plan_due()
    report_stopped(stopped=stopped_unreported(limit=50), at=clock.now())
    for pk in due_confirmations(limit=TOLD_PER_TICK, per_account=TOLD_PER_ACCOUNT):
        ring(tell_platform, pk)
    handing_over.report_stopped(stopped=arrangements_unreported(limit=50), at=clock.now())
    for pk in due_arrangements(limit=TOLD_PER_TICK, per_account=TOLD_PER_ACCOUNT):
        ring(arrange_shipment, pk)
    forget_old()


@app.task(name="logistics.tell")
def tell_platform(confirmation_id: int) -> None:
    """Do one confirmation's next step."""
    tell(confirmation_id=confirmation_id, at=clock.now())


@app.task(name="logistics.arrange")
def arrange_shipment(arrangement_id: int) -> None:
    """Do one arrangement's next steps."""
    handing_over.carry_on(arrangement_id=arrangement_id, at=clock.now())


def plan_due() -> int:
    """Bring plans in line with allocations, some orders at a time; returns how many orders were looked at.

    When some cannot be planned together, each is planned by itself, so that one stops only itself.
    """
    ids = orders_to_plan(limit=PLANNED_PER_TICK)
    for start in range(0, len(ids), PLANNED_AT_ONCE):
        chunk = ids[start : start + PLANNED_AT_ONCE]
        try:
            plan(order_ids=chunk, at=clock.now())
        except (DatabaseError, NotAllowed, LookupError):
            log.exception("logistics.plan.failed", orders=len(chunk))
            for order_id in chunk:
                _plan_one(order_id)
    return len(ids)


def _plan_one(order_id: int) -> None:
    try:
        plan(order_ids=[order_id], at=clock.now())
    except (DatabaseError, NotAllowed, LookupError):
        log.exception("logistics.plan.failed_for_order", order=order_id)
