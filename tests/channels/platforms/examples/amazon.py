"""Amazon's wire format in our own words: small invented objects in its shapes."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Sequence
from typing import Any

from tests.answering import Reply
from tests.channels.platforms.contract import Examples, Json, Step, reply

US = "ATVPDKIKX0DER"

_ORDER: Json = {
    "orderId": "123-1",
    "createdTime": "2026-05-30T08:15:30.123Z",
    "lastUpdatedTime": "2026-05-30T10:15:30+02:00",
    "programs": ["PRIME"],
    "salesChannel": {"channelName": "AMAZON", "marketplaceId": US, "marketplaceName": "Amazon.com"},
    "buyer": {"buyerName": "Ada Ly", "buyerEmail": "x1@marketplace.amazon.com"},
    "recipient": {
        "deliveryAddress": {
            "name": "Ada Ly",
            "addressLine1": "1 Mill Lane",
            "addressLine2": "Flat 2",
            "city": "Springfield",
            "stateOrRegion": "OR",
            "postalCode": "97477",
            "countryCode": "US",
            "phone": "+1 555 0100",
        }
    },
    "proceeds": {"grandTotal": {"amount": "47.20", "currencyCode": "USD"}},
    "fulfillment": {
        "fulfillmentStatus": "UNSHIPPED",
        "fulfilledBy": "MERCHANT",
        "fulfillmentServiceLevel": "STANDARD",
        "shipByWindow": {
            "earliestDateTime": "2026-05-30T08:15:30Z",
            "latestDateTime": "2026-06-01T23:59:59Z",
        },
        "deliverByWindow": {
            "earliestDateTime": "2026-06-03T08:15:30Z",
            "latestDateTime": "2026-06-06T23:59:59Z",
        },
    },
    "orderItems": [
        {
            "orderItemId": "11",
            "quantityOrdered": 2,
            "product": {
                "asin": "B000000001",
                "sellerSku": "A-1",
                "title": "Tea towel",
                "price": {"unitPrice": {"amount": "20.00", "currencyCode": "USD"}},
            },
            "proceeds": {
                "proceedsTotal": {"amount": "47.20", "currencyCode": "USD"},
                "breakdowns": [
                    {"type": "ITEM", "subtotal": {"amount": "40.00", "currencyCode": "USD"}},
                    {"type": "SHIPPING", "subtotal": {"amount": "6.00", "currencyCode": "USD"}},
                    {
                        "type": "DISCOUNT",
                        "subtotal": {"amount": "3.50", "currencyCode": "USD"},
                        "detailedBreakdowns": [
                            {"subtype": "ITEM", "value": {"amount": "2.00", "currencyCode": "USD"}},
                            {"subtype": "SHIPPING", "value": {"amount": "1.50", "currencyCode": "USD"}},
                        ],
                    },
                    {"type": "GIFT_WRAP", "subtotal": {"amount": "2.00", "currencyCode": "USD"}},
                    {
                        "type": "TAX",
                        "subtotal": {"amount": "2.70", "currencyCode": "USD"},
                        "detailedBreakdowns": [
                            {"subtype": "ITEM", "value": {"amount": "2.70", "currencyCode": "USD"}}
                        ],
                    },
                ],
            },
            "promotion": {"breakdowns": [{"promotionId": "SPRING"}]},
            "fulfillment": {
                "quantityFulfilled": 0,
                "quantityUnfulfilled": 2,
                "packing": {"giftOption": {"giftMessage": "Happy birthday", "giftWrapLevel": "PLAIN"}},
            },
            "tax": {
                "taxCollections": [
                    {"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon Services, Inc."}
                ]
            },
        }
    ],
    "packages": [
        {
            "packageReferenceId": "1",
            "packageStatus": {"status": "IN_TRANSIT"},
            "carrier": "DHL",
            "shipTime": "2026-05-31T10:00:00Z",
            "trackingNumber": "T-77",
            "packageItems": [{"orderItemId": "11", "quantity": 1}],
        }
    ],
}
_LISTING: Json = {
    "sku": "A-1",
    "summaries": [
        {
            "marketplaceId": US,
            "asin": "B000000001",
            "productType": "TOWEL",
            "status": ["BUYABLE", "DISCOVERABLE"],
            "itemName": "Tea towel",
            "createdDate": "2026-01-01T00:00:00Z",
            "lastUpdatedDate": "2026-02-01T00:00:00Z",
            "mainImage": {"link": "https://m.media-amazon.com/images/I/1.jpg", "height": 5, "width": 5},
        }
    ],
    "attributes": {
        "externally_assigned_product_identifier": [
            {"type": "ean", "value": "4006381333931", "marketplace_id": US},
            {"type": "asin", "value": "B000000001"},
        ]
    },
    "offers": [
        {"marketplaceId": US, "offerType": "B2B", "price": {"amount": "18.00", "currencyCode": "USD"}},
        {"marketplaceId": US, "offerType": "B2C", "price": {"amount": "20.00", "currencyCode": "USD"}},
    ],
    "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": 12}],
    "relationships": [
        {"marketplaceId": US, "relationships": [{"type": "VARIATION", "parentSkus": ["A-PARENT"]}]}
    ],
    "productTypes": [{"marketplaceId": US, "productType": "TOWEL"}],
}
STOCK: Json = {
    "asin": "B000000001",
    "fnSku": "X001",
    "sellerSku": "A-1",
    "inventoryDetails": {
        "fulfillableQuantity": 8,
        "inboundWorkingQuantity": 1,
        "inboundShippedQuantity": 2,
        "inboundReceivingQuantity": 3,
        "reservedQuantity": {"totalReservedQuantity": 4},
        "unfulfillableQuantity": {"totalUnfulfillableQuantity": 5},
    },
    "totalQuantity": 23,
}
REPORT: Json = {
    "header": {"sellerId": "SELLER1", "version": "2.0", "feedId": "1"},
    "issues": [
        {"messageId": 1, "sku": "A-1", "code": "90220", "severity": "ERROR", "message": "no such listing"},
        {"messageId": 2, "sku": "A-2", "code": "1", "severity": "WARNING", "message": "picture too small"},
    ],
    "summary": {
        "errors": 1,
        "warnings": 1,
        "messagesProcessed": 2,
        "messagesAccepted": 1,
        "messagesInvalid": 1,
    },
}


def order() -> Json:
    return copy.deepcopy(_ORDER)


def listing() -> Json:
    return copy.deepcopy(_LISTING)


def _pages(key: str, objects: Sequence[Any], token: str) -> Json:
    return {key: list(objects), **({"pagination": {"nextToken": token}} if token else {})}


def order_page(orders: Sequence[Any], token: str) -> Json:
    return {**_pages("orders", orders, token), "lastUpdatedBefore": "2026-06-01T11:58:00.000Z"}


def listing_page(items: Sequence[Any], token: str) -> Json:
    return {**_pages("items", items, token), "numberOfResults": len(items)}


def dressed(one: Json, code: str, title: str) -> Json:
    """Put a code and a title on an order's first line or on a listing."""
    if "orderItems" in one:
        one["orderItems"][0]["product"].update(sellerSku=code, title=title)
    else:
        one["sku"] = code
        one["summaries"][0]["itemName"] = title
    return one


