"""An order's money as it stands on 1105: per currency and component, what is left of what was expected."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import connection

from finance.reconciliation import expecting

SHIPPING = "4010"
SALES = frozenset({"4000", "4010", "4020", "4030", "4200", "2100"})
"""Components the buyer's money is made of."""
_ZERO = Decimal(0)

_BALANCES = """
SELECT p.order_id, p.currency, p.component, sum(p.amount), sum(p.base_amount),
       coalesce(sum(p.amount) FILTER (WHERE j.kind = 'shipment'), 0), count(p.line_id),
       max(j.effective_on) FILTER (WHERE p.line_id IS NOT NULL), max(p.money_account_id), max(p.rate_id),
       max(j.effective_on)
  FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id
 WHERE p.order_id = ANY(%s) AND p.account_id = '1105' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
# The seller's own tax, paid out by a marketplace that names it apart, stands there as collected tax.
_OWN_TAX = """
SELECT p.order_id, p.currency, p.settlement_id, sum(p.amount), sum(p.base_amount), max(p.rate_id),
       max(j.effective_on)
  FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id
 WHERE p.order_id = ANY(%s) AND p.account_id = '2110' GROUP BY 1, 2, 3
HAVING sum(p.amount) <> 0 ORDER BY 1, 2, 3
"""


@dataclass(slots=True)
class Part:
    """One component of an order in one currency: what is left on 1105, and what was expected."""

    component: str
    left: Decimal
    base: Decimal
    expected: Decimal
    lines: int
    rate_id: int | None = None

    @property
    def is_sale(self) -> bool:
        """Say whether the buyer's money is made of it."""
        return self.component in SALES

    @property
    def is_fee(self) -> bool:
        """Say whether the platform takes it."""
        return self.component.startswith("5")


@dataclass(slots=True)
class Purse:
    """An order's money in one currency. ``last_entry`` is the latest day anything was booked on."""

    currency: str
    parts: dict[str, Part] = field(default_factory=dict)
    taxes: list[tuple[int | None, Decimal, Decimal, int | None]] = field(default_factory=list)
    last_line: date | None = None
    last_entry: date = date.min
    money_account_id: int | None = None
    shipping_set_off: Decimal = _ZERO

    def part(self, component: str) -> Part:
        """Return a component, empty when there is none yet."""
        return self.parts.setdefault(component, Part(component, _ZERO, _ZERO, _ZERO, 0))

    def take_own_tax(self) -> None:
        """Set tax that was paid out for the seller's own account against what was expected of it."""
        expected = self.parts.get(expecting.OWN_TAX)
        if expected is None or not expected.expected:
            self.taxes = []
            return
        for _settlement, amount, base, rate in self.taxes:
            expected.left += amount
            expected.base += base
            expected.lines += 1
            expected.rate_id = expected.rate_id or rate

    def set_off_shipping(self, takes: str) -> None:
        """Set what the buyer paid for shipping beyond the estimate against what the platform took for it.

        Its carrier ships: what is estimated when the goods leave and what it cost in the end differ on both
        sides alike, and only what is left of the two is a difference. ``takes`` is the account of the latter.
        """
        paid, taken = self.parts.get(SHIPPING), self.parts.get(takes)
        if paid is None or taken is None or paid.left * taken.left >= 0:
            return
        both = min(abs(paid.left), abs(taken.left))
        self.shipping_set_off = both if paid.left > 0 else -both

    @property
    def fees_left(self) -> Decimal:
        """Return what stands of fees alone, positive where the platform took more than was expected."""
        return sum((part.left for part in self.parts.values() if part.is_fee), _ZERO)

    @property
    def sales_left(self) -> Decimal:
        """Return what of the buyer's money was not paid yet."""
        left = sum((part.left for part in self.parts.values() if part.is_sale), _ZERO)
        return left - self.shipping_set_off

    @property
    def has_sales(self) -> bool:
        """Say whether any of the buyer's money was paid."""
        return any(part.lines for part in self.parts.values() if part.is_sale)

    @property
    def fees_above(self) -> Decimal:
        """Return by how much fees exceed what a tariff let expect."""
        return sum((p.left for p in self._known_fees() if p.lines), self.shipping_set_off)

    @property
    def fees_expected(self) -> Decimal:
        """Return the fees a tariff let expect, positive."""
        return -sum((part.expected for part in self._known_fees()), _ZERO)

    @property
    def fees_missing(self) -> bool:
        """Say whether a fee that was expected was not charged at all so far."""
        return any(not part.lines and part.left for part in self._known_fees())

    def _known_fees(self) -> list[Part]:
        return [part for part in self.parts.values() if part.is_fee and part.expected]


def read(*, order_ids: Sequence[int]) -> dict[int, dict[str, Purse]]:
    """Return the money of each order by currency, its own tax set against what was expected of it."""
    found: dict[int, dict[str, Purse]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, [list(order_ids)])
        for (
            order, currency, component, left, base, expected, lines, last, account, rate, entry,
        ) in cursor.fetchall():  # fmt: skip
            purse = found.setdefault(order, {}).setdefault(currency, Purse(currency))
            purse.parts[component] = Part(component, left, base, expected, lines, rate)
            if last is not None:
                purse.last_line = last if purse.last_line is None else max(purse.last_line, last)
            purse.last_entry = max(purse.last_entry, entry)
            purse.money_account_id = purse.money_account_id or account
        cursor.execute(_OWN_TAX, [list(order_ids)])
        for order, currency, settlement, amount, base, rate, entry in cursor.fetchall():
            if currency in found.get(order, {}):
                purse = found[order][currency]
                purse.taxes.append((settlement, amount, base, rate))
                purse.last_entry = max(purse.last_entry, entry)
    for purses in found.values():
        for purse in purses.values():
            purse.take_own_tax()
    return found
