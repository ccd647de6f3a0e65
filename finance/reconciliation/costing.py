"""What goods cost: stock movements replayed in the ledger's order against layers of what came in.

Each SKU in each warehouse is a chain of its own. A receipt opens a layer in its purchase currency with the
base value of its day, goods that leave take from layers (first in, first out, or the moving average), goods
that come back return at what they had cost. The book of the warehouse's company decides how.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from ecomhub.money import rounded
from finance.accounting import books, fx, plan
from finance.accounting.ledger import Leg
from finance.models import Book, Journal, StockChain, StockUse
from finance.reconciliation import batching, delivering, layers
from finance.reconciliation.batching import Entry
from finance.reconciliation.layers import Taken
from inventory.models import CostLayer, StockMovement, Warehouse
from orders.models import Order, OrderLine

CHUNK = 500
"""Movements of one chain valued in one transaction."""
LOSS, SUPPLIERS = "5010", "2010"
OPENING_CAUSE = "sheet:"
"""Receipts of an opening stock sheet: nobody is owed for them."""
_ORDER_LINE = "order-line:"
_Kind = StockMovement.Kind

_DUE = """
SELECT l.sku_id, l.warehouse_id FROM inventory_stocklevel l
  LEFT JOIN finance_stockchain c ON c.sku_id = l.sku_id AND c.warehouse_id = l.warehouse_id
 WHERE l.version > coalesce(c.version, 0) ORDER BY c.reason NULLS FIRST, l.id LIMIT %s
"""
_MOVEMENTS = """
SELECT m.id FROM inventory_stockmovement m
 WHERE m.sku_id = %s AND m.warehouse_id = %s AND m.id > %s AND m.on_hand_delta <> 0 ORDER BY m.id LIMIT %s
"""


class _Waits(Exception):
    """A movement cannot be valued yet; the text says why."""


@dataclass(slots=True)
class _Work:
    """What valuing a part of a chain writes."""

    book: Book
    chain: StockChain
    held: layers.Held
    receipts: Mapping[int, CostLayer]
    orders: Mapping[str, Order]
    entries: list[Entry] = field(default_factory=list)
    uses: list[StockUse] = field(default_factory=list)
    returned: dict[tuple[str, int], list[StockUse]] = field(default_factory=dict)


def value_due(*, at: datetime, chains: int = 50) -> int:
    """Value what moved since, chain by chain; return how many chains went on."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [chains])
        due = cursor.fetchall()
    places = Warehouse.objects.select_related("legal_entity").in_bulk({warehouse for _sku, warehouse in due})
    moved = 0
    for sku, warehouse in due:
        book = books.book_of(legal_entity=places[warehouse].legal_entity, at=at)
        moved += value(sku_id=sku, warehouse_id=warehouse, book=book)
    return moved


def value(*, sku_id: int, warehouse_id: int, book: Book) -> bool:
    """Value the next movements of one chain; return whether it went on.

    A chain whose next movement waits (for a rate, or for the other side of a transfer) says so in its
    ``reason`` and is tried again.
    """
    with transaction.atomic():
        StockChain.objects.get_or_create(sku_id=sku_id, warehouse_id=warehouse_id)
        chain = StockChain.objects.select_for_update(no_key=True).get(sku=sku_id, warehouse=warehouse_id)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM finance_book WHERE id = %s FOR SHARE", [book.pk])
            cursor.execute(
                "SELECT version FROM inventory_stocklevel WHERE sku_id = %s AND warehouse_id = %s",
                [sku_id, warehouse_id],
            )
            version = int(cursor.fetchone()[0])
            cursor.execute(_MOVEMENTS, [sku_id, warehouse_id, chain.movement, CHUNK])
            ids = [pk for (pk,) in cursor.fetchall()]
        book = Book.objects.get(pk=book.pk)
        found = StockMovement.objects.in_bulk(ids)
        movements = [found[pk] for pk in ids]
        work = _begin(book, chain, movements)
        valued, chain.reason = 0, ""
        for movement in movements:
            try:
                _value(work, movement)
            except _Waits as reason:
                chain.reason = str(reason)
                break
            chain.movement = movement.pk
            valued += 1
        if valued == len(ids) and len(ids) < CHUNK:
            chain.version = version
        _write(work)
        chain.save()
    return bool(valued) or not chain.reason


