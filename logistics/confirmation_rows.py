"""What every step of a confirmation does with its row: lock, change, refuse, tell a person."""

from datetime import datetime

from django.db import transaction

from ecomhub import work
from ecomhub.work import LeaseLost
from logistics.models import Confirmation, Shipment
from logistics.states import may_become
from orders.issues import open_issue
from orders.models import IssueKind, Order


def hold(*, row: Confirmation) -> None:
    """Lock the shipment, then the row, and make sure that its lease is still ours. Raises ``LeaseLost``.

    What a row says is stamped onto its shipment by a trigger, and those who change a shipment change its rows
    afterwards: whoever took the row first would wait for them while they wait for it.
    """
    list(Shipment.objects.filter(pk=row.shipment_id).select_for_update().values_list("pk", flat=True))
    work.hold(row=row)


def become(*, row: Confirmation, outcome: str, **fields: object) -> None:
    """Change the outcome along the table of ``states``, if the lease is still ours. Raises ``LeaseLost``."""
    if not may_become(outcome=row.outcome, target=outcome):
        raise RuntimeError(f"a confirmation cannot go from {row.outcome} to {outcome}")
    if "reason" in fields:
        fields["reason"] = str(fields["reason"])[:500]
    changed = Confirmation.objects.filter(pk=row.pk, lease_epoch=row.lease_epoch, outcome=row.outcome).update(
        outcome=outcome, **fields
    )
    if not changed:
        raise LeaseLost(f"confirmation {row.pk} belongs to another worker now")
    row.outcome = outcome


def refuse(*, row: Confirmation, reason: str, at: datetime) -> None:
    """Note that the platform says no, and open an exception on the order."""
    with transaction.atomic():
        Order.objects.select_for_update(of=("self",)).get(pk=row.order_id)
        hold(row=row)
        become(row=row, outcome=Confirmation.Outcome.REFUSED, reason=reason)
        work.fail(row=row, reason=reason, final=True)
        tell_a_person(row=row, reason=reason, at=at)


def tell_a_person(*, row: Confirmation, reason: str, at: datetime) -> None:
    """Open an exception on the order."""
    open_issue(
        order_id=row.order_id,
        kind=IssueKind.CONFIRM_REFUSED,
        at=at,
        detail={"shipment": row.shipment.number, "reason": reason[:300]},
    )
