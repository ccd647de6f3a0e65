"""Money: an amount of ``Decimal`` and an ISO 4217 currency that never mix and never float.

Amounts are rounded half up at the currency's smallest unit (documents, taxes, conversions); what is shared
out is shared by the largest remainder, so that the parts add up to the whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from fractions import Fraction
from functools import cache
from typing import Self

from babel.core import get_global
from babel.numbers import get_currency_precision, list_currencies
from iso4217 import Currency

_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
"""Wide enough for an amount times a rate; a thread's own context decides nothing here."""


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum."""


class NotMoney(ValueError):
    """A text is not an amount, or a code is not a currency."""


@cache
def _in_use() -> dict[str, int | None]:
    """Return the currencies of ISO 4217 with their decimals; ``None`` where it has none, as for gold."""
    return {currency.code: currency.exponent for currency in Currency}


@cache
def known_currencies() -> frozenset[str]:
    """Return every ISO 4217 code the hub accepts, those of former currencies too."""
    return frozenset(code for code in list_currencies() if len(code) == 3) | frozenset(_in_use())


@cache
def exponent(currency: str) -> int:
    """Return the number of decimals of a currency: 0 for JPY, 2 for EUR, 3 for KWD (ISO 4217).

    Unicode's CLDR, which Babel reads, says how amounts are usually shown and differs for a dozen currencies;
    it is asked for former currencies only, which the list in force no longer names.
    """
    if currency not in known_currencies():
        raise NotMoney(f"unknown currency {currency!r}")
    stated = _in_use().get(currency)
    if stated is not None:
        return stated
    return get_currency_precision(currency) if currency in get_global("currency_fractions") else 2


def smallest_unit(currency: str) -> Decimal:
    """Return the smallest amount of a currency: 0.01 for EUR, 1 for JPY."""
    return Decimal(1).scaleb(-exponent(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return an amount in its currency's own decimals, halves away from zero."""
    return amount.quantize(smallest_unit(currency), context=_EXACT)


def converted(amount: Decimal, currency: str, *, multiply: Decimal, divide: Decimal = Decimal(1)) -> Decimal:
    """Return ``amount x multiply / divide`` rounded once, in the decimals of ``currency``, the target."""
    return rounded(_EXACT.divide(_EXACT.multiply(amount, multiply), divide), currency)


def allocated(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Share ``total`` by weights in whole smallest units; the parts add up to ``total`` exactly.

    The units that rounding down leaves go to the largest remainders, the earlier part first where two are
    equal. ``total`` may be negative. Raises ``NotMoney`` for a total finer than its currency, for a negative
    weight and where all weights are zero.
    """
    unit = smallest_unit(currency)
    if rounded(total, currency) != total:
        raise NotMoney(f"{total} is finer than {currency}")
    shares = [Fraction(weight) for weight in weights]
    whole = sum(shares, Fraction(0))
    if whole <= 0 or min(shares) < 0:
        raise NotMoney("shares need weights that are not negative and not all zero")
    units = int(abs(total) / unit)
    parts = [int(units * share / whole) for share in shares]
    rests = [units * share / whole - part for share, part in zip(shares, parts, strict=True)]
    order = sorted(range(len(parts)), key=lambda index: (-rests[index], index))
    for index in order[: units - sum(parts)]:
        parts[index] += 1
    sign = -1 if total < 0 else 1
    return [sign * part * unit for part in parts]


def parse_amount(text: str | int | Decimal) -> Decimal:
    """Turn a platform's amount text into ``Decimal``. Floats are refused because they already lost."""
    if isinstance(text, float):
        raise NotMoney("a float is no amount")
    try:
        amount = Decimal(text)
    except (InvalidOperation, TypeError) as error:
        raise NotMoney(f"{text!r} is not an amount") from error
    if not amount.is_finite():
        raise NotMoney(f"{text!r} is not an amount")
    return amount


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An immutable amount in one currency. Sums of different currencies raise ``CurrencyMismatch``."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise NotMoney("an amount is a Decimal")
        exponent(self.currency)

    def _same(self, other: Self) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not add")

    def __add__(self, other: Self) -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Self) -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: int | Decimal) -> "Money":
        return Money(self.amount * factor, self.currency)

    def rounded(self) -> "Money":
        """Return the amount in the currency's own decimals, halves away from zero."""
        return Money(rounded(self.amount, self.currency), self.currency)

    def __str__(self) -> str:
        return f"{self.rounded().amount} {self.currency}"


def zero(currency: str) -> Money:
    """Return nothing of a currency."""
    return Money(Decimal(0), currency)


def decimal_text(amount: Decimal, currency: str) -> str:
    """Return an amount as plain text for the API: at least the currency's decimals, no exponent."""
    held = rounded(amount, currency)
    return f"{held:f}" if held == amount else f"{amount.normalize():f}"
