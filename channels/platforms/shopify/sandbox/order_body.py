"""An order as the Admin API writes it, every field a caller may ask for."""

from typing import Any

from channels.platforms.shopify.sandbox.answers import bag, gid, time_text
from channels.platforms.shopify.sandbox.graphql import Connection
from channels.sandbox.listings import Listing
from channels.sandbox.orders import CANCELED, PARTIALLY_SHIPPED, PENDING, SHIPPED, Line, Order, Package
from channels.sandbox.sets import SET
from channels.sandbox.world import World

_GOODS = {SHIPPED: "FULFILLED", PARTIALLY_SHIPPED: "PARTIALLY_FULFILLED"}
_RETURNS = {"requested": "REQUESTED", "accepted": "OPEN", "refunded": "CLOSED", "rejected": "DECLINED"}
_REASONS = {
    "NOT_AS_DESCRIBED": "NOT_AS_DESCRIBED", "DAMAGED": "DEFECTIVE", "WRONG_ITEM": "WRONG_ITEM",
    "CHANGE_OF_MIND": "UNWANTED",
}  # fmt: skip
_SHOWN = {"CA": "CAD", "GB": "GBP", "DE": "EUR", "FR": "EUR", "AU": "AUD", "JP": "JPY"}
_CANCELED = {"buyer": "CUSTOMER", "seller": "STAFF", "platform": "OTHER"}


def _money_state(order: Order) -> str:
    if order.status == PENDING:
        return "PENDING"
    back = sum(refund["amount"] for refund in order.refunds)
    if order.status == CANCELED:
        return "VOIDED" if order.lines and order.lines[0].cancel_reason == "PAYMENT_DECLINED" else "REFUNDED"
    if back:
        return "REFUNDED" if back >= order.total else "PARTIALLY_REFUNDED"
    return "PAID"


def order_body(world: World, order: Order) -> dict[str, Any]:
    """Return an order; spoiled when it is a poison order."""
    coin = order.currency
    shown = _SHOWN.get(order.address["country"], coin)
    back = sum(refund["amount"] for refund in order.refunds)
    is_canceled = order.status == CANCELED
    tax = sum(line.tax_item + line.tax_shipping for line in order.lines)
    parcels = [_parcel(order, package) for package in order.packages]
    body: dict[str, Any] = {
        "__typename": "Order",
        "id": gid("Order", order.id),
        "legacyResourceId": order.id,
        "name": f"#{order.id[-6:]}",
        "createdAt": time_text(order.placed),
        "updatedAt": time_text(order.updated),
        "processedAt": time_text(order.placed),
        "cancelledAt": time_text(order.updated) if is_canceled else None,
        "cancelReason": _CANCELED[order.lines[0].canceled_by or "seller"] if is_canceled else None,
        "closedAt": None,
        "test": False,
        "displayFinancialStatus": _money_state(order),
        "displayFulfillmentStatus": _GOODS.get(order.status, "UNFULFILLED"),
        "returnStatus": _return_state(order),
        "paymentGatewayNames": ["shopify_payments"],
        "currencyCode": coin,
        "presentmentCurrencyCode": shown,
        "taxesIncluded": False,
        "note": next((line.gift_message for line in order.lines if line.gift_message), None),
        "email": order.buyer["mail"],
        "phone": None,
        "tags": [],
        "sourceName": "web",
        "totalPriceSet": bag(order.total, coin, shown),
        "currentTotalPriceSet": bag(max(0, order.total - back), coin),
        "totalTaxSet": bag(tax, coin),
        "totalRefundedSet": bag(back, coin),
        "shippingLines": Connection([_shipping(order)]),
        "shippingAddress": _address(order),
        "customer": {"__typename": "Customer", "id": gid("Customer", str(int(order.id) % 10**9))},
        "customAttributes": [],
        "lineItems": Connection([line_body(world, order, line) for line in order.lines]),
        "fulfillmentsCount": {"__typename": "Count", "count": len(parcels), "precision": "EXACT"},
        "fulfillments": parcels,
        "refunds": [_refund(order, place, refund) for place, refund in enumerate(order.refunds, start=1)],
        "returns": Connection([_return(order, one) for one in order.returns]),
    }
    return _poisoned(order, body)


