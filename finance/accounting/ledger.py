"""Writing the ledger: entries that balance, happen once, and never change.

Two roads lead into it, and the same database rules stand at the end of both.

``post`` writes one small entry from legs. ``reverse`` writes the opposite of one.

The set-wise road is for thousands of legs: inside one transaction, ``open_journal`` (or an ``INSERT`` into
``finance_journal`` with ``ON CONFLICT (book_id, key) DO NOTHING``) and then raw ``INSERT INTO
finance_posting ... SELECT``, with ``refusals()`` around both. What the database asks of it:

* Give ``book_id, effective_on, kind, key, memo, actor`` (and ``reverses_id``); ``transaction`` and
  ``recorded_at`` are set by a trigger, whatever is given.
* **Each INSERT statement balances in itself**, per journal: amounts per currency, and base amounts in total.
  Both legs of a line belong into one statement; a journal may take any number of such statements, but only
  in the transaction that made it, and has two legs or more when that commits.
* ``account_id`` is the account's code. ``component`` is '' and ``turn`` 0 unless said otherwise; both have
  to be given, as every NOT NULL column.
* ``base_amount`` is ``round(amount * rate.multiply / rate.divide, exponent)`` with a rate of
  ``finance.accounting.fx.rates_for`` and the exponent of the book's currency (Postgres rounds numerics half
  away from zero, as the hub does); in the book's own currency it equals the amount and ``rate_id`` is NULL.
  A leg in another currency with an amount has a ``rate_id``.
* An amount has no more decimals than its currency (table ``finance_currency``).
* ``effective_on`` is on or after ``book.opens_on`` and after ``book.locked_through``:
  ``finance.accounting.books.open_day`` gives the day a fact goes to.

``finance_ledgertally`` is kept by the trigger and is nobody else's.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, connection, transaction

from ecomhub.money import rounded
from finance.models.ledger import Book, Journal, Posting


class LedgerRefused(Exception):
    """The ledger wrote nothing. ``code`` names why, the text says it in words."""

    code = "refused"


class NotBalanced(LedgerRefused):
    """The legs do not add up to zero, per currency or in base currency, or there are fewer than two."""

    code = "not_balanced"


class WrongAmount(LedgerRefused):
    """An amount is finer than its currency, unlike its base amount, or without its rate."""

    code = "wrong_amount"


class PeriodClosed(LedgerRefused):
    """The day is before the book's first or in a closed period."""

    code = "period_closed"


class JournalComplete(LedgerRefused):
    """An entry takes legs only in the transaction that made it."""

    code = "journal_complete"


class KeyTaken(LedgerRefused):
    """The key stands for another entry."""

    code = "key_taken"


class AlreadyReversed(LedgerRefused):
    """An entry is reversed at most once."""

    code = "already_reversed"


_RULES: dict[str, type[LedgerRefused]] = {
    "journal_period_open": PeriodClosed,
    "journal_has_legs": NotBalanced,
    "posting_balances": NotBalanced,
    "posting_is_not_nothing": WrongAmount,
    "posting_decimals": WrongAmount,
    "posting_base_is_amount": WrongAmount,
    "posting_has_rate": WrongAmount,
    "posting_in_its_transaction": JournalComplete,
    "finance_journal_reverses_id_key": AlreadyReversed,
}


@contextmanager
def refusals() -> Iterator[None]:
    """Say the database's refusals in the ledger's words; other errors pass as they are."""
    try:
        yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        rule = _RULES.get(getattr(diagnosis, "constraint_name", None) or "")
        if rule is None:
            raise
        raise rule(str(error).partition("\n")[0]) from error


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of an entry; debit is positive. The keys name whose money it is, where the account asks."""

    account: str
    currency: str
    amount: Decimal
    base_amount: Decimal
    rate_id: int | None = None
    component: str = ""
    shop_id: int | None = None
    order_id: int | None = None
    settlement_id: int | None = None
    payout_id: int | None = None
    money_account_id: int | None = None
    sku_id: int | None = None
    line_id: int | None = None
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry of the ledger; ``is_new`` says whether it was written now or had been before."""

    journal_id: int
    is_new: bool


_COLUMNS = (
    "account_id",
    "currency",
    "amount",
    "base_amount",
    "rate_id",
    "component",
    "shop_id",
    "order_id",
    "settlement_id",
    "payout_id",
    "money_account_id",
    "sku_id",
    "line_id",
    "turn",
)
_TYPES = {
    "account_id": "text",
    "currency": "text",
    "component": "text",
    "amount": "numeric",
    "base_amount": "numeric",
    "turn": "int",
}
_NAMES = ", ".join(_COLUMNS)

