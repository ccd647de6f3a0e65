"""What is eBay's own in the guard: its errors in two APIs, its logins, and the traps of its SDK."""

from __future__ import annotations

import base64
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest
from pytest_django import Settings

from channels.adapter import (
    Adapter,
    ChannelError,
    CredentialsRejected,
    Refused,
    RetryLater,
    Throttled,
    TokenExpired,
)
from channels.messages import Outcome, ShipmentNotice, StockUpdate
from channels.platforms.ebay import PLATFORM
from channels.platforms.ebay.shipping import carrier, tracking_number
from channels.platforms.ebay.trading import COMPATIBILITY
from channels.platforms.ebay.writes import Change, revise
from tests.answering import Answering, Reply, answering
from tests.channels.platforms.contract import AT, connection, reply
from tests.channels.platforms.examples.ebay import (
    EXAMPLES,
    ITEM,
    NAMESPACE,
    US,
    active_list,
    created,
    listing,
    order_page,
    problem,
    revised,
    unknown_skus,
    xml_answer,
    xml_failure,
)

ROOT = Path(__file__).resolve().parents[3]
REVISE = "ReviseInventoryStatus"


@pytest.fixture
def server(settings: Settings) -> Iterator[Answering]:
    with answering() as running:
        settings.ECOMHUB_SANDBOX_URL = running.url
        yield running


@pytest.fixture
def ebay(server: Answering) -> Adapter:
    return PLATFORM.build(connection(PLATFORM, EXAMPLES, server.url), None)


def pull(ebay: Adapter, token: str = "") -> object:
    return ebay.fetch_orders(updated_from=AT - timedelta(hours=1), updated_to=AT, page_token=token)


def push(ebay: Adapter, code: str = "A-1", handle: str = f"item:{ITEM}") -> object:
    return ebay.push_stock(update=StockUpdate(US, code, 7, handle=handle))


NOTICE = ShipmentNotice(
    order_id="123-1", marketplace=US, reference="1", carrier="dhl", carrier_name="DHL", service="",
    tracking_number="T1", shipped_at=AT, lines=(("11", 1),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (problem(401, 1001, "Invalid access token"), TokenExpired),
        (problem(403, 1100, "Insufficient permissions"), CredentialsRejected),
        (problem(400, 30800, "bad filter"), Refused),
        (problem(404, 32100, "none"), Refused),
        (problem(409, 30700, "conflict"), Refused),
        (problem(400, 30500, "System error"), RetryLater),
        (problem(408, 1, "slow"), RetryLater),
        (problem(429, 2001, "too many"), Throttled),
        (problem(500, 30500, "System error"), RetryLater),
        (problem(200, 30500, "System error"), RetryLater),
        (Reply(403, b"<html>blocked</html>", "text/html"), RetryLater),
        (Reply(404, b"<html>gone</html>", "text/html"), RetryLater),
        (Reply(400, b"", ""), RetryLater),
        (Reply(201, b"", "", headers={"Location": "/x"}), RetryLater),
        (reply({"orders": [], "total": "many"}), RetryLater),
        (reply({"orders": []}), RetryLater),
    ],
)
def test_errors_of_rest_have_their_meaning(
    ebay: Adapter, server: Answering, answer: Reply, meaning: type[ChannelError]
) -> None:
    server.says(answer)
    with pytest.raises(ChannelError) as caught:
        pull(ebay)
    assert isinstance(caught.value, meaning)
    assert len(server.received) == 1, "the adapter repeats nothing by itself"


