"""The same invented order as in ``amazon``, the way the old Orders API v0 writes it."""

from __future__ import annotations

import copy

from tests.channels.platforms.contract import Json


def _usd(amount: str) -> Json:
    return {"CurrencyCode": "USD", "Amount": amount}


_ORDER: Json = {
    "AmazonOrderId": "123-1",
    "PurchaseDate": "2026-05-30T08:15:30Z",
    "LastUpdateDate": "2026-05-30T08:15:30Z",
    "OrderStatus": "Unshipped",
    "FulfillmentChannel": "MFN",
    "SalesChannel": "Amazon.com",
    "ShipmentServiceLevelCategory": "Standard",
    "OrderTotal": _usd("47.20"),
    "MarketplaceId": "ATVPDKIKX0DER",
    "LatestShipDate": "2026-06-01T23:59:59Z",
    "LatestDeliveryDate": "2026-06-06T23:59:59Z",
    "IsPrime": True,
    "IsBusinessOrder": False,
    "ShippingAddress": {"City": "Springfield", "StateOrRegion": "OR", "CountryCode": "US"},
    "BuyerInfo": {"BuyerEmail": "x1@marketplace.amazon.com"},
}
_ITEM: Json = {
    "ASIN": "B000000001",
    "SellerSKU": "A-1",
    "OrderItemId": "11",
    "Title": "Tea towel",
    "QuantityOrdered": 2,
    "QuantityShipped": 0,
    "ItemPrice": _usd("40.00"),
    "ShippingPrice": _usd("6.00"),
    "PromotionDiscount": _usd("2.00"),
    "ShippingDiscount": _usd("1.50"),
    "ItemTax": _usd("2.70"),
    "IsGift": "true",
    "BuyerInfo": {"GiftMessageText": "Happy birthday", "GiftWrapPrice": _usd("2.00")},
    "TaxCollection": {"Model": "MarketplaceFacilitator", "ResponsibleParty": "Amazon Services, Inc."},
}


def order() -> Json:
    return copy.deepcopy(_ORDER)


def item() -> Json:
    return copy.deepcopy(_ITEM)


def items_answer(order_id: str = "123-1") -> Json:
    return {"payload": {"AmazonOrderId": order_id, "OrderItems": [item()]}}


def page(*orders: Json) -> Json:
    return {"payload": {"Orders": list(orders), "LastUpdatedBefore": "2026-06-01T00:00:00Z"}}
