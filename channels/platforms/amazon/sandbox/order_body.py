"""An order as Orders 2026-01-01 writes it, block by block."""

from typing import Any

from channels.platforms.amazon.sandbox.answers import money, time_text
from channels.sandbox.orders import PENDING, Line, Order, Package
from channels.sandbox.world import World

INCLUDED = (
    "BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION", "FULFILLMENT", "PACKAGES",
    "TAX", "PAYMENT", "FULFILLMENT_ORDERS",
)  # fmt: skip
STATUS = {"canceled": "CANCELLED"}
_BY = {"buyer": "BUYER", "seller": "MERCHANT", "platform": "AMAZON"}
_PACKAGE = {
    "shipped": ("SHIPPED", "PICKED_UP"),
    "in_transit": ("IN_TRANSIT", "OUT_FOR_DELIVERY"),
    "delivered": ("DELIVERED", "DELIVERED"),
}
RESPONSIBLE = {
    "USD": "Amazon Services, Inc.",
    "CAD": "Amazon.com.ca ULC",
    "MXN": "Servicios Comerciales Amazon México",
    "AUD": "Amazon Commercial Services Pty Ltd",
}
_EUROPE = "Amazon Services Europe S.a.r.L."
_SHIP_FROM = {
    "name": "Harbor Light Trading 港灯贸易",
    "addressLine1": "Building 3, Qianhai Logistics Park",
    "city": "Shenzhen",
    "stateOrRegion": "Guangdong",
    "postalCode": "518052",
    "countryCode": "CN",
}


def _window(window: list[int]) -> dict[str, str]:
    return {"earliestDateTime": time_text(window[0]), "latestDateTime": time_text(window[1])}


def order_body(world: World, order: Order, included: set[str]) -> dict[str, Any]:
    """Return an order with the wanted blocks. Pending orders carry no buyer, address or money."""
    place = world.marketplaces[order.marketplace]
    known = order.status != PENDING
    body: dict[str, Any] = {
        "orderId": order.id,
        "orderAliases": [{"aliasId": order.id, "aliasType": "SELLER_ORDER_ID"}],
        "createdTime": time_text(order.placed),
        "lastUpdatedTime": time_text(order.updated),
        "programs": order.programs,
        "salesChannel": {
            "channelName": "AMAZON", "marketplaceId": place.id, "marketplaceName": place.name,
        },
        "orderItems": [_item(world, order, line, included) for line in order.lines],
    }  # fmt: skip
    if "BUYER" in included and known:
        body["buyer"] = _buyer(order)
    if "RECIPIENT" in included and known:
        body["recipient"] = {"deliveryAddress": address(order, now=int(world.now.timestamp()))}
    if "PROCEEDS" in included and known:
        body["proceeds"] = _proceeds(order)
    if "FULFILLMENT" in included:
        body["fulfillment"] = {
            "fulfillmentStatus": STATUS.get(order.status, order.status.upper()),
            "fulfilledBy": "AMAZON" if order.by_platform else "MERCHANT",
            "fulfillmentServiceLevel": order.service,
            "shipByWindow": _window(order.ship_by),
            "deliverByWindow": _window(order.deliver_by),
        }
    if "PACKAGES" in included and not order.by_platform and order.packages:
        body["packages"] = [_package(package) for package in order.packages]
    if "TAX" in included and known and "company" in order.buyer:
        registration = {
            "entityType": "BUYER",
            "legalName": order.buyer["company"],
            "taxRegistrationType": "BUSINESS",
            "taxRegistrationNumber": f"{place.country}{order.id[4:11]}",
        }
        body["tax"] = {"taxRegistrations": [registration]}
    if "PAYMENT" in included and known:
        body["payment"] = {
            "paymentExecutions": [
                {"paymentMethod": order.payment, "paymentAmount": money(order.total, order.currency)}
            ]
        }
    return body


