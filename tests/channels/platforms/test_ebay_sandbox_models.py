"""What the adapter sends and the sandbox answers fits eBay's own models."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import requests
from pytest_django import Settings

from channels.adapter import (
    Adapter,
)
from channels.messages import (
    Outcome,
    PriceUpdate,
    StockUpdate,
)
from channels.platforms.ebay import writes
from tests.channels.platforms import ebay_contracts
from tests.channels.platforms.ebay_market import (
    DAYS,
    GB,
    SELLER,
    US,
    dial,
    every_order,
    notice_for,
    on_sale,
)
from tests.sandbox_fixture import Sandbox


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


def test_every_answer_of_the_market_fits_ebays_models(lived: Adapter, sandbox: Sandbox) -> None:
    """The sandbox is held to the same models, so that the adapter does not learn from its mistakes."""
    headers = {"Authorization": f"Bearer {lived.connection.access_token}"}

    def ask(method: str, path: str, **options: Any) -> Any:
        return requests.request(method, sandbox.url + path, headers=headers, timeout=30, **options).json()

    fulfillment, inventory = "sell_fulfillment_v1_oas3.json", "sell_inventory_v1_oas3.json"
    page = ask("GET", "/sell/fulfillment/v1/order?limit=200&fieldGroups=TAX_BREAKDOWN")
    assert page["orders"]
    ebay_contracts.check(fulfillment, "OrderSearchPagedCollection", page)
    shipped = next(order for order in page["orders"] if order["fulfillmentHrefs"])
    path = f"/sell/fulfillment/v1/order/{shipped['orderId']}/shipping_fulfillment"
    ebay_contracts.check(fulfillment, "ShippingFulfillmentPagedCollection", ask("GET", path))
    listing = on_sale(lived, GB)
    wanted = {"requests": [{"sku": listing.listing_id}, {"sku": "nobody"}]}
    items = ask("POST", "/sell/inventory/v1/bulk_get_inventory_item", json=wanted)
    ebay_contracts.check(inventory, "BulkGetInventoryItemResponse", items)
    offers = ask("GET", "/sell/inventory/v1/offer", params={"sku": listing.listing_id})
    ebay_contracts.check(inventory, "Offers", offers)
    offer = {"offerId": offers["offers"][0]["offerId"], "availableQuantity": 4}
    update = {"requests": [{"sku": listing.listing_id, "offers": [offer, {"offerId": "1"}]}]}
    written = ask("POST", "/sell/inventory/v1/bulk_update_price_quantity", json=update)
    assert [one["statusCode"] for one in written["responses"]] == [200, 404]
    ebay_contracts.check(inventory, "BulkPriceQuantityResponse", written)


TRADING_CALLS = {
    "GetUser": "",
    "GetMyeBaySelling": "<ActiveList><Include>true</Include></ActiveList>",
    "GetSellerList": "<EndTimeFrom>2026-06-01T12:00:00.000Z</EndTimeFrom>"
    "<EndTimeTo>2026-08-01T12:00:00.000Z</EndTimeTo>",
    "GetOrders": "<ModTimeFrom>2026-05-30T12:00:00.000Z</ModTimeFrom>"
    "<ModTimeTo>2026-06-01T12:00:00.000Z</ModTimeTo>",
    "ReviseInventoryStatus": "<InventoryStatus><ItemID>1</ItemID><Quantity>1</Quantity></InventoryStatus>",
}


@pytest.mark.parametrize(("verb", "inside"), TRADING_CALLS.items())
def test_every_trading_answer_of_the_market_fits_the_wsdl(
    ebay: Adapter, sandbox: Sandbox, verb: str, inside: str
) -> None:
    headers = {
        "X-EBAY-API-CALL-NAME": verb, "X-EBAY-API-COMPATIBILITY-LEVEL": "1379", "X-EBAY-API-SITEID": "0",
        "X-EBAY-API-IAF-TOKEN": ebay.connection.access_token,
    }  # fmt: skip
    body = f'<{verb}Request xmlns="urn:ebay:apis:eBLBaseComponents">{inside}</{verb}Request>'
    answer = requests.post(f"{sandbox.url}/ws/api.dll", data=body, headers=headers, timeout=30)
    assert answer.headers["Content-Type"] == "text/xml;charset=utf-8"
    ebay_contracts.check_trading(answer.content)


def test_partial_failure_of_the_market_is_http_200(ebay: Adapter, sandbox: Sandbox) -> None:
    listing = on_sale(ebay, US)
    good = writes.Change(US, listing.listing_id, "", quantity=9)
    bad = writes.Change(US, "no-such-sku", "", quantity=9)
    results = writes.revise(
        connection=ebay.connection, observer=None, operation="push_stock",
        changes=[(good, listing.product_id), (bad, listing.product_id)],
    )  # fmt: skip
    assert [one.outcome for one in results] == [Outcome.CONFIRMED, Outcome.REFUSED]
    assert sandbox.calls(operation="trading")[0]["status"] == 200


def test_every_request_we_send_fits_ebays_models(ebay: Adapter, sandbox: Sandbox) -> None:
    placed = sandbox.place_order(seller=SELLER, lines=[{"quantity": 1}], quiet=True)
    order = ebay.fetch_order(order_id=placed["id"])
    ebay.check()
    every_order(ebay)
    for place, currency in ((US, "USD"), (GB, "GBP")):
        listing = on_sale(ebay, place)
        ebay.fetch_listing(marketplace=place, listing_id=listing.listing_id)
        ebay.push_stock(update=StockUpdate(place, listing.listing_id, 3, handle=listing.handle))
        ebay.push_price(
            update=PriceUpdate(place, listing.listing_id, Decimal(9), currency, handle=listing.handle)
        )
    ebay.confirm_shipment(notice=notice_for(order))
    calls = [call for call in sandbox.calls(seller=SELLER, limit=1000) if call["operation"] != "token"]
    assert {call["operation"] for call in calls} == {
        "getOrders", "getOrder", "createShippingFulfillment", "trading", "bulkGetInventoryItem", "getOffers",
        "bulkUpdatePriceQuantity",
    }  # fmt: skip
    for call in calls:
        ebay_contracts.check_request(call)
