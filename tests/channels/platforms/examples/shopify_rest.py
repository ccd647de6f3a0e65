"""The same invented order as in ``shopify``, the way the old REST API and its webhooks write it."""

from __future__ import annotations

import copy

from tests.channels.platforms.contract import Json

_ORDER: Json = {
    "id": 1231,
    "admin_graphql_api_id": "gid://shopify/Order/1231",
    "name": "#1001",
    "created_at": "2026-05-30T04:15:30-04:00",
    "updated_at": "2026-05-30T04:15:30-04:00",
    "processed_at": "2026-05-30T04:15:31-04:00",
    "cancelled_at": None,
    "cancel_reason": None,
    "financial_status": "paid",
    "fulfillment_status": "partial",
    "payment_gateway_names": ["shopify_payments"],
    "currency": "USD",
    "presentment_currency": "EUR",
    "taxes_included": False,
    "total_price": "45.70",
    "total_tax": "3.20",
    "email": "ada@example.com",
    "phone": None,
    "customer": {"id": 900, "email": "ada@example.com"},
    "shipping_address": {
        "name": "Ada Ly", "first_name": "Ada", "last_name": "Ly", "company": None,
        "address1": "1 Mill Lane", "address2": "Flat 2", "city": "Springfield", "province": "Oregon",
        "province_code": "OR", "zip": "97477", "country": "United States", "country_code": "US",
        "phone": "+1 555 0100",
    },
    "shipping_lines": [
        {"id": 61, "title": "Standard", "code": "standard", "price": "6.00", "discounted_price": "4.50",
         "tax_lines": [{"price": "0.50", "rate": 0.1, "title": "Tax"}]},
    ],
    "line_items": [
        {
            "id": 11, "sku": "A-1", "variant_id": 501, "title": "Tea towel", "variant_title": None,
            "quantity": 2, "current_quantity": 2, "fulfillable_quantity": 1, "price": "20.00",
            "requires_shipping": True, "gift_card": False,
            "discount_allocations": [{"amount": "2.00", "discount_application_index": 0}],
            "tax_lines": [{"price": "2.70", "rate": 0.0675, "title": "Tax", "channel_liable": False}],
        },
    ],
    "fulfillments": [
        {
            "id": 71, "status": "success", "created_at": "2026-05-31T10:00:00Z", "tracking_company": "UPS",
            "tracking_number": "T-77", "shipment_status": None, "line_items": [{"id": 11, "quantity": 1}],
        },
    ],
    "refunds": [
        {
            "id": 81, "created_at": "2026-06-02T10:00:00Z", "note": "broken",
            "refund_line_items": [
                {"id": 82, "line_item_id": 11, "quantity": 1, "restock_type": "return", "subtotal": 19.0,
                 "total_tax": 1.35},
            ],
        },
    ],
}  # fmt: skip


def order() -> Json:
    return copy.deepcopy(_ORDER)
