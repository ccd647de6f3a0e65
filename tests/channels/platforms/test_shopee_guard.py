"""Shopee's guard: signatures, errors at HTTP 200 and 403, limits, pages and writes."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_django import Settings

from channels.adapter import (
    Adapter,
    ChannelError,
    CredentialsRejected,
    PageTokenExpired,
    Refused,
    RetryLater,
    Throttled,
    TokenExpired,
)
from channels.messages import Outcome, PriceUpdate, StockUpdate
from channels.platforms.shopee import PLATFORM, signing
from channels.platforms.shopee.directory import MARKETPLACES
from channels.platforms.shopee.listings import wire_price
from channels.platforms.shopee.meanings import until_reset
from channels.registry import platforms
from channels.shipping_messages import CancelRequest
from ecomhub import clock
from tests.answering import Answering, Reply, answering
from tests.channels.platforms.contract import AT, connection, replies, reply
from tests.channels.platforms.examples import shopee as examples
from tests.channels.platforms.examples.shopee import EXAMPLES, ITEM, MODEL, SG, envelope, problem
from tests.sandbox import shopee_contracts

LISTING = f"{ITEM}-{MODEL}"
KEY = "kkey"


@pytest.fixture
def server(settings: Settings) -> Iterator[Answering]:
    with answering() as running:
        settings.ECOMHUB_SANDBOX_URL = running.url
        yield running


@pytest.fixture
def shopee(server: Answering) -> Adapter:
    return PLATFORM.build(replace(connection(PLATFORM, EXAMPLES, server.url), seller_id="14701711"), None)


def mac(text: str, key: str = KEY) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_signature_is_the_known_one() -> None:
    """Computed apart from this code: ``openssl dgst -sha256 -hmac secret``."""
    signed = signing.sign_call(
        partner_id="1", partner_key="secret", path="/api/v2/shop/get_shop_info", timestamp=1700000000,
        access_token="abc", shop_id="9",
    )  # fmt: skip
    assert signed == "ade761086383947d8e6512c9d6ab9915b4a6f9f9642ca73952ec455cf3687a10"
    public = signing.sign_call(
        partner_id="1", partner_key="secret", path="/api/v2/auth/token/get", timestamp=1700000000
    )
    assert public == "8a37954ca47bf875fecbb91c28da8ea17235829c44537f96d7955d9703fba853"
    pushed = signing.sign_push(partner_key="secret", url="https://hub.example/p", body=b'{"code":3}')
    assert pushed == "e07f9bb1a5585205c30be224255ded343651fcd727e6f4eb728d65357890ea8f"


def test_signatures_are_those_of_the_platforms_vectors() -> None:
    found = shopee_contracts.vectors()
    if found is None:
        return
    key = found["partner_key"]
    for vector in found["request"]:
        signed = signing.sign_call(
            partner_id=str(found["partner_id"]),
            partner_key=key,
            path=vector["path"],
            timestamp=found["timestamp"],
            access_token=vector.get("access_token", ""),
            shop_id=str(vector.get("shop_id", vector.get("merchant_id", ""))),
        )
        assert signed == vector["sign"], vector["kind"]
    for vector in found["webhook"]:
        pushed = signing.sign_push(partner_key=key, url=vector["url"], body=vector["body"].encode())
        assert pushed == vector["authorization"]


def queried(server: Answering, place: int = 0) -> dict[str, str]:
    query = parse_qs(urlsplit(server.received[place].target).query)
    return {name: values[0] for name, values in query.items()}


def test_every_call_of_a_shop_is_signed_in_its_address_posts_too(shopee: Adapter, server: Answering) -> None:
    server.says(*replies(EXAMPLES.more["push_stock"](server.url)))
    shopee.push_stock(update=StockUpdate(SG, LISTING, 7))
    query = queried(server)
    path = urlsplit(server.received[0].target).path
    wanted = f"2001887{path}{query['timestamp']}access-114701711"
    assert query["sign"] == mac(wanted)
    assert abs(int(query["timestamp"]) - clock.real_now().timestamp()) < 60
    assert KEY not in server.received[0].target
    assert json.loads(server.received[0].body) == {
        "item_id": ITEM,
        "stock_list": [{"model_id": MODEL, "seller_stock": [{"stock": 7}]}],
    }


def test_refresh_is_signed_without_token_and_shop(shopee: Adapter, server: Answering) -> None:
    server.says(reply(EXAMPLES.token()))
    token = shopee.refresh_token()
    assert (token.token, token.refresh_token, token.expires_in_s) == ("acc1", "rfsh2", 14400)
    query = queried(server)
    assert set(query) == {"partner_id", "timestamp", "sign"}
    assert query["sign"] == mac(f"2001887/token{query['timestamp']}")
    assert json.loads(server.received[0].body) == {
        "refresh_token": "rfsh", "partner_id": 2001887, "shop_id": 14701711,
    }  # fmt: skip


def test_tokens_are_renewed_at_the_accounts_own_server(shopee: Adapter, server: Answering) -> None:
    """An account of the mainland's server keeps away from the global one, whose address is the default."""
    server.says(reply(EXAMPLES.token()))
    elsewhere = replace(shopee.connection, token_endpoint=PLATFORM.token_endpoint)
    PLATFORM.build(elsewhere, None).refresh_token()
    assert urlsplit(server.received[0].target).path == "/api/v2/auth/access_token/get"


