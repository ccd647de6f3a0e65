"""The sellers' bank: what platforms paid out arrives there one to three working days later.

All sellers are one company and share its accounts, one per currency of ``CURRENCIES``; a newcomer, who waits,
has accounts of its own. Money in another currency is changed into ``HOME`` at the day's price less the bank's
share. Nothing is stored: a payout follows from its statement, which never changes, and from the seed.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING
from zlib import crc32

from channels.sandbox.goods import stream
from channels.sandbox.market_clock import instant
from channels.sandbox.money_parity import worth
from channels.sandbox.money_statements import Statement, close_due, read_statement
from channels.sandbox.places import CNY_PER_MILLION, amount_text, decimals
from channels.sandbox.sellers import Seller

if TYPE_CHECKING:
    from channels.sandbox.world import World

NAME = "Harbor Bank"
HOME = "USD"
CURRENCIES = (HOME, "EUR", "GBP", "JPY", "SGD")
RECEIPT, CHANGED, CHARGE = "receipt", "changed", "charge"
_LATEST = 3
_SHARE_OF_CHANGE = 40
"""What the bank keeps of money it changes, of ten thousand."""
_FEE_FEN = 3000
"""What an account costs a month, in fen."""
_CENT_LOST = 0.06
"""How often a bank on the way rounds a cent off."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement of an account, in its minor units. ``reference`` is the bank's own number of it.

    ``trace`` is what the payer calls it; of changed money ``original`` says what was sent, in plain text.
    """

    day: date
    kind: str
    amount: int
    reference: str
    payer: str = ""
    trace: str = ""
    text: str = ""
    original: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class DayStatement:
    """What moved in an account on one day that is over; statements are numbered from 1."""

    number: int
    day: date
    opening: int
    entries: tuple[Entry, ...]

    @property
    def closing(self) -> int:
        """The balance behind the last entry."""
        return self.opening + sum(each.amount for each in self.entries)


@dataclass(frozen=True, slots=True)
class Account:
    """An account with its statements, the oldest first."""

    number: str
    currency: str
    statements: tuple[DayStatement, ...]

    @property
    def balance(self) -> int:
        """What is there by the last statement."""
        return self.statements[-1].closing if self.statements else 0


def accounts(world: "World", seller: Seller) -> list[Account]:
    """Return the accounts into which a seller is paid, those where anything moved."""
    owners = _company(world, seller)
    entries: defaultdict[str, list[Entry]] = defaultdict(list)
    for owner in owners:
        for currency, entry in _arrivals(world, owner):
            entries[currency].append(entry)
    suffix = f"{crc32(seller.name.encode()) % 9000 + 1000}" if seller.plan.waits else "0420"
    today = world.now.date()
    found = []
    for currency in CURRENCIES:
        number = f"7310-{currency}-{suffix}"
        moved = [each for each in entries[currency] if each.day < today]
        moved += _charges(number, currency, moved, today)
        if moved:
            found.append(Account(number, currency, _by_day(moved)))
    return found


def _company(world: "World", seller: Seller) -> list[Seller]:
    if seller.plan.waits:
        return [seller]
    return sorted(
        (each for each in world.sellers.values() if not each.plan.waits), key=lambda each: each.name
    )


def _by_day(entries: Sequence[Entry]) -> tuple[DayStatement, ...]:
    found: list[DayStatement] = []
    balance = 0
    ordered = sorted(entries, key=lambda each: (each.day, each.kind == CHARGE, each.reference))
    for day, group in groupby(ordered, key=lambda each: each.day):
        found.append(DayStatement(len(found) + 1, day, balance, tuple(group)))
        balance = found[-1].closing
    return tuple(found)


def _paid(world: "World", seller: Seller) -> Iterator[Statement]:
    """Yield what a seller was paid; what was issued again was paid as the last issue says."""
    close_due(world, seller)
    rows = world.db.execute("select * from statements where seller = ? order by id", (seller.name,))
    last = {each.number: each for each in map(read_statement, rows.fetchall())}
    yield from (each for each in last.values() if each.total > 0)


def _arrivals(world: "World", seller: Seller) -> Iterator[tuple[str, Entry]]:
    rules = world.dialect(seller).money
    if rules is None or rules.payment is None:
        return
    for statement in _paid(world, seller):
        payment = rules.payment(statement)
        chance = stream(world.seed, "bank", seller.name, statement.place, statement.ends)
        day = working_days_after(instant(payment.sent).date(), chance.randint(1, _LATEST))
        amount, currency = statement.total, statement.currency
        reference = f"HB{day:%y%m%d}{crc32(f'{seller.name}{statement.number}'.encode()) % 10**8:08d}"
        if currency in CURRENCIES:
            amount -= int(chance.random() < _CENT_LOST and amount > decimals(currency))
            text = f"{payment.text} {payment.trace}"
            yield currency, Entry(day, RECEIPT, amount, reference, payment.payer, payment.trace, text)
            continue
        sent = f"{currency} {amount_text(amount, currency)}"
        text = f"{payment.text} {payment.number} {sent}"
        changed = change(amount, currency=currency, day=day)
        if changed:
            original = (currency, amount_text(amount, currency))
            yield HOME, Entry(day, CHANGED, changed, reference, payment.payer, payment.number, text, original)


def working_days_after(day: date, number: int) -> date:
    """Return the day that so many working days follow."""
    while number:
        day += timedelta(days=1)
        number -= day.weekday() < 5
    return day


def change(amount: int, *, currency: str, day: date) -> int:
    """Return what minor units of a currency become in ``HOME``, less the bank's share."""
    price = worth(currency, day) * 10 ** decimals(HOME) * (10_000 - _SHARE_OF_CHANGE)
    return int(amount * price // (worth(HOME, day) * 10 ** decimals(currency) * 10_000))


def _charges(number: str, currency: str, moved: Sequence[Entry], today: date) -> Iterator[Entry]:
    """Yield what the account costs on each month's last working day, from its first receipt on."""
    if not moved:
        return
    fee = _FEE_FEN * 10 ** decimals(currency) * 10_000 // CNY_PER_MILLION[currency]
    first = min(each.day for each in moved)
    month = first.replace(day=1)
    while month < today:
        month = (month + timedelta(days=31)).replace(day=1)
        last = month - timedelta(days=1)
        while last.weekday() > 4:
            last -= timedelta(days=1)
        if first <= last < today:
            mark = f"HB{last:%y%m%d}{crc32(number.encode()) % 10**8:08d}"
            yield Entry(last, CHARGE, -int(fee), mark, text=f"ACCOUNT FEE {last:%Y-%m}")
