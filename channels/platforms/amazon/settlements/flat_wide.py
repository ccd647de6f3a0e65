"""The older settlement report: several amount columns, of which one row may fill more than one."""

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.money_files.dates import DateStyle, date_order, read_date
from channels.money_files.numbers import NumberStyle, number_style, read_amount
from channels.money_files.tables import Heading, Row, fold, head_heading, open_table, require
from channels.platforms.amazon.settlements.vocabulary import ORDER_FEES, item_rules, standing_rules
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

# Amount column: the column with its type, empty where the transaction type alone says what it is.
AMOUNTS = {
    "shipment-fee-amount": "shipment-fee-type",
    "order-fee-amount": "order-fee-type",
    "price-amount": "price-type",
    "item-related-fee-amount": "item-related-fee-type",
    "misc-fee-amount": "",
    "other-fee-amount": "other-fee-reason-description",
    "promotion-amount": "promotion-type",
    "direct-payment-amount": "direct-payment-type",
    "other-amount": "",
}
_REQUIRED = {
    name: (name,)
    for name in (
        "settlement-id",
        "total-amount",
        "currency",
        "transaction-type",
        "posted-date",
        "other-amount",
    )
}
_KNOWN = frozenset(fold(name) for name in (
    *_REQUIRED, *AMOUNTS, *(name for name in AMOUNTS.values() if name), "settlement-start-date",
    "settlement-end-date", "deposit-date", "order-id", "merchant-order-id", "adjustment-id", "shipment-id",
    "marketplace-name", "fulfillment-id", "order-item-code", "merchant-order-item-id",
    "merchant-adjustment-item-id", "sku", "quantity-purchased", "promotion-id",
))  # fmt: skip
_MARKS = frozenset(map(fold, ("settlement-id", "price-amount", "item-related-fee-amount", "other-amount")))
_SAMPLE_ROWS = 5000


def _fits(names: frozenset[str]) -> bool:
    return names >= _MARKS


def recognizes(sample: Sample) -> bool:
    """Say whether the headings are those of the wide settlement report."""
    return head_heading(sample.head, _fits) is not None