@pytest.mark.parametrize(
    ("answer", "meaning", "unknown"),
    [
        (xml_failure(REVISE, "518", "call limit"), Throttled, False),
        (xml_failure(REVISE, "931", "token"), TokenExpired, None),
        (xml_failure(REVISE, "932", "token"), TokenExpired, None),
        (xml_failure(REVISE, "21917053", "token"), TokenExpired, None),
        (xml_failure(REVISE, "930", "no"), CredentialsRejected, None),
        (xml_failure(REVISE, "10007", "internal"), RetryLater, True),
        (xml_failure(REVISE, "17", "no such item"), Refused, None),
        (xml_answer(REVISE, {}, ack="Failure"), RetryLater, True),
        (xml_answer(REVISE, {}, ack="CustomCode"), RetryLater, True),
        (xml_answer(REVISE, {}, ack=""), RetryLater, True),
        (xml_answer(REVISE, {}), RetryLater, True),
        (xml_answer("GetUser", {"InventoryStatus": {"ItemID": ITEM}}), RetryLater, True),
        (revised(sku="OTHER"), RetryLater, True),
        (replace(revised(), content_type="text/html"), RetryLater, True),
        (Reply(200, b"<html><body>sorry</body></html>", "text/xml"), RetryLater, True),
        (replace(revised(), body=revised().body.replace(NAMESPACE.encode(), b"urn:other")), RetryLater, True),
        (Reply(503, b"<html>away</html>", "text/html"), RetryLater, True),
    ],
)
def test_errors_of_trading_have_their_meaning(
    ebay: Adapter, server: Answering, answer: Reply, meaning: type[ChannelError], unknown: bool | None
) -> None:
    server.says(answer)
    with pytest.raises(ChannelError) as caught:
        push(ebay)
    assert isinstance(caught.value, meaning)
    assert getattr(caught.value, "unknown", None) is unknown
    assert len(server.received) == 1, "the SDK repeats nothing"


def test_warning_is_work_that_was_done(ebay: Adapter, server: Answering) -> None:
    error = {"ErrorCode": "21917091", "SeverityCode": "Warning", "LongMessage": "close to the limit"}
    status = {"ItemID": ITEM, "SKU": "A-1", "Quantity": "7"}
    server.says(xml_answer(REVISE, {"Errors": error, "InventoryStatus": status}, ack="Warning"))
    assert push(ebay).outcome is Outcome.CONFIRMED  # type: ignore[attr-defined]


def test_partial_failure_tells_the_done_from_the_refused(ebay: Adapter, server: Answering) -> None:
    error = {"ErrorCode": "21916620", "SeverityCode": "Error", "LongMessage": "no such SKU"}
    done = {"ItemID": ITEM, "SKU": "A-1", "Quantity": "7"}
    server.says(xml_answer(REVISE, {"Errors": error, "InventoryStatus": done}, ack="PartialFailure"))
    changes = [(Change(US, code, "", quantity=7), ITEM) for code in ("A-1", "A-2")]
    results = revise(connection=ebay.connection, observer=None, operation="push_stock", changes=changes)
    assert [(one.listing_id, one.outcome) for one in results] == [
        ("A-1", Outcome.CONFIRMED),
        ("A-2", Outcome.REFUSED),
    ]
    assert "no such SKU" in results[1].reason
    with pytest.raises(ValueError, match="4"):
        revise(connection=ebay.connection, observer=None, operation="push_stock", changes=changes * 3)


def test_other_quantity_than_ours_is_only_accepted(ebay: Adapter, server: Answering) -> None:
    server.says(revised(quantity="6"))
    assert push(ebay).outcome is Outcome.ACCEPTED  # type: ignore[attr-defined]


def test_trading_request_is_what_ebay_wants_and_tells_no_secret(ebay: Adapter, server: Answering) -> None:
    server.says(revised())
    push(ebay)
    (request,) = server.received
    assert request.target == "/ws/api.dll"
    assert request.headers["x-ebay-api-call-name"] == REVISE
    assert request.headers["x-ebay-api-compatibility-level"] == COMPATIBILITY
    assert request.headers["x-ebay-api-iaf-token"] == "access-1"
    assert request.headers["content-type"] == "text/xml; charset=utf-8"
    sent = str(request.headers) + request.body.decode()
    assert not any(secret in sent for secret in ("cert-1", "v^1.1#r^1"))
    assert not any(name.startswith("x-ebay-api-cert") for name in request.headers)


@pytest.mark.parametrize("code", ["A&B <C> ]]>", "日本-ä\"'", "{0} %s {tag}"])
def test_texts_are_escaped_in_the_request(ebay: Adapter, server: Answering, code: str) -> None:
    server.says(revised(sku=code))
    push(ebay, code=code)
    root = ElementTree.fromstring(server.received[0].body)
    assert root.findtext(f".//{{{NAMESPACE}}}SKU") == code


