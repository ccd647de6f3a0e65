"""Stripe: balance transactions of a payout (API) and the payout reconciliation report (CSV).

The API counts in the smallest unit of a currency, as Stripe defines it; the report writes amounts as people
do. Net is the amount less the fee. All rows of one payout, the payout's own among them, sum to nothing.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext_lazy

from channels.money_files.dates import DateOrder, DateStyle, date_order, read_date
from channels.money_files.json_values import (
    Json,
    instant_at,
    json_keys,
    json_objects,
    missing,
    needed_amount,
    text_at,
)
from channels.money_files.numbers import NumberStyle, number_style, read_amount
from channels.money_files.tables import Row, fold, head_heading, open_table, require
from channels.settlement_messages import (
    Binding,
    Holder,
    LineKind,
    MoneyLine,
    Reading,
    Sample,
    Source,
    Statement,
    TypeRule,
)
from finance.sources.periods import account_zone, day_of, period_id

FEE = "fee"
_PAYOUT = "payout"
# Stripe's own list; it differs from ISO 4217 for a few.
_NO_DECIMALS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
_THREE_DECIMALS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
_REQUIRED = {
    "id": ("balance_transaction_id",),
    "created": ("created", "created_utc"),
    "currency": ("currency",),
    "gross": ("gross",),
    "fee": ("fee",),
    "net": ("net",),
    "category": ("reporting_category",),
}
_MARKS = frozenset(
    map(fold, ("balance_transaction_id", "currency", "gross", "fee", "net", "reporting_category"))
)
_SAMPLE_ROWS = 5000


def recognizes_answer(sample: Sample) -> bool:
    """Say whether the members are those of balance transactions."""
    return json_keys(sample.head) >= {"data", "reporting_category", "net", "fee", "available_on"}


def recognizes_report(sample: Sample) -> bool:
    """Say whether the headings are those of the payout reconciliation report."""
    return head_heading(sample.head, _fits) is not None


def _fits(names: frozenset[str]) -> bool:
    return names >= _MARKS


def read_answer(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream the balance transactions; with one payout row those of its currency are that payout's."""
    payouts: list[tuple[str, str, Decimal]] = []
    periods: dict[str, tuple[datetime, datetime]] = {}
    for _name, record, one in json_objects(file, frozenset({"data"})):
        at = _created(one, record)
        currency = _currency(one, record)
        first, last = periods.get(currency, (at, at))
        periods[currency] = min(first, at), max(last, at)
        if text_at(one, "type") == _PAYOUT:
            payouts.append((currency, text_at(one, "source"), _minor(one, "net", currency, record)))
    single = payouts[0] if len(payouts) == 1 else ("", "", Decimal(0))
    zone = account_zone(reading)
    names = {
        currency: single[1]
        if currency == single[0]
        else period_id(reading.account, currency, day_of(first, zone), day_of(last, zone))
        for currency, (first, last) in periods.items()
    }
    for currency, (first, last) in periods.items():
        is_paid_out = currency == single[0]
        yield Statement(
            settlement_id=names[currency],
            currency=currency,
            total=Decimal(0) if is_paid_out else None,
            starts_at=first,
            ends_at=last,
            payout_id=single[1] if is_paid_out else "",
            payout_amount=-single[2] if is_paid_out else None,
            payout_currency=currency if is_paid_out else "",
        )
    for _name, record, one in json_objects(file, frozenset({"data"})):
        yield from _transaction(one, record, names)


def _created(one: Json, record: int) -> datetime:
    at = instant_at(one, "created", record=record)
    if at is None:
        raise missing("created", record)
    return at


def _currency(one: Json, record: int) -> str:
    currency = text_at(one, "currency").upper()
    if not currency:
        raise missing("currency", record)
    return currency


def _minor(one: Json, name: str, currency: str, record: int) -> Decimal:
    """Return an amount that is stated in the smallest unit."""
    decimals = 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2
    return needed_amount(one, name, record=record).scaleb(-decimals)


def _transaction(one: Json, record: int, names: dict[str, str]) -> Iterator[MoneyLine]:
    currency = _currency(one, record)
    amount = _minor(one, "amount", currency, record)
    fee = _minor(one, "fee", currency, record)
    net = _minor(one, "net", currency, record)
    types = text_at(one, "type"), text_at(one, "reporting_category")
    line = MoneyLine(
        names[currency], currency, record, (*types, ""), amount, _created(one, record),
        order_id=_order(one), line_id=text_at(one, "id"), reference=text_at(one, "source"),
        note="" if amount - fee == net else f"net={net}",
    )  # fmt: skip
    yield line
    if fee:
        yield line._replace(types=(*types, FEE), amount=-fee)


def _order(one: Json) -> str:
    """Return the order a shop wrote into the payment, where the answer carries it."""
    source = one.get("source")
    held = source if isinstance(source, dict) else one
    return text_at(held, "metadata", "order_id") or text_at(one, "metadata", "order_id")


