"""Reads of what orders were expected to bring and what they brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Count, QuerySet

from ecomhub.access import Actor
from finance import seeing
from finance.models import OrderMoney, Settlement, SettlementLine
from orders.models import Order

PAGE = 50

_SUMS = """
SELECT p.order_id, p.component, p.currency,
       coalesce(sum(p.amount) FILTER (WHERE p.line_id IS NULL AND j.kind <> 'variance'), 0),
       coalesce(-sum(p.amount) FILTER (WHERE p.line_id IS NOT NULL), 0),
       coalesce(-sum(p.amount) FILTER (WHERE j.kind = 'variance'), 0)
  FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id
 WHERE p.order_id = ANY(%s) AND p.account_id = '1105'
 GROUP BY 1, 2, 3 ORDER BY 1, 3, 2
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One component of an order's money in one currency.

    ``ours`` is what was expected, ``settled`` what settlements said, ``booked`` the part of the difference
    that is booked already.
    """

    order_id: int
    component: str
    currency: str
    ours: Decimal
    settled: Decimal
    booked: Decimal

    @property
    def difference(self) -> Decimal:
        """Return what came more (positive) or less than expected."""
        return self.settled - self.ours

    @property
    def open(self) -> Decimal:
        """Return the part of the difference that nobody explained yet."""
        return self.difference - self.booked


@dataclass(frozen=True, slots=True)
class Total:
    """An order's money in one currency: ours, the settlements', the difference, and what of it is open."""

    currency: str
    ours: Decimal
    settled: Decimal
    difference: Decimal
    open: Decimal


@dataclass(frozen=True, slots=True)
class MoneyPage:
    """One page of orders by keyset; 0 where there is no neighbor."""

    rows: list[OrderMoney]
    previous: int = 0
    following: int = 0


def parts_of(*, orders: Sequence[int]) -> dict[int, list[Part]]:
    """Return the money of orders by component."""
    found: dict[int, list[Part]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [list(orders)])
        for row in cursor.fetchall():
            found.setdefault(row[0], []).append(Part(*row))
    return found


def totals_of(*, parts: Sequence[Part]) -> list[Total]:
    """Return the totals of an order's parts, one a currency."""
    found = []
    for currency in sorted({part.currency for part in parts}):
        mine = [part for part in parts if part.currency == currency]
        zero = Decimal(0)
        found.append(
            Total(
                currency,
                sum((part.ours for part in mine), zero),
                sum((part.settled for part in mine), zero),
                sum((part.difference for part in mine), zero),
                sum((part.open for part in mine), zero),
            )
        )
    return found


def order_lines(*, order: Order, size: int = 200) -> list[SettlementLine]:
    """Return what settlements say of an order, line by line, the oldest first; evidence repeats it."""
    rows = (
        SettlementLine.objects.filter(order=order)
        .exclude(settlement__state=Settlement.State.EVIDENCE)
        .select_related("line_type", "settlement")
    )
    return list(rows.order_by("posted_at", "pk")[:size])


def money_of(*, actor: Actor) -> "QuerySet[OrderMoney]":
    """Return how the money of orders stands, of the shops somebody may see."""
    return seeing.orders(actor=actor).select_related("order", "shop")


def money_counts(*, actor: Actor) -> dict[str, int]:
    """Return how many orders stand in each state."""
    return dict(money_of(actor=actor).order_by().values_list("state").annotate(Count("pk")))


def money_page(
    *, actor: Actor, state: str, shop: int | None, text: str, after: int = 0, before: int = 0
) -> MoneyPage:
    """Return one page of orders with money, the newest order first."""
    rows = money_of(actor=actor)
    if state:
        rows = rows.filter(state=state)
    if shop:
        rows = rows.filter(shop=shop)
    if text:
        rows = rows.filter(order__external_id__istartswith=text)
    if before:
        taken = list(rows.filter(order__gt=before).order_by("order_id")[: PAGE + 1])
        shown, earlier, later = taken[:PAGE][::-1], len(taken) > PAGE, True
    else:
        if after:
            rows = rows.filter(order__lt=after)
        taken = list(rows.order_by("-order_id")[: PAGE + 1])
        shown, earlier, later = taken[:PAGE], bool(after), len(taken) > PAGE
    if not shown:
        return MoneyPage([])
    return MoneyPage(shown, shown[0].pk if earlier else 0, shown[-1].pk if later else 0)


def overdue(*, row: OrderMoney, today: date) -> bool:
    """Say whether a platform should have paid an order already."""
    return row.state == OrderMoney.State.OPEN and row.due_on is not None and row.due_on < today
