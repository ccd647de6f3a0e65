"""Allocation: choosing which warehouse serves a line, claiming the stock, and saying what is short."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from channels.messages import OrderState
from channels.models import ListingComponent
from inventory import ledger
from inventory import queries as stock
from inventory.ledger import Pair
from orders import lifecycle
from orders.choosing import Board, Choice, Components, Need, Take, choose
from orders.issues import raise_issue, settle
from orders.models import Allocation, IssueKind, OrderLine
from orders.opened import RESERVE, Opened, by_line, fresh, held_pairs, open_orders, wanted
from orders.states import Status
from orders.writing import write

_ALLOCATION = Allocation()
_NEEDS_A_PERSON = frozenset({IssueKind.DISCREPANCY, IssueKind.NO_LINES})


def components_of(*, listing_ids: Iterable[int]) -> dict[int, Components]:
    """Return what one unit of each paired listing takes from stock."""
    found: dict[int, Components] = {}
    rows = (
        ListingComponent.objects.filter(listing_id__in=set(listing_ids))
        .order_by("pk")
        .values_list("listing_id", "sku_id", "quantity")
    )
    for listing_id, sku_id, units in rows:
        found[listing_id] = (*found.get(listing_id, ()), (sku_id, units))
    return found


def lay_out(
    *, components: Mapping[int, Components], sku_ids: Collection[int], held: Iterable[Pair] = ()
) -> Board:
    """Read the candidate warehouses and lock every level an allocation may touch, in primary-key order.

    ``sku_ids`` are the SKUs that may be claimed, ``held`` pairs that may be released or shipped in the same
    transaction.
    """
    candidates = stock.candidates(sku_ids=sku_ids) if sku_ids else {}
    pairs = set(held)
    for sku_id, places in candidates.items():
        pairs.update((sku_id, place.warehouse_id) for place in places)
    return Board(components=components, candidates=candidates, levels=ledger.lock_levels(pairs=pairs))


def _made_of(line: OrderLine, held: Sequence[Allocation], board: Board) -> Components:
    """Return what a line is made of: fixed by its first claim, until then by its listing's pairing."""
    fixed: dict[int, int] = {}
    for allocation in held:
        if allocation.quantity > allocation.quantity_released:
            fixed[allocation.sku_id] = allocation.units
    return tuple(fixed.items()) or board.components.get(line.listing_id, ())


def carry_on(opened: Opened, *, board: Board, at: datetime, actor: str = "system") -> None:
    """Take an open order as far as it goes by itself: approved, its stock claimed, ready to print.

    Orders the channel ships, older than go-live, held, or asked to be canceled stay as they are.
    """
    order = opened.order
    if not lifecycle.is_worked(order):
        return
    _check_pairings(opened, board=board, at=at)
    approves = order.status == Status.REVIEW and order.shop.auto_approve
    if approves and not _waits_for_a_person(opened) and lifecycle.can(opened, action="approve"):
        lifecycle.apply(opened, action="approve", at=at, actor=actor)
    if order.status == Status.PROCESS and lifecycle.GUARDS["workable"](opened) is None:
        _serve(opened, board=board, at=at, actor=actor)
        if lifecycle.can(opened, action="allocate"):
            lifecycle.apply(opened, action="allocate", at=at, actor=actor)


def _waits_for_a_person(opened: Opened) -> bool:
    if opened.order.platform_state == OrderState.UNKNOWN:
        return True
    return any(issue.kind in _NEEDS_A_PERSON for issue in opened.issues)


def _check_pairings(opened: Opened, *, board: Board, at: datetime) -> None:
    held = by_line(opened) if opened.allocations else {}
    for line in opened.lines:
        made_of = _made_of(line, held.get(line.pk, ()), board)
        if wanted(line) and not made_of:
            raise_issue(
                opened,
                kind=IssueKind.UNMAPPED_LISTING,
                line_id=line.pk,
                detail={"listing": line.listing_id},
                at=at,
            )
        elif opened.issues:
            settle(opened, kinds=[IssueKind.UNMAPPED_LISTING], line_id=line.pk, at=at)