@pytest.mark.parametrize("code", ["<![CDATA[x]]></SKU><SKU>y", "a\x00b", "\ufffe", "a\x0bb"])
def test_text_no_document_can_hold_is_refused_unsent(ebay: Adapter, server: Answering, code: str) -> None:
    with pytest.raises(Refused):
        push(ebay, code=code)
    assert server.received == []


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        b'<!DOCTYPE a [<!ENTITY b "xxxxxxxxxx"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>',
        b"<a>" * 200_000,
        b'<?xml version="1.0" encoding="no-such-code"?><a/>',
        b"<?pi?><!-- only a comment -->",
    ],
)
def test_hostile_document_is_no_answer(ebay: Adapter, server: Answering, body: bytes) -> None:
    server.says(Reply(200, body, "text/xml"))
    with pytest.raises(RetryLater):
        push(ebay)


def test_comments_and_single_members_are_read_like_any(ebay: Adapter, server: Answering) -> None:
    page = active_list([listing()])
    spoiled = page.body.replace(b"<ItemArray>", b"<ItemArray><!-- here --><?and here?>")
    server.says(replace(page, body=spoiled), unknown_skus("A-1"))
    found = ebay.fetch_listings(marketplace=US, page_token="")
    assert [one.listing_id for one in found.items] == ["A-1"]


def test_sdk_reads_no_file_and_no_environment_and_tells_the_log_nothing(
    server: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "ebay.yaml").write_text(f"{server.url[7:]}:\n    siteid: 77\n    iaf_token: stolen\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.says(revised())
    with caplog.at_level(logging.DEBUG, logger="ebaysdk"):
        push(PLATFORM.build(connection(PLATFORM, EXAMPLES, server.url), None))
    assert server.received[0].headers["x-ebay-api-siteid"] == "0"
    assert server.received[0].headers["x-ebay-api-iaf-token"] == "access-1"
    assert "access-1" not in caplog.text


def test_adapter_is_imported_without_a_configuration(tmp_path: Path) -> None:
    code = "import django; django.setup(); from channels.platforms.ebay import PLATFORM; print(PLATFORM.key)"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "ecomhub.settings", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == "ebay", done.stderr


def test_login_is_basic_with_a_form(ebay: Adapter, server: Answering) -> None:
    server.says(reply(EXAMPLES.token()))
    token = ebay.refresh_token()
    assert (token.token, token.expires_in_s, token.refresh_token) == ("v^1.1#i^1", 7200, "")
    (request,) = server.received
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")) == b"app-1:cert-1"
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["v^1.1#r^1"],
    }


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (reply({"error": "invalid_client"}, status=401), CredentialsRejected),
        (reply({"error": "unsupported_grant_type"}, status=400), Refused),
        (reply({"error": "server_error"}, status=500), RetryLater),
        (reply({"access_token": "a\nb", "expires_in": 7200}), RetryLater),
        (reply({"access_token": "a", "expires_in": "7200"}), RetryLater),
        (reply({"access_token": "a", "expires_in": -1}), RetryLater),
    ],
)
def test_answers_of_the_login_have_their_meaning(
    ebay: Adapter, server: Answering, answer: Reply, meaning: type[ChannelError]
) -> None:
    server.says(answer)
    with pytest.raises(meaning):
        ebay.refresh_token()


def test_order_without_a_place_of_its_shipment_is_unknown(ebay: Adapter, server: Answering) -> None:
    server.says(Reply(201, b"", ""))
    with pytest.raises(RetryLater) as caught:
        ebay.confirm_shipment(notice=NOTICE)
    assert caught.value.unknown


def test_order_rest_does_not_know_is_told_by_complete_sale(ebay: Adapter, server: Answering) -> None:
    server.says(problem(400, 32100, "Invalid Order Id"), xml_answer("CompleteSale", {}))
    ebay.confirm_shipment(notice=NOTICE)
    assert [one.target for one in server.received][1] == "/ws/api.dll"
    body = ElementTree.fromstring(server.received[1].body)
    assert body.findtext(f".//{{{NAMESPACE}}}ShipmentTrackingNumber") == "T1"
    server.says(problem(400, 32300, "Invalid tracking number"), created())
    with pytest.raises(Refused):
        ebay.confirm_shipment(notice=NOTICE)
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("given", "sent"),
    [("YT 2026-01", "YT202601"), ("1z.9_9/A", "1z99A"), ("ä1", None), ("-", None), ("", None)],
)
def test_tracking_number_is_letters_and_digits(given: str, sent: str | None) -> None:
    if sent is None:
        with pytest.raises(Refused):
            tracking_number(given)
    else:
        assert tracking_number(given) == sent


