"""What a report is: columns, one query for its rows and another one for the sums they have to add up to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Cells(Enum):
    """What a column's cells are."""

    TEXT = "text"
    """Words from anywhere, order numbers too: always text, never a formula."""
    CODE = "code"
    """Words of ours that need no care: currencies, account codes, keys of a fixed set."""
    AMOUNT = "amount"
    NUMBER = "number"
    DAY = "day"
    INSTANT = "instant"


class Column(NamedTuple):
    """One column. ``currency`` is the key of the column that an amount's totals go by; empty: no totals.

    ``words`` shows stored values as a person reads them.
    """

    key: str
    title: Any
    cells: Cells = Cells.TEXT
    currency: str = ""
    words: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: a book's facts of some days, of some accounts or settlements, in one zone."""

    zone: str
    is_chinese: bool = False
    book: int | None = None
    accounts: Sequence[int] = ()
    settlements: Sequence[int] = ()
    currencies: Sequence[str] = ()
    states: Sequence[str] = ()
    since: date | None = None
    through: date | None = None

    def given(self) -> dict[str, Any]:
        """Return what the queries name."""
        return {
            "zone": self.zone,
            "chinese": self.is_chinese,
            "book": self.book,
            "accounts": list(self.accounts) or None,
            "settlements": list(self.settlements) or None,
            "currencies": list(self.currencies) or None,
            "states": list(self.states) or None,
            "since": self.since,
            "through": self.through,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """One kind of report.

    ``rows`` is SQL that returns the columns in their order. ``control`` is SQL of its own, as the pages ask:
    ``rows`` (how many, or null where that is another count) and, by name, the currency and the sum of every
    column that has totals. A report that needs a book or a day says so in ``needs``.
    """

    kind: str
    title: Any
    columns: tuple[Column, ...]
    rows: str
    control: str
    needs: tuple[str, ...] = ()

    @property
    def totaled(self) -> list[Column]:
        """Return the columns that have totals."""
        return [column for column in self.columns if column.currency]


BOOK = "(%(book)s::bigint IS NULL OR {0} = %(book)s::bigint)"
ACCOUNTS = "(%(accounts)s::bigint[] IS NULL OR {0} = ANY (%(accounts)s::bigint[]))"
SETTLEMENTS = "(%(settlements)s::bigint[] IS NULL OR {0} = ANY (%(settlements)s::bigint[]))"
CURRENCIES = "(%(currencies)s::text[] IS NULL OR {0} = ANY (%(currencies)s::text[]))"
STATES = "(%(states)s::text[] IS NULL OR {0} = ANY (%(states)s::text[]))"
DAYS = (
    "(%(since)s::date IS NULL OR {0} >= %(since)s::date) "
    "AND (%(through)s::date IS NULL OR {0} <= %(through)s::date)"
)
ACCOUNT_NAME = "CASE WHEN %(chinese)s THEN {0}.name_zh ELSE {0}.name END"


def money(amount: str, currency: str) -> str:
    """Return SQL that shows an amount in its currency's decimals, or in all it has where it has more.

    ``currency`` is the alias of its row of ``finance_currency``.
    """
    return f"round({amount}, greatest(coalesce({currency}.exponent, 2), min_scale({amount})))"


def local(instant: str) -> str:
    """Return SQL that shows an instant in the report's zone."""
    return f"date_trunc('second', {instant} AT TIME ZONE %(zone)s)"


CURRENCY = Column("currency", _("Currency"), Cells.CODE)
