"""Following a platform: what a newer picture of an order we have changes on it."""

from collections.abc import Collection, Iterator
from datetime import datetime

from channels.messages import IncomingLine, IncomingOrder, OrderState
from inventory.ledger import Levels
from orders import lifecycle, reservations
from orders.cancellation import canceled_by_platform, note_request, withdraw_request
from orders.intake_checks import Weighed
from orders.intake_rows import SHIPPED_STATES, Desk, add_line, describe, describe_line, note_oddities
from orders.issues import raise_issue, settle
from orders.models import IssueKind, OrderLine
from orders.opened import Opened, wanted
from orders.states import OPEN, Status

_LEFT = frozenset({OrderState.PARTLY_SHIPPED, *SHIPPED_STATES})


def follow(
    opened: Opened,
    weighed: Weighed,
    *,
    line_ids: Iterator[int],
    desk: Desk,
    ours: Collection[tuple[int, str]],
) -> None:
    """Bring an open order to what the platform shows now: fields, lines, requests, and its state.

    ``ours`` are the (order id, tracking number) pairs that this house dispatched or is about to. The order
    never moves backwards: what the table refuses becomes an issue, not an error.
    """
    incoming, at = weighed.incoming, desk.at
    before = opened.order.platform_status
    describe(opened.order, weighed)
    opened.note("changed", at=at, before=before, platform_status=opened.order.platform_status)
    _follow_lines(opened, incoming, line_ids=line_ids, desk=desk)
    if not incoming.unknown_values and incoming.state is not OrderState.UNKNOWN:
        settle(opened, kinds=[IssueKind.UNKNOWN_VALUE], at=at, every_line=True)
    note_oddities(opened, incoming=incoming, at=at)
    if incoming.cancel_requested and lifecycle.is_worked(opened.order):
        note_request(opened, reason=incoming.cancel_reason, at=at)
    elif not incoming.cancel_requested:
        withdraw_request(opened, at=at)
    mine = [(opened.order.pk, parcel.tracking_number) in ours for parcel in incoming.parcels]
    is_ours = bool(mine) and all(mine)
    if not is_ours:
        _note_left_elsewhere(opened, incoming, levels=desk.board.levels, at=at)
    _follow_state(opened, incoming, at=at, is_ours=is_ours)


def _follow_lines(opened: Opened, incoming: IncomingOrder, *, line_ids: Iterator[int], desk: Desk) -> None:
    if not incoming.lines:
        return
    settle(opened, kinds=[IssueKind.NO_LINES], at=desk.at, every_line=True)
    known = {line.external_id: line for line in opened.lines}
    for line in incoming.lines:
        row = known.pop(line.external_id, None)
        if row is None:
            add_line(opened, line, line_id=next(line_ids), incoming=incoming, desk=desk)
        else:
            _follow_line(opened, row, line, incoming=incoming, at=desk.at)
    for row in known.values():
        _cancel_line(opened, row, at=desk.at)
    if incoming.state is not OrderState.CANCELED:
        _keep_within(opened, at=desk.at)


def _follow_line(
    opened: Opened, row: OrderLine, line: IncomingLine, *, incoming: IncomingOrder, at: datetime
) -> None:
    before = (row.quantity, row.quantity_canceled)
    describe_line(row, line, currency=incoming.currency)
    row.quantity = line.quantity
    row.quantity_canceled = min(line.quantity_canceled, line.quantity)
    opened.touch_line(row)
    if (row.quantity, row.quantity_canceled) != before:
        opened.note(
            "quantity_changed", at=at, line=row.pk, quantity=row.quantity, canceled=row.quantity_canceled
        )


def _cancel_line(opened: Opened, row: OrderLine, *, at: datetime) -> None:
    """A line the platform no longer shows is canceled as far as it has not left."""
    rest = max(0, row.quantity - row.quantity_shipped)
    if row.quantity_canceled != rest:
        row.quantity_canceled = rest
        opened.touch_line(row)
        opened.note("quantity_changed", at=at, line=row.pk, quantity=row.quantity, canceled=rest)


def _keep_within(opened: Opened, *, at: datetime) -> None:
    """Give back what is claimed beyond what is wanted, and go back to process when more is wanted."""
    for row in opened.lines:
        over = row.quantity_allocated - wanted(row)
        if over > 0 and reservations.release_sets(opened, line=row, sets=over) < over:
            raise_issue(
                opened, kind=IssueKind.DISCREPANCY, line_id=row.pk, at=at, detail={"about": "quantity"}
            )
    short = any(wanted(row) > row.quantity_allocated for row in opened.lines)
    if short and opened.order.status in (Status.LABEL, Status.SHIP):
        lifecycle.apply(opened, action="unallocate", at=at)


def _note_left_elsewhere(opened: Opened, incoming: IncomingOrder, *, levels: Levels, at: datetime) -> None:
    """Note what the platform shows as shipped and we did not ship."""
    if incoming.state not in _LEFT or opened.order.status not in (*OPEN, Status.IGNORED):
        return
    told = {line.external_id: line.quantity_shipped for line in incoming.lines}
    for row in opened.lines:
        rest = row.quantity - row.quantity_canceled
        shown = rest if incoming.state in SHIPPED_STATES else min(told.get(row.external_id, 0), rest)
        if shown > row.quantity_shipped:
            sets = shown - row.quantity_shipped
            taken = reservations.ship_elsewhere(opened, line=row, sets=sets, levels=levels)
            opened.note("left_elsewhere", at=at, line=row.pk, quantity=sets, from_our_stock=taken)


def _follow_state(opened: Opened, incoming: IncomingOrder, *, at: datetime, is_ours: bool) -> None:
    order, state = opened.order, incoming.state
    if state is OrderState.CANCELED:
        canceled_by_platform(opened, at=at)
    elif state is OrderState.UNPAID:
        if order.status in OPEN and order.status != Status.UNPAID:
            _disagree(opened, about="unpaid", at=at)
    elif state in SHIPPED_STATES:
        _follow_shipped(opened, at=at, is_ours=is_ours)
        if state is OrderState.COMPLETED and lifecycle.can(opened, action="complete"):
            lifecycle.apply(opened, action="complete", at=at)
    elif order.status == Status.UNPAID:
        by_channel = order.fulfillment_method == lifecycle.BY_CHANNEL
        lifecycle.apply(opened, action="hand_over" if by_channel else "pay", at=at)
    elif state is OrderState.PARTLY_SHIPPED and lifecycle.can(opened, action="ship"):
        lifecycle.apply(opened, action="ship", at=at)


def _follow_shipped(opened: Opened, *, at: datetime, is_ours: bool) -> None:
    status = opened.order.status
    if status == Status.CANCELED:
        _disagree(opened, about="shipped", at=at)
    elif not is_ours and lifecycle.can(opened, action="ship_elsewhere"):
        lifecycle.apply(opened, action="ship_elsewhere", at=at)


def _disagree(opened: Opened, *, about: str, at: datetime) -> None:
    if opened.order.fulfillment_method != lifecycle.BY_CHANNEL and not opened.order.is_before_go_live:
        raise_issue(opened, kind=IssueKind.DISCREPANCY, at=at, detail={"about": about})
