"""XLSX documents as rows of text: the first sheet, values and no formulas."""

from functools import lru_cache
from typing import BinaryIO

from django.utils.translation import gettext as _

from channels.settlement_messages import StatementUnreadable
from ecomhub.sheets import workbook
from ecomhub.sheets.raw import MAX_BYTES, SheetRefused

MARK = b"PK\x03\x04"
"""How a workbook starts: it is an archive."""

Rows = tuple[tuple[int, tuple[str, ...]], ...]


def is_workbook(file: BinaryIO) -> bool:
    """Say whether a file is an archive, and rewind it."""
    file.seek(0)
    start = file.read(len(MARK))
    file.seek(0)
    return start == MARK


def read_workbook(file: BinaryIO) -> Rows:
    """Return the rows of a workbook, each with its number. Raises ``StatementUnreadable``."""
    file.seek(0)
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise StatementUnreadable(_("The workbook is too large. Save its sheet as CSV and choose that."))
    try:
        sheet = workbook.read(data=content)
    except SheetRefused as error:
        raise StatementUnreadable(
            _("The workbook cannot be opened. Save it again as XLSX or CSV.")
        ) from error
    for row in sheet.rows:
        if (fault := next((cell.broken for cell in row.cells if cell.broken), "")) != "":
            raise StatementUnreadable(
                _("Row %(row)s: a cell %(fault)s. Save the sheet as CSV and choose that.")
                % {"row": row.number, "fault": fault},
                row=row.number,
            )
    return tuple((row.number, tuple(cell.text for cell in row.cells)) for row in sheet.rows)


@lru_cache(maxsize=2)
def head_rows(head: bytes) -> Rows:
    """Return the rows of a workbook whose first bytes are all of it, else none."""
    try:
        sheet = workbook.read(data=head)
    except SheetRefused:
        return ()
    return tuple((row.number, tuple(cell.text for cell in row.cells)) for row in sheet.rows[:60])
