"""Rates for the whole of that half year, as the ECB publishes them: on working days, against the euro."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from finance.accounting import rates
from tests.finance.world.market import BIRTH, DAYS

_PER_EURO = {
    "USD": "1.1{:02}", "JPY": "160.{:02}", "GBP": "0.85{:02}", "CAD": "1.5{:02}", "AUD": "1.65{:02}",
    "SEK": "11.2{:02}", "PLN": "4.3{:02}", "MXN": "20.1{:02}", "INR": "95.{:02}", "SGD": "1.45{:02}",
    "CNY": "8.0{:02}",
}  # fmt: skip


def published() -> None:
    """Import a file of the ECB's that reaches from a month before the market's birth to its present."""
    lines = [",".join(("Date", *_PER_EURO))]
    for number in range(-30, DAYS + 10):
        day = BIRTH + timedelta(days=number)
        if day.weekday() < 5:
            cells = (
                rate.format(7 * number * (place + 3) % 100) for place, rate in enumerate(_PER_EURO.values())
            )
            lines.append(",".join((f"{day:%Y-%m-%d}", *cells)))
    rates.import_rates(data="\n".join(lines).encode(), name="eurofxref.csv", source="ecb")
    rates.import_rates(data=_parity(lines), name="parity.csv", source="pboc")


def _parity(lines: list[str]) -> bytes:
    """The central parity of the same days: what each currency costs in yuan."""
    codes = [code for code in _PER_EURO if code != "CNY"]
    found = [",".join(("日期", "EUR/CNY", *(f"100{code}/CNY" for code in codes)))]
    for line in lines[1:]:
        day, *cells = line.split(",")
        per_euro = dict(zip(_PER_EURO, map(Decimal, cells), strict=True))
        yuan = per_euro["CNY"]
        prices = (f"{100 * yuan / per_euro[code]:.6f}" for code in codes)
        found.append(",".join((day, f"{yuan:.6f}", *prices)))
    return "\n".join(found).encode()
