"""Money as platforms, wallets and banks state it, and what a reader of such files declares: no models.

A source turns the bytes of one document into ``Statement`` and ``MoneyLine`` values, in any order and as a
stream. Amounts are signed from the seller's side: what raises the balance is positive. Nothing is dropped,
summed or repaired while reading; what a document says twice comes out twice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import BinaryIO, NamedTuple

from django.utils.functional import Promise


class Holder(StrEnum):
    """Who keeps the money a document speaks of."""

    CHANNEL = "channel"
    WALLET = "wallet"
    BANK = "bank"


class LineKind(StrEnum):
    """Our reading of a line; the source's own type words are kept beside it."""

    CHARGE = "charge"
    FEE = "fee"
    TAX = "tax"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"
    RESERVE = "reserve"
    TRANSFER = "transfer"


class StatementUnreadable(Exception):
    """A document cannot be read as what it looks like; nothing of it was used.

    ``reason`` is a translated sentence for a person that says what to do next.
    """

    def __init__(self, reason: str, *, row: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.row = row


@dataclass(frozen=True, slots=True)
class Statement:
    """What a document states about one settlement.

    ``total`` is the sum the lines must have: the deposit where the source names one, the closing less the
    opening balance for a wallet or bank, ``None`` where the source states nothing. ``pays`` is ``False``
    for money that is only announced (a payout not yet paid, a deferred transaction): kept, never posted.
    ``payout_id`` is what the next account in the chain may quote.
    """

    settlement_id: str
    currency: str
    total: Decimal | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    deposited_at: datetime | None = None
    opening: Decimal | None = None
    closing: Decimal | None = None
    payout_id: str = ""
    payout_amount: Decimal | None = None
    payout_currency: str = ""
    platform_status: str = ""
    pays: bool = True


class MoneyLine(NamedTuple):
    """One amount of a settlement, as its document has it.

    ``row`` counts the document's own rows or records from 1, so that a person finds it again; several
    amounts of one row share it. ``types`` are the platform's own type fields, verbatim, empty text where
    there is none. ``order_id`` is the platform's, ``line_id`` its order line, ``reference`` whatever else
    ties the line to other money (a payout, a conversion pair, a bank's trace id). ``running`` is the
    balance after the line where the source states one.
    """

    settlement_id: str
    currency: str
    row: int
    types: tuple[str, str, str]
    amount: Decimal
    posted_at: datetime
    order_id: str = ""
    line_id: str = ""
    sku: str = ""
    quantity: int = 0
    reference: str = ""
    marketplace: str = ""
    note: str = ""
    running: Decimal | None = None


class Binding(StrEnum):
    """What a type of line belongs to: decides against which account its clearing leg stands."""

    ORDER = "order"
    ACCOUNT = "account"
    PAYOUT = "payout"
    CARRY = "carry"


class Reserve(StrEnum):
    """How a line speaks of what a holder keeps back, where it states the whole of it.

    ``STATED`` takes all that is kept back when its settlement ends; ``RETURNED`` gives back all that the
    settlement before stated.
    """

    STATED = "stated"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class TypeRule:
    """Which account a type of line belongs to; ``*`` in ``types`` stands for anything.

    The first rule that fits wins, so exceptions stand before what is general. ``account`` is a code of the
    account plan (``finance.plan``). ``Binding.ORDER`` lines settle what their order was expected to bring;
    one without an order falls back to its account. ``PAYOUT`` lines are the money that leaves for the next
    account in the chain, ``CARRY`` lines bring an earlier settlement's balance. ``reserve`` marks the lines
    that state a reserve as a whole; one of kind ``RESERVE`` without it is a single hold or release.
    ``gives_back`` is the account of the part of the sale that a refund is of, where its words tell it.
    """

    types: tuple[str, str, str]
    kind: LineKind
    account: str
    binding: Binding = Binding.ACCOUNT
    reserve: Reserve | None = None
    gives_back: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a source may look at to say whether a document is its own: name, size and the first bytes."""

    name: str
    head: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What the hub knows about the account a document is for; a source uses it only where content is silent.

    ``name`` is the document's file name, ``time_zone`` an IANA name, ``currency`` ISO 4217 or empty,
    ``layout`` a remembered layout of a person's own (JSON text) for mapped sheets.
    """

    name: str
    account: str
    time_zone: str = "UTC"
    currency: str = ""
    layout: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of money document. Found as ``SOURCES`` (a tuple) in ``finance/sources/<name>.py`` and in
    ``channels/platforms/<platform>/settlements`` (module or package).

    ``platform`` is the key of the platform or the wallet's provider, empty for what any holder may send.
    ``recognizes`` decides by content, never by extension. ``read`` streams a seekable binary file in
    bounded memory and raises ``StatementUnreadable``. ``is_evidence`` documents repeat money that another
    source posts: they are compared and never posted. Those that ``announce`` tell of single transactions,
    some of them held back: each is a statement whose ``platform_status`` says whether it is DEFERRED, came
    free later (DEFERRED_RELEASED) or is free (RELEASED); ``deposited_at`` is then when it is to come free,
    and a line's ``reference`` the number of the deferred transaction this one releases, or of its release.
    ``numbered_by`` names the field of a line (``reference``, ``line_id``) that bears the holder's own number
    of the movement, where each has one: two statements that tell the same number tell the same money.
    """

    key: str
    title: str | Promise
    holder: Holder
    platform: str
    recognizes: Callable[[Sample], bool]
    read: Callable[[BinaryIO, Reading], Iterator[Statement | MoneyLine]]
    rules: tuple[TypeRule, ...] = ()
    is_evidence: bool = False
    announces: bool = False
    numbered_by: str = ""
