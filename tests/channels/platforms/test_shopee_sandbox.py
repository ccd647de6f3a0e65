"""Shopee's adapter against the sandbox over real HTTP: orders, listings, tokens, refused signatures."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import requests
from pytest_django import Settings

from channels.adapter import (
    Adapter,
    CredentialsRejected,
    PageTokenExpired,
    Refused,
    RetryLater,
    Throttled,
    TokenExpired,
)
from channels.messages import (
    IncomingListing,
    OrderState,
    Outcome,
    PriceUpdate,
    StockUpdate,
)
from channels.registry import platform
from tests.channels.platforms.shopee_shop import (
    SELLER,
    SG,
    VN,
    connection_to,
    dial,
    every_order,
    own_listing,
    place,
)
from tests.sandbox_fixture import START, Sandbox


@pytest.fixture
def shopee(sandbox: Sandbox, settings: Settings) -> Adapter:
    """The adapter of the Singapore shop with a fresh access token."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    return dial(sandbox)


def test_pages_of_orders_hold_every_order_of_the_market_once(shopee: Adapter, sandbox: Sandbox) -> None:
    for _ in range(60):
        place(sandbox)
    orders = every_order(shopee, hours=100)
    market = {
        order["id"] for order in sandbox.state(SELLER)["orders"] if order["visible"] <= START.timestamp()
    }
    assert len(orders) == len({order.external_id for order in orders}) > 60
    assert {order.external_id for order in orders} == market
    for order in orders:
        assert order.marketplace == SG
        assert order.currency == "SGD"
        assert order.lines
        assert order.unknown_values == ()
        assert order.raw["order_sn"] == order.external_id


def test_window_beyond_fifteen_days_is_refused_and_ours_is_shorter(shopee: Adapter) -> None:
    assert platform("shopee").order_window + platform("shopee").order_overlap <= timedelta(days=15)
    with pytest.raises(Refused, match="15days"):
        shopee.fetch_orders(updated_from=START - timedelta(days=16), updated_to=START, page_token="")


def test_cursor_that_is_none_restarts_the_pass(shopee: Adapter) -> None:
    with pytest.raises(PageTokenExpired):
        shopee.fetch_orders(updated_from=START - timedelta(days=1), updated_to=START, page_token="20")


def test_order_shows_amounts_ids_and_address(shopee: Adapter, sandbox: Sandbox) -> None:
    number = place(sandbox, lines=[{"quantity": 3, "unit_price": 1990, "discount": 150, "shipping": 250}])
    order = shopee.fetch_order(order_id=number)
    line = order.lines[0]
    assert (line.quantity, line.charge, line.discount) == (3, Decimal("59.7"), Decimal("1.5"))
    assert order.total == Decimal("60.7")
    assert int(line.listing_id.split("-")[0]) > 2**53
    assert order.raw["item_list"][0]["item_id"] == int(line.listing_id.split("-")[0])
    assert order.state is OrderState.OPEN
    assert order.buyer is not None
    assert order.buyer.address is not None
    assert "*" not in order.buyer.address.lines[0]


def test_address_is_masked_outside_of_certain_statuses(shopee: Adapter, sandbox: Sandbox) -> None:
    number = place(sandbox, status="pending")
    hidden = shopee.fetch_order(order_id=number)
    assert hidden.state is OrderState.UNPAID
    assert hidden.buyer is not None
    assert hidden.buyer.address is not None
    assert hidden.buyer.address.city == ""
    assert "*" in hidden.buyer.address.lines[0]
    assert (hidden.paid_at, hidden.country) == (None, "SG")
    sandbox.act(number, "pay")
    shown = shopee.fetch_order(order_id=number)
    assert shown.buyer is not None
    assert shown.buyer.address is not None
    assert shown.buyer.address.city


def test_dong_have_no_fractions_anywhere(sandbox: Sandbox, settings: Settings) -> None:
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    shop = dial(sandbox, "shopee-vn")
    number = place(sandbox, seller="shopee-vn", lines=[{"quantity": 2, "shipping": 15000}])
    order = shop.fetch_order(order_id=number)
    assert (order.currency, order.marketplace) == ("VND", VN)
    for value in (order.total, order.lines[0].charge):
        assert value is not None
        assert value == value.to_integral_value()
    assert type(order.raw["total_amount"]) is int
    listing = shop.fetch_listing(marketplace=VN, listing_id=order.lines[0].listing_id)
    with pytest.raises(Refused):
        shop.push_price(update=PriceUpdate(VN, listing.listing_id, Decimal("99000.5"), "VND"))
    result = shop.push_price(update=PriceUpdate(VN, listing.listing_id, Decimal(99000), "VND"))
    assert result.outcome is Outcome.CONFIRMED
    assert shop.fetch_listing(marketplace=VN, listing_id=listing.listing_id).price == Decimal(99000)


def test_connection_test_names_the_one_region(shopee: Adapter) -> None:
    assert [found.id for found in shopee.check()] == [SG]


