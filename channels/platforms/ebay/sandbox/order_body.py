"""An order as the Fulfillment API writes it."""

from typing import Any

from channels.platforms.ebay.sandbox.answers import money, time_text
from channels.platforms.ebay.sandbox.items import item_number
from channels.sandbox.orders import CANCELED, PENDING, SHIPPED, Line, Order, Package
from channels.sandbox.world import World

DAY = 86400
NEVER_PAID = "PAYMENT_DECLINED"
_TAX_KINDS = {"EBAY_US": "STATE_SALES_TAX", "EBAY_CA": "GST", "EBAY_AU": "GST"}
_BY = {"buyer": "Buyer", "seller": "Seller", "platform": "eBay"}


def was_paid(order: Order) -> bool:
    """Whether the buyer ever paid."""
    return order.status != PENDING and not any(line.cancel_reason == NEVER_PAID for line in order.lines)


def wire_id(world: World, order: Order) -> str:
    """Return the number eBay shows: before payment that of the first line, afterwards one of its own."""
    if was_paid(order):
        return order.id
    first = order.lines[0]
    return f"{legacy_item(world, first)}-{first.id}"


def legacy_item(world: World, line: Line) -> str:
    """Return the ItemID of what a line sold."""
    listing = world.listings.get(line.listing)
    return line.external_code if listing is None else item_number(world, listing)


