"""Reads of one settlement: its types of line, its orders, its lines, and where its money went."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from channels.settlement_messages import Binding
from finance.accounting import plan
from finance.accounting.books import YUAN
from finance.models import Journal, Settlement, SettlementFile, SettlementLine

PAGE = 50

# All lines of an entry have its rate, so that one leg of each tells; a large settlement has many legs.
_CROSSED = """
SELECT s.id
  FROM finance_settlement s
  JOIN finance_moneyaccount m ON m.id = s.account_id
  JOIN finance_book b ON b.id = m.book_id AND b.currency = %(yuan)s AND b.currency <> s.currency
  CROSS JOIN LATERAL (SELECT 'settlement:' || s.id || ':' AS begin) k
  JOIN finance_journal j ON j.book_id = b.id AND j.key >= k.begin AND j.key < k.begin || 'A'
                        AND starts_with(j.key, k.begin)
  CROSS JOIN LATERAL (SELECT p.rate_id FROM finance_posting p WHERE p.journal_id = j.id LIMIT 1) p
  JOIN finance_fxrate f ON f.id = p.rate_id AND f.kind = 'cross'
 WHERE s.id = ANY(%(settlements)s)
"""
_MARKS = f"""
SELECT EXISTS (SELECT FROM finance_announcedmoney WHERE account_id = %(account)s), EXISTS ({_CROSSED})
"""  # noqa: S608

_TYPES = """
SELECT t.id, concat_ws(' / ', nullif(t.first, ''), nullif(t.second, ''), nullif(t.third, '')),
       a.code, a.name, a.name_zh, coalesce(m.binding, ''), m.line_type_id IS NULL AND NOT l.is_found,
       l.lines, l.amount, l.orders
  FROM (SELECT l.line_type_id, f.line_id IS NOT NULL AS is_found, count(*) AS lines, sum(l.amount) AS amount,
               count(*) FILTER (WHERE l.order_ref <> '') AS orders
          FROM finance_settlementline l
          LEFT JOIN (SELECT line_id FROM finance_match WHERE undoing_id IS NULL AND payout_id IS NOT NULL
                      UNION SELECT line_id FROM finance_payout
                             WHERE state = 'arrived' AND line_id IS NOT NULL) f ON f.line_id = l.id
         WHERE l.settlement_id = %(settlement)s GROUP BY 1, 2) l
  JOIN finance_linetype t ON t.id = l.line_type_id
  LEFT JOIN LATERAL (SELECT line_type_id, account_id, binding FROM finance_typemapping
                      WHERE line_type_id = t.id ORDER BY version DESC LIMIT 1) m ON true
  JOIN finance_account a ON a.code = coalesce(m.account_id, CASE WHEN l.is_found THEN %(transit)s
                                                            ELSE %(suspense)s END)
 ORDER BY 3, abs(l.amount) DESC, 2
"""
_ORDERS = """
SELECT l.order_ref, max(l.order_id), count(*), sum(l.amount)
  FROM finance_settlementline l
 WHERE l.settlement_id = %(settlement)s AND l.line_type_id = %(line_type)s AND l.order_ref > %(after)s
 GROUP BY l.order_ref ORDER BY l.order_ref LIMIT %(limit)s
"""
_COMPARED = """
SELECT l.order_id, max(l.order_ref), sum(l.amount)
  FROM finance_settlementline l
 WHERE l.settlement_id = %(settlement)s AND l.order_id > %(after)s
   AND EXISTS (SELECT FROM finance_typemapping m
                WHERE m.line_type_id = l.line_type_id AND m.binding = 'order')
 GROUP BY l.order_id ORDER BY l.order_id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class TypeSum:
    """What a settlement has of one type of line, and the account it is booked to."""

    pk: int
    name: str
    account: str
    account_name: str
    account_name_zh: str
    binding: str
    is_unknown: bool
    lines: int
    amount: Decimal
    with_order: int


@dataclass(frozen=True, slots=True)
class OrderSum:
    """What a settlement has for one order (empty: for none), of one type or of all."""

    ref: str
    order_id: int | None
    lines: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Marks:
    """Whether the platform told of the account's money before, and whether cross rates booked it in yuan."""

    is_told: bool
    is_crossed: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way from sales to the deposit: a group of accounts and its sum."""

    key: str
    amount: Decimal
    before: Decimal


GROUPS: tuple[tuple[str, frozenset[str]], ...] = (
    ("sales", frozenset({"4000", "4010", "4020", "4030"})),
    ("promotions", frozenset({"4200"})),
    ("refunds", frozenset({"4100"})),
    ("reimbursements", frozenset({"4900"})),
    ("taxes", frozenset({"1300", "1310", "2100", plan.COLLECTED_TAX, "2120", "2130"})),
    ("commission", frozenset({"5200", "5205"})),
    ("fulfillment", frozenset({"5210", "5230", "5240"})),
    ("shipping", frozenset({"5100", "5110", "5300", "5310"})),
    ("advertising", frozenset({"1150", "5400", "5410", "5420"})),
    ("reserves", frozenset({plan.RESERVE})),
    ("unclassified", frozenset({plan.SUSPENSE})),
)
"""The steps of the way of the money, in their order; what is in none of them is ``other``."""


def type_sums(*, settlement: Settlement) -> list[TypeSum]:
    """Return a settlement's sums by type of line, by account."""
    with connection.cursor() as cursor:
        given: dict[str, Any] = {
            "settlement": settlement.pk,
            "suspense": plan.SUSPENSE,
            "transit": plan.PAYOUTS,
        }
        cursor.execute(_TYPES, given)
        return [TypeSum(*row) for row in cursor.fetchall()]


