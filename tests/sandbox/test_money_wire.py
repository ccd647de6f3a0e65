"""The market's money over the wire: what the adapters fetch is read whole and adds up to what was settled."""

from __future__ import annotations

import base64
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import requests
from pytest_django import Settings

from channels.adapter import Refused
from channels.messages import IncomingDocument
from channels.settlement_messages import Binding, MoneyLine
from tests.sandbox import contracts
from tests.sandbox.calling import Caller
from tests.sandbox.money_calling import (
    LAG,
    again,
    dial,
    every_document,
    lived,
    read,
    rule_of,
    source_of,
    statements,
    switch,
)
from tests.sandbox_fixture import START, Sandbox

WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def at_the_market(sandbox: Sandbox, settings: Settings) -> None:
    settings.ECOMHUB_SANDBOX_URL = sandbox.url


def _minor(amount: Decimal, currency: str) -> int:
    places = 0 if currency in ("JPY", "VND") else 2
    return int(amount.scaleb(places))


def test_amazons_settlement_reports_say_exactly_what_was_settled(sandbox: Sandbox) -> None:
    lived(sandbox, "busy", days=34, orders=10)
    documents = [
        each
        for each in every_document(dial(sandbox, "busy"), since=START - 4 * WEEK, until=START - LAG)
        if each.source == "amazon_settlement_v2"
    ]
    settled = {
        (one["number"], one["revision"]): one
        for one in statements(sandbox, "busy")
        if one["created"] >= (START - 4 * WEEK).timestamp()
    }
    assert len(documents) == len(settled) > 10
    seen: Counter[str] = Counter()
    currencies = set()
    for document in documents:
        for number, one in read(document).items():
            assert one.statement is not None
            currencies.add(one.statement.currency)
            assert one.total == one.statement.total, number
            expected = [
                each
                for each in settled.values()
                if each["number"] == number and each["lines"] == len(one.lines)
            ]
            assert len(expected) == 1, number
            assert _minor(one.total, one.statement.currency) == expected[0]["total"]
            assert Counter(tuple(line.types) for line in one.lines) == Counter(
                tuple(row["t"]) for row in expected[0]["rows"]
            )
            seen[number] += 1
    assert {"USD", "EUR", "JPY", "GBP"} <= currencies
    assert set(seen) == {number for number, _ in settled}


def test_amazons_transactions_are_deferred_and_then_released(sandbox: Sandbox) -> None:
    lived(sandbox, "busy", plain=True)
    documents = every_document(dial(sandbox, "busy"), since=START - 3 * WEEK, until=START - LAG)
    found = [read(each) for each in documents if each.source == "amazon_transactions"]
    by_status: Counter[str] = Counter()
    for page in found:
        for one in page.values():
            assert one.statement is not None
            assert one.total == one.statement.total
            by_status[one.statement.platform_status] += 1
            assert one.statement.pays == (one.statement.platform_status != "DEFERRED")
    assert by_status["DEFERRED"] > 3
    assert by_status["RELEASED"] > 3
    assert by_status["DEFERRED_RELEASED"] > 3


def test_every_page_of_amazons_transactions_has_its_own_name(sandbox: Sandbox) -> None:
    lived(sandbox, "busy", days=60, orders=16, plain=True)
    documents = every_document(dial(sandbox, "busy"), since=START - 8 * WEEK, until=START - LAG)
    pages = [each.external_id for each in documents if each.source == "amazon_transactions"]
    assert len(pages) > 3, "tokens of later pages are equally long"
    assert len(set(pages)) == len(pages)


def test_payouts_are_the_sum_of_their_transactions(sandbox: Sandbox) -> None:
    lived(sandbox, "ebay", "shopify", days=34)
    for seller, least in (("ebay", 4), ("shopify", 1)):
        documents = every_document(dial(sandbox, seller), since=START - 4 * WEEK, until=START - LAG)
        settled = {one["number"]: one for one in statements(sandbox, seller)}
        assert len(documents) > least
        for document in documents:
            for number, one in read(document).items():
                assert one.statement is not None
                assert one.statement.pays
                assert one.total == one.statement.total, (number, one.statement)
                assert _minor(one.total, one.statement.currency) == settled[number]["total"]


def test_a_payout_on_its_way_is_no_document_yet(sandbox: Sandbox) -> None:
    lived(sandbox, "shopify", days=20, plain=True)
    newest = max(statements(sandbox, "shopify", rows=False), key=lambda one: int(str(one["created"])))
    made = START - timedelta(seconds=START.timestamp() - int(str(newest["created"])))
    adapter = dial(sandbox, "shopify")
    names = [each.external_id for each in every_document(adapter, since=START - WEEK, until=START - LAG)]
    arrived = START - made >= timedelta(days=2)
    assert (newest["number"] in names) == arrived
    sandbox.set_clock(START + timedelta(days=3))
    later = every_document(dial(sandbox, "shopify"), since=START - WEEK, until=START - LAG)
    assert newest["number"] in [each.external_id for each in later]


