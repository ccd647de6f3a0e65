"""What is looked at before a period closes: computed, never ticked off by hand.

Findings are kept sentences (``ecomhub.sentences``), so that a close stays readable in every language.

A check counts what is in the way. *Blocking* ones have to be nothing; the others a person may accept with a
reason, which stays with the close; a *notice* only tells. Houses of the same roof add theirs to ``CHECKS``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import connection
from django.utils import translation
from django.utils.translation import gettext_noop as _

from ecomhub.money import decimal_text
from ecomhub.sentences import kept, shown
from finance.accounting import balances, books, revaluing
from finance.accounting.fx import RateMissing
from finance.accounting.plan import SUSPENSE
from finance.closing import told_checks
from finance.closing.reason_words import kept_reason
from finance.models.ledger import Book
from finance.models.matching import MoneyException
from finance.models.settlements import Settlement
from finance.statements.restating import DECIDABLE


class Weight(StrEnum):
    """How much a finding weighs."""

    BLOCKING = "blocking"
    ACCEPTABLE = "acceptable"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist. ``look`` returns a few words for each thing in the way.

    ``covers`` are laws about all time that say the same of the period only.
    """

    key: str
    title: str
    hint: str
    weight: Weight
    look: Callable[[Book, date], list[str]]
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A check's outcome for one book and day; ``examples`` are at most ten of ``count``.

    ``title``, ``hint`` and ``examples`` are kept, and worded by ``sentences.shown``.
    """

    key: str
    title: str
    hint: str
    weight: Weight
    count: int
    examples: list[str]

    @property
    def is_fine(self) -> bool:
        """Say whether nothing is in the way."""
        return not self.count


_UNDECIDED = """
SELECT s.external_id, s.currency, coalesce(d.reason, s.reason)
FROM finance_settlement s JOIN finance_moneyaccount m ON m.id = s.account_id
LEFT JOIN LATERAL (SELECT d.reason FROM finance_settlementfile d
    WHERE d.settlement_id = s.id AND d.state = 'staged' AND d.reason = 'differs' LIMIT 1) d ON true
WHERE m.book_id = %s AND ((s.state = 'staged' AND s.reason = ANY(%s)) OR d.reason IS NOT NULL)
    AND (coalesce(s.ends_at, s.deposited_at, s.starts_at, s.recorded_at) AT TIME ZONE %s)::date <= %s
ORDER BY s.id
"""
_STAGED = """
SELECT s.external_id, s.currency, s.reason
FROM finance_settlement s JOIN finance_moneyaccount m ON m.id = s.account_id
WHERE m.book_id = %s AND s.state = %s AND s.reason <> ALL(%s)
    AND (coalesce(s.ends_at, s.deposited_at, s.starts_at, s.recorded_at) AT TIME ZONE %s)::date <= %s
ORDER BY s.id
"""
_OLD_RATES = """
SELECT p.currency, j.effective_on, max(j.effective_on - f."on") AS days
FROM finance_journal j
JOIN finance_posting p ON p.journal_id = j.id
JOIN finance_fxrate f ON f.id = p.rate_id AND f.kind IN ('published', 'cross')
WHERE j.book_id = %s AND j.effective_on BETWEEN %s AND %s AND j.kind IN ('settlement', 'wallet', 'bank')
GROUP BY 1, 2 HAVING max(j.effective_on - f."on") > 7 ORDER BY 1, 2
"""

_CROSSED = """
SELECT DISTINCT f.base, f.quote, f."on"
FROM finance_journal j
JOIN finance_posting p ON p.journal_id = j.id
JOIN finance_fxrate f ON f.id = p.rate_id AND f.kind = 'cross'
WHERE j.book_id = %s AND j.effective_on BETWEEN %s AND %s ORDER BY 1, 2, 3
"""
_UNEXPLAINED = """
SELECT o.external_id, m.reason
FROM finance_ordermoney m JOIN orders_order o ON o.id = m.order_id
WHERE m.book_id = %s AND (m.is_due OR m.reason <> '')
    AND coalesce(m.shipped_on, (coalesce(o.shipped_at, o.updated_at) AT TIME ZONE %s)::date) <= %s