def test_foreign_shop_wrong_key_and_old_clock_are_told_apart(
    shopee: Adapter, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = platform("shopee").build
    foreign = replace(shopee.connection, seller_id=sandbox.credentials("shopee-vn")["seller_id"])
    with pytest.raises(CredentialsRejected, match="shop_no_linked"):
        build(foreign, None).check()
    wrong = {**shopee.connection.credentials, "partner_key": "0" * 64}
    with pytest.raises(CredentialsRejected, match="error_sign"):
        build(replace(shopee.connection, credentials=wrong), None).check()
    monkeypatch.setattr("channels.platforms.shopee.signing.now", lambda: 1_700_000_000)
    with pytest.raises(RetryLater, match="Timestamp"):
        shopee.check()


def test_write_without_a_signed_address_is_refused(shopee: Adapter, sandbox: Sandbox) -> None:
    """POST is signed too: the sandbox takes nothing on the body's word."""
    answer = requests.post(f"{sandbox.url}/api/v2/order/cancel_order", json={"order_sn": "X"}, timeout=10)
    assert answer.status_code == 403
    assert answer.json()["error"] == "error_param"


def test_refresh_token_is_good_once_and_brings_the_next(shopee: Adapter, sandbox: Sandbox) -> None:
    build = platform("shopee").build
    used = connection_to(sandbox)
    first = build(used, None).refresh_token()
    assert first.expires_in_s == 4 * 3600
    assert first.refresh_token != used.credentials["refresh_token"]
    with pytest.raises(CredentialsRejected, match="refresh_token"):
        build(used, None).refresh_token()
    kept = {**used.credentials, "refresh_token": first.refresh_token}
    second = build(replace(used, credentials=kept), None).refresh_token()
    assert second.refresh_token not in ("", first.refresh_token)


def test_access_token_ends_after_four_hours(shopee: Adapter, sandbox: Sandbox) -> None:
    sandbox.set_clock(START + timedelta(hours=3, minutes=59))
    shopee.check()
    sandbox.set_clock(START + timedelta(hours=4, minutes=1))
    with pytest.raises(TokenExpired):
        shopee.check()


def test_withdrawn_consent_is_told_apart_from_an_expired_token(shopee: Adapter, sandbox: Sandbox) -> None:
    sandbox.fault("revoked_grant", operation="token", count=None)
    with pytest.raises(CredentialsRejected):
        shopee.refresh_token()


def test_limit_per_second_is_a_short_wait(shopee: Adapter, sandbox: Sandbox) -> None:
    sandbox.limits(on=True)
    with pytest.raises(Throttled, match="error_rate_limit") as caught:
        exhaust(shopee)
    assert caught.value.after == timedelta(seconds=1)


def exhaust(shopee: Adapter) -> None:
    for _ in range(80):
        shopee.check()


def test_poison_orders_stop_only_themselves(shopee: Adapter, sandbox: Sandbox) -> None:
    variants = [
        "unknown_status", "unknown_enum", "nul_in_note", "negative_quantity", "missing_items", "bad_amount",
        "bad_currency", "bad_date", "quantity_text", "not_an_object",
    ]  # fmt: skip
    for _ in variants:
        place(sandbox)
    for variant in variants:
        sandbox.fault("poison_order", operation="getOrderDetail", variant=variant)
    page = shopee.fetch_orders(updated_from=START - timedelta(hours=1), updated_to=START, page_token="")
    assert len(page.bad) == len(variants) - 2
    assert all(item.external_id and item.reason and item.raw for item in page.bad)
    strange = [order for order in page.items if order.unknown_values]
    assert len(strange) == 2
    assert {order.state for order in strange} == {OrderState.UNKNOWN}


def every_listing(shopee: Adapter) -> list[IncomingListing]:
    found: list[IncomingListing] = []
    token = ""
    while True:
        page = shopee.fetch_listings(marketplace=SG, page_token=token)
        assert page.bad == ()
        found += page.items
        token = page.next_token
        if not token:
            return found


def test_listings_are_models_below_their_items_under_the_names_of_the_sheet(
    shopee: Adapter, sandbox: Sandbox
) -> None:
    found = every_listing(shopee)
    names = {listing.listing_id for listing in found}
    assert len(names) == len(found) > 50
    below = [listing for listing in found if listing.parent_id]
    assert below
    assert {listing.parent_id for listing in below} <= {one.listing_id for one in found if one.is_parent}
    sold = [listing for listing in found if not listing.is_parent]
    assert all(one.currency == "SGD" and one.price and one.quantity is not None for one in sold)
    assert all(one.product_id for one in sold)
    assert any(one.barcodes for one in sold)
    rows = csv.DictReader(io.StringIO(sandbox.sheet("pairings", SELLER)))
    assert {row["listing"] for row in rows} <= names


def test_quantity_and_price_are_set_and_read_back(shopee: Adapter) -> None:
    listing = own_listing(shopee)
    update = StockUpdate(SG, listing.listing_id, 37, handle=listing.handle)
    assert shopee.push_stock(update=update).outcome is Outcome.CONFIRMED
    price = PriceUpdate(SG, listing.listing_id, Decimal("18.45"), "SGD")
    assert shopee.push_price(update=price).outcome is Outcome.CONFIRMED
    found = shopee.fetch_listing(marketplace=SG, listing_id=listing.listing_id)
    assert (found.quantity, found.price) == (37, Decimal("18.45"))


def test_partial_failure_with_http_200_is_a_refusal(shopee: Adapter) -> None:
    listing = own_listing(shopee)
    too_much = shopee.push_stock(update=StockUpdate(SG, listing.listing_id, 1_000_000))
    assert too_much.outcome is Outcome.REFUSED
    assert "stock" in too_much.reason
    gone = shopee.push_stock(update=StockUpdate(SG, f"{listing.parent_id}-77", 1))
    assert gone.outcome is Outcome.REFUSED
