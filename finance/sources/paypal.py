"""PayPal's activity download: several currencies in one table, each with its own running balance.

Gross and fee are lines, they sum to net. Names and addresses in it are not read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext_lazy

from channels.money_files.balances import Chain
from channels.money_files.dates import DateOrder, DateStyle, date_order, read_date
from channels.money_files.numbers import NumberStyle, number_style, read_amount
from channels.money_files.tables import Heading, Row, fold, head_heading, open_table, require
from channels.settlement_messages import Holder, MoneyLine, Reading, Sample, Source, Statement
from finance.sources.paypal_words import FEE, MEMO, MONTH_FIRST_ZONES, NOT_DONE, OPTIONAL, REQUIRED, rules
from finance.sources.periods import TOLD, account_zone, period_id

_NAMES = tuple(frozenset(map(fold, names)) for names in REQUIRED.values())
_SAMPLES = 5000


def _fits(names: frozenset[str]) -> bool:
    return all(names & wanted for wanted in _NAMES)


def recognizes(sample: Sample) -> bool:
    """Say whether the headings are those of the activity download in one of its languages."""
    return head_heading(sample.head, _fits) is not None


def read(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream the rows; one statement per currency comes at the end."""
    form = _form(file, reading)
    chains: dict[tuple[str, str], Chain] = {}
    with open_table(file, _fits) as (heading, rows):
        at = _places(heading)
        for row in rows:
            yield from _row(row, at, form, chains, reading)
    for (currency, told), chain in chains.items():
        yield Statement(
            settlement_id=form.settlement(reading, currency) + told,
            currency=currency,
            total=None if told else chain.total,
            starts_at=chain.starts_at,
            ends_at=chain.ends_at,
            opening=None if told else chain.opening,
            closing=None if told else chain.closing,
            pays=not told,
        )


@dataclass(frozen=True, slots=True)
class _Form:
    """How one download writes, and the days it speaks of."""

    numbers: NumberStyle
    dates: DateStyle
    first: date
    last: date

    def settlement(self, reading: Reading, currency: str) -> str:
        return period_id(reading.account, currency, self.first, self.last)


def _places(heading: Heading) -> dict[str, int]:
    places = require(heading, REQUIRED)
    by_name = heading.places
    for role, names in OPTIONAL.items():
        for name in names:
            if (place := by_name.get(fold(name))) is not None and place not in places.values():
                places.setdefault(role, place)
    return places


def _form(file: BinaryIO, reading: Reading) -> _Form:
    """Read the download once for its days and for the look of its amounts."""
    days: set[str] = set()
    amounts: list[str] = []
    zones: set[str] = set()
    with open_table(file, _fits) as (heading, rows):
        at = _places(heading)
        for row in rows:
            days.add(row[at["date"]])
            if len(amounts) < _SAMPLES:
                amounts += [row[at["net"]], row[at["gross"]], row[at["fee"]]]
                zones.add(row[at.get("zone")])
    is_american = any(zone in MONTH_FIRST_ZONES for zone in zones)
    order = date_order(days, default=DateOrder.MONTH_FIRST if is_american else DateOrder.DAY_FIRST)
    plain = DateStyle(order, account_zone=reading.time_zone)
    dated = [read_date(day, plain, row=heading.row, column="date").date() for day in days if day]
    today = dated or [date.min]
    numbers = number_style(amounts, reading.currency)
    return _Form(numbers, DateStyle(order, account_zone(reading), reading.time_zone), min(today), max(today))


def _row(
    row: Row, at: dict[str, int], form: _Form, chains: dict[tuple[str, str], Chain], reading: Reading
) -> Iterator[MoneyLine]:
    when = f"{row[at['date']]} {row[at.get('time')]}".strip()
    posted_at = read_date(when, form.dates, row=row.number, column="date", zone_name=row[at.get("zone")])
    currency = row[at["currency"]]
    gross = read_amount(row[at["gross"]], form.numbers, row=row.number, column="gross")
    fee_text, balance_text = row[at["fee"]], row[at.get("balance")]
    fee = read_amount(fee_text, form.numbers, row=row.number, column="fee") if fee_text else Decimal(0)
    net = read_amount(row[at["net"]], form.numbers, row=row.number, column="net")
    is_told = row[at.get("impact")] in MEMO or row[at.get("status")] in NOT_DONE
    running = None
    if balance_text and not is_told:
        running = read_amount(balance_text, form.numbers, row=row.number, column="balance")
    told = TOLD if is_told else ""
    chains.setdefault((currency, told), Chain()).add(net, running, posted_at)
    line = MoneyLine(
        form.settlement(reading, currency) + told,
        currency,
        row.number,
        (row[at["type"]], "", ""),
        gross,
        posted_at,
        order_id=row[at.get("invoice")],
        line_id=row[at["transaction"]],
        reference=row[at.get("reference")] or row[at["transaction"]],
        note="" if gross + fee == net else f"net={net}",
        running=None if fee else running,
    )
    yield line
    if fee:
        yield line._replace(types=(row[at["type"]], FEE, ""), amount=fee, running=running)


SOURCES = (
    Source(
        key="paypal_activity",
        title=gettext_lazy("PayPal activity download"),
        holder=Holder.WALLET,
        platform="paypal",
        recognizes=recognizes,
        read=read,
        rules=tuple(rules()),
        numbered_by="line_id",
    ),
)