def _shipping(order: Order) -> dict[str, Any]:
    total = bag(sum(line.shipping + line.gift_wrap for line in order.lines), order.currency)
    return {
        "__typename": "ShippingLine", "title": order.service.replace("_", " ").title(),
        "code": order.service, "originalPriceSet": total, "discountedPriceSet": total,
    }  # fmt: skip


def _address(order: Order) -> dict[str, Any]:
    kept = order.address
    first, _, last = kept["name"].partition(" ")
    return {
        "__typename": "MailingAddress",
        "name": kept["name"],
        "firstName": first,
        "lastName": last or None,
        "company": kept.get("company"),
        "address1": kept["line1"],
        "address2": kept.get("line2"),
        "city": kept["city"],
        "province": kept["region"],
        "provinceCode": kept["region"][:3].upper() or None,
        "zip": kept["postal_code"],
        "countryCodeV2": kept["country"],
        "phone": kept["phone"],
    }


def _variant(listing: Listing | None) -> dict[str, Any] | None:
    if listing is None:
        return None
    return {"__typename": "ProductVariant", "id": gid("ProductVariant", variant_number(listing))}


def variant_number(listing: Listing) -> str:
    """Return a variant's number; product, inventory item and the rest have theirs beside it."""
    return str(44_000_000_000_000 + listing.id)


def _group(world: World, line: Line) -> dict[str, Any] | None:
    """Return the bundle a line is a part of; the bundle itself is no line."""
    mark = line.extra.get(SET)
    if mark is None:
        return None
    bundle = world.listings[mark["listing"]]
    return {
        "__typename": "LineItemGroup", "id": gid("LineItemGroup", mark["line"]), "title": mark["title"],
        "quantity": mark["quantity"], "variantId": gid("ProductVariant", variant_number(bundle)),
        "variantSku": bundle.code,
    }  # fmt: skip


def line_body(world: World, order: Order, line: Line) -> dict[str, Any]:
    """Return a line item."""
    coin = order.currency
    taxes = line.tax_item
    gone = 0 if not line.canceled_by else line.quantity - line.shipped
    tax = {"__typename": "TaxLine", "channelLiable": False, "priceSet": bag(taxes, coin), "title": "Tax",
           "rate": 0.1}  # fmt: skip
    return {
        "__typename": "LineItem",
        "id": gid("LineItem", line.id),
        "title": line.title,
        "name": line.title,
        "variantTitle": None,
        "sku": line.code,
        "quantity": line.quantity,
        "currentQuantity": line.quantity - gone,
        "unfulfilledQuantity": 0 if line.canceled_by else line.quantity - line.shipped,
        "requiresShipping": True,
        "isGiftCard": False,
        "variant": _variant(world.listings.get(line.listing)),
        "lineItemGroup": _group(world, line),
        "originalTotalSet": bag(line.item, coin, _SHOWN.get(order.address["country"], coin)),
        "discountedTotalSet": bag(line.item - line.discount, coin),
        "taxLines": [tax] if taxes else [],
        "customAttributes": [],
    }


def _parcel(order: Order, package: Package) -> dict[str, Any]:
    tracking = {
        "__typename": "FulfillmentTrackingInfo", "company": package.carrier, "number": package.tracking,
        "url": None,
    }  # fmt: skip
    return {
        "__typename": "Fulfillment",
        "id": gid("Fulfillment", _parcel_number(order, package)),
        "status": "SUCCESS",
        "displayStatus": "DELIVERED" if package.status == "delivered" else "FULFILLED",
        "createdAt": time_text(package.created),
        "deliveredAt": time_text(package.changed) if package.status == "delivered" else None,
        "trackingInfo": [tracking],
        "fulfillmentLineItems": Connection(
            [
                {
                    "__typename": "FulfillmentLineItem",
                    "id": gid("FulfillmentLineItem", f"{item}{package.reference}"),
                    "quantity": quantity,
                    "lineItem": {"__typename": "LineItem", "id": gid("LineItem", item)},
                }
                for item, quantity in package.items
            ]
        ),
    }


