"""Encodings, numbers, dates, tables and JSON of money documents, whatever they look like."""

import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.money_files.balances import Chain
from channels.money_files.dates import DateOrder, DateStyle, NotADate, date_order
from channels.money_files.encodings import encoding_of, head_text, text_of
from channels.money_files.json_values import WHOLE, json_keys, json_objects
from channels.money_files.numbers import NotInStyle, NumberStyle, number_style, read_amount
from channels.money_files.tables import find_heading, fold, open_table
from channels.money_files.zones import zone_of
from channels.settlement_messages import StatementUnreadable

WESTERN = (
    "Gebühr",
    "Rückzahlung",
    "Übergröße",
    "café",
    "señor",
    "numéro de commande",
    "Grüße",
    "5 €",
    "façade",
)
JAPANESE = (
    "注文の返金",
    "配送料の税金",
    "手数料です",
    "カップとお皿",
    "プロモーション割引額",
    "売上の合計は",
)
CHINESE = (
    "提现到银行卡",
    "平台入账成功",
    "手续费和汇率",
    "交易时间",
    "店铺名称",
    "账户余额不足",
    "美元",
    "A款",
)
ASCII = st.text(alphabet="abcXYZ 0123456789,;.-\n", max_size=200)


def read(content: bytes) -> str:
    with text_of(io.BytesIO(content), newline="") as text:
        return text.read()


