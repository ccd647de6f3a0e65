"""Every source is found, and knows its own documents and no other's."""

import csv
import io
from decimal import Decimal

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from channels.money_files.tables import head_heading
from channels.settlement_messages import LineKind, Reading, Sample, StatementUnreadable, TypeRule
from finance.accounting.plan import CODES
from finance.sources import registry
from tests.finance.sources.amazon_documents import DATE_RANGE_LANGUAGES, date_range
from tests.finance.sources.documents import DOCUMENTS, READING, sample, split
from tests.finance.sources.shop_documents import EBAY_REPORT_DE, shopify_graphql


def account_of(key: str, types: tuple[str, str, str]) -> TypeRule | None:
    """Return the rule that a house would use: the first that fits."""
    return next(
        (
            rule
            for rule in registry.source(key).rules
            if all(word in ("*", own) for word, own in zip(rule.types, types, strict=True))
        ),
        None,
    )


def test_every_source_has_a_document_here() -> None:
    assert set(DOCUMENTS) == set(registry.sources()) - {"mapped", "mapped_shop"}


@pytest.mark.parametrize("key", DOCUMENTS)
def test_exactly_its_own_source_recognizes_a_document(key: str) -> None:
    held = sample(DOCUMENTS[key])
    assert [one.key for one in registry.sources().values() if one.recognizes(held)] == [key]
    assert registry.detect(held).key == key


@pytest.mark.parametrize("key", DOCUMENTS)
def test_the_name_of_a_file_decides_nothing(key: str) -> None:
    content = DOCUMENTS[key]
    for name in ("payout.csv", "statement.xml", "x"):
        assert registry.detect(sample(content, name)).key == key


@pytest.mark.parametrize("key", DOCUMENTS)
def test_line_ends_of_another_system_change_nothing(key: str) -> None:
    if key == "paypal_settlement":  # its fields hold line ends of their own
        return
    plain = DOCUMENTS[key]
    other = plain.replace(b"\n", b"\r\n")
    source = registry.source(key)
    assert list(source.read(io.BytesIO(other), READING)) == list(source.read(io.BytesIO(plain), READING))


@pytest.mark.parametrize("key", DOCUMENTS)
def test_every_line_belongs_to_a_statement_and_sums_to_its_total(key: str) -> None:
    statements, lines = split(registry.source(key).read(io.BytesIO(DOCUMENTS[key]), READING))
    assert lines
    for settlement, statement in statements.items():
        if statement.total is not None:
            own = [line.amount for line in lines if line.settlement_id == settlement]
            assert sum(own, Decimal(0)) == statement.total, settlement
    assert {line.settlement_id for line in lines} <= set(statements)


@pytest.mark.parametrize("key", DOCUMENTS)
def test_the_lines_of_our_documents_have_a_rule(key: str) -> None:
    if registry.source(key).is_evidence or key == "bank_csv":
        return
    _statements, lines = split(registry.source(key).read(io.BytesIO(DOCUMENTS[key]), READING))
    unknown = {line.types for line in lines if account_of(key, line.types) is None}
    assert unknown <= {
        ("NTRF", "166", ""),
        ("PMNT", "RCDT", "ESCT"),
        ("WITHDRAWAL_COMPLETED", "", ""),
        ("Order", "", "remainder"),
    }


def test_every_rule_names_an_account_of_the_plan() -> None:
    for source in registry.sources().values():
        for rule in source.rules:
            assert rule.account in CODES, (source.key, rule)
            assert isinstance(rule.kind, LineKind)


def test_an_unknown_type_has_no_rule() -> None:
    for key in DOCUMENTS:
        assert account_of(key, ("Never heard of", "Nor of this", "Nor that")) is None
    assert account_of("shopee_escrow", ("escrow", "remainder", "")) is None


@pytest.mark.parametrize("language", DATE_RANGE_LANGUAGES)
def test_the_date_range_report_is_known_in_every_language(language: str) -> None:
    assert registry.detect(sample(date_range(language).encode())).key == "amazon_date_range"


def test_other_shapes_of_the_same_source_are_known() -> None:
    graphql = repr(shopify_graphql()).replace("'", '"').replace("None", "null").replace("False", "false")
    assert registry.detect(sample(graphql.encode())).key == "shopify_payouts"
    assert registry.detect(sample(EBAY_REPORT_DE.encode("cp1252"))).key == "ebay_transaction_report"


@pytest.mark.parametrize(
    "content", [b"", b"  \n", b"hello", b"a,b,c\n1,2,3\n", b"\x00\x01\x02\xff" * 50, b"{}", b"<a/>"]
)
def test_what_nobody_knows_is_refused_in_clear_words(content: bytes) -> None:
    with pytest.raises(StatementUnreadable) as refusal:
        registry.detect(sample(content))
    assert "." in refusal.value.reason


@pytest.mark.parametrize(
    "key", ["pingpong", "payoneer", "tiktok_statement", "amazon_settlement_v2", "bank_csv"]
)
def test_a_workbook_reads_as_the_same_table(key: str) -> None:
    text = DOCUMENTS[key].decode()
    heading = head_heading(DOCUMENTS[key], lambda names: len(names) > 4)
    assert heading is not None
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for cells in csv.reader(io.StringIO(text), delimiter=heading.delimiter):
        sheet.append(cells)
    written = io.BytesIO()
    book.save(written)
    source = registry.source(key)
    assert registry.detect(sample(written.getvalue())).key == key
    assert list(source.read(written, READING)) == list(source.read(io.BytesIO(text.encode()), READING))


def test_a_damaged_workbook_is_refused() -> None:
    with pytest.raises(StatementUnreadable):
        registry.detect(sample(b"PK\x03\x04" + b"x" * 200))
    with pytest.raises(StatementUnreadable, match="workbook"):
        list(registry.source("pingpong").read(io.BytesIO(b"PK\x03\x04" + b"x" * 200), READING))


def test_two_sources_that_know_a_document_are_an_error_naming_both(monkeypatch: pytest.MonkeyPatch) -> None:
    found = dict(registry.sources())
    twin = found["payoneer"]
    monkeypatch.setattr(registry, "_load", lambda: {"one": twin, "two": found["payoneer"]})
    with pytest.raises(StatementUnreadable) as refusal:
        registry.detect(sample(DOCUMENTS["payoneer"]))
    assert "Payoneer" in refusal.value.reason


def test_a_missing_source_is_named() -> None:
    with pytest.raises(LookupError, match="no_such"):
        registry.source("no_such")


def test_required_columns_that_are_missing_are_named() -> None:
    cut = DOCUMENTS["amazon_settlement_v2"].replace(b"\tposted-date\t", b"\tsomething\t")
    with pytest.raises(StatementUnreadable, match="posted-date"):
        list(registry.source("amazon_settlement_v2").read(io.BytesIO(cut), READING))


def test_a_sample_may_be_cut_in_the_middle_of_a_letter() -> None:
    content = (
        DOCUMENTS["pingpong"].decode() + "2026-06-05 10:11:12,PP9,入账,店铺,收入,USD,1,0,299.00,成功\n"
    ).encode()
    for end in range(len(content) - 40, len(content)):
        assert registry.detect(Sample(name="x", head=content[:end], size=len(content))).key == "pingpong"


def test_a_reading_without_a_currency_asks_for_it() -> None:
    for key in ("shopee_escrow", "shopee_wallet"):
        with pytest.raises(StatementUnreadable, match="currency"):
            list(registry.source(key).read(io.BytesIO(DOCUMENTS[key]), Reading(name="x", account="Acme")))