def _parcel_number(order: Order, package: Package) -> str:
    place = next((n for n, one in enumerate(order.packages, 1) if one is package), 1)
    return f"{order.id}{place:02d}"


def parcel_body(order: Order, package: Package) -> dict[str, Any]:
    """Return one parcel of an order as a fulfillment."""
    return _parcel(order, package)


def _refund(order: Order, place: int, refund: dict[str, Any]) -> dict[str, Any]:
    coin, line = order.currency, order.line(refund["line"])
    tax = 0 if line is None or not line.total else refund["amount"] * line.tax_item // line.total
    back = next((one for one in order.returns if one["line"] == refund["line"]), None)
    return {
        "__typename": "Refund",
        "id": gid("Refund", f"{order.id}{place:02d}"),
        "createdAt": time_text(refund["at"]),
        "note": None,
        "return": None if back is None else {"__typename": "Return", "id": gid("Return", back["id"])},
        "totalRefundedSet": bag(refund["amount"], coin),
        "refundLineItems": Connection(
            [
                {
                    "__typename": "RefundLineItem",
                    "quantity": max(1, refund["returned"]),
                    "restockType": "RETURN" if refund["returned"] else "NO_RESTOCK",
                    "lineItem": {"__typename": "LineItem", "id": gid("LineItem", refund["line"])},
                    "subtotalSet": bag(refund["amount"] - tax, coin),
                    "totalTaxSet": bag(tax, coin),
                }
            ]
        ),
    }


def _return_state(order: Order) -> str:
    states = {one["status"] for one in order.returns}
    if not states - {"rejected"}:
        return "NO_RETURN"
    if states & {"requested"}:
        return "RETURN_REQUESTED"
    return "IN_PROGRESS" if states & {"accepted"} else "RETURNED"


def _return(order: Order, one: dict[str, Any]) -> dict[str, Any]:
    line = {"__typename": "LineItem", "id": gid("LineItem", one["line"])}
    return {
        "__typename": "Return",
        "id": gid("Return", one["id"]),
        "status": _RETURNS[one["status"]],
        "createdAt": time_text(one["created"]),
        "closedAt": time_text(one["updated"]) if one["status"] == "refunded" else None,
        "returnLineItems": Connection(
            [
                {
                    "__typename": "ReturnLineItem",
                    "id": gid("ReturnLineItem", one["id"]),
                    "quantity": one["quantity"],
                    "refundedQuantity": one["quantity"] if one["status"] == "refunded" else 0,
                    "returnReason": _REASONS.get(one["reason"], "OTHER"),
                    "customerNote": None,
                    "fulfillmentLineItem": {"__typename": "FulfillmentLineItem", "lineItem": line},
                }
            ]
        ),
    }


def _poisoned(order: Order, body: dict[str, Any]) -> dict[str, Any]:
    match order.poison:
        case "unknown_status" | "unknown_enum":
            body["displayFulfillmentStatus"] = "TELEPORTED"
        case "negative_quantity":
            body["lineItems"].nodes[0]["quantity"] = -3
        case "missing_items":
            body["lineItems"] = None
        case "bad_amount":
            body["totalPriceSet"]["shopMoney"]["amount"] = "12,3O"
        case "bad_currency":
            body["currencyCode"] = "¤¤¤"
        case "bad_date":
            body["createdAt"] = "yesterday at noon"
        case "nul_in_note":
            body["lineItems"].nodes[0]["title"] = "for you\u0000;--"
        case "quantity_text":
            body["lineItems"].nodes[0]["quantity"] = "two"
        case "not_an_object":
            body["shippingAddress"] = "1 Mill Lane"
    return body