@pytest.mark.parametrize(
    "changes",
    [
        {"refresh_token": ""},
        {"refresh_token": None},
        {"access_token": "a\r\nb"},
        {"expire_in": "14400"},
        {"expire_in": 0},
        {"expire_in": 10**12},
    ],
)
def test_tokens_that_are_none_are_asked_for_again(
    shopee: Adapter, server: Answering, changes: dict[str, Any]
) -> None:
    server.says(reply(EXAMPLES.token() | changes))
    with pytest.raises(RetryLater):
        shopee.refresh_token()


def test_end_of_the_tokens_life_may_come_as_an_instant(shopee: Adapter, server: Answering) -> None:
    end = int(clock.real_now().timestamp()) + 14400
    server.says(reply(EXAMPLES.token() | {"expire_in": end}))
    assert 14000 < shopee.refresh_token().expires_in_s <= 14400


@pytest.mark.parametrize("status", [200, 403])
@pytest.mark.parametrize(
    ("code", "message", "meaning"),
    [
        ("invalid_acceess_token", "Invalid access_token, please have a check.", TokenExpired),
        ("error_auth", "Invalid access_token.", TokenExpired),
        ("error_param", "There is no access_token in query.", TokenExpired),
        ("error_auth", "Invalid partner_id or shopid.", CredentialsRejected),
        ("common.error_auth", "No permission to current api.", CredentialsRejected),
        ("error_sign", "Wrong sign.", CredentialsRejected),
        ("source_ip_undeclared", "Request Source IP (1.2.3.4) is undeclared.", CredentialsRejected),
        ("shop_banned", "The shop account has been banned.", CredentialsRejected),
        ("error_partner_key_expired", "Your API partner key has expired", CredentialsRejected),
        ("error_auth", "System error, please try again later.", RetryLater),
        ("error_server", "Something wrong. Please try later.", RetryLater),
        ("logistics.error_network", "System error.", RetryLater),
        ("error_param", "Timestamp is expired.", RetryLater),
        ("error_data", "parse data failed", RetryLater),
        ("logistics.error_param", "The order is being allocated, please wait until it is.", RetryLater),
        ("error_rate_limit", "Too many requests.", Throttled),
        ("error_limit", "The total API call number has reached the daily limit.", Throttled),
        ("order.error_limit", "Can not cancel this order", Refused),
        ("error_permission", "Sorry you don't have the permission", Refused),
        ("error_not_found", "Wrong parameters, detail: the order is not found.", Refused),
        ("product.error_busy_with_tea", "", Refused),
    ],
)
def test_error_codes_have_their_meaning_at_any_status(
    shopee: Adapter, server: Answering, status: int, code: str, message: str, meaning: type[ChannelError]
) -> None:
    server.says(problem(code, message, status))
    with pytest.raises(ChannelError) as caught:
        shopee.cancel_order(request=CancelRequest("123-1", SG, "CUSTOMER_REQUEST"))
    assert type(caught.value) is meaning
    assert code.removeprefix("common.") in caught.value.reason
    assert "r1" in caught.value.reason
    if meaning is RetryLater:
        assert caught.value.unknown  # type: ignore[attr-defined]


