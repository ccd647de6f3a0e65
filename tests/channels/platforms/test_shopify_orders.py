"""What an order of Shopify becomes: money in the shop's currency, states, parcels, returns, masked buyers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from channels.messages import IncomingOrder, OrderState
from channels.platforms.shopify import PLATFORM
from channels.platforms.shopify.mapping import read_order
from channels.platforms.shopify.mapping_money import spread
from channels.reading import Unreadable
from tests.channels.platforms.contract import Json
from tests.channels.platforms.examples import shopify, shopify_rest
from tests.channels.platforms.examples.shopify import usd


def changed(**fields: Any) -> IncomingOrder:
    return read_order(shopify.order() | fields)


def line_of(order: Json, place: int = 0) -> Json:
    found: Json = order["lineItems"]["nodes"][place]
    return found


def test_order_is_told_in_the_shops_currency_and_keeps_what_the_buyer_saw() -> None:
    order = read_order(shopify.order())
    (line,) = order.lines
    assert (order.currency, order.total) == ("USD", Decimal("45.70"))
    assert (line.charge, line.discount, line.shipping, line.shipping_discount) == (
        Decimal("40.00"),
        Decimal("2.00"),
        Decimal("6.00"),
        Decimal("1.50"),
    )
    assert line.tax == Decimal("3.20")
    assert order.raw["totalPriceSet"]["presentmentMoney"] == {"amount": "42.04", "currencyCode": "EUR"}


def test_order_knows_its_buyer_parcels_and_times() -> None:
    order = read_order(shopify.order())
    assert order.buyer is not None
    assert (order.buyer.name, order.buyer.email, order.buyer.id) == ("Ada Ly", "ada@example.com", "900")
    assert order.buyer.address is not None
    assert order.buyer.address.lines == ("1 Mill Lane", "Flat 2")
    assert order.country == "US"
    assert order.updated_at == datetime(2026, 5, 30, 8, 15, 30, tzinfo=UTC)
    (parcel,) = order.parcels
    assert (parcel.carrier, parcel.tracking_number, parcel.lines) == ("UPS", "T-77", (("11", 1),))
    assert (order.lines[0].quantity_shipped, order.lines[0].quantity_canceled) == (1, 0)
    assert order.state is OrderState.PARTLY_SHIPPED


def test_tax_inside_of_the_price_is_taken_out_of_it() -> None:
    raw = shopify.order() | {"taxesIncluded": True, "totalPriceSet": usd("42.50")}
    order = read_order(raw)
    (line,) = order.lines
    assert line.charge == Decimal("37.30")
    assert line.shipping == Decimal("5.50")
    total = line.charge + line.shipping + line.tax - line.discount - line.shipping_discount
    assert total == order.total


def test_currency_without_decimals_is_spread_in_whole_units() -> None:
    raw = json.loads(
        json.dumps(shopify.order()).replace('"USD"', '"JPY"').replace(".00", "").replace(".70", "")
    )
    raw["shippingLines"]["nodes"][0]["discountedPriceSet"]["shopMoney"]["amount"] = "5"
    raw["totalTaxSet"]["shopMoney"]["amount"] = "3"
    line_of(raw)["taxLines"][0]["priceSet"]["shopMoney"]["amount"] = "2"
    raw["lineItems"]["nodes"].append(
        json.loads(json.dumps(line_of(raw))) | {"id": "gid://shopify/LineItem/12"}
    )
    order = read_order(raw)
    assert order.currency == "JPY"
    assert [line.shipping for line in order.lines] == [Decimal(3), Decimal(3)]
    assert sum(line.shipping_discount for line in order.lines) == 1
    assert all(line.shipping_discount % 1 == 0 for line in order.lines)


def test_shares_add_up_whatever_is_spread() -> None:
    for total in ("0", "0.01", "10.00", "7", "0.005"):
        for weights in (["1", "1", "1"], ["0", "0"], ["5", "0", "2.5"], ["1"]):
            parts = spread(Decimal(total), [Decimal(one) for one in weights], "USD")
            assert sum(parts) == Decimal(total)
            assert min(parts) >= 0
    assert spread(Decimal(5), [], "USD") == []


def test_amount_in_another_currency_than_the_shops_makes_the_order_unreadable() -> None:
    raw = shopify.order()
    line_of(raw)["originalTotalSet"]["shopMoney"]["currencyCode"] = "EUR"
    with pytest.raises(Unreadable, match="EUR"):
        read_order(raw)


@pytest.mark.parametrize(
    ("money", "goods", "state"),
    [
        ("PAID", "UNFULFILLED", OrderState.OPEN),
        ("AUTHORIZED", "UNFULFILLED", OrderState.OPEN),
        ("PAID", "ON_HOLD", OrderState.OPEN),
        ("PAID", "IN_PROGRESS", OrderState.OPEN),
        ("PENDING", "UNFULFILLED", OrderState.UNPAID),
        ("PARTIALLY_PAID", "UNFULFILLED", OrderState.UNPAID),
        ("EXPIRED", "UNFULFILLED", OrderState.UNPAID),
        ("PENDING", "FULFILLED", OrderState.SHIPPED),
        ("PARTIALLY_REFUNDED", "PARTIALLY_FULFILLED", OrderState.PARTLY_SHIPPED),
        ("REFUNDED", "FULFILLED", OrderState.SHIPPED),
        ("PAID", "TELEPORTED", OrderState.UNKNOWN),
        ("HAGGLED", "UNFULFILLED", OrderState.UNKNOWN),
    ],
)
def test_state_follows_payment_and_fulfillment(money: str, goods: str, state: OrderState) -> None:
    order = changed(displayFinancialStatus=money, displayFulfillmentStatus=goods)
    assert order.state is state
    assert order.platform_status == f"{money} {goods}"
    assert bool(order.unknown_values) is (state is OrderState.UNKNOWN)


def test_cash_on_delivery_is_worked_before_it_is_paid() -> None:
    order = changed(
        displayFinancialStatus="PENDING", displayFulfillmentStatus="UNFULFILLED",
        paymentGatewayNames=["Cash on Delivery (COD)"],
    )  # fmt: skip
    assert order.state is OrderState.OPEN


def test_canceled_order_has_nothing_left_to_ship() -> None:
    order = changed(cancelledAt="2026-05-31T00:00:00Z", cancelReason="INVENTORY")
    assert order.state is OrderState.CANCELED
    assert (order.lines[0].quantity_shipped, order.lines[0].quantity_canceled) == (1, 1)
    assert order.cancel_reason == "INVENTORY"


def test_units_taken_off_an_order_are_canceled() -> None:
    raw = shopify.order() | {"fulfillments": [], "displayFulfillmentStatus": "UNFULFILLED"}
    line_of(raw)["unfulfilledQuantity"] = 1
    order = read_order(raw)
    assert (order.lines[0].quantity, order.lines[0].quantity_canceled) == (2, 1)
    line_of(raw)["unfulfilledQuantity"] = 0
    assert read_order(raw).state is OrderState.CANCELED


def test_order_whose_parcels_all_arrived_is_completed() -> None:
    raw = shopify.order() | {"displayFulfillmentStatus": "FULFILLED"}
    raw["fulfillments"][0]["deliveredAt"] = "2026-06-03T00:00:00Z"
    assert read_order(raw).state is OrderState.COMPLETED


def test_canceled_parcel_is_none() -> None:
    raw = shopify.order()
    raw["fulfillments"][0]["status"] = "CANCELLED"
    order = read_order(raw)
    assert order.parcels == ()
    assert order.lines[0].quantity_shipped == 0


def test_parts_of_a_bundle_are_kept_and_its_own_line_is_skipped() -> None:
    raw = shopify.order()
    group = {"id": "gid://shopify/LineItemGroup/1", "title": "Set", "quantity": 1, "variantId":
             "gid://shopify/ProductVariant/900", "variantSku": "SET"}  # fmt: skip
    part = line_of(raw)
    bundle = json.loads(json.dumps(part)) | {
        "id": "gid://shopify/LineItem/10", "sku": "SET", "variant": {"id": "gid://shopify/ProductVariant/900"},
        "unfulfilledQuantity": 2,
    }  # fmt: skip
    raw["lineItems"]["nodes"] = [bundle, part | {"lineItemGroup": group}]
    assert [line.listing_id for line in read_order(raw).lines] == ["A-1"]
    assert [line.listing_id for line in changed(lineItems={"nodes": [bundle]}).lines] == ["SET"]


def test_line_without_a_sku_is_named_by_its_variant_and_one_without_both_by_itself() -> None:
    raw = shopify.order()
    line_of(raw)["sku"] = " "
    assert read_order(raw).lines[0].listing_id == "501"
    line_of(raw)["variant"] = None
    assert read_order(raw).lines[0].listing_id == "line-11"


def test_hidden_buyer_is_no_error() -> None:
    hidden = changed(shippingAddress=None, email=None, phone=None, customer=None)
    assert hidden.buyer is None
    assert hidden.country == ""
    masked = changed(shippingAddress={"countryCodeV2": "US", "zip": "974**", "name": None})
    assert masked.buyer is not None
    assert masked.buyer.address is not None
    assert masked.buyer.address.postal_code == "974**"
    assert "country=USA" in changed(shippingAddress={"countryCodeV2": "USA"}).unknown_values


def test_refund_and_return_stand_on_their_line() -> None:
    order = read_order(shopify.order() | {name: shopify.BACK[name] for name in ("refunds", "returns")})
    assert order.lines[0].refunded == Decimal("20.35")
    (back,) = order.returns
    assert (back.line_id, back.quantity, back.status, back.reason) == ("11", 1, "open", "DEFECTIVE: torn")
    assert back.refunded == Decimal("20.35")


def test_declined_return_brings_nothing_back() -> None:
    back = json.loads(json.dumps(shopify.BACK))
    back["returns"]["nodes"][0]["status"] = "DECLINED"
    back["refunds"] = []
    order = read_order(shopify.order() | {name: back[name] for name in ("refunds", "returns")})
    assert [(one.quantity, one.status) for one in order.returns] == [(0, "declined")]


@pytest.mark.parametrize("name", ["id", "createdAt", "updatedAt", "currencyCode", "lineItems"])
def test_order_without_what_it_needs_is_unreadable(name: str) -> None:
    raw = shopify.order()
    del raw[name]
    with pytest.raises(Unreadable):
        read_order(raw)


def rest(**fields: Any) -> IncomingOrder:
    page = PLATFORM.read_order_files(json.dumps(shopify_rest.order() | fields).encode()).page
    assert page.bad == ()
    return page.items[0]


def test_webhook_body_is_read_like_the_new_api() -> None:
    old, new = rest(), read_order(shopify.order())
    assert set(old.raw) == set(shopify_rest.order())
    assert (old.external_id, old.marketplace) == ("1231", "shopify")
    given = replace(old.lines[0], refunded=Decimal(0))
    assert given == new.lines[0]
    for name in ("state", "platform_status", "total", "currency", "placed_at", "updated_at", "country"):
        assert getattr(old, name) == getattr(new, name), name
    assert old.buyer == new.buyer
    assert old.parcels == new.parcels
    assert old.lines[0].refunded == Decimal("20.35")
    assert [(one.line_id, one.status) for one in old.returns] == [("11", "refunded")]


@pytest.mark.parametrize(
    ("money", "goods", "state"),
    [
        ("paid", None, OrderState.OPEN),
        ("pending", None, OrderState.UNPAID),
        ("paid", "fulfilled", OrderState.SHIPPED),
        ("paid", "teleported", OrderState.UNKNOWN),
    ],
)
def test_states_of_rest_are_the_same(money: str, goods: str | None, state: OrderState) -> None:
    assert rest(financial_status=money, fulfillment_status=goods).state is state


def test_files_of_every_shape_are_read_and_mixed() -> None:
    node, old = shopify.order(), shopify_rest.order()
    shapes: dict[str, Any] = {
        "page": shopify.order_page([node], ""),
        "edges": {"data": {"orders": {"edges": [{"node": node, "cursor": "x"}]}}},
        "single": shopify.answer({"order": node}),
        "node": node,
        "rest page": {"orders": [old]},
        "rest single": {"order": old},
        "webhook": old,
        "list": [node, old],
    }
    for name, value in shapes.items():
        found = PLATFORM.read_order_files(json.dumps(value).encode())
        assert found.page.bad == (), name
        assert {one.external_id for one in found.page.items} <= {"123-1", "1231"}, name
        assert found.page.items, name
    text = json.dumps(node) + "\n" + json.dumps(old)
    assert PLATFORM.read_order_files(text.encode()).layout == "shopify-mixed"
    assert PLATFORM.read_order_files(text.encode("utf-16")).layout == "shopify-mixed"


def test_error_answer_among_good_ones_is_named() -> None:
    text = json.dumps(shopify.order()) + json.dumps({"errors": [{"message": "Throttled"}]})
    page = PLATFORM.read_order_files(text.encode()).page
    assert len(page.items) == 1
    assert "error answer" in page.bad[0].reason
