"""Statements that are plain sheets: wallets, banks' exports, shops without an adapter, by a layout.

A layout is a preset of ours or one that a person made and the hub remembers. Two passes: the first finds the
period, the look of numbers and dates and whether fees are inside the amounts; the second yields.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from typing import BinaryIO

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.money_files.balances import Chain
from channels.money_files.dates import DateStyle, date_order, read_date
from channels.money_files.numbers import NumberStyle, number_style, read_amount
from channels.money_files.tables import Heading, Row, fold, head_heading, open_table, require
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
from finance.sources.layouts import Layout, read_layout
from finance.sources.periods import TOLD, account_zone, day_of, period_id

KEY = "mapped"
"""The source that reads by the layout of the reading."""

FEE, REMAINDER, WITHHELD = "fee", "remainder", "withheld"
_SAMPLES = 5000


def reader(layout: Layout) -> Callable[[BinaryIO, Reading], Iterator[Statement | MoneyLine]]:
    """Return a source's ``read`` for a preset."""

    def read(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
        """Stream a sheet by its layout."""
        return read_mapped(file, reading, layout)

    return read


def recognizer(layout: Layout) -> Callable[[Sample], bool]:
    """Return a source's ``recognizes`` for a preset."""

    def recognizes(sample: Sample) -> bool:
        """Say whether a heading row has the preset's columns."""
        return head_heading(sample.head, layout.fits) is not None

    return recognizes


class Fit(IntEnum):
    """How well a layout fits a document: not, by the columns it uses, by all headings."""

    NOT = 0
    COLUMNS = 1
    EXACTLY = 2


def fit_of(layout: Layout, sample: Sample) -> Fit:
    """Say how well a layout fits a document."""
    heading = head_heading(sample.head, layout.fits, layout.header_row)
    if heading is None:
        return Fit.NOT
    names = {fold(cell) for cell in heading.cells if cell.strip()}
    is_exact = bool(layout.headings) and names == {fold(name) for name in layout.headings}
    return Fit.EXACTLY if is_exact else Fit.COLUMNS


def read_mapped(file: BinaryIO, reading: Reading, layout: Layout) -> Iterator[Statement | MoneyLine]:
    """Stream a sheet by a layout; the statements come at the end."""
    form = _form(file, reading, layout)
    chains: dict[tuple[str, str, bool], Chain] = {}
    with open_table(file, layout.fits, layout.header_row) as (heading, rows):
        sheet = _Sheet(heading, layout, form.numbers, form.dates, reading)
        for row in sheet.rows(rows):
            yield from _row(sheet, row, form, chains)
    for (settlement, currency, is_told), chain in chains.items():
        yield Statement(
            settlement_id=settlement,
            currency=currency,
            total=None if is_told else chain.total,
            starts_at=chain.starts_at,
            ends_at=chain.ends_at,
            opening=None if is_told else chain.opening,
            closing=None if is_told else chain.closing,
            pays=not is_told,
        )


@dataclass(slots=True)
class _Form:
    """What the first pass found."""

    numbers: NumberStyle
    dates: DateStyle
    first: date = date.max
    last: date = date.min
    is_fee_included: bool = False


@dataclass(frozen=True, slots=True)
class _Movement:
    """One row, read."""

    at: datetime
    currency: str
    amount: Decimal
    fee: Decimal
    running: Decimal | None
    is_told: bool


@dataclass(slots=True)
class _Sheet:
    """One sheet's columns, and how its cells read."""

    heading: Heading
    layout: Layout
    numbers: NumberStyle
    dates: DateStyle
    reading: Reading
    places: dict[str, int] = field(default_factory=dict)
    parts: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        require(self.heading, self.layout.required())
        by_name = self.heading.places
        for role, names in self.layout.columns.items():
            place = next((by_name[fold(name)] for name in names if fold(name) in by_name), None)
            if place is not None:
                self.places[role] = place
        self.parts = [(name, by_name[fold(name)]) for name in self.layout.parts if fold(name) in by_name]

    def cell(self, row: Row, role: str) -> str:
        """Return a row's cell by its role, empty where the sheet has none."""
        return row[self.places.get(role)]

    def amount(self, row: Row, role: str) -> Decimal | None:
        """Return a row's amount by its role, ``None`` for an empty cell."""
        text = self.cell(row, role)
        if text in ("", "-", "--", "/"):
            return None
        return read_amount(text, self.numbers, row=row.number, column=role)

    def rows(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield the rows that are movements: remarks have a hash in front, or no date and no money."""
        money = [self.places[role] for role in ("amount", "credit", "debit") if role in self.places]
        for row in rows:
            is_remark = not self.cell(row, "date") and not any(row[place] for place in money)
            if not is_remark and not row[0].startswith("#"):
                yield row

    def movement(self, row: Row) -> _Movement:
        """Return what a row says; raises ``StatementUnreadable`` naming the row."""
        when = f"{self.cell(row, 'date')} {self.cell(row, 'time')}".strip()
        at = read_date(when, self.dates, row=row.number, column="date", zone_name=self.cell(row, "zone"))
        currency = self.layout.currency or self.cell(row, "currency").upper() or self.reading.currency
        if not currency:
            raise StatementUnreadable(
                _("Row %(row)s names no currency. Set the currency of the account or of the layout.")
                % {"row": row.number},
                row=row.number,
            )
        fee = self.amount(row, "fee") or Decimal(0)
        status = self.cell(row, "status")
        is_told = bool(self.layout.done) and "status" in self.places and status not in self.layout.done
        return _Movement(at, currency, self._signed(row), -abs(fee), self.amount(row, "balance"), is_told)

    def withheld(self, row: Row) -> Decimal:
        """Return the tax withheld beside the amount; nothing where the sheet says it is inside."""
        if self.cell(row, "withheld_included") in ("", "Yes", "是"):
            return Decimal(0)
        return self.amount(row, "withheld") or Decimal(0)

    def _signed(self, row: Row) -> Decimal:
        """Return the amount with its sign: its own, of its column, or of the word beside it."""
        amount = self.amount(row, "amount")
        if amount is None:
            credit, debit = self.amount(row, "credit"), self.amount(row, "debit")
            if credit is None and debit is None:
                raise StatementUnreadable(
                    _(
                        "Row %(row)s has no amount. Remove totals and remarks from the sheet, "
                        "or choose another layout."
                    )
                    % {"row": row.number},
                    row=row.number,
                )
            return abs(credit or Decimal(0)) - abs(debit or Decimal(0))
        word = self.cell(row, "sign")
        if word and (self.layout.in_words or self.layout.out_words):
            if word in self.layout.out_words:
                return -abs(amount)
            if word in self.layout.in_words:
                return abs(amount)
            raise StatementUnreadable(
                _(
                    "Row %(row)s: the layout does not say whether “%(word)s” is money in or out. "
                    "Add it to the layout."
                )
                % {"row": row.number, "word": word[:40]},
                row=row.number,
            )
        return amount


def _form(file: BinaryIO, reading: Reading, layout: Layout) -> _Form:
    """Go through the sheet once for everything that must be known before the first line."""
    texts: list[str] = []
    days: set[str] = set()
    roles = [role for role in ("balance", "amount", "credit", "debit", "fee") if role in layout.columns]
    blank = DateStyle(account_zone=reading.time_zone)
    with open_table(file, layout.fits, layout.header_row) as (heading, rows):
        sheet = _Sheet(heading, layout, NumberStyle(), blank, reading)
        for row in sheet.rows(rows):
            days.add(sheet.cell(row, "date")[:32])
            if len(texts) < _SAMPLES:
                texts += [sheet.cell(row, role) for role in roles]
    numbers = (
        NumberStyle(layout.decimal_mark) if layout.decimal_mark else number_style(texts, reading.currency)
    )
    order = layout.date or date_order(days)
    zone = account_zone(reading)
    form = _Form(numbers, DateStyle(order, zone, reading.time_zone))
    inside: dict[str, Chain] = {}
    beside: dict[str, Chain] = {}
    with open_table(file, layout.fits, layout.header_row) as (heading, rows):
        sheet = _Sheet(heading, layout, form.numbers, form.dates, reading)
        for row in sheet.rows(rows):
            seen = sheet.movement(row)
            day = day_of(seen.at, zone)
            form.first, form.last = min(form.first, day), max(form.last, day)
            if not seen.is_told:
                inside.setdefault(seen.currency, Chain()).add(seen.amount, seen.running, seen.at)
                beside.setdefault(seen.currency, Chain()).add(seen.amount + seen.fee, seen.running, seen.at)
    form.is_fee_included = (
        layout.fee_included if layout.fee_included is not None else _holds(inside) > _holds(beside)
    )
    return form


def _holds(chains: dict[str, Chain]) -> int:
    return sum(max(chain.holds_forward, chain.holds_backward) for chain in chains.values())


def _row(
    sheet: _Sheet, row: Row, form: _Form, chains: dict[tuple[str, str, bool], Chain]
) -> Iterator[MoneyLine]:
    seen = sheet.movement(row)
    gross = seen.amount - seen.fee if form.is_fee_included else seen.amount
    named = sheet.cell(row, "settlement")
    settlement = named or period_id(sheet.reading.account, seen.currency, form.first, form.last)
    if seen.is_told:
        settlement += TOLD
    running = None if seen.is_told else seen.running
    chains.setdefault((settlement, seen.currency, seen.is_told), Chain()).add(
        gross + seen.fee, running, seen.at
    )
    quantity = sheet.cell(row, "quantity")
    kind, detail = sheet.cell(row, "type"), sheet.cell(row, "detail")
    line = MoneyLine(
        settlement,
        seen.currency,
        row.number,
        (kind, detail, ""),
        gross,
        seen.at,
        order_id=sheet.cell(row, "order"),
        line_id=sheet.cell(row, "line"),
        sku=sheet.cell(row, "sku"),
        quantity=int(quantity) if quantity.isdigit() else 0,
        reference=sheet.cell(row, "reference"),
        marketplace=sheet.cell(row, "marketplace"),
        note=_note(sheet, row),
        running=None if seen.fee else running,
    )
    yield from _parted(sheet, row, line)
    if withheld := sheet.withheld(row):
        yield line._replace(types=(kind, detail, WITHHELD), amount=withheld)
    if seen.fee:
        yield line._replace(types=(kind, detail, FEE), amount=seen.fee, running=running)


def _parted(sheet: _Sheet, row: Row, line: MoneyLine) -> Iterator[MoneyLine]:
    """Yield the parts of an amount instead of it, where the sheet has them.

    Sheets write costs with a minus or without: the reading whose sum is the amount holds. What neither
    explains is a line of its own that no rule knows.
    """
    parts = [
        (name, read_amount(row[place], sheet.numbers, row=row.number, column=name))
        for name, place in sheet.parts
        if row[place] not in ("", "-", "--", "/")
    ]
    if not parts:
        yield line
        return
    costs_positive = [
        (name, amount if not place else -abs(amount)) for place, (name, amount) in enumerate(parts)
    ]
    if _sum(parts) != line.amount and _sum(costs_positive) == line.amount:
        parts = costs_positive
    for name, amount in parts:
        if amount:
            yield line._replace(types=(*line.types[:2], name), amount=amount)
    if remainder := line.amount - _sum(parts):
        yield line._replace(types=(*line.types[:2], REMAINDER), amount=remainder)


def _sum(parts: list[tuple[str, Decimal]]) -> Decimal:
    return sum((amount for _name, amount in parts), Decimal(0))


def _note(sheet: _Sheet, row: Row) -> str:
    original = f"{sheet.cell(row, 'original_amount')} {sheet.cell(row, 'original_currency')}".strip()
    return " ".join(part for part in (original, sheet.cell(row, "note")) if part)


def _recognizes_nothing(sample: Sample) -> bool:
    return False


def _read_remembered(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream a sheet by the layout of the reading."""
    return read_mapped(file, reading, read_layout(reading.layout))


WORDS: dict[tuple[str, ...], tuple[LineKind, str, Binding]] = {
    ("入账", "收款", "平台入账", "店铺入账", "收款入账", "Receipt", "Receive", "Received", "Collection",
     "Payment received", "Payment from", "放款", "Incoming", "Deposit", "DEPOSIT"):
        (LineKind.TRANSFER, "1120", Binding.PAYOUT),
    ("提现", "提现到银行卡", "人民币提现", "Withdrawal", "Withdraw", "Withdrawal to bank", "WITHDRAWAL",
     "Payout", "PAYOUT", "提现退回", "Withdrawal returned", "Auto withdrawal", "结汇提现"):
        (LineKind.TRANSFER, "1130", Binding.PAYOUT),
    ("换汇", "货币兑换", "兑换", "Conversion", "CONVERSION", "Currency conversion", "FX", "Exchange", "汇兑"):
        (LineKind.TRANSFER, "1130", Binding.PAYOUT),
    ("手续费", "提现手续费", "服务费", "Fee", "FEE", "Service fee", "Withdrawal fee"):
        (LineKind.FEE, "5510", Binding.ACCOUNT),
    ("冻结", "解冻", "Hold", "Release", "Reserve"): (LineKind.RESERVE, "1115", Binding.ACCOUNT),
}  # fmt: skip


def wallet_rules() -> Iterator[TypeRule]:
    """Yield the rules for the words that collection wallets use for movements."""
    yield TypeRule(("*", "*", FEE), LineKind.FEE, "5510")
    for words, (kind, account, binding) in WORDS.items():
        for word in words:
            yield TypeRule((word, "*", ""), kind, account, binding)


def by_layout(key: str, title: str | Promise, holder: Holder, rules: tuple[TypeRule, ...]) -> Source:
    """Return a source for sheets a person made a layout for: nothing is taken for its own by itself."""
    return Source(
        key=key,
        title=title,
        holder=holder,
        platform="",
        recognizes=_recognizes_nothing,
        read=_read_remembered,
        rules=rules,
    )


SOURCES = (
    by_layout(KEY, gettext_lazy("Sheet with a remembered layout"), Holder.WALLET, tuple(wallet_rules())),
)
