"""Shopify's wire format in our own words: small invented objects in its shapes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from tests.answering import Reply
from tests.channels.platforms.contract import Examples, Json, Step, reply

HANDLE = "501:401:601:701:USD"


def usd(amount: str, *, shown: str = "") -> Json:
    """Return a money bag in dollars, and what the buyer saw in euros."""
    bag: Json = {"shopMoney": {"amount": amount, "currencyCode": "USD"}}
    if shown:
        bag["presentmentMoney"] = {"amount": shown, "currencyCode": "EUR"}
    return bag


def connection_of(nodes: Sequence[Any], cursor: str = "") -> Json:
    return {"nodes": list(nodes), "pageInfo": {"hasNextPage": bool(cursor), "endCursor": cursor or None}}


_ORDER: Json = {
    "id": "gid://shopify/Order/123-1",
    "name": "#1001",
    "createdAt": "2026-05-30T08:15:30Z",
    "updatedAt": "2026-05-30T10:15:30+02:00",
    "processedAt": "2026-05-30T08:15:31Z",
    "cancelledAt": None,
    "cancelReason": None,
    "closedAt": None,
    "test": False,
    "displayFinancialStatus": "PAID",
    "displayFulfillmentStatus": "PARTIALLY_FULFILLED",
    "returnStatus": "NO_RETURN",
    "paymentGatewayNames": ["shopify_payments"],
    "currencyCode": "USD",
    "presentmentCurrencyCode": "EUR",
    "taxesIncluded": False,
    "note": "Ring twice",
    "email": "ada@example.com",
    "phone": None,
    "tags": [],
    "sourceName": "web",
    "totalPriceSet": usd("45.70", shown="42.04"),
    "currentTotalPriceSet": usd("45.70"),
    "totalTaxSet": usd("3.20"),
    "totalRefundedSet": usd("0.0"),
    "shippingLines": {
        "nodes": [
            {
                "title": "Standard",
                "code": "standard",
                "originalPriceSet": usd("6.00"),
                "discountedPriceSet": usd("4.50"),
            }
        ],
        "pageInfo": {"hasNextPage": False},
    },
    "shippingAddress": {
        "name": "Ada Ly",
        "firstName": "Ada",
        "lastName": "Ly",
        "company": None,
        "address1": "1 Mill Lane",
        "address2": "Flat 2",
        "city": "Springfield",
        "province": "Oregon",
        "provinceCode": "OR",
        "zip": "97477",
        "countryCodeV2": "US",
        "phone": "+1 555 0100",
    },
    "customer": {"id": "gid://shopify/Customer/900"},
    "customAttributes": [],
    "lineItems": connection_of(
        [
            {
                "id": "gid://shopify/LineItem/11",
                "title": "Tea towel",
                "variantTitle": "Default Title",
                "sku": "A-1",
                "quantity": 2,
                "currentQuantity": 2,
                "unfulfilledQuantity": 1,
                "requiresShipping": True,
                "isGiftCard": False,
                "variant": {"id": "gid://shopify/ProductVariant/501"},
                "lineItemGroup": None,
                "originalTotalSet": usd("40.00", shown="36.80"),
                "discountedTotalSet": usd("38.00"),
                "taxLines": [{"channelLiable": False, "priceSet": usd("2.70")}],
                "customAttributes": [],
            }
        ]
    ),
    "fulfillmentsCount": {"count": 1},
    "fulfillments": [
        {
            "id": "gid://shopify/Fulfillment/71",
            "status": "SUCCESS",
            "createdAt": "2026-05-31T10:00:00Z",
            "deliveredAt": None,
            "trackingInfo": [{"company": "UPS", "number": "T-77"}],
            "fulfillmentLineItems": {
                "nodes": [{"quantity": 1, "lineItem": {"id": "gid://shopify/LineItem/11"}}],
                "pageInfo": {"hasNextPage": False},
            },
        }
    ],
}
_LISTING: Json = {
    "id": "gid://shopify/ProductVariant/501",
    "sku": "A-1",
    "barcode": "4006381333931",
    "title": "Default Title",
    "price": "20.00",
    "requiresComponents": False,
    "updatedAt": "2026-02-01T00:00:00Z",
    "product": {
        "id": "gid://shopify/Product/401",
        "title": "Tea towel",
        "status": "ACTIVE",
        "productType": "TOWEL",
        "featuredMedia": {"preview": {"image": {"url": "https://cdn.shopify.com/s/files/1.jpg"}}},
    },
    "inventoryItem": {
        "id": "gid://shopify/InventoryItem/601",
        "tracked": True,
        "inventoryLevels": {
            "nodes": [
                {
                    "location": {"id": "gid://shopify/Location/701", "name": "Shelf", "isActive": True},
                    "quantities": [{"name": "available", "quantity": 12}],
                }
            ],
            "pageInfo": {"hasNextPage": False},
        },
    },
}
BACK: Json = {
    "id": "gid://shopify/Order/123-1",
    "refunds": [
        {
            "id": "gid://shopify/Refund/81",
            "createdAt": "2026-06-02T10:00:00Z",
            "note": "broken",
            "return": {"id": "gid://shopify/Return/91"},
            "totalRefundedSet": usd("20.35"),
            "refundLineItems": {
                "nodes": [
                    {
                        "quantity": 1,
                        "restockType": "RETURN",
                        "lineItem": {"id": "gid://shopify/LineItem/11"},
                        "subtotalSet": usd("19.00"),
                        "totalTaxSet": usd("1.35"),
                    }
                ],
                "pageInfo": {"hasNextPage": False},
            },
        }
    ],
    "returns": {
        "nodes": [
            {
                "id": "gid://shopify/Return/91",
                "status": "OPEN",
                "createdAt": "2026-06-01T10:00:00Z",
                "closedAt": None,
                "returnLineItems": {
                    "nodes": [
                        {
                            "id": "gid://shopify/ReturnLineItem/95",
                            "quantity": 1,
                            "refundedQuantity": 1,
                            "returnReason": "DEFECTIVE",
                            "customerNote": "torn",
                            "fulfillmentLineItem": {"lineItem": {"id": "gid://shopify/LineItem/11"}},
                        }
                    ],
                    "pageInfo": {"hasNextPage": False},
                },
            }
        ],
        "pageInfo": {"hasNextPage": False},
    },
}
OPEN_WORK: Json = {
    "id": "gid://shopify/Order/123-1",
    "cancelledAt": None,
    "fulfillments": [],
    "fulfillmentOrders": connection_of(
        [
            {
                "id": "gid://shopify/FulfillmentOrder/31",
                "status": "OPEN",
                "assignedLocation": {"location": {"id": "gid://shopify/Location/701"}},
                "lineItems": connection_of(
                    [
                        {
                            "id": "gid://shopify/FulfillmentOrderLineItem/41",
                            "remainingQuantity": 2,
                            "lineItem": {"id": "gid://shopify/LineItem/11"},
                        }
                    ]
                ),
            }
        ]
    ),
}


def order() -> Json:
    return copy.deepcopy(_ORDER)


def listing() -> Json:
    return copy.deepcopy(_LISTING)


def open_work() -> Json:
    return copy.deepcopy(OPEN_WORK)


def answer(data: Json, *, left: float = 1900, asked: int = 100) -> Json:
    """Return data as Shopify sends it, with the state of the bucket."""
    throttle = {"maximumAvailable": 2000.0, "currentlyAvailable": left, "restoreRate": 100.0}
    cost = {"requestedQueryCost": asked, "actualQueryCost": asked, "throttleStatus": throttle}
    return {"data": data, "extensions": {"cost": cost}}


def order_page(orders: Sequence[Any], token: str) -> Json:
    return answer({"orders": connection_of(orders, token)})


def listing_page(items: Sequence[Any], token: str) -> Json:
    return answer({"shop": {"currencyCode": "USD"}, "productVariants": connection_of(items, token)})


def single_listing(one: Json) -> Json:
    return answer({"shop": {"currencyCode": "USD"}, "productVariants": {"nodes": [one]}})


def dressed(one: Json, code: str, title: str) -> Json:
    """Put a code and a title on an order's first line or on a listing."""
    if "lineItems" in one:
        one["lineItems"]["nodes"][0].update(sku=code, title=title)
    else:
        one["sku"] = code
        one["product"]["title"] = title
    return one


