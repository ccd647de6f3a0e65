"""Listings, quantities, feeds and Amazon's own stock on the wire."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.sandbox import contracts
from tests.sandbox.calling import Caller
from tests.sandbox_fixture import START, Sandbox

US, GB, DE = "ATVPDKIKX0DER", "A1F83G8C2ARO7P", "A1PA6795UKMFR9"
DATA = "summaries,attributes,issues,offers,fulfillmentAvailability,relationships,productTypes"


@pytest.fixture
def caller(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


def _patch(quantity: object, **change: object) -> dict[str, Any]:
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": quantity}]
    patch = {"op": "replace", "path": "/attributes/fulfillment_availability", "value": value}
    return {"productType": "PRODUCT", "patches": [patch]} | change


def _listing(sandbox: Sandbox, place: str, *, sign: str = "", by_platform: bool = False) -> dict[str, Any]:
    return next(
        each
        for each in sandbox.state("busy", limit=0)["listings"]
        if each["marketplace"] == place and each["components"] and sign in each["code"]
        and each["by_platform"] is by_platform
    )  # fmt: skip


def test_every_listing_comes_once(caller: Caller) -> None:
    found: list[str] = []
    more: dict[str, Any] = {}
    while True:
        page = caller.checked(
            "GET",
            caller.listings_path(),
            marketplaceIds=DE,
            includedData=DATA,
            pageSize=20,
            sortBy="sku",
            **more,
        )
        found += [item["sku"] for item in page["items"]]
        if "pagination" not in page:
            break
        more = {"pageToken": page["pagination"]["nextToken"]}
    mine = [
        each["code"]
        for each in caller.sandbox.state("busy", limit=0)["listings"]
        if each["marketplace"] == DE
    ]
    assert sorted(found) == sorted(mine)
    assert page["numberOfResults"] == len(mine)


def test_parents_and_variants_name_each_other(caller: Caller) -> None:
    parent = next(
        each for each in caller.sandbox.state("busy", limit=0)["listings"] if not each["components"]
    )
    query = {"marketplaceIds": parent["marketplace"], "includedData": DATA}
    body = caller.checked("GET", caller.listings_path(parent["code"]), **query)
    children = body["relationships"][0]["relationships"][0]["childSkus"]
    child = caller.checked("GET", caller.listings_path(children[0]), **query)
    assert child["relationships"][0]["relationships"][0]["parentSkus"] == [parent["code"]]
    page = caller.checked("GET", caller.listings_path(), variationParentSku=parent["code"], **query)
    assert {item["sku"] for item in page["items"]} <= set(children)


@pytest.mark.parametrize(("place", "sign"), [(US, ""), (GB, "/"), (DE, "#"), ("A13V1IB3VIYZZH", "%"),
                                             ("A1VC38T7YXB528", "日本")])  # fmt: skip
def test_a_quantity_arrives_whatever_the_sku_looks_like(caller: Caller, place: str, sign: str) -> None:
    listing = _listing(caller.sandbox, place, sign=sign)
    path = caller.listings_path(listing["code"])
    body = caller.checked("PATCH", path, json=_patch(17), marketplaceIds=place)
    assert body["status"] == "ACCEPTED"
    after = caller.sandbox.listing(listing["code"], marketplace=place)
    assert (after["quantity"], after["changed_by"]) == (17, "patchListingsItem")
    shown = caller.checked("GET", path, marketplaceIds=place, includedData="fulfillmentAvailability")
    assert shown["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 17}]
    assert contracts.check_calls(caller.sandbox.calls(seller="busy")) == 2


def test_accepted_means_queued(sandbox: Sandbox) -> None:
    sandbox.reset(apply_seconds=20)
    caller = Caller(sandbox)
    listing = _listing(sandbox, US)
    caller.checked("PATCH", caller.listings_path(listing["code"]), json=_patch(91), marketplaceIds=US)
    assert sandbox.listing(listing["code"], marketplace=US)["quantity"] == listing["quantity"]
    sandbox.set_clock(START + timedelta(seconds=21))
    assert sandbox.listing(listing["code"], marketplace=US)["quantity"] == 91


@pytest.mark.parametrize("quantity", [-1, 1.5, "7", None, True])
def test_a_quantity_that_is_no_whole_number_is_invalid(caller: Caller, quantity: object) -> None:
    listing = _listing(caller.sandbox, US)
    path = caller.listings_path(listing["code"])
    body = caller.checked("PATCH", path, json=_patch(quantity), marketplaceIds=US)
    assert body["status"] == "INVALID"
    assert body["issues"]


def test_amazons_own_stock_takes_no_quantity(caller: Caller) -> None:
    listing = _listing(caller.sandbox, US, by_platform=True)
    path = caller.listings_path(listing["code"])
    body = caller.checked("PATCH", path, json=_patch(5), marketplaceIds=US)
    assert body["status"] == "INVALID"
    assert "Amazon" in body["issues"][0]["message"]


def test_a_preview_changes_nothing(caller: Caller) -> None:
    listing = _listing(caller.sandbox, US)
    path = caller.listings_path(listing["code"])
    body = caller.checked("PATCH", path, json=_patch(88), marketplaceIds=US, mode="VALIDATION_PREVIEW")
    assert body["status"] == "VALID"
    assert caller.sandbox.listing(listing["code"], marketplace=US)["quantity"] == listing["quantity"]


def test_wrong_listing_calls_are_refused(caller: Caller) -> None:
    path = caller.listings_path("NO-SUCH-SKU")
    assert "marketplaceIds" in caller.refused("GET", path)
    assert "not found" in caller.refused("GET", path, status=404, marketplaceIds=US)
    assert "not found" in caller.refused("PATCH", path, json=_patch(1), marketplaceIds=US)
    assert "required" in caller.refused("PATCH", path, json={}, marketplaceIds=US)
    assert "pageSize" in caller.refused("GET", caller.listings_path(), marketplaceIds=US, pageSize=21)
    foreign = "/listings/2021-08-01/items/A000000000000/X"
    assert "denied" in caller.refused("GET", foreign, status=403, marketplaceIds=US)


def _feed(caller: Caller, feed: object, *, places: list[str]) -> dict[str, Any]:
    kind = "application/json; charset=UTF-8"
    document = caller.checked("POST", "/feeds/2021-06-30/documents", json={"contentType": kind}, status=201)
    body = feed if isinstance(feed, bytes) else json.dumps(feed).encode()
    wrong = requests.put(document["url"], data=body, headers={"Content-Type": "text/plain"}, timeout=10)
    assert wrong.status_code == 403
    sent = requests.put(document["url"], data=body, headers={"Content-Type": kind}, timeout=10)
    assert sent.status_code == 200
    order = {
        "feedType": "JSON_LISTINGS_FEED",
        "marketplaceIds": places,
        "inputFeedDocumentId": document["feedDocumentId"],
    }
    number = caller.checked("POST", "/feeds/2021-06-30/feeds", json=order, status=202)["feedId"]
    found = caller.checked("GET", f"/feeds/2021-06-30/feeds/{number}")
    assert isinstance(found, dict)
    return found


def _report(caller: Caller, feed: dict[str, Any]) -> dict[str, Any]:
    path = f"/feeds/2021-06-30/documents/{feed['resultFeedDocumentId']}"
    document = caller.checked("GET", path)
    packed = requests.get(document["url"], timeout=10).content
    assert document["compressionAlgorithm"] == "GZIP"
    text = gzip.decompress(packed)
    contracts.check_report(text)
    return dict(json.loads(text))


def _message(number: int, sku: str, quantity: int) -> dict[str, Any]:
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": quantity}]
    patch = {"op": "replace", "path": "/attributes/fulfillment_availability", "value": value}
    return {
        "messageId": number,
        "sku": sku,
        "operationType": "PATCH",
        "productType": "PRODUCT",
        "patches": [patch],
    }


def _document(caller: Caller, messages: list[dict[str, Any]]) -> dict[str, Any]:
    header = {"sellerId": caller.account["seller_id"], "version": "2.0", "issueLocale": "en_US"}
    return {"header": header, "messages": messages}


def test_a_feed_changes_many_and_reports_each_refused_message(caller: Caller) -> None:
    plain, odd = _listing(caller.sandbox, DE), _listing(caller.sandbox, DE, sign="#")
    amazon = _listing(caller.sandbox, DE, by_platform=True)
    messages = [
        _message(1, plain["code"], 41),
        _message(2, odd["code"], 42),
        _message(3, amazon["code"], 43),
        _message(4, "NO-SUCH-SKU", 44),
        _message(5, plain["code"], -5),
    ]
    feed = _feed(caller, _document(caller, messages), places=[DE])
    assert feed["processingStatus"] == "DONE"
    report = _report(caller, feed)
    assert [issue["messageId"] for issue in report["issues"]] == [3, 4, 5]
    assert report["summary"]["messagesAccepted"] == 2
    assert caller.sandbox.listing(plain["code"], marketplace=DE)["quantity"] == 41
    assert caller.sandbox.listing(odd["code"], marketplace=DE)["quantity"] == 42


def test_a_feed_waits_in_its_queue(sandbox: Sandbox) -> None:
    sandbox.reset(apply_seconds=20)
    caller = Caller(sandbox)
    feed = _feed(caller, _document(caller, [_message(1, _listing(sandbox, DE)["code"], 3)]), places=[DE])
    path = f"/feeds/2021-06-30/feeds/{feed['feedId']}"
    assert feed["processingStatus"] == "IN_QUEUE"
    sandbox.set_clock(START + timedelta(seconds=25))
    assert caller.checked("GET", path)["processingStatus"] == "IN_PROGRESS"
    sandbox.set_clock(START + timedelta(seconds=65))
    assert caller.checked("GET", path)["processingStatus"] == "DONE"


@pytest.mark.parametrize("feed", [b"not json", b'{"header": {}, "messages": []}'])
def test_an_unreadable_feed_is_fatal(caller: Caller, feed: bytes) -> None:
    found = _feed(caller, feed, places=[US])
    assert found["processingStatus"] == "FATAL"
    assert _report(caller, found)["issues"]


def test_a_feed_of_a_wrong_kind_is_refused(caller: Caller) -> None:
    path = "/feeds/2021-06-30/feeds"
    body = {"feedType": "POST_FLAT_FILE", "marketplaceIds": [US], "inputFeedDocumentId": "x"}
    assert "feedType" in caller.refused("POST", path, json=body)
    body |= {"feedType": "JSON_LISTINGS_FEED"}
    assert "inputFeedDocumentId" in caller.refused("POST", path, json=body)


def test_feed_requests_conform_to_the_models(caller: Caller) -> None:
    code = _listing(caller.sandbox, US)["code"]
    _feed(caller, _document(caller, [_message(1, code, 9)]), places=[US])
    uploads = caller.sandbox.calls(operation="uploadDocument", limit=1)
    assert contracts.check_calls(caller.sandbox.calls(seller="busy") + uploads) == 4


def test_amazons_own_stock_is_read_page_by_page(caller: Caller) -> None:
    query: dict[str, Any] = {
        "granularityType": "Marketplace",
        "granularityId": US,
        "marketplaceIds": US,
        "details": "true",
    }
    body = caller.checked("GET", "/fba/inventory/v1/summaries", **query)
    found = {row["sellerSku"] for row in body["payload"]["inventorySummaries"]}
    mine = {
        each["code"]
        for each in caller.sandbox.state("busy", limit=0)["listings"]
        if each["by_platform"] and each["marketplace"] == US
    }
    assert found == mine
    assert "granularityType" in caller.refused("GET", "/fba/inventory/v1/summaries", marketplaceIds=US)
