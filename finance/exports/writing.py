"""Files a spreadsheet opens as they were meant: text stays text, amounts are numbers, nothing is a formula.

Rows come and go; what is kept in memory is one batch. Text that begins like a formula gets an apostrophe in
front, in both formats: a file may be saved as the other one later.
"""

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from django.utils.translation import gettext as _
from openpyxl import Workbook

from finance.exports.shapes import Cells, Column

Row = list[Any]
Totals = dict[str, dict[str, Decimal]]

ACTS = frozenset("=+-@\t\r\n＝＋－＠")
"""First characters that make a spreadsheet run a text (OWASP, CSV injection)."""
SHEET_ROWS = 1_048_576
"""Rows of one sheet of a workbook, its heading included."""
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LONGEST = 32_767


def inert(text: str) -> str:
    """Return text that no spreadsheet runs."""
    if text[:1] in ACTS or (text[:1] == "'" and text[1:2] in ACTS):
        return f"'{text}"
    return text


def headings(*, columns: Sequence[Column], zone: str) -> list[str]:
    """Return the heading of each column in the language in force; instants name their zone."""
    return [
        f"{column.title} ({zone})" if column.cells is Cells.INSTANT else str(column.title)
        for column in columns
    ]


class Sheet(Protocol):
    """A file being written."""

    def add(self, rows: Iterable[Sequence[Any]]) -> int:
        """Write rows; return how many."""

    def close(self, *, facts: Mapping[str, str]) -> None:
        """Finish the file; ``facts`` are for the person who opens it."""

    @property
    def totals(self) -> Totals:
        """Return the sums of what was written, by column and currency."""


class _Columns:
    """Where in a row what has to be done, and the sums of what went by."""

    def __init__(self, columns: Sequence[Column]) -> None:
        places = {column.key: place for place, column in enumerate(columns)}
        of = {cells: [places[c.key] for c in columns if c.cells is cells] for cells in Cells}
        self.texts = of[Cells.TEXT]
        self.instants = of[Cells.INSTANT]
        self.numbers = of[Cells.NUMBER]
        self.words = [
            (places[column.key], {stored: inert(str(word)) for stored, word in column.words.items()})
            for column in columns
            if column.words is not None
        ]
        self._summed = [(places[c.key], places[c.currency], c.key) for c in columns if c.currency]
        self._held: list[dict[str, Decimal]] = [{} for _column in self._summed]

    def take(self, row: Row) -> None:
        """Make a row's words readable and inert, and add its amounts up."""
        for (place, currency_at, _key), held in zip(self._summed, self._held, strict=True):
            amount = row[place]
            if amount is not None:
                currency = row[currency_at]
                held[currency] = held[currency] + amount if currency in held else amount
        for place, words in self.words:
            row[place] = words.get(row[place], row[place])
        for place in self.texts:
            text = row[place]
            if text and (text[0] in ACTS or text[0] == "'"):
                row[place] = inert(text)

    @property
    def totals(self) -> Totals:
        return {
            key: dict(sorted(held.items()))
            for (_place, _currency, key), held in zip(self._summed, self._held, strict=True)
        }


class CsvSheet:
    """CSV in UTF-8 with its mark, the rows alone: whoever adds a column up finds the manifest's totals."""

    def __init__(self, *, path: Path, columns: Sequence[Column], zone: str) -> None:
        self._columns = _Columns(columns)
        self._file = path.open("w", encoding="utf-8-sig", newline="", buffering=1 << 18)
        self._writer = csv.writer(self._file)
        self._writer.writerow([inert(heading) for heading in headings(columns=columns, zone=zone)])

    def add(self, rows: Iterable[Sequence[Any]]) -> int:
        """Write rows; return how many."""
        made = []
        columns = self._columns
        for given in rows:
            row = list(given)
            columns.take(row)
            for place in columns.numbers:
                if isinstance(row[place], Decimal):
                    row[place] = f"{row[place]:f}"
            made.append(row)
        self._writer.writerows(made)
        return len(made)

    def close(self, *, facts: Mapping[str, str]) -> None:
        """Finish the file."""
        self._file.close()

    @property
    def totals(self) -> Totals:
        """Return the sums of what was written, by column and currency."""
        return self._columns.totals


class XlsxSheet:
    """A workbook: the rows, on as many sheets as they need, and a sheet that says what they are."""

    def __init__(self, *, path: Path, columns: Sequence[Column], zone: str) -> None:
        self._path = path
        self._columns = _Columns(columns)
        self._places = [c.key for c in columns]
        self._titles = {column.key: str(column.title) for column in columns}
        self._heading = [inert(heading) for heading in headings(columns=columns, zone=zone)]
        self._book = Workbook(write_only=True)
        self._left = 0
        self._sheet: Any = None
        self._number = 0
        self._about: Any = self._book.create_sheet(_("About"))
        self._next()

    def add(self, rows: Iterable[Sequence[Any]]) -> int:
        """Write rows; return how many."""
        count = 0
        columns = self._columns
        for given in rows:
            row = list(given)
            columns.take(row)
            for place in columns.texts:
                if row[place]:
                    row[place] = storable(row[place])
            if not self._left:
                self._next()
            self._sheet.append(row)
            self._left -= 1
            count += 1
        return count

    def close(self, *, facts: Mapping[str, str]) -> None:
        """Write what the rows are and their totals, and finish the file."""
        for name, value in facts.items():
            self._about.append([inert(name), inert(value)])
        for key, held in self.totals.items():
            for currency, amount in held.items():
                self._about.append([inert(_("Total of %s") % self._titles[key]), amount, currency])
        self._book.save(self._path)

    @property
    def totals(self) -> Totals:
        """Return the sums of what was written, by column and currency."""
        return self._columns.totals

    def _next(self) -> None:
        self._number += 1
        rows = _("Rows")
        title = rows if self._number == 1 else f"{rows} {self._number}"
        self._sheet = self._book.create_sheet(title)
        self._sheet.freeze_panes = "A2"
        self._sheet.append(self._heading)
        self._left = SHEET_ROWS - 1


def storable(text: str) -> str:
    """Return text as a workbook can hold it: without control characters, not longer than a cell."""
    return _UNSTORABLE.sub("", text)[:_LONGEST]


SHEETS: dict[str, Callable[..., Sheet]] = {"csv": CsvSheet, "xlsx": XlsxSheet}
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}


def plain(value: Any) -> str:
    """Return a fact as text for a manifest."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
