"""Sheets as sellers have them: odd encodings, commas for points, formulas, and files meant to hurt."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from ecomhub.sheets import CellRefused, Column, Numbers, SheetRefused, read_table, write_csv
from ecomhub.sheets import raw as caps
from ecomhub.sheets.cells import parse_number

COLUMNS = (
    Column("code", "SKU code", ("SKU编码", "货号"), required=True),
    Column("name", "Name", ("中文名", "名称")),
    Column("price", "Price", ("价格(元)",), number=True),
    Column("ok", "Good"),
)


def read(data: bytes) -> list[dict[str, str]]:
    """The rows' texts by column."""
    return [dict(row.values) for row in read_table(data=data, columns=COLUMNS).rows]


def book(rows: Iterable[Sequence[Any]]) -> bytes:
    """A workbook with these rows."""
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


CHINESE = "SKU编码,中文名,价格(元)\nA-1,蓝色陶瓷杯子,12.5\nA-2,充电宝（含电池）,3\n"
WESTERN = "code;name;price\nA-1;Müller Fußmatte für Küche;12,5\nA-2;café crème brûlée;3\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk"]
)
def test_chinese_sheets_are_read_in_the_encodings_chinese_programs_write(encoding: str) -> None:
    rows = read(CHINESE.encode(encoding))
    assert [row["name"] for row in rows] == ["蓝色陶瓷杯子", "充电宝（含电池）"]
    assert [row["code"] for row in rows] == ["A-1", "A-2"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_western_sheets_are_read_in_the_encodings_western_programs_write(encoding: str) -> None:
    rows = read(WESTERN.encode(encoding))
    assert [row["name"] for row in rows] == ["Müller Fußmatte für Küche", "café crème brûlée"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_delimiter_is_seen_in_the_header(delimiter: str) -> None:
    text = f'code{delimiter}name\nA{delimiter}"with {delimiter} inside"\n'
    assert read(text.encode()) == [{"code": "A", "name": f"with {delimiter} inside"}]


def test_headers_are_known_in_either_language_and_however_they_are_written() -> None:
    table = read_table(
        data="\ufeff *货号* , 中文名,价 格（元）,Note to self\nA,杯子,3,x\n".encode(), columns=COLUMNS
    )
    assert table.found == ("code", "name", "price")
    assert table.ignored == ("Note to self",)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("name,price\nx,1\n", "column_missing"),
        ("code,货号\nx,1\n", "header_twice"),
        ("\n\n", "empty"),
        ("code\n\0\n", "not_a_sheet"),
        ('code\n"' + "x" * 200_000 + '"\n', "not_csv"),
    ],
)
def test_a_file_nothing_can_be_done_with_is_refused_with_a_reason(text: str, code: str) -> None:
    with pytest.raises(SheetRefused) as refusal:
        read(text.encode())
    assert refusal.value.code == code
    assert str(refusal.value)


def test_bytes_of_no_encoding_are_refused_with_what_to_do() -> None:
    with pytest.raises(SheetRefused, match="CSV UTF-8"):
        read(b"code,name\nA,\x81\x8d\x8f\xff\n")


def test_row_numbers_are_those_a_person_sees() -> None:
    table = read_table(data=b'code,name\n\nA,"two\nlines"\n\n\nB,x\n', columns=COLUMNS)
    assert [row.number for row in table.rows] == [3, 6]
    table = read_table(data=book([["code"], [None], ["A"], [None], ["B"]]), columns=COLUMNS)
    assert [row.number for row in table.rows] == [3, 5]


@pytest.mark.parametrize(
    ("text", "numbers", "value"),
    [
        ("1234", Numbers.POINT, "1234"),
        ("1,234.50", Numbers.COMMA, "1234.50"),
        ("1.234,50", Numbers.POINT, "1234.50"),
        ("12,5", Numbers.POINT, "12.5"),
        ("12.5", Numbers.COMMA, "12.5"),
        ("1,234", Numbers.POINT, "1234"),
        ("1,234", Numbers.COMMA, "1.234"),
        ("1.234", Numbers.POINT, "1.234"),
        ("1.234", Numbers.COMMA, "1234"),
        ("0,125", Numbers.POINT, "0.125"),
        ("1.234.567", Numbers.POINT, "1234567"),
        ("1 234,5", Numbers.POINT, "1234.5"),
        ("1\u202f234,5", Numbers.POINT, "1234.5"),
        ("1'234.5", Numbers.POINT, "1234.5"),
        ("１２．５", Numbers.POINT, "12.5"),
        ("\u22123,50", Numbers.POINT, "-3.50"),
        (",5", Numbers.POINT, "0.5"),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, numbers: Numbers, value: str) -> None:
    assert parse_number(text, numbers=numbers) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "x", "1.2.3", "1,2,3", "12,34.5,6", "1e5", "NaN", "Infinity", "1-2", "$5"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(CellRefused):
        parse_number(text, numbers=Numbers.POINT)


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=2),
    st.sampled_from(["{:,.2f}", "{:.2f}"]),
    st.booleans(),
)
def test_every_formatted_number_is_read_back_in_either_style(value: Decimal, style: str, comma: bool) -> None:
    text = style.format(value)
    if comma:
        text = text.translate(str.maketrans(",.", ".,"))
    assert parse_number(text, numbers=Numbers.COMMA if comma else Numbers.POINT) == value


def test_the_sheet_says_how_its_doubtful_numbers_are_meant() -> None:
    def prices(text: str) -> list[Decimal | None]:
        return [row.decimal("price") for row in read_table(data=text.encode(), columns=COLUMNS).rows]

    assert prices('code,price\nA,"1,234"\nB,2.50\n') == [Decimal(1234), Decimal("2.50")]
    assert prices('code,price\nA,"1,234"\nB,"2,50"\n') == [Decimal("1.234"), Decimal("2.50")]
    assert prices("code;price\nA;1,234\n") == [Decimal("1.234")]
    with pytest.raises(CellRefused, match="two ways"):
        prices('code,price\nA,"1,234"\nB,"2,50"\nC,2.50\n')


