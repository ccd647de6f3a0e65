"""PayPal, Stripe, collection wallets and banks: balances, conversions, pending rows, remembered layouts."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from channels.settlement_messages import MoneyLine, Reading, Statement, StatementUnreadable
from finance.sources import registry
from finance.sources.layouts import read_layout
from finance.sources.mapped import Fit, fit_of
from tests.finance.sources.documents import READING, sample, split
from tests.finance.sources.wallet_documents import (
    ALIPAY,
    BANK_CSV,
    MT940,
    PAYONEER,
    PAYPAL,
    PINGPONG,
    STL,
    STRIPE_CSV,
    camt,
    stripe_transactions,
)


def read(
    key: str, content: object, reading: Reading = READING, encoding: str = "utf-8"
) -> tuple[dict[str, Statement], list[MoneyLine]]:
    raw = content.encode(encoding) if isinstance(content, str) else json.dumps(content).encode()
    return split(registry.source(key).read(io.BytesIO(raw), reading))


def total_of(lines: list[MoneyLine]) -> Decimal:
    return sum((line.amount for line in lines), Decimal(0))


def test_paypals_gross_and_fee_are_lines_and_the_balance_states_the_total() -> None:
    statements, lines = read("paypal_activity", PAYPAL)
    (statement,) = statements.values()
    assert statement.settlement_id == "Acme:USD:2026-06-03..2026-06-04"
    assert (statement.opening, statement.closing) == (Decimal(0), Decimal("157.70"))
    assert statement.total == total_of(lines) == Decimal("157.70")
    assert [line.types[:2] for line in lines] == [
        ("Express Checkout Payment", ""),
        ("Express Checkout Payment", "fee"),
        ("General Withdrawal", ""),
    ]
    assert lines[0].posted_at == datetime(2026, 6, 3, 17, 11, 12, tzinfo=UTC)


def test_no_name_and_no_address_of_paypal_gets_into_a_line() -> None:
    _statements, lines = read("paypal_activity", PAYPAL)
    assert "Jane" not in repr(lines)


def test_a_missing_row_breaks_the_stated_total() -> None:
    rows = PAYPAL.splitlines()
    more = (
        '"06/03/2026","11:11:12","PDT","","Payment Refund","Completed","USD","-50.00","0.00","-50.00","A3",'
        '"","","1,107.70"'
    )
    later = rows[-1].replace('"157.70"', '"107.70"')
    whole = read("paypal_activity", "\n".join([rows[0], rows[1], more, later]))
    cut = read("paypal_activity", "\n".join([rows[0], rows[1], later]))
    assert next(iter(whole[0].values())).total == total_of(whole[1]) == Decimal("107.70")
    assert next(iter(cut[0].values())).total == Decimal("107.70") != total_of(cut[1])


PAYPAL_LANGUAGES = {
    "de": (
        '"Datum";"Uhrzeit";"Zeitzone";"Name";"Typ";"Status";"Währung";"Brutto";"Gebühr";"Netto";"Transaktionscode";"Guthaben"',
        '"14.06.2026";"10:11:12";"CEST";"J";"Rückzahlung";"Abgeschlossen";"EUR";"-1.200,00";"42,30";"-1.157,70";"A1";"-1.157,70"',
        "cp1252",
    ),
    "fr": (
        '"Date";"Heure";"Fuseau horaire";"Nom";"Type";"État";"Devise";"Avant commission";'
        '"Commission";"Net";"Numéro de transaction";"Solde"',
        '"14/06/2026";"10:11:12";"CEST";"J";"Remboursement";"Terminé";"EUR";"-1 200,00";"42,30";'
        '"-1 157,70";"A1";"-1 157,70"',
        "utf-8-sig",
    ),
    "es": (
        '"Fecha","Hora","Zona horaria","Nombre","Tipo","Estado","Divisa","Bruto","Comisión",'
        '"Neto","Id. de transacción","Saldo"',
        '"14/06/2026","10:11:12","CEST","J","Reembolso","Completado","EUR","-1.200,00","42,30","-1.157,70","A1","-1.157,70"',
        "cp1252",
    ),
    "zh": (
        '"日期","时间","时区","名称","类型","状态","币种","总额","费用","净额","交易号","余额"',
        '"2026/06/14","16:11:12","CST","某人","退款","已完成","EUR","-1,200.00","42.30","-1,157.70","A1","-1,157.70"',
        "gb18030",
    ),
}


@pytest.mark.parametrize("language", PAYPAL_LANGUAGES)
def test_paypal_reads_the_same_in_every_language(language: str) -> None:
    headings, row, encoding = PAYPAL_LANGUAGES[language]
    content = f"{headings}\n{row}\n".encode(encoding)
    assert registry.detect(sample(content)).key == "paypal_activity"
    reading = Reading(name="x", account="Acme", time_zone="Asia/Shanghai")
    statements, lines = split(registry.source("paypal_activity").read(io.BytesIO(content), reading))
    assert [line.amount for line in lines] == [Decimal("-1200.00"), Decimal("42.30")]
    assert {line.posted_at for line in lines} == {datetime(2026, 6, 14, 8, 11, 12, tzinfo=UTC)}
    assert next(iter(statements.values())).total == Decimal("-1157.70")


def test_two_currencies_keep_their_own_balances_in_one_table() -> None:
    conversions = (
        '"06/05/2026","10:00:00","PDT","","General Currency Conversion","Completed","USD",'
        '"-100.00","0","-100.00","C1","R","","57.70"\n'
        '"06/05/2026","10:00:00","PDT","","General Currency Conversion","Completed","EUR",'
        '"90.00","0","90.00","C2","R","","90.00"\n'
    )
    statements, lines = read("paypal_activity", PAYPAL + conversions)
    assert {one.currency: one.total for one in statements.values()} == {
        "USD": Decimal("57.70"),
        "EUR": Decimal("90.00"),
    }
    assert [line.reference for line in lines[-2:]] == ["R", "R"]


def test_what_paypal_only_mentions_moves_nothing() -> None:
    memo = (
        '"06/04/2026","11:00:00","PDT","","Payment Refund","Denied","USD","-5.00","0.00","-5.00","A9",'
        '"","","157.70"\n'
    )
    statements, lines = read("paypal_activity", PAYPAL + memo)
    assert [(one.pays, one.total) for one in statements.values()] == [
        (True, Decimal("157.70")),
        (False, None),
    ]
    assert lines[-1].settlement_id.endswith("#told")


def test_the_settlement_report_counts_in_minor_units_and_states_its_totals() -> None:
    statements, lines = read("paypal_settlement", STL)
    (statement,) = statements.values()
    assert statement.settlement_id == "ACME:USD:2026-06-04..2026-06-04"
    assert statement.total == total_of(lines) == Decimal("157.70")
    assert [line.types for line in lines] == [
        ("T00", "T0006", ""),
        ("T00", "T0006", "fee"),
        ("T04", "T0400", ""),
    ]
    yen = read("paypal_settlement", STL.replace("USD", "JPY"))[1]
    assert yen[0].amount == Decimal(120000)


@pytest.mark.parametrize(
    "change", [('"SC",2', '"SC",3'), ('"RC",2', '"RC",1'), ('"FF",2', '"XX",2'), ('"CR"', '"??"')]
)
def test_a_settlement_report_that_is_not_whole_is_refused(change: tuple[str, str]) -> None:
    with pytest.raises(StatementUnreadable):
        read("paypal_settlement", STL.replace(*change))


@pytest.mark.parametrize(("currency", "charge"), [("usd", "100.00"), ("jpy", "10000"), ("kwd", "10.000")])
def test_stripe_counts_in_the_smallest_unit_of_each_currency(currency: str, charge: str) -> None:
    statements, lines = read("stripe_transactions", stripe_transactions(currency))
    assert Decimal(charge) in [line.amount for line in lines]
    assert statements["po_1"].total == total_of(lines) == Decimal(0)
    assert statements["po_1"].payout_amount == -next(
        line.amount for line in lines if line.types[0] == "payout"
    )


def test_stripe_rows_of_several_payouts_are_not_tied_to_one() -> None:
    document = stripe_transactions()
    rows = document["data"]
    assert isinstance(rows, list)
    rows.append(rows[0] | {"id": "txn_9", "source": "po_2"})
    statements, _lines = read("stripe_transactions", document)
    (statement,) = statements.values()
    assert statement.total is None
    assert statement.settlement_id.startswith("Acme:USD:")


def test_the_stripe_report_names_the_payout_of_each_row() -> None:
    statements, lines = read("stripe_payouts", STRIPE_CSV)
    assert list(statements) == ["po_1"]
    assert total_of(lines) == Decimal("76.80")


def test_two_statements_of_one_mt940_file_stay_two() -> None:
    statements, lines = read("bank_mt940", MT940)
    assert [(one.opening, one.closing) for one in statements.values()] == [
        (Decimal("1000.00"), Decimal("1247.50")),
        (Decimal("1247.50"), Decimal("1247.50")),
    ]
    assert next(iter(statements)) == "12345678 7/1 2026-06-02"
    assert [(line.types, line.amount, line.reference) for line in lines] == [
        (("NTRF", "166", ""), Decimal("250.50"), "B1"),
        (("NCHG", "", ""), Decimal("-3"), ""),
    ]
    assert "Payout P1 June" in lines[0].note
    assert total_of(lines) == next(iter(statements.values())).total


def test_reversals_and_bookings_over_new_year_in_mt940() -> None:
    text = (
        ":20:1\n:25:1\n:28C:1\n:60F:D261230EUR5,00\n:61:2612310102RC2,00NTRFNONREF\n:61:2701011231RD3,00NTRFNONREF\n"
        ":62F:D270102EUR4,00\n-\n"
    )
    statements, lines = read("bank_mt940", text)
    assert [line.amount for line in lines] == [Decimal("-2.00"), Decimal("3.00")]
    assert [line.posted_at.date().isoformat() for line in lines] == ["2027-01-02", "2026-12-31"]
    assert next(iter(statements.values())).total == Decimal("1.00")


@pytest.mark.parametrize("cut", [":62F:C260604EUR1247,50\n-\n", ":60F:C260602EUR1000,00\n"])
def test_an_mt940_statement_that_breaks_off_is_refused(cut: str) -> None:
    with pytest.raises(StatementUnreadable):
        read("bank_mt940", MT940.replace(cut, ""))


@pytest.mark.parametrize("version", [2, 4, 6, 8])
def test_camt_of_every_version_opens_its_batches(version: int) -> None:
    status = "<Sts><Cd>BOOK</Cd></Sts>" if version == 8 else "<Sts>BOOK</Sts>"
    statements, lines = read("bank_camt053", camt(version, status))
    assert [(line.amount, line.reference, line.row) for line in lines] == [
        (Decimal("100.00"), "P1", 1),
        (Decimal("200.00"), "P2", 1),
        (Decimal("-30.00"), "", 2),
    ]
    (statement,) = statements.values()
    assert statement.settlement_id == "DE02 7 X1"
    assert statement.total == total_of(lines) == Decimal("270.00")
    assert lines[-1].types == ("ACMT", "MDOP", "CHRG")


def test_a_camt_batch_whose_parts_do_not_sum_stays_one_entry() -> None:
    _statements, lines = read("bank_camt053", camt().replace(">200.00<", ">199.00<"))
    assert [line.amount for line in lines] == [Decimal("300.00"), Decimal("-30.00")]


def test_pending_camt_entries_are_only_announced() -> None:
    statements, lines = read("bank_camt053", camt(status="<Sts>PDNG</Sts>"))
    assert {line.settlement_id for line in lines} == {"DE02 7 X1#told"}
    assert not statements["DE02 7 X1#told"].pays


@pytest.mark.parametrize(
    "text",
    [
        camt()[:-40],
        camt().replace("DBIT", "WHAT"),
        '<!DOCTYPE x [<!ENTITY a "b">]><Document '
        'xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">&a;</Document>',
    ],
)
def test_damaged_or_dangerous_xml_is_refused(text: str) -> None:
    with pytest.raises(StatementUnreadable):
        read("bank_camt053", text)


def test_a_banks_own_export_reads_by_its_headings() -> None:
    statements, lines = read("bank_csv", BANK_CSV, encoding="cp1252")
    (statement,) = statements.values()
    assert (statement.currency, statement.opening, statement.closing) == (
        "EUR",
        Decimal("1000.00"),
        Decimal("2247.50"),
    )
    assert statement.total == total_of(lines) == Decimal("1247.50")


def test_newest_first_gives_the_same_balances() -> None:
    rows = BANK_CSV.strip().splitlines()
    turned = "\n".join([*rows[:3], *reversed(rows[3:])])
    forward, backward = read("bank_csv", BANK_CSV)[0], read("bank_csv", turned)[0]
    assert forward == backward


def test_the_fee_of_a_withdrawal_is_beside_or_inside_as_the_balances_say() -> None:
    statements, lines = read("pingpong", PINGPONG)
    moved = [(line.types[2], line.amount) for line in lines if not line.settlement_id.endswith("#told")]
    assert moved == [("", Decimal("500.00")), ("", Decimal("-200.00")), ("fee", Decimal("-2.00"))]
    inside = PINGPONG.replace("298.00", "300.00")
    moved = [(line.types[2], line.amount) for line in read("pingpong", inside)[1]][:3]
    assert moved == [("", Decimal("500.00")), ("", Decimal("-198.00")), ("fee", Decimal("-2.00"))]
    totals = [one.total for one in statements.values() if one.pays]
    assert totals == [Decimal("298.00")]


def test_a_withdrawal_under_way_is_only_announced() -> None:
    statements, lines = read("pingpong", PINGPONG)
    assert lines[-1].settlement_id.endswith("#told")
    assert [one.pays for one in statements.values()] == [True, False]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_a_wallets_export_reads_in_the_encodings_of_its_country(encoding: str) -> None:
    assert read("pingpong", PINGPONG, encoding=encoding) == read("pingpong", PINGPONG)


def test_time_zones_of_a_column_are_used() -> None:
    _statements, lines = read("payoneer", PAYONEER)
    assert lines[0].posted_at == datetime(2026, 6, 13, 15, 11, 12, tzinfo=UTC)
    assert [line.amount for line in lines] == [Decimal("1500.00"), Decimal("-200.00")]


def test_remarks_around_a_table_are_no_rows() -> None:
    rows = ALIPAY.splitlines()
    remarked = "\n".join(["#账务明细", "#时间：2026-06", *rows[1:], "#合计,1 笔", ",,,,,,,,以下空白"])
    assert read("alipay", remarked)[1] == [
        line._replace(row=line.row + 1) for line in read("alipay", ALIPAY)[1]
    ]


def test_a_total_under_a_table_is_not_taken_for_money() -> None:
    with pytest.raises(StatementUnreadable):
        read("alipay", ALIPAY + "合计,,,,,88.00,,,\n")


LAYOUT = {
    "columns": {
        "date": "When",
        "amount": "Sum",
        "sign": "Way",
        "type": "What",
        "fee": "Cost",
        "reference": "No",
    },
    "date": "day_first",
    "decimal_mark": ",",
    "in_words": ["in"],
    "out_words": ["out"],
    "currency": "EUR",
    "fee_included": False,
}
SHEET = (
    "My export\nNo;When;What;Way;Sum;Cost\n"
    "1;03/06/2026;Sale;in;1.000,00;2,50\n2;04/06/2026;Payout;out;500,00;\n"
)


def test_a_remembered_layout_reads_a_sheet_nobody_knows() -> None:
    reading = Reading(name="x", account="Acme", layout=json.dumps(LAYOUT))
    held = sample(SHEET.encode())
    with pytest.raises(StatementUnreadable):
        registry.detect(held)
    assert fit_of(read_layout(reading.layout), held) is Fit.COLUMNS
    whole = json.dumps(LAYOUT | {"headings": ["No", "When", "What", "Way", "Sum", "Cost"]})
    assert fit_of(read_layout(whole), held) is Fit.EXACTLY
    statements, lines = read("mapped", SHEET, reading)
    assert [(line.types, line.amount) for line in lines] == [
        (("Sale", "", ""), Decimal("1000.00")),
        (("Sale", "", "fee"), Decimal("-2.50")),
        (("Payout", "", ""), Decimal("-500.00")),
    ]
    assert list(statements) == ["Acme:EUR:2026-06-03..2026-06-04"]
    assert statements["Acme:EUR:2026-06-03..2026-06-04"].total is None


def test_a_layout_may_name_the_heading_row() -> None:
    twice = "No;When;What;Way;Sum;Cost\n" + SHEET
    layout = json.dumps(LAYOUT | {"header_row": 3})
    _statements, lines = read("mapped", twice, Reading(name="x", account="Acme", layout=layout))
    assert lines[0].row == 4


@pytest.mark.parametrize(
    "layout",
    [
        "",
        "[]",
        "{}",
        json.dumps({"columns": {"date": "D"}}),
        json.dumps({"columns": {"what": "D"}}),
        json.dumps({"columns": {"date": "D", "amount": "A"}, "date": "year_first"}),
        json.dumps({"columns": {"date": "D", "amount": "A"}, "decimal_mark": "x"}),
    ],
)
def test_a_layout_that_cannot_be_used_says_why(layout: str) -> None:
    with pytest.raises(StatementUnreadable, match="layout"):
        read("mapped", SHEET, Reading(name="x", account="Acme", layout=layout))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((";in;", ";sideways;"), "sideways"),
        ((";500,00;", ";;"), "no amount"),
        (("04/06/2026", "99/06/2026"), "Row 4|day first"),
        (("500,00", "500.00"), "Row 4"),
    ],
)
def test_a_sheet_that_breaks_its_layout_is_refused_with_its_row(change: tuple[str, str], words: str) -> None:
    reading = Reading(name="x", account="Acme", layout=json.dumps({**LAYOUT, "columns": LAYOUT["columns"]}))
    with pytest.raises(StatementUnreadable, match=words):
        read("mapped", SHEET.replace(*change), reading)
