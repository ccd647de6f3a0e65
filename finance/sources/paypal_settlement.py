"""PayPal's settlement report (STL): records with two letters in front, amounts in minor units.

Each section states its transactions' count and, per currency, its totals: both are held against the rows.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.money_files.dates import DateOrder, DateStyle, read_date
from channels.money_files.encodings import head_text, text_of
from channels.money_files.tables import fold
from channels.settlement_messages import (
    Binding,
    Holder,
    LineKind,
    MoneyLine,
    Reading,
    Sample,
    Source,
    Statement,
    StatementUnreadable,
    TypeRule,
)
from ecomhub.money import NotMoney, exponent
from finance.sources.paypal_words import FEE
from finance.sources.periods import account_zone, period_id

_NEEDED = (
    "transactioneventcode", "transactiondebitorcredit", "grosstransactionamount", "grosstransactioncurrency",
    "feedebitorcredit", "feeamount",
)  # fmt: skip
_SIGNS = {"CR": Decimal(1), "DR": Decimal(-1)}


def recognizes(sample: Sample) -> bool:
    """Say whether the document starts with the records of a settlement report."""
    text = head_text(sample.head).lstrip("\ufeff").replace('"', "")
    return text.startswith(("RH,", "RH\t")) and "Transaction Event Code" in text


def read(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream the sections. Raises ``StatementUnreadable`` when a count is wrong or the end is missing."""
    with text_of(file, newline="") as text:
        delimiter = "\t" if "\t" in text.readline() else ","
    with text_of(file, newline="") as text:
        try:
            yield from _Report(reading).records(csv.reader(text, delimiter=delimiter))
        except (csv.Error, UnicodeDecodeError) as error:
            raise _broken() from error


@dataclass(slots=True)
class _Section:
    """One section: the period of one account."""

    account: str
    starts_at: datetime
    ends_at: datetime
    days: tuple[datetime, datetime]
    rows: int = 0
    totals: dict[str, Decimal | None] = field(default_factory=dict)


