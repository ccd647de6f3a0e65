"""The market's money: what every order brings or takes, written down once, when it happens.

An event is one piece of an order's money: a sale (the units of one shipment, or the whole order, as the
platform counts), a refund, a cancellation, or a service the seller pays for. Its amounts are decided by the
order and the tariff; ``at`` is when it was booked, ``free`` when it may be paid out. Events are found while
orders are written; whatever comes too late for its own period falls into the next one, so that every cent is
in exactly one statement.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from channels.sandbox.money_tariff import Rule
from channels.sandbox.orders import ARRANGED, CANCELED, PENDING, SHIPPED, Line, Order, read_doc

if TYPE_CHECKING:
    from channels.sandbox.money_statements import Statement
    from channels.sandbox.sellers import Seller
    from channels.sandbox.world import World

SALE, REFUND, CANCEL, SERVICE = "sale", "refund", "cancel", "service"
BY_SHIPMENT, BY_PAYMENT, BY_COMPLETION = "shipment", "payment", "completion"
DAY = 86400

Row = dict[str, Any]
"""One line of a statement: ``at`` second, ``a`` minor units from the seller's side, ``t`` the platform's
three type words, and what else its dialect writes (``o`` order, ``l`` line, ``s`` SKU, ``q`` quantity …)."""


@dataclass(frozen=True, slots=True)
class Event:
    """One piece of money. ``doc`` says of what: ``items`` of (line id, units, units before), a refund's
    ``line`` and ``amount``, or a service's ``name`` and ``amount``."""

    id: int
    seller: str
    place: str
    order: str
    key: str
    at: int
    free: int
    kind: str
    doc: dict[str, Any] = field(default_factory=dict)
    settled: int | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """Something a seller pays for (negative) or is given (positive) in one period."""

    name: str
    at: int
    amount: int
    doc: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Payment:
    """How a statement's money is sent to the bank: when, by whom, and what the payer writes.

    ``trace`` is all that a transfer inside a country bears; ``number``, the platform's own, goes with money
    from abroad.
    """

    sent: int
    payer: str
    text: str
    trace: str
    number: str


@dataclass(frozen=True, slots=True)
class MoneyRules:
    """How a platform deals with its sellers' money.

    ``counts`` says when a sale is booked: with each shipment, with the payment, or once all has left.
    ``days`` is the length of a period (0: no periods), ``holds`` the seconds until a sale's money is free,
    ``rows`` what an event is on a statement, ``services`` what is charged besides, ``tariff`` the fees
    (``first`` is the day the market began, ``turn`` the day they changed). ``carries`` says that a negative
    statement is closed and carried; else its period goes on until there is something to pay. ``movements``
    are the type words of what moves between statements (``reserve``, ``reserve_back``, ``carry``).
    ``shares`` are the oddities the platform knows with how often they come by themselves, ``odd`` what one
    of them brings, given the statement's total so far. ``file`` is a statement as a person downloads it from
    the platform, where it is a file: its name and its bytes. ``payment`` sends a statement's total to the
    bank.
    """

    counts: str
    days: int
    holds: int
    tariff: Callable[["World", int, int], Sequence[Rule]]
    rows: Callable[["World", Event, Order | None], list[Row]]
    services: Callable[["World", "Seller", str, int, int], Sequence[Service]]
    odd: Callable[["World", "Seller", str, str, int, int], Sequence[Service]]
    shares: Mapping[str, float]
    movements: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    carries: bool = False
    file: "Callable[[World, Statement], tuple[str, bytes]] | None" = None
    payment: "Callable[[Statement], Payment] | None" = None


def part(whole: int, before: int, units: int, of: int) -> int:
    """Return the share of ``units`` in a line's amount, so that the shares of all units add up exactly."""
    return whole * (before + units) // of - whole * before // of


def was_paid(order: Order) -> bool:
    """Whether the buyer ever paid."""
    return order.status != PENDING and not order.extra.get("unpaid")


def note(world: "World", orders: Iterable[Order]) -> None:
    """Write down the money that orders bring or take which was not written yet. Changes nothing twice."""
    rows: list[tuple[Any, ...]] = []
    for order in orders:
        rules = world.dialect(world.sellers[order.seller]).money
        if rules is None or not was_paid(order):
            continue
        for key, at, kind, doc in _found(order, rules.counts):
            free = at + (rules.holds if kind == SALE else 0)
            text = json.dumps(doc, separators=(",", ":"))
            rows.append((order.seller, order.marketplace, order.id, key, at, free, kind, text))
    write(world, rows)


