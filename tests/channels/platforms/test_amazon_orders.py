"""Amazon's orders as the hub reads them: both versions of the API, what is strict and what is kept raw."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from channels.messages import FulfillmentMethod, IncomingLine, IncomingOrder, OrderState
from channels.platforms.amazon import mapping, mapping_v0
from channels.reading import Unreadable
from tests.channels.platforms.contract import Json
from tests.channels.platforms.examples.amazon import order as new_order
from tests.channels.platforms.examples.amazon_v0 import item as old_item
from tests.channels.platforms.examples.amazon_v0 import order as old_order

Change = Callable[[Json], object]


def read(change: Change | None = None) -> IncomingOrder:
    raw = new_order()
    if change is not None:
        change(raw)
    return mapping.read_order(raw)


def read_old(change: Change | None = None) -> IncomingOrder:
    raw = old_order() | {"OrderItems": [old_item()]}
    if change is not None:
        change(raw)
    return mapping_v0.read_order(raw)


def put(*way: str | int, value: Any) -> Change:
    """Return a change that writes a value at a place, or takes the place away with ``...``."""

    def change(raw: Json) -> None:
        inner: Any = raw
        for name in way[:-1]:
            inner = inner[name]
        if value is ...:
            del inner[way[-1]]
        else:
            inner[way[-1]] = value

    return change


def test_order_is_read_whole() -> None:
    order = read()
    assert (order.external_id, order.marketplace, order.currency) == ("123-1", "ATVPDKIKX0DER", "USD")
    assert (order.state, order.platform_status) == (OrderState.OPEN, "UNSHIPPED")
    assert order.placed_at == datetime(2026, 5, 30, 8, 15, 30, 123000, tzinfo=UTC)
    assert order.updated_at == datetime(2026, 5, 30, 8, 15, 30, tzinfo=UTC)
    assert order.ship_by_at == datetime(2026, 6, 1, 23, 59, 59, tzinfo=UTC)
    assert order.deliver_by_at == datetime(2026, 6, 6, 23, 59, 59, tzinfo=UTC)
    assert (order.total, order.country, order.shipping_service) == (Decimal("47.20"), "US", "STANDARD")
    assert order.is_prime
    assert not order.is_business
    assert order.unknown_values == ()
    assert order.lines == (
        IncomingLine(
            external_id="11",
            listing_id="A-1",
            title="Tea towel",
            quantity=2,
            product_id="B000000001",
            charge=Decimal("40.00"),
            discount=Decimal("2.00"),
            shipping=Decimal("6.00"),
            shipping_discount=Decimal("1.50"),
            gift_wrap=Decimal("2.00"),
            tax=Decimal("2.70"),
            tax_collected_by_marketplace=True,
            gift_message="Happy birthday",
            is_gift=True,
        ),
    )


def test_line_amounts_add_up_to_what_the_buyer_paid() -> None:
    order = read()
    line = order.lines[0]
    assert line.charge is not None
    paid = line.charge - line.discount + line.shipping - line.shipping_discount + line.gift_wrap + line.tax
    assert paid == order.total


def test_buyer_and_address_are_read_when_amazon_shows_them() -> None:
    buyer = read().buyer
    assert buyer is not None
    assert (buyer.name, buyer.email, buyer.phone) == (
        "Ada Ly",
        "x1@marketplace.amazon.com",
        "+1 555 0100",
    )
    assert buyer.address is not None
    assert buyer.address.lines == ("1 Mill Lane", "Flat 2")
    assert (buyer.address.city, buyer.address.postal_code, buyer.address.country) == (
        "Springfield",
        "97477",
        "US",
    )


def test_absent_buyer_is_no_error() -> None:
    def withhold(raw: Json) -> None:
        del raw["buyer"], raw["recipient"]

    order = read(withhold)
    assert order.buyer is None
    assert order.country == ""
    masked = read(put("recipient", "deliveryAddress", value={"city": "***", "countryCode": "US"}))
    assert masked.buyer is not None
    assert masked.buyer.address is not None
    assert masked.buyer.address.name == ""


def test_buyers_tax_number_is_read_and_sellers_is_not() -> None:
    registrations = [
        {"entityType": "MERCHANT", "taxRegistrationNumber": "OURS"},
        {"entityType": "BUYER", "taxRegistrationNumber": "IT123"},
    ]
    buyer = read(put("tax", value={"taxRegistrations": registrations})).buyer
    assert buyer is not None
    assert buyer.tax_id == "IT123"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("PENDING", OrderState.UNPAID),
        ("PENDING_AVAILABILITY", OrderState.UNPAID),
        ("UNSHIPPED", OrderState.OPEN),
        ("PARTIALLY_SHIPPED", OrderState.PARTLY_SHIPPED),
        ("SHIPPED", OrderState.SHIPPED),
        ("CANCELLED", OrderState.CANCELED),
        ("UNFULFILLABLE", OrderState.UNKNOWN),
    ],
)
def test_statuses_have_a_reading(status: str, state: OrderState) -> None:
    order = read(put("fulfillment", "fulfillmentStatus", value=status))
    assert (order.state, order.platform_status, order.unknown_values) == (state, status, ())


def test_pending_order_without_prices_has_unknown_prices_and_its_sites_currency() -> None:
    def pend(raw: Json) -> None:
        raw["fulfillment"]["fulfillmentStatus"] = "PENDING"
        raw["salesChannel"] = {"channelName": "AMAZON", "marketplaceId": "A1VC38T7YXB528"}
        del raw["proceeds"], raw["orderItems"][0]["proceeds"], raw["orderItems"][0]["product"]["price"]

    order = read(pend)
    assert (order.state, order.total, order.currency) == (OrderState.UNPAID, None, "JPY")
    assert order.lines[0].charge is None


def test_orders_amazon_ships_are_kept_apart() -> None:
    order = read(put("fulfillment", "fulfilledBy", value="AMAZON"))
    assert order.fulfillment_method is FulfillmentMethod.BY_CHANNEL


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (put("fulfillment", "fulfillmentStatus", value="TELEPORTED"), "fulfillmentStatus=TELEPORTED"),
        (put("fulfillment", "fulfilledBy", value="ROBOT"), "fulfilledBy=ROBOT"),
        (put("fulfillment", "fulfilledBy", value=...), "fulfilledBy="),
        (put("fulfillment", value=...), "fulfillment="),
    ],
)
def test_unknown_status_or_fulfiller_makes_the_state_unknown(change: Change, kept: str) -> None:
    order = read(change)
    assert order.state is OrderState.UNKNOWN
    assert kept in order.unknown_values


def test_other_unknown_values_are_kept_beside_a_known_state() -> None:
    def surprise(raw: Json) -> None:
        raw["programs"] = ["MOON_DELIVERY", "PRIME"]
        raw["recipient"]["deliveryAddress"]["countryCode"] = "Utopia"
        raw["packages"][0]["packageStatus"]["status"] = "EATEN"
        raw["orderItems"][0]["tax"]["taxCollections"][0]["model"] = "NOBODY"
        raw["orderItems"][0]["proceeds"]["breakdowns"][1]["type"] = "TIP"

    order = read(surprise)
    assert order.state is OrderState.OPEN
    assert order.country == ""
    assert order.is_prime
    assert not order.lines[0].tax_collected_by_marketplace
    assert set(order.unknown_values) == {
        "programs=MOON_DELIVERY",
        "country=Utopia",
        "packageStatus=EATEN",
        "taxCollections=NOBODY",
        "proceeds=TIP",
    }


def test_deemed_reseller_in_europe_collects_the_tax() -> None:
    tax = {"taxCalculationBreakdowns": [{"reportingScheme": "IOSS"}]}
    assert read(put("orderItems", 0, "tax", value=tax)).lines[0].tax_collected_by_marketplace
    assert not read(put("orderItems", 0, "tax", value=...)).lines[0].tax_collected_by_marketplace


def test_buyers_wish_to_cancel_is_seen_until_it_is_carried_out() -> None:
    asked = {"cancellationRequest": {"requester": "BUYER", "cancelReason": "Bought by mistake"}}
    order = read(put("orderItems", 0, "cancellation", value=asked))
    assert (order.cancel_requested, order.cancel_reason) == (True, "Bought by mistake")

    def carry_out(raw: Json) -> None:
        done = {"cancelledBy": "MERCHANT", "cancelReason": "wish"}
        raw["orderItems"][0]["cancellation"] = asked | {"cancellationExecution": done}
        raw["orderItems"][0]["fulfillment"]["quantityUnfulfilled"] = 0

    after = read(carry_out)
    assert not after.cancel_requested
    assert after.lines[0].quantity_canceled == 2


def test_canceled_order_cancels_what_was_not_shipped() -> None:
    def cancel(raw: Json) -> None:
        raw["fulfillment"]["fulfillmentStatus"] = "CANCELLED"
        raw["orderItems"][0]["fulfillment"] = {"quantityFulfilled": 1, "quantityUnfulfilled": 0}

    line = read(cancel).lines[0]
    assert (line.quantity, line.quantity_shipped, line.quantity_canceled) == (2, 1, 1)


def test_parcels_are_read_and_called_back_ones_are_none() -> None:
    parcel = read().parcels[0]
    assert (parcel.reference, parcel.carrier, parcel.tracking_number) == ("1", "DHL", "T-77")
    assert parcel.lines == (("11", 1),)
    assert parcel.shipped_at == datetime(2026, 5, 31, 10, 0, tzinfo=UTC)
    assert read(put("packages", 0, "packageStatus", "status", value="CANCELLED")).parcels == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (put("orderId", value=...), "orderId is missing"),
        (put("orderId", value="x\x00y"), "NUL"),
        (put("orderId", value="9" * 121), "longer than 120"),
        (put("createdTime", value="yesterday"), "createdTime is not an instant"),
        (put("createdTime", value="2026-05-30T08:15:30"), "createdTime has no offset"),
        (put("lastUpdatedTime", value=...), "lastUpdatedTime is missing"),
        (put("lastUpdatedTime", value="9999-12-31T23:59:59-12:00"), "lastUpdatedTime"),
        (put("salesChannel", value="Amazon.com"), "salesChannel is not an object"),
        (put("salesChannel", value={"channelName": "NON_AMAZON"}), "names no marketplace"),
        (put("orderItems", value=...), "orderItems is missing"),
        (put("orderItems", value={}), "orderItems is not a list"),
        (put("orderItems", 0, "quantityOrdered", value=-3), "quantityOrdered is negative"),
        (put("orderItems", 0, "quantityOrdered", value="two"), "quantityOrdered is not a whole number"),
        (put("orderItems", 0, "quantityOrdered", value=True), "quantityOrdered is not a whole number"),
        (put("orderItems", 0, "quantityOrdered", value=10**9), "larger"),
        (put("orderItems", 0, "quantityOrdered", value=...), "quantityOrdered is missing"),
        (put("orderItems", 0, "fulfillment", "quantityFulfilled", value=3), "more than"),
        (put("orderItems", 0, "orderItemId", value=...), "orderItemId is missing"),
        (put("orderItems", 0, "product", value={}), "asin is missing"),
        (put("orderItems", 0, "product", "title", value="a\x00b"), "title holds a NUL"),
        (put("orderItems", 0, "product", "title", value="\ud800"), "half a character"),
        (put("proceeds", "grandTotal", "amount", value="12,3O"), "grandTotal is not an amount"),
        (put("proceeds", "grandTotal", "amount", value="1.00005"), "more than four decimals"),
        (put("proceeds", "grandTotal", "amount", value="1e15"), "too large"),
        (put("proceeds", "grandTotal", "amount", value="-1.00"), "grandTotal is negative"),
        (put("proceeds", "grandTotal", "amount", value="NaN"), "not an amount"),
        (put("proceeds", "grandTotal", "amount", value=47.2), "not an amount"),
        (put("proceeds", "grandTotal", "currencyCode", value="¤¤¤"), "not a currency"),
        (put("proceeds", "grandTotal", "currencyCode", value="EUR"), "rest of the order in EUR"),
        (put("fulfillment", "shipByWindow", "latestDateTime", value="soon"), "latestDateTime"),
        (put("programs", value="PRIME"), "programs is not a list"),
        (put("packages", 0, "packageReferenceId", value=...), "packageReferenceId is missing"),
    ],
)
def test_order_that_cannot_be_true_is_unreadable_with_its_reason(change: Change, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read(change)


def test_order_with_the_same_line_twice_is_unreadable() -> None:
    def double(raw: Json) -> None:
        raw["orderItems"].append(raw["orderItems"][0])

    with pytest.raises(Unreadable, match="twice"):
        read(double)


def test_line_without_sku_goes_by_its_product_number() -> None:
    assert read(put("orderItems", 0, "product", "sellerSku", value=...)).lines[0].listing_id == "B000000001"


def test_site_is_found_by_its_name_when_its_id_is_missing() -> None:
    channel = {"channelName": "AMAZON", "marketplaceName": "Amazon.co.uk"}
    assert read(put("salesChannel", value=channel)).marketplace == "A1F83G8C2ARO7P"


def test_long_texts_for_people_are_cut_and_kept_whole_in_raw() -> None:
    order = read(put("orderItems", 0, "product", "title", value="x" * 9000))
    assert len(order.lines[0].title) == 500
    assert len(order.raw["orderItems"][0]["product"]["title"]) == 9000


def test_raw_object_can_be_stored_as_json() -> None:
    raw = json.loads(json.dumps(new_order()))
    raw["orderItems"][0]["measurement"] = {"unit": "POUNDS", "value": Decimal("1.5")}
    assert (
        json.loads(json.dumps(mapping.read_order(raw).raw))["orderItems"][0]["measurement"]["value"] == "1.5"
    )


def test_old_order_is_read_like_the_new_one() -> None:
    order = read_old()
    assert (order.external_id, order.state, order.platform_status) == ("123-1", OrderState.OPEN, "Unshipped")
    assert (order.total, order.currency, order.country) == (Decimal("47.20"), "USD", "US")
    assert order.ship_by_at == datetime(2026, 6, 1, 23, 59, 59, tzinfo=UTC)
    assert order.lines == read().lines


def test_old_order_says_true_in_words() -> None:
    wish = {"IsBuyerRequestedCancel": "true", "BuyerCancelReason": "too late"}
    order = read_old(put("OrderItems", 0, "BuyerRequestedCancel", value=wish))
    assert (order.cancel_requested, order.cancel_reason) == (True, "too late")
    no_wish = read_old(
        put("OrderItems", 0, "BuyerRequestedCancel", value={"IsBuyerRequestedCancel": "false"})
    )
    assert not no_wish.cancel_requested


@pytest.mark.parametrize(
    ("status", "channel", "state", "method"),
    [
        ("Pending", "MFN", OrderState.UNPAID, FulfillmentMethod.BY_SELLER),
        ("Shipped", "AFN", OrderState.SHIPPED, FulfillmentMethod.BY_CHANNEL),
        ("Canceled", "MFN", OrderState.CANCELED, FulfillmentMethod.BY_SELLER),
        ("InvoiceUnconfirmed", "MFN", OrderState.SHIPPED, FulfillmentMethod.BY_SELLER),
    ],
)
def test_old_statuses_have_a_reading(
    status: str, channel: str, state: OrderState, method: FulfillmentMethod
) -> None:
    def change(raw: Json) -> None:
        raw.update(OrderStatus=status, FulfillmentChannel=channel)

    order = read_old(change)
    assert (order.state, order.fulfillment_method) == (state, method)


def test_old_canceled_order_cancels_its_lines() -> None:
    assert read_old(put("OrderStatus", value="Canceled")).lines[0].quantity_canceled == 2


@pytest.mark.parametrize(
    "change",
    [
        put("AmazonOrderId", value=...),
        put("OrderStatus", value=...),
        put("PurchaseDate", value="2026-05-30"),
        put("OrderItems", 0, "QuantityOrdered", value=-1),
        put("OrderItems", 0, "ItemPrice", "Amount", value="1.23456"),
        put("OrderItems", 0, "ItemPrice", "CurrencyCode", value="EUR"),
        put("OrderItems", 0, "Title", value="\x00"),
    ],
)
def test_old_order_that_cannot_be_true_is_unreadable(change: Change) -> None:
    with pytest.raises(Unreadable):
        read_old(change)
