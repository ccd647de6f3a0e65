"""eBay's wire formats in our own words: small invented objects in the shapes of REST and Trading."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tests.answering import Reply
from tests.channels.platforms.contract import Examples, Json, Step, reply

US = "EBAY_US"
ITEM = "110000000001"
NAMESPACE = "urn:ebay:apis:eBLBaseComponents"
ADDRESS = "https://hub.example/push"
VERIFICATION = "verify-me_0123456789-0123456789-0123456789"


def usd(value: str) -> Json:
    return {"value": value, "currency": "USD"}


_ORDER: Json = {
    "orderId": "12-00001-00001",
    "creationDate": "2026-05-30T08:15:30.123Z",
    "lastModifiedDate": "2026-05-30T10:15:30.000Z",
    "orderFulfillmentStatus": "NOT_STARTED",
    "orderPaymentStatus": "PAID",
    "sellerId": "SELLER1",
    "buyer": {"username": "ada_ly_1", "taxIdentifier": {"taxpayerId": "T-1", "taxIdentifierType": "VAT"}},
    "pricingSummary": {
        "priceSubtotal": usd("40.00"),
        "priceDiscount": usd("-2.00"),
        "deliveryCost": usd("6.00"),
        "deliveryDiscount": usd("-1.50"),
        "total": usd("45.20"),
    },
    "cancelStatus": {"cancelState": "NONE_REQUESTED", "cancelRequests": []},
    "paymentSummary": {
        "totalDueSeller": usd("42.50"),
        "refunds": [],
        "payments": [
            {
                "paymentMethod": "EBAY",
                "paymentReferenceId": "P1",
                "paymentDate": "2026-05-30T08:16:00.000Z",
                "amount": usd("45.20"),
                "paymentStatus": "PAID",
            }
        ],
    },
    "fulfillmentStartInstructions": [
        {
            "fulfillmentInstructionsType": "SHIP_TO",
            "minEstimatedDeliveryDate": "2026-06-03T07:00:00.000Z",
            "maxEstimatedDeliveryDate": "2026-06-06T07:00:00.000Z",
            "ebaySupportedFulfillment": False,
            "shippingStep": {
                "shippingCarrierCode": "USPS",
                "shippingServiceCode": "USPSFirstClass",
                "shipTo": {
                    "fullName": "Ada Ly",
                    "contactAddress": {
                        "addressLine1": "1 Mill Lane",
                        "addressLine2": "Flat 2",
                        "city": "Springfield",
                        "stateOrProvince": "OR",
                        "postalCode": "97477",
                        "countryCode": "US",
                    },
                    "primaryPhone": {"phoneNumber": "+1 555 0100"},
                    "email": "x1@members.ebay.com",
                },
            },
        }
    ],
    "fulfillmentHrefs": [],
    "lineItems": [
        {
            "lineItemId": "10000000000011",
            "legacyItemId": ITEM,
            "legacyVariationId": "400000000001",
            "variationAspects": [{"name": "Color", "value": "Blue"}],
            "sku": "A-1",
            "title": "Tea towel",
            "lineItemCost": usd("40.00"),
            "discountedLineItemCost": usd("38.00"),
            "quantity": 2,
            "soldFormat": "FIXED_PRICE",
            "listingMarketplaceId": US,
            "purchaseMarketplaceId": US,
            "lineItemFulfillmentStatus": "NOT_STARTED",
            "total": usd("45.20"),
            "deliveryCost": {"shippingCost": usd("6.00"), "discountAmount": usd("1.50")},
            "appliedPromotions": [{"discountAmount": usd("2.00"), "promotionId": "5"}],
            "taxes": [],
            "ebayCollectAndRemitTaxes": [
                {"taxType": "STATE_SALES_TAX", "amount": usd("2.70"), "collectionMethod": "NET"}
            ],
            "properties": {"buyerProtection": True},
            "giftDetails": {"message": "Happy birthday"},
            "lineItemFulfillmentInstructions": {
                "minEstimatedDeliveryDate": "2026-06-03T07:00:00.000Z",
                "maxEstimatedDeliveryDate": "2026-06-06T07:00:00.000Z",
                "shipByDate": "2026-06-01T23:59:59.000Z",
                "guaranteedDelivery": False,
            },
        }
    ],
    "ebayCollectAndRemitTax": True,
    "salesRecordReference": "7",
    "totalFeeBasisAmount": usd("45.20"),
    "totalMarketplaceFee": usd("5.10"),
}
_LISTING: Json = {
    "ItemID": ITEM,
    "SKU": "A-1",
    "Title": "Tea towel",
    "Site": "US",
    "BuyItNowPrice": {"@currencyID": "USD", "#text": "20.0"},
    "SellingStatus": {
        "CurrentPrice": {"@currencyID": "USD", "#text": "20.0"},
        "QuantitySold": "3",
        "ListingStatus": "Active",
    },
    "Quantity": "15",
    "QuantityAvailable": "12",
    "PictureDetails": {"GalleryURL": "https://i.ebayimg.com/00/1.jpg"},
    "ListingDetails": {"ViewItemURL": "https://www.ebay.com/itm/110000000001"},
    "ProductListingDetails": {"EAN": "4006381333931"},
}


def order() -> Json:
    return copy.deepcopy(_ORDER)


def listing() -> Json:
    return copy.deepcopy(_LISTING)


def order_page(orders: Sequence[Any], token: str) -> Json:
    total = 400 if token else len(orders)
    page: Json = {"href": "/order", "total": total, "limit": 200, "offset": 0, "orders": list(orders)}
    return page | ({"next": "https://api.ebay.com/sell/fulfillment/v1/order?offset=200"} if token else {})


def xml_of(data: Any) -> str:
    """Write an object as elements; ``@name`` is an attribute, ``#text`` the text beside attributes."""
    if not isinstance(data, dict):
        return "" if data is None else escape(str(data))
    found = ""
    for name, value in data.items():
        for one in value if isinstance(value, list) else [value]:
            if name.startswith("@"):
                continue
            inside, attributes = one, ""
            if isinstance(one, dict):
                attributes = "".join(
                    f" {key[1:]}={quoteattr(str(part))}" for key, part in one.items() if key[0] == "@"
                )
                inside = one.get("#text", one)
            found += f"<{name}{attributes}>{xml_of(inside)}</{name}>"
    return found


