"""Carrying cancellations out at the platform, so that nothing is said twice and nothing is lost.

``sent`` is committed before the call; whatever ends without a clear answer is *unknown*, and the order is
read at the platform before anything is said again. What the platform took is read once more later, because
"taken" may be a job it still works on.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from channels import tokens
from channels.adapter import ChannelError, CredentialsRejected, Refused, RetryLater, Throttled, Unsupported
from channels.messages import IncomingOrder, OrderState
from channels.models import ChannelAccount
from channels.pace import real
from channels.shipping_messages import CancelRequest
from ecomhub import work
from ecomhub.sentences import kept
from ecomhub.work import LeaseLost, WorkState
from orders.allocation import allocate
from orders.canceling import finish_here, let_go
from orders.issues import raise_issue, settle
from orders.models import IssueKind, PlatformCancel
from orders.opened import Opened, open_order
from orders.states import CANCEL_MOVES, OPEN, Status
from orders.writing import write

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=240)
"""Longer than waiting for a token and two calls."""

SETTLES_IN = timedelta(minutes=2)
CHECK_AFTER = timedelta(minutes=10)
MAX_CHECKS = 6
LONGEST_WAIT = timedelta(minutes=5)
THROTTLED_WAIT = timedelta(seconds=10)

_Kind, _Outcome = PlatformCancel.Kind, PlatformCancel.Outcome
_OPERATIONS = {_Kind.CANCEL: "cancel_order", _Kind.ACCEPT: "answer_cancel", _Kind.DECLINE: "answer_cancel"}
_FETCH = "fetch_order"


def due_cancels(*, limit: int, per_account: int = 20) -> list[int]:
    """Return ids of cancellations that are due and free, at most so many of one account."""
    due = PlatformCancel.objects.filter(
        work.is_due(),
        order__account__state=ChannelAccount.State.CONNECTED,
    )
    ranked = due.annotate(
        place=Window(
            RowNumber(), partition_by=F("order__account"), order_by=[F("due_at").asc(), F("pk").asc()]
        )
    )
    return list(
        ranked.filter(place__lte=per_account).order_by("due_at", "pk").values_list("pk", flat=True)[:limit]
    )


def carry_out(*, cancel_id: int, at: datetime) -> None:
    """Do one cancellation's next step, if it is due and nobody else has it."""
    row = work.claim_one(model=PlatformCancel, pk=cancel_id, lease=LEASE)
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
        log.warning("orders.cancel.lease_lost", cancel=cancel_id)


def report_stopped(*, at: datetime, limit: int = 50) -> None:
    """Open an exception on the orders of cancellations that were given up without an answer."""
    stopped = PlatformCancel.objects.filter(state=WorkState.QUARANTINED).exclude(outcome=_Outcome.REFUSED)
    told = Q(order__issues__kind=IssueKind.CANCEL_REFUSED, order__issues__solved_at=None)
    for row in stopped.exclude(told).order_by("pk")[:limit]:
        with transaction.atomic():
            opened = open_order(order_id=row.order_id)
            _tell_a_person(opened, row=row, reason=row.answer or row.last_error, at=at)
            write(opened=[opened], at=at)


def _send(row: PlatformCancel, at: datetime) -> None:
    if not _mark_sent(row, at):
        return
    order = row.order
    try:
        if row.kind == _Kind.CANCEL:
            request = CancelRequest(order.external_id, order.shop.marketplace, row.reason)
            _call(row, lambda adapter: adapter.cancel_order(request=request), at)
        else:
            accept = row.kind == _Kind.ACCEPT
            _call(row, lambda adapter: adapter.answer_cancel(order_id=order.external_id, accept=accept), at)
    except RetryLater as error:
        _put_off(row, error)
    except CredentialsRejected as error:
        with transaction.atomic():
            _become(row, _Outcome.INTENDED, answer=error.told)
            work.postpone(row=row, due_in=LONGEST_WAIT, reason=error.told)
    except (Refused, Unsupported) as error:
        _refused(row, error, at)
    except ChannelError as error:
        with transaction.atomic():
            _become(row, _Outcome.UNKNOWN, answer=error.told)
            work.fail(row=row, reason=error.told)
    else:
        _taken(row, at, checked_at=None)


def _call(row: PlatformCancel, verb: Any, at: datetime) -> None:
    tokens.call(account=row.order.account, operation=_OPERATIONS[_Kind(row.kind)], verb=verb, at=at)


