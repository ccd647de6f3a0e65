"""Finding orders that could go on and whose bell was lost or never rang: only rows decide."""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from django.db import DatabaseError, OperationalError, connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from orders.allocation import allocate
from orders.models import IssueKind, Order, OrderIssue
from orders.opened import NotAllowed
from orders.states import Status

log = structlog.get_logger(__name__)

AT_ONCE = 50
_BLOCKING = (IssueKind.UNMAPPED_LISTING, IssueKind.SHORTAGE, IssueKind.NO_LINES, IssueKind.DISCREPANCY)

# A shortage can end when every part of at least one more listing unit lies somewhere.
_SERVABLE = """
SELECT DISTINCT o.id, o.placed_at
  FROM orders_orderissue i
  JOIN orders_order o ON o.id = i.order_id
  JOIN orders_orderline l ON l.id = i.line_id
 WHERE i.kind = 'shortage' AND i.solved_at IS NULL
   AND o.status = 'process' AND o.hold_reason = '' AND NOT o.cancel_requested
   AND EXISTS (SELECT 1 FROM channels_listingcomponent c WHERE c.listing_id = l.listing_id)
   AND NOT EXISTS (
        SELECT 1 FROM channels_listingcomponent c
         WHERE c.listing_id = l.listing_id
           AND c.quantity > coalesce((
                SELECT sum(s.available) FROM inventory_stocklevel s
                  JOIN inventory_warehouse w ON w.id = s.warehouse_id
                 WHERE s.sku_id = c.sku_id AND s.available > 0 AND w.is_sellable AND w.kind <> 'channel'), 0))
 ORDER BY o.placed_at, o.id
 LIMIT %s
"""


def _worked() -> QuerySet[Order]:
    return Order.objects.filter(
        fulfillment_method="by_seller",
        is_before_go_live=False,
        hold_reason="",
        cancel_requested=False,
        account__switched_on_at__isnull=False,
    )


def _open_issue(*kinds: str) -> Exists:
    return Exists(OrderIssue.objects.filter(order=OuterRef("pk"), kind__in=kinds, solved_at=None))


def to_approve(*, limit: int) -> Sequence[int]:
    """Return orders of shops that approve by themselves, such as those that waited for the switch."""
    rows = (
        _worked()
        .filter(status=Status.REVIEW, shop__auto_approve=True)
        .exclude(platform_state__in=["unknown", "unpaid"])
        .exclude(_open_issue(IssueKind.NO_LINES, IssueKind.DISCREPANCY))
    )
    return list(rows.order_by("placed_at", "pk").values_list("pk", flat=True)[:limit])


def to_allocate(*, limit: int) -> Sequence[int]:
    """Return approved orders that nobody took further and that nothing known holds back."""
    rows = _worked().filter(status=Status.PROCESS).exclude(_open_issue(*_BLOCKING))
    return list(rows.order_by("placed_at", "pk").values_list("pk", flat=True)[:limit])


def paired_meanwhile(*, limit: int) -> Sequence[int]:
    """Return orders whose unpaired listing is paired now."""
    healed = Q(kind=IssueKind.UNMAPPED_LISTING, solved_at=None, line__listing__is_mapped=True)
    rows = OrderIssue.objects.filter(healed).order_by("order__placed_at", "order_id")
    return list(dict.fromkeys(rows.values_list("order_id", flat=True)[:limit]))


def servable_again(*, limit: int) -> Sequence[int]:
    """Return orders short of stock for which at least one more listing unit lies somewhere, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_SERVABLE, [limit])
        return [row[0] for row in cursor.fetchall()]


SWEEPS: tuple[Callable[..., Sequence[int]], ...] = (
    paired_meanwhile,
    servable_again,
    to_approve,
    to_allocate,
)


def sweep(*, now: Callable[[], datetime], limit: int = 500) -> int:
    """Take every order found one step on, some at a time; returns how many were looked at.

    When some cannot go together, each goes by itself, so that one stops only itself.
    """
    found = list(dict.fromkeys(pk for look in SWEEPS for pk in look(limit=limit)))
    for start in range(0, len(found), AT_ONCE):
        chunk = found[start : start + AT_ONCE]
        try:
            allocate(order_ids=chunk, at=now())
        except (DatabaseError, NotAllowed, LookupError, RuntimeError) as error:
            if isinstance(error, OperationalError):
                log.info("orders.sweep.again_later", orders=len(chunk))
                continue
            for order_id in chunk:
                _one(order_id, at=now())
    return len(found)


def _one(order_id: int, *, at: datetime) -> None:
    try:
        allocate(order_ids=[order_id], at=at)
    except (DatabaseError, NotAllowed, LookupError, RuntimeError):
        log.exception("orders.sweep.failed", order=order_id)
