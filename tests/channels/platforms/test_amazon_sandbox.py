"""Amazon's adapter against the sandbox over real HTTP: every verb, and what we send fits Amazon's models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
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
    Connection,
    FulfillmentMethod,
    IncomingListing,
    IncomingOrder,
    OrderState,
    Outcome,
    PriceUpdate,
    ShipmentNotice,
    StockUpdate,
)
from channels.registry import platform
from tests.sandbox import contracts
from tests.sandbox_fixture import START, Sandbox

US, DE = "ATVPDKIKX0DER", "A1PA6795UKMFR9"
LAG = timedelta(minutes=2)
Dial = Callable[..., Adapter]


class Notes:
    """Remembers what the adapter reported."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int, float | None]] = []

    def __call__(
        self, *, operation: str, status: int, granted_rate: float | None, remaining: float | None = None
    ) -> None:
        self.seen.append((operation, status, granted_rate))


def connection_to(sandbox: Sandbox, seller: str = "busy") -> Connection:
    sheet = sandbox.credentials(seller)
    return Connection(
        account_uid="test",
        platform="amazon",
        endpoint=sheet["endpoint"],
        token_endpoint=sheet["token_endpoint"],
        seller_id=sheet["seller_id"],
        marketplaces=tuple(sheet["marketplaces"]),
        credentials={name: sheet[name] for name in ("client_id", "client_secret", "refresh_token")},
    )


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def amazon(sandbox: Sandbox, settings: Settings, notes: Notes) -> Adapter:
    """The adapter of the busy seller with a fresh access token."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    build = platform("amazon").build
    connection = connection_to(sandbox)
    token = build(connection, None).refresh_token().token
    return build(replace(connection, access_token=token), notes)


def every_order(amazon: Adapter, *, hours: int = 48) -> list[IncomingOrder]:
    found: list[IncomingOrder] = []
    token = ""
    while True:
        page = amazon.fetch_orders(
            updated_from=START - timedelta(hours=hours), updated_to=START - LAG, page_token=token
        )
        assert page.bad == ()
        assert page.upper_bound == START - LAG
        found += page.items
        token = page.next_token
        if not token:
            return found


def test_pages_of_orders_hold_every_order_of_the_market_once(amazon: Adapter, sandbox: Sandbox) -> None:
    orders = every_order(amazon)
    assert len(orders) == len({order.external_id for order in orders}) > 100
    for order in orders:
        assert order.placed_at.tzinfo is not None
        assert order.updated_at.tzinfo is not None
        assert order.lines
        assert order.unknown_values == ()
        assert order.raw["orderId"] == order.external_id
    assert {order.fulfillment_method for order in orders} == set(FulfillmentMethod)
    assert {OrderState.OPEN, OrderState.SHIPPED, OrderState.CANCELED} <= {order.state for order in orders}


def test_amounts_of_an_order_are_the_markets_own(amazon: Adapter, sandbox: Sandbox) -> None:
    placed = sandbox.place_order(
        marketplace="DE",
        visible_at=(START - timedelta(hours=1)).isoformat(),
        placed_at=(START - timedelta(hours=1)).isoformat(),
        lines=[{"quantity": 3, "unit_price": 1999, "discount": 150, "shipping": 399}],
    )
    order = amazon.fetch_order(order_id=placed["id"])
    line = order.lines[0]
    assert (order.currency, order.marketplace) == ("EUR", DE)
    assert (line.quantity, str(line.charge), str(line.discount), str(line.shipping)) == (
        3,
        "59.97",
        "1.50",
        "3.99",
    )
    assert line.shipping_discount == 0
    assert line.tax_collected_by_marketplace


def test_connection_test_returns_where_the_seller_sells(amazon: Adapter, sandbox: Sandbox) -> None:
    places = amazon.check()
    assert {place.id for place in places} == set(sandbox.credentials()["marketplaces"])


def test_connection_test_notices_a_foreign_seller_number(amazon: Adapter, sandbox: Sandbox) -> None:
    foreign = replace(amazon.connection, seller_id=sandbox.credentials("empty")["seller_id"])
    with pytest.raises(CredentialsRejected, match="seller number"):
        platform("amazon").build(foreign, None).check()


def test_revoked_grant_is_told_apart_from_an_expired_token(amazon: Adapter, sandbox: Sandbox) -> None:
    sandbox.fault("revoked_grant", operation="token", count=None)
    with pytest.raises(CredentialsRejected):
        amazon.refresh_token()
    sandbox.faults_off()
    stale = replace(amazon.connection, access_token="Atza|nobody")
    with pytest.raises(TokenExpired):
        platform("amazon").build(stale, None).fetch_order(order_id="111-0000000-0000000")


def test_unknown_order_is_refused(amazon: Adapter) -> None:
    with pytest.raises(Refused):
        amazon.fetch_order(order_id="111-0000000-0000000")


def test_empty_bucket_and_granted_rate_are_reported(amazon: Adapter, sandbox: Sandbox, notes: Notes) -> None:
    every_order(amazon, hours=1)
    assert notes.seen[-1] == ("fetch_orders", 200, 0.0056)
    sandbox.limits(on=True)
    with pytest.raises(Throttled):
        exhaust(amazon)
    assert notes.seen[-1][:2] == ("fetch_orders", 429)


def exhaust(amazon: Adapter) -> None:
    for _ in range(30):
        amazon.fetch_orders(updated_from=START - timedelta(minutes=5), updated_to=START - LAG, page_token="")


def test_page_token_the_market_no_longer_takes_restarts_the_pass(amazon: Adapter, sandbox: Sandbox) -> None:
    bounds = {"updated_from": START - timedelta(hours=48), "updated_to": START - LAG}
    first = amazon.fetch_orders(page_token="", **bounds)
    assert first.next_token
    sandbox.fault("page_token_expired", operation="searchOrders")
    with pytest.raises(PageTokenExpired):
        amazon.fetch_orders(page_token=first.next_token, **bounds)
    sandbox.fault("expired_token_mid_pass", operation="searchOrders")
    with pytest.raises(TokenExpired):
        amazon.fetch_orders(page_token=first.next_token, **bounds)


def test_listings_show_variations_prices_and_who_ships(amazon: Adapter, sandbox: Sandbox) -> None:
    found: list[IncomingListing] = []
    token = ""
    while True:
        page = amazon.fetch_listings(marketplace=US, page_token=token)
        assert page.bad == ()
        found += page.items
        token = page.next_token
        if not token:
            break
    codes = {listing.listing_id for listing in found}
    assert len(codes) == len(found) > 20
    children = [listing for listing in found if listing.parent_id]
    assert children
    assert all(listing.parent_id in codes for listing in children)
    sold = [listing for listing in found if not listing.is_parent]
    assert all(listing.currency == "USD" and listing.price for listing in sold)
    assert all(
        (listing.quantity is None) == (listing.fulfillment_method is FulfillmentMethod.BY_CHANNEL)
        for listing in sold
    )


def test_quantity_is_set_and_read_back(amazon: Adapter) -> None:
    listing = own_listing(amazon)
    update = StockUpdate(US, listing, 37, "SHIRT")
    assert amazon.push_stock(update=update).outcome is Outcome.ACCEPTED
    assert amazon.fetch_listing(marketplace=US, listing_id=listing).quantity == 37


def test_price_is_set_and_read_back(amazon: Adapter) -> None:
    listing = own_listing(amazon)
    before = amazon.fetch_listing(marketplace=US, listing_id=listing)
    update = PriceUpdate(US, listing, Decimal("31.49"), "USD")
    assert amazon.push_price(update=update).outcome is Outcome.ACCEPTED
    after = amazon.fetch_listing(marketplace=US, listing_id=listing)
    assert (after.price, after.currency, after.quantity) == (Decimal("31.49"), "USD", before.quantity)


def test_accepted_price_shows_only_after_a_while(amazon: Adapter, sandbox: Sandbox) -> None:
    sandbox.reset(apply_seconds=60)
    token = platform("amazon").build(connection_to(sandbox), None).refresh_token().token
    fresh = platform("amazon").build(replace(connection_to(sandbox), access_token=token), None)
    listing = own_listing(fresh)
    before = fresh.fetch_listing(marketplace=US, listing_id=listing).price
    assert (
        fresh.push_price(update=PriceUpdate(US, listing, Decimal("7.5"), "USD")).outcome is Outcome.ACCEPTED
    )
    assert fresh.fetch_listing(marketplace=US, listing_id=listing).price == before
    sandbox.set_clock(START + timedelta(minutes=2))
    assert fresh.fetch_listing(marketplace=US, listing_id=listing).price == Decimal("7.5")


def test_price_of_a_roof_is_refused_with_the_markets_words(amazon: Adapter) -> None:
    page = amazon.fetch_listings(marketplace=US, page_token="")
    roof = next(item.listing_id for item in page.items if item.is_parent)
    result = amazon.push_price(update=PriceUpdate(US, roof, Decimal(5), "USD"))
    assert result.outcome is Outcome.REFUSED
    assert "purchasable_offer" in result.reason


def own_listing(amazon: Adapter, *, by: FulfillmentMethod = FulfillmentMethod.BY_SELLER) -> str:
    page = amazon.fetch_listings(marketplace=US, page_token="")
    return next(
        item.listing_id for item in page.items if item.fulfillment_method is by and not item.is_parent
    )


def test_quantity_the_market_will_not_take_is_refused_with_its_words(
    amazon: Adapter, sandbox: Sandbox
) -> None:
    stock = amazon.fetch_channel_stock(marketplace=US, page_token="")
    listing = stock.items[0].listing_id
    result = amazon.push_stock(update=StockUpdate(US, listing, 1))
    assert result.outcome is Outcome.REFUSED
    assert result.reason


def test_batch_reports_what_was_refused_and_the_rest_is_on_the_shelf(
    amazon: Adapter, sandbox: Sandbox
) -> None:
    mine = own_listing(amazon)
    updates = [StockUpdate(US, mine, 11), StockUpdate(US, "no/such sku ä", 4)]
    ticket = amazon.push_stock_batch(updates=updates)
    results = amazon.batch_results(ticket=ticket)
    assert results is not None
    assert [(each.listing_id, each.outcome, each.marketplace) for each in results] == [
        ("no/such sku ä", Outcome.REFUSED, US)
    ]
    assert amazon.fetch_listing(marketplace=US, listing_id=mine).quantity == 11


def test_batch_that_is_still_worked_on_has_no_results(amazon: Adapter, sandbox: Sandbox) -> None:
    sandbox.reset(apply_seconds=60)
    token = platform("amazon").build(connection_to(sandbox), None).refresh_token().token
    fresh = platform("amazon").build(replace(connection_to(sandbox), access_token=token), None)
    ticket = fresh.push_stock_batch(updates=[StockUpdate(US, own_listing(fresh), 5)])
    assert fresh.batch_results(ticket=ticket) is None
    sandbox.set_clock(START + timedelta(minutes=10))
    assert fresh.batch_results(ticket=ticket) == []


def test_stock_at_amazon_is_read_per_marketplace(amazon: Adapter) -> None:
    page = amazon.fetch_channel_stock(marketplace=US, page_token="")
    assert page.bad == ()
    assert page.items
    assert all(item.marketplace == US and item.sellable >= 0 for item in page.items)


def test_shipment_reaches_the_market_with_its_tracking_number(amazon: Adapter, sandbox: Sandbox) -> None:
    placed = sandbox.place_order(lines=[{"quantity": 2}], quiet=True)
    order = amazon.fetch_order(order_id=placed["id"])
    amazon.confirm_shipment(notice=notice_for(order))
    after = amazon.fetch_order(order_id=placed["id"])
    assert after.state is OrderState.SHIPPED
    assert [(parcel.tracking_number, parcel.carrier) for parcel in after.parcels] == [
        ("YT2026 1", "Yun Post")
    ]
    assert after.parcels[0].lines == ((order.lines[0].external_id, 2),)


def notice_for(order: IncomingOrder) -> ShipmentNotice:
    return ShipmentNotice(
        order_id=order.external_id,
        marketplace=order.marketplace,
        reference="1",
        carrier="yunpost",
        carrier_name="Yun Post",
        service="Global",
        tracking_number="YT2026 1",
        shipped_at=START,
        lines=tuple((line.external_id, line.quantity) for line in order.lines),
    )


def test_lost_answer_of_a_shipment_is_an_unknown_outcome(amazon: Adapter, sandbox: Sandbox) -> None:
    placed = sandbox.place_order(lines=[{"quantity": 1}], quiet=True)
    order = amazon.fetch_order(order_id=placed["id"])
    sandbox.fault("timeout_after_write", operation="confirmShipment", seconds=0)
    with pytest.raises(RetryLater) as caught:
        amazon.confirm_shipment(notice=notice_for(order))
    assert caught.value.unknown
    assert amazon.fetch_order(order_id=placed["id"]).state is OrderState.SHIPPED


def test_poison_orders_stop_only_themselves(amazon: Adapter, sandbox: Sandbox) -> None:
    readable = {"unknown_status", "unknown_enum"}
    variants = [
        "unknown_status", "unknown_enum", "nul_in_note", "negative_quantity", "missing_items", "bad_amount",
        "bad_currency", "bad_date", "quantity_text", "not_an_object",
    ]  # fmt: skip
    total = len(every_order(amazon))
    for variant in variants:
        sandbox.fault("poison_order", operation="searchOrders", variant=variant)
    page = amazon.fetch_orders(
        updated_from=START - timedelta(hours=48), updated_to=START - LAG, page_token=""
    )
    assert len(page.bad) == len(variants) - len(readable)
    assert len(page.items) + len(page.bad) == min(total, 100)
    assert all(item.external_id and item.reason and item.raw for item in page.bad)
    strange = [order for order in page.items if order.unknown_values]
    assert len(strange) == len(readable)
    assert {order.state for order in strange} == {OrderState.UNKNOWN}
    assert any("fulfillmentStatus=TELEPORTED" in order.unknown_values for order in strange)


def test_every_request_we_send_fits_amazons_models(amazon: Adapter, sandbox: Sandbox) -> None:
    placed = sandbox.place_order(lines=[{"quantity": 1}], quiet=True)
    order = amazon.fetch_order(order_id=placed["id"])
    amazon.check()
    every_order(amazon)
    mine = own_listing(amazon)
    amazon.fetch_listing(marketplace=US, listing_id=mine)
    amazon.push_stock(update=StockUpdate(US, mine, 3))
    amazon.push_price(update=PriceUpdate(US, mine, Decimal("12.34"), "USD"))
    amazon.batch_results(ticket=amazon.push_stock_batch(updates=[StockUpdate(US, mine, 4)]))
    amazon.fetch_channel_stock(marketplace=US, page_token="")
    amazon.confirm_shipment(notice=notice_for(order))
    calls = sandbox.calls(seller="busy", limit=1000)
    assert contracts.check_calls(calls) == len([call for call in calls if call["operation"] != "token"])
    assert {call["operation"] for call in calls} >= {
        "searchOrders", "getOrder", "confirmShipment", "searchListingsItems", "getListingsItem",
        "patchListingsItem", "createFeedDocument", "createFeed", "getFeed", "getFeedDocument",
        "getInventorySummaries", "getMarketplaceParticipations",
    }  # fmt: skip
    assert not any("MarketplaceId=" in call["query"] for call in calls)
