"""What a shipped order is expected to bring and to cost, booked on the day its goods left.

Each turn compares what the shipped part of an order makes now with what was expected before and books the
difference, so that parcels that leave one by one, and pictures of an order that change, need no memory of
their own. Positive amounts raise what the platform owes.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Sum

from ecomhub.money import rounded
from finance.accounting import books, fx, plan
from finance.accounting.ledger import Leg
from finance.models import Book, ExpectedItem, Journal, MatchRule, OrderMoney
from finance.reconciliation import batching, delivering
from finance.reconciliation.batching import Entry
from finance.reconciliation.tariffs import Fee, FeeTable, Sale, Sold
from orders.models import Order, OrderLine
from orders.states import Status

SALES, SHIPPING, PROMOTIONS, OWN_TAX = "4000", "4010", "4200", "2100"
PAID_WITHIN = 30
"""Days after which an order should have been paid, where no rule says otherwise."""
_BY_CHANNEL = "by_channel"
_RATE_MISSING = "rate_missing"

Part = tuple[str, int | None]
"""(component, tariff) of an expected amount."""


@dataclass(slots=True)
class _Looked:
    """An order with what it is expected to bring now and what was expected before."""

    row: OrderMoney
    order: Order
    lines: Sequence[OrderLine]
    before: Mapping[Part, Decimal]
    day: date
    content: str


def expect(*, rows: Sequence[OrderMoney], book: Book, at: datetime) -> int:
    """Book what these orders of one book are expected to bring beyond what was; return how many changed.

    Belongs into a transaction that holds the rows, and changes them without saving. An order without a rate
    keeps ``reason`` "rate_missing" and is tried again.
    """
    looked = [each for each in _looked(rows, book) if each.content != each.row.content]
    if not looked:
        return 0
    rates = fx.rates_for(
        book=book, wanted={(each.order.currency, books.open_day(book=book, day=each.day)) for each in looked}
    )
    table = FeeTable(platforms={each.order.account.platform for each in looked})
    within = _paid_within()
    entries: list[Entry] = []
    items: list[tuple[str, ExpectedItem]] = []
    for each in looked:
        day = books.open_day(book=book, day=each.day)
        rate = rates.get((each.order.currency, day))
        if rate is None:
            each.row.reason = _RATE_MISSING
            continue
        steps = _steps(each, table, book)
        platform = each.order.account.platform
        _note(each, day=each.day, within=within.get(platform, within[""]))
        if not steps:
            continue
        key = f"expected:order:{each.order.pk}:{each.row.accruals + 1}"
        each.row.accruals += 1
        entries.append(Entry(day, Journal.Kind.SHIPMENT, key, _legs(each.order, steps, rate)))
        items += [
            (
                key,
                ExpectedItem(
                    order_id=each.order.pk,
                    component=component,
                    currency=each.order.currency,
                    amount=amount,
                    tariff_id=tariff,
                ),
            )
            for (component, tariff), amount in sorted(steps.items(), key=lambda step: str(step[0]))
        ]
    made = batching.post_many(book=book, entries=entries)
    kept = []
    for key, item in items:
        if key in made:
            item.journal_id = made[key]
            kept.append(item)
    ExpectedItem.objects.bulk_create(kept)
    return len(made)


def usual_fees(*, orders: Sequence[int], book: Book) -> dict[int, Decimal]:
    """Return what platforms' tariffs make for whole orders, as if all of it had left; positive."""
    held = Order.objects.select_related("account", "shop").in_bulk(orders)
    table = FeeTable(platforms={order.account.platform for order in held.values()})
    lines: dict[int, list[OrderLine]] = {}
    for line in OrderLine.objects.filter(order__in=orders).select_related("listing").order_by("pk"):
        lines.setdefault(line.order_id, []).append(line)
    found: dict[int, Decimal] = {}
    for pk, order in held.items():
        day = books.day_of(book=book, instant=order.paid_at or order.placed_at)
        parts = [_sold(line, line.quantity, order.currency) for line in lines.get(pk, ())]
        fees = table.fees(_sale(order, parts, book=book, shipped_on=day))
        found[pk] = sum((fee.amount for fee in fees), Decimal(0))
    return found


def _note(each: _Looked, *, day: date, within: int) -> None:
    row = each.row
    row.content, row.reason = each.content, ""
    row.shipped_on = day if row.shipped_on is None else max(day, row.shipped_on)
    row.due_on = row.shipped_on + timedelta(days=within)


def _paid_within() -> dict[str, int]:
    """Return within how many days platforms pay; what holds for all others has no name."""
    rules = MatchRule.objects.filter(scope=MatchRule.Scope.EXCEPTION, condition="never_paid", is_active=True)
    return {"": PAID_WITHIN} | dict(rules.values_list("platform", "days"))