def xml_answer(verb: str, data: Mapping[str, Any], *, ack: str = "Success", **options: Any) -> Reply:
    """Return a good Trading answer."""
    body = xml_of({"Timestamp": "2026-06-01T12:00:00.000Z", "Ack": ack, **data})
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><{verb}Response xmlns="{NAMESPACE}">{body}</{verb}Response>'
    )
    return Reply(body=text.encode(), content_type="text/xml;charset=utf-8", **options)


def xml_failure(verb: str, code: str, words: str, *, ack: str = "Failure") -> Reply:
    """Return a Trading answer with one error."""
    error = {
        "ShortMessage": words,
        "LongMessage": words,
        "ErrorCode": code,
        "SeverityCode": "Error",
        "ErrorClassification": "RequestError",
    }
    return xml_answer(verb, {"Errors": error}, ack=ack)


def problem(status: int, number: int, message: str) -> Reply:
    """Return a REST answer with one error."""
    error = {"errorId": number, "domain": "API_TEST", "category": "REQUEST", "message": message}
    return reply({"errors": [error]}, status=status)


def active_list(items: Sequence[Any], *, pages: int = 1) -> Reply:
    """Return GetMyeBaySelling's answer."""
    result = {"TotalNumberOfPages": str(pages), "TotalNumberOfEntries": str(len(items))}
    array = {"ItemArray": {"Item": list(items)}, "PaginationResult": result}
    return xml_answer("GetMyeBaySelling", {"ActiveList": array})


def unknown_skus(*skus: str) -> Reply:
    """Return bulk_get_inventory_item's answer for listings that Trading made."""
    error = {"errorId": 25710, "domain": "API_INVENTORY", "category": "REQUEST", "message": "not found"}
    return reply({"responses": [{"statusCode": 404, "sku": sku, "errors": [error]} for sku in skus]})


def listing_exchanges(listings: Sequence[Any], token: str) -> tuple[Step, ...]:
    skus = [one["SKU"] for one in listings]
    return Step(active_list(listings)), Step(unknown_skus(*skus), "responses")


def single_listing_exchanges(one: Json) -> tuple[Step, ...]:
    return (Step(xml_answer("GetSellerList", {"ItemArray": {"Item": one}})),)


def revised(quantity: str = "7", sku: str = "A-1") -> Reply:
    """Return ReviseInventoryStatus's answer."""
    status = {"SKU": sku, "ItemID": ITEM, "Quantity": quantity}
    return xml_answer("ReviseInventoryStatus", {"InventoryStatus": status, "Fees": {"ItemID": ITEM}})


def dressed(one: Json, code: str, title: str) -> Json:
    """Put a code and a title on an order's first line or on a listing."""
    if "lineItems" in one:
        one["lineItems"][0].update(sku=code, title=title)
    else:
        one.update(SKU=code, Title=title)
    return one