def test_shopees_escrows_and_wallet_hold_the_same_money(sandbox: Sandbox) -> None:
    lived(sandbox, "shopee", days=20, plain=True)
    first = dial(sandbox, "shopee")
    until = START + timedelta(days=26)
    sandbox.set_clock(until)
    documents = every_document(again(first), since=START - 3 * WEEK, until=until - LAG)
    released: dict[str, Decimal] = {}
    arrived: dict[str, Decimal] = {}
    withdrawn = Decimal(0)
    for document in documents:
        assert source_of(document).key == document.source
        for one in read(document, currency="SGD", zone="Asia/Singapore").values():
            assert one.statement is not None
            assert one.total == one.statement.total
            for line in one.lines:
                assert rule_of(one.source, line.types), line.types
                if line.types[0] == "ESCROW_VERIFIED_ADD":
                    arrived[line.order_id] = line.amount
                if line.types[0] == "WITHDRAWAL_CREATED":
                    withdrawn += line.amount
            if document.source == "shopee_escrow":
                released[one.statement.settlement_id] = one.total
    assert len(released) > 10
    assert withdrawn < 0
    assert released.items() <= arrived.items()


def test_every_type_the_market_uses_is_known_but_the_odd_one(sandbox: Sandbox) -> None:
    lived(sandbox, "busy", "ebay", "shopify", days=34, plain=True)
    for seller in ("busy", "ebay", "shopify"):
        switch(sandbox, seller, "unknown_type")
        unknown = set()
        adapter = dial(sandbox, seller)
        for document in every_document(adapter, since=START - 5 * WEEK, until=START - LAG):
            for one in read(document).values():
                if not one.source.is_evidence:
                    unknown |= {line.types for line in one.lines if not rule_of(one.source, line.types)}
        assert len(unknown) == 1, (seller, unknown)


def test_the_reissued_report_has_the_first_ones_lines_and_more(sandbox: Sandbox) -> None:
    lived(sandbox, "busy", days=20, plain=True)
    switch(sandbox, "busy", "reissue", "twins", "zero")
    sandbox.set_clock(START + timedelta(days=25))
    both = Counter(one["number"] for one in statements(sandbox, "busy", rows=False))
    number = next(name for name, count in both.items() if count == 2)
    documents = [
        read(each)[number]
        for each in every_document(
            dial(sandbox, "busy"), since=START - 3 * WEEK, until=START + timedelta(days=25) - LAG
        )
        if each.source == "amazon_settlement_v2" and number in read_names(each)
    ]
    first, second = sorted(documents, key=lambda one: len(one.lines))

    def content(line: MoneyLine) -> tuple[object, ...]:
        return tuple(part for name, part in zip(line._fields, line, strict=True) if name != "row")

    before, after = Counter(map(content, first.lines)), Counter(map(content, second.lines))
    assert not before - after
    assert sum((after - before).values()) == 2
    assert max(after.values()) >= 2
    assert any(line.amount == 0 for line in second.lines)
    assert second.statement is not None
    assert second.total == second.statement.total != first.total


def read_names(document: IncomingDocument) -> set[str]:
    """Return the settlements a document speaks of, and leave it at its beginning."""
    names = {line.split(b"\t")[0].decode() for line in document.content.read().splitlines()[1:]}
    document.content.seek(0)
    return names


def test_a_negative_settlement_is_carried_and_a_reserve_comes_back(sandbox: Sandbox) -> None:
    lived(sandbox, "busy", days=20, plain=True)
    statements(sandbox, "busy")
    switch(sandbox, "busy", "negative")
    sandbox.set_clock(START + timedelta(days=14))
    statements(sandbox, "busy")
    switch(sandbox, "busy", "reserve")
    sandbox.set_clock(START + timedelta(days=42))
    chains: dict[str, list[dict[str, Any]]] = {}
    for one in sorted(statements(sandbox, "busy"), key=lambda each: int(str(each["ends"]))):
        chains.setdefault(str(one["place"]), []).append(one)
    carried = kept = 0
    for chain in chains.values():
        for before, after in pairwise(chain):
            rows = {tuple(row["t"])[2]: row["a"] for row in after["rows"]}
            expected = min(int(str(before["total"])), 0)
            assert rows.get("Payable to Amazon", 0) == expected
            assert rows.get("Previous Reserve Amount Balance", 0) == before["reserve"]
            carried += expected < 0
            kept += before["reserve"] != 0
    assert carried
    assert kept


def test_ebay_asks_for_signatures_where_the_seller_is_at_home(sandbox: Sandbox) -> None:
    lived(sandbox, "ebay")
    switch(sandbox, "ebay", domicile="GB")
    adapter = dial(sandbox, "ebay")
    assert every_document(adapter, since=START - 3 * WEEK, until=START - LAG)
    unsigned = dial(sandbox, "ebay")
    del unsigned.connection.credentials["signing_key_jwe"]
    with pytest.raises(Refused, match="215001"):
        every_document(unsigned, since=START - 3 * WEEK, until=START - LAG)
    wrong = dial(sandbox, "ebay")
    other = bytearray(base64.b64decode(wrong.connection.credentials["signing_private_key"]))
    other[-1] ^= 1
    wrong.connection.credentials["signing_private_key"] = base64.b64encode(bytes(other)).decode()
    with pytest.raises(Exception, match="215005"):
        every_document(wrong, since=START - 3 * WEEK, until=START - LAG)
    switch(sandbox, "ebay", domicile="US")
    assert every_document(unsigned, since=START - 3 * WEEK, until=START - LAG)


