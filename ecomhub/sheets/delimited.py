"""CSV as sellers' programs write it: several encodings, several delimiters, Excel's ``="00123"``."""

import codecs
import csv
import io
import re

from django.utils.translation import gettext as _

from ecomhub.sheets.raw import (
    MAX_COLUMNS,
    MAX_ROWS,
    RawCell,
    RawRow,
    RawSheet,
    SheetRefused,
    text_cell,
    too_many_columns,
    too_many_rows,
)

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_KEPT_TEXT = re.compile(r'="((?:[^"]|"")*)"')
_DELIMITERS = ",;\t|"


def decode(*, data: bytes) -> str:
    """Turn a file's bytes into text by its mark, else by what it can be. Raises ``SheetRefused``."""
    try:
        return data.decode(_encoding(data))
    except UnicodeDecodeError as error:
        raise SheetRefused(
            "encoding",
            _("The file's characters cannot be read. Save it as CSV UTF-8 or as an Excel workbook."),
        ) from error


def _encoding(data: bytes) -> str:
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    sample = data[:4000]
    if sample[1::2].count(0) > len(sample) // 4:
        return "utf-16-le"
    if sample[::2].count(0) > len(sample) // 4:
        return "utf-16-be"
    for name in ("utf-8", "gb18030"):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if name == "utf-8" or _reads_chinese(data, text):
            return name
    return "cp1252"


def _reads_chinese(data: bytes, text: str) -> bool:
    """Tell Chinese from Western text whose accents happen to pair up as rare characters.

    Chinese text lives almost wholly in the GB 2312 part, where both bytes are above A0; a Western accent is
    followed by an ASCII letter.
    """
    outside = sum(1 for sign in text if sign > "\x7f")
    if not outside:
        return False
    common = len(re.findall(rb"[\xa1-\xf7][\xa1-\xfe]", data))
    return common >= 0.7 * outside


def read(*, data: bytes) -> RawSheet:
    """Read delimited text. Raises ``SheetRefused``."""
    text = decode(data=data)
    if "\0" in text:
        raise SheetRefused("not_a_sheet", _("This is neither a CSV file nor an Excel workbook."))
    delimiter = _delimiter(text)
    rows: list[RawRow] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 0
    try:
        for number, fields in enumerate(reader, start=1):
            if not any(field.strip() for field in fields):
                continue
            if len(rows) > MAX_ROWS:
                raise too_many_rows()
            if len(fields) > MAX_COLUMNS and any(field.strip() for field in fields[MAX_COLUMNS:]):
                raise too_many_columns()
            rows.append(RawRow(number=number, cells=[_cell(field) for field in fields[:MAX_COLUMNS]]))
    except csv.Error as error:
        raise SheetRefused(
            "not_csv",
            _("Row %(row)d cannot be read as CSV: %(error)s.") % {"row": number + 1, "error": error},
        ) from error
    return RawSheet(rows=rows, delimiter=delimiter)


def _cell(field: str) -> RawCell:
    kept = _KEPT_TEXT.fullmatch(field.strip())
    return text_cell(kept[1].replace('""', '"') if kept else field)


def _delimiter(text: str) -> str:
    """Return the sign that parts the first line that is not blank, outside of quotes."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"(?:[^"]|"")*"', "", line)
    return max(_DELIMITERS, key=bare.count)
