"""A file of bytes to checked rows: what it is, how it is written, which column is which."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from ecomhub.sheets import cells, delimited, workbook
from ecomhub.sheets.cells import Numbers
from ecomhub.sheets.nouns import Column, SheetRow, Table
from ecomhub.sheets.raw import MAX_BYTES, RawSheet, SheetRefused

__all__ = ["SheetRefused", "read_table"]


def read_table(*, data: bytes, columns: Sequence[Column]) -> Table:
    """Read a CSV or XLSX file into rows of the wanted columns.

    CSV may be UTF-8, UTF-16, GB18030 or Windows-1252, with commas, semicolons or tabs. The file's content
    says what it is, not its name. Blank rows are passed over. Raises ``SheetRefused`` when nothing of the
    file can be used: too large, a packed bomb, unreadable, or without a required column.
    """
    if len(data) > MAX_BYTES:
        raise SheetRefused(
            "too_large", _("The file is larger than %d MB. Split it.") % (MAX_BYTES // 1_000_000)
        )
    sheet = workbook.read(data=data) if data.startswith(b"PK") else delimited.read(data=data)
    if not sheet.rows:
        raise SheetRefused("empty", _("The file has no rows."))
    places, ignored = _places(sheet, columns)
    return Table(rows=_rows(sheet, places, columns), found=tuple(places), ignored=tuple(ignored))


def _places(sheet: RawSheet, columns: Sequence[Column]) -> tuple[dict[str, int], list[str]]:
    known: dict[str, str] = {}
    for column in columns:
        for name in (column.key, str(column.title), *column.names):
            known.setdefault(cells.header_key(name), column.key)
    places: dict[str, int] = {}
    ignored: list[str] = []
    for place, header in enumerate(sheet.rows[0].cells):
        key = known.get(cells.header_key(header.text))
        if key is None:
            if header.text:
                ignored.append(header.text[:80])
        elif key in places:
            raise SheetRefused("header_twice", _("Two columns are both %s. Remove one.") % header.text)
        else:
            places[key] = place
    missing = [column for column in columns if column.required and column.key not in places]
    if missing:
        raise SheetRefused(
            "column_missing",
            _("The first row must name these columns: %s.")
            % ", ".join(f"{column.key} ({column.title})" for column in missing),
        )
    return places, ignored


def _rows(sheet: RawSheet, places: dict[str, int], columns: Sequence[Column]) -> list[SheetRow]:
    titles = {column.key: str(column.title) for column in columns}
    number_places = [places[column.key] for column in columns if column.number and column.key in places]
    numbers = cells.spoken_numbers(
        (
            row.cells[place].text
            for row in sheet.rows[1:]
            for place in number_places
            if place < len(row.cells) and not row.cells[place].exact
        ),
        otherwise=Numbers.COMMA if sheet.delimiter == ";" else Numbers.POINT,
    )
    rows = []
    for raw in sheet.rows[1:]:
        held = {key: raw.cells[place] for key, place in places.items() if place < len(raw.cells)}
        rows.append(
            SheetRow(
                number=raw.number,
                values={key: held[key].text if key in held else "" for key in places},
                titles=titles,
                numbers=numbers,
                exact=frozenset(key for key, cell in held.items() if cell.exact),
                broken={key: cell.broken for key, cell in held.items() if cell.broken},
            )
        )
    return rows
