"""What orders and shops earn: three margins, every component with its amount expected and its amount paid.

    margin 1 = what goods and shipping brought less refunds and discounts, less what the goods cost
    margin 2 = margin 1 less what selling and delivering took, plus reimbursements
    margin 3 = margin 2 less what belongs to the shop as a whole: storage, subscription, penalties, exchange

Amounts are in the book's currency, gains positive, and are what the ledger holds: a shop's profit is the sum
of its orders and of what belongs to no order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import connection

from finance.models import Book, OrderMoney

NET_SALES = frozenset({"4000", "4010", "4020", "4030", "4100", "4200"})
GOODS = frozenset({"5000", "5010", "5100"})
CHANNEL = frozenset(
    {"4900", "5110", "5200", "5205", "5210", "5300", "5310", "5400", "5410", "5500", "5520", "5600"}
)
_ZERO = Decimal(0)

_ORDERS = """
SELECT p.order_id, p.account_id, -sum(p.base_amount), -sum(p.amount) FILTER (WHERE p.currency = o.currency)
  FROM finance_posting p
  JOIN orders_order o ON o.id = p.order_id
  JOIN finance_account a ON a.code = p.account_id AND a.nature IN ('income', 'expense')
 WHERE p.order_id = ANY(%s) GROUP BY 1, 2
"""
_PAID = """
SELECT p.order_id, p.component, -sum(p.amount) FILTER (WHERE p.line_id IS NOT NULL),
       coalesce(sum(p.amount) FILTER (WHERE j.kind = 'shipment'), 0)
  FROM finance_posting p
  JOIN finance_journal j ON j.id = p.journal_id JOIN orders_order o ON o.id = p.order_id
 WHERE p.order_id = ANY(%s) AND p.account_id = '1105' AND p.component <> '' AND p.currency = o.currency
 GROUP BY 1, 2
"""
_SHOPS = """
SELECT p.shop_id, p.account_id, p.order_id IS NOT NULL, -sum(p.base_amount)
  FROM finance_journal j
  JOIN finance_posting p ON p.journal_id = j.id
  JOIN finance_account a ON a.code = p.account_id AND a.nature IN ('income', 'expense')
 WHERE j.book_id = %s AND j.effective_on BETWEEN %s AND %s AND (%s::bigint[] IS NULL OR p.shop_id = ANY(%s))
 GROUP BY 1, 2, 3
"""


@dataclass(slots=True)
class Component:
    """One account's share of an order's profit.

    ``base`` is what the ledger holds in the book's currency, ``amount`` the same in the order's. ``expected``
    is what was expected at shipment, ``paid`` what lines paid (``None``: none yet). ``is_actual`` says that
    it will not change by itself any more.
    """

    account: str
    base: Decimal = _ZERO
    amount: Decimal = _ZERO
    expected: Decimal = _ZERO
    paid: Decimal | None = None
    is_actual: bool = False


@dataclass(slots=True)
class Margins:
    """The three margins of some components, in the book's currency."""

    net_sales: Decimal = _ZERO
    margin1: Decimal = _ZERO
    margin2: Decimal = _ZERO
    margin3: Decimal = _ZERO

    def add(self, account: str, amount: Decimal) -> None:
        """Count an account's amount, gains positive, where it belongs."""
        if account in NET_SALES:
            self.net_sales += amount
        if account in NET_SALES or account in GOODS:
            self.margin1 += amount
        if account in NET_SALES or account in GOODS or account in CHANNEL:
            self.margin2 += amount
        self.margin3 += amount


@dataclass(slots=True)
class OrderProfit:
    """What one order earns; ``is_actual`` when all its money is explained."""

    order_id: int
    currency: str = ""
    components: dict[str, Component] = field(default_factory=dict)
    margins: Margins = field(default_factory=Margins)
    is_actual: bool = False

    def component(self, account: str) -> Component:
        """Return an account's share, nothing when there was none yet."""
        return self.components.setdefault(account, Component(account))


@dataclass(slots=True)
class ShopProfit:
    """What a shop (``None``: no shop) earned in a period, by account: of its orders, and of no order."""

    shop_id: int | None
    orders: dict[str, Decimal] = field(default_factory=dict)
    unallocated: dict[str, Decimal] = field(default_factory=dict)
    margins: Margins = field(default_factory=Margins)

    @property
    def profit(self) -> Decimal:
        """Return what is left of everything."""
        return sum(self.orders.values(), _ZERO) + sum(self.unallocated.values(), _ZERO)


def order_profits(*, order_ids: Iterable[int]) -> dict[int, OrderProfit]:
    """Return what orders earn, in three statements; orders without money yet are in it with nothing."""
    ids = list(order_ids)
    rows = {row.pk: row for row in OrderMoney.objects.filter(pk__in=ids)}
    found = {pk: OrderProfit(pk) for pk in ids}
    for pk, row in rows.items():
        found[pk].currency = row.currency
        found[pk].is_actual = row.state == OrderMoney.State.SETTLED and not row.is_due
    with connection.cursor() as cursor:
        cursor.execute(_ORDERS, [ids])
        for pk, account, base, amount in cursor.fetchall():
            part = found[pk].component(account)
            part.base, part.amount = base, amount or _ZERO
            found[pk].margins.add(account, base)
        cursor.execute(_PAID, [ids])
        for pk, account, paid, expected in cursor.fetchall():
            part = found[pk].component(account)
            part.paid, part.expected = paid, expected
    for profit in found.values():
        for part in profit.components.values():
            is_goods = part.account in GOODS
            part.is_actual = (
                profit.is_actual or is_goods or (part.paid is not None and part.paid == part.expected)
            )
    return found


def shop_profits(
    *, book: Book, first: date, last: date, shop_ids: Sequence[int] | None = None
) -> list[ShopProfit]:
    """Return what shops earned from one day to another, orders and the rest apart; no shop comes last."""
    found: dict[int | None, ShopProfit] = {}
    ids = None if shop_ids is None else list(shop_ids)
    with connection.cursor() as cursor:
        cursor.execute(_SHOPS, [book.pk, first, last, ids, ids])
        for shop, account, of_order, amount in cursor.fetchall():
            profit = found.setdefault(shop, ShopProfit(shop))
            held = profit.orders if of_order else profit.unallocated
            held[account] = held.get(account, _ZERO) + amount
            profit.margins.add(account, amount)
    return sorted(found.values(), key=lambda each: (each.shop_id is None, each.shop_id or 0))
