"""What is Amazon's own in the guard: its errors, its login, its feeds, and the traps of its SDK."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

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
from channels.messages import BatchTicket, Outcome, PriceUpdate, ShipmentNotice, StockUpdate
from channels.platforms.amazon import PLATFORM
from tests.answering import Answering, Reply, answering
from tests.channels.platforms.contract import AT, connection, reply
from tests.channels.platforms.examples.amazon import EXAMPLES, REPORT, US, order_page, problem
from tests.channels.platforms.examples.amazon import listing as new_listing

ROOT = Path(__file__).resolve().parents[3]
DENIED = "Access to requested resource is denied."


@pytest.fixture
def server(settings: Settings) -> Iterator[Answering]:
    with answering() as running:
        settings.ECOMHUB_SANDBOX_URL = running.url
        yield running


@pytest.fixture
def amazon(server: Answering) -> Adapter:
    return PLATFORM.build(connection(PLATFORM, EXAMPLES, server.url), None)


def pull(amazon: Adapter) -> object:
    return amazon.fetch_orders(updated_from=AT - timedelta(hours=1), updated_to=AT, page_token="")


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (problem(403, "Unauthorized", DENIED, "The access token you provided has expired."), TokenExpired),
        (problem(403, "Unauthorized", "The access token is revoked, malformed or invalid."), TokenExpired),
        (problem(401, "Unauthorized", DENIED), TokenExpired),
        (problem(403, "Unauthorized", DENIED), CredentialsRejected),
        (problem(400, "InvalidInput", "bad"), Refused),
        (problem(404, "NotFound", "none"), Refused),
        (problem(413, "TooLarge", "big"), Refused),
        (problem(400, "QuotaExceeded", "slow down"), Throttled),
        (problem(429, "QuotaExceeded", "slow down"), Throttled),
        (problem(500, "InternalFailure", "oops"), RetryLater),
        (problem(503, "ServiceUnavailable", "later"), RetryLater),
        (problem(200, "InternalFailure", "oops"), RetryLater),
        (Reply(403, b"<html>blocked</html>", "text/html"), RetryLater),
        (Reply(404, b"<html>gone</html>", "text/html"), RetryLater),
        (Reply(400, b"", ""), RetryLater),
    ],
)  # fmt: skip
def test_errors_have_their_meaning(
    amazon: Adapter, server: Answering, answer: Reply, meaning: type[ChannelError]
) -> None:
    server.says(answer)
    with pytest.raises(ChannelError) as caught:
        pull(amazon)
    assert type(caught.value) is meaning
    assert len(server.received) == 1, "the adapter repeats nothing by itself"


def test_answer_with_orders_beside_errors_is_none(amazon: Adapter, server: Answering) -> None:
    server.says(reply(order_page([], "") | {"errors": [{"code": "InternalFailure"}]}))
    with pytest.raises(RetryLater, match="InternalFailure"):
        pull(amazon)


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"Retry-After": "7"}, timedelta(seconds=7)),
        ({"Retry-After": "99999999999999"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"x-amzn-RateLimit-Limit": "0.5"}, timedelta(seconds=2)),
        ({"x-amzn-RateLimit-Limit": "nan"}, None),
        ({}, None),
    ],
)
def test_throttled_answer_says_how_long_to_wait_when_amazon_does(
    amazon: Adapter, server: Answering, headers: dict[str, str], after: timedelta | None
) -> None:
    server.says(Reply(429, b"", "", headers=headers))
    with pytest.raises(Throttled) as caught:
        pull(amazon)
    assert caught.value.after == after


@pytest.mark.parametrize("text", ["0", "-1", "inf", "nan", "fast", ""])
def test_senseless_rate_is_not_believed(server: Answering, text: str) -> None:
    seen: list[float | None] = []

    def note(
        *, operation: str, status: int, granted_rate: float | None, remaining: float | None = None
    ) -> None:
        seen.append(granted_rate)

    amazon = PLATFORM.build(connection(PLATFORM, EXAMPLES, server.url), note)
    server.says(reply(order_page([], ""), headers={"x-amzn-RateLimit-Limit": text}))
    pull(amazon)
    assert seen == [None]


def test_request_carries_token_instants_in_z_and_no_foreign_parameters(
    amazon: Adapter, server: Answering
) -> None:
    server.says(reply(order_page([], "")))
    east = timezone(timedelta(hours=8))
    amazon.fetch_orders(
        updated_from=datetime(2026, 6, 1, 8, 0, 0, 999, tzinfo=east),
        updated_to=datetime(2026, 6, 1, 1, 0, tzinfo=UTC),
        page_token="",
    )
    request = server.received[0]
    query = parse_qs(urlsplit(request.target).query)
    assert query["lastUpdatedAfter"] == ["2026-06-01T00:00:00Z"]
    assert query["lastUpdatedBefore"] == ["2026-06-01T01:00:00Z"]
    assert set(query) == {
        "marketplaceIds", "lastUpdatedAfter", "lastUpdatedBefore", "maxResultsPerPage", "includedData",
    }  # fmt: skip
    assert request.headers["x-amz-access-token"] == "access-1"
    assert request.headers["host"] == urlsplit(server.url).netloc
    assert request.headers["user-agent"].startswith("ecomhub/")


def test_instant_without_offset_is_a_mistake_of_ours(amazon: Adapter, server: Answering) -> None:
    with pytest.raises(ValueError, match="offset"):
        amazon.fetch_orders(updated_from=datetime(2026, 6, 1), updated_to=AT, page_token="")  # noqa: DTZ001
    assert server.received == []


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (reply({"error": "invalid_grant"}, status=400), CredentialsRejected),
        (reply({"error": "invalid_client"}, status=401), CredentialsRejected),
        (reply({"error": "unsupported_grant_type"}, status=400), Refused),
        (reply({"error": "server_error"}, status=500), RetryLater),
        (reply({"error": ["x"]}, status=400), RetryLater),
        (reply({"access_token": "Atza|1"}), RetryLater),
        (reply({"access_token": "", "expires_in": 3600}), RetryLater),
        (reply({"access_token": "a\r\nb: c", "expires_in": 3600}), RetryLater),
        (reply({"access_token": "Atza|1", "expires_in": "3600"}), RetryLater),
        (reply({"access_token": "Atza|1", "expires_in": -5}), RetryLater),
    ],
)
def test_login_answers_have_their_meaning(
    amazon: Adapter, server: Answering, answer: Reply, meaning: type[ChannelError]
) -> None:
    server.says(answer)
    with pytest.raises(ChannelError) as caught:
        amazon.refresh_token()
    assert type(caught.value) is meaning


def test_login_sends_a_form_and_returns_what_the_token_is_good_for(
    amazon: Adapter, server: Answering
) -> None:
    server.says(reply({"access_token": "Atza|9", "expires_in": 1800, "refresh_token": "Atzr|new"}))
    token = amazon.refresh_token()
    assert (token.token, token.expires_in_s, token.refresh_token) == ("Atza|9", 1800, "Atzr|new")
    request = server.received[0]
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["Atzr|r"],
        "client_id": ["c"],
        "client_secret": ["s"],
    }


def test_every_adapter_uses_its_own_connections_token(server: Answering) -> None:
    """The SDK keeps one token per refresh token and process; two tokens of one account must not mix."""
    server.says(reply(order_page([], "")))
    one = connection(PLATFORM, EXAMPLES, server.url)
    pull(PLATFORM.build(one, None))
    pull(PLATFORM.build(replace(one, access_token="access-2"), None))
    assert [each.headers["x-amz-access-token"] for each in server.received] == ["access-1", "access-2"]


def test_patch_is_clean_and_its_sku_is_one_segment(amazon: Adapter, server: Answering) -> None:
    server.says(reply({"sku": "a/b ä", "status": "ACCEPTED", "submissionId": "1"}))
    amazon.push_stock(update=StockUpdate(US, "a/b ä", 5))
    request = server.received[0]
    assert request.target == f"/listings/2021-08-01/items/SELLER1/a%2Fb%20%C3%A4?marketplaceIds={US}"
    assert json.loads(request.body) == {
        "productType": "PRODUCT",
        "patches": [
            {
                "op": "replace",
                "path": "/attributes/fulfillment_availability",
                "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 5}],
            }
        ],
    }


def test_invalid_patch_is_refused_and_an_unknown_status_is_an_unknown_outcome(
    amazon: Adapter, server: Answering
) -> None:
    issue = {"code": "90244", "message": "not yours", "severity": "ERROR"}
    server.says(reply({"sku": "A-1", "status": "INVALID", "submissionId": "1", "issues": [issue, "?"]}))
    result = amazon.push_stock(update=StockUpdate(US, "A-1", 5))
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "90244 not yours")
    server.says(reply({"sku": "A-1", "status": "PERHAPS", "submissionId": "1"}))
    with pytest.raises(RetryLater) as caught:
        amazon.push_stock(update=StockUpdate(US, "A-1", 5))
    assert caught.value.unknown


def test_price_is_sent_with_the_rest_of_its_offer(amazon: Adapter, server: Answering) -> None:
    sale = {"schedule": [{"value_with_tax": 17.5, "start_at": "2026-06-01", "end_at": "2026-06-09"}]}
    mine = {
        "marketplace_id": US, "audience": "ALL", "currency": "USD", "discounted_price": [sale],
        "our_price": [{"schedule": [{"value_with_tax": 20}]}],
    }  # fmt: skip
    others = [{**mine, "audience": "B2B"}, {**mine, "marketplace_id": "A1PA6795UKMFR9", "currency": "EUR"}]
    held = new_listing() | {"attributes": {"purchasable_offer": [*others, mine]}}
    server.says(reply(held), *(step.reply for step in EXAMPLES.more["push_stock"](server.url)))
    update = PriceUpdate(US, "A-1", Decimal("19.99"), "USD", product_type="TOWEL")
    assert amazon.push_price(update=update).outcome is Outcome.ACCEPTED
    body = json.loads(server.received[1].body)
    [patch] = body["patches"]
    assert (body["productType"], patch["op"], patch["path"]) == (
        "TOWEL", "replace", "/attributes/purchasable_offer",
    )  # fmt: skip
    assert patch["value"] == [{**mine, "our_price": [{"schedule": [{"value_with_tax": 19.99}]}]}]
    assert "19.99" in server.received[1].body.decode()


def test_listing_that_hides_its_offer_gets_no_price(amazon: Adapter, server: Answering) -> None:
    for held in (
        {"sku": "A-1"},
        {"sku": "A-1", "attributes": None},
        {"sku": "A-1", "attributes": {"purchasable_offer": "?"}},
    ):
        server.says(reply(held))
        with pytest.raises(RetryLater):
            amazon.push_price(update=PriceUpdate(US, "A-1", Decimal(5), "USD"))
    assert {call.method for call in server.received} == {"GET"}


@pytest.mark.parametrize(
    ("place", "price", "currency"),
    [
        (US, "0", "USD"),
        (US, "-1", "USD"),
        (US, "1.999", "USD"),
        (US, "10", "EUR"),
        ("A1VC38T7YXB528", "10.5", "JPY"),
        ("nowhere", "10", "USD"),
        (US, "9999999999999999", "USD"),
    ],
)
def test_price_the_marketplace_would_not_take_is_refused_unsent(
    amazon: Adapter, server: Answering, place: str, price: str, currency: str
) -> None:
    with pytest.raises(Refused):
        amazon.push_price(update=PriceUpdate(place, "A-1", Decimal(price), currency))
    assert server.received == []


def test_feed_bodies_are_clean_and_bytes_travel_without_token(amazon: Adapter, server: Answering) -> None:
    steps = EXAMPLES.more["push_stock_batch"](server.url)
    server.says(*(step.reply for step in steps))
    ticket = amazon.push_stock_batch(updates=[StockUpdate(US, "茶-1", 5), StockUpdate(US, "A-2", 0, "TOWEL")])
    assert ticket.reference == f"{US}:1"
    place, upload, feed = server.received
    assert json.loads(place.body) == {"contentType": "application/json; charset=UTF-8"}
    assert upload.headers["content-type"] == "application/json; charset=UTF-8"
    assert "x-amz-access-token" not in upload.headers
    assert [m["sku"] for m in json.loads(upload.body)["messages"]] == ["茶-1", "A-2"]
    assert json.loads(feed.body) == {
        "feedType": "JSON_LISTINGS_FEED",
        "marketplaceIds": [US],
        "inputFeedDocumentId": "d1",
    }


def test_batch_of_two_marketplaces_is_refused_unsent(amazon: Adapter, server: Answering) -> None:
    with pytest.raises(Refused):
        amazon.push_stock_batch(updates=[StockUpdate(US, "A", 1), StockUpdate("A1PA6795UKMFR9", "A", 1)])
    with pytest.raises(Refused):
        amazon.push_stock_batch(updates=[])
    assert server.received == []


@pytest.mark.parametrize(
    ("url", "meaning"),
    [
        ("https://evil.example/bytes", Refused),
        ("http://169.254.169.254/bytes", Refused),
        ("https://tortuga-prod-na.s3.amazonaws.com.evil.example/x", Refused),
        ("not an address", Refused),
    ],
)
def test_presigned_address_elsewhere_is_not_spoken_to(
    amazon: Adapter, server: Answering, url: str, meaning: type[ChannelError]
) -> None:
    server.says(reply({"feedDocumentId": "d1", "url": url}, status=201))
    with pytest.raises(meaning):
        amazon.push_stock_batch(updates=[StockUpdate(US, "A", 1)])


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b"\x00" * (30 * 1024 * 1024), mtime=0),
        gzip.compress(json.dumps(REPORT).encode(), mtime=0)[:-9],
        gzip.compress(b"[]", mtime=0),
        gzip.compress(b"not json", mtime=0),
        b"not packed",
        b"",
    ],
    ids=["too long", "cut off", "a list", "no JSON", "not packed", "empty"],
)
def test_report_that_is_none_is_asked_for_again(amazon: Adapter, server: Answering, body: bytes) -> None:
    feed, document, _report = (step.reply for step in EXAMPLES.more["batch_results"](server.url))
    server.says(feed, document, Reply(200, body, "application/json"))
    with pytest.raises(RetryLater):
        amazon.batch_results(ticket=BatchTicket(f"{US}:1"))


def test_report_names_errors_and_no_warnings(amazon: Adapter, server: Answering) -> None:
    server.says(*(step.reply for step in EXAMPLES.more["batch_results"](server.url)))
    results = amazon.batch_results(ticket=BatchTicket(f"{US}:1"))
    assert results is not None
    assert [(each.marketplace, each.listing_id, each.outcome) for each in results] == [
        (US, "A-1", Outcome.REFUSED)
    ]


@pytest.mark.parametrize(
    ("status", "meaning"), [("FATAL", Refused), ("CANCELLED", Refused), ("LOST", RetryLater)]
)
def test_feed_that_ended_badly(
    amazon: Adapter, server: Answering, status: str, meaning: type[ChannelError]
) -> None:
    server.says(reply({"feedId": "1", "processingStatus": status}))
    with pytest.raises(ChannelError) as caught:
        amazon.batch_results(ticket=BatchTicket(f"{US}:1"))
    assert type(caught.value) is meaning


def notice(**changes: object) -> ShipmentNotice:
    fields: dict[str, object] = {
        "order_id": "123-1", "marketplace": US, "reference": "1", "carrier": "dhl", "carrier_name": "DHL",
        "service": "", "tracking_number": "T1", "shipped_at": AT, "lines": (("11", 1),),
    }  # fmt: skip
    return ShipmentNotice(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("carrier", "name", "sent"),
    [
        ("dhl", "DHL", {"carrierCode": "DHL"}),
        ("Royal Mail", "", {"carrierCode": "Royal Mail"}),
        ("royal-mail", "", {"carrierCode": "Royal Mail"}),
        ("snail", "Snail Ltd", {"carrierCode": "Other", "carrierName": "Snail Ltd"}),
        ("Snail", "", {"carrierCode": "Other", "carrierName": "Snail"}),
    ],
)
def test_carrier_is_named_as_amazon_names_it(
    amazon: Adapter, server: Answering, carrier: str, name: str, sent: dict[str, str]
) -> None:
    server.says(Reply(204, b"", "", length=None))
    amazon.confirm_shipment(notice=notice(carrier=carrier, carrier_name=name))
    request = server.received[0]
    assert request.target == "/orders/v0/orders/123-1/shipmentConfirmation"
    assert json.loads(request.body) == {
        "marketplaceId": US,
        "packageDetail": {
            "packageReferenceId": "1",
            **sent,
            "trackingNumber": "T1",
            "shipDate": "2026-06-01T12:00:00Z",
            "orderItems": [{"orderItemId": "11", "quantity": 1}],
        },
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": "S-1"},
        {"reference": "١"},
        {"tracking_number": " "},
        {"lines": ()},
        {"lines": (("11", 0),)},
        {"carrier": "", "carrier_name": ""},
        {"order_id": ".."},
    ],
)
def test_parcel_amazon_would_not_take_is_refused_unsent(
    amazon: Adapter, server: Answering, changes: dict[str, object]
) -> None:
    with pytest.raises(Refused):
        amazon.confirm_shipment(notice=notice(**changes))
    assert server.received == []


def test_variables_of_the_sdk_change_nothing(server: Answering) -> None:
    """In a process of its own, because the SDK reads them while it is imported."""
    server.says(reply(order_page([], "")))
    script = (
        "import django; django.setup()\n"
        "from datetime import timedelta\n"
        "from channels.registry import platform\n"
        "from tests.channels.platforms.contract import AT, connection\n"
        "from tests.channels.platforms.examples.amazon import EXAMPLES\n"
        f"one = connection(platform('amazon'), EXAMPLES, {server.url!r})\n"
        "adapter = platform('amazon').build(one, None)\n"
        "adapter.fetch_orders(updated_from=AT - timedelta(hours=1), updated_to=AT, page_token='')\n"
    )
    traps = {
        "SP_API_DEFAULT_MARKETPLACE": "NOWHERE",
        "AWS_ENV": "SOMEWHERE",
        "SP_API_REFRESH_TOKEN": "foreign",
        "LWA_APP_ID": "foreign",
        "LWA_CLIENT_SECRET": "foreign",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "ECOMHUB_SANDBOX_URL": server.url,
    }
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env={**os.environ, **traps}, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert "foreign" not in repr(server.received)
    assert parse_qs(urlsplit(server.received[0].target).query)["marketplaceIds"] == [US]
