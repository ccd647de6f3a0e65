"""Shopify's adapter against the sandbox over real HTTP: every verb, rotating tokens, points that run out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

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
    OrderState,
    Outcome,
    PriceUpdate,
    StockUpdate,
)
from channels.platforms.shopify import PLATFORM
from channels.shipping_messages import CancelRequest
from tests.channels.platforms.shopify_calling import (
    Notes,
    connection_to,
    every_listing,
    every_order,
    notes,
    notice_of,
    place,
    shopify,
)
from tests.sandbox_fixture import START, Sandbox

__all__ = ["notes", "shopify"]


def test_pages_of_orders_hold_every_order_of_the_shop_once(shopify: Adapter, sandbox: Sandbox) -> None:
    orders = every_order(shopify)
    known = {one["id"] for one in sandbox.state("shopify")["orders"]}
    assert len(orders) == len({order.external_id for order in orders}) > 10
    assert {order.external_id for order in orders} <= known
    for order in orders:
        assert order.lines
        assert order.marketplace == "shopify"
        assert order.unknown_values == ()
        assert order.buyer is not None
    assert OrderState.OPEN in {order.state for order in orders}


def test_lines_of_an_order_add_up_to_its_total(shopify: Adapter) -> None:
    for order in every_order(shopify):
        lines = [
            (line.charge or Decimal(0)) + line.shipping + line.tax - line.discount - line.shipping_discount
            for line in order.lines
        ]
        assert sum(lines) == order.total, order.external_id


def test_buyer_abroad_sees_another_currency_than_the_order_is_told_in(
    shopify: Adapter, sandbox: Sandbox
) -> None:
    placed = place(sandbox, country="JP", lines=[{"quantity": 1, "unit_price": 2000}])
    order = shopify.fetch_order(order_id=placed["id"])
    assert (order.currency, order.total) == ("USD", Decimal("20.00"))
    shown = order.raw["totalPriceSet"]["presentmentMoney"]
    assert shown["currencyCode"] == "JPY"
    assert shown["amount"].isdecimal()
    assert order.raw["presentmentCurrencyCode"] == "JPY"


def test_order_with_many_lines_is_completed_by_further_questions(shopify: Adapter, sandbox: Sandbox) -> None:
    codes = [one["code"] for one in sandbox.state("shopify")["listings"] if one["components"]][:7]
    placed = place(sandbox, lines=[{"listing": code} for code in codes])
    order = shopify.fetch_order(order_id=placed["id"])
    assert [line.listing_id for line in order.lines] == codes
    found = [one for one in every_order(shopify, hours=1) if one.external_id == placed["id"]]
    assert found[0].lines == order.lines


def test_connection_test_returns_the_shop(shopify: Adapter) -> None:
    (shop,) = shopify.check()
    assert (shop.id, shop.country, shop.currency) == ("shopify", "US", "USD")
    assert shop.time_zone == "America/New_York"


def test_connection_test_notices_another_shops_name(shopify: Adapter) -> None:
    foreign = replace(shopify.connection, seller_id="somebody-else")
    with pytest.raises(CredentialsRejected, match="harbor-light"):
        PLATFORM.build(foreign, None).check()


def test_refresh_token_rotates_and_the_old_one_helps_after_a_lost_answer(
    shopify: Adapter, sandbox: Sandbox
) -> None:
    first = shopify.refresh_token()
    # The answer was lost: the same token again is taken, and makes another one.
    again = shopify.refresh_token()
    assert len({first.refresh_token, again.refresh_token, first.token, again.token}) == 4
    credentials = {**shopify.connection.credentials, "refresh_token": again.refresh_token}
    renewed = PLATFORM.build(replace(shopify.connection, credentials=credentials), None)
    renewed.refresh_token()
    # Now the replacement was used, the old one is worth nothing.
    with pytest.raises(CredentialsRejected):
        shopify.refresh_token()


def test_access_token_ends_after_an_hour_and_when_another_is_issued(
    shopify: Adapter, sandbox: Sandbox
) -> None:
    sandbox.set_clock(START + timedelta(minutes=61))
    with pytest.raises(TokenExpired):
        shopify.check()
    fresh = replace(shopify.connection, access_token=shopify.refresh_token().token)
    assert PLATFORM.build(fresh, None).check()


def test_permanent_token_that_is_no_longer_taken_stops_the_account(shopify: Adapter) -> None:
    given = {name: shopify.connection.credentials[name] for name in ("client_id", "client_secret")}
    stale = replace(
        shopify.connection, credentials=given | {"access_token": "shpat_x"}, access_token="shpat_x"
    )
    adapter = PLATFORM.build(stale, None)
    assert adapter.refresh_token().token == "shpat_x"
    with pytest.raises(CredentialsRejected):
        adapter.check()


def test_revoked_grant_stops_the_account(shopify: Adapter, sandbox: Sandbox) -> None:
    sandbox.fault("revoked_grant", operation="token", count=None)
    with pytest.raises(CredentialsRejected):
        shopify.refresh_token()


def test_points_run_out_and_the_wait_is_computed(shopify: Adapter, sandbox: Sandbox, notes: Notes) -> None:
    sandbox.limits(on=True)
    with pytest.raises(Throttled) as caught:
        exhaust(shopify)
    assert caught.value.after is not None
    assert timedelta() < caught.value.after <= timedelta(seconds=10)
    assert not caught.value.unknown
    operation, status, remaining = notes.seen[-1]
    assert (operation, status) == ("fetch_listings", 200)
    assert remaining is not None
    assert remaining < 700


def exhaust(shopify: Adapter) -> None:
    for _ in range(200):
        shopify.fetch_listings(marketplace="shopify", page_token="")


def test_unknown_order_and_listing_are_refused(shopify: Adapter) -> None:
    with pytest.raises(Refused, match="no order"):
        shopify.fetch_order(order_id="1")
    with pytest.raises(Refused, match="no listing"):
        shopify.fetch_listing(marketplace="shopify", listing_id="NOBODY")


def test_cursor_the_market_no_longer_takes_restarts_the_pass(shopify: Adapter, sandbox: Sandbox) -> None:
    window = {"updated_from": START - timedelta(hours=48), "updated_to": START}
    with pytest.raises(PageTokenExpired):
        shopify.fetch_orders(page_token="nonsense", **window)
    first = shopify.fetch_orders(page_token="", **window)
    sandbox.fault("expired_token_mid_pass", operation="orders")
    with pytest.raises(TokenExpired):
        shopify.fetch_orders(page_token=first.next_token, **window)


def test_poison_order_stops_only_itself(shopify: Adapter, sandbox: Sandbox) -> None:
    sandbox.fault("poison_order", operation="orders", variant="bad_amount")
    page = shopify.fetch_orders(updated_from=START - timedelta(hours=48), updated_to=START, page_token="")
    assert len(page.bad) == 1
    assert "amount" in page.bad[0].reason
    assert page.items


def test_listings_carry_what_writing_to_them_needs(shopify: Adapter, sandbox: Sandbox) -> None:
    listings = every_listing(shopify)
    assert len(listings) == len({one.listing_id for one in listings}) > 50
    known = {one["code"]: one for one in sandbox.state("shopify")["listings"]}
    sets = {code for code, one in known.items() if len(one["components"]) > 1}
    assert sets & {one.listing_id for one in listings}
    for one in listings:
        # What a set's parent could sell is its parts' stock; the parent holds none.
        assert one.quantity == (None if one.listing_id in sets else known[one.listing_id]["quantity"])
        assert one.currency == "USD"
        assert one.handle.count(":") == 4


def test_quantity_is_set_at_once_with_and_without_a_handle(shopify: Adapter, sandbox: Sandbox) -> None:
    first, second = every_listing(shopify)[:2]
    update = StockUpdate("shopify", first.listing_id, 41, handle=first.handle)
    assert shopify.push_stock(update=update).outcome is Outcome.CONFIRMED
    assert sandbox.listing(first.listing_id, seller="shopify")["quantity"] == 41
    shopify.push_stock(update=StockUpdate("shopify", second.listing_id, 3))
    assert shopify.fetch_listing(marketplace="shopify", listing_id=second.listing_id).quantity == 3


def test_quantity_that_was_right_before_is_set_again(shopify: Adapter, sandbox: Sandbox) -> None:
    """Every call has an idempotency key of its own: five, three and five again end at five."""
    one = every_listing(shopify)[0]
    for quantity in (5, 3, 5):
        shopify.push_stock(update=StockUpdate("shopify", one.listing_id, quantity, handle=one.handle))
    assert sandbox.listing(one.listing_id, seller="shopify")["quantity"] == 5
    calls = sandbox.calls(operation="inventorySetQuantities", seller="shopify", limit=3)
    assert len({json.loads(call["body"])["variables"]["key"] for call in calls}) == 3


def test_quantity_at_a_wrong_location_is_refused_with_status_200(shopify: Adapter) -> None:
    one = every_listing(shopify)[0]
    parts = one.handle.split(":")
    parts[3] = "1"
    update = StockUpdate("shopify", one.listing_id, 4, handle=":".join(parts))
    result = shopify.push_stock(update=update)
    assert result.outcome is Outcome.REFUSED
    assert "location" in result.reason


def test_lost_answer_of_a_write_leaves_the_outcome_unknown(shopify: Adapter, sandbox: Sandbox) -> None:
    one = every_listing(shopify)[0]
    sandbox.fault("timeout_after_write", operation="inventorySetQuantities", seconds=0.1)
    with pytest.raises(RetryLater) as caught:
        shopify.push_stock(update=StockUpdate("shopify", one.listing_id, 17, handle=one.handle))
    assert caught.value.unknown
    assert sandbox.listing(one.listing_id, seller="shopify")["quantity"] == 17


def test_price_is_set_in_the_shops_currency_alone(shopify: Adapter) -> None:
    one = every_listing(shopify)[0]
    update = PriceUpdate("shopify", one.listing_id, Decimal("31.5"), "USD", handle=one.handle)
    assert shopify.push_price(update=update).outcome is Outcome.CONFIRMED
    assert shopify.fetch_listing(marketplace="shopify", listing_id=one.listing_id).price == Decimal("31.50")
    with pytest.raises(Refused, match="USD"):
        shopify.push_price(update=replace(update, currency="EUR"))


def test_order_ships_in_two_parcels_and_a_repeated_notice_does_no_harm(
    shopify: Adapter, sandbox: Sandbox
) -> None:
    placed = place(sandbox, lines=[{"quantity": 3}])
    order = shopify.fetch_order(order_id=placed["id"])
    shopify.confirm_shipment(notice=notice_of(order, quantity=1, number="A1"))
    shopify.confirm_shipment(notice=notice_of(order, quantity=1, number="A1"))
    partly = shopify.fetch_order(order_id=placed["id"])
    assert (partly.state, partly.lines[0].quantity_shipped) == (OrderState.PARTLY_SHIPPED, 1)
    shopify.confirm_shipment(notice=notice_of(order, quantity=2, number="A2"))
    gone = shopify.fetch_order(order_id=placed["id"])
    assert gone.state is OrderState.SHIPPED
    assert [parcel.tracking_number for parcel in gone.parcels] == ["A1", "A2"]
    assert {parcel.carrier for parcel in gone.parcels} == {"USPS"}
    with pytest.raises(Refused, match="does not wait for 1 more"):
        shopify.confirm_shipment(notice=notice_of(order, quantity=1, number="A3"))


def test_lost_answer_of_a_shipment_is_made_good_by_repeating(shopify: Adapter, sandbox: Sandbox) -> None:
    placed = place(sandbox, lines=[{"quantity": 2}])
    order = shopify.fetch_order(order_id=placed["id"])
    sandbox.fault("timeout_after_write", operation="fulfillmentCreate", seconds=0.1)
    with pytest.raises(RetryLater) as caught:
        shopify.confirm_shipment(notice=notice_of(order, quantity=2))
    assert caught.value.unknown
    shopify.confirm_shipment(notice=notice_of(order, quantity=2))
    assert len(sandbox.order(placed["id"])["packages"]) == 1


def test_unpaid_order_is_not_shipped(shopify: Adapter, sandbox: Sandbox) -> None:
    placed = place(sandbox, status="pending")
    order = shopify.fetch_order(order_id=placed["id"])
    assert order.state is OrderState.UNPAID
    with pytest.raises(Refused, match="hold"):
        shopify.confirm_shipment(notice=notice_of(order))


def test_order_is_canceled_once_and_for_all(shopify: Adapter, sandbox: Sandbox) -> None:
    placed = place(sandbox)
    request = CancelRequest(order_id=placed["id"], marketplace="shopify", reason="INVENTORY")
    shopify.cancel_order(request=request)
    assert shopify.fetch_order(order_id=placed["id"]).state is OrderState.CANCELED
    shopify.cancel_order(request=request)
    with pytest.raises(Refused, match="whole orders"):
        shopify.cancel_order(request=replace(request, lines=(("1", 1),)))


def test_cancellation_is_a_job_that_ends_later(shopify: Adapter, sandbox: Sandbox) -> None:
    sandbox.reset(apply_seconds=15)
    fresh = connection_to(sandbox)
    adapter = PLATFORM.build(
        replace(fresh, access_token=PLATFORM.build(fresh, None).refresh_token().token), None
    )
    placed = place(sandbox)
    adapter.cancel_order(
        request=CancelRequest(order_id=placed["id"], marketplace="shopify", reason="CUSTOMER")
    )
    assert adapter.fetch_order(order_id=placed["id"]).state is OrderState.OPEN
    sandbox.set_clock(START + timedelta(minutes=1))
    assert adapter.fetch_order(order_id=placed["id"]).state is OrderState.CANCELED


def test_shipped_order_is_not_canceled(shopify: Adapter, sandbox: Sandbox) -> None:
    placed = place(sandbox)
    sandbox.act(placed["id"], "ship_elsewhere")
    with pytest.raises(Refused, match="fulfillments"):
        shopify.cancel_order(
            request=CancelRequest(order_id=placed["id"], marketplace="shopify", reason="OTHER")
        )


def test_refund_shows_on_the_line_it_was_given_for(shopify: Adapter, sandbox: Sandbox) -> None:
    placed = place(sandbox, lines=[{"quantity": 1, "unit_price": 2000, "tax_item": 100}])
    sandbox.act(placed["id"], "ship_elsewhere")
    sandbox.act(placed["id"], "refund", percent=100)
    order = shopify.fetch_order(order_id=placed["id"])
    assert order.lines[0].refunded == Decimal("21.00")
    assert [(one.status, one.quantity) for one in order.returns] == [("refunded", 1)]


def test_subscribing_twice_changes_nothing(shopify: Adapter, sandbox: Sandbox) -> None:
    shopify.subscribe(address="http://127.0.0.1:9/hooks/1")
    shopify.subscribe(address="http://127.0.0.1:9/hooks/1")
    assert len(sandbox.calls(operation="webhookSubscriptionCreate", seller="shopify")) == 1


def test_every_recorded_call_keeps_its_secrets(shopify: Adapter, sandbox: Sandbox) -> None:
    secret = sandbox.credentials("shopify")["client_secret"]
    assert not any(secret in call["body"] for call in sandbox.calls(operation="token"))


def test_webhooks_proof_is_the_published_formula() -> None:
    raw = b'{"id":820982911946154508}'
    proof = base64.b64encode(hmac.new(b"hush", raw, hashlib.sha256).digest()).decode()
    assert proof == "qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I="