@pytest.mark.parametrize(
    ("key", "name", "sent"),
    [
        ("royal-mail", "Royal Mail", "RoyalMail"),
        ("Royal Mail", "", "RoyalMail"),
        ("USPS", "", "USPS"),
        ("acme", "Acme Express", "Acme Express"),
        ("acme", "顺丰", "Other"),
    ],
)
def test_carrier_is_ebays_own_word_where_there_is_one(key: str, name: str, sent: str) -> None:
    assert carrier(replace(NOTICE, carrier=key, carrier_name=name)) == sent


def test_page_after_the_last_is_none(ebay: Adapter, server: Answering) -> None:
    server.says(reply(order_page([EXAMPLES.order()], "") | {"total": 181}))
    assert pull(ebay, "180.181").next_token == ""  # type: ignore[attr-defined]


def test_list_that_lost_many_orders_is_read_again_from_before(ebay: Adapter, server: Answering) -> None:
    page = order_page([EXAMPLES.order()] * 200, "x") | {"total": 500}
    server.says(reply(page))
    assert pull(ebay, "180.560").next_token == "120.500"  # type: ignore[attr-defined]
    assert pull(ebay, "180.510").next_token == "360.500"  # type: ignore[attr-defined]


def test_listings_of_other_sites_are_left_to_their_shops(ebay: Adapter, server: Answering) -> None:
    german = listing() | {"ItemID": "2", "SKU": "B-1", "Site": "Germany"}
    by_page = listing() | {
        "ItemID": "3",
        "SKU": "C-1",
        "ListingDetails": {"ViewItemURL": "https://www.ebay.de/itm/3"},
    }
    del by_page["Site"]
    nameless = listing() | {"ItemID": "4", "SKU": ""}
    server.says(active_list([listing(), german, by_page, nameless]), unknown_skus("A-1"))
    found = ebay.fetch_listings(marketplace=US, page_token="").items
    assert [one.listing_id for one in found] == ["A-1", "item-4"]
    assert found[0].quantity == 12
    assert found[0].barcodes == ("4006381333931",)


def test_bad_item_of_a_page_stops_only_itself(ebay: Adapter, server: Answering) -> None:
    broken = listing() | {"ItemID": "5", "QuantityAvailable": "many"}
    server.says(active_list([listing(), broken]), unknown_skus("A-1"))
    page = ebay.fetch_listings(marketplace=US, page_token="")
    assert [one.listing_id for one in page.items] == ["A-1"]
    assert [one.external_id for one in page.bad] == ["5"]


def test_listing_made_by_the_inventory_api_is_written_by_it(ebay: Adapter, server: Answering) -> None:
    offers = {"offers": [{"offerId": "77", "sku": "A-1", "listing": {"listingId": ITEM}}]}
    done = {"responses": [{"statusCode": 200, "sku": "A-1", "offerId": "77"}]}
    server.says(xml_failure(REVISE, "21919474", "other tool"), reply(offers), reply(done))
    assert push(ebay).outcome is Outcome.ACCEPTED  # type: ignore[attr-defined]
    assert b'"offerId":"77"' in server.received[2].body
    refused = {"statusCode": 400, "sku": "A-1", "errors": [{"errorId": 25759, "message": "too few"}]}
    server.says(reply({"responses": [refused]}, status=207))
    result = push(ebay, handle="offer:77")
    assert (result.outcome, "too few" in result.reason) == (Outcome.REFUSED, True)  # type: ignore[attr-defined]
    server.says(reply({"responses": [{"statusCode": 500}]}, status=207))
    with pytest.raises(RetryLater) as caught:
        push(ebay, handle="offer:77")
    assert caught.value.unknown


def test_variation_without_sku_cannot_be_written(ebay: Adapter, server: Answering) -> None:
    with pytest.raises(Refused, match="SKU"):
        push(ebay, code=f"item-{ITEM}-abcdefabcdef")
    assert server.received == []