def _looked(rows: Sequence[OrderMoney], book: Book) -> Iterable[_Looked]:
    """Yield those orders whose income is to be recognized."""
    ids = [row.pk for row in rows]
    orders = Order.objects.select_related("account", "shop").in_bulk(ids)
    lines: dict[int, list[OrderLine]] = {}
    for line in OrderLine.objects.filter(order__in=ids).select_related("listing").order_by("pk"):
        lines.setdefault(line.order_id, []).append(line)
    before: dict[int, dict[Part, Decimal]] = {}
    sums = ExpectedItem.objects.filter(order__in=ids).values_list("order", "component", "tariff")
    for order, component, tariff, amount in sums.annotate(Sum("amount")).order_by():
        before.setdefault(order, {})[component, tariff] = amount
    completed = (
        delivering.completed_at(orders=ids) if book.recognition == Book.Recognition.DELIVERED else None
    )
    for row in rows:
        order = orders[row.pk]
        mine = lines.get(row.pk, [])
        instant = order.shipped_at or order.updated_at
        if completed is not None:
            if order.status != Status.COMPLETED:
                continue
            instant = completed.get(row.pk, order.updated_at)
        if order.is_before_go_live or not any(line.quantity_shipped for line in mine):
            continue
        day = books.day_of(book=book, instant=instant)
        yield _Looked(row, order, mine, before.get(row.pk, {}), day, _content(order, mine))


def _content(order: Order, lines: Sequence[OrderLine]) -> str:
    """Hash what an expectation is computed from; tariffs are not in it: what was expected stays."""
    text = repr(
        [order.currency, order.fulfillment_method]
        + [
            (
                line.pk, line.quantity, line.quantity_shipped, str(line.charge), str(line.discount),
                str(line.shipping), str(line.shipping_discount), str(line.gift_wrap), str(line.tax),
                line.marketplace_collects_tax,
            )
            for line in lines
        ]
    )  # fmt: skip
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _steps(each: _Looked, table: FeeTable, book: Book) -> dict[Part, Decimal]:
    """Return by how much each expected part has to move."""
    wanted = _wanted(each, table, book)
    steps = {part: wanted.get(part, Decimal(0)) - each.before.get(part, Decimal(0)) for part in wanted}
    for part, amount in each.before.items():
        if part not in wanted:
            steps[part] = -amount
    return {part: step for part, step in steps.items() if step}


def _wanted(each: _Looked, table: FeeTable, book: Book) -> dict[Part, Decimal]:
    found: dict[Part, Decimal] = {}
    order = each.order

    def add(component: str, tariff: int | None, amount: Decimal) -> None:
        found[component, tariff] = found.get((component, tariff), Decimal(0)) + amount

    sold: list[Sold] = []
    for line in each.lines:
        part = _part(line, line.quantity_shipped, order.currency)
        sold.append(_sold(line, line.quantity_shipped, order.currency))
        add(SALES, None, part["charge"])
        add(SHIPPING, None, part["shipping"] + part["gift_wrap"])
        add(PROMOTIONS, None, -part["discount"])
        if not line.marketplace_collects_tax:
            add(OWN_TAX, None, part["tax"])
    for fee in table.fees(_sale(order, sold, book=book, shipped_on=each.day)):
        _add_fee(found, fee)
    return {part: amount for part, amount in found.items() if amount}


def _sale(order: Order, parts: Sequence[Sold], *, book: Book, shipped_on: date) -> Sale:
    return Sale(
        platform=order.account.platform,
        marketplace=order.shop.marketplace,
        currency=order.currency,
        parts=parts,
        shipped_on=shipped_on,
        sold_on=books.day_of(book=book, instant=order.paid_at or order.placed_at),
        by_channel=order.fulfillment_method == _BY_CHANNEL,
        abroad=bool(order.country) and order.country != order.shop.country,
    )


def _sold(line: OrderLine, units: int, currency: str) -> Sold:
    part = _part(line, units, currency)
    return Sold(
        category=line.listing.product_type,
        charges=part["charge"] + part["shipping"] + part["gift_wrap"] - part["discount"],
        tax=part["tax"],
        shipping=part["shipping"],
        units=units,
    )


def _add_fee(found: dict[Part, Decimal], fee: Fee) -> None:
    part = (fee.account, fee.tariff_id)
    found[part] = found.get(part, Decimal(0)) - fee.amount


def _part(line: OrderLine, units: int, currency: str) -> dict[str, Decimal]:
    """Return a line's amounts for so many of its units; for all of them, all of it."""
    ordered, left = line.quantity, min(units, line.quantity)

    def share(amount: Decimal | None) -> Decimal:
        whole = rounded(amount or Decimal(0), currency)
        return whole if left >= ordered else rounded(whole * left / ordered, currency)

    return {
        "charge": share(line.charge),
        "shipping": share(line.shipping),
        "gift_wrap": share(line.gift_wrap),
        "discount": share(line.discount + line.shipping_discount),
        "tax": share(line.tax),
    }


def _legs(order: Order, steps: Mapping[Part, Decimal], rate: fx.BookRate) -> list[Leg]:
    """Return the entry's legs: what the platform owes, by component, against income, tax and fees."""
    sums: dict[str, Decimal] = {}
    for (component, _tariff), amount in steps.items():
        sums[component] = sums.get(component, Decimal(0)) + amount
    legs = []
    for component, amount in sorted(sums.items()):
        if not amount:
            continue
        base = rate.base(amount)
        for account, sign, name in ((plan.UNSETTLED, 1, component), (component, -1, "")):
            legs.append(
                Leg(
                    account=account,
                    currency=order.currency,
                    amount=sign * amount,
                    base_amount=sign * base,
                    rate_id=rate.rate_id,
                    component=name,
                    shop_id=order.shop_id,
                    order_id=order.pk,
                )
            )
    return legs
