"""Money: an amount of ``Decimal`` and an ISO 4217 currency that never mix and never float."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import cache
from typing import Self

from babel.core import get_global
from babel.numbers import get_currency_precision, list_currencies


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum."""


class NotMoney(ValueError):
    """A text is not an amount, or a code is not a currency."""


@cache
def known_currencies() -> frozenset[str]:
    """Return every ISO 4217 code the hub accepts."""
    return frozenset(code for code in list_currencies() if len(code) == 3)


@cache
def exponent(currency: str) -> int:
    """Return the number of decimals of a currency: 0 for JPY, 2 for EUR, 3 for KWD (ISO 4217)."""
    if currency not in known_currencies():
        raise NotMoney(f"unknown currency {currency!r}")
    fractions = get_global("currency_fractions")
    return get_currency_precision(currency) if currency in fractions else 2


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
        """Return the amount in the currency's own decimals, halves to even."""
        step = Decimal(1).scaleb(-exponent(self.currency))
        return Money(self.amount.quantize(step, rounding=ROUND_HALF_EVEN), self.currency)

    def __str__(self) -> str:
        return f"{self.rounded().amount} {self.currency}"


def zero(currency: str) -> Money:
    """Return nothing of a currency."""
    return Money(Decimal(0), currency)


def decimal_text(amount: Decimal, currency: str) -> str:
    """Return an amount as plain text for the API: at least the currency's decimals, no exponent."""
    step = Decimal(1).scaleb(-exponent(currency))
    rounded = amount.quantize(step)
    return f"{rounded:f}" if rounded == amount else f"{amount.normalize():f}"
