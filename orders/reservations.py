"""What an order holds of the stock: giving it back and letting it leave, in whole listing units."""

from collections.abc import Sequence

from inventory.ledger import Levels
from orders.models import Allocation, OrderLine
from orders.opened import RELEASE, SHIP, Opened, by_line, still_open


def _by_sku(allocations: Sequence[Allocation]) -> dict[int, list[Allocation]]:
    found: dict[int, list[Allocation]] = {}
    for allocation in allocations:
        if allocation.quantity > allocation.quantity_released:
            found.setdefault(allocation.sku_id, []).append(allocation)
    return found


def open_sets(allocations: Sequence[Allocation]) -> int:
    """Return the whole listing units of a line that are still held."""
    per_sku = _by_sku(allocations)
    return min(
        (sum(map(still_open, held)) // held[0].units for held in per_sku.values()),
        default=0,
    )


def shipped_sets(allocations: Sequence[Allocation]) -> int:
    """Return the whole listing units of a line that left our warehouses."""
    per_sku = _by_sku(allocations)
    return min(
        (sum(each.quantity_shipped for each in held) // held[0].units for held in per_sku.values()),
        default=0,
    )


def release_sets(opened: Opened, *, line: OrderLine, sets: int) -> int:
    """Give up to ``sets`` listing units of a line back, the last claims first; returns how many."""
    allocations = by_line(opened)[line.pk]
    sets = min(sets, open_sets(allocations))
    if sets <= 0:
        return 0
    for held in _by_sku(allocations).values():
        missing = sets * held[0].units
        for allocation in reversed(held):
            quantity = min(missing, still_open(allocation))
            if quantity:
                _give_back(opened, allocation, quantity)
                missing -= quantity
    line.quantity_allocated -= sets
    opened.touch_line(line)
    return sets


def _give_back(opened: Opened, allocation: Allocation, quantity: int) -> None:
    allocation.quantity_released += quantity
    opened.touch_allocation(allocation)
    opened.move_stock(
        RELEASE,
        allocation=allocation,
        quantity=quantity,
        cause=f"release:{opened.order.pk}:{opened.act()}",
    )


def release_all(opened: Opened) -> int:
    """Give everything back an order holds and nothing of which left; returns the listing units."""
    return sum(release_sets(opened, line=line, sets=line.quantity) for line in opened.lines)


def ship_elsewhere(opened: Opened, *, line: OrderLine, sets: int, levels: Levels | None) -> int:
    """Note that ``sets`` listing units of a line left by another hand; returns how many we had claimed.

    Goods that left are gone: what we had claimed for them goes out of the warehouse that held them. What we
    had not claimed is noted on the line and takes nothing from our stock.
    """
    allocations = by_line(opened)[line.pk]
    ours = min(sets, open_sets(allocations))
    rest = sets >= line.quantity - line.quantity_canceled - line.quantity_shipped
    before = shipped_sets(allocations)
    for held in _by_sku(allocations).values():
        missing = sum(map(still_open, held)) if rest else ours * held[0].units
        for allocation in held:
            quantity = min(missing, still_open(allocation))
            missing -= quantity
            if quantity:
                _let_go(opened, allocation, quantity, levels)
    taken = shipped_sets(allocations) - before
    line.quantity_shipped_elsewhere += sets - taken
    line.quantity_allocated = _kept_sets(allocations)
    line.quantity_shipped += sets
    opened.touch_line(line)
    return taken


def _kept_sets(allocations: Sequence[Allocation]) -> int:
    per_sku = _by_sku(allocations)
    return min(
        (
            sum(each.quantity - each.quantity_released for each in held) // held[0].units
            for held in per_sku.values()
        ),
        default=0,
    )


def _let_go(opened: Opened, allocation: Allocation, quantity: int, levels: Levels | None) -> None:
    """Ship a claim; a count that left less on hand than is shipped turns it into a release."""
    level = None if levels is None else levels.get((allocation.sku_id, allocation.warehouse_id))
    if level is not None and level.on_hand < quantity:
        _give_back(opened, allocation, quantity)
        return
    allocation.quantity_shipped += quantity
    opened.touch_allocation(allocation)
    opened.move_stock(
        SHIP,
        allocation=allocation,
        quantity=quantity,
        cause=f"elsewhere:{opened.order.pk}:{opened.act()}",
    )
