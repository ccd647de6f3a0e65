"""Amazon's settlement reports with everything real ones do, and what only stands as evidence."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.settlement_messages import Binding, MoneyLine, Reading, Statement, StatementUnreadable
from finance.sources import registry
from tests.finance.sources.amazon_documents import (
    DATE_RANGE_LANGUAGES,
    V2_HEADINGS,
    amazon_transaction,
    date_range,
    table,
    v2,
    v2_line,
    v2_summary,
    wide,
)
from tests.finance.sources.documents import READING, split
from tests.finance.sources.test_registry import account_of


def read_v2(text: str, encoding: str = "utf-8") -> tuple[dict[str, Statement], list[MoneyLine]]:
    source = registry.source("amazon_settlement_v2")
    return split(source.read(io.BytesIO(text.encode(encoding)), READING))


def test_the_summary_row_is_the_statement_and_not_a_line() -> None:
    statements, lines = read_v2(v2(v2_summary("85.00"), v2_line("100.00"), v2_line("-15.00")))
    assert statements["S1"] == Statement(
        settlement_id="S1",
        currency="USD",
        total=Decimal("85.00"),
        starts_at=datetime(2026, 6, 1, tzinfo=UTC),
        ends_at=datetime(2026, 6, 14, tzinfo=UTC),
        deposited_at=datetime(2026, 6, 16, tzinfo=UTC),
        payout_id="S1",
    )
    assert [line.amount for line in lines] == [Decimal("100.00"), Decimal("-15.00")]
    assert lines[0] == MoneyLine(
        "S1",
        "USD",
        3,
        ("Order", "ItemPrice", "Principal"),
        Decimal("100.00"),
        datetime(2026, 6, 3, 10, 11, 12, tzinfo=UTC),
        "111-1",
        "I1",
        "CUP",
        1,
        "",
        "Amazon.com",
    )


def test_byte_identical_lines_are_all_money() -> None:
    _statements, lines = read_v2(v2(v2_summary("30.00"), *[v2_line("10.00")] * 3))
    assert [line.amount for line in lines] == [Decimal("10.00")] * 3
    assert {line.row for line in lines} == {3, 4, 5}


def test_a_wrong_total_is_not_repaired() -> None:
    statements, lines = read_v2(v2(v2_summary("999.99"), v2_line("10.00")))
    assert statements["S1"].total == Decimal("999.99")
    assert [line.amount for line in lines] == [Decimal("10.00")]


def test_zero_lines_and_unknown_types_come_out_too() -> None:
    _statements, lines = read_v2(v2(v2_summary("0.00"), v2_line("0.00", "New", "Thing", "Never seen")))
    assert [(line.types, line.amount) for line in lines] == [
        (("New", "Thing", "Never seen"), Decimal("0.00"))
    ]


def test_several_settlements_and_currencies_in_one_file() -> None:
    statements, lines = read_v2(
        v2(
            v2_summary("10.00"),
            v2_line("10.00"),
            v2_summary("5.00", "S2", "CAD"),
            v2_line("5.00", settlement="S2"),
            v2_line("1.00"),
        )
    )
    assert [(one.settlement_id, one.currency, one.total) for one in statements.values()] == [
        ("S1", "USD", Decimal("10.00")),
        ("S2", "CAD", Decimal("5.00")),
    ]
    assert [(line.settlement_id, line.currency) for line in lines] == [
        ("S1", "USD"),
        ("S2", "CAD"),
        ("S1", "USD"),
    ]


def test_decimal_commas_and_dotted_dates_of_germany() -> None:
    text = v2(
        v2_summary(
            "1141,18",
            currency="EUR",
            settlement_start_date="01.03.2023 00:00:00 UTC",
            settlement_end_date="14.03.2023 07:49:55 UTC",
        ),
        v2_line("1.200,00", posted_date="02.03.2023", posted_date_time="02.03.2023 07:49:55 UTC"),
        v2_line("-58,82", posted_date="02.03.2023", posted_date_time="02.03.2023 07:49:55 UTC"),
    )
    statements, lines = read_v2(text, "cp1252")
    assert statements["S1"].total == Decimal("1141.18") == sum(line.amount for line in lines)
    assert lines[0].posted_at == datetime(2023, 3, 2, 7, 49, 55, tzinfo=UTC)


def test_british_dates_are_decided_by_the_period() -> None:
    period = {
        "settlement_start_date": "03/04/2026 00:00:00 UTC",
        "settlement_end_date": "09/04/2026 00:00:00 UTC",
    }
    _statements, lines = read_v2(
        v2(v2_summary("1.00", **period), v2_line("1.00", posted_date="05/04/2026", posted_date_time=""))
    )
    assert lines[0].posted_at == datetime(2026, 4, 5, tzinfo=UTC)


def test_yen_without_decimals_in_shift_jis() -> None:
    period = {
        "settlement_start_date": "2026/06/01 00:00:00 JST",
        "settlement_end_date": "2026/06/14 00:00:00 JST",
    }
    text = v2(
        v2_summary("1000", currency="JPY", **period),
        v2_line("1000", sku="お皿", posted_date="2026/06/03", posted_date_time="2026/06/03 19:11:12 JST"),
    )
    statements, lines = read_v2(text, "cp932")
    assert statements["S1"].total == Decimal("1000")
    assert (lines[0].sku, lines[0].posted_at.hour) == ("お皿", 10)


def test_an_amount_in_another_style_stops_the_file_with_its_row() -> None:
    with pytest.raises(StatementUnreadable, match="Row 4") as refusal:
        read_v2(v2(v2_summary("10.00"), v2_line("10.00"), v2_line("5,00")))
    assert refusal.value.row == 4


def test_a_total_repeated_on_every_row_makes_one_statement() -> None:
    rows = [v2_line(amount) | v2_summary("30.00") | {"amount": amount} for amount in ("10.00", "20.00")]
    statements, lines = read_v2(v2(*rows))
    assert statements["S1"].total == Decimal("30.00")
    assert [line.amount for line in lines] == [Decimal("10.00"), Decimal("20.00")]


def test_two_totals_for_one_settlement_are_refused() -> None:
    with pytest.raises(StatementUnreadable, match="another total"):
        read_v2(v2(v2_summary("10.00"), v2_line("10.00"), v2_summary("11.00")))


def test_a_row_without_an_amount_is_refused_and_an_empty_one_is_not() -> None:
    with pytest.raises(StatementUnreadable, match="no amount"):
        read_v2(v2(v2_summary("10.00"), v2_line("")))
    _statements, lines = read_v2(v2(v2_summary("10.00"), v2_line("10.00"), {}))
    assert len(lines) == 1


def test_unknown_columns_are_kept_as_a_note_and_columns_may_stand_in_any_order() -> None:
    headings = ["tax-collection-model", *reversed(V2_HEADINGS)]
    text = table(
        headings, v2_summary("10.00"), v2_line("10.00") | {"tax-collection-model": "MarketplaceFacilitator"}
    )
    _statements, lines = read_v2(text)
    assert lines[0].note == "tax-collection-model=MarketplaceFacilitator"
    assert lines[0].sku == "CUP"


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_file_saved_by_a_spreadsheet_reads_the_same(delimiter: str) -> None:
    rows = (v2_summary("10.00"), v2_line("10.00"))
    assert read_v2(table(V2_HEADINGS, *rows, delimiter=delimiter)) == read_v2(v2(*rows))


def test_trailing_empty_cells_may_be_missing() -> None:
    text = "\n".join(line.rstrip("\t") for line in v2(v2_summary("10.00"), v2_line("10.00")).splitlines())
    assert read_v2(text) == read_v2(v2(v2_summary("10.00"), v2_line("10.00")))


def test_quotes_in_a_tab_separated_cell_are_letters() -> None:
    rows = (v2_line("10.00", sku='24" screen'), v2_line("10.00", sku='"odd'), v2_line("10.00"))
    _statements, lines = read_v2(v2(v2_summary("30.00"), *rows))
    assert [line.sku for line in lines] == ['24" screen', '"odd', "CUP"]


def test_a_tab_separated_file_with_quoted_cells_reads_the_same() -> None:
    plain = v2(v2_summary("10.00"), v2_line("10.00"))
    quoted = "\n".join("\t".join(f'"{cell}"' for cell in row.split("\t")) for row in plain.splitlines())
    assert read_v2(quoted) == read_v2(plain)


def test_a_line_before_its_summary_needs_the_currency_of_the_account() -> None:
    text = v2(v2_line("10.00"), v2_summary("10.00"))
    source = registry.source("amazon_settlement_v2")
    with pytest.raises(StatementUnreadable, match="currency"):
        list(source.read(io.BytesIO(text.encode()), Reading(name="x", account="Acme")))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.decimals(min_value=-99_999, max_value=99_999, places=2), min_size=1, max_size=15),
    st.sampled_from([".", ","]),
    st.booleans(),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_no_cent_is_lost_in_any_style_or_encoding(
    amounts: list[Decimal], mark: str, grouped: bool, encoding: str
) -> None:
    swap = str.maketrans(",.", ".,") if mark == "," else {}

    def write(amount: Decimal) -> str:
        return (f"{amount:,.2f}" if grouped else f"{amount:.2f}").translate(swap)

    rows = [v2_line(write(amount), sku="Größe") for amount in amounts]
    statements, lines = read_v2(v2(v2_summary(write(sum(amounts, Decimal(0)))), *rows), encoding)
    assert [line.amount for line in lines] == amounts
    assert statements["S1"].total == sum(amounts)
    assert {line.sku for line in lines} == {"Größe"}


def test_a_long_report_streams() -> None:
    """The first line is there before the last row is looked at: a damaged end does not keep it back."""
    rows = [
        v2_summary("0.00"),
        *[v2_line("1.00", order_id=f"O-{place}") for place in range(8000)],
        v2_line("x"),
    ]
    found = registry.source("amazon_settlement_v2").read(io.BytesIO(v2(*rows).encode()), READING)
    assert len(list(islice(found, 8001))) == 8001
    with pytest.raises(StatementUnreadable):
        next(found)


@pytest.mark.parametrize(
    ("types", "account", "binding"),
    [
        (("Order", "ItemPrice", "Principal"), "4000", Binding.ORDER),
        (("Refund", "ItemPrice", "Principal"), "4100", Binding.ORDER),
        (("Order", "ItemPrice", "Tax"), "2110", Binding.ACCOUNT),
        (("Order", "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal"), "2110", Binding.ACCOUNT),
        (("Order", "ItemWithheldTax", "TCS-IGST"), "1310", Binding.ACCOUNT),
        (("Order", "ItemFees", "Commission"), "5200", Binding.ORDER),
        (("Refund", "ItemFees", "RefundCommission"), "5205", Binding.ORDER),
        (("Order", "Promotion", "Principal"), "4200", Binding.ORDER),
        (("ServiceFee", "Cost of Advertising", "TransactionTotalAmount"), "5400", Binding.ACCOUNT),
        (("other-transaction", "other-transaction", "Subscription Fee"), "5220", Binding.ACCOUNT),
        (("other-transaction", "FBA Inventory Reimbursement", "WAREHOUSE_LOST"), "4900", Binding.ACCOUNT),
        (("other-transaction", "other-transaction", "Current Reserve Amount"), "1115", Binding.ACCOUNT),
        (("other-transaction", "other-transaction", "Payable to Amazon"), "1110", Binding.CARRY),
        (("other-transaction", "other-transaction", "Successful charge"), "1140", Binding.ACCOUNT),
        (("Transfer", "other-transaction", "Failed Disbursement"), "1120", Binding.PAYOUT),
    ],
)
def test_the_families_of_lines_belong_where_the_plan_says(
    types: tuple[str, str, str], account: str, binding: Binding
) -> None:
    rule = account_of("amazon_settlement_v2", types)
    assert rule is not None
    assert (rule.account, rule.binding) == (account, binding)


def test_one_wide_row_gives_a_line_per_filled_amount() -> None:
    text = wide(
        v2_summary("16.50"),
        {
            "settlement-id": "S1",
            "transaction-type": "Order",
            "order-id": "O-1",
            "posted-date": "2026-06-03",
            "price-type": "Principal",
            "price-amount": "20.00",
            "item-related-fee-type": "Commission",
            "item-related-fee-amount": "-3.00",
            "promotion-type": "Shipping",
            "promotion-amount": "-0.50",
        },
    )
    statements, lines = split(
        registry.source("amazon_settlement_flat").read(io.BytesIO(text.encode()), READING)
    )
    assert [(line.types, line.amount) for line in lines] == [
        (("Order", "price-amount", "Principal"), Decimal("20.00")),
        (("Order", "item-related-fee-amount", "Commission"), Decimal("-3.00")),
        (("Order", "promotion-amount", "Shipping"), Decimal("-0.50")),
    ]
    assert {line.row for line in lines} == {3}
    assert statements["S1"].total == Decimal("16.50")


def test_wide_files_without_promotion_columns_read_as_well() -> None:
    headings = [name for name in wide().split() if not name.startswith("promotion")]
    row = {
        "settlement-id": "S1",
        "transaction-type": "Payable to Amazon",
        "posted-date": "2026-06-03",
        "other-amount": "-20.00",
    }
    text = table(headings, v2_summary("-20.00"), row)
    _statements, lines = split(
        registry.source("amazon_settlement_flat").read(io.BytesIO(text.encode()), READING)
    )
    assert [line.types for line in lines] == [("Payable to Amazon", "other-amount", "")]
    rule = account_of("amazon_settlement_flat", lines[0].types)
    assert rule is not None
    assert rule.binding is Binding.CARRY


@pytest.mark.parametrize("language", DATE_RANGE_LANGUAGES)
def test_the_date_range_report_says_the_same_in_every_language(language: str) -> None:
    source = registry.source("amazon_date_range")
    assert source.is_evidence
    encoding = {"ja": "cp932", "en": "utf-8-sig"}.get(language, "cp1252")
    statements, lines = split(source.read(io.BytesIO(date_range(language).encode(encoding)), READING))
    assert [(line.types[2], line.amount) for line in lines] == [
        ("product sales", Decimal("1000")),
        ("selling fees", Decimal("-150")),
    ]
    assert statements["S1"].currency == {"en": "USD", "ja": "JPY"}.get(language, "EUR")
    hour = 17 if language == "en" else 10
    assert {line.posted_at for line in lines} == {datetime(2026, 6, 3, hour, 11, 12, tzinfo=UTC)}


def test_a_date_range_row_whose_columns_miss_its_total_shows_the_difference() -> None:
    text = date_range("en").replace("850.00", "851.00")
    _statements, lines = split(registry.source("amazon_date_range").read(io.BytesIO(text.encode()), READING))
    assert lines[-1].types == ("Order", "", "total less its parts")
    assert lines[-1].amount == Decimal("1.00")


def _listed(*transactions: dict[str, object]) -> tuple[dict[str, Statement], list[MoneyLine]]:
    content = json.dumps({"payload": {"transactions": list(transactions)}}).encode()
    return split(registry.source("amazon_transactions").read(io.BytesIO(content), READING))


def test_listed_transactions_are_evidence_and_deferred_ones_pay_nothing() -> None:
    statements, lines = _listed(amazon_transaction("T1"), amazon_transaction("T2", "DEFERRED"))
    assert registry.source("amazon_transactions").is_evidence
    assert (statements["T1"].pays, statements["T2"].pays) == (True, False)
    assert statements["T1"].payout_id == "G1"
    assert [(line.types, line.amount) for line in lines if line.settlement_id == "T1"] == [
        (("Shipment", "Sales", "ProductCharges"), Decimal("10")),
        (("Shipment", "AmazonFees", "Commission"), Decimal("-1.5")),
    ]


def test_breakdowns_that_miss_the_total_are_not_repaired() -> None:
    statements, lines = _listed(amazon_transaction(total=9.5))
    assert statements["T1"].total == Decimal("9.5")
    assert sum(line.amount for line in lines) == Decimal("8.5")


def test_items_that_carry_the_whole_give_lines_with_their_sku() -> None:
    whole = amazon_transaction()
    item = {
        "totalAmount": whole["totalAmount"],
        "breakdowns": whole["breakdowns"],
        "contexts": [{"sku": "CUP", "quantityShipped": 2}],
        "relatedIdentifiers": [],
    }
    _statements, lines = _listed(whole | {"items": [item]})
    assert {(line.sku, line.quantity, line.order_id) for line in lines} == {("CUP", 2, "111-1")}
    assert len(lines) == 2
