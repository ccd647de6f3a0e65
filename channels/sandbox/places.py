"""Where the market trades: marketplaces with their currency and tax, and what a price is there."""

from dataclasses import dataclass

from ecomhub.money import exponent

# How many CNY a million units of a currency buy in this market; invented, and fixed for ever.
CNY_PER_MILLION = {
    "USD": 7_100_000, "CAD": 5_200_000, "MXN": 390_000, "GBP": 9_200_000, "EUR": 7_800_000, "SEK": 680_000,
    "PLN": 1_850_000, "JPY": 48_000, "AUD": 4_700_000, "INR": 84_000, "CNY": 1_000_000, "SGD": 5_300_000,
    "MYR": 1_600_000, "THB": 205_000, "PHP": 123_000, "VND": 280, "IDR": 440, "TWD": 220_000,
    "BRL": 1_300_000, "KRW": 5_200, "CLP": 7_500, "COP": 1_700,
}  # fmt: skip
# Currencies nobody writes decimals of, whatever ISO 4217 says.
WHOLE_UNITS = frozenset({"JPY", "KRW", "VND", "IDR", "TWD", "CLP", "COP", "THB"})


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One country site of a platform.

    ``tax`` is in basis points; ``marketplace_collects_tax`` says who owes it to the tax office;
    ``destinations`` are the countries parcels go to, with weights.
    """

    id: str
    country: str
    name: str
    currency: str
    tax: int
    marketplace_collects_tax: bool
    destinations: tuple[tuple[str, int], ...]


def decimals(currency: str) -> int:
    """Return the number of decimals of a currency (ISO 4217)."""
    return exponent(currency)


def amount_text(minor: int, currency: str) -> str:
    """Return an amount of minor units as plain text: ``1230`` USD is ``12.30``, JPY ``1230``."""
    places = decimals(currency)
    if places == 0:
        return str(minor)
    sign = "-" if minor < 0 else ""
    digits = str(abs(minor)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def shelf_price(*, cost_fen: int, markup_percent: int, currency: str) -> int:
    """Return a shelf price in minor units from a cost in fen: rounded the way shops like it (…99, …80)."""
    units_thousandths = cost_fen * markup_percent * 1_000_000 // (CNY_PER_MILLION[currency] * 10)
    whole = max(1, -(-units_thousandths // 1000))
    if currency == "JPY":
        return max(480, whole // 100 * 100 + 80)
    if currency == "INR":
        return max(199, whole // 50 * 50 + 49) * 100
    if currency in {"VND", "IDR", "KRW", "COP", "CLP"}:
        return max(9000, whole // 1000 * 1000 + 900) * int(10 ** decimals(currency))
    if currency in {"MXN", "SEK", "THB", "TWD"}:
        return max(59, whole // 10 * 10 + 9) * 100
    return whole * 100 + 99
