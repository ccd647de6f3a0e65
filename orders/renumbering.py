"""Orders that go on under another number: some platforms give a paid order a new one, or join several.

The incoming order names the numbers it replaces. The order we know under one of them takes the new number,
with everything sealed under the old one; further ones were joined into it and end. An old picture that comes
late, under a number that is gone, is nothing new.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from channels import documents
from channels.messages import IncomingOrder, OrderState
from channels.models import ChannelAccount
from orders.buyers import open_buyer, open_gift_message, seal_buyer, seal_gift_message
from orders.cancellation import canceled_by_platform
from orders.models import Order, OrderBuyer, OrderLine, SearchKey
from orders.opened import Opened, open_order
from orders.search import note_text, note_texts
from orders.writing import write

FORMER = "former_number"
"""The kind of search key under which an order's former numbers are kept: people still look for them."""


def replaced(*, account_id: int, orders: Iterable[IncomingOrder]) -> list[tuple[int, IncomingOrder]]:
    """Return (order id, incoming order) of orders we know under a number an incoming one replaces."""
    claims = {
        former: incoming
        for incoming in orders
        for former in incoming.replaces
        if former != incoming.external_id and "\x00" not in former
    }
    if not claims:
        return []
    rows = Order.objects.filter(account_id=account_id, external_id__in=list(claims)).order_by("pk")
    return [(pk, claims[number]) for pk, number in rows.values_list("pk", "external_id")]


def renumber(*, account: ChannelAccount, order_id: int, incoming: IncomingOrder, at: datetime) -> None:
    """Give an order the incoming one's number, or end it when that number has an order already.

    Belongs into the transaction of the intake that holds the account's lock.
    """
    with transaction.atomic():
        opened = open_order(order_id=order_id)
        former, number = opened.order.external_id, incoming.external_id
        holder = Order.objects.filter(account_id=account.pk, external_id=number).first()
        if holder is None:
            _move_sealed(opened, number=number, at=at)
            opened.note("renumbered", at=at, note=f"{former} → {number}"[:300])
            holder = opened.order
        else:
            opened.note("joined", at=at, note=number)
            canceled_by_platform(opened, at=at)
        note_text(order_id=holder.pk, kind=FORMER, text=former)
        write(opened=[opened], at=at)


def _move_sealed(opened: Opened, *, number: str, at: datetime) -> None:
    """Put an order and all that is sealed under its number under another one.

    What was erased under the old number stays erased under the new one.
    """
    order, former = opened.order, opened.order.external_id
    if former not in documents.data_keys(account_id=order.account_id, external_ids=[former]):
        documents.destroy_keys(account_id=order.account_id, external_ids=[number], at=at)
    buyer = open_buyer(order=order)
    gifts = {line.pk: open_gift_message(order=order, line=line) for line in opened.lines}
    papers = documents.read(account_id=order.account_id, kind="order", external_id=former)
    Order.objects.filter(pk=order.pk).update(external_id=number)
    order.external_id = number
    keys = documents.data_keys(account_id=order.account_id, external_ids=[number])
    for paper in papers:
        documents.store(
            account_id=order.account_id,
            kind="order",
            documents=[(number, paper.data)],
            keys=keys,
            at=paper.received_at,
        )
    key = keys.get(number)
    if key is not None and buyer is not None:
        sealed = seal_buyer(key=key, account_id=order.account_id, external_id=number, buyer=buyer)
        OrderBuyer.objects.filter(order=order).update(sealed=sealed)
    for line in opened.lines:
        if key is not None and gifts[line.pk]:
            OrderLine.objects.filter(pk=line.pk).update(
                gift_message_sealed=seal_gift_message(
                    key=key,
                    account_id=order.account_id,
                    external_id=number,
                    line_id=line.external_id,
                    text=gifts[line.pk],
                )
            )
    documents.destroy_keys(account_id=order.account_id, external_ids=[former], at=at)


def gone_numbers(*, account_id: int, orders: Iterable[IncomingOrder]) -> set[str]:
    """Return which of these orders' numbers are former ones: unpaid pictures that came late."""
    asked = [
        incoming.external_id
        for incoming in orders
        if incoming.state is OrderState.UNPAID and "\x00" not in incoming.external_id
    ]
    if not asked:
        return set()
    rows = SearchKey.objects.filter(kind=FORMER, text__in=asked, order__account_id=account_id)
    return set(rows.values_list("text", flat=True))


def note_former(*, account_id: int, orders: Iterable[IncomingOrder]) -> None:
    """Keep the numbers that orders replace, so that a late picture of one is known for what it is."""
    numbers = {incoming.external_id: incoming.replaces for incoming in orders if incoming.replaces}
    if not numbers:
        return
    rows = Order.objects.filter(account_id=account_id, external_id__in=list(numbers))
    texts = [
        (pk, former) for pk, number in rows.values_list("pk", "external_id") for former in numbers[number]
    ]
    note_texts(kind=FORMER, texts=texts)
