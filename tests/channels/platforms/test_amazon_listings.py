"""Amazon's listings and its own stock as the hub reads them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from channels.messages import FulfillmentMethod
from channels.platforms.amazon.mapping_listings import read_listing, read_stock
from channels.reading import Unreadable
from tests.channels.platforms.examples.amazon import STOCK, US
from tests.channels.platforms.examples.amazon import listing as new_listing


def test_listing_is_read_whole() -> None:
    found = read_listing(new_listing(), US)
    assert (found.listing_id, found.marketplace, found.title) == ("A-1", US, "Tea towel")
    assert (found.product_id, found.product_type, found.status) == (
        "B000000001",
        "TOWEL",
        "BUYABLE, DISCOVERABLE",
    )
    assert (found.price, found.currency, found.quantity) == (Decimal("20.00"), "USD", 12)
    assert found.fulfillment_method is FulfillmentMethod.BY_SELLER
    assert (found.parent_id, found.is_parent) == ("A-PARENT", False)
    assert found.barcodes == ("4006381333931",)
    assert found.picture_url == "https://m.media-amazon.com/images/I/1.jpg"


def test_goods_at_amazon_show_no_quantity_of_ours() -> None:
    raw = new_listing() | {"fulfillmentAvailability": [{"fulfillmentChannelCode": "AMAZON_NA"}]}
    found = read_listing(raw, US)
    assert (found.fulfillment_method, found.quantity) == (FulfillmentMethod.BY_CHANNEL, None)


def test_variation_parent_is_known_by_its_children() -> None:
    relations = [{"marketplaceId": US, "relationships": [{"type": "VARIATION", "childSkus": ["A-1"]}]}]
    assert read_listing(new_listing() | {"relationships": relations}, US).is_parent


def test_only_the_asked_marketplace_is_read() -> None:
    found = read_listing(new_listing(), "A1PA6795UKMFR9")
    assert (found.title, found.price, found.product_id, found.parent_id) == ("", None, "", "")


def test_listing_with_nothing_but_its_sku_is_one() -> None:
    found = read_listing({"sku": "A-1"}, US)
    assert (found.listing_id, found.price, found.quantity) == ("A-1", None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"sku": None},
        {"sku": "x" * 121},
        {"sku": 7},
        {"summaries": "none"},
        {"fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": -1}]},
        {
            "offers": [
                {"marketplaceId": US, "offerType": "B2C", "price": {"amount": "1", "currencyCode": "?"}}
            ]
        },
        {"offers": [{"marketplaceId": US, "offerType": "B2C"}]},
    ],
)
def test_listing_that_cannot_be_true_is_unreadable(change: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        read_listing(new_listing() | change, US)


def test_stock_at_amazon_is_counted_by_what_can_be_done_with_it() -> None:
    found = read_stock(STOCK, US)
    assert (found.sellable, found.reserved, found.inbound, found.unsellable) == (8, 4, 6, 5)
    assert (found.listing_id, found.product_id, found.marketplace) == ("A-1", "B000000001", US)


def test_stock_without_details_is_unknown_and_not_zero() -> None:
    with pytest.raises(Unreadable, match="inventoryDetails"):
        read_stock({"sellerSku": "A-1", "totalQuantity": 3}, US)
