"""CSV that opens in Excel as it was meant: UTF-8 with its mark, and no cell that acts as a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from ecomhub.sheets.nouns import Importer

Cell = str | int | Decimal | datetime | bool | None

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


def _safe(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    text = str(cell)
    acts = text[:1] in ("=", "+", "-", "@", "\t", "\r") or (
        text[:1] == "'" and text[1:2] in ("=", "+", "-", "@")
    )
    return f"'{text}" if acts and not _NUMBER.fullmatch(text) else text


def write_csv(*, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Write a table as CSV. Text a spreadsheet would run gets an apostrophe, which our reader removes."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([_safe(cell) for cell in header])
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def template(*, importer: Importer) -> bytes:
    """Return an empty sheet of an importer: its headers and one example row."""
    return write_csv(
        header=[column.key for column in importer.columns],
        rows=[[column.example for column in importer.columns]],
    )
