"""Carrying an arrangement out, one step at a time: arrange, read back, ask for the number, fetch the label.

``sent`` is committed before the call; whatever ends without a clear answer is *unknown* and is read back
from the platform before anything is said again. That the platform took the arrangement is the moment it was
told (标发货); that goods left is another fact, left to ``dispatch``.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F

from channels.adapter import ChannelError, CredentialsRejected, Refused, RetryLater, Unsupported
from channels.messages import OrderState
from channels.pace import real
from channels.shipping_messages import Arranged, ArrangeRequest
from ecomhub import events, work
from ecomhub.sentences import kept
from ecomhub.work import LeaseLost, WorkState
from logistics import arrangement_rows as rows
from logistics import labels, preparing
from logistics.arranged import choice_of, needs_number
from logistics.confirmation import LEASE, LONGEST_WAIT, SETTLES_IN
from logistics.dividing import told_lines
from logistics.models import Arrangement, Confirmation, Shipment
from orders.issues import settle_kind
from orders.models import IssueKind, Order
from orders.opened import NotAllowed
from orders.shipping import shipment_gate

log = structlog.get_logger(__name__)

FIRST_ASK = timedelta(seconds=20)
"""How long a platform may take for a number or a label before it is asked again; then longer and longer."""

LONGEST_ASK = timedelta(minutes=30)
STEPS_AT_ONCE = 4

_Outcome = Arrangement.Outcome
_ARRANGE = "arrange_shipment"
_TRACKING = "fetch_tracking"
_DOCUMENT = "fetch_document"
_FETCH = "fetch_order"
_LEFT = frozenset({OrderState.SHIPPED, OrderState.COMPLETED})


def carry_on(*, arrangement_id: int, at: datetime) -> None:
    """Do an arrangement's next steps while they are due and nobody else has them."""
    for _step in range(STEPS_AT_ONCE):
        row = work.claim_one(model=Arrangement, pk=arrangement_id, lease=LEASE)
        if row is None:
            return
        try:
            _next_step(row, at)
        except LeaseLost:
            log.warning("logistics.arrangement.lease_lost", arrangement=arrangement_id)
            return


def report_stopped(*, stopped: Sequence[Arrangement], at: datetime) -> None:
    """Open an exception on the orders of arrangements that were given up."""
    for row in stopped:
        rows.tell_a_person(row=row, reason=row.reason or row.last_error, at=at)


def _next_step(row: Arrangement, at: datetime) -> None:
    match row.outcome:
        case _Outcome.INTENDED:
            _send(row, at)
        case _Outcome.SENT | _Outcome.UNKNOWN:
            _read_back(row, at)
        case _Outcome.CONFIRMED if row.shipment.state == Shipment.State.VOIDED:
            work.finish(row=row)
        case _Outcome.CONFIRMED if not row.tracking_number:
            _ask_number(row, at)
        case _Outcome.CONFIRMED if row.has_document and row.document_id is None:
            _ask_document(row, at)
        case _:
            work.finish(row=row)


def _send(row: Arrangement, at: datetime) -> None:
    if not preparing.packaged(row=row, at=at) or not preparing.chosen(row=row, at=at):
        return
    request = _mark_sent(row, at)
    if request is None:
        return
    try:
        answer = rows.call(
            row=row, operation=_ARRANGE, verb=lambda adapter: adapter.arrange_shipment(request=request), at=at
        )
    except RetryLater as error:
        _put_off(row, error)
    except CredentialsRejected as error:
        with transaction.atomic():
            rows.become(row=row, outcome=_Outcome.INTENDED, reason=error.told)
            work.postpone(row=row, due_in=LONGEST_WAIT, reason=error.told)
    except (Refused, Unsupported) as error:
        rows.refuse(row=row, reason=error.told, at=at)
    except ChannelError as error:
        with transaction.atomic():
            rows.become(row=row, outcome=_Outcome.UNKNOWN, reason=error.told)
            work.fail(row=row, reason=error.told)
    else:
        _confirmed(row, answer, told_at=at, at=at)


