"""An order open on the desk: its locked row with lines, claims and open issues, and what shall be written.

Use-cases change these objects in memory through the functions of this house and hand them to
``orders.writing.write``, which writes any number of them in a fixed number of statements.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model
from django.db.models.base import ModelState
from django.utils.functional import Promise

from ecomhub.events import Happening
from inventory.ledger import Claim
from inventory.models import StockMovement
from orders.models import Allocation, Order, OrderIssue, OrderLine

Row = TypeVar("Row", bound=Model)

RESERVE = StockMovement.Kind.RESERVE.value
RELEASE = StockMovement.Kind.RELEASE.value
SHIP = StockMovement.Kind.SHIP.value


class NotAllowed(Exception):
    """An order refuses an act. ``code`` names why, ``message`` says it to a person and what to do."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


@dataclass(slots=True, eq=False)
class Opened:
    """One open order and the changes collected for it."""

    order: Order
    lines: list[OrderLine]
    allocations: list[Allocation] = field(default_factory=list)
    issues: list[OrderIssue] = field(default_factory=list)
    is_new: bool = False
    is_changed: bool = False
    changed_lines: set[int] = field(default_factory=set)
    new_lines: list[OrderLine] = field(default_factory=list)
    changed_allocations: set[int] = field(default_factory=set)
    new_allocations: list[Allocation] = field(default_factory=list)
    new_issues: list[OrderIssue] = field(default_factory=list)
    changed_issues: list[OrderIssue] = field(default_factory=list)
    stock: dict[tuple[str, str, int, int], Claim] = field(default_factory=dict)
    traces: list[dict[str, Any]] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)

    def act(self) -> int:
        """Return the version this act will leave: with it a cause names this act and no other."""
        return self.order.version if self.is_new else self.order.version + 1

    def note(self, kind: str, *, at: datetime, actor: str = "system", **data: Any) -> None:
        """Collect an event; every event changes the order, so its version moves."""
        self.is_changed = True
        self.happenings.append(Happening("order", self.order.pk, kind, at, data, actor))

    def touch_line(self, line: OrderLine) -> None:
        """Have a line written."""
        self.is_changed = True
        if line not in self.new_lines:
            self.changed_lines.add(line.pk)

    def touch_allocation(self, allocation: Allocation) -> None:
        """Have a claim written."""
        self.is_changed = True
        if allocation.pk is not None:
            self.changed_allocations.add(allocation.pk)

    def move_stock(self, kind: str, *, allocation: Allocation, quantity: int, cause: str) -> None:
        """Collect a movement of the ledger for one claim; ``cause`` is made unique by the line."""
        full = f"{cause}:{allocation.line_id}"
        place = (kind, full, allocation.sku_id, allocation.warehouse_id)
        before = self.stock.get(place)
        self.stock[place] = Claim(
            sku_id=allocation.sku_id,
            warehouse_id=allocation.warehouse_id,
            quantity=quantity + (before.quantity if before else 0),
            demand=f"order-line:{allocation.line_id}",
            cause=full,
        )


def fresh(pattern: Row) -> Row:
    """Return a new unsaved row like a pattern of defaults, far quicker than a model's ``__init__``."""
    made = pattern.__class__.__new__(pattern.__class__)
    made.__dict__.update(pattern.__dict__)
    made._state = ModelState()
    return made


def still_open(allocation: Allocation) -> int:
    """Return the SKU units of a claim that neither left nor were given back."""
    return allocation.quantity - allocation.quantity_shipped - allocation.quantity_released


def wanted(line: OrderLine) -> int:
    """Return the listing units of a line that this house has to serve."""
    return max(0, line.quantity - line.quantity_canceled - line.quantity_shipped_elsewhere)


def open_orders(*, order_ids: Iterable[int]) -> dict[int, Opened]:
    """Lock orders in primary-key order and read what belongs to them, in four statements.

    Stock levels are locked after orders, everywhere; so nobody waits in a circle.
    """
    orders = (
        Order.objects.filter(pk__in=list(order_ids))
        .order_by("pk")
        .select_for_update(of=("self",))
        .select_related("account", "shop")
    )
    found = {order.pk: Opened(order, []) for order in orders}
    if not found:
        return found
    lines = OrderLine.objects.filter(order_id__in=list(found)).order_by("pk")
    order_of: dict[int, int] = {}
    for line in lines:
        order_of[line.pk] = line.order_id
        found[line.order_id].lines.append(line)
    for allocation in Allocation.objects.filter(line__order_id__in=list(found)).order_by("pk"):
        found[order_of[allocation.line_id]].allocations.append(allocation)
    for issue in OrderIssue.objects.filter(order_id__in=list(found), solved_at=None).order_by("pk"):
        found[issue.order_id].issues.append(issue)
    return found


def open_order(*, order_id: int) -> Opened:
    """Lock one order and read what belongs to it. Raises ``Order.DoesNotExist``."""
    found = open_orders(order_ids=[order_id])
    if order_id not in found:
        raise Order.DoesNotExist(f"there is no order {order_id}")
    return found[order_id]


def held_pairs(*, opened: Iterable[Opened]) -> set[tuple[int, int]]:
    """Return the (SKU, warehouse) pairs in which these orders still hold something."""
    return {
        (allocation.sku_id, allocation.warehouse_id)
        for each in opened
        for allocation in each.allocations
        if still_open(allocation)
    }


def by_line(opened: Opened) -> Mapping[int, Sequence[Allocation]]:
    """Return the claims of each line."""
    found: dict[int, list[Allocation]] = {line.pk: [] for line in opened.lines}
    for allocation in opened.allocations:
        found[allocation.line_id].append(allocation)
    return found