def order_sums(*, settlement: Settlement, line_type: int, after: str = "") -> tuple[list[OrderSum], str]:
    """Return the orders of one type of line in a settlement, and where the next page begins."""
    given: dict[str, Any] = {
        "settlement": settlement.pk,
        "line_type": line_type,
        "after": after,
        "limit": PAGE + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ORDERS, given)
        rows = [OrderSum(*row) for row in cursor.fetchall()]
    return rows[:PAGE], rows[PAGE - 1].ref if len(rows) > PAGE else ""


def orders_compared(*, settlement: Settlement, after: int = 0) -> tuple[list[OrderSum], int]:
    """Return the known orders of a settlement with what it pays for them, and where the next page begins."""
    given = {"settlement": settlement.pk, "after": after, "limit": PAGE + 1}
    with connection.cursor() as cursor:
        cursor.execute(_COMPARED, given)
        rows = [OrderSum(ref, pk, 0, amount) for pk, ref, amount in cursor.fetchall()]
    return rows[:PAGE], (rows[PAGE - 1].order_id or 0) if len(rows) > PAGE else 0


def lines_of(
    *, settlement: Settlement, line_type: int | None = None, order_ref: str | None = None, after: int = 0
) -> "QuerySet[SettlementLine]":
    """Return lines of a settlement behind a key, in the order they were kept."""
    rows = SettlementLine.objects.filter(settlement=settlement, pk__gt=after).select_related("line_type")
    if line_type is not None:
        rows = rows.filter(line_type=line_type)
    if order_ref is not None:
        rows = rows.filter(order_ref=order_ref)
    return rows.order_by("pk")


def documents_of(*, settlement: Settlement) -> list[SettlementFile]:
    """Return the documents that speak of a settlement, the newest first."""
    rows = SettlementFile.objects.filter(settlement=settlement).select_related("file", "file__file")
    return list(rows.order_by("-pk"))


def journals_of(*, settlement: Settlement, size: int = PAGE) -> list[Journal]:
    """Return the entries a settlement's lines and deposit are booked by, the first ones."""
    rows = Journal.objects.filter(
        Q(book=settlement.account.book_id),
        Q(key__startswith=f"settlement:{settlement.pk}:") | Q(postings__payout__settlement=settlement),
    )
    return list(rows.distinct().order_by("effective_on", "pk")[:size])


def crossed(*, settlements: Iterable[int]) -> set[int]:
    """Return which settlements of books in yuan were booked by rates through a third currency."""
    with connection.cursor() as cursor:
        cursor.execute(_CROSSED, {"settlements": list(settlements), "yuan": YUAN})
        return {pk for (pk,) in cursor.fetchall()}


def marks_of(*, settlement: Settlement) -> Marks:
    """Return what a settlement's page says besides its sums. One statement."""
    given: dict[str, Any] = {
        "settlements": [settlement.pk],
        "yuan": YUAN,
        "account": settlement.account_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MARKS, given)
        return Marks(*cursor.fetchone())


def steps_of(*, sums: Iterable[TypeSum]) -> list[Step]:
    """Return where the money went, step by step: what was carried in, earned, taken, and is left to pay out.

    Lines that are themselves a payout are left out: they are what the steps lead to.
    """
    held: dict[str, Decimal] = {}
    for one in sums:
        if one.binding == Binding.PAYOUT.value:
            continue
        key = "carried" if one.binding == Binding.CARRY.value else _group(one.account)
        held[key] = held.get(key, Decimal(0)) + one.amount
    names = ["carried", *(key for key, _codes in GROUPS[:-2]), "other", *(key for key, _codes in GROUPS[-2:])]
    found, reached = [], Decimal(0)
    for name in names:
        if held.get(name):
            found.append(Step(name, held[name], reached))
            reached += held[name]
    return found


def _group(account: str) -> str:
    return next((key for key, codes in GROUPS if account in codes), "other")


def paid_out(*, sums: Sequence[TypeSum]) -> Decimal:
    """Return what lines of a settlement moved to the next account."""
    return -sum((one.amount for one in sums if one.binding == Binding.PAYOUT.value), Decimal(0))