def test_limit_per_second_waits_a_second_and_the_daily_one_for_its_reset(
    shopee: Adapter, server: Answering
) -> None:
    server.says(problem("error_rate_limit", "Too many requests."))
    with pytest.raises(Throttled) as second:
        shopee.check()
    assert second.value.after == timedelta(seconds=1)
    server.says(problem("error_limit", "daily", 403))
    with pytest.raises(Throttled) as day:
        shopee.check()
    assert day.value.after is not None
    assert timedelta(0) < day.value.after <= timedelta(hours=1)
    assert until_reset(datetime(2026, 6, 1, 15, 30, tzinfo=UTC)) == timedelta(minutes=30)
    assert until_reset(datetime(2026, 6, 1, 16, 0, tzinfo=UTC)) == timedelta(days=1)


def test_envelope_of_a_failing_server_is_no_refusal(shopee: Adapter, server: Answering) -> None:
    server.says(problem("error_param", "no", 502))
    with pytest.raises(RetryLater):
        shopee.fetch_order(order_id="123-1")


def window() -> dict[str, Any]:
    return {"updated_from": AT - timedelta(hours=1), "updated_to": AT}


def test_orders_are_asked_for_by_number_with_every_field(shopee: Adapter, server: Answering) -> None:
    server.says(*replies(EXAMPLES.order_steps([examples.order()])))
    shopee.fetch_orders(**window(), page_token="")
    first, second = queried(server), queried(server, 1)
    assert (first["time_range_field"], first["time_from"], first["time_to"]) == (
        "update_time", str(int(AT.timestamp()) - 3600), str(int(AT.timestamp())),
    )  # fmt: skip
    assert second["order_sn_list"] == "123-1"
    fields = set(second["response_optional_fields"].split(","))
    assert {"item_list", "package_list", "recipient_address", "total_amount", "pay_time"} <= fields


def test_order_that_is_listed_and_not_shown_is_not_lost(shopee: Adapter, server: Answering) -> None:
    listed = {"order_list": [{"order_sn": "123-1"}, {"order_sn": "124"}], "more": False, "next_cursor": ""}
    server.says(reply(envelope(listed)), reply(examples.order_page([examples.order()], "")))
    page = shopee.fetch_orders(**window(), page_token="")
    assert [order.external_id for order in page.items] == ["123-1"]
    assert [bad.external_id for bad in page.bad] == ["124"]


def test_order_whose_number_is_none_stops_only_itself(shopee: Adapter, server: Answering) -> None:
    hostile: tuple[Any, ...] = ([], {}, None, 7)
    strange = [examples.order() | {"order_sn": wrong} for wrong in hostile]
    steps = EXAMPLES.order_steps([examples.order()])
    server.says(steps[0].reply, reply(examples.order_page([*strange, examples.order()], "")))
    page = shopee.fetch_orders(**window(), page_token="")
    assert [order.external_id for order in page.items] == ["123-1"]
    assert len(page.bad) == 4


