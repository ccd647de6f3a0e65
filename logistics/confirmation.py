"""Telling the platform that goods ship (标发货), so that nothing is told twice and nothing is lost.

``sent`` is committed before the call. Whatever happens after it without a clear answer — a time-out, a
killed worker — is *unknown* and is read back from the platform before anything is said again. An accepted
notice is read back too, because "accepted" is not "applied".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F

from channels import tokens
from channels.adapter import ChannelError, CredentialsRejected, Refused, RetryLater, Throttled, Unsupported
from channels.messages import IncomingOrder, OrderState, ShipmentNotice
from channels.models import Shop
from channels.pace import real
from ecomhub import events, work
from ecomhub.sentences import kept
from ecomhub.work import ClockTimestamp, LeaseLost, WorkState
from logistics import confirmation_rows as rows
from logistics.carriers import carrier_key
from logistics.models import Confirmation, Shipment
from logistics.recognition import holds_parcel
from orders.issues import settle_kind
from orders.models import IssueKind, Order
from orders.opened import NotAllowed
from orders.shipping import shipment_gate

log = structlog.get_logger(__name__)

SETTLES_IN = timedelta(minutes=2)
"""How long a platform may need to show what it took; a "not there" is believed only after it."""

CHECK_AFTER = timedelta(minutes=10)
"""When an accepted notice is read back."""

MAX_CHECKS = 3
LONGEST_WAIT = timedelta(minutes=5)
THROTTLED_WAIT = timedelta(seconds=10)
LEASE = timedelta(seconds=240)
"""Longer than waiting for a token and two calls."""

DUE_ANEW: dict[str, Any] = {
    "state": WorkState.WAITING,
    "due_at": ClockTimestamp(),
    "lease_until": None,
    "lease_epoch": F("lease_epoch") + 1,
    "errors": 0,
    "deaths": 0,
}
"""Takes a row from whoever works on it and makes it due: what they find out then is read back."""

_Outcome = Confirmation.Outcome
_VOIDED = "the shipment was voided"
_CONFIRM = "confirm_shipment"
_FETCH = "fetch_order"


@dataclass(frozen=True, slots=True)
class Told:
    """What the platform is told of one order: (platform's line id, listing units)."""

    order: Order
    lines: tuple[tuple[str, int], ...]


def intend(*, shipment: Shipment, told: Sequence[Told]) -> None:
    """Leave the work of telling, in the transaction of its cause; one row per order, written once.

    By the shop's setting it is due now or waits for a person. An account that does not confirm shipments
    gets a row that says so. What was told early is not told again.
    """
    Confirmation.objects.bulk_create(
        [
            Confirmation(
                shipment=shipment,
                order=each.order,
                reference=str(shipment.pk),
                lines=[list(line) for line in each.lines],
                **_first_state(each),
            )
            for each in told
        ],
        ignore_conflicts=True,
    )
    for each in told:
        # A row that was left early, for more than leaves now, and was not told yet begins anew.
        Confirmation.objects.filter(
            shipment=shipment, order=each.order, outcome__in=[_Outcome.INTENDED, _Outcome.WITHHELD]
        ).update(lines=[list(line) for line in each.lines], **_first_state(each))


def _first_state(told: Told) -> dict[str, str]:
    if not told.order.account.confirms_shipments:
        return {"outcome": _Outcome.WITHHELD, "state": WorkState.PAUSED}
    if not told.lines:
        return {
            "outcome": _Outcome.WITHHELD,
            "state": WorkState.PAUSED,
            "reason": "no whole unit of the order is in this shipment",
        }
    if told.order.shop.tells == Shop.Tell.BY_HAND:
        return {"outcome": _Outcome.INTENDED, "state": WorkState.PAUSED}
    return {"outcome": _Outcome.INTENDED, "state": WorkState.WAITING}


def withdraw(*, shipment_id: int, reason: str) -> list[int]:
    """Take back what was not told yet of a voided shipment; the caller holds its orders' locks.

    Returns the orders of which the platform was, or may have been, told already.
    """
    mine = Confirmation.objects.filter(shipment=shipment_id)
    mine.filter(outcome=_Outcome.INTENDED).update(
        outcome=_Outcome.WITHHELD, state=WorkState.DONE, reason=reason[:500]
    )
    told = mine.filter(outcome__in=[_Outcome.SENT, _Outcome.UNKNOWN, _Outcome.CONFIRMED])
    return sorted(told.values_list("order", flat=True))


def again(*, confirmation_id: int, at: datetime, actor: str) -> Confirmation:
    """Have a confirmation told now: by hand, after a refusal was put right, or after it was given up.

    What may have reached the platform is still read back first; what it does not have of a voided shipment
    stays untold. Raises ``Confirmation.DoesNotExist``.
    """
    with transaction.atomic():
        order_id, shipment_id = Confirmation.objects.values_list("order", "shipment").get(pk=confirmation_id)
        Order.objects.select_for_update(of=("self",)).get(pk=order_id)
        Shipment.objects.select_for_update(of=("self",)).get(pk=shipment_id)
        row = Confirmation.objects.select_for_update().get(pk=confirmation_id)
        if row.state == WorkState.DONE and row.outcome != _Outcome.REFUSED:
            return row
        untold = row.outcome in (_Outcome.INTENDED, _Outcome.REFUSED, _Outcome.WITHHELD)
        if untold and row.shipment.state == Shipment.State.VOIDED:
            row.outcome, row.state, row.reason = _Outcome.WITHHELD, WorkState.DONE, _VOIDED
            row.save(update_fields=["outcome", "state", "reason"])
            return row
        if untold:
            row.outcome = _Outcome.INTENDED
        row.state, row.reason = WorkState.WAITING, ""
        row.errors = row.deaths = 0
        row.save(update_fields=["outcome", "state", "reason", "errors", "deaths"])
        Confirmation.objects.filter(pk=row.pk).update(**DUE_ANEW)
        events.record(
            object_kind="shipment", object_id=row.shipment_id, kind="tell_again", at=at, actor=actor,
            order=order_id,
        )  # fmt: skip
    return row


def tell(*, confirmation_id: int, at: datetime) -> None:
    """Do one confirmation's next step, if it is due and nobody else has it."""
    row = work.claim_one(model=Confirmation, pk=confirmation_id, lease=LEASE)
    if row is None:
        return
    try:
        match row.outcome:
            case _Outcome.INTENDED:
                _send(row, at)
            case _Outcome.SENT | _Outcome.UNKNOWN:
                _read_back(row, at)
            case _Outcome.CONFIRMED:
                _check(row, at)
            case _:
                work.finish(row=row)
    except LeaseLost:
        log.warning("logistics.confirmation.lease_lost", confirmation=confirmation_id)


def report_stopped(*, stopped: Sequence[Confirmation], at: datetime) -> None:
    """Open an exception on the orders of confirmations that were given up."""
    for row in stopped:
        rows.tell_a_person(row=row, reason=row.reason or row.last_error, at=at)


def _send(row: Confirmation, at: datetime) -> None:
    notice = _mark_sent(row, at)
    if notice is None:
        return
    try:
        tokens.call(
            account=row.order.account,
            operation=_CONFIRM,
            verb=lambda adapter: adapter.confirm_shipment(notice=notice),
            at=at,
        )
    except RetryLater as error:
        _put_off(row, error)
    except CredentialsRejected as error:
        with transaction.atomic():
            rows.hold(row=row)
            rows.become(row=row, outcome=_Outcome.INTENDED, reason=error.told)
            work.postpone(row=row, due_in=LONGEST_WAIT, reason=error.told)
    except (Refused, Unsupported) as error:
        _refused(row, error, at)
    except ChannelError as error:
        with transaction.atomic():
            rows.hold(row=row)
            rows.become(row=row, outcome=_Outcome.UNKNOWN, reason=error.told)
            work.fail(row=row, reason=error.told)
    else:
        _confirmed(row, at, told_at=at, checked_at=None)


def _mark_sent(row: Confirmation, at: datetime) -> ShipmentNotice | None:
    """Commit that the call is about to be made; ``None`` when there is nothing to tell any more."""
    with transaction.atomic():
        order = (
            Order.objects.select_for_update(of=("self",))
            .select_related("account", "shop")
            .get(pk=row.order_id)
        )
        rows.hold(row=row)
        row.order = order
        now = Confirmation.objects.select_related("shipment").get(pk=row.pk)
        row.outcome, row.lines, row.shipment = now.outcome, now.lines, now.shipment
        if row.outcome != _Outcome.INTENDED:
            work.finish(row=row)
            return None
        voided = row.shipment.state == Shipment.State.VOIDED
        if voided or not order.account.confirms_shipments:
            reason = _VOIDED if voided else "the account does not confirm shipments"
            state = WorkState.DONE if voided else WorkState.PAUSED
            rows.become(row=row, outcome=_Outcome.WITHHELD, reason=reason, state=state, lease_until=None)
            return None
        if row.shipment.state == Shipment.State.PLANNED:
            try:
                shipment_gate(order=order)
            except NotAllowed as error:
                work.postpone(row=row, due_in=LONGEST_WAIT, reason=str(error))
                return None
        rows.become(row=row, outcome=_Outcome.SENT, sent_at=at)
    return _notice(row, at)


def _notice(row: Confirmation, at: datetime) -> ShipmentNotice:
    shipment, order = row.shipment, row.order
    return ShipmentNotice(
        order_id=order.external_id,
        marketplace=order.shop.marketplace,
        reference=row.reference,
        carrier=carrier_key(shipment.carrier),
        carrier_name=shipment.carrier,
        service=shipment.service,
        tracking_number=shipment.tracking_number,
        shipped_at=shipment.dispatched_at or at,
        lines=tuple((str(line), int(units)) for line, units in row.lines),
    )


def _put_off(row: Confirmation, error: RetryLater) -> None:
    """Note a call that may be made again: surely not applied, or unknown."""
    with transaction.atomic():
        rows.hold(row=row)
        rows.become(
            row=row, outcome=_Outcome.UNKNOWN if error.unknown else _Outcome.INTENDED, reason=error.told
        )
        if error.unknown:
            settled = real(account=row.order.account, duration=SETTLES_IN)
            work.fail(row=row, reason=error.told, retry_after=settled)
        elif error.after is not None or isinstance(error, Throttled):
            wait = min(error.after or THROTTLED_WAIT, LONGEST_WAIT)
            work.postpone(row=row, due_in=wait, reason=error.told)
        else:
            work.fail(row=row, reason=error.told)


def _confirmed(row: Confirmation, at: datetime, *, told_at: datetime, checked_at: datetime | None) -> None:
    """Note that the platform has it; unless that was read there, look again later."""
    later = None if checked_at else real(account=row.order.account, duration=CHECK_AFTER)
    with transaction.atomic():
        Order.objects.select_for_update(of=("self",)).get(pk=row.order_id)
        rows.hold(row=row)
        rows.become(row=row, outcome=_Outcome.CONFIRMED, told_at=told_at, checked_at=checked_at, reason="")
        work.finish(row=row, due_in=later)
        events.record(
            object_kind="order", object_id=row.order_id, kind="platform_told", at=at,
            shipment=row.shipment.number, tracking=row.shipment.tracking_number,
        )  # fmt: skip
        if row.order.issues.filter(kind=IssueKind.CONFIRM_REFUSED, solved_at=None).exists():
            settle_kind(order_id=row.order_id, kind=IssueKind.CONFIRM_REFUSED, at=at)


def _fetched(row: Confirmation, at: datetime) -> IncomingOrder:
    order_id = row.order.external_id
    return tokens.call(
        account=row.order.account,
        operation=_FETCH,
        verb=lambda adapter: adapter.fetch_order(order_id=order_id),
        at=at,
    )


def _has_it(row: Confirmation, order: IncomingOrder) -> bool | None:
    return holds_parcel(order=order, reference=row.reference, tracking_number=row.shipment.tracking_number)


def _read_back(row: Confirmation, at: datetime) -> None:
    """Find out how a call with an unknown end went. Only a clear "not there" frees it to be made again."""
    sent_at = row.sent_at or at
    if at - sent_at < SETTLES_IN:
        wait = real(account=row.order.account, duration=SETTLES_IN - (at - sent_at))
        _still_unknown(row, RetryLater(row.last_error, after=wait))
        return
    try:
        order = _fetched(row, at)
    except ChannelError as error:
        _still_unknown(row, error)
        return
    has_it = _has_it(row, order)
    if has_it:
        _confirmed(row, at, told_at=sent_at, checked_at=at)
    elif has_it is None:
        _still_unknown(row, RetryLater("the platform does not show whether it knows the parcel"))
    elif order.state is OrderState.CANCELED:
        rows.refuse(row=row, reason=kept("The order is canceled on the platform."), at=at)
    else:
        with transaction.atomic():
            rows.hold(row=row)
            rows.become(
                row=row,
                outcome=_Outcome.INTENDED,
                reason=kept("The platform does not have it yet. It is told again."),
            )
            work.finish(row=row, due_in=timedelta())


def _still_unknown(row: Confirmation, error: ChannelError) -> None:
    after = error.after if isinstance(error, RetryLater) else None
    with transaction.atomic():
        rows.hold(row=row)
        if row.outcome == _Outcome.SENT:
            rows.become(
                row=row,
                outcome=_Outcome.UNKNOWN,
                reason=kept("No answer came. It is looked up before it is told again."),
            )
        if after is not None:
            work.postpone(row=row, due_in=after, reason=error.told)
        else:
            work.fail(row=row, reason=error.told)


def _check(row: Confirmation, at: datetime) -> None:
    """Read an accepted notice back; what was not applied after several looks is told again."""
    try:
        order = _fetched(row, at)
    except ChannelError as error:
        after = error.after if isinstance(error, RetryLater) and error.after else CHECK_AFTER
        work.postpone(row=row, due_in=after, reason=error.told)
        return
    mine = Confirmation.objects.filter(pk=row.pk, lease_epoch=row.lease_epoch)
    if _has_it(row, order) is not False:
        with transaction.atomic():
            rows.hold(row=row)
            mine.update(checked_at=at)
            work.finish(row=row)
        return
    if row.checks + 1 < MAX_CHECKS:
        with transaction.atomic():
            rows.hold(row=row)
            mine.update(checks=row.checks + 1)
            work.finish(row=row, due_in=real(account=row.order.account, duration=CHECK_AFTER))
        return
    reason = "the platform accepted it and does not show it; it is told again"
    with transaction.atomic():
        rows.hold(row=row)
        rows.become(row=row, outcome=_Outcome.INTENDED, checks=0, told_at=None, reason=reason)
        work.fail(row=row, reason=reason)


def _refused(row: Confirmation, error: ChannelError, at: datetime) -> None:
    """Take a refusal for what it is, unless the platform holds our parcel already."""
    try:
        shown = _fetched(row, at) if isinstance(error, Refused) else None
    except ChannelError:
        shown = None
    if shown and shown.parcels and _has_it(row, shown):
        _confirmed(row, at, told_at=at, checked_at=at)
    else:
        rows.refuse(row=row, reason=error.told, at=at)