def read_report(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream the report; rows belong to the payout they name, else to the period of the document."""
    numbers, dates, (first, last) = _form(file, reading)
    with open_table(file, _fits) as (heading, rows):
        at = require(heading, _REQUIRED)
        payout_place = heading.places.get(fold("automatic_payout_id"))
        order_place = next(
            (place for name, place in heading.places.items() if name.endswith("metadataorderid")), None
        )
        seen: set[str] = set()
        for row in rows:
            currency = row[at["currency"]].upper()
            payout = row[payout_place]
            zone = account_zone(reading)
            settlement = payout or period_id(
                reading.account, currency, day_of(first, zone), day_of(last, zone)
            )
            if settlement not in seen:
                seen.add(settlement)
                yield Statement(settlement_id=settlement, currency=currency, payout_id=payout)
            yield from _row(row, at, (settlement, currency, row[order_place]), numbers, dates)


def _form(file: BinaryIO, reading: Reading) -> tuple[NumberStyle, DateStyle, tuple[datetime, datetime]]:
    texts: list[str] = []
    amounts: list[str] = []
    first = last = datetime.min.replace(tzinfo=UTC)
    with open_table(file, _fits) as (heading, rows):
        at = require(heading, _REQUIRED)
        for row in rows:
            if len(texts) < _SAMPLE_ROWS:
                texts.append(row[at["created"]])
                amounts.append(row[at["net"]])
    order = date_order(texts, default=DateOrder.MONTH_FIRST)
    dates = DateStyle(order, account_zone(reading), reading.time_zone)
    with open_table(file, _fits) as (heading, rows):
        for row in rows:
            moment = read_date(row[at["created"]], dates, row=row.number, column="created")
            first = moment if first.year == 1 else min(first, moment)
            last = max(last, moment)
    return number_style(amounts, reading.currency), dates, (first, last)


def _row(
    row: Row, at: dict[str, int], known: tuple[str, str, str], numbers: NumberStyle, dates: DateStyle
) -> Iterator[MoneyLine]:
    settlement, currency, order = known
    gross, fee, net = (
        read_amount(row[at[name]] or "0", numbers, row=row.number, column=name)
        for name in ("gross", "fee", "net")
    )
    category = row[at["category"]]
    line = MoneyLine(
        settlement, currency, row.number, (category, "", ""), gross,
        read_date(row[at["created"]], dates, row=row.number, column="created"),
        order_id=order, line_id=row[at["id"]], reference=row[at["id"]],
        note="" if gross - fee == net else f"net={net}",
    )  # fmt: skip
    yield line
    if fee:
        yield line._replace(types=(category, "", FEE), amount=-fee)


_CATEGORIES: dict[str, tuple[LineKind, str, Binding]] = {
    "charge": (LineKind.CHARGE, "4000", Binding.ORDER),
    "charge_failure": (LineKind.CHARGE, "4000", Binding.ORDER),
    "refund": (LineKind.REFUND, "4100", Binding.ORDER),
    "refund_failure": (LineKind.REFUND, "4100", Binding.ORDER),
    "partial_capture_reversal": (LineKind.REFUND, "4100", Binding.ORDER),
    "dispute": (LineKind.RESERVE, "1115", Binding.ACCOUNT),
    "dispute_reversal": (LineKind.RESERVE, "1115", Binding.ACCOUNT),
    "risk_reserved_funds": (LineKind.RESERVE, "1115", Binding.ACCOUNT),
    "reserve_hold": (LineKind.RESERVE, "1115", Binding.ACCOUNT),
    "reserve_release": (LineKind.RESERVE, "1115", Binding.ACCOUNT),
    "payout_minimum_balance_hold": (LineKind.RESERVE, "1115", Binding.ACCOUNT),
    "payout_minimum_balance_release": (LineKind.RESERVE, "1115", Binding.ACCOUNT),
    "fee": (LineKind.FEE, "5500", Binding.ACCOUNT),
    "network_cost": (LineKind.FEE, "5500", Binding.ACCOUNT),
    "tax": (LineKind.TAX, "2110", Binding.ACCOUNT),
    "topup": (LineKind.TRANSFER, "1130", Binding.PAYOUT),
    "topup_reversal": (LineKind.TRANSFER, "1130", Binding.PAYOUT),
    _PAYOUT: (LineKind.TRANSFER, "1130", Binding.PAYOUT),
    "payout_reversal": (LineKind.TRANSFER, "1130", Binding.PAYOUT),
    "financing_paydown": (LineKind.TRANSFER, "2300", Binding.ACCOUNT),
    "financing_payout": (LineKind.TRANSFER, "2300", Binding.ACCOUNT),
}


def _rules(place: int) -> Iterator[TypeRule]:
    yield TypeRule(("*", "*", FEE), LineKind.FEE, "5500")
    for category, (kind, account, binding) in _CATEGORIES.items():
        types = ("*", category, "") if place else (category, "", "")
        yield TypeRule(types, kind, account, binding)


SOURCES = (
    Source(
        key="stripe_transactions",
        title=gettext_lazy("Stripe balance transactions (API)"),
        holder=Holder.WALLET,
        platform="stripe",
        recognizes=recognizes_answer,
        read=read_answer,
        rules=tuple(_rules(1)),
        numbered_by="line_id",
    ),
    Source(
        key="stripe_payouts",
        title=gettext_lazy("Stripe payout reconciliation report"),
        holder=Holder.WALLET,
        platform="stripe",
        recognizes=recognizes_report,
        read=read_report,
        rules=tuple(_rules(0)),
        numbered_by="line_id",
    ),
)