def problem(message: str, code: str = "", *, data: Json | None = None, path: Sequence[Any] = ()) -> Reply:
    """Return an error the way Shopify sends one: with status 200."""
    error: Json = {"message": message, "locations": [{"line": 1, "column": 1}], "path": list(path)}
    if code:
        error["extensions"] = {"code": code}
    return reply({"errors": [error], **({} if data is None else {"data": data})})


def done(name: str, errors: str = "userErrors", **payload: Any) -> Step:
    """Return the good answer of a mutation."""
    return Step(reply(answer({name: {**payload, errors: []}})), f"data.{name}.{errors}", writes=True)


def find_step() -> Step:
    return Step(reply(single_listing(listing())), "data.productVariants.nodes")


def shop() -> Json:
    return {
        "shop": {
            "name": "Harbor Light",
            "myshopifyDomain": "seller1.myshopify.com",
            "currencyCode": "USD",
            "ianaTimezone": "America/New_York",
            "shopAddress": {"countryCodeV2": "US"},
        },
        "currentAppInstallation": {
            "accessScopes": [
                {"handle": "write_orders"}, {"handle": "read_products"}, {"handle": "read_inventory"},
                {"handle": "read_locations"},
            ]
        },
    }  # fmt: skip


def _statements(base: str) -> tuple[Step, ...]:
    money = {"amount": "8.60", "currencyCode": "USD"}
    payout = {
        "id": "gid://shopify/ShopifyPaymentsPayout/5001", "legacyResourceId": "5001", "status": "PAID",
        "issuedAt": "2026-06-01T11:30:00Z", "transactionType": "DEPOSIT", "externalTraceId": "T1",
        "net": money,
    }  # fmt: skip
    charge = {
        "id": "gid://shopify/ShopifyPaymentsBalanceTransaction/1", "type": "CHARGE", "test": False,
        "transactionDate": "2026-05-30T08:00:00Z", "amount": money, "net": money,
        "fee": {"amount": "0.00", "currencyCode": "USD"},
    }  # fmt: skip
    account = "shopifyPaymentsAccount"
    return (
        Step(reply(answer({account: {"payouts": connection_of([payout])}})), f"data.{account}.payouts.nodes"),
        Step(
            reply(answer({account: {"balanceTransactions": connection_of([charge])}})),
            f"data.{account}.balanceTransactions.nodes",
        ),
    )