def _mark_sent(row: Arrangement, at: datetime) -> ArrangeRequest | None:
    """Commit that the call is about to be made; ``None`` when the shipment may not be arranged now."""
    with transaction.atomic():
        order = rows.lock(row=row)
        work.hold(row=row)
        row.shipment = Shipment.objects.get(pk=row.shipment_id)
        row.outcome = Arrangement.objects.values_list("outcome", flat=True).get(pk=row.pk)
        if row.outcome != _Outcome.INTENDED:
            work.finish(row=row)
            return None
        if row.shipment.state != Shipment.State.PLANNED:
            rows.become(
                row=row, outcome=_Outcome.WITHDRAWN, reason=kept("The shipment is not planned any more.")
            )
            work.finish(row=row)
            return None
        lines = told_lines(shipment=row.shipment)
        if lines != row.lines:
            Arrangement.objects.filter(pk=row.pk).update(lines=lines, package="")
            work.finish(row=row, due_in=timedelta())
            return None
        try:
            shipment_gate(order=order)
        except NotAllowed as error:
            work.postpone(row=row, due_in=LONGEST_WAIT, reason=str(error))
            Arrangement.objects.filter(pk=row.pk).update(reason=str(error)[:500])
            return None
        if not order.account.confirms_shipments:
            work.postpone(
                row=row,
                due_in=LONGEST_WAIT,
                reason=kept("The account does not mark orders as shipped. Allow it on its page."),
            )
            return None
        rows.become(row=row, outcome=_Outcome.SENT, sent_at=at, reason="", order_version=order.version)
    choice = choice_of(row=row)
    return ArrangeRequest(
        order_id=order.external_id,
        marketplace=order.shop.marketplace,
        package=row.package,
        choice=choice,
        tracking_number=row.own_number if needs_number(choice=choice) else "",
        lines=tuple((str(line), int(units)) for line, units in row.lines),
    )


def _put_off(row: Arrangement, error: RetryLater) -> None:
    """Note a call that may be made again: surely not applied, or unknown."""
    with transaction.atomic():
        rows.become(
            row=row, outcome=_Outcome.UNKNOWN if error.unknown else _Outcome.INTENDED, reason=error.told
        )
        if error.unknown:
            settled = real(account=row.order.account, duration=SETTLES_IN)
            work.fail(row=row, reason=error.told, retry_after=settled)
        else:
            rows.later(row=row, error=error)


def _confirmed(row: Arrangement, answer: Arranged, *, told_at: datetime, at: datetime) -> None:
    """Note that the platform took the arrangement: by that it was told of the shipment."""
    with transaction.atomic():
        order = rows.lock(row=row)
        work.hold(row=row)
        shipment = Shipment.objects.select_for_update().get(pk=row.shipment_id)
        package = answer.package[:120] or row.package
        rows.become(row=row, outcome=_Outcome.CONFIRMED, told_at=told_at, package=package, reason="", asks=0)
        Confirmation.objects.update_or_create(
            shipment=shipment,
            order=order,
            defaults={
                "reference": str(shipment.pk),
                "outcome": Confirmation.Outcome.CONFIRMED,
                "state": WorkState.DONE,
                "sent_at": row.sent_at or told_at,
                "told_at": told_at,
                "lines": row.lines,
                "reason": "",
            },
        )
        events.record(
            object_kind="order", object_id=order.pk, kind="arranged", at=at, shipment=shipment.number
        )
        events.record(object_kind="shipment", object_id=shipment.pk, kind="arranged", at=at)
        Shipment.objects.filter(pk=shipment.pk).update(state=F("state"))
        if order.issues.filter(kind=IssueKind.CONFIRM_REFUSED, solved_at=None).exists():
            settle_kind(order_id=order.pk, kind=IssueKind.CONFIRM_REFUSED, at=at)
        if answer.tracking_number.strip():
            rows.take_number(row=row, answer=answer, at=at)
        work.finish(row=row, due_in=timedelta())


def _read_back(row: Arrangement, at: datetime) -> None:
    """Find out how a call with an unknown end went. Only a clear "not there" frees it to be made again."""
    sent_at = row.sent_at or at
    if at - sent_at < SETTLES_IN:
        wait = real(account=row.order.account, duration=SETTLES_IN - (at - sent_at))
        _still_unknown(row, RetryLater(row.last_error, after=wait))
        return
    try:
        answer, took_it = _what_is_there(row, at)
    except Refused as error:
        rows.refuse(row=row, reason=error.told, at=at)
        return
    except ChannelError as error:
        _still_unknown(row, error)
        return
    if took_it:
        _confirmed(row, answer, told_at=sent_at, at=at)
    elif took_it is None:
        _still_unknown(row, RetryLater("the platform does not show whether the parcel is arranged"))
    else:
        with transaction.atomic():
            rows.become(
                row=row,
                outcome=_Outcome.INTENDED,
                reason=kept("Nothing is arranged there yet. It is arranged again."),
            )
            work.finish(row=row, due_in=timedelta())


