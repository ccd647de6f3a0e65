"""eBay's adapter against the sandbox over real HTTP: orders, access, and what disturbs a pass."""

from __future__ import annotations

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
    OrderState,
)
from channels.registry import platform
from tests.channels.platforms.ebay_market import (
    DAYS,
    DE,
    LAG,
    POISONS,
    READABLE_POISON,
    SELLER,
    US,
    dial,
    every_listing,
    every_order,
    notice_for,
)
from tests.sandbox_fixture import START, Sandbox


@pytest.fixture
def ebay(sandbox: Sandbox, settings: Settings) -> Adapter:
    """The adapter of the seller with a fresh access token."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    return dial(sandbox)


@pytest.fixture
def lived(sandbox: Sandbox, settings: Settings) -> Adapter:
    """The adapter in a market that has lived long enough for orders of every kind."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    sandbox.reset(history_days=DAYS)
    return dial(sandbox)


def test_orders_of_the_market_are_read_completely(lived: Adapter, sandbox: Sandbox) -> None:
    orders = every_order(lived, hours=DAYS * 24)
    assert len(orders) > 40
    for order in orders:
        assert order.lines
        assert order.unknown_values == ()
        assert order.raw["orderId"] == order.external_id
        assert order.buyer is not None
        assert order.buyer.id
    assert {OrderState.OPEN, OrderState.SHIPPED} <= {order.state for order in orders}
    assert any(order.parcels and order.parcels[0].tracking_number for order in orders)


def test_amounts_of_an_order_are_the_markets_own(ebay: Adapter, sandbox: Sandbox) -> None:
    placed = sandbox.place_order(
        seller=SELLER,
        marketplace="DE",
        lines=[{"quantity": 3, "unit_price": 1999, "discount": 150, "shipping": 399, "gift_wrap": 200}],
    )
    order = ebay.fetch_order(order_id=placed["id"])
    line = order.lines[0]
    assert (order.currency, order.marketplace) == ("EUR", DE)
    assert (line.quantity, line.charge, line.discount) == (3, Decimal("59.97"), Decimal("1.50"))
    assert line.shipping == Decimal("5.99")
    assert line.tax_collected_by_marketplace
    assert line.charge is not None
    paid = line.charge - line.discount + line.shipping + line.tax
    assert order.total == paid


def test_order_keeps_its_line_when_paying_changes_its_number(ebay: Adapter, sandbox: Sandbox) -> None:
    placed = sandbox.place_order(seller=SELLER, status="pending", lines=[{"quantity": 1}], quiet=True)
    waiting = next(order for order in every_order(ebay, hours=1) if order.state is OrderState.UNPAID)
    line = waiting.lines[0]
    assert waiting.external_id == f"{line.product_id}-{line.external_id}" != placed["id"]
    assert waiting.replaces == ()
    assert ebay.fetch_order(order_id=waiting.external_id).state is OrderState.UNPAID
    sandbox.act(placed["id"], "pay")
    paid = ebay.fetch_order(order_id=placed["id"])
    assert (paid.state, paid.lines[0].external_id) == (OrderState.OPEN, line.external_id)
    assert waiting.external_id in paid.replaces
    with pytest.raises(Refused):
        ebay.fetch_order(order_id=waiting.external_id)


def test_unpaid_order_that_was_never_paid_ends_under_its_number(ebay: Adapter, sandbox: Sandbox) -> None:
    placed = sandbox.place_order(seller=SELLER, status="pending", lines=[{"quantity": 1}], quiet=True)
    waiting = next(order for order in every_order(ebay, hours=1) if order.state is OrderState.UNPAID)
    sandbox.act(placed["id"], "fail_payment")
    ended = ebay.fetch_order(order_id=waiting.external_id)
    assert ended.state is OrderState.CANCELED