_OPEN = """
INSERT INTO finance_journal (book_id, effective_on, kind, key, reverses_id, memo, actor)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (book_id, key) DO NOTHING RETURNING id
"""
_LEGS = f"""
INSERT INTO finance_posting (journal_id, {_NAMES})
SELECT %s, legs.* FROM unnest({", ".join(f"%s::{_TYPES.get(name, 'bigint')}[]" for name in _COLUMNS)}) AS legs
"""  # noqa: S608
_REVERSE = """
INSERT INTO finance_posting (journal_id, account_id, currency, amount, base_amount, rate_id, component,
    shop_id, order_id, settlement_id, payout_id, money_account_id, sku_id, line_id, turn)
SELECT %(journal)s, account_id, currency, -amount, -base_amount, rate_id, component,
    shop_id, order_id, settlement_id, payout_id, money_account_id, sku_id, line_id,
    CASE WHEN line_id IS NULL THEN turn
         ELSE (SELECT max(o.turn) + 1 FROM finance_posting o WHERE o.line_id = p.line_id) END
FROM finance_posting p WHERE journal_id = %(reversed)s ORDER BY id
"""


def open_journal(
    *,
    book: Book,
    effective_on: date,
    kind: str,
    key: str,
    memo: str = "",
    actor: str = "system",
    reverses: int | None = None,
) -> int | None:
    """Begin an entry and return its number; ``None`` when the book has its key already.

    The caller's transaction gives it legs. Two callers with one key at the same time: the second waits for
    the first and gets ``None``. Raises ``PeriodClosed``, ``AlreadyReversed``.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an entry and its legs belong into one transaction")
    with refusals(), connection.cursor() as cursor:
        cursor.execute(_OPEN, [book.pk, effective_on, str(kind), key, reverses, memo[:200], actor])
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def post(
    *,
    book: Book,
    effective_on: date,
    kind: str,
    key: str,
    legs: Sequence[Leg],
    memo: str = "",
    actor: str = "system",
) -> Posted:
    """Write one entry, once: the same key with the same legs again changes nothing.

    That holds also when its period was closed since. Raises ``NotBalanced``, ``WrongAmount``,
    ``PeriodClosed``, and ``KeyTaken`` when the key stands for other legs.
    """
    _check(legs=legs)
    with transaction.atomic():
        journal_id = open_journal(
            book=book, effective_on=effective_on, kind=kind, key=key, memo=memo, actor=actor
        )
        if journal_id is not None:
            add_legs(journal_id=journal_id, legs=legs)
            return Posted(journal_id, is_new=True)
        held = Journal.objects.get(book=book, key=key)
    if _held_legs(held.pk) != Counter(legs):
        raise KeyTaken(f"{key!r} stands for another entry, of {held.effective_on}")
    return Posted(held.pk, is_new=False)


def add_legs(*, journal_id: int, legs: Sequence[Leg]) -> None:
    """Give an entry of this transaction legs, in one statement that balances in itself."""
    names = [field.name for field in fields(Leg)]
    with refusals(), connection.cursor() as cursor:
        cursor.execute(_LEGS, [journal_id, *([getattr(leg, name) for leg in legs] for name in names)])


def reverse(
    *,
    journal_id: int,
    effective_on: date,
    key: str,
    memo: str = "",
    actor: str = "system",
    kind: str = Journal.Kind.REVERSAL,
) -> Posted:
    """Write the opposite of an entry, leg by leg, on a day of its own; at most once per entry.

    Settlement lines it booked are free to be booked again: the next leg of a line takes the turn after the
    reversal's. Raises ``AlreadyReversed``, ``PeriodClosed``.
    """
    with transaction.atomic():
        reversed_ = Journal.objects.select_related("book").get(pk=journal_id)
        reversal = open_journal(
            book=reversed_.book,
            effective_on=effective_on,
            kind=kind,
            key=key,
            memo=memo,
            actor=actor,
            reverses=journal_id,
        )
        if reversal is None:
            held = Journal.objects.get(book=reversed_.book, key=key)
            if held.reverses_id != journal_id:
                raise KeyTaken(f"{key!r} stands for another entry")
            return Posted(held.pk, is_new=False)
        with refusals(), connection.cursor() as cursor:
            cursor.execute(_REVERSE, {"journal": reversal, "reversed": journal_id})
    return Posted(reversal, is_new=True)


def _check(*, legs: Sequence[Leg]) -> None:
    """Refuse in words what the database would refuse without knowing which leg was meant."""
    if len(legs) < 2:
        raise NotBalanced("an entry has two legs or more")
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    base = Decimal(0)
    for leg in legs:
        if rounded(leg.amount, leg.currency) != leg.amount:
            raise WrongAmount(f"{leg.account}: {leg.amount} has more decimals than {leg.currency}")
        amounts[leg.currency] += leg.amount
        base += leg.base_amount
    left = {currency: amount for currency, amount in amounts.items() if amount}
    if left or base:
        raise NotBalanced(f"the legs do not balance: {left or base} is left over")


def _held_legs(journal_id: int) -> Counter[Leg]:
    rows = Posting.objects.filter(journal=journal_id).values_list(*_COLUMNS)
    return Counter(Leg(*row) for row in rows)
