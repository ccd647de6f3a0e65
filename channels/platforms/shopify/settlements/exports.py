"""Shopify's exports: the balance transactions of payouts, and the list of payouts as evidence."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext_lazy

from channels.money_files.dates import DateOrder, DateStyle, date_order, read_date
from channels.money_files.numbers import NumberStyle, number_style, read_amount
from channels.money_files.tables import Row, fold, head_heading, open_table, require
from channels.money_files.zones import zone_of
from channels.platforms.shopify.settlements.words import FEE, LEAVING, rules
from channels.settlement_messages import Holder, MoneyLine, Reading, Sample, Source, Statement

_PAID = "paid"
_SAMPLE_ROWS = 5000
_TRANSACTION = {
    name: (name,)
    for name in (
        "Transaction Date",
        "Type",
        "Order",
        "Payout Status",
        "Payout Date",
        "Amount",
        "Fee",
        "Net",
        "Currency",
    )
}
_TRANSACTION_MARKS = frozenset(map(fold, _TRANSACTION))
_SUMS = ("Charges", "Refunds", "Adjustments", "Reserved Funds", "Fees", "Retried Amount")
_PAYOUT = {
    name: (name,) for name in ("Payout Date", "Status", "Charges", "Refunds", "Fees", "Total", "Currency")
}
_PAYOUT_MARKS = frozenset(map(fold, _PAYOUT))


def _fits_transactions(names: frozenset[str]) -> bool:
    return names >= _TRANSACTION_MARKS


def _fits_payouts(names: frozenset[str]) -> bool:
    return names >= _PAYOUT_MARKS


def recognizes_transactions(sample: Sample) -> bool:
    """Say whether the headings are those of the transactions export."""
    return head_heading(sample.head, _fits_transactions) is not None


def recognizes_payouts(sample: Sample) -> bool:
    """Say whether the headings are those of the payouts export."""
    return head_heading(sample.head, _fits_payouts) is not None


@dataclass(slots=True)
class _Payout:
    """What the rows said of one payout."""

    currency: str
    status: str
    paid_at: datetime | None
    reference: str
    starts_at: datetime
    ends_at: datetime
    left: Decimal | None = None


def read_transactions(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream the transactions; a payout without an id is known by its date and currency."""
    with open_table(file, _fits_transactions) as (heading, rows):
        at = require(heading, _TRANSACTION)
        taken = [
            (row[at["Net"]], row[at["Transaction Date"]])
            for row, _n in zip(rows, range(_SAMPLE_ROWS), strict=False)
        ]
    numbers, dates = _styles(taken, reading)
    payouts: dict[str, _Payout] = {}
    with open_table(file, _fits_transactions) as (heading, rows):
        id_place, test_place = heading.places.get("payoutid"), heading.places.get("checkout")
        for row in rows:
            yield from _transaction(payouts, row, at, (id_place, test_place), numbers, dates, reading)
    for identity, payout in payouts.items():
        yield Statement(
            settlement_id=identity,
            currency=payout.currency,
            total=payout.left,
            starts_at=payout.starts_at,
            ends_at=payout.ends_at,
            deposited_at=payout.paid_at,
            payout_id=payout.reference,
            payout_amount=payout.left,
            payout_currency=payout.currency if payout.left is not None else "",
            platform_status=payout.status,
            pays=payout.status.lower() == _PAID,
        )


def _styles(taken: list[tuple[str, str]], reading: Reading) -> tuple[NumberStyle, DateStyle]:
    order = date_order((day for _amount, day in taken), default=DateOrder.MONTH_FIRST)
    zone = zone_of(reading.time_zone, reading.time_zone) or DateStyle().zone
    return number_style((amount for amount, _day in taken), reading.currency), DateStyle(
        order, zone, reading.time_zone
    )