def _buyer(order: Order) -> dict[str, str]:
    body = {"buyerName": order.buyer["name"]}
    if not order.by_platform:
        body["buyerEmail"] = order.buyer["mail"]
    if "company" in order.buyer:
        body["buyerCompanyName"] = order.buyer["company"]
        body["buyerPurchaseOrderNumber"] = order.buyer["purchase_order"]
    return body


def address(order: Order, *, now: int) -> dict[str, str]:
    """Return the delivery address; Amazon keeps name, street and phone of its own parcels to itself."""
    kept = order.address
    body = {
        "city": kept["city"],
        "stateOrRegion": kept["region"],
        "postalCode": kept["postal_code"],
        "countryCode": kept["country"],
    }
    if order.by_platform:
        return body
    body |= {"name": kept["name"], "addressLine1": kept["line1"], "addressType": kept["kind"]}
    for name, key in (("addressLine2", "line2"), ("addressLine3", "line3"), ("companyName", "company")):
        if key in kept:
            body[name] = kept[key]
    if now <= order.deliver_by[1]:
        body["phone"] = kept["phone"]
    return body


def _breakdowns(order: Order, lines: list[Line]) -> list[dict[str, Any]]:
    def amount(minor: int) -> dict[str, str]:
        return money(minor, order.currency)

    def total(name: str) -> int:
        return sum(getattr(line, name) for line in lines)

    found: list[dict[str, Any]] = [{"type": "ITEM", "subtotal": amount(total("item"))}]
    for kind, name in (("SHIPPING", "shipping"), ("GIFT_WRAP", "gift_wrap")):
        if total(name):
            found.append({"type": kind, "subtotal": amount(total(name))})
    if total("discount"):
        found.append({"type": "DISCOUNT", "subtotal": amount(total("discount"))})
    tax_item, tax_shipping = total("tax_item"), total("tax_shipping")
    if tax_item or tax_shipping:
        found.append({"type": "TAX", "subtotal": amount(tax_item + tax_shipping)})
    return found


def _proceeds(order: Order) -> dict[str, Any]:
    return {
        "grandTotal": money(order.total, order.currency),
        "breakdowns": _breakdowns(order, order.lines),
    }


def _item_proceeds(order: Order, line: Line) -> dict[str, Any]:
    found = _breakdowns(order, [line])
    for entry in found:
        if entry["type"] == "TAX":
            parts = [("ITEM", line.tax_item), ("SHIPPING", line.tax_shipping)]
            entry["detailedBreakdowns"] = [
                {"subtype": name, "value": money(minor, order.currency)} for name, minor in parts if minor
            ]
        if entry["type"] == "DISCOUNT":
            entry["detailedBreakdowns"] = [{"subtype": "ITEM", "value": money(line.discount, order.currency)}]
    return {"proceedsTotal": money(line.total, order.currency), "breakdowns": found}


