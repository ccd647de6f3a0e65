"""A sheet before anybody knows its columns, and the caps every sheet keeps."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ecomhub.sheets.cells import normalized

MAX_BYTES = 20_000_000
MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_CELL = 5_000
MAX_UNPACKED = 200_000_000
MAX_RATIO = 150
"""How many times larger than its file a workbook may unpack; real ones stay below 60."""


class SheetRefused(Exception):
    """Nothing of the file can be used. ``code`` names why, the text tells the person what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class RawCell:
    """A cell's text. ``exact`` says it was stored as a number; ``broken`` why it has no value."""

    text: str
    exact: bool = False
    broken: str = ""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row that is not blank, with the number a person sees."""

    number: int
    cells: list[RawCell]


@dataclass(frozen=True, slots=True)
class RawSheet:
    """The rows that are not blank; the first is the header."""

    rows: list[RawRow]
    delimiter: str = ""


def text_cell(text: str) -> RawCell:
    """Clean one cell's text; a text cell of our own files loses the apostrophe that made it harmless."""
    clean = normalized(text)
    if len(clean) > 1 and clean[0] == "'" and clean[1] in "=+-@'":
        clean = clean[1:]
    if len(clean) > MAX_CELL:
        return RawCell("", broken=_("is longer than %d characters") % MAX_CELL)
    return RawCell(clean)


def too_many_rows() -> SheetRefused:
    """Return the refusal of a sheet with too many rows."""
    return SheetRefused("too_many_rows", _("The sheet has more than %d rows. Split it.") % MAX_ROWS)


def too_many_columns() -> SheetRefused:
    """Return the refusal of a sheet with too many columns."""
    return SheetRefused("too_many_columns", _("The sheet has more than %d columns.") % MAX_COLUMNS)
