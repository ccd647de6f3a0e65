"""Reads of payouts: the list, what each was matched with and what was between, and receipts it may be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import (
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Sum,
)

from ecomhub import keyset
from ecomhub.access import Actor
from finance import seeing
from finance.accounting import plan
from finance.models import Journal, Match, MoneyAccount, Payout, Posting
from finance.reconciliation import open_money
from finance.reconciliation.match_legs import Arrival
from finance.reconciliation.matching_by_hand import BETWEEN

PAGE = 50
CANDIDATES = 60
SHORT = "short"
"""Arrived, and something was between."""
STATES = (Payout.State.SENT.value, Payout.State.ARRIVED.value, SHORT, Payout.State.FAILED.value)

_MATCHED = """
SELECT m.payout_id, m.id, m.part, m.journal_id, m.undoing_id, coalesce(r.key, ''), coalesce(r.condition, ''),
       m.actor, j.effective_on, m.difference, m.currency, l.id, l.settlement_id, s.external_id, a.id, a.name,
       l.amount, l.currency, l.effective_on, coalesce(nullif(l.reference, ''), l.note, ''),
       j.memo, u.memo, u.actor, u.effective_on,
       CASE WHEN m.part = 0 THEN (
           SELECT json_agg(json_build_array(b.account_id, b.currency, b.amount::text, b.base::text)
                           ORDER BY b.account_id, b.currency)
             FROM (SELECT p.account_id, p.currency, sum(p.amount) AS amount, sum(p.base_amount) AS base
                     FROM finance_posting p
                    WHERE p.journal_id = m.journal_id AND p.account_id = ANY(%(between)s)
                    GROUP BY 1, 2) b) END
  FROM finance_match m
  JOIN finance_journal j ON j.id = m.journal_id
  LEFT JOIN finance_journal u ON u.id = m.undoing_id
  LEFT JOIN finance_matchrule r ON r.id = m.rule_id
  LEFT JOIN finance_settlementline l ON l.id = m.line_id
  LEFT JOIN finance_settlement s ON s.id = l.settlement_id
  LEFT JOIN finance_moneyaccount a ON a.id = s.account_id
 WHERE m.payout_id = ANY(%(payouts)s) AND (%(all)s OR m.undoing_id IS NULL)
 ORDER BY m.payout_id, m.id
"""


@dataclass(frozen=True, slots=True)
class PayoutFilter:
    """What is asked of the list; ``state`` one of ``STATES`` or all, ``month`` its first day, in UTC."""

    state: str = ""
    account: MoneyAccount | None = None
    currency: str = ""
    month: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One line a payout arrived in."""

    line: int
    settlement: int
    statement: str
    account: str
    amount: Decimal
    currency: str
    on: date
    reference: str


@dataclass(frozen=True, slots=True)
class Between:
    """What was posted beside the money itself: a fee, a rounding, a conversion's legs, its results."""

    account: str
    currency: str
    amount: Decimal
    base_amount: Decimal


@dataclass(slots=True)
class Matched:
    """One matching of a payout: its receipts, by which rule or whom, and what was between.

    ``undone_by`` and the rest are of the person who took it apart, empty while it holds; the system does so
    only where the deposit was stated anew.
    """

    journal: int
    rule: str
    condition: str
    actor: str
    on: date
    reason: str
    difference: Decimal
    currency: str
    undoing: int | None = None
    undone_by: str = ""
    undone_on: date | None = None
    undone_reason: str = ""
    receipts: list[Receipt] = field(default_factory=list)
    between: list[Between] = field(default_factory=list)

    @property
    def is_restated(self) -> bool:
        """Say whether it was taken apart because the settlement states another deposit now."""
        return self.undone_by == "system"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A receipt a payout may be; ``apart`` is how far it is in the book's currency, ``days`` in time."""

    one: Arrival
    account: str
    apart: Decimal
    days: int


def payouts_of(*, actor: Actor) -> "QuerySet[Payout]":
    """Return the payouts somebody may see, with where they come from."""
    return (
        seeing.payouts(actor=actor)
        .exclude(state=Payout.State.DROPPED)
        .select_related("account__book", "settlement", "line__settlement")
    )


def payouts(*, actor: Actor, wanted: PayoutFilter) -> "QuerySet[Payout]":
    """Return the payouts that fit a filter, in no order."""
    rows = payouts_of(actor=actor)
    if wanted.state in (SHORT, Payout.State.ARRIVED):
        is_short = Exists(_short())
        rows = rows.filter(state=Payout.State.ARRIVED)
        rows = rows.filter(is_short) if wanted.state == SHORT else rows
    elif wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.account is not None:
        rows = rows.filter(account=wanted.account)
    if wanted.currency:
        rows = rows.filter(currency=wanted.currency)
    if wanted.month is not None:
        first = datetime(wanted.month.year, wanted.month.month, 1, tzinfo=UTC)
        rows = rows.filter(sent_at__gte=first, sent_at__lt=_next_month(first))
    if wanted.text:
        rows = rows.filter(
            Q(reference__icontains=wanted.text) | Q(settlement__external_id__icontains=wanted.text)
        )
    return rows


