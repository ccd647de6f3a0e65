"""What every step of an arrangement does with its row: lock, change, give back, refuse, note the number."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from channels import tokens
from channels.adapter import ChannelError, CredentialsRejected, RetryLater, Throttled
from channels.registry import platform
from channels.shipping_messages import Arranged
from ecomhub import events, work
from ecomhub.work import LeaseLost
from logistics.arranged import choice_of
from logistics.confirmation import LONGEST_WAIT, THROTTLED_WAIT
from logistics.models import Arrangement, Shipment
from logistics.states import ARRANGEMENT_MOVES
from orders.issues import open_issue
from orders.models import IssueKind, Order
from orders.search import note_tracking

_Outcome = Arrangement.Outcome


def call(*, row: Arrangement, operation: str, verb: Any, at: datetime) -> Any:
    """Call one verb of the account's adapter. Raises the adapter's errors."""
    return tokens.call(account=row.order.account, operation=operation, verb=verb, at=at)


def lock(*, row: Arrangement) -> Order:
    """Lock the arrangement's order, first of all locks, and return it."""
    row.order = (
        Order.objects.select_for_update(of=("self",)).select_related("account", "shop").get(pk=row.order_id)
    )
    return row.order


def become(*, row: Arrangement, outcome: str, **fields: Any) -> None:
    """Change the outcome along the table of ``states``, if the lease is still ours. Raises ``LeaseLost``."""
    if outcome not in ARRANGEMENT_MOVES[row.outcome]:
        raise RuntimeError(f"an arrangement cannot go from {row.outcome} to {outcome}")
    if "reason" in fields:
        fields["reason"] = str(fields["reason"])[:500]
    mine = Arrangement.objects.filter(pk=row.pk, lease_epoch=row.lease_epoch, outcome=row.outcome)
    if not mine.update(outcome=outcome, **fields):
        raise LeaseLost(f"arrangement {row.pk} belongs to another worker now")
    row.outcome = outcome


def later(*, row: Arrangement, error: ChannelError) -> None:
    """Ask again after an answer that was none: what the platform says how long, else with the back-off."""
    after = error.after if isinstance(error, RetryLater) else None
    if after is not None or isinstance(error, Throttled):
        wait = min(after or THROTTLED_WAIT, LONGEST_WAIT)
        work.postpone(row=row, due_in=wait, reason=error.told)
    else:
        work.fail(row=row, reason=error.told)


def take_number(*, row: Arrangement, answer: Arranged, at: datetime) -> None:
    """Write the number onto arrangement, shipment and search; the order's lock and the lease are held."""
    number = answer.tracking_number.strip()[:120]
    carrier = (answer.carrier.strip() or platform(row.order.account.platform).name)[:60]
    label = choice_of(row=row).label[:80]
    Arrangement.objects.filter(pk=row.pk).update(
        tracking_number=number, carrier=carrier, numbered_at=at, asks=0, reason=""
    )
    Shipment.objects.filter(pk=row.shipment_id).update(tracking_number=number, carrier=carrier, service=label)
    note_tracking(order_id=row.order_id, tracking_number=number)
    events.record(object_kind="shipment", object_id=row.shipment_id, kind="numbered", at=at, carrier=carrier)
    row.tracking_number = number


def not_given(*, row: Arrangement, error: ChannelError) -> None:
    """Note that a question found no answer; a refusal is asked again too, and shown until it ends."""
    with transaction.atomic():
        work.hold(row=row)
        Arrangement.objects.filter(pk=row.pk).update(reason=error.told[:500])
        if isinstance(error, CredentialsRejected):
            work.postpone(row=row, due_in=LONGEST_WAIT, reason=error.told)
        else:
            later(row=row, error=error)


def refuse(*, row: Arrangement, reason: str, at: datetime) -> None:
    """Note that the platform says no, and tell a person."""
    with transaction.atomic():
        lock(row=row)
        work.hold(row=row)
        become(row=row, outcome=_Outcome.REFUSED, reason=reason)
        work.fail(row=row, reason=reason, final=True)
        Shipment.objects.filter(pk=row.shipment_id).update(state=F("state"))
        tell_a_person(row=row, reason=reason, at=at)


def tell_a_person(*, row: Arrangement, reason: str, at: datetime) -> None:
    """Open an exception on the order."""
    open_issue(
        order_id=row.order_id,
        kind=IssueKind.CONFIRM_REFUSED,
        at=at,
        detail={"shipment": row.shipment.number, "reason": reason[:300]},
    )
