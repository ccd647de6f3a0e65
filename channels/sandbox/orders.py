"""The market's orders as records, and how they are kept."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from channels.sandbox.store import Store, read_note, write_note

PENDING, UNSHIPPED, PARTIALLY_SHIPPED, SHIPPED, CANCELED = (
    "pending",
    "unshipped",
    "partially_shipped",
    "shipped",
    "canceled",
)
# A parcel the platform will collect; its goods have not left yet.
ARRANGED = "arranged"
_FORMER = "_former_ids"


@dataclass
class Line:
    """One line of an order. Amounts are minor units of the order's currency; ``discount`` is positive."""

    id: str
    listing: int
    code: str
    external_code: str
    title: str
    quantity: int
    unit_price: int
    item: int
    shipping: int = 0
    gift_wrap: int = 0
    discount: int = 0
    tax_item: int = 0
    tax_shipping: int = 0
    promotion: str = ""
    gift_message: str = ""
    gift_level: str = ""
    shipped: int = 0
    cancel_request: str = ""
    canceled_by: str = ""
    cancel_reason: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """What the buyer pays for this line, tax included."""
        charges = self.item + self.shipping + self.gift_wrap - self.discount
        return charges + self.tax_item + self.tax_shipping


@dataclass
class Package:
    """A parcel of an order: ``items`` are pairs of line id and quantity, ``by`` says who told us."""

    reference: str
    created: int
    carrier_code: str
    carrier: str
    service: str
    tracking: str
    shipped_at: int
    items: list[list[Any]]
    by: str
    status: str = "shipped"
    changed: int = 0
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class Order:
    """One order. Instants are whole seconds; ``visible`` is when the platform begins to show it.

    ``off_shelf`` says that its units were taken from the listings' quantities; ``former_ids`` are the numbers
    it had before it was paid; ``extra`` is what only its platform's dialect knows.
    """

    id: str
    seller: str
    marketplace: str
    currency: str
    placed: int
    visible: int
    updated: int
    status: str
    by_platform: bool
    service: str
    ship_by: list[int]
    deliver_by: list[int]
    buyer: dict[str, str]
    address: dict[str, str]
    lines: list[Line]
    tax_by_marketplace: bool
    programs: list[str] = field(default_factory=list)
    payment: str = "CreditCard"
    packages: list[Package] = field(default_factory=list)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    poison: str = ""
    off_shelf: bool = False
    returns: list[dict[str, Any]] = field(default_factory=list)
    former_ids: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """What the buyer pays, tax included."""
        return sum(line.total for line in self.lines)

    def line(self, line_id: str) -> Line | None:
        """Return a line by its id."""
        return next((line for line in self.lines if line.id == line_id), None)


def _row(order: Order) -> tuple[Any, ...]:
    doc = json.dumps(order, default=vars, ensure_ascii=False, separators=(",", ":"))
    return (
        order.id,
        order.seller,
        order.marketplace,
        order.placed,
        order.visible,
        order.updated,
        order.status,
        int(order.by_platform),
        order.poison,
        doc,
    )


def save_orders(connection: sqlite3.Connection, orders: Iterable[Order]) -> None:
    """Write orders, new or changed."""
    kept = list(orders)
    if isinstance(connection, Store):
        for order in kept:
            connection.note_saved(order.id)
        connection.note_money(kept)
    connection.executemany(
        "insert or replace into orders values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        map(_row, kept),
    )


def read_doc(text: str) -> Order:
    """Turn a stored document back into an order."""
    data = json.loads(text)
    data["lines"] = [Line(**line) for line in data["lines"]]
    data["packages"] = [Package(**package) for package in data["packages"]]
    return Order(**data)


def find_order(connection: sqlite3.Connection, order_id: str) -> Order | None:
    """Return an order by its id or by one it had before, or ``None``."""
    row = connection.execute("select doc from orders where id = ?", (order_id,)).fetchone()
    if row is None:
        later = read_note(connection, _FORMER, order_id)
        return None if later is None else find_order(connection, later)
    return read_doc(row["doc"])


def note_former_ids(connection: sqlite3.Connection, order: Order) -> None:
    """Remember under which numbers an order was known before."""
    for former in order.former_ids:
        write_note(connection, _FORMER, former, order.id)


def forget_former_row(connection: sqlite3.Connection, *, former: str, order: Order) -> None:
    """Take away the row of an order that goes on under another number, and let what is due follow it."""
    connection.execute("delete from orders where id = ?", (former,))
    connection.execute("update due set object = ? where object = ?", (order.id, former))
    note_former_ids(connection, order)