def problem(status: int, code: str, message: str, details: str = "") -> Reply:
    body = {"errors": [{"code": code, "message": message, "details": details}]}
    return reply(body, status=status)


def _participations(base: str) -> tuple[Step, ...]:
    payload = [
        {"marketplace": {"id": US}, "participation": {"isParticipating": True, "hasSuspendedListings": False}}
    ]
    return Step(reply({"payload": payload}), "payload"), Step(reply({"items": []}), "items")


def _push(base: str) -> tuple[Step, ...]:
    body = {"sku": "A-1", "status": "ACCEPTED", "submissionId": "s1", "issues": []}
    return (Step(reply(body), "status", writes=True),)


def _price(base: str) -> tuple[Step, ...]:
    return (Step(reply(listing()), "attributes"), *_push(base))


def _batch(base: str) -> tuple[Step, ...]:
    return (
        Step(reply({"feedDocumentId": "d1", "url": f"{base}/bytes"}, status=201), "url"),
        Step(Reply(200, b"", ""), is_bytes=True),
        Step(reply({"feedId": "1"}, status=202), "feedId", writes=True),
    )


def _batch_results(base: str) -> tuple[Step, ...]:
    feed = {"feedId": "1", "processingStatus": "DONE", "resultFeedDocumentId": "d2", "marketplaceIds": [US]}
    document = {"feedDocumentId": "d2", "url": f"{base}/bytes", "compressionAlgorithm": "GZIP"}
    return (
        Step(reply(feed), "processingStatus"),
        Step(reply(document), "url"),
        Step(Reply(200, gzip.compress(json.dumps(REPORT).encode()), "application/json"), is_bytes=True),
    )


def _statements(base: str) -> tuple[Step, ...]:
    report = {
        "reportId": "1", "reportType": "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2",
        "reportDocumentId": "d3", "createdTime": "2026-06-01T11:30:00Z", "processingStatus": "DONE",
        "marketplaceIds": [US],
    }  # fmt: skip
    document = {"reportDocumentId": "d3", "url": f"{base}/bytes", "compressionAlgorithm": "GZIP"}
    return (
        Step(reply({"reports": [report]}), "reports"),
        Step(reply(document), "url"),
        Step(Reply(200, gzip.compress(b"settlement-id\n1\n"), "binary/octet-stream"), is_bytes=True),
    )


def _stock(base: str) -> tuple[Step, ...]:
    return (Step(reply({"payload": {"inventorySummaries": [STOCK]}}), "payload.inventorySummaries"),)


EXAMPLES = Examples(
    credentials={"client_id": "c", "client_secret": "s", "refresh_token": "Atzr|r"},
    marketplaces=(US,),
    order=order,
    listing=listing,
    order_page=order_page,
    listing_page=listing_page,
    single_order=lambda one: {"order": one},
    single_listing=lambda one: one,
    dressed=dressed,
    token=lambda: {"access_token": "Atza|1", "token_type": "bearer", "expires_in": 3600},
    token_key="access_token",
    expired=lambda: problem(
        403,
        "Unauthorized",
        "Access to requested resource is denied.",
        "The access token you provided has expired.",
    ),
    rejected=lambda: reply({"error": "invalid_grant", "error_description": "revoked"}, status=400),
    refused=lambda: problem(400, "InvalidInput", "no"),
    page_token_refused=lambda: problem(400, "InvalidInput", "The page token is invalid"),
    more={
        "check": _participations,
        "push_stock": _push,
        "push_price": _price,
        "push_stock_batch": _batch,
        "batch_results": _batch_results,
        "fetch_channel_stock": _stock,
        "fetch_statements": _statements,
        "confirm_shipment": lambda base: (Step(Reply(204, b"", "", length=None), writes=True),),
    },
)