def read(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream a report of one settlement or several; every filled amount column is a line."""
    numbers, dates = _styles(file, reading)
    with open_table(file, _fits) as (heading, rows):
        yield from _Reader(heading, numbers, dates, reading).lines(rows)


def _styles(file: BinaryIO, reading: Reading) -> tuple[NumberStyle, DateStyle]:
    totals: list[str] = []
    amounts: list[str] = []
    days: list[str] = []
    period: tuple[str, str] | None = None
    currency = ""
    with open_table(file, _fits) as (heading, rows):
        places = heading.places
        require(heading, _REQUIRED)
        for row in rows:
            if total := row[places.get("totalamount")]:
                totals.append(total)
                currency = currency or row[places.get("currency")]
                edges = row[places.get("settlementstartdate")], row[places.get("settlementenddate")]
                period = period or (edges if all(edges) else None)
            amounts.extend(row[places.get(fold(name))] for name in AMOUNTS)
            days.append(row[places.get("posteddate")])
            if row.number - heading.row >= _SAMPLE_ROWS:
                break
    style = number_style([*totals, *amounts], currency or reading.currency)
    return style, DateStyle(date_order(days, period=period), account_zone=reading.time_zone)


class _Reader:
    """Turns the rows of one report into statements and lines."""

    def __init__(self, heading: Heading, numbers: NumberStyle, dates: DateStyle, reading: Reading) -> None:
        self._places = heading.places
        self._numbers, self._dates, self._reading = numbers, dates, reading
        self._strange = [
            (place, cell) for place, cell in enumerate(heading.cells) if cell and fold(cell) not in _KNOWN
        ]
        self._amounts = [
            (name, self._places[fold(name)], self._places.get(fold(kind)) if kind else None)
            for name, kind in AMOUNTS.items()
            if fold(name) in self._places
        ]
        self._statements: dict[str, Statement] = {}

    def lines(self, rows: Iterator[Row]) -> Iterator[Statement | MoneyLine]:
        """Yield what the rows say, in their order."""
        for row in rows:
            settlement = self._cell(row, "settlement-id")
            total = self._cell(row, "total-amount")
            if not settlement:
                raise StatementUnreadable(
                    _("Row %(row)s names no settlement. Get the report once more from Amazon.")
                    % {"row": row.number},
                    row=row.number,
                )
            if settlement not in self._statements:
                self._statements[settlement] = self._statement(row, settlement, total)
                yield self._statements[settlement]
            filled = [(name, place, kind) for name, place, kind in self._amounts if row[place]]
            if not filled and not total:
                raise StatementUnreadable(
                    _("Row %(row)s has no amount. Get the report once more from Amazon, unchanged.")
                    % {"row": row.number},
                    row=row.number,
                )
            for name, place, kind in filled:
                yield self._line(row, self._statements[settlement], name, place, kind)

    def _cell(self, row: Row, name: str) -> str:
        return row[self._places.get(fold(name))]

    def _statement(self, row: Row, settlement: str, total: str) -> Statement:
        currency = self._cell(row, "currency") or self._reading.currency
        if not currency:
            raise StatementUnreadable(
                _(
                    "Row %(row)s comes before its settlement's summary, which names the currency. "
                    "Set the currency of the account and try again."
                )
                % {"row": row.number},
                row=row.number,
            )
        return Statement(
            settlement_id=settlement,
            currency=currency,
            total=read_amount(total, self._numbers, row=row.number, column="total-amount") if total else None,
            starts_at=self._date(row, "settlement-start-date"),
            ends_at=self._date(row, "settlement-end-date"),
            deposited_at=self._date(row, "deposit-date"),
            payout_id=settlement,
        )

    def _date(self, row: Row, name: str) -> datetime | None:
        text = self._cell(row, name)
        return read_date(text, self._dates, row=row.number, column=name) if text else None

    def _line(self, row: Row, statement: Statement, name: str, place: int, kind: int | None) -> MoneyLine:
        posted_at = self._date(row, "posted-date") or statement.ends_at
        if posted_at is None:
            raise StatementUnreadable(
                _("Row %(row)s has no date. Get the report once more from Amazon.") % {"row": row.number},
                row=row.number,
            )
        quantity = self._cell(row, "quantity-purchased")
        extra = "; ".join(f"{title}={row[spot]}" for spot, title in self._strange if row[spot])
        return MoneyLine(
            statement.settlement_id,
            self._cell(row, "currency") or statement.currency,
            row.number,
            (self._cell(row, "transaction-type"), name, row[kind]),
            read_amount(row[place], self._numbers, row=row.number, column=name),
            posted_at,
            self._cell(row, "order-id"),
            self._cell(row, "order-item-code"),
            self._cell(row, "sku"),
            int(read_amount(quantity, self._numbers, row=row.number, column="quantity-purchased"))
            if quantity
            else 0,
            self._cell(row, "adjustment-id") or self._cell(row, "shipment-id"),
            self._cell(row, "marketplace-name"),
            "; ".join(part for part in (self._cell(row, "promotion-id"), extra) if part),
        )


def _rules() -> Iterator[TypeRule]:
    yield from item_rules("price-amount", "item-related-fee-amount", "promotion-amount")
    for word, account in ORDER_FEES.items():
        yield TypeRule(("*", "order-fee-amount", word), LineKind.FEE, account, Binding.ORDER)
        yield TypeRule(("*", "shipment-fee-amount", word), LineKind.FEE, account)
    for word in ("FBA transportation fee", "FBA Transportation Fee", "FBA transportation"):
        yield TypeRule(("*", "shipment-fee-amount", word), LineKind.FEE, "5210")
    for column in ("other-fee-amount", "item-related-fee-amount"):
        yield from standing_rules("*", column, "{}")
    yield from standing_rules("{}", "other-amount", "")
    for word in ("TransactionTotalAmount", "Cost of Advertising", "TaxAmount"):
        yield TypeRule(("ServiceFee", "item-related-fee-amount", word), LineKind.FEE, "5400")


SOURCE = Source(
    key="amazon_settlement_flat",
    title=gettext_lazy("Amazon settlement report (older, wide)"),
    holder=Holder.CHANNEL,
    platform="amazon",
    recognizes=recognizes,
    read=read,
    rules=tuple(_rules()),
)