def test_wish_to_cancel_and_cancellation_are_read(ebay: Adapter, sandbox: Sandbox) -> None:
    placed = sandbox.place_order(seller=SELLER, lines=[{"quantity": 2}], quiet=True)
    sandbox.act(placed["id"], "ask_cancel")
    asked = ebay.fetch_order(order_id=placed["id"])
    assert (asked.state, asked.cancel_requested) == (OrderState.OPEN, True)
    assert asked.cancel_reason
    sandbox.act(placed["id"], "cancel")
    canceled = ebay.fetch_order(order_id=placed["id"])
    assert (canceled.state, canceled.cancel_requested) == (OrderState.CANCELED, False)
    assert canceled.lines[0].quantity_canceled == 2


def test_refund_lowers_what_a_line_brought(ebay: Adapter, sandbox: Sandbox) -> None:
    placed = sandbox.place_order(seller=SELLER, lines=[{"quantity": 1, "unit_price": 1000}], quiet=True)
    order = ebay.fetch_order(order_id=placed["id"])
    ebay.confirm_shipment(notice=notice_for(order))
    sandbox.act(placed["id"], "refund", percent=50)
    after = ebay.fetch_order(order_id=placed["id"])
    assert after.state is OrderState.SHIPPED
    assert after.total is not None
    assert after.lines[0].refunded == (after.total / 2).quantize(Decimal("0.01"))


def test_order_that_leaves_the_window_while_it_is_read_hides_no_other(
    ebay: Adapter, sandbox: Sandbox
) -> None:
    sandbox.reset(orders_per_day={SELLER: 0.1}, history_days=2)
    for number in range(230):
        sandbox.place_order(
            seller=SELLER, id=f"99-{number:05d}-00000", lines=[{"quantity": 1}], quiet=True,
            placed_at=(START - timedelta(minutes=300 - number)).isoformat(),
        )  # fmt: skip
    reader = dial(sandbox)
    window = {"updated_from": START - timedelta(hours=6), "updated_to": START - LAG}
    page = reader.fetch_orders(page_token="", **window)
    seen = {order.external_id for order in page.items}
    assert len(seen) == 200
    moved = sorted(order_id for order_id in seen if order_id.startswith("99-"))[:60]
    for order_id in moved:
        sandbox.act(order_id, "ask_cancel")
    token, rounds = page.next_token, 0
    while token:
        page = reader.fetch_orders(page_token=token, **window)
        seen |= {order.external_id for order in page.items}
        token, rounds = page.next_token, rounds + 1
        assert rounds < 10
    assert {f"99-{number:05d}-00000" for number in range(230)} <= seen


def test_poison_orders_stop_only_themselves(ebay: Adapter, sandbox: Sandbox) -> None:
    total = len(every_order(ebay))
    for variant in POISONS:
        sandbox.fault("poison_order", operation="getOrders", variant=variant)
    page = ebay.fetch_orders(updated_from=START - timedelta(hours=48), updated_to=START - LAG, page_token="")
    assert len(page.bad) == len(POISONS) - len(READABLE_POISON)
    assert len(page.items) + len(page.bad) == min(total, 200)
    assert all(item.external_id and item.reason and item.raw for item in page.bad)
    strange = [order for order in page.items if order.unknown_values]
    assert len(strange) == len(READABLE_POISON)
    assert {order.state for order in strange} == {OrderState.UNKNOWN}


