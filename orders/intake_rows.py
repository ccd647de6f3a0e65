"""Turning an incoming order into open rows: the order, its lines, and the first status."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from channels.listings import ResolvedListing
from channels.messages import FulfillmentMethod, IncomingLine, IncomingOrder, OrderState
from channels.models import ChannelAccount, Shop
from orders import lifecycle
from orders.buyers import seal_gift_message
from orders.choosing import Board
from orders.intake_checks import Weighed
from orders.issues import raise_issue
from orders.models import IssueKind, Order, OrderLine
from orders.opened import Opened, fresh
from orders.states import Status

SHIPPED_STATES = frozenset({OrderState.SHIPPED, OrderState.COMPLETED})
_BY_CHANNEL = {
    OrderState.UNPAID: Status.UNPAID,
    OrderState.SHIPPED: Status.SHIPPED,
    OrderState.COMPLETED: Status.COMPLETED,
    OrderState.CANCELED: Status.CANCELED,
}
_BY_SELLER = {**_BY_CHANNEL, OrderState.OPEN: Status.REVIEW}
_ORDER, _LINE = Order(), OrderLine()


@dataclass(slots=True)
class Desk:
    """What the orders of one page are worked with."""

    account: ChannelAccount
    at: datetime
    shops: Mapping[str, Shop]
    listings: Mapping[tuple[str, str], ResolvedListing]
    board: Board
    keys: Mapping[str, bytes]


def first_status(*, incoming: IncomingOrder, is_before_go_live: bool) -> Status:
    """Return where an order stands when it is first seen."""
    if incoming.fulfillment_method == FulfillmentMethod.BY_CHANNEL:
        return _BY_CHANNEL.get(incoming.state, Status.PROCESS)
    status = _BY_SELLER.get(incoming.state, Status.REVIEW)
    if is_before_go_live and status in (Status.UNPAID, Status.REVIEW):
        return Status.IGNORED
    return status


def new_order(weighed: Weighed, *, order_id: int, line_ids: Iterator[int], desk: Desk) -> Opened:
    """Return a new open order with its lines, first status and first events; nothing is written yet."""
    incoming, account, at = weighed.incoming, desk.account, desk.at
    shop = desk.shops[incoming.marketplace]
    is_early = incoming.placed_at < account.go_live_at
    order = fresh(_ORDER)
    order.id = order_id
    order.account, order.shop = account, shop
    order.external_id = incoming.external_id
    order.fulfillment_method = incoming.fulfillment_method.value
    order.is_before_go_live = is_early
    order.created_at = order.updated_at = at
    describe(order, weighed)
    lifecycle.start(order=order, status=first_status(incoming=incoming, is_before_go_live=is_early))
    opened = Opened(order, [], is_new=True)
    for line in incoming.lines:
        add_line(opened, line, line_id=next(line_ids), incoming=incoming, desk=desk)
    ended_at = incoming.updated_at
    if order.status in (Status.SHIPPED, Status.COMPLETED):
        order.shipped_at = ended_at
    elif order.status == Status.CANCELED:
        order.canceled_at = ended_at
    opened.note("taken_in", at=at, status=order.status, platform_status=order.platform_status)
    note_oddities(opened, incoming=incoming, at=at)
    return opened


def describe(order: Order, weighed: Weighed) -> None:
    """Copy what the platform says about an order onto it; what it leaves out stays as it was."""
    incoming = weighed.incoming
    order.platform_status = incoming.platform_status[:60]
    order.platform_state = incoming.state.value
    order.country = incoming.country if len(incoming.country) == 2 else (order.country or "")
    order.currency = incoming.currency
    if incoming.total is not None or order.total is None:
        order.total = incoming.total
    if incoming.lines:
        order.units = sum(line.quantity for line in incoming.lines)
        order.is_gift = any(line.is_gift for line in incoming.lines)
    order.shipping_service = incoming.shipping_service[:80] or order.shipping_service
    order.placed_at = incoming.placed_at
    order.paid_at = incoming.paid_at or order.paid_at
    order.ship_by_at = incoming.ship_by_at or order.ship_by_at
    order.source_updated_at = incoming.updated_at
    order.content_hash = weighed.content_hash


def add_line(
    opened: Opened, line: IncomingLine, *, line_id: int, incoming: IncomingOrder, desk: Desk
) -> OrderLine:
    """Add a line the platform shows for the first time; what left before we saw it left elsewhere."""
    canceled = min(line.quantity_canceled, line.quantity)
    shipped = min(line.quantity_shipped, line.quantity - canceled)
    if incoming.state in SHIPPED_STATES:
        shipped = line.quantity - canceled
    row = fresh(_LINE)
    row.id = line_id
    row.order_id = opened.order.pk
    row.external_id = line.external_id
    row.listing_id = desk.listings[(incoming.marketplace, line.listing_id)].id
    row.quantity = line.quantity
    row.quantity_shipped = row.quantity_shipped_elsewhere = shipped
    row.quantity_canceled = canceled
    describe_line(row, line, currency=incoming.currency)
    key = desk.keys.get(incoming.external_id)
    if line.gift_message and key is not None:
        row.gift_message_sealed = seal_gift_message(
            key=key,
            account_id=desk.account.pk,
            external_id=incoming.external_id,
            line_id=line.external_id,
            text=line.gift_message,
        )
    opened.lines.append(row)
    opened.new_lines.append(row)
    return row


def describe_line(row: OrderLine, line: IncomingLine, *, currency: str) -> None:
    """Copy a line's title and amounts onto it."""
    row.title = line.title[:500]
    row.charge = line.charge
    row.discount = line.discount
    row.shipping = line.shipping
    row.shipping_discount = line.shipping_discount
    row.gift_wrap = line.gift_wrap
    row.tax = line.tax
    row.marketplace_collects_tax = line.tax_collected_by_marketplace
    row.refunded = line.refunded
    row.currency = currency


def note_oddities(opened: Opened, *, incoming: IncomingOrder, at: datetime) -> None:
    """Open issues for what the hub does not know and for lines that are not shown yet."""
    if incoming.unknown_values or incoming.state is OrderState.UNKNOWN:
        values = [value[:80] for value in incoming.unknown_values[:20]] or [incoming.platform_status[:60]]
        raise_issue(opened, kind=IssueKind.UNKNOWN_VALUE, at=at, detail={"values": values})
    if not opened.lines and lifecycle.is_worked(opened.order):
        raise_issue(opened, kind=IssueKind.NO_LINES, at=at)
