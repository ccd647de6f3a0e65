"""An order of the old REST Admin API, the shape webhooks and many archives have, in the new API's words.

It is read from saved files alone; what is fetched is always asked of GraphQL.
"""

from typing import Any

from channels.messages import IncomingOrder
from channels.platforms.shopify.mapping import read_node
from channels.platforms.shopify.mapping_money import ZERO
from channels.reading import Json, amount, child, children, text, whole

_GOODS = {"": "UNFULFILLED", "partial": "PARTIALLY_FULFILLED", "fulfilled": "FULFILLED",
          "restocked": "RESTOCKED"}  # fmt: skip


def read_order(raw: Json) -> IncomingOrder:
    """Read one order as REST writes it. Raises ``Unreadable``."""
    return read_node(as_node(raw), raw)


def as_node(raw: Json) -> Json:
    """Return a REST order in the shape of the Admin API, as far as the hub reads it."""
    code = raw.get("currency")
    return {
        "id": raw.get("id"),
        "createdAt": raw.get("created_at"),
        "updatedAt": raw.get("updated_at"),
        "processedAt": raw.get("processed_at"),
        "cancelledAt": raw.get("cancelled_at"),
        "cancelReason": text(raw, "cancel_reason", most=300).upper(),
        "displayFinancialStatus": text(raw, "financial_status", most=29).upper(),
        "displayFulfillmentStatus": _goods(raw),
        "paymentGatewayNames": raw.get("payment_gateway_names"),
        "currencyCode": code,
        "taxesIncluded": raw.get("taxes_included"),
        "email": raw.get("email") or raw.get("contact_email"),
        "phone": raw.get("phone"),
        "totalPriceSet": _bag(raw, "total_price", code),
        "totalTaxSet": _bag(raw, "total_tax", code),
        "shippingLines": [_shipping(line, code) for line in children(raw, "shipping_lines")],
        "shippingAddress": _address(raw),
        "customer": raw.get("customer"),
        "lineItems": None
        if raw.get("line_items") is None
        else [_line(line, raw, code) for line in children(raw, "line_items")],
        "fulfillments": [_parcel(parcel) for parcel in children(raw, "fulfillments")],
        "refunds": [_refund(refund, code) for refund in children(raw, "refunds")],
        "returns": [_return(one) for one in children(raw, "returns")],
    }


def _goods(raw: Json) -> str:
    status = text(raw, "fulfillment_status", most=29)
    return _GOODS.get(status, status.upper())


def _money(value: Any, code: Any) -> Json | None:
    return None if value is None else {"shopMoney": {"amount": value, "currencyCode": code}}


def _bag(parent: Json, name: str, code: Any) -> Json | None:
    """Return an amount as a money bag: REST's plain amounts are in the shop's currency."""
    if parent.get(name) is None and parent.get(f"{name}_set") is not None:
        money = child(child(parent, f"{name}_set"), "shop_money")
        return {"shopMoney": {"amount": money.get("amount"), "currencyCode": money.get("currency_code")}}
    return _money(parent.get(name), code)


def _line(line: Json, order: Json, code: Any) -> Json:
    quantity = whole(line, "quantity")
    unit = None if line.get("price") is None else amount(line["price"], "price")
    gross = None if unit is None else unit * quantity
    off = sum(
        (
            amount(part.get("amount"), "discount_allocations")
            for part in children(line, "discount_allocations")
        ),
        ZERO,
    )
    group = line.get("line_item_group")
    return {
        "id": line.get("id"),
        "title": line.get("title"),
        "variantTitle": line.get("variant_title"),
        "sku": line.get("sku"),
        "quantity": quantity,
        "unfulfilledQuantity": line.get("fulfillable_quantity"),
        "variant": None if line.get("variant_id") is None else {"id": line["variant_id"]},
        "lineItemGroup": None
        if not isinstance(group, dict)
        else {"id": group.get("id"), "variantId": group.get("variant_id")},
        "originalTotalSet": _money(gross, code),
        "discountedTotalSet": None if gross is None else _money(max(ZERO, gross - off), code),
        "taxLines": [
            {"channelLiable": tax.get("channel_liable"), "priceSet": _money(tax.get("price"), code)}
            for tax in children(line, "tax_lines")
        ],
    }


def _shipping(line: Json, code: Any) -> Json:
    return {
        "title": line.get("title"),
        "originalPriceSet": _bag(line, "price", code),
        "discountedPriceSet": _bag(line, "discounted_price", code),
    }


def _address(raw: Json) -> Json | None:
    found = child(raw, "shipping_address")
    if not found:
        return None
    names = {"first_name": "firstName", "last_name": "lastName", "province_code": "provinceCode",
             "country_code": "countryCodeV2"}  # fmt: skip
    return {names.get(name, name): value for name, value in found.items()}


def _parcel(parcel: Json) -> Json:
    tracking = {"company": parcel.get("tracking_company"), "number": parcel.get("tracking_number")}
    delivered = parcel.get("shipment_status") == "delivered"
    return {
        "id": parcel.get("id"),
        "status": text(parcel, "status", most=60).upper(),
        "createdAt": parcel.get("created_at"),
        "deliveredAt": parcel.get("updated_at") if delivered else None,
        "trackingInfo": [tracking] if any(tracking.values()) else [],
        "fulfillmentLineItems": [
            {"quantity": part.get("quantity"), "lineItem": {"id": part.get("id")}}
            for part in children(parcel, "line_items")
        ],
    }


def _refund(refund: Json, code: Any) -> Json:
    back = refund.get("return")
    return {
        "id": refund.get("id"),
        "createdAt": refund.get("created_at"),
        "note": refund.get("note"),
        "return": back if isinstance(back, dict) and back else None,
        "refundLineItems": [
            {
                "quantity": part.get("quantity"),
                "restockType": text(part, "restock_type", most=60).upper(),
                "lineItem": {"id": part.get("line_item_id")},
                "subtotalSet": _money(part.get("subtotal"), code),
                "totalTaxSet": _money(part.get("total_tax"), code),
            }
            for part in children(refund, "refund_line_items")
        ],
    }


def _return(one: Json) -> Json:
    return {
        "id": one.get("id"),
        "status": text(one, "status", most=40).upper(),
        "createdAt": one.get("created_at"),
        "returnLineItems": [
            {
                "id": part.get("id"),
                "quantity": part.get("quantity"),
                "returnReason": text(part, "return_reason", most=60).upper(),
                "customerNote": part.get("customer_note"),
                "fulfillmentLineItem": {"lineItem": _named_line(part)},
            }
            for part in children(one, "return_line_items")
        ],
    }


def _named_line(part: Json) -> Json | None:
    line = child(child(part, "fulfillment_line_item"), "line_item").get("id") or part.get("line_item_id")
    return None if line is None else {"id": line}


def is_rest(value: Json) -> bool:
    """Say whether an object is an order as REST writes it."""
    return "line_items" in value or "financial_status" in value