class _Report:
    """Goes through the records of one report."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._dates = DateStyle(DateOrder.MONTH_FIRST, account_zone(reading), reading.time_zone)
        self._columns: dict[str, int] = {}
        self._section: _Section | None = None
        self._total_rows = 0
        self._is_ended = False

    def records(self, rows: Iterator[list[str]]) -> Iterator[Statement | MoneyLine]:
        """Yield lines, and the statements of each section at its end."""
        for number, cells in enumerate(rows, start=1):
            tag = cells[0].strip().lstrip("\ufeff") if cells else ""
            if tag == "SH":
                yield from self._close()
                self._open(number, cells)
            elif tag == "CH":
                self._columns = {fold(cell): place for place, cell in enumerate(cells)}
                self._check_columns(number)
            elif tag == "SB":
                yield from self._row(number, cells)
            elif tag == "SF" and self._section is not None:
                self._foot(number, cells)
            elif tag in ("SC", "RC"):
                self._count(number, cells, tag)
            elif tag == "FF":
                self._is_ended = True
        yield from self._close()
        if not self._is_ended:
            raise _broken()

    def _open(self, number: int, cells: list[str]) -> None:
        starts_at, ends_at = (
            read_date(cells[place], self._dates, row=number, column="SH") for place in (1, 2)
        )
        plain = [
            read_date(cells[place].split(" ")[0], DateStyle(DateOrder.MONTH_FIRST), row=number, column="SH")
            for place in (1, 2)
        ]
        account = cells[3].strip() if len(cells) > 3 else ""
        self._section = _Section(account or self._reading.account, starts_at, ends_at, (plain[0], plain[1]))

    def _check_columns(self, number: int) -> None:
        missing = [name for name in _NEEDED if name not in self._columns]
        if missing:
            raise StatementUnreadable(
                _("The report lacks the columns %(columns)s. Order it again with them.")
                % {"columns": ", ".join(missing)},
                row=number,
            )

    def _row(self, number: int, cells: list[str]) -> Iterator[MoneyLine]:
        section = self._section
        if section is None or not self._columns:
            raise _broken()
        section.rows += 1
        self._total_rows += 1
        currency = self._cell(cells, "grosstransactioncurrency")
        section.totals.setdefault(currency, None)
        code = self._cell(cells, "transactioneventcode")
        when = self._cell(cells, "transactioncompletiondate") or self._cell(
            cells, "transactioninitiationdate"
        )
        line = MoneyLine(
            self._settlement(section, currency),
            currency,
            number,
            (code[:3], code, ""),
            self._amount(number, cells, "grosstransactionamount", "transactiondebitorcredit", currency),
            read_date(when, self._dates, row=number, column="date"),
            order_id=self._cell(cells, "invoiceid"),
            line_id=self._cell(cells, "transactionid"),
            reference=self._cell(cells, "paypalreferenceid") or self._cell(cells, "transactionid"),
        )
        yield line
        fee_currency = self._cell(cells, "feecurrency") or currency
        if fee := self._amount(number, cells, "feeamount", "feedebitorcredit", fee_currency):
            section.totals.setdefault(fee_currency, None)
            yield line._replace(
                settlement_id=self._settlement(section, fee_currency),
                currency=fee_currency,
                types=(code[:3], code, FEE),
                amount=fee,
            )

    def _foot(self, number: int, cells: list[str]) -> None:
        """Take the totals of a currency: gross credits and debits, then fee credits and debits."""
        if self._section is None or len(cells) < 6:
            return
        currency = cells[1].strip()
        credit, debit, fee_credit, fee_debit = (_minor(cell, currency, number) for cell in cells[2:6])
        self._section.totals[currency] = credit - debit + fee_credit - fee_debit

    def _count(self, number: int, cells: list[str], tag: str) -> None:
        counted = self._total_rows if tag == "RC" else self._section.rows if self._section else 0
        stated = cells[1].strip() if len(cells) > 1 else ""
        if stated.isdigit() and int(stated) != counted:
            raise StatementUnreadable(
                _("The report says it has %(stated)s rows and has %(counted)s. Fetch it from PayPal again.")
                % {"stated": stated, "counted": counted},
                row=number,
            )

    def _close(self) -> Iterator[Statement]:
        section, self._section = self._section, None
        if section is None:
            return
        for currency, total in section.totals.items():
            yield Statement(
                settlement_id=self._settlement(section, currency),
                currency=currency,
                total=total,
                starts_at=section.starts_at,
                ends_at=section.ends_at,
            )

    def _settlement(self, section: _Section, currency: str) -> str:
        return period_id(section.account, currency, section.days[0].date(), section.days[1].date())

    def _cell(self, cells: list[str], name: str) -> str:
        place = self._columns.get(name)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    def _amount(self, number: int, cells: list[str], name: str, side: str, currency: str) -> Decimal:
        text = self._cell(cells, name)
        if not text:
            return Decimal(0)
        sign = _SIGNS.get(self._cell(cells, side).upper())
        if sign is None:
            raise StatementUnreadable(
                _("Row %(row)s does not say whether it is a debit or a credit. Fetch the report again.")
                % {"row": number},
                row=number,
            )
        return sign * _minor(text, currency, number)


def _minor(text: str, currency: str, number: int) -> Decimal:
    """Return an amount written in the smallest unit of its currency."""
    try:
        return Decimal(int(text.strip() or "0")).scaleb(-exponent(currency))
    except (ValueError, NotMoney):
        raise StatementUnreadable(
            _(
                "Row %(row)s: “%(text)s” is not an amount in minor units of %(currency)s. "
                "Fetch the report again."
            )
            % {"row": number, "text": text[:40], "currency": currency[:3]},
            row=number,
        ) from None


def _broken() -> StatementUnreadable:
    return StatementUnreadable(_("The report breaks off before its end. Fetch it from PayPal again."))


def _rules() -> Iterator[TypeRule]:
    yield TypeRule(("*", "*", FEE), LineKind.FEE, "5500")
    for code in ("T1107", "T1106"):
        yield TypeRule(("T11", code, ""), LineKind.REFUND, "4100", Binding.ORDER)
    for code in ("T1110", "T1111"):
        yield TypeRule(("T11", code, ""), LineKind.RESERVE, "1115")
    for group, kind, account, binding in (
        ("T00", LineKind.CHARGE, "4000", Binding.ORDER),
        ("T01", LineKind.FEE, "5500", Binding.ACCOUNT),
        ("T02", LineKind.TRANSFER, "1130", Binding.PAYOUT),
        ("T03", LineKind.TRANSFER, "1130", Binding.PAYOUT),
        ("T04", LineKind.TRANSFER, "1130", Binding.PAYOUT),
        ("T12", LineKind.RESERVE, "1115", Binding.ACCOUNT),
        ("T15", LineKind.RESERVE, "1115", Binding.ACCOUNT),
        ("T20", LineKind.TRANSFER, "1130", Binding.PAYOUT),
        ("T21", LineKind.RESERVE, "1115", Binding.ACCOUNT),
        ("T97", LineKind.TRANSFER, "2300", Binding.ACCOUNT),
    ):
        yield TypeRule((group, "*", ""), kind, account, binding)


SOURCES = (
    Source(
        key="paypal_settlement",
        title=gettext_lazy("PayPal settlement report (STL)"),
        holder=Holder.WALLET,
        platform="paypal",
        recognizes=recognizes,
        read=read,
        rules=tuple(_rules()),
        numbered_by="line_id",
    ),
)
