"""Writing a batch of looked-at orders, new and changed together, in a fixed number of statements."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from channels import documents, failures
from orders.allocation import carry_on
from orders.buyers import seal_buyer, search_tokens
from orders.cancellation import note_request
from orders.copying import copy_rows, draw_ids
from orders.intake_checks import Weighed
from orders.intake_follow import follow
from orders.intake_returns import note_returns, write_returns
from orders.intake_rows import Desk, new_order
from orders.models import OrderBuyer
from orders.opened import Opened, open_orders
from orders.returns import attach
from orders.search import known_tracking
from orders.writing import write

_BuyerRow = tuple[int, bytes, list[bytes], datetime]


def write_page(*, desk: Desk, batch: Sequence[Weighed]) -> tuple[int, int]:
    """Write a batch of orders to be taken; returns how many were created and updated."""
    account = desk.account
    external_ids = [weighed.incoming.external_id for weighed in batch]
    desk = replace(desk, keys=documents.data_keys(account_id=account.pk, external_ids=external_ids))
    new = [weighed for weighed in batch if weighed.order_id is None]
    changed = {weighed.order_id: weighed for weighed in batch if weighed.order_id is not None}
    order_ids, line_ids = draw_ids(
        orders=len(new), lines=sum(len(weighed.incoming.lines) for weighed in batch)
    )
    lines = iter(line_ids)
    pairs = [
        (new_order(weighed, order_id=order_id, line_ids=lines, desk=desk), weighed)
        for weighed, order_id in zip(new, order_ids, strict=True)
    ]
    pairs += _followed(changed, lines=lines, desk=desk)
    for opened, weighed in pairs:
        incoming = weighed.incoming
        if opened.is_new and incoming.cancel_requested:
            note_request(opened, reason=incoming.cancel_reason, at=desk.at)
        note_returns(opened, incoming=incoming, at=desk.at)
        carry_on(opened, board=desk.board, at=desk.at)
    write(opened=[opened for opened, _weighed in pairs], at=desk.at, levels=desk.board.levels)
    _write_buyers(pairs, desk=desk)
    write_returns(pairs=[(opened, weighed.incoming) for opened, weighed in pairs], at=desk.at)
    documents.store(
        account_id=account.pk,
        kind="order",
        documents=[(weighed.incoming.external_id, weighed.document) for weighed in batch],
        keys=desk.keys,
        at=desk.at,
    )
    numbered = [w.incoming.external_id for w in batch if w.order_id is None or w.incoming.replaces]
    if numbered:
        attach(account_id=account.pk, external_ids=numbered, at=desk.at)
    failures.solved(account_id=account.pk, kind="order", external_ids=external_ids)
    return len(new), len(changed)


def _followed(
    changed: dict[int, Weighed], *, lines: Iterator[int], desk: Desk
) -> list[tuple[Opened, Weighed]]:
    if not changed:
        return []
    found = open_orders(order_ids=changed)
    named = [pk for pk, weighed in changed.items() if weighed.incoming.parcels]
    ours = known_tracking(order_ids=named)
    pairs = []
    for pk, opened in found.items():
        follow(opened, changed[pk], line_ids=lines, desk=desk, ours=ours)
        pairs.append((opened, changed[pk]))
    return pairs


def _write_buyers(pairs: Sequence[tuple[Opened, Weighed]], *, desk: Desk) -> None:
    new: list[_BuyerRow] = []
    changed: list[_BuyerRow] = []
    for opened, weighed in pairs:
        incoming = weighed.incoming
        key = desk.keys.get(incoming.external_id)
        if incoming.buyer is None or key is None:
            continue
        sealed = seal_buyer(
            key=key, account_id=desk.account.pk, external_id=incoming.external_id, buyer=incoming.buyer
        )
        row = (opened.order.pk, sealed, search_tokens(buyer=incoming.buyer), desk.at)
        (new if opened.is_new else changed).append(row)
    columns = ("order_id", "sealed", "tokens", "changed_at")
    copy_rows(table="orders_orderbuyer", columns=columns, rows=new)
    if changed:
        OrderBuyer.objects.bulk_create(
            [
                OrderBuyer(order_id=pk, sealed=blob, tokens=tokens, changed_at=at)
                for pk, blob, tokens, at in changed
            ],
            update_conflicts=True,
            unique_fields=["order"],
            update_fields=["sealed", "tokens", "changed_at"],
        )