def _serve(opened: Opened, *, board: Board, at: datetime, actor: str) -> None:
    held = by_line(opened)
    needs = []
    for line in opened.lines:
        sets = wanted(line) - line.quantity_allocated
        made_of = _made_of(line, held[line.pk], board)
        if sets > 0 and made_of:
            needs.append(Need(line.pk, sets, made_of))
        elif opened.issues:
            settle(opened, kinds=[IssueKind.SHORTAGE], line_id=line.pk, at=at, actor=actor)
    if not needs:
        return
    used = frozenset(
        allocation.warehouse_id
        for allocation in opened.allocations
        if allocation.quantity > allocation.quantity_released
    )
    choice = choose(needs=needs, country=opened.order.country, board=board, used=used)
    _claim(opened, needs=needs, choice=choice)
    _note_shortages(opened, needs=needs, choice=choice, at=at, actor=actor)


def _claim(opened: Opened, *, needs: Sequence[Need], choice: Choice) -> None:
    for take in choice.takes:
        allocation = _allocation_for(opened, take)
        opened.move_stock(
            RESERVE,
            allocation=allocation,
            quantity=take.quantity,
            cause=f"allocate:{opened.order.pk}:{opened.act()}",
        )
    if not choice.takes:
        return
    lines = {line.pk: line for line in opened.lines}
    taken: dict[int, dict[int, int]] = {}
    for take in choice.takes:
        per_sku = taken.setdefault(take.line_id, {})
        per_sku[take.sku_id] = per_sku.get(take.sku_id, 0) + take.quantity
    for need in needs:
        if need.line_id in taken:
            sku_id, units = need.components[0]
            line = lines[need.line_id]
            line.quantity_allocated += taken[need.line_id][sku_id] // units
            opened.touch_line(line)
    opened.traces.append(choice.trace)


def _allocation_for(opened: Opened, take: Take) -> Allocation:
    for allocation in opened.allocations:
        if (allocation.line_id, allocation.sku_id, allocation.warehouse_id) == (
            take.line_id,
            take.sku_id,
            take.warehouse_id,
        ):
            allocation.quantity += take.quantity
            allocation.units = take.units
            opened.touch_allocation(allocation)
            return allocation
    allocation = fresh(_ALLOCATION)
    allocation.line_id = take.line_id
    allocation.sku_id = take.sku_id
    allocation.warehouse_id = take.warehouse_id
    allocation.units = take.units
    allocation.quantity = take.quantity
    opened.allocations.append(allocation)
    opened.new_allocations.append(allocation)
    opened.is_changed = True
    return allocation


def _note_shortages(
    opened: Opened, *, needs: Sequence[Need], choice: Choice, at: datetime, actor: str
) -> None:
    for need in needs:
        missing = choice.short.get(need.line_id)
        if missing:
            raise_issue(
                opened,
                kind=IssueKind.SHORTAGE,
                line_id=need.line_id,
                detail={"missing": {str(sku_id): units for sku_id, units in missing.items()}},
                at=at,
                actor=actor,
            )
        elif opened.issues:
            settle(opened, kinds=[IssueKind.SHORTAGE], line_id=need.line_id, at=at, actor=actor)


def allocate(*, order_ids: Iterable[int], at: datetime, actor: str = "system") -> dict[int, str]:
    """Take orders as far as they go by themselves; returns the status of each.

    Approves what a shop approves by itself, claims stock for orders to process, opens and solves the issues
    about pairing and shortage. Orders are locked before stock levels, both in primary-key order. Repeating it
    changes nothing.
    """
    with transaction.atomic():
        opened = open_orders(order_ids=order_ids)
        listing_ids = {line.listing_id for each in opened.values() for line in each.lines}
        components = components_of(listing_ids=listing_ids)
        sku_ids = {sku_id for parts in components.values() for sku_id, _units in parts}
        sku_ids |= {row.sku_id for each in opened.values() for row in each.allocations}
        board = lay_out(components=components, sku_ids=sku_ids, held=held_pairs(opened=opened.values()))
        for each in opened.values():
            carry_on(each, board=board, at=at, actor=actor)
        write(opened=opened.values(), at=at, actor=actor, levels=board.levels)
    return {pk: each.order.status for pk, each in opened.items()}
