"""What platforms charge: published fees by marketplace, category and day, and what they make for an order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from channels.adapter import FeeHabits
from channels.registry import platforms
from channels.settlement_messages import Binding, LineKind
from ecomhub.money import rounded
from finance.models import Tariff
from finance.sources import registry

ANY = "*"
FULFILLMENT = "5210"
_EXPECTED = (Tariff.Base.CHARGES, Tariff.Base.TOTAL, Tariff.Base.UNITS, Tariff.Base.ORDERS)


@dataclass(frozen=True, slots=True)
class Sold:
    """The shipped part of an order line, with what fees are counted by; amounts in the order's currency."""

    category: str
    charges: Decimal
    tax: Decimal
    shipping: Decimal
    units: int


@dataclass(frozen=True, slots=True)
class Sale:
    """What of an order was shipped. ``shipped_on`` and ``sold_on`` are days in the book's zone."""

    platform: str
    marketplace: str
    currency: str
    parts: Sequence[Sold]
    shipped_on: date
    sold_on: date
    by_channel: bool = False
    abroad: bool = False


@dataclass(frozen=True, slots=True)
class Fee:
    """An expected fee, positive; ``tariff_id`` is the published row it comes from."""

    account: str
    amount: Decimal
    tariff_id: int | None


class FeeTable:
    """The published fees of some platforms, looked up without asking the database again."""

    def __init__(self, *, platforms: Iterable[str]) -> None:
        self._rows: dict[tuple[str, str], list[Tariff]] = {}
        rows = Tariff.objects.filter(platform__in=set(platforms), account__isnull=False, base__in=_EXPECTED)
        for row in rows.order_by("-valid_from", "pk"):
            self._rows.setdefault((row.platform, row.fee), []).append(row)

    def fees(self, sale: Sale) -> list[Fee]:
        """Return what a platform will take of a sale; nothing where no tariff is known."""
        found: list[Fee] = []
        habits = habits_of(sale.platform)
        for (platform, name), rows in sorted(self._rows.items()):
            if platform != sale.platform or (name in habits.abroad and not sale.abroad):
                continue
            found += self._of(rows, sale)
        shipping = sum((part.shipping for part in sale.parts), Decimal(0))
        if habits.takes_shipping and shipping and (habits.ships == "all" or sale.by_channel):
            found.append(Fee(habits.takes_shipping, shipping, None))
        return found

    def _of(self, rows: Sequence[Tariff], sale: Sale) -> list[Fee]:
        sums: dict[int, Decimal] = {}
        used: dict[int, Tariff] = {}
        for part in sale.parts:
            row = _row(rows, sale, part)
            if row is None or part.units <= 0:
                continue
            used[row.pk] = row
            sums[row.pk] = sums.get(row.pk, Decimal(0)) + _share(row, part, sale.currency)
        fees = []
        for place, (pk, amount) in enumerate(sorted(sums.items())):
            row = used[pk]
            once = row.fixed if place == 0 and row.base != Tariff.Base.UNITS else Decimal(0)
            total = rounded(amount + once, sale.currency)
            if total and row.account_id is not None:
                fees.append(Fee(row.account_id, total, pk))
        return fees


def _row(rows: Sequence[Tariff], sale: Sale, part: Sold) -> Tariff | None:
    """Return the row that holds: the category's own before the one for all, the newest first."""
    day = sale.shipped_on if habits_of(sale.platform).day == "shipped" else sale.sold_on
    fitting = [
        row
        for row in rows
        if row.currency == sale.currency
        and row.marketplace in (sale.marketplace, ANY)
        and row.category in (part.category, ANY)
        and row.valid_from <= day
        and (row.valid_until is None or day < row.valid_until)
        and row.above <= _base(row, part)
        and (row.up_to is None or _base(row, part) < row.up_to)
        and (sale.by_channel or row.account_id != FULFILLMENT)
    ]
    fitting.sort(key=lambda row: (row.category == ANY, row.marketplace == ANY))
    return fitting[0] if fitting else None


def _base(row: Tariff, part: Sold) -> Decimal:
    if row.base == Tariff.Base.UNITS:
        return Decimal(part.units)
    return part.charges + part.tax if row.base == Tariff.Base.TOTAL else part.charges


def _share(row: Tariff, part: Sold, currency: str) -> Decimal:
    if row.base == Tariff.Base.UNITS:
        return Decimal(row.fixed * part.units)
    base = max(_base(row, part), Decimal(0))
    share = rounded(base * row.percent / 100, currency)
    return max(share, row.minimum) if base else Decimal(0)


def habits_of(key: str) -> FeeHabits:
    """Return how a platform charges; what is usual for a shop that no adapter speaks for."""
    found = platforms().get(key)
    return FeeHabits() if found is None else found.fee_habits


@cache
def _accounts() -> Mapping[tuple[str, str], str]:
    """Return the account each platform's order-bound fee words are booked to, by (platform, word)."""
    found: dict[tuple[str, str], str] = {}
    for source in registry.sources().values():
        for rule in source.rules:
            if rule.binding is Binding.ORDER and rule.kind is LineKind.FEE:
                for word in rule.types:
                    if word not in ("", ANY):
                        found.setdefault((source.platform, _folded(word)), rule.account)
    return found


def account_of(*, platform: str, fee: str) -> str | None:
    """Return the account that lines with a platform's fee word are booked to when they belong to an order.

    ``None`` for what the hub does not know or what no order pays, such as a subscription.
    """
    return _accounts().get((platform, _folded(fee)))


def _folded(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())
