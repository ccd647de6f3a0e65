"""eBay's transaction report (CSV), English or German.

About a dozen lines of introduction come first; ``--`` is an empty cell. An order of several items is one row
with the net amount and then a row per item without it. The payout itself is a row: it states the total.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext_lazy

from channels.money_files.dates import DateOrder, DateStyle, date_order, read_date
from channels.money_files.numbers import NumberStyle, number_style, read_amount
from channels.money_files.tables import Heading, Row, fold, head_heading, open_table, require
from channels.money_files.zones import zone_of
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

_REQUIRED: dict[str, tuple[str, ...]] = {
    "date": ("Transaction creation date", "Datum der Transaktionserstellung"),
    "type": ("Type", "Typ"),
    "order": ("Order number", "Bestellnummer"),
    "net": ("Net amount", "Betrag abzügl. Kosten"),
    "currency": ("Payout currency", "Auszahlungswährung"),
    "payout": ("Payout ID", "Auszahlung Nr."),
}
_OPTIONAL: dict[str, tuple[str, ...]] = {
    "paid": ("Payout date", "Auszahlungsdatum"),
    "status": ("Payout status", "Auszahlungsstatus"),
    "transaction": ("Transaction ID", "Transaktionsnummer"),
    "sku": ("Custom label", "Bestandseinheit"),
    "quantity": ("Quantity", "Stückzahl"),
    "gross": ("Gross transaction amount", "Bruttobetrag der Transaktion"),
    "gross currency": ("Transaction currency", "Transaktionswährung"),
    "rate": ("Exchange rate", "Wechselkurs"),
    "reference": ("Reference ID", "Referenznummer"),
    "description": ("Description", "Beschreibung"),
}
FEES = (
    "Final Value Fee - fixed", "Fixer Anteil der Verkaufsprovision",
    "Final Value Fee - variable", "Variabler Anteil der Verkaufsprovision",
    "Regulatory operating fee", "Gebühr zur Deckung regulatorischer Betriebskosten",
    'Very high "item not as described" fee',
    "Gebühr für sehr hohe Quote an „nicht wie beschriebenen Artikeln“",
    "Below standard performance fee", "Gebühr für unterdurchschnittlichen Servicestatus",
    "International fee", "Internationale Gebühr",
    "Charity donation", "Spende", "Deposit processing fee", "Bearbeitungsgebühr für Einzahlungen",
)  # fmt: skip
PAYOUTS = ("Payout", "Auszahlung")
_WORDS: dict[tuple[str, ...], tuple[LineKind, str, Binding]] = {
    ("Order", "Bestellung"): (LineKind.CHARGE, "4000", Binding.ORDER),
    ("Refund", "Rückerstattung"): (LineKind.REFUND, "4100", Binding.ORDER),
    ("Shipping label", "Versandetikett", "Versandlabel"): (LineKind.FEE, "5300", Binding.ACCOUNT),
    ("Hold", "Einbehaltung"): (LineKind.RESERVE, "1115", Binding.ACCOUNT),
    ("Claim", "Fall", "Payment dispute", "Zahlungsstreitigkeit"): (LineKind.RESERVE, "1115", Binding.ACCOUNT),
    ("Charge", "Belastung", "Transfer", "Übertragung"): (LineKind.TRANSFER, "1140", Binding.ACCOUNT),
}
# What neither gross nor the fees we know explain of a net amount; no rule knows it.
_REMAINDER = "remainder"
_EMPTY = ("", "--", "-")
_SAMPLE_ROWS = 5000
_PLACES = tuple(frozenset(map(fold, names)) for names in _REQUIRED.values())
_FEE_NAMES = frozenset(map(fold, FEES))


def _fits(names: frozenset[str]) -> bool:
    return all(names & wanted for wanted in _PLACES)


def recognizes(sample: Sample) -> bool:
    """Say whether the headings are those of eBay's transaction report."""
    return head_heading(sample.head, _fits) is not None