def _transaction(
    payouts: dict[str, _Payout],
    row: Row,
    at: dict[str, int],
    places: tuple[int | None, int | None],
    numbers: NumberStyle,
    dates: DateStyle,
    reading: Reading,
) -> Iterator[MoneyLine]:
    posted_at = read_date(row[at["Transaction Date"]], dates, row=row.number, column="Transaction Date")
    currency = row[at["Currency"]] or reading.currency
    day, status = row[at["Payout Date"]], row[at["Payout Status"]]
    paid_at = read_date(day, dates, row=row.number, column="Payout Date") if day else None
    identity = row[places[0]] or (f"{paid_at:%Y-%m-%d}:{currency}" if paid_at else "")
    settlement = identity or f"open:{reading.account}:{currency}"
    payout = payouts.setdefault(
        settlement, _Payout(currency, status, paid_at, row[places[0]], posted_at, posted_at)
    )
    payout.starts_at, payout.ends_at = min(payout.starts_at, posted_at), max(payout.ends_at, posted_at)
    amount = read_amount(row[at["Amount"]], numbers, row=row.number, column="Amount")
    fee_text, net_text = row[at["Fee"]], row[at["Net"]]
    fee = read_amount(fee_text, numbers, row=row.number, column="Fee") if fee_text else Decimal(0)
    net = read_amount(net_text, numbers, row=row.number, column="Net") if net_text else amount - fee
    kind = row[at["Type"]]
    if kind in LEAVING and identity:
        payout.left = (payout.left or Decimal(0)) - (amount - fee)
        return
    line = MoneyLine(
        settlement, currency, row.number, (kind, "", ""), amount, posted_at, row[at["Order"]],
        reference=row[places[1]], note="" if net == amount - fee else f"net={net}",
    )  # fmt: skip
    yield line
    if fee:
        yield line._replace(types=(kind, "", FEE), amount=-fee)


def read_payouts(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream the list of payouts: sums per kind, which other documents explain."""
    with open_table(file, _fits_payouts) as (heading, rows):
        at = require(heading, _PAYOUT)
        taken = [
            (row[at["Total"]], row[at["Payout Date"]])
            for row, _n in zip(rows, range(_SAMPLE_ROWS), strict=False)
        ]
    numbers, dates = _styles(taken, reading)
    with open_table(file, _fits_payouts) as (heading, rows):
        sums = [(cell, place) for place, cell in enumerate(heading.cells) if cell in _SUMS]
        id_place = heading.places.get("payoutid")
        for row in rows:
            paid_at = read_date(row[at["Payout Date"]], dates, row=row.number, column="Payout Date")
            currency = row[at["Currency"]] or reading.currency
            identity = row[id_place] or f"{paid_at:%Y-%m-%d}:{currency}"
            total = read_amount(row[at["Total"]], numbers, row=row.number, column="Total")
            status = row[at["Status"]]
            yield Statement(
                settlement_id=identity, currency=currency, total=total, deposited_at=paid_at,
                payout_id=identity, platform_status=status, pays=status.lower() == _PAID,
            )  # fmt: skip
            parts = {
                title: read_amount(row[place], numbers, row=row.number, column=title)
                for title, place in sums
                if row[place]
            }
            # Exports write fees as a cost or as what they take away: whichever sums to the total holds.
            if (
                sum(parts.values()) != total
                and sum(parts.values()) - 2 * parts.get("Fees", Decimal(0)) == total
            ):
                parts["Fees"] = -parts["Fees"]
            for title, amount in parts.items():
                yield MoneyLine(identity, currency, row.number, ("payout", title, ""), amount, paid_at)


TRANSACTIONS = Source(
    key="shopify_transactions_csv",
    title=gettext_lazy("Shopify Payments: transactions (export)"),
    holder=Holder.CHANNEL,
    platform="shopify",
    recognizes=recognizes_transactions,
    read=read_transactions,
    rules=tuple(rules()),
)
PAYOUTS = Source(
    key="shopify_payouts_csv",
    title=gettext_lazy("Shopify Payments: payouts (export)"),
    holder=Holder.CHANNEL,
    platform="shopify",
    recognizes=recognizes_payouts,
    read=read_payouts,
    is_evidence=True,
)