def _begin(book: Book, chain: StockChain, movements: Sequence[StockMovement]) -> _Work:
    receipts = CostLayer.objects.filter(movement__in=movements)
    demands = {movement.demand for movement in movements if movement.demand.startswith(_ORDER_LINE)}
    lines = {int(demand.removeprefix(_ORDER_LINE)) for demand in demands}
    sold = OrderLine.objects.filter(pk__in=lines).select_related("order")
    return _Work(
        book=book,
        chain=chain,
        held=layers.Held.of(book=book, sku_id=chain.sku_id, warehouse_id=chain.warehouse_id),
        receipts={row.movement_id: row for row in receipts},
        orders={f"{_ORDER_LINE}{line.pk}": line.order for line in sold},
    )


def _value(work: _Work, movement: StockMovement) -> None:
    """Take or give one movement's units. Raises ``_Waits``."""
    day = books.open_day(book=work.book, day=books.day_of(book=work.book, instant=movement.at))
    units = Decimal(abs(movement.on_hand_delta))
    if movement.kind == _Kind.RECEIVE and movement.pk in work.receipts:
        _receive(work, movement, work.receipts[movement.pk], day)
    elif movement.kind == _Kind.TAKE_BACK:
        _take_back(work, movement, units, day)
    elif movement.kind == _Kind.TRANSFER_IN:
        _move_in(work, movement, day)
    elif movement.on_hand_delta > 0:
        _find(work, movement, units, day)
    else:
        _leave(work, movement, units, day)


def _receive(work: _Work, movement: StockMovement, receipt: CostLayer, day: date) -> None:
    currency = receipt.currency
    rate = fx.rates_for(book=work.book, wanted=[(currency, day)]).get((currency, day))
    if rate is None:
        raise _Waits("rate_missing")
    amount = rounded(receipt.unit_cost * receipt.quantity, currency)
    base = rate.base(amount)
    work.held.add(
        movement=movement, quantity=Decimal(receipt.quantity), currency=currency, amount=amount, base=base,
        rate_id=rate.rate_id,
    )  # fmt: skip
    against = plan.OPENING if movement.cause.startswith(OPENING_CAUSE) else SUPPLIERS
    _post(work, movement, day, [(currency, amount, base, rate.rate_id)], plan.STOCK, against)


def _leave(work: _Work, movement: StockMovement, units: Decimal, day: date) -> None:
    """Let units leave: goods sold cost, goods lost are a loss, goods moved wait for the other warehouse."""
    taken = work.held.take(units)
    if movement.kind == _Kind.TRANSFER_OUT:
        account = plan.GOODS_IN_TRANSIT
    else:
        account = plan.COST if movement.kind == _Kind.SHIP else LOSS
    _use(work, movement, taken, account, sign=1)
    _post(work, movement, day, [one.value for one in taken], account, plan.STOCK)


def _take_back(work: _Work, movement: StockMovement, units: Decimal, day: date) -> None:
    """Put units back at what they had cost when they left for this demand."""
    gone = _left_for(work, movement)
    quantity = sum((use.quantity for use in gone), Decimal(0))
    if not movement.demand or quantity < units:
        _wait_for_shipment(movement, gone)
        _find(work, movement, units, day)
        return
    values = layers.share(gone, units, base=work.book.currency)
    _give(work, movement, values, plan.COST, day)


def _wait_for_shipment(movement: StockMovement, gone: Sequence[StockUse]) -> None:
    """Raise ``_Waits`` while what left for a demand elsewhere is not valued yet."""
    if not movement.demand:
        return
    left = StockMovement.objects.filter(demand=movement.demand, sku=movement.sku_id, kind=_Kind.SHIP)
    if left.filter(pk__lt=movement.pk).exclude(pk__in=[use.movement_id for use in gone]).exists():
        raise _Waits("shipment")