def test_saved_answer_of_get_orders_holds_the_same_orders(lived: Adapter, sandbox: Sandbox) -> None:
    rest = {order.external_id: order for order in every_order(lived, hours=DAYS * 24)}
    headers = {
        "X-EBAY-API-CALL-NAME": "GetOrders", "X-EBAY-API-COMPATIBILITY-LEVEL": "1379",
        "X-EBAY-API-SITEID": "0", "X-EBAY-API-IAF-TOKEN": lived.connection.access_token,
    }  # fmt: skip
    body = (
        '<?xml version="1.0" encoding="utf-8"?><GetOrdersRequest xmlns="urn:ebay:apis:eBLBaseComponents">'
        "<ModTimeFrom>2026-05-20T12:00:00.000Z</ModTimeFrom><ModTimeTo>2026-06-01T11:58:00.000Z</ModTimeTo>"
        "<Pagination><EntriesPerPage>100</EntriesPerPage><PageNumber>1</PageNumber></Pagination>"
        "</GetOrdersRequest>"
    )
    saved = requests.post(f"{sandbox.url}/ws/api.dll", data=body, headers=headers, timeout=30)
    found = platform("ebay").read_order_files(saved.content)
    assert found.layout == "trading-get-orders"
    assert found.page.bad == ()
    assert len(found.page.items) > 40
    for order in found.page.items:
        twin = rest[order.external_id]
        assert (order.marketplace, order.currency, order.total) == (
            twin.marketplace,
            twin.currency,
            twin.total,
        )
        assert [(line.external_id, line.listing_id, line.quantity) for line in order.lines] == [
            (line.external_id, line.listing_id, line.quantity) for line in twin.lines
        ]
        assert order.placed_at == twin.placed_at


def test_connection_test_returns_where_the_seller_sells(ebay: Adapter, sandbox: Sandbox) -> None:
    places = ebay.check()
    assert {place.id for place in places} == set(sandbox.credentials(SELLER)["marketplaces"])


def test_connection_test_notices_a_foreign_seller(ebay: Adapter) -> None:
    foreign = replace(ebay.connection, seller_id="somebody_else")
    with pytest.raises(CredentialsRejected, match="somebody_else"):
        platform("ebay").build(foreign, None).check()


def test_revoked_grant_is_told_apart_from_an_expired_token(ebay: Adapter, sandbox: Sandbox) -> None:
    sandbox.fault("revoked_grant", operation="token", count=None)
    with pytest.raises(CredentialsRejected):
        ebay.refresh_token()
    sandbox.faults_off()
    stale = platform("ebay").build(replace(ebay.connection, access_token="v^1.1#nobody"), None)
    with pytest.raises(TokenExpired):
        stale.fetch_order(order_id="12-00000-00000")
    with pytest.raises(TokenExpired):
        stale.fetch_listing(marketplace=US, listing_id="A-1")


def test_tokens_age(ebay: Adapter, sandbox: Sandbox) -> None:
    sandbox.set_clock(START + timedelta(hours=3))
    with pytest.raises(TokenExpired):
        ebay.check()
    with pytest.raises(TokenExpired):
        ebay.fetch_order(order_id="12-00000-00000")


def test_wrong_secret_of_the_application_is_rejected(ebay: Adapter) -> None:
    wrong = {**ebay.connection.credentials, "client_secret": "PRD-wrong"}
    with pytest.raises(CredentialsRejected):
        platform("ebay").build(replace(ebay.connection, credentials=wrong), None).refresh_token()


def test_caller_over_a_cap_is_throttled_in_both_apis(ebay: Adapter, sandbox: Sandbox) -> None:
    sandbox.fault("html_429", operation="getOrders")
    with pytest.raises(Throttled):
        every_order(ebay)
    sandbox.fault("html_429", operation="trading")
    with pytest.raises(Throttled):
        ebay.check()


def test_page_that_is_no_longer_taken_restarts_the_pass(ebay: Adapter, sandbox: Sandbox) -> None:
    sandbox.fault("page_token_expired", operation="getOrders")
    with pytest.raises(PageTokenExpired):
        ebay.fetch_orders(
            updated_from=START - timedelta(hours=48), updated_to=START - LAG, page_token="180.400"
        )
    with pytest.raises(PageTokenExpired):
        ebay.fetch_listings(marketplace=US, page_token="next")


def test_missing_list_is_no_empty_page(ebay: Adapter, sandbox: Sandbox) -> None:
    for operation in ("getOrders", "bulkGetInventoryItem"):
        sandbox.fault("missing_list_key", operation=operation)
        with pytest.raises(RetryLater):
            every_order(ebay) if operation == "getOrders" else every_listing(ebay, US)
        sandbox.faults_off()