def _mark_sent(row: PlatformCancel, at: datetime) -> bool:
    """Commit that the call is about to be made; ``False`` when there is nothing to say any more."""
    with transaction.atomic():
        opened = open_order(order_id=row.order_id)
        work.hold(row=row)
        row.order = opened.order
        row.outcome = PlatformCancel.objects.values_list("outcome", flat=True).get(pk=row.pk)
        if row.outcome != _Outcome.INTENDED:
            work.finish(row=row)
            return False
        if opened.order.status == Status.CANCELED:
            _finish(opened, row=row, at=at, checked_at=at)
            return False
        if opened.order.status not in OPEN:
            _refuse(opened, row=row, reason=kept("The order went on meanwhile."), at=at)
            return False
        if opened.order.account.switched_on_at is None:
            work.postpone(
                row=row,
                due_in=LONGEST_WAIT,
                reason=kept("The account only imports. Switch it on to cancel orders there."),
            )
            return False
        _become(row, _Outcome.SENT, sent_at=at, answer="")
    return True


def _become(row: PlatformCancel, outcome: str, **fields: Any) -> None:
    """Change the outcome along the table of ``states``, if the lease is still ours. Raises ``LeaseLost``."""
    if outcome not in CANCEL_MOVES[row.outcome]:
        raise RuntimeError(f"a cancellation cannot go from {row.outcome} to {outcome}")
    if "answer" in fields:
        fields["answer"] = str(fields["answer"])[:500]
    mine = PlatformCancel.objects.filter(pk=row.pk, lease_epoch=row.lease_epoch, outcome=row.outcome)
    if not mine.update(outcome=outcome, **fields):
        raise LeaseLost(f"cancellation {row.pk} belongs to another worker now")
    row.outcome = outcome


def _put_off(row: PlatformCancel, error: RetryLater) -> None:
    with transaction.atomic():
        _become(row, _Outcome.UNKNOWN if error.unknown else _Outcome.INTENDED, answer=error.told)
        if error.unknown:
            settled = real(account=row.order.account, duration=SETTLES_IN)
            work.fail(row=row, reason=error.told, retry_after=settled)
        else:
            _later(row, error)


def _later(row: PlatformCancel, error: ChannelError) -> None:
    after = error.after if isinstance(error, RetryLater) else None
    if after is not None or isinstance(error, Throttled):
        work.postpone(row=row, due_in=min(after or THROTTLED_WAIT, LONGEST_WAIT), reason=error.told)
    else:
        work.fail(row=row, reason=error.told)


def _taken(row: PlatformCancel, at: datetime, *, checked_at: datetime | None) -> None:
    with transaction.atomic():
        opened = open_order(order_id=row.order_id)
        work.hold(row=row)
        _finish(opened, row=row, at=at, checked_at=checked_at)
    if row.kind == _Kind.DECLINE:
        allocate(order_ids=[row.order_id], at=at, actor=row.actor)


def _finish(opened: Opened, *, row: PlatformCancel, at: datetime, checked_at: datetime | None) -> None:
    """Do here what the platform took, in the caller's transaction; unless it was read, look again later."""
    _become(row, _Outcome.CONFIRMED, taken_at=at, checked_at=checked_at, answer="")
    later = None if checked_at else real(account=opened.order.account, duration=CHECK_AFTER)
    work.finish(row=row, due_in=later)
    settle(opened, kinds=[IssueKind.CANCEL_REFUSED], at=at, every_line=True)
    if not finish_here(opened, row=row, at=at):
        raise_issue(opened, kind=IssueKind.CANCEL_AFTER_SHIP, at=at)
    write(opened=[opened], at=at, actor=row.actor)


def _fetched(row: PlatformCancel, at: datetime) -> IncomingOrder:
    order_id = row.order.external_id
    return tokens.call(
        account=row.order.account,
        operation=_FETCH,
        verb=lambda adapter: adapter.fetch_order(order_id=order_id),
        at=at,
    )


def _took_it(row: PlatformCancel, shown: IncomingOrder) -> bool:
    """Say whether what the platform shows is what was asked for."""
    if row.kind == _Kind.DECLINE:
        return not shown.cancel_requested and shown.state is not OrderState.CANCELED
    return shown.state is OrderState.CANCELED


