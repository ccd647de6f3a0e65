"""What an eBay order is to the hub, by REST and by Trading, and what of it is not guessed at."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from channels.adapter import Refused
from channels.messages import FulfillmentMethod, IncomingOrder, OrderState
from channels.platforms.ebay.mapping import read_order
from channels.platforms.ebay.naming import former_numbers, item_of_code, listing_code
from channels.platforms.ebay.order_files import read_order_files
from channels.reading import Json, Unreadable
from tests.channels.platforms.examples.ebay import ITEM, order, usd, xml_answer
from tests.channels.platforms.examples.ebay_trading import saved, trading_order

LINE = "10000000000011"


def read(**changes: Any) -> IncomingOrder:
    return read_order(order() | changes)


def line_of(**changes: Any) -> Json:
    line: Json = order()["lineItems"][0]
    return line | changes


def test_order_is_read_completely() -> None:
    found = read()
    assert (found.external_id, found.marketplace, found.currency) == ("12-00001-00001", "EBAY_US", "USD")
    assert (found.state, found.platform_status) == (OrderState.OPEN, "PAID NOT_STARTED")
    assert found.fulfillment_method is FulfillmentMethod.BY_SELLER
    assert found.placed_at == datetime(2026, 5, 30, 8, 15, 30, 123000, tzinfo=UTC)
    assert found.paid_at == datetime(2026, 5, 30, 8, 16, tzinfo=UTC)
    assert found.ship_by_at == datetime(2026, 6, 1, 23, 59, 59, tzinfo=UTC)
    assert found.deliver_by_at == datetime(2026, 6, 6, 7, 0, tzinfo=UTC)
    assert (found.total, found.country) == (Decimal("45.20"), "US")
    assert found.shipping_service == "USPSFirstClass"
    assert found.unknown_values == ()
    (line,) = found.lines
    assert (line.external_id, line.listing_id, line.product_id) == (LINE, "A-1", ITEM)
    assert (line.charge, line.discount) == (Decimal("40.00"), Decimal("2.00"))
    assert (line.shipping, line.shipping_discount) == (Decimal("6.00"), Decimal("1.50"))
    assert (line.tax, line.tax_collected_by_marketplace) == (Decimal("2.70"), True)
    assert (line.is_gift, line.gift_message) == (True, "Happy birthday")
    buyer = found.buyer
    assert buyer is not None
    assert (buyer.id, buyer.name, buyer.email, buyer.tax_id) == (
        "ada_ly_1", "Ada Ly", "x1@members.ebay.com", "T-1",
    )  # fmt: skip
    assert buyer.address is not None
    assert buyer.address.lines == ("1 Mill Lane", "Flat 2")
    assert line.charge is not None
    assert found.total == line.charge - line.discount + line.shipping - line.shipping_discount + line.tax


@pytest.mark.parametrize(
    ("payment", "shipping", "state"),
    [
        ("PENDING", "NOT_STARTED", OrderState.UNPAID),
        ("FAILED", "NOT_STARTED", OrderState.UNPAID),
        ("PAID", "NOT_STARTED", OrderState.OPEN),
        ("PAID", "IN_PROGRESS", OrderState.PARTLY_SHIPPED),
        ("PAID", "FULFILLED", OrderState.SHIPPED),
        ("PARTIALLY_REFUNDED", "NOT_STARTED", OrderState.OPEN),
        ("FULLY_REFUNDED", "FULFILLED", OrderState.SHIPPED),
        ("FULLY_REFUNDED", "NOT_STARTED", OrderState.UNKNOWN),
        ("BARTERED", "NOT_STARTED", OrderState.UNKNOWN),
        ("PAID", "TELEPORTED", OrderState.UNKNOWN),
    ],
)
def test_state_is_read_from_payment_and_shipping(payment: str, shipping: str, state: OrderState) -> None:
    found = read(orderPaymentStatus=payment, orderFulfillmentStatus=shipping)
    assert found.state is state
    assert bool(found.unknown_values) is (state is OrderState.UNKNOWN)


def test_cancellation_counts_what_was_not_shipped() -> None:
    found = read(cancelStatus={"cancelState": "CANCELED", "cancelRequests": []})
    assert (found.state, found.cancel_requested) == (OrderState.CANCELED, False)
    assert found.lines[0].quantity_canceled == 2


@pytest.mark.parametrize(("request_state", "asked"), [("REQUESTED", True), ("SOMETHING_NEW", True)])
def test_wish_to_cancel_is_read_with_its_reason(request_state: str, asked: bool) -> None:
    wish = {"cancelRequestState": request_state, "cancelReason": "ORDER_MISTAKE", "cancelInitiator": "Buyer"}
    found = read(cancelStatus={"cancelState": "IN_PROGRESS", "cancelRequests": [wish]})
    assert (found.cancel_requested, found.cancel_reason) == (asked, "ORDER_MISTAKE")


def test_unknown_words_beside_the_state_are_kept_and_do_not_stop_the_order() -> None:
    start = order()["fulfillmentStartInstructions"][0] | {"fulfillmentInstructionsType": "BY_DRONE"}
    found = read(fulfillmentStartInstructions=[start])
    assert found.state is OrderState.OPEN
    assert found.unknown_values == ("fulfillmentInstructionsType=BY_DRONE",)


def test_goods_ebay_keeps_are_its_own_to_ship() -> None:
    found = read(program={"fulfillmentProgram": {"fulfilledBy": "EBAY"}})
    assert found.fulfillment_method is FulfillmentMethod.BY_CHANNEL


def test_address_may_be_missing_or_masked() -> None:
    assert read(fulfillmentStartInstructions=[]).buyer is not None
    bare = read(fulfillmentStartInstructions=[], buyer={})
    assert (bare.buyer, bare.country) == (None, "")
    start = {"shippingStep": {"shipTo": {"fullName": "A*** L***", "contactAddress": {"city": "****"}}}}
    masked = read(fulfillmentStartInstructions=[start])
    assert masked.buyer is not None
    assert masked.buyer.address is not None
    assert masked.buyer.address.city == "****"


def test_amount_in_the_buyers_currency_is_turned_back_into_the_orders() -> None:
    tax = {"value": "2.50", "currency": "EUR", "convertedFromValue": "2.70", "convertedFromCurrency": "USD"}
    found = read(lineItems=[line_of(ebayCollectAndRemitTaxes=[{"taxType": "VAT", "amount": tax}])])
    assert (found.currency, found.lines[0].tax) == ("USD", Decimal("2.70"))


def test_second_currency_makes_an_order_unreadable() -> None:
    wrong = {"value": "40.00", "currency": "EUR"}
    with pytest.raises(Unreadable, match="EUR"):
        read(lineItems=[line_of(lineItemCost=wrong)])


def test_amounts_without_decimals_stay_whole() -> None:
    def in_yen(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: "JPY" if name == "currency" else "4000" if name == "value" else in_yen(part)
                for name, part in value.items()
            }
        return [in_yen(part) for part in value] if isinstance(value, list) else value

    found = read_order(in_yen(order()))
    assert (found.currency, found.lines[0].charge) == ("JPY", Decimal(4000))


def test_missing_amount_is_unknown_and_not_zero() -> None:
    line = line_of()
    del line["lineItemCost"]
    assert read(lineItems=[line]).lines[0].charge is None


def test_shipments_are_read_from_their_addresses() -> None:
    base = "https://api.ebay.com/sell/fulfillment/v1/order/12-00001-00001/shipping_fulfillment"
    found = read(fulfillmentHrefs=[f"{base}/YT2026001", f"{base}/999"], orderFulfillmentStatus="FULFILLED")
    assert [parcel.tracking_number for parcel in found.parcels] == ["YT2026001", ""]
    assert found.lines[0].quantity_shipped == 2
    alone = read(fulfillmentHrefs=[f"{base}/YT2026001"], orderFulfillmentStatus="FULFILLED")
    assert alone.parcels[0].lines == ((LINE, 2),)


def test_refund_is_the_lines() -> None:
    found = read(lineItems=[line_of(refunds=[{"amount": usd("5.00")}, {"amount": usd("1.25")}])])
    assert found.lines[0].refunded == Decimal("6.25")


def test_motors_belongs_to_the_american_shop_and_nowhere_is_refused() -> None:
    assert read(lineItems=[line_of(listingMarketplaceId="EBAY_MOTORS_US")]).marketplace == "EBAY_US"
    with pytest.raises(Unreadable, match="EBAY_MARS"):
        read(lineItems=[line_of(listingMarketplaceId="EBAY_MARS")])


def test_paid_order_names_the_numbers_it_had_before() -> None:
    assert read().replaces == (f"{ITEM}-{LINE}",)
    assert read(orderId=f"{ITEM}-{LINE}", orderPaymentStatus="PENDING").replaces == ()
    assert read(orderId=f"{ITEM}-{LINE}").replaces == ()
    assert former_numbers("1", [("", "2"), ("3", "4")]) == ("3-4",)


def test_listing_without_sku_is_named_after_its_item_and_variation() -> None:
    line = line_of(sku="")
    code = read(lineItems=[line]).lines[0].listing_id
    assert code == listing_code(sku="", item=ITEM, aspects=[("Color", "Blue")])
    assert code.startswith(f"item-{ITEM}-")
    assert item_of_code(code) == ITEM
    assert item_of_code("item-") == item_of_code("A-1") == item_of_code("item-²") == ""
    with pytest.raises(Unreadable):
        listing_code(sku=" ", item="")


def test_saved_trading_answer_is_read() -> None:
    found = read_order_files(saved(trading_order()))
    assert found.layout == "trading-get-orders"
    (one,) = found.page.items
    assert (one.external_id, one.state, one.currency) == ("12-00001-00001", OrderState.OPEN, "USD")
    assert one.paid_at == datetime(2026, 5, 30, 8, 16, tzinfo=UTC)
    assert one.updated_at == datetime(2026, 5, 30, 10, 15, 30, tzinfo=UTC)
    (line,) = one.lines
    assert (line.external_id, line.listing_id, line.quantity) == (LINE, "A-1", 2)
    assert (line.charge, line.shipping, line.tax) == (Decimal("40.00"), Decimal("4.50"), Decimal("2.70"))
    assert one.replaces == (f"{ITEM}-{LINE}",)
    assert one.buyer is not None
    assert (one.buyer.id, one.buyer.phone) == ("ada_ly_1", "")


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"OrderStatus": "Active", "PaidTime": None}, OrderState.UNPAID),
        ({"PaidTime": None}, OrderState.UNPAID),
        ({"ShippedTime": "2026-05-31T10:00:00.000Z"}, OrderState.SHIPPED),
        ({"OrderStatus": "Cancelled"}, OrderState.CANCELED),
        ({"OrderStatus": "Inactive"}, OrderState.UNKNOWN),
        ({"OrderStatus": "Beamed"}, OrderState.UNKNOWN),
    ],
)
def test_state_of_a_trading_order(changes: dict[str, Any], state: OrderState) -> None:
    (one,) = read_order_files(saved(trading_order() | changes)).page.items
    assert one.state is state


def test_trading_order_shows_parcels_refunds_and_returns() -> None:
    full = trading_order()
    item = full["TransactionArray"]["Transaction"]
    item["ShippingDetails"] = {
        "ShipmentTrackingDetails": [
            {"ShippingCarrierUsed": "USPS", "ShipmentTrackingNumber": "T1"},
            {"ShippingCarrierUsed": "DHL", "ShipmentTrackingNumber": "T2"},
        ]
    }
    item["Status"] = {"ReturnStatus": "ReturnOpen"}
    refund = {"RefundAmount": {"@currencyID": "USD", "#text": "5.0"}}
    full["MonetaryDetails"] = {"Refunds": {"Refund": refund}}
    (one,) = read_order_files(saved(full)).page.items
    assert [(parcel.carrier, parcel.tracking_number) for parcel in one.parcels] == [
        ("USPS", "T1"),
        ("DHL", "T2"),
    ]
    assert one.lines[0].refunded == Decimal("5.0")
    assert [(back.status, back.quantity) for back in one.returns] == [("ReturnOpen", 2)]


def test_bad_order_of_a_saved_answer_stops_only_itself() -> None:
    broken = trading_order() | {"OrderID": "9", "Total": {"@currencyID": "USD", "#text": "12,3O"}}
    found = read_order_files(saved(trading_order(), broken))
    assert [one.external_id for one in found.page.items] == ["12-00001-00001"]
    assert [item.external_id for item in found.page.bad] == ["9"]


@pytest.mark.parametrize(
    "content",
    [
        xml_answer("GetUser", {"User": {"UserID": "x"}}).body,
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><GetOrdersResponse/>',
        b"<a>" * 100_000,
        b"<GetOrdersResponse><OrderArray>",
        b'{"errors": [{"errorId": 1001}]}',
    ],
)
def test_file_without_orders_is_refused(content: bytes) -> None:
    with pytest.raises(Refused):
        read_order_files(content)