def _what_is_there(row: Arrangement, at: datetime) -> tuple[Arranged, bool | None]:
    """Read what the platform has of the parcel; whether it is arranged, ``None`` when that does not show.

    Raises ``Refused`` when the order is canceled there or gone.
    """
    order_id, package = row.order.external_id, row.package
    try:
        answer: Arranged = rows.call(
            row=row,
            operation=_TRACKING,
            verb=lambda adapter: adapter.fetch_tracking(order_id=order_id, package=package),
            at=at,
        )
    except Refused:
        answer = Arranged(package=package, arranged=False)
    if answer.tracking_number.strip():
        return answer, True
    if answer.arranged:
        return answer, True
    shown = rows.call(
        row=row, operation=_FETCH, verb=lambda adapter: adapter.fetch_order(order_id=order_id), at=at
    )
    if shown.state in _LEFT:
        return answer, True
    if shown.state is OrderState.CANCELED:
        raise Refused(kept("The order is canceled on the platform."))
    return answer, answer.arranged


def _still_unknown(row: Arrangement, error: ChannelError) -> None:
    with transaction.atomic():
        if row.outcome == _Outcome.SENT:
            rows.become(
                row=row,
                outcome=_Outcome.UNKNOWN,
                reason=kept("No answer came. It is looked up before it is told again."),
            )
        rows.later(row=row, error=error)


def _ask_number(row: Arrangement, at: datetime) -> None:
    """Ask for the number of an arranged parcel."""
    order_id, package = row.order.external_id, row.package
    try:
        answer: Arranged = rows.call(
            row=row,
            operation=_TRACKING,
            verb=lambda adapter: adapter.fetch_tracking(order_id=order_id, package=package),
            at=at,
        )
    except ChannelError as error:
        rows.not_given(row=row, error=error)
        return
    with transaction.atomic():
        rows.lock(row=row)
        work.hold(row=row)
        if answer.tracking_number.strip():
            rows.take_number(row=row, answer=answer, at=at)
            work.finish(row=row, due_in=timedelta())
        else:
            _ask_later(row)


def _ask_document(row: Arrangement, at: datetime) -> None:
    """Fetch the label of a parcel that has its number, and keep it sealed: it names the buyer."""
    order_id, package = row.order.external_id, row.package
    try:
        document = rows.call(
            row=row,
            operation=_DOCUMENT,
            verb=lambda adapter: adapter.fetch_document(order_id=order_id, package=package),
            at=at,
        )
        file = None if document is None else labels.keep(document=document, shipment=row.shipment)
    except Unsupported:
        with transaction.atomic():
            work.hold(row=row)
            Arrangement.objects.filter(pk=row.pk).update(has_document=False, reason="")
            work.finish(row=row)
        return
    except ChannelError as error:
        rows.not_given(row=row, error=error)
        return
    with transaction.atomic():
        rows.lock(row=row)
        work.hold(row=row)
        if file is None:
            _ask_later(row)
            return
        Arrangement.objects.filter(pk=row.pk).update(document=file, document_at=at, asks=0, reason="")
        Shipment.objects.filter(pk=row.shipment_id).update(state=F("state"))
        events.record(object_kind="shipment", object_id=row.shipment_id, kind="label_fetched", at=at)
        work.finish(row=row)


def _ask_later(row: Arrangement) -> None:
    """Come again later and later; the order's next news make it due at once."""
    wait = min(FIRST_ASK * 2 ** min(row.asks, 10), LONGEST_ASK)
    version = Order.objects.values_list("version", flat=True).get(pk=row.order_id)
    Arrangement.objects.filter(pk=row.pk).update(asks=row.asks + 1, order_version=version, reason="")
    work.finish(row=row, due_in=real(account=row.order.account, duration=wait))
