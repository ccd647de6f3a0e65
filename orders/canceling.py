"""Canceling at the platform (平台取消): what a person asks for, and answering a buyer's wish to cancel.

The order is held from the moment it is asked; it is canceled here, and its stock given back, when the
platform took it. ``cancel_calls`` carries the work out. For platforms without a cancel the order is closed
here alone (``cancellation.close``).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from channels.adapter import Capability
from channels.registry import platform
from ecomhub.sentences import kept
from ecomhub.work import ClockTimestamp, WorkState
from orders import cancellation, lifecycle
from orders.models import HoldReason, Order, PlatformCancel
from orders.opened import NotAllowed, Opened, open_order
from orders.states import OPEN, Status
from orders.writing import write

_Kind, _Outcome = PlatformCancel.Kind, PlatformCancel.Outcome
_OPEN_WORK = (_Outcome.INTENDED, _Outcome.SENT, _Outcome.UNKNOWN)


def _offers(order: Order, capability: Capability) -> bool:
    try:
        return capability in platform(order.account.platform).capabilities
    except LookupError:
        return False


def cancels_there(*, order: Order) -> bool:
    """Say whether an order is canceled at its platform rather than closed here alone."""
    speaks = order.account.switched_on_at is not None
    return speaks and _offers(order, Capability.CANCEL_ORDER)


def answers_there(*, order: Order) -> bool:
    """Say whether a buyer's wish to cancel is answered at the platform."""
    speaks = order.account.switched_on_at is not None
    return speaks and _offers(order, Capability.ANSWER_CANCEL)


def reasons(*, order: Order) -> Mapping[str, str | Promise]:
    """Return the reasons a platform takes: its codes with a text for a person."""
    return platform(order.account.platform).cancel_reasons


def open_work(*, order_id: int) -> PlatformCancel | None:
    """Return what is being said to the platform about an order's cancellation, if anything."""
    return PlatformCancel.objects.filter(order=order_id, outcome__in=_OPEN_WORK).first()


def latest(*, order_id: int) -> PlatformCancel | None:
    """Return what was said last."""
    return PlatformCancel.objects.filter(order=order_id).order_by("-pk").first()


def ask(*, order_id: int, reason: str, at: datetime, actor: str, note: str = "") -> PlatformCancel:
    """Cancel an order at its platform: the order is held and the work of canceling left, in one transaction.

    ``reason`` is one of the platform's codes. Raises ``NotAllowed`` when the platform offers no cancel, the
    order ended or part of it left, the reason is not the platform's, or it is being canceled already.
    """
    with transaction.atomic():
        opened = open_order(order_id=order_id)
        _check_cancel(opened, reason=reason)
        row = _leave_work(opened, kind=_Kind.CANCEL, reason=reason, note=note, at=at, actor=actor)
        _hold(opened)
        opened.note("cancel_asked", at=at, actor=actor, note=note)
        write(opened=[opened], at=at, actor=actor)
    return row


def answer(*, order_id: int, accept: bool, at: datetime, actor: str) -> PlatformCancel | None:
    """Answer a buyer's wish to cancel, at the platform where it takes answers, else here alone.

    Where the platform takes none, declining goes on here and accepting is refused with what to do. Returns
    the work left, ``None`` when nothing is said to the platform. Raises ``NotAllowed``.
    """
    order = Order.objects.select_related("account").get(pk=order_id)
    if not answers_there(order=order):
        if accept:
            raise NotAllowed(
                "not_offered",
                _("The platform takes no answer from here. Cancel the order instead, then answer there."),
            )
        cancellation.decline_request(order_id=order_id, at=at, actor=actor)
        return None
    with transaction.atomic():
        opened = open_order(order_id=order_id)
        if not opened.order.cancel_requested:
            raise NotAllowed("no_request", _("The buyer does not ask to cancel. Reload the page."))
        if accept:
            _check_untouched(opened)
        kind = _Kind.ACCEPT if accept else _Kind.DECLINE
        row = _leave_work(opened, kind=kind, reason="", note="", at=at, actor=actor)
        if accept:
            _hold(opened)
        opened.note("cancel_answered", at=at, actor=actor, accept=accept)
        write(opened=[opened], at=at, actor=actor)
    return row


def again(*, order_id: int, at: datetime, actor: str) -> PlatformCancel:
    """Take the next step now, also after it was given up. Raises ``NotAllowed`` when nothing is open."""
    with transaction.atomic():
        opened = open_order(order_id=order_id)
        row = _open_row(opened)
        PlatformCancel.objects.filter(pk=row.pk).update(**due_anew())
        opened.note("cancel_again", at=at, actor=actor)
        write(opened=[opened], at=at, actor=actor)
    row.refresh_from_db()
    return row


