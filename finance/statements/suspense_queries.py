"""Reads of what is not classified: types of line without an account, what they hold, where they would go."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from channels.settlement_messages import Binding
from finance.models import LineType, SettlementLine, TypeMapping
from finance.queries import unmapped_types

EXAMPLES = 3

# What stands in suspense has an index of its own (posting_waiting); what was matched stands there no more.
_SUMS = """
SELECT l.line_type_id, l.currency, count(*), sum(l.amount), count(DISTINCT l.settlement_id),
       count(*) FILTER (WHERE l.order_ref <> ''), min(l.effective_on),
       (array_agg(l.id ORDER BY l.id))[1:%(most)s]
  FROM finance_posting p JOIN finance_settlementline l ON l.id = p.line_id
 WHERE p.account_id = '1900' AND l.line_type_id = ANY(%(types)s)
   AND NOT EXISTS (SELECT FROM finance_posting n WHERE n.line_id = p.line_id AND n.turn > p.turn)
 GROUP BY 1, 2 ORDER BY 1, 2
"""
# A document's sums by type name say in which settlements to look: lines have no index by type.
_MOVES = """
WITH places AS (
    SELECT DISTINCT d.settlement_id FROM finance_settlementfile d
      JOIN finance_settlement s ON s.id = d.settlement_id AND s.state = 'posted'
     WHERE d.totals ? %(name)s
)
SELECT p.account_id, CASE WHEN %(binding)s = 'carry' THEN '1110'
                          WHEN l.order_ref <> '' AND (o.is_before_go_live OR l.effective_on < a.live_on)
                               AND (%(binding)s = 'order'
                                    OR (%(binding)s = 'account' AND %(account)s = '2110')) THEN '1106'
                          WHEN %(binding)s = 'order' AND l.order_ref <> '' THEN '1105'
                          ELSE %(account)s END AS target,
       l.currency, count(*), sum(p.amount)
  FROM places
  JOIN finance_settlementline l USING (settlement_id)
  JOIN finance_settlement s ON s.id = l.settlement_id
  JOIN finance_moneyaccount a ON a.id = s.account_id
  JOIN LATERAL (SELECT account_id, amount FROM finance_posting p WHERE p.line_id = l.id
                 ORDER BY p.turn DESC LIMIT 1) p ON true
  LEFT JOIN orders_order o ON o.id = l.order_id
 WHERE l.line_type_id = %(line_type)s
   AND NOT EXISTS (SELECT FROM finance_match m WHERE m.line_id = l.id AND m.undoing_id IS NULL)
 GROUP BY 1, 2, 3 ORDER BY 3, 1, 2
"""


@dataclass(frozen=True, slots=True)
class TypeMoney:
    """What stands in suspense of one type in one currency."""

    currency: str
    lines: int
    amount: Decimal
    settlements: int
    with_order: int
    since: object
    examples: list[int]


@dataclass(frozen=True, slots=True)
class Move:
    """What a choice would rebook: from an account to another, in one currency (debit is positive)."""

    from_account: str
    to_account: str
    currency: str
    lines: int
    amount: Decimal

    @property
    def is_nothing(self) -> bool:
        """Say whether it stays where it is."""
        return self.from_account == self.to_account


def waiting() -> list[LineType]:
    """Return the types of line nobody classified, in the order of their sources."""
    return list(unmapped_types().order_by("source", "first", "second", "third"))


def chosen() -> list[TypeMapping]:
    """Return what people chose, the latest choice of each type, the newest first."""
    rows = TypeMapping.objects.exclude(actor="system").select_related("line_type", "account")
    latest: dict[int, TypeMapping] = {}
    for row in rows.order_by("-recorded_at", "-pk"):
        held = latest.get(row.line_type_id)
        if held is None or row.version > held.version:
            latest[row.line_type_id] = row
    return list(latest.values())


def money_of(*, types: Sequence[LineType]) -> dict[int, list[TypeMoney]]:
    """Return what stands in suspense of these types, by type."""
    if not types:
        return {}
    given: dict[str, Any] = {"types": [row.pk for row in types], "most": EXAMPLES}
    found: dict[int, list[TypeMoney]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, given)
        for key, *rest in cursor.fetchall():
            found.setdefault(key, []).append(TypeMoney(*rest))
    return found


def examples_of(*, money: dict[int, list[TypeMoney]]) -> dict[int, list[SettlementLine]]:
    """Return a few lines of each type, with their settlement."""
    ids = [pk for rows in money.values() for row in rows for pk in row.examples]
    found: dict[int, list[SettlementLine]] = {}
    for line in (
        SettlementLine.objects.filter(pk__in=ids).select_related("settlement__account").order_by("pk")
    ):
        held = found.setdefault(line.line_type_id, [])
        if len(held) < EXAMPLES:
            held.append(line)
    return found


def moves(*, line_type: LineType, account: str, binding: Binding) -> list[Move]:
    """Return what a choice would rebook now."""
    given: dict[str, Any] = {
        "name": str(line_type),
        "line_type": line_type.pk,
        "account": account,
        "binding": binding.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MOVES, given)
        return [Move(*row) for row in cursor.fetchall()]