def order_body(world: World, order: Order, *, with_taxes: bool) -> dict[str, Any]:
    """Return an order; taxes eBay collects stand in the totals only when they are asked for."""
    paid = was_paid(order)
    total = order.total if with_taxes else sum(_due(order, line) for line in order.lines)
    body: dict[str, Any] = {
        "orderId": wire_id(world, order),
        "creationDate": time_text(order.placed),
        "lastModifiedDate": time_text(order.updated),
        "orderFulfillmentStatus": _shipping_status(order),
        "orderPaymentStatus": _payment_status(order),
        "sellerId": world.sellers[order.seller].seller_id,
        "buyer": _buyer(order),
        "pricingSummary": _summary(order, total),
        "cancelStatus": _cancel(order),
        "paymentSummary": {
            "totalDueSeller": money(total if paid else 0, order.currency),
            "refunds": [_refund(order, refund, place) for place, refund in enumerate(order.refunds)],
            "payments": [_payment(order, total)] if paid else [],
        },
        "fulfillmentStartInstructions": [_start(world, order)],
        "fulfillmentHrefs": [_href(world, order, package) for package in order.packages],
        "lineItems": [_line(world, order, line) for line in order.lines],
        "ebayCollectAndRemitTax": order.tax_by_marketplace,
        "salesRecordReference": str(abs(hash_of(order.id)) % 100_000),
        "totalFeeBasisAmount": money(total, order.currency),
        "totalMarketplaceFee": money(total * 13 // 100, order.currency),
    }
    return body


def hash_of(text: str) -> int:
    """Return a small number that is always the same for the same text."""
    return sum(ord(letter) * (place + 7) for place, letter in enumerate(text))


def _due(order: Order, line: Line) -> int:
    taxes = line.tax_item + line.tax_shipping
    return line.total - taxes if order.tax_by_marketplace else line.total


def _shipping_status(order: Order) -> str:
    if order.status == SHIPPED:
        return "FULFILLED"
    return "IN_PROGRESS" if any(line.shipped for line in order.lines) else "NOT_STARTED"


def _payment_status(order: Order) -> str:
    if not was_paid(order):
        return "FAILED" if order.status == CANCELED else "PENDING"
    back = sum(refund["amount"] for refund in order.refunds)
    if order.status == CANCELED or back >= order.total:
        return "FULLY_REFUNDED"
    return "PARTIALLY_REFUNDED" if back else "PAID"


def _buyer(order: Order) -> dict[str, Any]:
    found: dict[str, Any] = {"username": username(order)}
    if "company" in order.buyer:
        found["taxIdentifier"] = {
            "taxpayerId": f"{order.address['country']}{hash_of(order.id):08d}", "taxIdentifierType": "VATIN",
            "issuingCountry": order.address["country"],
        }  # fmt: skip
    return found


def username(order: Order) -> str:
    """Return the buyer's name at eBay."""
    return f"buyer_{hash_of(order.buyer['mail'] + order.buyer['name']) % 10**9:09d}"


def _summary(order: Order, total: int) -> dict[str, Any]:
    def amount(minor: int) -> dict[str, str]:
        return money(minor, order.currency)

    lines = order.lines
    found = {
        "priceSubtotal": amount(sum(line.item for line in lines)),
        "deliveryCost": amount(sum(line.shipping + line.gift_wrap for line in lines)),
        "total": amount(total),
    }
    if any(line.discount for line in lines):
        found["priceDiscount"] = amount(-sum(line.discount for line in lines))
    if not order.tax_by_marketplace and any(line.tax_item for line in lines):
        found["tax"] = amount(sum(line.tax_item + line.tax_shipping for line in lines))
    return found


def _payment(order: Order, total: int) -> dict[str, Any]:
    return {
        "paymentMethod": "EBAY",
        "paymentReferenceId": f"1000{hash_of(order.id):010d}",
        "paymentDate": time_text(order.placed + 60),
        "amount": money(total, order.currency),
        "paymentStatus": "PAID",
    }


def _refund(order: Order, refund: dict[str, Any], place: int) -> dict[str, Any]:
    return {
        "refundDate": time_text(refund["at"]), "amount": money(refund["amount"], order.currency),
        "refundStatus": "REFUNDED", "refundId": f"51000{place}{hash_of(order.id)}",
    }  # fmt: skip


def _cancel(order: Order) -> dict[str, Any]:
    asked = next((line for line in order.lines if line.cancel_request), None)
    ended = next((line for line in order.lines if line.canceled_by), None)
    if ended is not None:
        request = {
            "cancelRequestId": f"5{hash_of(order.id):09d}", "cancelRequestState": "COMPLETED",
            "cancelInitiator": _BY[ended.canceled_by], "cancelReason": ended.cancel_reason,
            "cancelRequestedDate": time_text(order.updated), "cancelCompletedDate": time_text(order.updated),
        }  # fmt: skip
        return {
            "cancelState": "CANCELED",
            "cancelledDate": time_text(order.updated),
            "cancelRequests": [request],
        }
    if asked is not None and order.status != SHIPPED:
        request = {
            "cancelRequestId": f"5{hash_of(order.id):09d}", "cancelRequestState": "REQUESTED",
            "cancelInitiator": "Buyer", "cancelReason": asked.cancel_request,
            "cancelRequestedDate": time_text(order.updated),
        }  # fmt: skip
        return {"cancelState": "IN_PROGRESS", "cancelRequests": [request]}
    return {"cancelState": "NONE_REQUESTED", "cancelRequests": []}


def _start(world: World, order: Order) -> dict[str, Any]:
    kept = order.address
    place = {
        "addressLine1": kept["line1"], "city": kept["city"], "stateOrProvince": kept["region"],
        "postalCode": kept["postal_code"], "countryCode": kept["country"],
    }  # fmt: skip
    if "line2" in kept:
        place["addressLine2"] = kept["line2"]
    ship_to: dict[str, Any] = {
        "fullName": kept["name"], "contactAddress": place, "primaryPhone": {"phoneNumber": kept["phone"]},
    }  # fmt: skip
    if "company" in kept:
        ship_to["companyName"] = kept["company"]
    if world.now.timestamp() < order.placed + 14 * DAY:
        ship_to["email"] = order.buyer["mail"]
    if order.extra.get("erased"):
        ship_to = {"fullName": "", "contactAddress": {"countryCode": kept["country"]}}
    return {
        "fulfillmentInstructionsType": "SHIP_TO",
        "minEstimatedDeliveryDate": time_text(order.deliver_by[0]),
        "maxEstimatedDeliveryDate": time_text(order.deliver_by[1]),
        "ebaySupportedFulfillment": False,
        "shippingStep": {"shippingServiceCode": _service(order), "shipTo": ship_to},
    }


def _service(order: Order) -> str:
    return {"EXPEDITED": "ExpeditedShipping", "FREE_ECONOMY": "EconomyShipping"}.get(
        order.service, "StandardShipping"
    )


def clean_number(package: Package) -> str:
    """Return a parcel's number as eBay keeps it: letters and digits."""
    return "".join(letter for letter in package.tracking if letter.isascii() and letter.isalnum())


def _href(world: World, order: Order, package: Package) -> str:
    number = clean_number(package) or "999"
    place = "https://api.ebay.com/sell/fulfillment/v1/order"
    return f"{place}/{wire_id(world, order)}/shipping_fulfillment/{number}"


def _line(world: World, order: Order, line: Line) -> dict[str, Any]:
    def amount(minor: int) -> dict[str, str]:
        return money(minor, order.currency)

    listing = world.listings.get(line.listing)
    taxes = line.tax_item + line.tax_shipping
    delivery = {"shippingCost": amount(line.shipping)}
    if line.gift_wrap:
        delivery["handlingCost"] = amount(line.gift_wrap)
    body: dict[str, Any] = {
        "lineItemId": line.id,
        "legacyItemId": legacy_item(world, line),
        "sku": line.code,
        "title": line.title,
        "lineItemCost": amount(line.item),
        "quantity": line.quantity,
        "soldFormat": "FIXED_PRICE",
        "listingMarketplaceId": order.marketplace,
        "purchaseMarketplaceId": order.marketplace,
        "lineItemFulfillmentStatus": _line_status(line),
        "total": amount(_due(order, line)),
        "deliveryCost": delivery,
        "appliedPromotions": [],
        "taxes": [],
        "properties": {"buyerProtection": True},
        "lineItemFulfillmentInstructions": {
            "minEstimatedDeliveryDate": time_text(order.deliver_by[0]),
            "maxEstimatedDeliveryDate": time_text(order.deliver_by[1]),
            "shipByDate": time_text(order.ship_by[1]),
            "guaranteedDelivery": False,
        },
    }
    if listing is not None and listing.parent:
        body["legacyVariationId"] = str(600_000_000_000 + listing.id)
        body["variationAspects"] = [{"name": listing.theme or "Style", "value": listing.code}]
    if line.discount:
        body["discountedLineItemCost"] = amount(line.item - line.discount)
        body["appliedPromotions"] = [
            {"discountAmount": amount(line.discount), "promotionId": line.promotion or "5"}
        ]
    if taxes and order.tax_by_marketplace:
        kind = _TAX_KINDS.get(order.marketplace, "VAT")
        body["ebayCollectAndRemitTaxes"] = [
            {"taxType": kind, "amount": amount(taxes), "collectionMethod": "NET"}
        ]
    elif taxes:
        body["taxes"] = [{"taxType": "STATE_SALES_TAX", "amount": amount(taxes)}]
    refunds = [refund for refund in order.refunds if refund["line"] == line.id]
    if refunds:
        body["refunds"] = [
            {"refundDate": time_text(refund["at"]), "amount": amount(refund["amount"])} for refund in refunds
        ]
    if line.gift_message:
        body["giftDetails"] = {"message": line.gift_message, "senderName": order.buyer["name"]}
    return body


def _line_status(line: Line) -> str:
    if line.shipped >= line.quantity:
        return "FULFILLED"
    return "IN_PROGRESS" if line.shipped else "NOT_STARTED"


def poisoned(order: Order, body: dict[str, Any]) -> dict[str, Any]:
    """Return the body, spoiled when the order is a poison order."""
    item = body["lineItems"][0] if body["lineItems"] else {}
    match order.poison:
        case "unknown_status":
            body["orderFulfillmentStatus"] = "TELEPORTED"
        case "unknown_enum":
            body["fulfillmentStartInstructions"][0]["fulfillmentInstructionsType"] = "BY_ROBOT"
            body["orderPaymentStatus"] = "BARTERED"
        case "nul_in_note":
            item["giftDetails"] = {"message": "for you\u0000;--"}
        case "negative_quantity":
            item["quantity"] = -3
        case "missing_items":
            del body["lineItems"]
        case "bad_amount":
            item["lineItemCost"] = {"value": "12,3O", "currency": order.currency}
        case "bad_currency":
            item["lineItemCost"] = {"value": "12.30", "currency": "¤¤¤"}
        case "bad_date":
            body["creationDate"] = "yesterday at noon"
        case "quantity_text":
            item["quantity"] = "two"
        case "not_an_object":
            body["cancelStatus"] = "NONE_REQUESTED"
    return body
