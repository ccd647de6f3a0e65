"""What accounts hold: sums over the tally, whose signed rows are folded, and the trial balance."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Q, Sum

from finance.models.ledger import Book, LedgerTally

_FOLD = """
WITH piled AS (
    SELECT book_id, account_id, currency, month FROM finance_ledgertally
    GROUP BY 1, 2, 3, 4 HAVING count(*) > 1
), gone AS (
    DELETE FROM finance_ledgertally WHERE id IN (
        SELECT t.id FROM finance_ledgertally t JOIN piled USING (book_id, account_id, currency, month)
        ORDER BY t.id LIMIT %s FOR UPDATE OF t SKIP LOCKED
    )
    RETURNING book_id, account_id, currency, month, amount, base_amount, count
), sums AS (
    INSERT INTO finance_ledgertally (book_id, account_id, currency, month, amount, base_amount, count)
    SELECT book_id, account_id, currency, month, sum(amount), sum(base_amount), sum(count)
    FROM gone GROUP BY 1, 2, 3, 4
    RETURNING 1
)
SELECT count(*) FROM gone
"""


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account holds in one currency; debit is positive, ``legs`` counts what made it."""

    account: str
    currency: str
    amount: Decimal
    base_amount: Decimal
    legs: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account's balance and what is left over per currency and in base: nothing, by law."""

    through: date | None
    rows: list[Balance]
    left: dict[str, Decimal]
    left_base: Decimal

    @property
    def is_zero(self) -> bool:
        """Say whether the books balance."""
        return not self.left_base and not any(self.left.values())


def fold(*, limit: int = 10_000) -> int:
    """Fold up to ``limit`` signed rows; returns how many went. Nobody waits for it and no sum changes."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLD, [limit])
        return int(cursor.fetchone()[0])


def balances(*, book: Book, through: date | None = None, accounts: set[str] | None = None) -> list[Balance]:
    """Return what accounts hold at the end of a day (now when not given), in order of code and currency.

    Whole months come from the tally, the days of the last one from its postings. A balance of nothing that
    something made is in it too.
    """
    wanted = Q(book=book) if accounts is None else Q(book=book, account__in=accounts)
    tallies = LedgerTally.objects.filter(wanted)
    if through is not None:
        tallies = tallies.filter(month__lt=through.replace(day=1))
    held: dict[tuple[str, str], tuple[Decimal, Decimal, int]] = {}
    sums = tallies.values_list("account", "currency").annotate(
        Sum("amount"), Sum("base_amount"), Sum("count")
    )
    rows = list(sums)
    if through is not None:
        rows += _days(book, through, accounts)
    for account, currency, amount, base, legs in rows:
        before = held.get((account, currency), (Decimal(0), Decimal(0), 0))
        held[account, currency] = (before[0] + amount, before[1] + base, before[2] + legs)
    return [
        Balance(account, currency, amount, base, legs)
        for (account, currency), (amount, base, legs) in sorted(held.items())
    ]


_DAYS = """
SELECT p.account_id, p.currency, sum(p.amount), sum(p.base_amount), count(*)
FROM finance_journal j JOIN finance_posting p ON p.journal_id = j.id
WHERE j.book_id = %s AND j.effective_on BETWEEN %s AND %s AND (%s::text[] IS NULL OR p.account_id = ANY (%s))
GROUP BY 1, 2
"""


def _days(
    book: Book, through: date, accounts: set[str] | None
) -> list[tuple[str, str, Decimal, Decimal, int]]:
    codes = None if accounts is None else sorted(accounts)
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, [book.pk, through.replace(day=1), through, codes, codes])
        return list(cursor.fetchall())


def trial_balance(*, book: Book, through: date | None = None) -> TrialBalance:
    """Return every balance of a book and what they leave over in sum."""
    rows = balances(book=book, through=through)
    left: dict[str, Decimal] = {}
    for row in rows:
        left[row.currency] = left.get(row.currency, Decimal(0)) + row.amount
    return TrialBalance(
        through=through,
        rows=rows,
        left=left,
        left_base=sum((row.base_amount for row in rows), Decimal(0)),
    )