def test_a_presigned_address_is_good_for_its_document_alone(sandbox: Sandbox) -> None:
    lived(sandbox, "busy")
    adapter = dial(sandbox, "busy")
    adapter.fetch_statements(created_from=START - 3 * WEEK, created_to=START - LAG, page_token="")
    called = sandbox.calls(operation="downloadReport")[0]
    url = f"{sandbox.url}{called['path']}?{called['query']}"
    assert requests.get(url, timeout=30).content[:2] == b"\x1f\x8b"
    other = url.replace("/amazon-reports/", "/amazon-reports/9")
    assert requests.get(other, timeout=30).status_code == 403


def test_the_tariff_is_published_and_dated(sandbox: Sandbox) -> None:
    found = requests.get(f"{sandbox.url}/_control/tariff", timeout=30).json()["tariff"]
    assert {row["platform"] for row in found} == {"amazon", "ebay", "shopify", "shopee"}
    commissions = [
        row
        for row in found
        if row["fee"] == "Commission" and row["marketplace"] == "ATVPDKIKX0DER" and row["category"] == "*"
    ]
    assert [row["valid_until"] == "" for row in commissions] == [False, True]
    assert commissions[0]["valid_until"] == commissions[1]["valid_from"]
    sheet = sandbox.sheet("tariff", seller="ebay")
    assert sheet.startswith("platform,marketplace,category,fee,percent")
    assert ",FINAL_VALUE_FEE," in sheet
    assert "amazon" not in sheet


def test_every_line_of_an_order_is_bound_to_it(sandbox: Sandbox) -> None:
    lived(sandbox, "busy")
    known = {order["id"] for order in sandbox.state("busy", limit=10_000)["orders"]}
    for document in every_document(dial(sandbox, "busy"), since=START - 3 * WEEK, until=START - LAG):
        if document.source != "amazon_settlement_v2":
            continue
        for one in read(document).values():
            for line in one.lines:
                rule = next(
                    (
                        each
                        for each in one.source.rules
                        if all(w in ("*", s) for w, s in zip(each.types, line.types, strict=True))
                    ),
                    None,
                )
                if rule is not None and rule.binding is Binding.ORDER:
                    assert line.order_id in known


def test_a_person_sees_the_money_and_downloads_a_settlement(sandbox: Sandbox) -> None:
    lived(sandbox, "busy", plain=True)
    one = statements(sandbox, "busy", rows=False)[0]
    page = requests.get(f"{sandbox.url}/seller-center/busy/money", timeout=30).text
    assert one["number"] in page
    assert "tariff.csv" in page
    url = f"{sandbox.url}/seller-center/busy/money/{one['number']}"
    assert "Principal" in requests.get(url, timeout=30).text
    assert requests.get(f"{url}/file", timeout=30).content.startswith(b"settlement-id\t")
    assert requests.get(f"{sandbox.url}/seller-center/ebay/money", timeout=30).status_code == 200
    answer = requests.post(
        f"{sandbox.url}/seller-center/busy/money", data={"oddity": "reserve"}, timeout=30,
        allow_redirects=False,
    )  # fmt: skip
    assert answer.status_code == 303
    assert "reserve" in requests.get(f"{sandbox.url}/seller-center/busy/money", timeout=30).text


def test_reports_and_transactions_fit_amazons_models(sandbox: Sandbox) -> None:
    lived(sandbox, "busy", plain=True)
    caller = Caller(sandbox)
    kind = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
    listed = caller.checked("GET", "/reports/2021-06-30/reports", reportTypes=kind, pageSize=2)
    assert len(listed["reports"]) == 2
    report = listed["reports"][0]
    assert caller.checked("GET", f"/reports/2021-06-30/reports/{report['reportId']}") == report
    document = caller.checked("GET", f"/reports/2021-06-30/documents/{report['reportDocumentId']}")
    assert document["compressionAlgorithm"] == "GZIP"
    after = (START - 2 * WEEK).isoformat()
    path = "/finances/2024-06-19/transactions"
    page = caller.send("GET", path, postedAfter=after).json()
    for one in page["payload"]["transactions"]:
        # The model wants every context to be of all kinds at once; Amazon's own examples are of one.
        contexts = one.pop("contexts")
        assert all(each["contextType"] == "DeferredContext" for each in contexts)
        leaves = [leaf for root in one["breakdowns"] for leaf in root["breakdowns"]]
        total = sum(Decimal(str(leaf["breakdownAmount"]["currencyAmount"])) for leaf in leaves)
        assert total == Decimal(str(one["totalAmount"]["currencyAmount"]))
    contracts.check_answer(method="GET", path=path, status=200, body=page)
    caller.refused("GET", "/reports/2021-06-30/reports")
    caller.refused("GET", "/finances/2024-06-19/transactions")