def write(world: "World", rows: Sequence[tuple[Any, ...]]) -> None:
    """Keep events that are not there yet."""
    if rows:
        world.db.executemany(
            "insert or ignore into money (seller, place, object, key, at, free, kind, doc)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )


def _found(order: Order, counts: str) -> list[tuple[str, int, str, dict[str, Any]]]:
    found: list[tuple[str, int, str, dict[str, Any]]] = []
    if counts == BY_SHIPMENT:
        found += _shipped(order)
    elif counts == BY_PAYMENT:
        items = [[line.id, line.quantity, 0] for line in order.lines]
        found.append(("sale", int(order.extra.get("paid", order.placed)), SALE, {"items": items}))
    elif order.status == SHIPPED or (order.status == CANCELED and any(line.shipped for line in order.lines)):
        items = [[line.id, line.shipped, 0] for line in order.lines if line.shipped]
        found.append(("sale", _left_at(order), SALE, {"items": items}))
    if counts == BY_PAYMENT and order.status == CANCELED:
        items = [
            [line.id, line.quantity - line.shipped, line.shipped]
            for line in order.lines
            if line.quantity > line.shipped
        ]
        found.append(("cancel", order.updated, CANCEL, {"items": items}))
    found += [
        (f"refund/{place}", int(refund["at"]), REFUND, {"line": refund["line"], "amount": refund["amount"]})
        for place, refund in enumerate(order.refunds)
    ]
    return found


def _shipped(order: Order) -> list[tuple[str, int, str, dict[str, Any]]]:
    """Return the units that left since the last time; the order remembers how many were counted."""
    items: list[list[Any]] = []
    for line in order.lines:
        counted = int(line.extra.get("counted", 0))
        if line.shipped > counted:
            items.append([line.id, line.shipped - counted, counted])
            line.extra["counted"] = line.shipped
    if not items:
        return []
    number = order.extra["counts"] = int(order.extra.get("counts", 0)) + 1
    return [(f"sale/{number}", _left_at(order), SALE, {"items": items})]


def _left_at(order: Order) -> int:
    """Return when the last parcel left, as the market itself saw it."""
    left = [
        max(package.created, min(package.shipped_at, package.changed or package.shipped_at))
        for package in order.packages
        if package.status not in (ARRANGED, "canceled")
    ]
    return max(left, default=order.updated)


def read_event(row: sqlite3.Row) -> Event:
    """Return a kept event."""
    return Event(
        id=row["id"], seller=row["seller"], place=row["place"], order=row["object"], key=row["key"],
        at=row["at"], free=row["free"], kind=row["kind"], doc=json.loads(row["doc"]), settled=row["settled"],
    )  # fmt: skip


def rows_of(world: "World", rules: MoneyRules, events: Iterable[Event]) -> list[tuple[Event, list[Row]]]:
    """Return what events are on a statement, with their orders read once."""
    orders: dict[str, Order] = {}
    found: list[tuple[Event, list[Row]]] = []
    for event in events:
        order = None
        if event.kind != SERVICE:
            order = orders.get(event.order)
            if order is None:
                row = world.db.execute("select doc from orders where id = ?", (event.order,)).fetchone()
                order = orders[event.order] = read_doc(row["doc"])
        found.append((event, rules.rows(world, event, order)))
    return found


@dataclass(frozen=True, slots=True)
class Share:
    """The amounts of some units of a line, in minor units; ``discount`` is positive."""

    item: int
    shipping: int
    gift_wrap: int
    discount: int
    tax_item: int
    tax_shipping: int

    @property
    def charges(self) -> int:
        """What the buyer pays without tax."""
        return self.item + self.shipping + self.gift_wrap - self.discount

    @property
    def tax(self) -> int:
        """What the buyer pays in tax."""
        return self.tax_item + self.tax_shipping


NAMES = ("item", "shipping", "gift_wrap", "discount", "tax_item", "tax_shipping")


def share_of(line: Line, units: int, before: int) -> Share:
    """Return the amounts of so many units of a line, behind ``before`` others."""
    return Share(*(part(getattr(line, name), before, units, line.quantity) for name in NAMES))


def refunded(line: Line, amount: int) -> Share:
    """Spread what the buyer got back over a line's charges and taxes; the parts add up to it exactly."""
    total, taken, given = line.total, 0, 0
    parts: dict[str, int] = {}
    for name in NAMES:
        taken += -line.discount if name == "discount" else getattr(line, name)
        until = amount * taken // total if total else 0
        parts[name] = given - until if name == "discount" else until - given
        given = until
    return Share(**parts)