def _over(row: PlatformCancel, shown: IncomingOrder) -> str:
    """Return why saying it again makes no sense, or an empty text."""
    if shown.state in (OrderState.SHIPPED, OrderState.COMPLETED):
        return "the order is shipped on the platform"
    if row.kind == _Kind.DECLINE and shown.state is OrderState.CANCELED:
        return "the order is canceled on the platform"
    if row.kind == _Kind.ACCEPT and not shown.cancel_requested and shown.state is not OrderState.CANCELED:
        return "the buyer's request is gone on the platform"
    return ""


def _read_back(row: PlatformCancel, at: datetime) -> None:
    """Find out how a call with an unknown end went. Only a clear "not so" frees it to be said again."""
    sent_at = row.sent_at or at
    if at - sent_at < SETTLES_IN:
        wait = real(account=row.order.account, duration=SETTLES_IN - (at - sent_at))
        _still_unknown(row, RetryLater(row.last_error, after=wait))
        return
    try:
        shown = _fetched(row, at)
    except ChannelError as error:
        _still_unknown(row, error)
        return
    over = _over(row, shown)
    if _took_it(row, shown):
        _taken(row, at, checked_at=at)
    elif over:
        _refuse_now(row, reason=over, at=at)
    elif shown.state is OrderState.UNKNOWN:
        _still_unknown(row, RetryLater("the platform does not show whether it took it"))
    else:
        with transaction.atomic():
            _become(
                row, _Outcome.INTENDED, answer=kept("The platform did not take it yet. It is told again.")
            )
            work.finish(row=row, due_in=timedelta())


def _still_unknown(row: PlatformCancel, error: ChannelError) -> None:
    with transaction.atomic():
        if row.outcome == _Outcome.SENT:
            _become(
                row, _Outcome.UNKNOWN, answer=kept("No answer came. It is looked up before it is told again.")
            )
        _later(row, error)


def _check(row: PlatformCancel, at: datetime) -> None:
    """Read what the platform took once more; one it does not show after several looks is for a person."""
    try:
        shown = _fetched(row, at)
    except ChannelError as error:
        after = error.after if isinstance(error, RetryLater) and error.after else CHECK_AFTER
        work.postpone(row=row, due_in=after, reason=error.told)
        return
    mine: Any = PlatformCancel.objects.filter(pk=row.pk, lease_epoch=row.lease_epoch)
    with transaction.atomic():
        opened = open_order(order_id=row.order_id)
        work.hold(row=row)
        if _took_it(row, shown):
            mine.update(checked_at=at)
            work.finish(row=row)
        elif row.checks + 1 < MAX_CHECKS:
            mine.update(checks=row.checks + 1)
            work.finish(row=row, due_in=real(account=opened.order.account, duration=CHECK_AFTER))
        else:
            raise_issue(opened, kind=IssueKind.DISCREPANCY, at=at, detail={"about": "cancel"})
            write(opened=[opened], at=at)
            work.finish(row=row)


def _refused(row: PlatformCancel, error: ChannelError, at: datetime) -> None:
    """Take a refusal for what it is, unless the platform shows what was asked for already."""
    try:
        shown = _fetched(row, at) if isinstance(error, Refused) else None
    except ChannelError:
        shown = None
    if shown is not None and _took_it(row, shown):
        _taken(row, at, checked_at=at)
    else:
        _refuse_now(row, reason=error.told, at=at)


def _refuse_now(row: PlatformCancel, *, reason: str, at: datetime) -> None:
    with transaction.atomic():
        opened = open_order(order_id=row.order_id)
        work.hold(row=row)
        _refuse(opened, row=row, reason=reason, at=at)
    allocate(order_ids=[row.order_id], at=at)


def _refuse(opened: Opened, *, row: PlatformCancel, reason: str, at: datetime) -> None:
    """Note that the platform said no: the order goes on, and a person is told."""
    _become(row, _Outcome.REFUSED, answer=reason)
    work.fail(row=row, reason=reason, final=True)
    let_go(opened, row=row)
    opened.note("cancel_refused", at=at, note=reason[:300])
    _tell_a_person(opened, row=row, reason=reason, at=at)
    write(opened=[opened], at=at)


def _tell_a_person(opened: Opened, *, row: PlatformCancel, reason: str, at: datetime) -> None:
    detail = {"kind": str(row.kind), "reason": reason[:300]}
    raise_issue(opened, kind=IssueKind.CANCEL_REFUSED, at=at, detail=detail)
