"""Tables in text documents: the delimiter and the heading row by content, rows one after another."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO, Literal, TextIO

from django.utils.translation import gettext as _

from channels.money_files.encodings import encoding_of, head_text, text_of
from channels.money_files.workbooks import MARK, Rows, head_rows, is_workbook, read_workbook
from channels.settlement_messages import StatementUnreadable

_DELIMITERS = "\t,;|"
_PREAMBLE = 60
_HEAD = 1 << 16
_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Heading:
    """Where a table starts: its heading's row, counted from 1, the delimiter, the cells as written."""

    row: int
    delimiter: str
    cells: tuple[str, ...]
    is_quoted: bool = True
    preamble: tuple[str, ...] = ()

    @property
    def quoting(self) -> Literal[0, 3]:
        """Return how ``csv`` must read the rows: a tab separated report may use quotes as plain letters."""
        return csv.QUOTE_NONE if self.delimiter == "\t" and not self.is_quoted else csv.QUOTE_MINIMAL

    @property
    def places(self) -> dict[str, int]:
        """Return the place of every folded heading; of two equal ones the first."""
        found: dict[str, int] = {}
        for place, cell in enumerate(self.cells):
            found.setdefault(fold(cell), place)
        return found


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its number in the document, and its cells."""

    number: int
    cells: Sequence[str]

    def __getitem__(self, place: int | None) -> str:
        """Return a cell without the space around it; empty where the row or the column is missing."""
        return self.cells[place].strip() if place is not None and place < len(self.cells) else ""


def fold(heading: str) -> str:
    """Return a heading so that case, accents, spaces, dashes and marks make no difference."""
    apart = unicodedata.normalize("NFKD", heading.strip().lstrip("\ufeff").casefold())
    return _LETTERS.sub("", "".join(letter for letter in apart if not unicodedata.combining(letter)))


def find_heading(text: str, fits: Callable[[frozenset[str]], bool], at: int = 0) -> Heading | None:
    """Find the first row whose folded cells ``fits`` accepts, by every delimiter; ``at``: only that row."""
    for delimiter in _DELIMITERS:
        if delimiter not in text:
            continue
        before: list[str] = []
        raw = _first_rows(text, delimiter, csv.QUOTE_NONE)
        for row, cells in enumerate(_first_rows(text, delimiter, csv.QUOTE_MINIMAL), start=1):
            if at in (0, row) and fits(frozenset(fold(cell) for cell in cells if cell.strip())):
                is_quoted = any('"' in cell for cell in raw[row - 1]) if row <= len(raw) else True
                named = tuple(cell.strip() for cell in cells)
                return Heading(row, delimiter, named, is_quoted, tuple(before))
            before.append(delimiter.join(cells))
    return None


def head_heading(head: bytes, fits: Callable[[frozenset[str]], bool], at: int = 0) -> Heading | None:
    """Find the heading in a document's first bytes (``at``: only in that row); nothing for what is no table.

    A workbook shows its rows only when the first bytes are all of it.
    """
    if head.startswith(MARK):
        return _heading_among(head_rows(head), fits, at)
    if is_no_table(head):
        return None
    return find_heading(head_text(head), fits, at)


def is_no_table(head: bytes) -> bool:
    """Say whether a document is none of rows and columns by how it starts."""
    return head.startswith(b"%PDF") or _start(head) in ("{", "[", "<")


def first_rows(head: bytes) -> list[Row]:
    """Return the first rows of a document as they stand in it, its heading and remarks among them.

    The delimiter is the one that parts a row into most cells; raises ``StatementUnreadable`` for no table.
    """
    if head.startswith(MARK):
        return [Row(number, cells) for number, cells in head_rows(head)[:_PREAMBLE]]
    if is_no_table(head):
        raise StatementUnreadable(_("The document is no table. A layout reads CSV and XLSX."))
    text = head_text(head)
    parted = [_first_rows(text, delimiter, csv.QUOTE_MINIMAL) for delimiter in _DELIMITERS]
    widest = max(parted, key=lambda rows: sorted(len(cells) for cells in rows)[len(rows) // 2 :])
    return [Row(number, cells) for number, cells in enumerate(widest, start=1)]


@contextmanager
def open_table(
    file: BinaryIO, fits: Callable[[frozenset[str]], bool], at: int = 0
) -> Iterator[tuple[Heading, Iterator[Row]]]:
    """Open a document at its table: the heading and the rows under it, empty rows left out.

    Raises ``StatementUnreadable`` when there is no such heading, or a letter is in no known encoding.
    """
    if is_workbook(file):
        sheet = read_workbook(file)
        named = _heading_among(sheet, fits, at)
        if named is None:
            raise _no_heading()
        yield named, (Row(number, cells) for number, cells in sheet if number > named.row and any(cells))
        return
    encoding = encoding_of(file)
    with text_of(file, encoding, newline="") as text:
        heading = find_heading(text.read(_HEAD), fits, at)
    if heading is None:
        raise _no_heading()
    with text_of(file, encoding, newline="") as text:
        try:
            yield heading, _rows(text, heading)
        except UnicodeDecodeError as error:
            raise StatementUnreadable(
                _("The document mixes encodings. Get it once more from its source, unchanged.")
            ) from error
        except csv.Error as error:
            raise StatementUnreadable(
                _("The table breaks off in the middle of a cell. Get the document once more.")
            ) from error


def require(heading: Heading, names: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Return the place of each wanted column by any of its names; raises naming all that are missing."""
    places = heading.places
    found = {
        role: next(place for spelling in spellings if (place := places.get(fold(spelling))) is not None)
        for role, spellings in names.items()
        if any(fold(spelling) in places for spelling in spellings)
    }
    missing = [spellings[0] for role, spellings in names.items() if role not in found]
    if missing:
        raise StatementUnreadable(
            _("The document lacks the columns %(columns)s. Export it again with them.")
            % {"columns": ", ".join(missing)},
            row=heading.row,
        )
    return found


def _heading_among(rows: Rows, fits: Callable[[frozenset[str]], bool], at: int = 0) -> Heading | None:
    """Find the heading in the rows of a workbook."""
    before: list[str] = []
    for number, cells in rows[:_PREAMBLE]:
        if at in (0, number) and fits(frozenset(fold(cell) for cell in cells if cell.strip())):
            return Heading(number, "", tuple(cell.strip() for cell in cells), preamble=tuple(before))
        before.append(" ".join(cells))
    return None


def _no_heading() -> StatementUnreadable:
    return StatementUnreadable(
        _("The heading row was not found. Get the document once more from its source, with its headings.")
    )


def _start(head: bytes) -> str:
    return head_text(head).lstrip("\ufeff \t\r\n")[:1]


@lru_cache(maxsize=16)
def _first_rows(text: str, delimiter: str, quoting: Literal[0, 3]) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = []
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting):
            rows.append(tuple(cells))
            if len(rows) >= _PREAMBLE:
                break
    except csv.Error:
        pass
    return tuple(rows)


def _rows(text: TextIO, heading: Heading) -> Iterator[Row]:
    reader = csv.reader(text, delimiter=heading.delimiter, quoting=heading.quoting)
    for number, cells in enumerate(reader, start=1):
        if number > heading.row and any(cells):
            yield Row(number, cells)