ORDER BY o.id
"""
_UNVALUED = """
SELECT s.code, w.code, c.reason
FROM finance_stockchain c
JOIN inventory_sku s ON s.id = c.sku_id JOIN inventory_warehouse w ON w.id = c.warehouse_id
WHERE w.legal_entity_id = %s AND c.reason <> '' AND EXISTS (
    SELECT FROM inventory_stockmovement m
    WHERE m.sku_id = c.sku_id AND m.warehouse_id = c.warehouse_id AND m.id > c.movement
        AND m.on_hand_delta <> 0 AND (m.at AT TIME ZONE %s)::date <= %s)
ORDER BY c.id
"""
_UNSEEN = """
SELECT e.kind, e.amount, e.currency, e.reference FROM finance_moneyexception e
WHERE e.book_id = %s AND e.state = 'open' AND e.since <= %s ORDER BY e.since, e.id
"""
_ELSEWHERE = """
SELECT h.short_name, e.name, m.name, o.name FROM finance_moneyaccount m
JOIN finance_book b ON b.id = m.book_id JOIN ecomhub_legalentity o ON o.id = b.legal_entity_id
JOIN channels_shop h ON h.account_id = m.channel_id OR h.id = m.shop_id
JOIN ecomhub_legalentity e ON e.id = h.legal_entity_id
WHERE h.legal_entity_id <> b.legal_entity_id AND (b.id = %s OR h.legal_entity_id = %s) ORDER BY m.id, h.id
"""

_MOST = 1000
"""Characters of a kept example."""


def _amount(amount: Decimal | None, currency: str) -> str:
    return f"{decimal_text(amount, currency)} {currency}" if currency and amount is not None else ""


def _with_words(name: str, reason: str) -> str:
    return kept("%(name)s: %(why)s", most=_MOST, name=name, why=kept_reason(reason)) if reason else name


def _unexplained(book: Book, through: date) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_UNEXPLAINED, [book.pk, book.zone, through])
        return [_with_words(order, reason) for order, reason in cursor.fetchall()]


def _unvalued(book: Book, through: date) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_UNVALUED, [book.legal_entity_id, book.zone, through])
        return [_with_words(f"{sku} @ {warehouse}", reason) for sku, warehouse, reason in cursor.fetchall()]


def _unseen(book: Book, through: date) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_UNSEEN, [book.pk, through])
        rows = cursor.fetchall()
    with translation.override(None):
        words = {kind: str(label) for kind, label in MoneyException.Kind.choices}
    found = []
    for kind, amount, currency, reference in rows:
        which = " ".join(part for part in (_amount(amount, currency), reference) if part)
        what = kept(words[kind])
        found.append(kept("%(what)s %(which)s", most=_MOST, what=what, which=which) if which else what)
    return found


def _unbalanced(book: Book, through: date) -> list[str]:
    trial = balances.trial_balance(book=book, through=through)
    left = [_amount(amount, currency) for currency, amount in sorted(trial.left.items()) if amount]
    return left + ([_amount(trial.left_base, book.currency)] if trial.left_base else [])


def _undecided(book: Book, through: date) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_UNDECIDED, [book.pk, list(DECIDABLE), book.zone, through])
        return [_with_words(f"{name} {currency}", reason) for name, currency, reason in cursor.fetchall()]


def _staged(book: Book, through: date) -> list[str]:
    with connection.cursor() as cursor:
        staged = Settlement.State.STAGED.value
        cursor.execute(_STAGED, [book.pk, staged, list(DECIDABLE), book.zone, through])
        return [_with_words(f"{name} {currency}", reason) for name, currency, reason in cursor.fetchall()]


def _suspended(book: Book, through: date) -> list[str]:
    rows = balances.balances(book=book, through=through, accounts={SUSPENSE})
    return [_amount(row.amount, row.currency) for row in rows if row.amount]


def _without_rates(book: Book, through: date) -> list[str]:
    return revaluing.missing_rates(book=book, on=through)


def _not_revalued(book: Book, through: date) -> list[str]:
    try:
        return revaluing.open_differences(book=book, on=through)
    except RateMissing:
        return []


def _old_rates(book: Book, through: date) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_OLD_RATES, [book.pk, through.replace(day=1), through])
        return [f"{currency} {day} ({days})" for currency, day, days in cursor.fetchall()]


def _crossed(book: Book, through: date) -> list[str]:
    """Name the rates through a third currency of the days that would be closed, in a book in yuan."""
    if book.currency != books.YUAN:
        return []
    since = min(through.replace(day=1), books.first_open_day(book=book))
    with connection.cursor() as cursor:
        cursor.execute(_CROSSED, [book.pk, since, through])
        return [f"{base}/{quote} {day}" for base, quote, day in cursor.fetchall()]


def _elsewhere(book: Book, through: date) -> list[str]:
    """Name shops whose money is in another company's book, of this book or of this company."""
    with connection.cursor() as cursor:
        cursor.execute(_ELSEWHERE, [book.pk, book.legal_entity_id])
        return [f"{shop} ({company}): {name} → {held}" for shop, company, name, held in cursor.fetchall()]


