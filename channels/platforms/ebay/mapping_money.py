"""The one currency of an order and the amounts in it."""

from collections.abc import Iterable
from decimal import Decimal

from channels.platforms.ebay.directory import MARKETPLACE_BY_ID
from channels.reading import Json, Unreadable, amount, child, currency

ZERO = Decimal(0)


class Purse:
    """The currency of an order, found on its first amount; a second one makes the order unreadable."""

    def __init__(self) -> None:
        self.currency = ""

    def take(self, value: Json, name: str, *, amount_key: str, currency_key: str) -> Decimal:
        """Return the amount of a money object."""
        found = amount(_spelled(value.get(amount_key)), name)
        code = currency(value.get(currency_key), f"the currency of {name}")
        if self.currency and code != self.currency:
            raise Unreadable(f"{name} is in {code}, the rest of the order in {self.currency}")
        self.currency = code
        return found

    def settle(self, marketplace: str) -> str:
        """Return the order's currency; an order without amounts has its marketplace's."""
        place = MARKETPLACE_BY_ID.get(marketplace)
        found = self.currency or (place.currency if place else "")
        if not found:
            raise Unreadable("the order names no currency")
        return found


def _spelled(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def money(purse: Purse, parent: Json, name: str) -> Decimal | None:
    """Return an amount of a REST answer, ``None`` when it is absent.

    ``value`` is in the order's currency. What the buyer paid in another one stands in ``convertedFrom…``,
    which is taken only where ``value`` is in a currency that is not the order's.
    """
    value = child(parent, name)
    if not value:
        return None
    turned = value.get("currency") != purse.currency and purse.currency != ""
    if turned and value.get("convertedFromCurrency") == purse.currency:
        keys = ("convertedFromValue", "convertedFromCurrency")
    else:
        keys = ("value", "currency")
    return purse.take(value, name, amount_key=keys[0], currency_key=keys[1])


def total_of(purse: Purse, parts: Iterable[Json], name: str) -> Decimal:
    """Return the sum of one amount of several objects."""
    return sum((money(purse, part, name) or ZERO for part in parts), ZERO)


def not_negative(value: Decimal | None, name: str) -> Decimal | None:
    """Return a price, which cannot be below zero."""
    if value is not None and value < 0:
        raise Unreadable(f"{name} is negative")
    return value
