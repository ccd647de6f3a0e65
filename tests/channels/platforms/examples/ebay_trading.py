"""Trading's GetOrders in our own words."""

from __future__ import annotations

import copy

from tests.channels.platforms.contract import Json
from tests.channels.platforms.examples.ebay import ITEM, xml_answer


def _usd(value: str) -> Json:
    return {"@currencyID": "USD", "#text": value}


_ORDER: Json = {
    "OrderID": "12-00001-00001",
    "OrderStatus": "Completed",
    "AmountPaid": _usd("47.2"),
    "CheckoutStatus": {
        "eBayPaymentStatus": "NoPaymentFailure",
        "LastModifiedTime": "2026-05-30T10:15:30.000Z",
        "Status": "Complete",
    },
    "CreatedTime": "2026-05-30T08:15:30.000Z",
    "PaidTime": "2026-05-30T08:16:00.000Z",
    "ShippingAddress": {
        "Name": "Ada Ly",
        "Street1": "1 Mill Lane",
        "Street2": "",
        "CityName": "Springfield",
        "StateOrProvince": "OR",
        "Country": "US",
        "Phone": "Invalid Request",
        "PostalCode": "97477",
    },
    "ShippingServiceSelected": {"ShippingService": "USPSFirstClass"},
    "Subtotal": _usd("40.0"),
    "Total": _usd("47.2"),
    "TransactionArray": {
        "Transaction": {
            "Buyer": {"Email": "x1@members.ebay.com"},
            "CreatedDate": "2026-05-30T08:15:30.000Z",
            "Item": {"ItemID": ITEM, "Site": "US", "Title": "Tea towel & more", "SKU": "A-1"},
            "QuantityPurchased": "2",
            "Status": {"ReturnStatus": "NotApplicable"},
            "TransactionID": "10000000000011",
            "TransactionPrice": _usd("20.0"),
            "TransactionSiteID": "US",
            "ActualShippingCost": _usd("4.5"),
            "Taxes": {"TotalTaxAmount": _usd("0.0")},
            "eBayCollectAndRemitTax": "true",
            "eBayCollectAndRemitTaxes": {"TotalTaxAmount": _usd("2.7")},
            "OrderLineItemID": f"{ITEM}-10000000000011",
        }
    },
    "BuyerUserID": "ada_ly_1",
    "CancelStatus": "NotApplicable",
}


def trading_order() -> Json:
    return copy.deepcopy(_ORDER)


def saved(*orders: Json) -> bytes:
    """Return a saved answer of GetOrders; a field that is ``None`` is left out."""
    kept = [{name: value for name, value in one.items() if value is not None} for one in orders]
    return xml_answer("GetOrders", {"OrderArray": {"Order": kept}, "HasMoreOrders": "false"}).body