def _short() -> "QuerySet[Match]":
    return Match.objects.filter(payout=OuterRef("pk"), undoing__isnull=True).exclude(difference=0)


def _next_month(first: datetime) -> datetime:
    return (first + timedelta(days=32)).replace(day=1)


def payout_page(*, rows: "QuerySet[Payout]", after: str = "", before: str = "") -> keyset.Page[Payout]:
    """Return one page, the latest first."""
    return keyset.page_of(
        rows=rows,
        keys=["sent_at", "pk"],
        after=keyset.instant_place(after),
        up_to=keyset.instant_place(before),
        size=PAGE,
        key_of=lambda row: keyset.instant_key(row.sent_at, row.pk),
        fields=keyset.INSTANT_FIELDS,
    )


def state_counts(*, actor: Actor, wanted: PayoutFilter) -> dict[str, int]:
    """Return how many payouts fit a filter in each state; ``""`` counts all."""
    loose = PayoutFilter(
        account=wanted.account, currency=wanted.currency, month=wanted.month, text=wanted.text
    )
    rows = payouts(actor=actor, wanted=loose).order_by()
    counted = rows.values_list("state").annotate(all=Count("pk"), short=Count("pk", filter=Exists(_short())))
    found = {state: (count, short) for state, count, short in counted}
    arrived, short = found.get(Payout.State.ARRIVED.value, (0, 0))
    counts = {state: found.get(state, (0, 0))[0] for state in STATES}
    counts |= {"": sum(count for count, _s in found.values()), "arrived": arrived, SHORT: short}
    return counts


def currencies_of(*, actor: Actor) -> list[str]:
    """Return the currencies there are payouts in."""
    rows = seeing.payouts(actor=actor).order_by("currency").values_list("currency", flat=True)
    return list(rows.distinct())


def matches_of(*, payouts: Sequence[int], with_undone: bool = False) -> dict[int, list[Matched]]:
    """Return what payouts were matched with, by payout, the first first."""
    if not payouts:
        return {}
    given: dict[str, Any] = {"payouts": list(payouts), "all": with_undone, "between": list(BETWEEN)}
    found: dict[int, list[Matched]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_MATCHED, given)
        rows = cursor.fetchall()
    for row in rows:
        (
            payout, _match, part, journal, undoing, rule, condition, actor, made_on, difference, currency,
            line, settlement, statement, _account, account, amount, line_currency, on, reference, memo,
            undone_memo, undone_by, undone_on, between,
        ) = row  # fmt: skip
        mine = found.setdefault(payout, [])
        if part == 0 or not mine:
            mine.append(
                Matched(
                    journal, rule, condition, actor, made_on, memo, difference, currency, undoing,
                    undone_by or "", undone_on, undone_memo or "",
                )
            )  # fmt: skip
            mine[-1].between = [
                Between(code, code_currency, Decimal(one), Decimal(base))
                for code, code_currency, one, base in between or []
            ]
        if line is not None:
            mine[-1].receipts.append(
                Receipt(line, settlement, statement, account, amount, line_currency, on, reference)
            )
    return found


def entries_of(*, payout: Payout) -> list[Journal]:
    """Return the entries a payout stands in, the first first."""
    asked = Posting.objects.filter(payout=payout).values("journal")
    return list(Journal.objects.filter(pk__in=asked).order_by("pk"))


def worth_of(*, payout: Payout) -> Decimal:
    """Return what a payout on its way is worth in its book's currency, as booked."""
    rows = Posting.objects.filter(payout=payout, account__in=[plan.PAYOUTS, plan.WITHDRAWALS])
    worth: Decimal = rows.aggregate(sum=Sum("base_amount", default=Decimal(0)))["sum"]
    return worth


def candidates(
    *, payout: Payout, at: datetime, text: str = "", chosen: Sequence[int] = ()
) -> list[Candidate]:
    """Return receipts that wait in the payout's book, the nearest first, and those that are chosen.

    ``text`` looks into references, notes, accounts and amounts.
    """
    worth, day = worth_of(payout=payout), payout.sent_at.date()
    accounts = {row.pk: row for row in MoneyAccount.objects.filter(book=payout.account.book_id)}
    needle = text.strip().casefold()
    found = []
    for one in open_money.receipts(at=at):
        account = accounts.get(one.account_id)
        if account is None or (one.amount > 0) != (payout.amount > 0):
            continue
        said = f"{one.said} {account.name} {one.amount:f} {one.currency}".casefold()
        if needle and needle not in said and one.line_id not in chosen:
            continue
        apart = abs(worth - one.base)
        if one.currency == payout.currency and one.amount == payout.amount:
            apart = Decimal(0)
        found.append(Candidate(one, account.name, apart, (one.on - day).days))
    found.sort(
        key=lambda each: (each.one.line_id not in chosen, each.apart, abs(each.days), each.one.line_id)
    )
    return found[:CANDIDATES]
