"""XLSX: unpacked only as far as a real workbook goes, values instead of formulas."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import repeat
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from ecomhub.sheets.raw import (
    MAX_COLUMNS,
    MAX_RATIO,
    MAX_ROWS,
    MAX_UNPACKED,
    RawCell,
    RawRow,
    RawSheet,
    SheetRefused,
    text_cell,
    too_many_columns,
    too_many_rows,
)

_PIECE = 1 << 20
_SMALL = 1 << 20
_MAX_MEMBERS = 2_000
_LAST_ROW = 1_048_576
_ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"})
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    InvalidFileException,
    NotImplementedError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    OSError,
    SyntaxError,
)
"""What the readers of zip and XML raise on a damaged file; ``SyntaxError`` is XML's parse error."""


def read(*, data: bytes) -> RawSheet:
    """Read the first sheet of a workbook. Raises ``SheetRefused``."""
    try:
        formulas = _inspect(data)
        return RawSheet(rows=list(_rows(data, formulas=formulas)))
    except _BROKEN as error:
        raise SheetRefused(
            "not_a_workbook", _("The workbook is damaged. Open it in Excel and save it again.")
        ) from error


def _inspect(data: bytes) -> bool:
    """Unpack every part once, counting, before anything builds a tree of it; whether formulas occur."""
    unpacked = 0
    formulas = False
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        members = packed.infolist()
        if len(members) > _MAX_MEMBERS or any(member.flag_bits & 0x1 for member in members):
            raise SheetRefused("not_a_workbook", _("The workbook is encrypted or has too many parts."))
        for member in members:
            is_sheet = member.filename.startswith("xl/worksheets/")
            tail = b""
            size = 0
            with packed.open(member) as part:
                while piece := part.read(_PIECE):
                    size += len(piece)
                    unpacked += len(piece)
                    packed_size = max(member.compress_size, 1)
                    if unpacked > MAX_UNPACKED or (size > _SMALL and size > MAX_RATIO * packed_size):
                        raise SheetRefused(
                            "bomb", _("The workbook unpacks to far more than its size and was not read.")
                        )
                    seam = tail + piece
                    if b"<!DOCTYPE" in seam or b"<!ENTITY" in seam:
                        raise SheetRefused("entities", _("The workbook holds XML that no Excel writes."))
                    formulas = formulas or (is_sheet and (b"<f>" in seam or b"<f " in seam or b"<f/" in seam))
                    tail = piece[-16:]
    return formulas


def _rows(data: bytes, *, formulas: bool) -> Iterator[RawRow]:
    values = _sheet(data, data_only=True)
    wording: Iterator[tuple[Any, ...]] = _sheet(data, data_only=False) if formulas else repeat(())
    kept = 0
    for number, (row, words) in enumerate(zip(values, wording, strict=False), start=1):
        if number > _LAST_ROW:
            raise too_many_rows()
        found = [
            _cell(value, words[place] if place < len(words) else None)
            for place, value in enumerate(row[:MAX_COLUMNS])
        ]
        if any(value is not None for value in row[MAX_COLUMNS:]):
            raise too_many_columns()
        if not any(cell.text or cell.broken for cell in found):
            continue
        kept += 1
        if kept > MAX_ROWS + 1:
            raise too_many_rows()
        yield RawRow(number=number, cells=found)


def _sheet(data: bytes, *, data_only: bool) -> Iterator[tuple[Any, ...]]:
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=data_only, keep_links=False)
    try:
        sheet = next((one for one in book.worksheets if one.sheet_state == "visible"), None)
        if sheet is None:
            raise SheetRefused("not_a_workbook", _("The workbook has no sheet with rows."))
        sheet.reset_dimensions()
        yield from sheet.iter_rows(values_only=True)
    finally:
        book.close()


def _cell(value: Any, wording: Any) -> RawCell:
    if value is None:
        if isinstance(wording, str) and wording.startswith("="):
            return RawCell("", broken=_("is a formula without a value; paste its value instead"))
        return RawCell("")
    if isinstance(value, str):
        if value in _ERRORS:
            return RawCell("", broken=_("is an error of Excel: %s") % value)
        return text_cell(value)
    if isinstance(value, bool):
        return RawCell("true" if value else "false")
    if isinstance(value, int):
        return RawCell(str(value), exact=True)
    if isinstance(value, float):
        return RawCell(_float_text(value), exact=True)
    if isinstance(value, datetime):
        bare = value.time() == time()
        return RawCell(value.date().isoformat() if bare else value.isoformat(sep=" "))
    if isinstance(value, date | time):
        return RawCell(value.isoformat())
    return text_cell(str(value))


def _float_text(value: float) -> str:
    """Write a stored number as Excel shows it: 15 significant digits, never an exponent."""
    if value.is_integer() and abs(value) < 1e18:
        return str(int(value))
    text = f"{value:.15g}"
    return text if "e" not in text else f"{value:.20f}".rstrip("0").rstrip(".")