def _told_otherwise(book: Book, through: date) -> list[str]:
    return [
        f"{one.ref} {decimal_text(one.told, one.currency)} / {_amount(one.said, one.currency)}"
        for one in told_checks.of_period(book=book, through=through)
    ]


CHECKS: tuple[Check, ...] = (
    Check(
        "trial_balance",
        _("The trial balance is zero"),
        _("The ledger was changed from outside. Run verify and restore what is named."),
        Weight.BLOCKING,
        _unbalanced,
    ),
    Check(
        "closing_rates",
        _("There is a closing rate for every currency held"),
        _("Import rates up to the period's last day, or type them."),
        Weight.BLOCKING,
        _without_rates,
    ),
    Check(
        "revalued",
        _("Money in other currencies is at the closing rate"),
        _("Close with revaluation, or revalue first."),
        Weight.BLOCKING,
        _not_revalued,
    ),
    Check(
        "undecided",
        _("Every document of the period agrees with itself, or somebody decided"),
        _("Open the settlement: accept its document with a reason, set it aside, or import the right one."),
        Weight.BLOCKING,
        _undecided,
        covers=("I6.decided",),
    ),
    Check(
        "staged",
        _("No settlement of the period is staged"),
        _("Open the settlement: its reason says what is missing."),
        Weight.ACCEPTABLE,
        _staged,
    ),
    Check(
        "suspense",
        _("No line is unclassified"),
        _("Map the line types on the suspense page."),
        Weight.ACCEPTABLE,
        _suspended,
    ),
    Check(
        "orders_explained",
        _("Every shipped order's money was looked at"),
        _("Run reconcile. Where a rate is missing, import or type it first."),
        Weight.ACCEPTABLE,
        _unexplained,
    ),
    Check(
        "stock_valued",
        _("Stock is valued"),
        _("Import the rates that receipts of the period wait for."),
        Weight.ACCEPTABLE,
        _unvalued,
    ),
    Check(
        "exceptions",
        _("No exception of the period is open"),
        _("Solve them on the reconcile page, or accept them with a reason."),
        Weight.ACCEPTABLE,
        _unseen,
    ),
    Check(
        "companies",
        _("Every shop's money is in its own company's book"),
        _(
            "An account's money goes to one book: of the company its first shop had when money first came. "
            "Give each company an account of its own, carry over what was booked elsewhere, and accept it."
        ),
        Weight.ACCEPTABLE,
        _elsewhere,
    ),
    Check(
        "crossed",
        _("In a book in yuan, every rate was published for its pair"),
        _(
            "These were built through a third currency. For what comes, import the central parity and change "
            "the book's policy on the page of rates. What was booked keeps its rate, and is to be accepted."
        ),
        Weight.ACCEPTABLE,
        _crossed,
    ),
    Check(
        "old_rates",
        _("No rate was older than a week"),
        _("Import rates of those days. What was booked keeps its rate."),
        Weight.NOTICE,
        _old_rates,
    ),
    Check(
        "told_otherwise",
        _("Settlements bring what the platform told before"),
        _("Each order stands with what was told and what came. Ask the platform about the difference."),
        Weight.NOTICE,
        _told_otherwise,
    ),
)


def look(*, book: Book, through: date) -> list[Finding]:
    """Go through the checklist of a period that ends on a day."""
    findings = []
    for check in CHECKS:
        found = check.look(book, through)
        findings.append(Finding(check.key, check.title, check.hint, check.weight, len(found), found[:10]))
    return findings


def worded(*, check: Mapping[str, Any]) -> dict[str, Any]:
    """Return a finding's fields, as a close keeps them, in the reader's language."""
    return {
        **check,
        "title": shown(check["title"]),
        "hint": shown(check["hint"]),
        "examples": [shown(example) for example in check["examples"]],
    }
