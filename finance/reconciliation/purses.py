"""An order's money on 1105: per currency and component, what is left of what was expected.

Read as if no difference had been booked yet, so that what is decided about an order follows from its facts
and not from how often it was looked at. What a person accepted is a fact as well: what was booked with it
stays booked, and counts as expected from then on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import connection

from finance.reconciliation import expecting

SHIPPING = "4010"
SALES = frozenset({"4000", "4010", "4020", "4030", "4200", "2100"})
"""Components the buyer's money is made of."""
_ZERO = Decimal(0)

# Only entries of differences are told apart by their keys: one order's are written one after another.
_FACTS = """
WITH accepted AS MATERIALIZED (
    SELECT p.order_id, max(j.id) AS through
      FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id
     WHERE p.order_id = ANY(%s) AND j.kind = 'variance' AND j.actor <> 'system' GROUP BY 1
), facts AS (
    SELECT p.*, j.kind, j.effective_on, j.kind = 'variance' AS is_difference,
           j.kind = 'variance' AND j.id > coalesce(a.through, 0) AS is_ours
      FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id
      LEFT JOIN accepted a ON a.order_id = p.order_id
     WHERE p.order_id = ANY(%s)
)
"""
_BALANCES = f"""{_FACTS}
SELECT order_id, currency, component, sum(amount), sum(base_amount),
       coalesce(sum(amount) FILTER (WHERE kind = 'shipment'), 0), count(line_id), max(rate_id),
       coalesce(-sum(amount) FILTER (WHERE kind <> 'shipment' AND NOT is_difference), 0),
       coalesce(-sum(base_amount) FILTER (WHERE kind NOT IN ('shipment', 'revaluation')
                                            AND NOT is_difference), 0),
       min(effective_on) FILTER (WHERE line_id IS NOT NULL),
       max(effective_on) FILTER (WHERE line_id IS NOT NULL),
       max(effective_on) FILTER (WHERE kind = 'shipment'), max(effective_on), max(money_account_id)
  FROM facts WHERE account_id = '1105' AND NOT is_ours GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608
# The seller's own tax, paid out by a marketplace that names it apart, stands there as collected tax.
_OWN_TAX = f"""{_FACTS}
SELECT order_id, currency, settlement_id, sum(amount), sum(base_amount), max(rate_id), min(effective_on),
       max(effective_on)
  FROM facts WHERE account_id = '2110' AND NOT is_ours GROUP BY 1, 2, 3
HAVING sum(amount) <> 0 ORDER BY 1, 2, 3
"""  # noqa: S608
_BOOKED = f"""{_FACTS}
SELECT order_id, currency, account_id, component, settlement_id, sum(amount), sum(base_amount), max(rate_id),
       array_agg(DISTINCT journal_id)
  FROM facts WHERE is_ours GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""  # noqa: S608


@dataclass(slots=True)
class Part:
    """One component of an order in one currency: what is left on 1105, and what was expected.

    ``taken`` is what lines took of it, with its base amount; ``first`` the day of the first of them, and
    ``left_on`` the last day goods left on.
    """

    component: str
    left: Decimal
    base: Decimal
    expected: Decimal
    lines: int
    rate_id: int | None = None
    taken: Decimal = _ZERO
    taken_base: Decimal = _ZERO
    first: date | None = None
    left_on: date | None = None

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
    taxed_on: date | None = None
    first_line: date | None = None
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
            expected.taken -= amount
            expected.taken_base -= base
            expected.lines += 1
            expected.rate_id = expected.rate_id or rate
        if self.taxes:
            expected.first = earliest((expected.first, self.taxed_on))

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


@dataclass(slots=True)
class Booked:
    """What was booked of an order's differences so far, by (currency, account, component, settlement).

    Each with its amount, base amount and rate, and the entries it is in.
    """

    sums: dict["Place", "Sum"] = field(default_factory=dict)
    journals: set[int] = field(default_factory=set)


Place = tuple[str, str, str, int | None]
"""(currency, account, component, settlement)"""
Sum = tuple[Decimal, Decimal, int | None]
"""(amount, base amount, rate)"""


def earliest(days: Iterable[date | None]) -> date | None:
    """Return the first of some days, ``None`` when there is none."""
    return min((day for day in days if day is not None), default=None)


def read(*, order_ids: Sequence[int]) -> dict[int, dict[str, Purse]]:
    """Return the money of each order by currency, its own tax set against what was expected of it."""
    found: dict[int, dict[str, Purse]] = {}
    ids = list(order_ids)
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, [ids, ids])
        for (
            order, currency, component, left, base, expected, lines, rate, taken, taken_base, first, last,
            left_on, entry, account,
        ) in cursor.fetchall():  # fmt: skip
            purse = found.setdefault(order, {}).setdefault(currency, Purse(currency))
            purse.parts[component] = Part(
                component, left, base, expected, lines, rate, taken, taken_base, first, left_on
            )
            if last is not None:
                purse.last_line = last if purse.last_line is None else max(purse.last_line, last)
            purse.first_line = earliest((purse.first_line, first))
            purse.last_entry = max(purse.last_entry, entry)
            purse.money_account_id = purse.money_account_id or account
        cursor.execute(_OWN_TAX, [ids, ids])
        for order, currency, settlement, amount, base, rate, first, entry in cursor.fetchall():
            if currency in found.get(order, {}):
                purse = found[order][currency]
                purse.taxes.append((settlement, amount, base, rate))
                purse.taxed_on = earliest((purse.taxed_on, first))
                purse.last_entry = max(purse.last_entry, entry)
    for purses in found.values():
        for purse in purses.values():
            purse.take_own_tax()
    return found


def booked(*, order_ids: Sequence[int]) -> dict[int, Booked]:
    """Return what was booked of orders' differences since a person last accepted one of them."""
    found: dict[int, Booked] = {}
    ids = list(order_ids)
    if not ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_BOOKED, [ids, ids])
        for (
            order, currency, account, component, settlement, amount, base, rate, journals,
        ) in cursor.fetchall():  # fmt: skip
            mine = found.setdefault(order, Booked())
            mine.sums[currency, account, component, settlement] = (amount, base, rate)
            mine.journals |= set(journals)
    return found