def _subscribe(base: str) -> tuple[Step, ...]:
    destination = {
        "destinationId": "d1",
        "name": "hub",
        "status": "ENABLED",
        "deliveryConfig": {"endpoint": ADDRESS, "verificationToken": VERIFICATION},
    }
    topics = ("MARKETPLACE_ACCOUNT_DELETION", "AUTHORIZATION_REVOCATION")
    orders = ("ORDER_CONFIRMATION", "ITEM_MARKED_SHIPPED")

    def held(names: tuple[str, ...]) -> Reply:
        return reply(
            {
                "subscriptions": [
                    {"topicId": name, "destinationId": "d1", "status": "ENABLED"} for name in names
                ]
            }
        )

    return (
        Step(held(orders), "subscriptions"),
        Step(reply(token()), "access_token"),
        Step(reply({"destinations": [destination]}), "destinations"),
        Step(held(topics), "subscriptions"),
    )


def _statements(base: str) -> tuple[Step, ...]:
    payout = {
        "payoutId": "5001", "payoutStatus": "SUCCEEDED", "payoutDate": "2026-06-01T11:30:00.000Z",
        "amount": usd("8.60"), "transactionCount": 1,
    }  # fmt: skip
    sale = {
        "transactionId": "123-1", "orderId": "123-1", "transactionType": "SALE", "bookingEntry": "CREDIT",
        "amount": usd("8.60"), "transactionDate": "2026-05-30T08:00:00.000Z", "payoutId": "5001",
        "transactionStatus": "PAYOUT",
    }  # fmt: skip
    return (
        Step(reply({"payouts": [payout], "total": 1, "limit": 1, "offset": 0}), "payouts"),
        Step(reply({"transactions": [sale], "total": 1, "limit": 1000, "offset": 0}), "transactions"),
    )


def orders_answer(
    orders: Sequence[Any], *, total: int | None = None, has_more: bool = False, **options: Any
) -> Reply:
    """Return GetOrders' answer."""
    count = len(orders) if total is None else total
    data = {
        "PaginationResult": {"TotalNumberOfPages": -(-count // 100), "TotalNumberOfEntries": count},
        "HasMoreOrders": str(has_more).lower(),
        "OrderArray": {"Order": list(orders)},
        "ReturnedOrderCountActual": len(orders),
    }
    return xml_answer("GetOrders", data, **options)


def returned_order(number: str = "12-00001-00001", line: str = "10000000000011", **changes: Any) -> Json:
    """Return what GetOrders shows of an order whose line comes back, as far as returns need it."""
    item = {
        "Item": {"ItemID": ITEM}, "QuantityPurchased": "2", "TransactionID": line,
        "Status": {"ReturnStatus": "ReturnOpen", "LastTimeModified": "2026-05-31T10:00:00.000Z"},
        "OrderLineItemID": f"{ITEM}-{line}",
    }  # fmt: skip
    return {"OrderID": number, "TransactionArray": {"Transaction": item | changes}}


def token() -> Json:
    return {"access_token": "v^1.1#i^1", "token_type": "User Access Token", "expires_in": 7200}


def created(place: str = "/order/123-1/shipping_fulfillment/T1") -> Reply:
    """Return 201 without a body."""
    return Reply(201, b"", "", headers={"Location": f"https://api.ebay.com{place}"})


EXAMPLES = Examples(
    credentials={
        "client_id": "app-1",
        "client_secret": "cert-1",
        "refresh_token": "v^1.1#r^1",
        "verification_token": VERIFICATION,
    },
    marketplaces=(US,),
    order=order,
    listing=listing,
    order_page=order_page,
    listing_page=lambda items, token: {"items": list(items)},
    single_order=lambda one: one,
    single_listing=lambda one: one,
    dressed=dressed,
    token=token,
    token_key="access_token",
    expired=lambda: problem(401, 1001, "Invalid access token"),
    rejected=lambda: reply({"error": "invalid_grant", "error_description": "revoked"}, status=400),
    refused=lambda: problem(400, 25709, "no"),
    page_token_refused=lambda: problem(400, 30810, "Invalid offset"),
    more={
        "check": lambda base: (
            Step(xml_answer("GetUser", {"User": {"UserID": "SELLER1", "Site": "US"}})),
            Step(active_list([listing()])),
        ),
        "push_stock": lambda base: (Step(revised(), writes=True),),
        "push_price": lambda base: (Step(revised(), writes=True),),
        "confirm_shipment": lambda base: (Step(created(), writes=True),),
        "fetch_returns": lambda base: (Step(orders_answer([returned_order()])),),
        "subscribe": _subscribe,
        "fetch_statements": _statements,
    },
    statements_token="0",
    listing_exchanges=listing_exchanges,
    single_order_exchanges=lambda one: (Step(reply(one), "orderId"),),
    single_listing_exchanges=single_listing_exchanges,
    line_id="10000000000011",
    handle=f"item:{ITEM}",
    page_token="180.400",
    sent_page_token="180",
)
