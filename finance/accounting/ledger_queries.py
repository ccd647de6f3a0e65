"""Reads of the ledger: an account's entries, one entry with its legs and where it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from finance.models import Book, Journal, LedgerTally, Posting

PAGE = 50
LEGS = 100

_ENTRIES = """
SELECT j.id, j.effective_on, j.kind, j.key, j.memo, p.currency, sum(p.amount), sum(p.base_amount), count(*)
  FROM finance_journal j JOIN finance_posting p ON p.journal_id = j.id AND p.account_id = %(account)s
 WHERE j.book_id = %(book)s AND j.effective_on BETWEEN %(first)s AND %(last)s
   AND (%(currency)s = '' OR p.currency = %(currency)s)
   AND (%(day)s::date IS NULL OR (j.effective_on, j.id) < (%(day)s::date, %(journal)s))
 GROUP BY j.id, p.currency ORDER BY j.effective_on DESC, j.id DESC, p.currency LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one journal moved on an account in one currency."""

    journal: int
    effective_on: date
    kind: str
    key: str
    memo: str
    currency: str
    amount: Decimal
    base_amount: Decimal
    legs: int

    @property
    def kind_word(self) -> str:
        """Return the kind in the reader's language."""
        return str(Journal.Kind(self.kind).label)


def account_months(*, book: Book, account: str) -> list[tuple[date, int]]:
    """Return the months (their first days) an account has entries in, the latest first, with their legs."""
    rows = LedgerTally.objects.filter(book=book, account=account).order_by().values_list("month")
    sums: dict[date, int] = {}
    for month, legs in rows.values_list("month", "count"):
        sums[month] = sums.get(month, 0) + legs
    return sorted(((month, legs) for month, legs in sums.items() if legs), reverse=True)


def entries(
    *,
    book: Book,
    account: str,
    month: date,
    currency: str = "",
    after: tuple[date, int] | None = None,
) -> tuple[list[Entry], str]:
    """Return what moved an account in a month, the latest first, and where the next page begins.

    The tally knows the months, so that a quiet account costs no walk over years of entries.
    """
    last = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    given: dict[str, Any] = {
        "book": book.pk,
        "account": account,
        "first": month,
        "last": date.fromordinal(last.toordinal() - 1),
        "currency": currency,
        "day": None if after is None else after[0],
        "journal": None if after is None else after[1],
        "limit": PAGE * 2 + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, given)
        rows = [Entry(*row) for row in cursor.fetchall()]
    if len(rows) <= PAGE:
        return rows, ""
    # A journal with several currencies is never cut in two.
    edge = PAGE
    while edge < len(rows) and rows[edge].journal == rows[edge - 1].journal:
        edge += 1
    if edge == len(rows):
        return rows, ""
    return rows[:edge], f"{rows[edge - 1].effective_on.isoformat()}_{rows[edge - 1].journal}"


def legs_of(*, journal: Journal, after: int = 0) -> tuple[list[Posting], int]:
    """Return a page of an entry's legs and where the next one begins."""
    rows = list(
        Posting.objects.filter(journal=journal, pk__gt=after)
        .select_related("account", "rate", "order", "settlement", "payout", "money_account", "line", "sku")
        .order_by("pk")[: LEGS + 1]
    )
    return rows[:LEGS], rows[LEGS - 1].pk if len(rows) > LEGS else 0


def journal_sums(*, journal: Journal) -> list[tuple[str, Decimal, Decimal, Decimal, int]]:
    """Return (currency, debit, credit, base debit, legs) of an entry."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT currency, coalesce(sum(amount) FILTER (WHERE amount > 0), 0),
                      coalesce(-sum(amount) FILTER (WHERE amount < 0), 0),
                      coalesce(sum(base_amount) FILTER (WHERE base_amount > 0), 0), count(*)
                 FROM finance_posting WHERE journal_id = %s GROUP BY 1 ORDER BY 1""",
            [journal.pk],
        )
        return list(cursor.fetchall())


def source_of(*, journal: Journal) -> tuple[str, int]:
    """Return what an entry was made for, by its key: ("settlement" | "order" | "payout" | "", its key)."""
    parts: Sequence[str] = journal.key.split(":")
    if len(parts) > 1 and parts[0] in ("settlement", "payout") and parts[1].isdigit():
        return parts[0], int(parts[1])
    if len(parts) > 2 and parts[1] == "order" and parts[2].isdigit():
        return "order", int(parts[2])
    return "", 0