def _subscribed(base: str) -> tuple[Step, ...]:
    there = answer({"webhookSubscriptions": {"nodes": [], "pageInfo": {"hasNextPage": False}}})
    made = {"webhookSubscription": {"id": "gid://shopify/WebhookSubscription/1"}, "userErrors": []}
    data = {f"t{place}": copy.deepcopy(made) for place in range(9)}
    return (
        Step(reply(there), "data.webhookSubscriptions.nodes"),
        Step(reply(answer(data)), "data.t0.userErrors", writes=True),
    )


EXAMPLES = Examples(
    credentials={"client_id": "c", "client_secret": "s", "refresh_token": "shprt_r"},
    marketplaces=("shopify",),
    order=order,
    listing=listing,
    order_page=order_page,
    listing_page=listing_page,
    single_order=lambda one: answer({"order": one}),
    single_listing=single_listing,
    dressed=dressed,
    token=lambda: {
        "access_token": "shpat_1",
        "scope": "read_orders",
        "expires_in": 3600,
        "refresh_token": "shprt_2",
        "refresh_token_expires_in": 7_776_000,
    },
    token_key="access_token",
    expired=lambda: reply(
        {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}, status=401
    ),
    rejected=lambda: reply({"error": "invalid_grant", "error_description": "revoked"}, status=400),
    refused=lambda: problem("Access denied for this field.", "ACCESS_DENIED"),
    page_token_refused=lambda: problem("Invalid cursor for current pagination sort."),
    more={
        "check": lambda base: (Step(reply(answer(shop())), "data.shop"),),
        "push_stock": lambda base: (
            find_step(),
            done("inventorySetQuantities", inventoryAdjustmentGroup={"id": "gid://shopify/X/1"}),
        ),
        "push_price": lambda base: (find_step(), done("productVariantsBulkUpdate", productVariants=[])),
        "confirm_shipment": lambda base: (
            Step(reply(answer({"order": open_work()})), "data.order.fulfillmentOrders.nodes"),
            done("fulfillmentCreate", fulfillment={"id": "gid://shopify/Fulfillment/1", "status": "SUCCESS"}),
        ),
        "cancel_order": lambda base: (
            done("orderCancel", "orderCancelUserErrors", job={"id": "gid://shopify/Job/1", "done": False}),
        ),
        "subscribe": _subscribed,
        "fetch_statements": _statements,
    },
    order_exchanges=lambda orders, token: (Step(reply(order_page(orders, token)), "data.orders.nodes"),),
    listing_exchanges=lambda items, token: (
        Step(reply(listing_page(items, token)), "data.productVariants.nodes"),
    ),
    single_order_exchanges=lambda one: (Step(reply(answer({"order": one})), "data"),),
    single_listing_exchanges=lambda one: (Step(reply(single_listing(one)), "data.productVariants.nodes"),),
    cancel_reason="CUSTOMER",
    code_as_sent=lambda code: 'sku:"' + code.replace("\\", "\\\\").replace('"', '\\"') + '"',
)