@pytest.mark.parametrize("changes", [{"more": None}, {"more": True, "next_cursor": ""}, {"next_cursor": 7}])
def test_page_that_hides_whether_it_is_the_last_is_none(
    shopee: Adapter, server: Answering, changes: dict[str, Any]
) -> None:
    page = {"order_list": [], "more": True, "next_cursor": "c"} | changes
    server.says(reply(envelope(page)))
    with pytest.raises(RetryLater):
        shopee.fetch_orders(**window(), page_token="")
    with pytest.raises(PageTokenExpired):
        shopee.fetch_orders(**window(), page_token="c")


def test_shop_without_items_has_none(shopee: Adapter, server: Answering) -> None:
    server.says(reply(envelope({"total_count": 0, "has_next_page": False})))
    page = shopee.fetch_listings(marketplace=SG, page_token="")
    assert (page.items, page.bad, page.next_token) == ((), (), "")
    server.says(reply(envelope({"total_count": 3, "has_next_page": False})))
    with pytest.raises(RetryLater):
        shopee.fetch_listings(marketplace=SG, page_token="")


def test_offset_that_stands_still_is_no_page(shopee: Adapter, server: Answering) -> None:
    page = {"item": [], "total_count": 30, "has_next_page": True, "next_offset": 10}
    server.says(reply(envelope(page)))
    assert shopee.fetch_listings(marketplace=SG, page_token="").next_token == "10"
    with pytest.raises(RetryLater):
        shopee.fetch_listings(marketplace=SG, page_token="10")
    with pytest.raises(PageTokenExpired):
        shopee.fetch_listings(marketplace=SG, page_token="x")


def test_write_is_judged_by_the_models_own_entry(shopee: Adapter, server: Answering) -> None:
    failed = {"success_list": [{"model_id": 1}], "failure_list": [{"model_id": MODEL, "failed_reason": "no"}]}
    server.says(reply(envelope(failed)))
    result = shopee.push_stock(update=StockUpdate(SG, LISTING, 7))
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "no")
    server.says(reply(envelope({"success_list": [{"model_id": 1}], "failure_list": []})))
    with pytest.raises(RetryLater) as caught:
        shopee.push_stock(update=StockUpdate(SG, LISTING, 7))
    assert caught.value.unknown


def test_stock_of_a_named_warehouse_goes_there_and_of_several_nowhere(
    shopee: Adapter, server: Answering
) -> None:
    server.says(*replies(EXAMPLES.more["push_stock"](server.url)))
    shopee.push_stock(update=StockUpdate(SG, LISTING, 7, handle="SGZ"))
    (entry,) = json.loads(server.received[0].body)["stock_list"]
    assert entry["seller_stock"] == [{"stock": 7, "location_id": "SGZ"}]
    server.says(Reply())
    with pytest.raises(Refused):
        shopee.push_stock(update=StockUpdate(SG, LISTING, 7, handle="several"))
    assert server.received == []


@pytest.mark.parametrize(
    ("price", "currency", "wire"),
    [
        ("19.90", "SGD", 19.9),
        ("20.00", "SGD", 20),
        ("349000", "VND", 349000),
        ("999999999999.99", "SGD", 999999999999.99),
    ],
)
def test_price_is_a_number_of_the_regions_kind(price: str, currency: str, wire: float) -> None:
    found = wire_price(Decimal(price), currency)
    assert json.dumps(found) == json.dumps(wire)


@pytest.mark.parametrize(
    ("price", "currency"),
    [("349000.5", "VND"), ("99.5", "IDR"), ("0", "SGD"), ("-1", "SGD"), ("1.005", "SGD"), ("NaN", "SGD"),
     ("1000000000000", "SGD")],
)  # fmt: skip
def test_price_shopee_would_round_is_refused_unsent(
    shopee: Adapter, server: Answering, price: str, currency: str
) -> None:
    with pytest.raises(Refused):
        shopee.push_price(update=PriceUpdate(SG, LISTING, Decimal(price), currency))
    assert server.received == []


def test_marketplaces_are_nobody_elses() -> None:
    others = {place.id for key, one in platforms().items() if key != "shopee" for place in one.marketplaces}
    assert not others & {place.id for place in MARKETPLACES}
