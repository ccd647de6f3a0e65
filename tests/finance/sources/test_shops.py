"""eBay, Shopify and Shopee: what their answers and exports say about money."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from channels.settlement_messages import MoneyLine, Statement, StatementUnreadable
from finance.sources import registry
from tests.finance.sources.documents import READING, split
from tests.finance.sources.shop_documents import (
    EBAY_REPORT_DE,
    EBAY_REPORT_EN,
    LAZADA,
    SHOPIFY_CSV,
    TIKTOK,
    ebay_payout,
    ebay_sale,
    shopee_answer,
    shopee_order,
    shopee_wallet,
    shopify_graphql,
    shopify_rest,
)


def read(key: str, content: object) -> tuple[dict[str, Statement], list[MoneyLine]]:
    raw = content.encode() if isinstance(content, str) else json.dumps(content).encode()
    return split(registry.source(key).read(io.BytesIO(raw), READING))


def total_of(lines: list[MoneyLine]) -> Decimal:
    return sum((line.amount for line in lines), Decimal(0))


def test_ebay_decides_net_or_gross_by_each_transactions_identity() -> None:
    net = ebay_sale("1", "162.36", "32.64", "195.00")
    gross = ebay_sale("2", "195.00", "32.64", "195.00", payoutId="P1")
    _statements, lines = read("ebay_finances", {"transactions": [net, gross]})
    assert [(line.reference, line.types[1], line.amount) for line in lines] == [
        ("1", "", Decimal("195.00")),
        ("1", "FINAL_VALUE_FEE", Decimal("-32.64")),
        ("2", "", Decimal("195.00")),
        ("2", "FINAL_VALUE_FEE", Decimal("-32.64")),
    ]


def test_ebays_booking_entry_is_the_sign() -> None:
    refund = ebay_sale("9", "20.00", "3.00", "23.00", transactionType="REFUND", bookingEntry="DEBIT")
    _statements, lines = read("ebay_finances", {"transactions": [refund]})
    assert [(line.types, line.amount) for line in lines] == [
        (("REFUND", "", ""), Decimal("-23.00")),
        (("REFUND", "FINAL_VALUE_FEE", ""), Decimal("3.00")),
    ]


def test_ebay_fees_that_are_not_itemized_are_a_line_without_a_rule() -> None:
    sale = ebay_sale("1", "90.00", "10.00", "100.00", orderLineItems=[])
    _statements, lines = read("ebay_finances", {"transactions": [sale]})
    assert [line.types[1] for line in lines] == ["", "fees not itemized"]
    assert total_of(lines) == Decimal("90.00")


@pytest.mark.parametrize(
    ("status", "pays"),
    [("SUCCEEDED", True), ("INITIATED", False), ("REVERSED", False), ("TERMINAL_FAILED", False)],
)
def test_only_a_payout_that_succeeded_pays(status: str, pays: bool) -> None:
    document = {
        "transactions": [ebay_sale("1", "90.00", "10.00", "100.00")],
        "payouts": [ebay_payout("90.00", status)],
    }
    statements, lines = read("ebay_finances", document)
    assert (statements["P1"].pays, statements["P1"].total) == (pays, Decimal("90.00"))
    assert total_of(lines) == Decimal("90.00")


def test_ebay_transactions_without_a_payout_are_only_announced() -> None:
    held = ebay_sale("1", "90.00", "10.00", "100.00", payoutId=None, transactionStatus="FUNDS_ON_HOLD")
    statements, _lines = read("ebay_finances", {"transactions": [held]})
    assert [(one.settlement_id, one.pays) for one in statements.values()] == [("open:Acme:USD", False)]


def test_pages_of_answers_after_each_other_are_one_document() -> None:
    first = json.dumps({"transactions": [ebay_sale("1", "90.00", "10.00", "100.00")]})
    second = json.dumps({"transactions": [ebay_sale("1", "90.00", "10.00", "100.00")]})
    _statements, lines = read("ebay_finances", first + "\n" + second)
    assert total_of(lines) == Decimal("180.00")


@pytest.mark.parametrize(
    ("text", "encoding", "currency", "total"),
    [(EBAY_REPORT_EN, "utf-8", "USD", "65.00"), (EBAY_REPORT_DE, "cp1252", "EUR", "1085.00")],
)
def test_the_ebay_report_states_its_payout(text: str, encoding: str, currency: str, total: str) -> None:
    source = registry.source("ebay_transaction_report")
    statements, lines = split(source.read(io.BytesIO(text.encode(encoding)), READING))
    assert (statements["P1"].currency, statements["P1"].total) == (currency, Decimal(total))
    assert total_of(lines) == Decimal(total)
    assert any("rovision" in line.types[1] or "Final Value Fee" in line.types[1] for line in lines)


def test_an_ebay_order_of_several_items_is_explained_by_its_item_rows() -> None:
    headings = EBAY_REPORT_EN.splitlines()[:4]
    rows = [
        '"Jun 3, 2026",Order,O-1,85.00,USD,--,P1,Funds sent,--,--,--,--,--,USD,--',
        '"Jun 3, 2026",Order,O-1,--,USD,--,P1,Funds sent,CUP,1,-0.30,-9.70,60.00,USD,--',
        '"Jun 3, 2026",Order,O-1,--,USD,--,P1,Funds sent,DISH,1,--,-5.00,40.00,USD,--',
    ]
    _statements, lines = read("ebay_transaction_report", "\n".join([*headings, *rows]))
    assert total_of(lines) == Decimal("85.00")
    assert {line.sku for line in lines} == {"CUP", "DISH"}


def test_an_ebay_sale_in_another_currency_is_its_net_amount() -> None:
    headings = EBAY_REPORT_EN.splitlines()[:4]
    row = '"Jun 3, 2026",Order,O-1,85.00,USD,--,P1,Funds sent,CUP,1,-0.30,-9.70,90.00,GBP,1.06'
    _statements, lines = read("ebay_transaction_report", "\n".join([*headings, row]))
    assert [(line.amount, line.currency) for line in lines] == [(Decimal("85.00"), "USD")]
    assert "90.00 GBP @ 1.06" in lines[0].note


def test_shopifys_rows_other_than_the_payout_sum_to_it() -> None:
    statements, lines = read("shopify_payouts", shopify_rest())
    assert statements["7"].total == total_of(lines) == Decimal("76.80")
    assert (statements["7"].payout_amount, statements["7"].pays) == (Decimal("76.80"), True)
    assert [line.types for line in lines] == [
        ("charge", "charge", ""),
        ("charge", "charge", "fee"),
        ("refund", "refund", ""),
    ]
    assert lines[0].posted_at == datetime(2026, 6, 3, 14, 11, 12, tzinfo=UTC)


@pytest.mark.parametrize("status", ["scheduled", "in_transit", "failed", "canceled"])
def test_a_shopify_payout_that_is_not_paid_is_only_announced(status: str) -> None:
    statements, _lines = read("shopify_payouts", shopify_rest(status=status))
    assert not statements["7"].pays


def test_a_shopify_payout_without_its_own_row_shows_that_nothing_left() -> None:
    document = shopify_rest()
    rows = document["transactions"]
    assert isinstance(rows, list)
    document["transactions"] = rows[:-1]
    statements, _lines = read("shopify_payouts", document)
    assert (statements["7"].total, statements["7"].payout_amount) == (Decimal("76.80"), Decimal(0))


def test_a_changed_payout_row_differs_from_the_payout() -> None:
    document = shopify_rest()
    rows = document["transactions"]
    assert isinstance(rows, list)
    rows[-1]["amount"] = "-76.81"
    statements, _lines = read("shopify_payouts", document)
    assert statements["7"].payout_amount == Decimal("76.81") != statements["7"].total


def test_shopifys_two_shapes_say_the_same() -> None:
    statements, lines = read("shopify_payouts", shopify_graphql())
    assert statements["7"].total == total_of(lines) == statements["7"].payout_amount == Decimal("76.80")
    assert lines[0].order_id == "9001"


def test_a_shopify_net_that_is_not_amount_less_fee_is_noted() -> None:
    document = shopify_rest()
    rows = document["transactions"]
    assert isinstance(rows, list)
    rows[0]["net"] = "96.81"
    _statements, lines = read("shopify_payouts", document)
    assert lines[0].note == "net=96.81"


def test_the_shopify_export_groups_by_payout() -> None:
    statements, lines = read("shopify_transactions_csv", SHOPIFY_CSV)
    assert list(statements) == ["7"]
    assert (statements["7"].total, statements["7"].pays) == (None, True)
    assert total_of(lines) == Decimal("76.80")
    no_ids = SHOPIFY_CSV.replace(",7,", ",,")
    assert list(read("shopify_transactions_csv", no_ids)[0]) == ["2026-06-05:USD"]


def test_shopees_formula_explains_an_escrow_without_remainder() -> None:
    statements, lines = read("shopee_escrow", shopee_answer(shopee_order()))
    assert statements["260603ABCDEF"].total == total_of(lines) == Decimal("88.5")
    assert ("escrow", "remainder", "") not in [line.types for line in lines]
    assert {line.order_id for line in lines} == {"260603ABCDEF"}


@pytest.mark.parametrize(
    "name", ["commission_fee", "escrow_amount", "voucher_from_seller", "original_cost_of_goods_sold"]
)
def test_any_changed_amount_of_an_escrow_leaves_a_remainder(name: str) -> None:
    order = shopee_order()
    income = order["order_income"]
    assert isinstance(income, dict)
    income[name] += 1
    statements, lines = read("shopee_escrow", shopee_answer(order))
    (remainder,) = (line.amount for line in lines if line.types == ("escrow", "remainder", ""))
    assert abs(remainder) == 1
    assert total_of(lines) == statements["260603ABCDEF"].total


def test_a_fee_shopee_just_invented_is_a_remainder() -> None:
    _statements, lines = read(
        "shopee_escrow", shopee_answer(shopee_order(escrow_amount=86.5, brand_new_fee=2))
    )
    assert [line.amount for line in lines if line.types[1] == "remainder"] == [Decimal("-2.0")]


def test_compensation_counts_where_the_identity_holds_with_it() -> None:
    inside = shopee_order(escrow_amount=98.5, seller_lost_compensation=10)
    beside = shopee_order("260603ABCDEG", seller_lost_compensation=10)
    _statements, lines = read("shopee_escrow", shopee_answer(inside, beside))
    found = {(line.settlement_id, line.types[1]) for line in lines}
    assert ("260603ABCDEF", "seller_lost_compensation") in found
    assert ("260603ABCDEG", "seller_lost_compensation") not in found
    assert "remainder" not in {name for _settlement, name in found}


def test_adjustments_are_lines_and_the_amount_after_them_is_the_total() -> None:
    order = shopee_order(
        order_adjustment=[
            {"amount": -3.5, "date": 1780500000, "currency": "USD", "adjustment_reason": "Lost parcel"}
        ],
        total_adjustment_amount=-3.5,
        escrow_amount_after_adjustment=85,
    )
    statements, lines = read("shopee_escrow", shopee_answer(order))
    assert statements["260603ABCDEF"].total == total_of(lines) == Decimal("85")
    assert lines[-1].types == ("adjustment", "Lost parcel", "")


def test_an_escrow_list_in_the_document_says_when_orders_were_released() -> None:
    released = {
        "response": {
            "escrow_list": [
                {"order_sn": "260603ABCDEF", "payout_amount": 88.5, "escrow_release_time": 1780500000}
            ]
        }
    }
    text = json.dumps(shopee_answer(shopee_order())) + "\n" + json.dumps(released)
    statements, lines = read("shopee_escrow", text)
    assert statements["260603ABCDEF"].deposited_at == datetime.fromtimestamp(1780500000, UTC)
    assert statements["260603ABCDEF"].payout_amount == Decimal("88.5")
    assert {line.posted_at for line in lines} == {datetime.fromtimestamp(1780500000, UTC)}


def test_an_affiliate_shop_settles_in_its_primary_currency() -> None:
    order = shopee_order(
        pri_currency="CNY",
        escrow_amount_pri=40,
        original_price_pri=50,
        commission_fee_pri=6,
        service_fee_pri=4,
    )
    statements, lines = read("shopee_escrow", shopee_answer(order))
    assert (statements["260603ABCDEF"].currency, total_of(lines)) == ("CNY", Decimal(40))
    assert "remainder" not in {line.types[1] for line in lines}


def test_the_shopee_wallet_is_one_settlement_a_month_with_its_balances() -> None:
    statements, lines = read("shopee_wallet", shopee_wallet())
    month = statements["wallet:Acme:2026-06"]
    assert (month.opening, month.closing, month.total) == (Decimal("11.5"), Decimal(40), Decimal("28.5"))
    assert not statements["wallet:Acme:2026-06#told"].pays
    moved = [line.amount for line in lines if line.settlement_id == "wallet:Acme:2026-06"]
    assert moved == [Decimal(-60), Decimal("88.5")]


def test_lazadas_tax_beside_the_amount_is_a_line_and_inside_it_is_not() -> None:
    _statements, lines = read("lazada_statement", LAZADA)
    assert [(line.types, line.amount) for line in lines] == [
        (("Orders-Sales", "Item Price Credit", ""), Decimal("100.00")),
        (("Orders-Sales", "Commission", ""), Decimal("-5.00")),
        (("Orders-Sales", "Commission", "withheld"), Decimal("-0.25")),
    ]
    inside = read("lazada_statement", LAZADA.replace(",No,", ",Yes,"))[1]
    assert [line.types[2] for line in inside] == ["", ""]
    assert {line.settlement_id for line in lines} == {"01 Jun 2026 - 07 Jun 2026"}


def test_tiktoks_signs_are_read_so_that_the_settlement_amount_holds() -> None:
    statements, lines = read("tiktok_statement", TIKTOK)
    assert list(statements) == ["ST1"]
    by_order = {order: [line for line in lines if line.order_id == order] for order in ("O-1", "O-2")}
    assert [(line.types[2], line.amount) for line in by_order["O-1"]] == [
        ("Total revenue", Decimal("30.00")),
        ("Total fees", Decimal("-10.00")),
    ]
    assert [(line.types[2], line.amount) for line in by_order["O-2"]][-1] == ("remainder", Decimal("1.00"))


def test_a_payout_with_two_amounts_is_refused() -> None:
    with pytest.raises(StatementUnreadable, match="two amounts"):
        read("ebay_finances", {"payouts": [ebay_payout("1.00"), ebay_payout("2.00")]})