def mixed(words: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Return texts of these words with ASCII around them, as columns have it."""
    pieces = st.lists(st.tuples(ASCII, st.sampled_from(words)), min_size=1, max_size=20)
    return st.builds(lambda found, end: "\n".join(a + "," + b for a, b in found) + "," + end, pieces, ASCII)


@settings(max_examples=60, deadline=None)
@given(mixed(WESTERN))
def test_windows_1252_is_told_from_the_rest(text: str) -> None:
    assert read(text.encode("cp1252")) == text


@settings(max_examples=60, deadline=None)
@given(mixed(JAPANESE))
def test_shift_jis_is_told_from_the_rest(text: str) -> None:
    assert read(text.encode("cp932")) == text


@settings(max_examples=60, deadline=None)
@given(mixed(CHINESE))
def test_gb18030_is_told_from_the_rest(text: str) -> None:
    assert read(text.encode("gb18030")) == text


@settings(max_examples=60, deadline=None)
@given(mixed(WESTERN + JAPANESE + CHINESE), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_unicode_is_read_with_and_without_a_mark(text: str, encoding: str) -> None:
    assert read(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_known_by_its_zero_bytes(encoding: str) -> None:
    assert encoding_of(io.BytesIO("a,b\n1,二\n".encode(encoding))) == encoding


@pytest.mark.parametrize(
    ("word", "encoding"), [("Rückgabe", "cp1252"), ("返金です", "cp932"), ("退款", "gb18030")]
)
def test_the_one_foreign_letter_may_stand_in_the_last_line(word: str, encoding: str) -> None:
    content = b"plain,line\n" * 100_000 + word.encode(encoding)
    assert encoding_of(io.BytesIO(content)) == encoding


@pytest.mark.parametrize("place", [2**18 - 2, 2**18 - 1, 2**18, 2**18 + 1, 2**18 + 3])
def test_a_letter_where_two_pieces_of_a_file_meet_is_seen(place: int) -> None:
    for word, encoding in (("ü", "cp1252"), ("返金です", "cp932"), ("ü", "utf-8-sig")):
        raw = word.encode(encoding.removesuffix("-sig"))
        content = (b"ab," * 2**17)[: place - 1] + raw + b",b" * 2**18 + b"\n"
        assert encoding_of(io.BytesIO(content)) == encoding


def test_a_head_cut_inside_a_letter_is_still_utf_8() -> None:
    content = "金額,合計".encode()
    assert all(head_text(content[:end]).startswith("金") for end in range(3, len(content)))


AMOUNTS = st.decimals(min_value=-9_999_999, max_value=9_999_999, places=2)


def written(amount: Decimal, mark: str, grouped: bool, negative: str) -> str:
    """Write an amount as some marketplace does."""
    text = f"{abs(amount):,.2f}" if grouped else f"{abs(amount):.2f}"
    if mark == ",":
        text = text.translate(str.maketrans(",.", ".,"))
    if amount >= 0:
        return text
    return {"front": f"-{text}", "back": f"{text}-", "brackets": f"({text})"}[negative]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(AMOUNTS, min_size=1, max_size=20),
    st.sampled_from([".", ","]),
    st.booleans(),
    st.sampled_from(["front", "back", "brackets"]),
)
def test_amounts_come_back_whatever_their_style(
    amounts: list[Decimal], mark: str, grouped: bool, negative: str
) -> None:
    cells = [written(amount, mark, grouped, negative) for amount in amounts]
    style = number_style(cells, "EUR")
    assert style.mark == mark
    assert [style.read(cell) for cell in cells] == amounts


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("US$ 3.10", "3.10"),
        ("€12.00", "12.00"),
        ("12.00 EUR", "12.00"),
        ("-$5.00", "-5.00"),
        ("($5.00)", "-5.00"),
        ("1,23,456.78", "123456.78"),
        ("1'234.50", "1234.50"),
        ("１２．５０", "12.50"),
        ("−4.00", "-4.00"),
        ("+7", "7"),
        (".50", "0.50"),
        ("1,000円", "1000"),
    ],
)
def test_signs_symbols_and_thousands_are_read(text: str, amount: str) -> None:
    assert NumberStyle(".").read(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["1,5", "1.5.5", "abc", "1 2", "", "--", "1e5", "NaN", "1,2345.00", "0x10", "５x"]
)
def test_what_is_not_in_the_style_is_refused(text: str) -> None:
    with pytest.raises(NotInStyle):
        NumberStyle(".").read(text)


def test_a_cell_in_another_style_is_named_with_its_row() -> None:
    style = number_style(["1.234,56"])
    with pytest.raises(StatementUnreadable, match="Row 7") as refusal:
        read_amount("12.50", style, row=7, column="amount")
    assert refusal.value.row == 7


@pytest.mark.parametrize(
    ("cells", "currency", "mark"),
    [
        (["1141,18"], "EUR", ","),
        (["1,234"], "USD", "."),
        (["1.234"], "EUR", ","),
        (["1.234"], "JPY", ","),
        (["100", "200"], "JPY", "."),
        (["0.125"], "USD", "."),
        (["1,234", "5.5"], "USD", "."),
        (["1.234.567"], "EUR", ","),
        (["", "12"], "", "."),
    ],
)
def test_the_mark_is_decided_by_the_first_cell_without_doubt(
    cells: list[str], currency: str, mark: str
) -> None:
    assert number_style(cells, currency).mark == mark


def test_a_doubtful_amount_in_a_three_decimal_currency_is_refused() -> None:
    with pytest.raises(StatementUnreadable, match="thousands or decimals"):
        number_style(["1.234"], "KWD")


DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2029, 12, 1))
_PATTERNS = {DateOrder.DAY_FIRST: "%d/%m/%Y", DateOrder.MONTH_FIRST: "%m/%d/%Y"}


@settings(max_examples=200, deadline=None)
@given(
    DAYS,
    st.lists(st.integers(min_value=0, max_value=13), min_size=1, max_size=20),
    st.sampled_from(DateOrder),
)
def test_the_period_decides_between_day_and_month(start: date, offsets: list[int], order: DateOrder) -> None:
    """A settlement of two weeks has at most one reading in which it is that short."""
    pattern = _PATTERNS[order]
    end = start + timedelta(days=13)
    period = (start.strftime(pattern), end.strftime(pattern))
    days = [(start + timedelta(days=offset)).strftime(pattern) for offset in offsets]
    decided = DateStyle(date_order(days, period=period))
    true = DateStyle(order)
    assert [decided.read(day) for day in (*days, *period)] == [true.read(day) for day in (*days, *period)]


def test_an_impossible_month_decides_at_once() -> None:
    assert date_order(["01/02/2026", "13/02/2026"]) is DateOrder.DAY_FIRST
    assert date_order(["02/01/2026", "02/13/2026"]) is DateOrder.MONTH_FIRST


def test_two_orders_in_one_document_are_refused() -> None:
    with pytest.raises(StatementUnreadable):
        date_order(["13/02/2026", "02/13/2026"])


def test_an_order_that_nobody_can_tell_is_asked_for() -> None:
    with pytest.raises(StatementUnreadable, match="day or the month"):
        date_order(["02/03/2026"])
    assert date_order(["02/03/2026"], default=DateOrder.MONTH_FIRST) is DateOrder.MONTH_FIRST
    assert date_order(["03/03/2026"]) is DateOrder.DAY_FIRST


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-06-03 10:11:12 UTC", "2026-06-03T10:11:12"),
        ("03.06.2026 10:11:12 UTC", "2026-06-03T10:11:12"),
        ("2026-06-03T10:11:12+00:00", "2026-06-03T10:11:12"),
        ("2026-06-03T10:11:12.500-07:00", "2026-06-03T17:11:12.500"),
        ("Jun 3, 2026 10:11:12 AM PDT", "2026-06-03T17:11:12"),
        ("Jun 3, 2026 12:11:12 AM PST", "2026-06-03T08:11:12"),
        ("3 juin 2026 10:11:12 UTC", "2026-06-03T10:11:12"),
        ("3 juil. 2026 10:11:12 UTC", "2026-07-03T10:11:12"),
        ("3 giu 2026 10:11:12 UTC", "2026-06-03T10:11:12"),
        ("3 ene. 2026 10:11:12 UTC", "2026-01-03T10:11:12"),
        ("3. März 2026", "2026-03-03T00:00:00"),
        ("3 de junio de 2026", "2026-06-03T00:00:00"),
        ("2026/06/03 19:11:12 JST", "2026-06-03T10:11:12"),
        ("2026年6月3日 19:11 JST", "2026-06-03T10:11:00"),
        ("3 Jun 2026 10:11:12 IST", "2026-06-03T04:41:12"),
        ("2026-06-03 10:11:12 GMT+08:00", "2026-06-03T02:11:12"),
        ("2026/06/03", "2026-06-03T00:00:00"),
        ("20260603", "2026-06-03T00:00:00"),
        ("03/06/26", "2026-06-03T00:00:00"),
        ("3 Jun 2026 8:05 pm", "2026-06-03T20:05:00"),
        ("17 May 2016", "2016-05-17T00:00:00"),
    ],
)
def test_dates_are_read_as_platforms_write_them(text: str, instant: str) -> None:
    assert DateStyle().read(text) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-03", "2026-06-03 25:00:00", "31/31/2026", "2026-06-03 10:11 XYZ"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(NotADate):
        DateStyle().read(text)


def test_a_time_without_a_zone_is_the_accounts() -> None:
    zone = zone_of("Asia/Shanghai")
    assert zone is not None
    assert DateStyle(zone=zone).read("2026-06-03 08:00:00") == datetime(2026, 6, 3, tzinfo=UTC)


def test_cst_is_chinas_only_for_an_account_in_asia() -> None:
    assert DateStyle(account_zone="Asia/Shanghai").read("2026-06-03 08:00:00 CST").hour == 0
    assert DateStyle().read("2026-06-03 08:00:00 CST").hour == 14


@pytest.mark.parametrize("delimiter", ["\t", ",", ";", "|"])
def test_the_delimiter_and_the_heading_are_found_by_content(delimiter: str) -> None:
    rows = [
        ["Report of Acme, Inc."],
        [""],
        ["Date", "Größe", "Net amount"],
        ["1", "2", "3"],
        ["", "", ""],
        ["4", "5", "6"],
    ]
    content = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)

    def fits(names: frozenset[str]) -> bool:
        return names >= {fold("date"), fold("net amount")}

    with open_table(io.BytesIO(content.encode()), fits) as (heading, found):
        assert (heading.row, heading.delimiter) == (3, delimiter)
        assert [(row.number, row[0], row[2]) for row in found] == [(4, "1", "3"), (6, "4", "6")]


def test_a_heading_differs_by_case_accents_and_marks_from_itself() -> None:
    assert fold(" Betrag abzügl. Kosten ") == fold("BETRAG-abzugl_kosten")
    assert fold("交易 时间") == fold("交易时间")


def test_a_table_without_its_heading_is_refused() -> None:
    with (
        pytest.raises(StatementUnreadable, match="heading"),
        open_table(io.BytesIO(b"a,b\n1,2\n"), lambda names: False),
    ):
        pass
    assert find_heading("", lambda names: True) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.text(max_size=8).filter(lambda name: name != "wanted"), JSON, max_size=4),
        max_size=10,
    ),
    JSON,
    st.sampled_from([None, 1, 4]),
)
def test_wanted_objects_come_out_of_any_json(
    wanted: list[dict[str, object]], other: object, indent: int | None
) -> None:
    document = json.dumps(
        {"before": "x", "wanted": wanted, "after": 1, "end": {"a": [1, "]", {"b": "{"}]}}, indent=indent
    )
    found = list(json_objects(io.BytesIO(document.encode()), frozenset({"wanted"})))
    assert [(record, one) for _name, record, one in found] == list(enumerate(wanted, start=1))
    whole = list(json_objects(io.BytesIO(json.dumps({"a": other}).encode()), frozenset({WHOLE})))
    assert [one for _name, _record, one in whole] == [{"a": other}]


def test_a_long_json_list_is_read_object_by_object() -> None:
    row = json.dumps({"text": "ü" * 500, "amount": 1.1})
    document = ('{"rows": [' + ",".join([row] * 2000) + "]}").encode()
    found = [one["amount"] for _name, _record, one in json_objects(io.BytesIO(document), frozenset({"rows"}))]
    assert found == [Decimal("1.1")] * 2000


@pytest.mark.parametrize(
    "text", ['{"a": [{"b": 1}', '{"a": [{"b": 1]}', '{"a": [}', '{"a": "x', '{"a": [{"b": NaN}]}', "]"]
)
def test_damaged_json_is_refused(text: str) -> None:
    with pytest.raises(StatementUnreadable):
        list(json_objects(io.BytesIO(text.encode()), frozenset({"a"})))


def test_the_keys_of_something_else_are_none() -> None:
    assert json_keys(b'date,"a":1') == frozenset()
    assert json_keys(b' [{"a": 1}]') == frozenset({"a"})


MOVES = st.lists(st.decimals(min_value=-1000, max_value=1000, places=2), min_size=2, max_size=30)


@settings(max_examples=100, deadline=None)
@given(MOVES, AMOUNTS, st.booleans())
def test_a_chain_states_its_ends_in_either_direction(
    moves: list[Decimal], opening: Decimal, newest_first: bool
) -> None:
    running, rows = opening, []
    for place, amount in enumerate(moves):
        running += amount
        rows.append((amount, running, datetime(2026, 6, 1, tzinfo=UTC) + timedelta(hours=place)))
    chain = Chain()
    for amount, balance, at in reversed(rows) if newest_first else rows:
        chain.add(amount, balance, at)
    assert (chain.total, chain.closing) == (
        sum(moves),
        running,
    ) or chain.holds_forward == chain.holds_backward


def test_a_chain_with_a_gap_in_its_balances_states_nothing() -> None:
    chain = Chain()
    chain.add(Decimal(1), Decimal(1), datetime(2026, 6, 1, tzinfo=UTC))
    chain.add(Decimal(1), None, datetime(2026, 6, 2, tzinfo=UTC))
    assert chain.total is None