def _left_for(work: _Work, movement: StockMovement) -> list[StockUse]:
    """Return what is still gone for a demand of this SKU, what came back already set against it."""
    if not movement.demand:
        return []
    key = (movement.demand, movement.sku_id)
    if key not in work.returned:
        rows = StockUse.objects.filter(
            demand=movement.demand, layer__sku=movement.sku_id, account=plan.COST
        ).select_related("layer")
        work.returned[key] = list(rows.order_by("pk"))
        known = {use.pk for use in work.returned[key]}
        work.returned[key] += [
            use for use in work.uses
            if use.demand == movement.demand and use.account_id == plan.COST and use.pk not in known
        ]  # fmt: skip
    return work.returned[key]


def _move_in(work: _Work, movement: StockMovement, day: date) -> None:
    """Take in what another warehouse let go, at its value. Raises ``_Waits`` until that was valued."""
    out = StockMovement.objects.filter(
        cause=movement.cause, kind=_Kind.TRANSFER_OUT, sku=movement.sku_id
    ).first()
    rows = StockUse.objects.filter(movement=out).select_related("layer")
    uses = [] if out is None else list(rows.order_by("pk"))
    if out is not None and not uses:
        raise _Waits("transfer")
    units = Decimal(movement.on_hand_delta)
    if not uses:
        _find(work, movement, units, day)
        return
    values = layers.share(uses, units, base=work.book.currency)
    _give(work, movement, values, plan.GOODS_IN_TRANSIT, day)


def _find(work: _Work, movement: StockMovement, units: Decimal, day: date) -> None:
    """Take in units nobody paid for: at what a unit costs here now, or cost last."""
    _give(work, movement, work.held.worth(units), LOSS, day)


def _give(work: _Work, movement: StockMovement, values: Sequence[Taken], account: str, day: date) -> None:
    made = []
    for one in values:
        layer = work.held.add(
            movement=movement, quantity=one.quantity, currency=one.currency, amount=one.amount,
            base=one.base, rate_id=one.rate_id,
        )  # fmt: skip
        made.append(Taken(layer, one.quantity, one.currency, one.amount, one.base, one.rate_id))
    _use(work, movement, made, account, sign=-1)
    _post(work, movement, day, [one.value for one in made], plan.STOCK, account)


def _use(work: _Work, movement: StockMovement, taken: Sequence[Taken], account: str, *, sign: int) -> None:
    order = work.orders.get(movement.demand)
    made = [
        StockUse(
            movement=movement,
            layer=one.layer,
            demand=movement.demand,
            order_id=None if order is None else order.pk,
            account_id=account,
            quantity=sign * one.quantity,
            currency=one.currency,
            amount=sign * one.amount,
            base_amount=sign * one.base,
        )
        for one in taken
    ]
    work.uses += made
    known = work.returned.get((movement.demand, movement.sku_id))
    if known is not None and account == plan.COST:
        known += made


def _post(
    work: _Work,
    movement: StockMovement,
    day: date,
    values: Sequence[tuple[str, Decimal, Decimal, int | None]],
    debit: str,
    credit: str,
) -> None:
    order = work.orders.get(movement.demand)
    common: dict[str, Any] = {
        "sku_id": movement.sku_id,
        "order_id": None if order is None else order.pk,
        "shop_id": None if order is None else order.shop_id,
    }
    if order is not None:
        cost = delivering.cost_account(book=work.book, order=order)
        debit, credit = (cost if account == plan.COST else account for account in (debit, credit))
    legs = [
        Leg(account, currency, sign * amount, sign * base, rate, **common)
        for currency, amount, base, rate in values
        if amount or base
        for account, sign in ((debit, 1), (credit, -1))
    ]
    kind = Journal.Kind.COST if order is not None else Journal.Kind.STOCK
    work.entries.append(Entry(day, kind, f"stock:{movement.pk}", legs))


def _write(work: _Work) -> None:
    work.held.save()
    StockUse.objects.bulk_create(work.uses)
    batching.post_many(book=work.book, entries=work.entries)