def give_up(*, order_id: int, at: datetime, actor: str) -> None:
    """Stop asking the platform: the order goes on as it was before. It may still be canceled there.

    Raises ``NotAllowed`` when nothing is open, or while a call may be on its way.
    """
    with transaction.atomic():
        opened = open_order(order_id=order_id)
        row = _open_row(opened)
        if row.outcome != _Outcome.INTENDED and row.state != WorkState.QUARANTINED:
            raise NotAllowed(
                "on_its_way",
                _("The platform may have taken it already; its word is being read. Wait for it."),
            )
        PlatformCancel.objects.filter(pk=row.pk).update(
            outcome=_Outcome.REFUSED, state=WorkState.DONE, answer=kept("Given up here."), lease_until=None,
            lease_epoch=F("lease_epoch") + 1,
        )  # fmt: skip
        let_go(opened, row=row)
        opened.note("cancel_given_up", at=at, actor=actor)
        write(opened=[opened], at=at, actor=actor)


def let_go(opened: Opened, *, row: PlatformCancel) -> None:
    """Give an open order the hold back that it had before it was asked to be canceled."""
    if opened.order.hold_reason == HoldReason.CANCELING:
        opened.order.hold_reason = row.held_before


def due_anew() -> dict[str, Any]:
    """Return the changes that take a row from whoever works on it and make it due."""
    return {
        "state": WorkState.WAITING,
        "due_at": ClockTimestamp(),
        "lease_until": None,
        "lease_epoch": F("lease_epoch") + 1,
        "errors": 0,
        "deaths": 0,
    }


def _open_row(opened: Opened) -> PlatformCancel:
    row = (
        PlatformCancel.objects.select_for_update().filter(order=opened.order, outcome__in=_OPEN_WORK).first()
    )
    if row is None:
        raise NotAllowed("not_canceling", _("Nothing is asked of the platform now. Reload the page."))
    return row


def _check_cancel(opened: Opened, *, reason: str) -> None:
    order = opened.order
    if not cancels_there(order=order):
        raise NotAllowed(
            "not_offered", _("The platform does not let the hub cancel. Cancel it in the seller center.")
        )
    _check_untouched(opened)
    known = reasons(order=order)
    if known and reason not in known:
        raise NotAllowed(
            "reason",
            format_lazy("{} {}", _("Name one of the reasons the platform takes:"), ", ".join(sorted(known))),
        )


def _check_untouched(opened: Opened) -> None:
    order = opened.order
    if order.status not in OPEN or order.fulfillment_method == lifecycle.BY_CHANNEL:
        raise NotAllowed("no_such_move", _("Only an order that waits here can be canceled. Reload the page."))
    if any(line.quantity_shipped for line in opened.lines):
        raise NotAllowed(
            "nothing_shipped",
            _(
                "Part of the order has left already. Ship or refund the rest in the seller center, "
                "and handle what left as a return."
            ),
        )


def _leave_work(
    opened: Opened, *, kind: str, reason: str, note: str, at: datetime, actor: str
) -> PlatformCancel:
    order = opened.order
    if PlatformCancel.objects.filter(order=order, outcome__in=_OPEN_WORK).exists():
        raise NotAllowed("canceling", _("The platform is being asked already. Wait for its word."))
    return PlatformCancel.objects.create(
        order=order, kind=kind, reason=reason[:120], note=note[:500], actor=actor[:160],
        held_before=order.hold_reason, asked_at=at,
    )  # fmt: skip


def _hold(opened: Opened) -> None:
    """Hold the order in the name of the cancellation, whatever held it before."""
    opened.order.hold_reason = HoldReason.CANCELING
    opened.is_changed = True


def finish_here(opened: Opened, *, row: PlatformCancel, at: datetime) -> bool:
    """Do here what the platform took; ``False`` when goods left meanwhile, which a person must look at."""
    order = opened.order
    order.cancel_requested = False
    if row.kind == _Kind.DECLINE:
        order.cancel_declined_at = at
        opened.note("cancel_request_declined", at=at, actor=row.actor)
        if order.hold_reason == HoldReason.CANCEL_REQUESTED:
            order.hold_reason = ""
        return True
    if order.hold_reason == HoldReason.CANCELING:
        order.hold_reason = ""
    opened.note("cancel_taken", at=at, actor=row.actor)
    if order.status == Status.CANCELED:
        return True
    action = "close" if lifecycle.can(opened, action="close") else "cancel"
    if not lifecycle.can(opened, action=action):
        return False
    lifecycle.apply(opened, action=action, at=at, actor=row.actor, note=row.note)
    return True