def read(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream the rows; the payouts' statements come at the end."""
    numbers, dates = _styles(file, reading)
    with open_table(file, _fits) as (heading, rows):
        reader = _Reader(heading, numbers, dates, reading)
        for group in _groups(rows, reader):
            yield from reader.lines(group)
        yield from reader.statements()


def _styles(file: BinaryIO, reading: Reading) -> tuple[NumberStyle, DateStyle]:
    nets: list[str] = []
    days: list[str] = []
    with open_table(file, _fits) as (heading, rows):
        places = require(heading, _REQUIRED)
        for row in rows:
            nets.append(row[places["net"]])
            days.append(row[places["date"]])
            if len(days) >= _SAMPLE_ROWS:
                break
    is_english = fold(heading.cells[places["type"]]) == "type"
    order = date_order(days, default=DateOrder.MONTH_FIRST if is_english else DateOrder.DAY_FIRST)
    zone = zone_of(reading.time_zone, reading.time_zone) or DateStyle().zone
    return number_style(nets, reading.currency), DateStyle(order, zone, reading.time_zone)


@dataclass(slots=True)
class _Payout:
    """What the rows said of one payout."""

    currency: str
    identity: str
    paid_at: datetime | None = None
    status: str = ""
    left: Decimal | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class _Reader:
    """Turns rows into lines, and remembers the payouts."""

    def __init__(self, heading: Heading, numbers: NumberStyle, dates: DateStyle, reading: Reading) -> None:
        self._at = require(heading, _REQUIRED)
        by_name = heading.places
        for role, names in _OPTIONAL.items():
            for name in names:
                if (place := by_name.get(fold(name))) is not None:
                    self._at.setdefault(role, place)
        self._fees = [(cell, place) for place, cell in enumerate(heading.cells) if fold(cell) in _FEE_NAMES]
        self._numbers, self._dates, self._reading = numbers, dates, reading
        self._payouts: dict[str, _Payout] = {}

    def cell(self, row: Row, role: str) -> str:
        """Return a cell by its role; ``--`` is empty."""
        text = row[self._at.get(role)]
        return "" if text in _EMPTY else text

    def lines(self, group: list[Row]) -> Iterator[MoneyLine]:
        """Yield the lines of one transaction: its row, and the rows of its items."""
        row = group[0]
        posted_at = read_date(self.cell(row, "date"), self._dates, row=row.number, column="date")
        net = self._amount(row, self._at["net"])
        currency = self.cell(row, "currency") or self._reading.currency
        payout = self._payout(row, currency, posted_at)
        kind = self.cell(row, "type")
        if kind in PAYOUTS and self.cell(row, "payout"):
            payout.left = (payout.left or Decimal(0)) - (net or Decimal(0))
            payout.paid_at = payout.paid_at or posted_at
            return
        detailed = [
            line for one in group for line in self._details(one, payout.identity, currency, kind, posted_at)
        ]
        itemized = sum((line.amount for line in detailed), Decimal(0))
        if net is not None and itemized != net and all(line.types[1] for line in detailed):
            yield self._line(row, payout.identity, currency, (kind, "", ""), net, posted_at)
            return
        yield from detailed
        if net is not None and itemized != net:
            types = kind, _REMAINDER, ""
            yield self._line(row, payout.identity, currency, types, net - itemized, posted_at)

    def statements(self) -> Iterator[Statement]:
        """Yield what the document says of each payout."""
        for payout in self._payouts.values():
            is_open = payout.identity.startswith("open:")
            yield Statement(
                settlement_id=payout.identity,
                currency=payout.currency,
                total=payout.left,
                starts_at=payout.starts_at,
                ends_at=payout.ends_at,
                deposited_at=payout.paid_at,
                payout_id="" if is_open else payout.identity,
                platform_status=payout.status,
                pays=not is_open,
            )

    def _amount(self, row: Row, place: int) -> Decimal | None:
        text = row[place]
        return None if text in _EMPTY else read_amount(text, self._numbers, row=row.number, column="amount")

    def _payout(self, row: Row, currency: str, posted_at: datetime) -> _Payout:
        identity = self.cell(row, "payout") or f"open:{self._reading.account}:{currency}"
        payout = self._payouts.setdefault(identity, _Payout(currency, identity))
        payout.starts_at = posted_at if payout.starts_at is None else min(posted_at, payout.starts_at)
        payout.ends_at = posted_at if payout.ends_at is None else max(posted_at, payout.ends_at)
        payout.status = self.cell(row, "status") or payout.status
        if payout.paid_at is None and (text := self.cell(row, "paid")):
            payout.paid_at = read_date(text, self._dates, row=row.number, column="payout date")
        return payout

    def _details(
        self, row: Row, settlement: str, currency: str, kind: str, posted_at: datetime
    ) -> Iterator[MoneyLine]:
        """Yield gross and fees of one row, where they are in the currency that is paid out."""
        if self.cell(row, "gross currency") not in ("", currency):
            return
        gross_place = self._at.get("gross")
        gross = self._amount(row, gross_place) if gross_place is not None else None
        if gross is not None:
            yield self._line(row, settlement, currency, (kind, "", ""), gross, posted_at)
        for title, place in self._fees:
            if fee := self._amount(row, place):
                yield self._line(row, settlement, currency, (kind, title, ""), fee, posted_at)

    def _line(
        self,
        row: Row,
        settlement: str,
        currency: str,
        types: tuple[str, str, str],
        amount: Decimal,
        at: datetime,
    ) -> MoneyLine:
        quantity = self.cell(row, "quantity")
        foreign = self.cell(row, "gross currency")
        note = self.cell(row, "description")
        if foreign not in ("", currency):
            note = f"{self.cell(row, 'gross')} {foreign} @ {self.cell(row, 'rate')} {note}".strip()
        return MoneyLine(
            settlement, currency, row.number, types, amount, at, self.cell(row, "order"),
            self.cell(row, "transaction"), self.cell(row, "sku"),
            int(quantity) if quantity.isdigit() else 0, self.cell(row, "reference"), note=note,
        )  # fmt: skip


def _groups(rows: Iterator[Row], reader: _Reader) -> Iterator[list[Row]]:
    """Yield each row together with the item rows under it: same order, no net amount of their own."""
    group: list[Row] = []
    for row in rows:
        is_item = (
            group
            and not reader.cell(row, "net")
            and reader.cell(row, "order")
            and reader.cell(row, "order") == reader.cell(group[0], "order")
        )
        if group and not is_item:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _rules() -> Iterator[TypeRule]:
    for title in FEES:
        account = "5500" if fold(title) in map(fold, FEES[-2:]) else "5200"
        binding = Binding.ACCOUNT if fold(title) in map(fold, FEES[-4:]) else Binding.ORDER
        if fold(title) not in map(fold, FEES[-4:-2]):
            yield TypeRule(("*", title, ""), LineKind.FEE, account, binding)
    for words, (kind, account, binding) in _WORDS.items():
        for word in words:
            yield TypeRule((word, "", ""), kind, account, binding)


SOURCE = Source(
    key="ebay_transaction_report",
    title=gettext_lazy("eBay transaction report"),
    holder=Holder.CHANNEL,
    platform="ebay",
    recognizes=recognizes,
    read=read,
    rules=tuple(_rules()),
)
