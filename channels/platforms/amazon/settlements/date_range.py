"""The date range ("transaction") report: the same money as the settlements, so evidence and never posted.

Some lines of introduction come first, and only there the currency is named. Headings are in the language of
the marketplace. Names and addresses in it are not read.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.money_files.dates import DateStyle, date_order, read_date
from channels.money_files.numbers import NumberStyle, number_style, read_amount
from channels.money_files.tables import Heading, Row, fold, head_heading, open_table, require
from channels.money_files.zones import zone_of
from channels.platforms.amazon.settlements.date_range_words import AMOUNTS, OPTIONAL, REQUIRED
from channels.settlement_messages import (
    Holder,
    MoneyLine,
    Reading,
    Sample,
    Source,
    Statement,
    StatementUnreadable,
)
from ecomhub.money import known_currencies

_SAMPLE_ROWS = 5000
_CODE = re.compile(r"\b[A-Z]{3}\b")
_YEN = "円"
_REQUIRED_NAMES = tuple(frozenset(map(fold, names)) for names in REQUIRED.values())
_SALES = frozenset(map(fold, AMOUNTS["product sales"]))
_FEES = frozenset(map(fold, AMOUNTS["selling fees"]))


def _fits(names: frozenset[str]) -> bool:
    return all(names & wanted for wanted in (*_REQUIRED_NAMES, _SALES, _FEES))


def recognizes(sample: Sample) -> bool:
    """Say whether the headings are a date range report's in one of its languages."""
    return head_heading(sample.head, _fits) is not None


def read(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream a report: a line for every filled amount column, a statement for every settlement named.

    A row whose columns do not add up to its total gets a line with the difference, named as such.
    """
    numbers, dates, currency = _styles(file, reading)
    with open_table(file, _fits) as (heading, rows):
        columns = _Columns(heading)
        seen: set[str] = set()
        for row in rows:
            settlement = row[columns.places["settlement id"]]
            if settlement not in seen:
                seen.add(settlement)
                yield Statement(settlement_id=settlement, currency=currency, payout_id=settlement)
            yield from columns.lines(row, settlement, currency, numbers, dates)


def _styles(file: BinaryIO, reading: Reading) -> tuple[NumberStyle, DateStyle, str]:
    totals: list[str] = []
    days: list[str] = []
    with open_table(file, _fits) as (heading, rows):
        places = require(heading, REQUIRED)
        for row in rows:
            totals.append(row[places["total"]])
            days.append(row[places["date/time"]])
            if len(days) >= _SAMPLE_ROWS:
                break
    currency = _currency(heading) or reading.currency
    if not currency:
        raise StatementUnreadable(
            _("The report's introduction names no currency. Set the currency of the account and try again.")
        )
    zone = zone_of(reading.time_zone, reading.time_zone) or DateStyle().zone
    return number_style(totals, currency), DateStyle(date_order(days), zone, reading.time_zone), currency


def _currency(heading: Heading) -> str:
    """Return the currency that the introduction names."""
    for line in heading.preamble:
        for code in _CODE.findall(line):
            if code in known_currencies():
                return str(code)
        if _YEN in line:
            return "JPY"
    return ""


class _Columns:
    """Where the columns of one report stand."""

    def __init__(self, heading: Heading) -> None:
        self.places = require(heading, REQUIRED)
        by_name = heading.places
        for role, names in OPTIONAL.items():
            for name in names:
                if (place := by_name.get(fold(name))) is not None:
                    self.places.setdefault(role, place)
        self.amounts = {
            role: by_name[fold(name)]
            for role, names in AMOUNTS.items()
            for name in names
            if fold(name) in by_name
        }

    def lines(
        self, row: Row, settlement: str, currency: str, numbers: NumberStyle, dates: DateStyle
    ) -> Iterator[MoneyLine]:
        """Yield one row's amounts."""
        posted_at = read_date(row[self.places["date/time"]], dates, row=row.number, column="date/time")
        kind = row[self.places["type"]]
        quantity = row[self.places.get("quantity")]
        total = read_amount(row[self.places["total"]], numbers, row=row.number, column="total")
        whole = MoneyLine(
            settlement,
            currency,
            row.number,
            (kind, "", "total less its parts"),
            total,
            posted_at,
            order_id=row[self.places.get("order id")],
            sku=row[self.places.get("sku")],
            quantity=int(read_amount(quantity, numbers, row=row.number, column="quantity"))
            if quantity
            else 0,
            reference=row[self.places.get("transaction status")],
            marketplace=row[self.places.get("marketplace")],
            note=row[self.places.get("description")],
        )
        parts = Decimal(0)
        for role, place in self.amounts.items():
            if not row[place]:
                continue
            amount = read_amount(row[place], numbers, row=row.number, column=role)
            parts += amount
            if amount:
                yield whole._replace(types=(kind, "", role), amount=amount)
        if total != parts:
            yield whole._replace(amount=total - parts)


SOURCE = Source(
    key="amazon_date_range",
    title=gettext_lazy("Amazon date range report"),
    holder=Holder.CHANNEL,
    platform="amazon",
    recognizes=recognizes,
    read=read,
    is_evidence=True,
)
