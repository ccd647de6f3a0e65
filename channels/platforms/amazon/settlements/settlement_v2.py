"""The settlement report V2: one amount a row, tab separated, the first row of a settlement its summary."""

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.money_files.dates import DateStyle, date_order, read_date
from channels.money_files.encodings import encoding_of, text_of
from channels.money_files.numbers import NumberStyle, number_style, read_amount
from channels.money_files.tables import Heading, fold, head_heading, open_table, require
from channels.money_files.zones import zone_of
from channels.platforms.amazon.settlements.vocabulary import ORDER_FEES, item_rules, standing_rules
from channels.settlement_messages import (
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

_REQUIRED = {
    name: (name,)
    for name in (
        "settlement-id", "total-amount", "currency", "transaction-type", "amount-type",
        "amount-description", "amount", "posted-date",
    )
}  # fmt: skip
_OPTIONAL = (
    "settlement-start-date", "settlement-end-date", "deposit-date", "order-id", "order-item-code", "sku",
    "quantity-purchased", "marketplace-name", "adjustment-id", "shipment-id", "promotion-id",
    "posted-date-time",
)  # fmt: skip
_KNOWN = frozenset(fold(name) for name in (
    *_REQUIRED, *_OPTIONAL, "merchant-order-id", "fulfillment-id", "merchant-order-item-id",
    "merchant-adjustment-item-id",
))  # fmt: skip
_MARKS = frozenset(map(fold, ("settlement-id", "amount-type", "amount-description", "total-amount")))
_PICKED = (
    "settlement-id", "total-amount", "currency", "transaction-type", "amount-type", "amount-description",
    "amount", "posted-date-time", "posted-date", "order-id", "order-item-code", "sku", "quantity-purchased",
    "adjustment-id", "shipment-id", "marketplace-name", "promotion-id",
)  # fmt: skip
_SAMPLE_ROWS = 5000
_REMEMBERED = 1 << 16
_PLAIN_QUANTITY = re.compile(r"-?[0-9]{1,9}", re.ASCII)


def _fits(names: frozenset[str]) -> bool:
    return names >= _MARKS


def recognizes(sample: Sample) -> bool:
    """Say whether the headings are those of a V2 settlement report."""
    return head_heading(sample.head, _fits) is not None


def read(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream a report of one settlement or several."""
    numbers, dates, heading = _styles(file, reading)
    columns = require(heading, _REQUIRED)
    if heading.delimiter == "\t" and not heading.is_quoted:
        with text_of(file, encoding_of(file)) as text:
            try:
                rows = (
                    (number, line.rstrip("\n").split("\t"))
                    for number, line in enumerate(text, start=1)
                    if number > heading.row
                )
                yield from _Reader(heading, columns, numbers, dates, reading).lines(rows)
            except UnicodeDecodeError as error:
                raise StatementUnreadable(
                    _("The document mixes encodings. Get it once more from its source, unchanged.")
                ) from error
        return
    with open_table(file, _fits) as (_heading, table):
        rows = ((row.number, list(row.cells)) for row in table)
        yield from _Reader(heading, columns, numbers, dates, reading).lines(rows)


def _styles(file: BinaryIO, reading: Reading) -> tuple[NumberStyle, DateStyle, Heading]:
    """Decide how this report writes numbers and dates, from the summary first and then the first rows."""
    totals: list[str] = []
    amounts: list[str] = []
    days: list[str] = []
    period: tuple[str, str] | None = None
    currency = ""
    with open_table(file, _fits) as (heading, rows):
        at = require(heading, _REQUIRED)
        places = heading.places
        start, end = places.get("settlementstartdate"), places.get("settlementenddate")
        for row in rows:
            if row[at["total-amount"]]:
                totals.append(row[at["total-amount"]])
                currency = currency or row[at["currency"]]
                if period is None and row[start] and row[end]:
                    period = (row[start], row[end])
            amounts.append(row[at["amount"]])
            days.append(row[at["posted-date"]])
            if row.number - heading.row >= _SAMPLE_ROWS:
                break
    style = number_style([*totals, *amounts], currency or reading.currency)
    order = date_order(days, period=period)
    return style, DateStyle(order, zone_of("UTC") or DateStyle().zone, reading.time_zone), heading


class _Reader:
    """Turns rows into statements and lines; remembers what repeats, since most of a report repeats."""

    def __init__(
        self,
        heading: Heading,
        columns: dict[str, int],
        numbers: NumberStyle,
        dates: DateStyle,
        reading: Reading,
    ) -> None:
        places = heading.places
        self._numbers, self._dates, self._reading = numbers, dates, reading
        self._width = len(heading.cells)
        # One empty cell is put behind every row: it stands for the columns a report does not have.
        self._at = {name: places.get(fold(name), self._width) for name in (*columns, *_OPTIONAL)}
        self._strange = [
            (place, cell) for place, cell in enumerate(heading.cells) if cell and fold(cell) not in _KNOWN
        ]
        self._statements: dict[str, Statement] = {}

    def lines(self, rows: Iterator[tuple[int, list[str]]]) -> Iterator[Statement | MoneyLine]:
        """Yield what the rows say, in their order."""
        width, strange = self._width, self._strange
        pick = itemgetter(*(self._at[name] for name in _PICKED))
        amounts: dict[str, Decimal] = {}
        times: dict[str, datetime] = {}
        quantities: dict[str, int] = {"": 0}
        statements = self._statements
        for number, cells in rows:
            if len(cells) == width:
                cells.append("")
            else:
                cells = [*cells[:width], *[""] * (width + 1 - len(cells[:width]))]
            (
                settlement, total, currency, kind, amount_type, what, amount_text, time_text, day_text, order,
                item, sku, quantity_text, adjustment, shipment, market, note,
            ) = pick(cells)  # fmt: skip
            if total or settlement not in statements:
                if not any(cells):
                    continue
                if (statement := self._head(number, cells)) is not None:
                    yield statement
            if not amount_text:
                if total and not kind:
                    continue
                raise _without_amount(number)
            amount = amounts.get(amount_text)
            if amount is None:
                if len(amounts) >= _REMEMBERED:
                    amounts.clear()
                amount = read_amount(amount_text, self._numbers, row=number, column="amount")
                amounts[amount_text] = amount
            when_text = time_text or day_text
            moment = times.get(when_text)
            if moment is None:
                if len(times) >= _REMEMBERED:
                    times.clear()
                moment = self._moment(number, when_text, settlement)
                if when_text:
                    times[when_text] = moment
            quantity = quantities.get(quantity_text)
            if quantity is None:
                quantity = quantities[quantity_text] = self._quantity(number, quantity_text)
            if strange:
                note = _noted(note, cells, strange)
            yield MoneyLine(
                settlement, currency or statements[settlement].currency, number, (kind, amount_type, what),
                amount, moment, order, item, sku, quantity, adjustment or shipment, market, note,
            )  # fmt: skip

    def _head(self, number: int, cells: list[str]) -> Statement | None:
        """Return the statement a row opens; ``None`` where it repeats what is known already."""
        at = self._at
        settlement = cells[at["settlement-id"]]
        if not settlement:
            raise StatementUnreadable(
                _("Row %(row)s names no settlement. Get the report once more from Amazon.") % {"row": number},
                row=number,
            )
        total_text = cells[at["total-amount"]]
        total = (
            read_amount(total_text, self._numbers, row=number, column="total-amount") if total_text else None
        )
        known = self._statements.get(settlement)
        if known is not None:
            if known.total is not None and total not in (None, known.total):
                raise StatementUnreadable(
                    _(
                        "Row %(row)s states another total for settlement %(settlement)s than an earlier row. "
                        "Get the report once more from Amazon."
                    )
                    % {"row": number, "settlement": settlement},
                    row=number,
                )
            return None
        currency = cells[at["currency"]] or self._reading.currency
        if not currency:
            raise StatementUnreadable(
                _(
                    "Row %(row)s comes before its settlement's summary, which names the currency. "
                    "Set the currency of the account and try again."
                )
                % {"row": number},
                row=number,
            )
        statement = Statement(
            settlement_id=settlement,
            currency=currency,
            total=total,
            starts_at=self._edge(number, cells, "settlement-start-date"),
            ends_at=self._edge(number, cells, "settlement-end-date"),
            deposited_at=self._edge(number, cells, "deposit-date"),
            payout_id=settlement,
        )
        self._statements[settlement] = statement
        return statement

    def _edge(self, number: int, cells: list[str], name: str) -> datetime | None:
        text = cells[self._at[name]]
        return read_date(text, self._dates, row=number, column=name) if text else None

    def _moment(self, number: int, text: str, settlement: str) -> datetime:
        if text:
            return read_date(text, self._dates, row=number, column="posted-date")
        if (ends_at := self._statements[settlement].ends_at) is not None:
            return ends_at
        raise StatementUnreadable(
            _("Row %(row)s has no date. Get the report once more from Amazon.") % {"row": number}, row=number
        )

    def _quantity(self, number: int, text: str) -> int:
        if _PLAIN_QUANTITY.fullmatch(text):
            return int(text)
        return int(read_amount(text, self._numbers, row=number, column="quantity-purchased"))


def _without_amount(number: int) -> StatementUnreadable:
    return StatementUnreadable(
        _("Row %(row)s has no amount. Get the report once more from Amazon, unchanged.") % {"row": number},
        row=number,
    )


def _noted(note: str, cells: list[str], strange: list[tuple[int, str]]) -> str:
    extra = "; ".join(f"{name}={cells[place]}" for place, name in strange if cells[place])
    return "; ".join(part for part in (note, extra) if part)


def _rules() -> Iterator[TypeRule]:
    yield from item_rules("ItemPrice", "ItemFees", "Promotion")
    transport = ("FBA transportation", "FBA Transportation Fee")
    for word in (*transport, *(word for word, account in ORDER_FEES.items() if account == "5210")):
        for column in ("Shipment-Fees", "Shipment Fees"):
            yield TypeRule(("*", column, word), LineKind.FEE, "5210")
    for word in ("TransactionTotalAmount", "TaxAmount", ""):
        yield TypeRule(("*", "Cost of Advertising", word), LineKind.FEE, "5400")
    yield from standing_rules("*", "other-transaction", "{}")
    yield from standing_rules("*", "FBA Inventory Reimbursement", "{}")
    yield from standing_rules("*", "{}", "")
    yield from standing_rules("{}", "other-transaction", "")
    for word, account in (("CouponRedemptionFee", "5420"), ("Coupon Redemption Fee", "5420")):
        yield TypeRule(("*", word, "*"), LineKind.FEE, account)


SOURCE = Source(
    key="amazon_settlement_v2",
    title=gettext_lazy("Amazon settlement report (V2)"),
    holder=Holder.CHANNEL,
    platform="amazon",
    recognizes=recognizes,
    read=read,
    rules=tuple(_rules()),
)