def _item(world: World, order: Order, line: Line, included: set[str]) -> dict[str, Any]:
    known = order.status != PENDING
    product: dict[str, Any] = {
        "asin": line.external_code,
        "title": line.title,
        "sellerSku": line.code,
        "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
    }
    if known:
        product["price"] = {"unitPrice": money(line.unit_price, order.currency)}
        if "AMAZON_BUSINESS" in order.programs:
            product["price"]["priceDesignation"] = "BUSINESS_PRICE"
    body: dict[str, Any] = {"orderItemId": line.id, "quantityOrdered": line.quantity, "product": product}
    if "PROCEEDS" in included and known:
        body["proceeds"] = _item_proceeds(order, line)
    if "EXPENSE" in included and known and order.currency == "JPY":
        points = max(1, line.item // 100)
        granted = {"pointsNumber": points, "pointsMonetaryValue": money(points, "JPY")}
        body["expense"] = {"pointsCost": {"pointsGranted": granted}}
    if "PROMOTION" in included and line.promotion:
        body["promotion"] = {"breakdowns": [{"promotionId": line.promotion}]}
    if "CANCELLATION" in included:
        body |= _cancellation(line)
    if "FULFILLMENT" in included:
        body["fulfillment"] = _item_fulfillment(world, order, line)
    if "TAX" in included and known and order.tax_by_marketplace and (line.tax_item or line.tax_shipping):
        party = RESPONSIBLE.get(order.currency, _EUROPE)
        body["tax"] = {"taxCollections": [{"model": "MARKETPLACE_FACILITATOR", "responsibleParty": party}]}
        if order.currency == "EUR":
            body["tax"]["taxCalculationBreakdowns"] = [{"reportingScheme": "IOSS"}]
    return body


def _cancellation(line: Line) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if line.cancel_request:
        found["cancellationRequest"] = {"requester": "BUYER", "cancelReason": line.cancel_request}
    if line.canceled_by:
        found["cancellationExecution"] = {
            "cancelledBy": _BY[line.canceled_by], "cancelReason": line.cancel_reason,
        }  # fmt: skip
    return {"cancellation": found} if found else {}


def _item_fulfillment(world: World, order: Order, line: Line) -> dict[str, Any]:
    left = 0 if line.canceled_by else line.quantity - line.shipped
    found: dict[str, Any] = {"quantityFulfilled": line.shipped, "quantityUnfulfilled": left}
    if line.gift_level:
        gift = {"giftWrapLevel": line.gift_level}
        if not order.by_platform:
            gift["giftMessage"] = line.gift_message
        found["packing"] = {"giftOption": gift}
    shipping: dict[str, Any] = {"scheduledDeliveryWindow": _window(order.deliver_by)}
    if order.tax_by_marketplace and order.currency == "EUR" and line.tax_item:
        shipping["internationalShipping"] = {"iossNumber": "IM4420001201"}
    found["shipping"] = shipping
    return found


def _package(package: Package) -> dict[str, Any]:
    status, detail = _PACKAGE[package.status]
    return {
        "packageReferenceId": package.reference,
        "createdTime": time_text(package.created),
        "packageStatus": {"status": status, "detailedStatus": detail},
        "carrier": package.carrier,
        "shipTime": time_text(package.shipped_at),
        "shippingService": package.service,
        "trackingNumber": package.tracking,
        "shipFromAddress": dict(_SHIP_FROM),
        "packageItems": [{"orderItemId": item, "quantity": quantity} for item, quantity in package.items],
    }


def poisoned(order: Order, body: dict[str, Any]) -> dict[str, Any]:
    """Return the body, spoiled when the order is a poison order."""
    item = body["orderItems"][0] if body["orderItems"] else {}
    match order.poison:
        case "unknown_status":
            body.setdefault("fulfillment", {})["fulfillmentStatus"] = "TELEPORTED"
        case "unknown_enum":
            body.setdefault("fulfillment", {})["fulfilledBy"] = "ROBOT"
            body["programs"] = ["MOON_DELIVERY"]
        case "nul_in_note":
            packing = item.setdefault("fulfillment", {}).setdefault("packing", {})
            packing["giftOption"] = {"giftMessage": "for you\u0000;--", "giftWrapLevel": "PREMIUM"}
        case "negative_quantity":
            item["quantityOrdered"] = -3
        case "missing_items":
            del body["orderItems"]
        case "bad_amount":
            item.setdefault("proceeds", {})["proceedsTotal"] = {
                "amount": "12,3O", "currencyCode": order.currency,
            }  # fmt: skip
            item["product"]["price"] = {"unitPrice": {"amount": "12,3O", "currencyCode": order.currency}}
        case "bad_currency":
            item["product"]["price"] = {"unitPrice": {"amount": "12.30", "currencyCode": "¤¤¤"}}
            body["proceeds"] = {"grandTotal": {"amount": "12.30", "currencyCode": "¤¤¤"}}
        case "bad_date":
            body["createdTime"] = "yesterday at noon"
        case "quantity_text":
            item["quantityOrdered"] = "two"
        case "not_an_object":
            body["salesChannel"] = "Amazon.com"
    return body


POISONS = (
    "unknown_status", "unknown_enum", "nul_in_note", "negative_quantity", "missing_items", "bad_amount",
    "bad_currency", "bad_date", "quantity_text", "not_an_object",
)  # fmt: skip