def test_stored_numbers_of_a_workbook_are_never_doubtful() -> None:
    rows = book([["code", "price"], [6901234567892, 1.234], ["B", "2,50"], ["C", 0.1 + 0.2], [12.0, 1e-7]])
    table = read_table(data=rows, columns=COLUMNS)
    assert [row.text("code") for row in table.rows] == ["6901234567892", "B", "C", "12"]
    assert [row.decimal("price", places=9) for row in table.rows] == [
        Decimal("1.234"),
        Decimal("2.50"),
        Decimal("0.3"),
        Decimal("0.0000001"),
    ]


def test_digits_that_excel_threw_away_are_noticed() -> None:
    row = read_table(data=b"code\n6.90123E+12\n", columns=COLUMNS).rows[0]
    with pytest.raises(CellRefused, match="lost digits"):
        row.text("code")


def test_excels_way_of_keeping_zeros_is_understood() -> None:
    assert read(b'code,name\n"=""00123""",x\n') == [{"code": "00123", "name": "x"}]


def test_a_formula_gives_its_value_or_says_that_it_has_none() -> None:
    data = book([["code", "price"], ["A", "=1+1"], ["B", 3]])
    rows = read_table(data=data, columns=COLUMNS).rows
    with pytest.raises(CellRefused, match="formula"):
        rows[0].decimal("price")
    assert rows[1].decimal("price") == 3
    kept = _edited(
        data,
        "xl/worksheets/sheet1.xml",
        lambda xml: (
            xml.replace(b"<v></v>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>").replace(b"<v/>", b"<v>2</v>")
        ),
    )
    assert read_table(data=kept, columns=COLUMNS).rows[0].decimal("price") == 2


def test_errors_dates_and_truths_of_a_workbook_are_told_apart() -> None:
    rows = read_table(
        data=book([["code", "name", "ok"], ["A", date(2026, 3, 1), True], ["#N/A", "x", False]]),
        columns=COLUMNS,
    ).rows
    assert (rows[0].text("name"), rows[0].boolean("ok")) == ("2026-03-01", True)
    with pytest.raises(CellRefused, match="error of Excel"):
        rows[1].text("code")


def _edited(data: bytes, name: str, change: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            held = old.read(member)
            new.writestr(member.filename, change(held) if member.filename == name else held)
    return out.getvalue()


def refusal_of(data: bytes) -> str:
    """Why a file is refused."""
    with pytest.raises(SheetRefused) as refusal:
        read(data)
    return refusal.value.code


def test_a_workbook_that_unpacks_to_a_thousand_times_its_size_is_not_unpacked() -> None:
    bomb = _edited(book([["code"], ["A"]]), "xl/worksheets/sheet1.xml", lambda xml: xml + b" " * 50_000_000)
    assert len(bomb) < 100_000
    assert refusal_of(bomb) == "bomb"


def test_a_workbook_of_many_fair_parts_is_stopped_at_the_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecomhub.sheets.workbook.MAX_UNPACKED", 1_000)
    assert refusal_of(book([["code"], *([f"A{n}"] for n in range(200))])) == "bomb"


def test_xml_entities_are_refused_before_anything_parses_them() -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">]><x>&a;</x>'
    assert (
        refusal_of(_edited(book([["code"]]), "xl/worksheets/sheet1.xml", lambda _xml: laughs)) == "entities"
    )


def test_a_row_far_below_all_others_does_not_make_the_reader_walk_there() -> None:
    far = _edited(
        book([["code"], ["A"]]),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'r="2"', b'r="99999999999"'),
    )
    assert refusal_of(far) == "too_many_rows"


@pytest.mark.parametrize("data", [b"PK\x03\x04 no zip at all", b"PK", book([["code"]])[:200]])
def test_a_damaged_workbook_is_refused(data: bytes) -> None:
    assert refusal_of(data) == "not_a_workbook"


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("hello.txt", "hello")
    assert refusal_of(out.getvalue()) == "not_a_workbook"


def test_more_rows_or_bytes_than_the_caps_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal_of(b"code\n" + b"A\n" * (caps.MAX_ROWS + 1)) == "too_many_rows"
    monkeypatch.setattr("ecomhub.sheets.reading.MAX_BYTES", 10)
    assert refusal_of(b"code\nAAAAAAAA\n") == "too_large"


def test_written_cells_are_never_formulas_and_come_back_as_they_were() -> None:
    cells = [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "'=quoted",
        "-5",
        "+49 30 1234",
        "plain",
        "杯子",
    ]
    data = write_csv(header=["code", "name"], rows=[[cell, "x"] for cell in cells])
    text = data.decode("utf-8-sig")
    for line in text.splitlines()[1:]:
        assert not line.lstrip('"').startswith(("=", "@", "\t", "+c", "-2+", "+49"))
    assert [row["code"] for row in read(data)] == cells


@given(
    st.lists(
        st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1), min_size=1
    )
)
def test_any_text_survives_writing_and_reading(cells: list[str]) -> None:
    data = write_csv(header=["code", "name"], rows=[["x", cell] for cell in cells])
    names = [row["name"] for row in read(data)]
    assert len(names) == len(cells)


@given(st.binary(max_size=300))
def test_no_bytes_whatever_make_the_reader_fall_over(data: bytes) -> None:
    for start in (b"", b"code,name\n", b"PK\x03\x04"):
        with suppress(SheetRefused):
            read_table(data=start + data, columns=COLUMNS)
