"""eBay's adapter against the sandbox over real HTTP: listings, quantities, prices and shipments."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pytest_django import Settings

from channels.adapter import (
    Adapter,
    Refused,
    RetryLater,
)
from channels.messages import (
    OrderState,
    Outcome,
    PriceUpdate,
    StockUpdate,
)
from tests.channels.platforms.ebay_market import (
    GB,
    SELLER,
    US,
    dial,
    every_listing,
    notice_for,
    on_sale,
)
from tests.sandbox_fixture import Sandbox


@pytest.fixture
def ebay(sandbox: Sandbox, settings: Settings) -> Adapter:
    """The adapter of the seller with a fresh access token."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    return dial(sandbox)


def test_listings_show_variations_prices_and_who_made_them(ebay: Adapter) -> None:
    found = every_listing(ebay, US)
    codes = {listing.listing_id for listing in found}
    assert len(codes) == len(found) > 20
    variations = [listing for listing in found if listing.parent_id]
    assert variations
    assert all(one.parent_id in codes and one.quantity is not None for one in variations)
    assert all(one.currency == "USD" and one.price for one in found if not one.is_parent)
    assert {one.handle.partition(":")[0] for one in found if not one.is_parent} == {"item"}
    british = [one for one in every_listing(ebay, GB) if not one.is_parent]
    assert {one.handle.partition(":")[0] for one in british} == {"offer"}
    assert {one.marketplace for one in british} == {GB}


@pytest.mark.parametrize(("place", "outcome"), [(US, Outcome.CONFIRMED), (GB, Outcome.ACCEPTED)])
def test_quantity_is_set_and_read_back(ebay: Adapter, place: str, outcome: Outcome) -> None:
    listing = on_sale(ebay, place)
    update = StockUpdate(place, listing.listing_id, 37, handle=listing.handle)
    assert ebay.push_stock(update=update).outcome is outcome
    assert ebay.fetch_listing(marketplace=place, listing_id=listing.listing_id).quantity == 37


@pytest.mark.parametrize("place", [US, GB])
def test_listing_we_know_no_number_of_is_found_first(ebay: Adapter, place: str) -> None:
    listing = on_sale(ebay, place)
    ebay.push_stock(update=StockUpdate(place, listing.listing_id, 5))
    assert ebay.fetch_listing(marketplace=place, listing_id=listing.listing_id).quantity == 5


@pytest.mark.parametrize(("place", "currency"), [(US, "USD"), (GB, "GBP")])
def test_price_is_set_and_read_back(ebay: Adapter, place: str, currency: str) -> None:
    listing = on_sale(ebay, place)
    price = PriceUpdate(place, listing.listing_id, Decimal("23.40"), currency, handle=listing.handle)
    assert ebay.push_price(update=price).outcome is Outcome.ACCEPTED
    seen = ebay.fetch_listing(marketplace=place, listing_id=listing.listing_id)
    assert (seen.price, seen.currency) == (Decimal("23.40"), currency)
    assert seen.quantity == listing.quantity


def test_price_the_market_will_not_take_is_refused_with_its_words(ebay: Adapter) -> None:
    listing = on_sale(ebay, GB)
    wrong = PriceUpdate(GB, listing.listing_id, Decimal(5), "USD", handle=listing.handle)
    result = ebay.push_price(update=wrong)
    assert result.outcome is Outcome.REFUSED
    assert "price" in result.reason


def test_code_nobody_sells_is_refused(ebay: Adapter) -> None:
    with pytest.raises(Refused):
        ebay.fetch_listing(marketplace=US, listing_id="no/such <sku> & ä")
    with pytest.raises(Refused):
        ebay.push_stock(update=StockUpdate(US, "no/such <sku> & ä", 4, handle="item:1"))


def test_shipment_reaches_the_market_with_letters_and_digits_alone(ebay: Adapter, sandbox: Sandbox) -> None:
    placed = sandbox.place_order(seller=SELLER, lines=[{"quantity": 2}], quiet=True)
    order = ebay.fetch_order(order_id=placed["id"])
    ebay.confirm_shipment(notice=notice_for(order))
    after = ebay.fetch_order(order_id=placed["id"])
    assert after.state is OrderState.SHIPPED
    assert [parcel.tracking_number for parcel in after.parcels] == ["YT20261"]
    assert sandbox.order(placed["id"])["packages"][0]["carrier_code"] == "YunExpress"
    with pytest.raises(Refused):
        ebay.confirm_shipment(notice=notice_for(order, "SECOND1"))


def test_order_that_rest_does_not_know_is_told_by_trading(ebay: Adapter, sandbox: Sandbox) -> None:
    placed = sandbox.place_order(seller=SELLER, id="220037287123", lines=[{"quantity": 1}], quiet=True)
    order = ebay.fetch_order(order_id=placed["id"])
    ebay.confirm_shipment(notice=notice_for(order, "T1"))
    assert sandbox.order(placed["id"])["packages"][0]["by"] == "CompleteSale"


def test_lost_answer_of_a_shipment_is_an_unknown_outcome(ebay: Adapter, sandbox: Sandbox) -> None:
    placed = sandbox.place_order(seller=SELLER, lines=[{"quantity": 1}], quiet=True)
    order = ebay.fetch_order(order_id=placed["id"])
    sandbox.fault("timeout_after_write", operation="createShippingFulfillment", seconds=0)
    with pytest.raises(RetryLater) as caught:
        ebay.confirm_shipment(notice=notice_for(order))
    assert caught.value.unknown
    assert ebay.fetch_order(order_id=placed["id"]).parcels[0].tracking_number == "YT20261"
