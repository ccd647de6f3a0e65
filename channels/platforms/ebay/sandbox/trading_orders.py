"""Trading's GetOrders: the same orders in the older API's words."""

from typing import Any

from channels.platforms.ebay.sandbox.answers import time_text, xml_answer, xml_money
from channels.platforms.ebay.sandbox.items import SITES
from channels.platforms.ebay.sandbox.order_body import (
    clean_number,
    legacy_item,
    username,
    was_paid,
    wire_id,
)
from channels.sandbox import returns
from channels.sandbox.orders import CANCELED, SHIPPED, Line, Order, read_doc
from channels.sandbox.wire import Call, Response
from channels.sandbox.world import World

OLDEST = 90 * 86400
_RETURN_STATUSES = {
    returns.REQUESTED: "ReturnRequestPending", returns.ACCEPTED: "ReturnOpen",
    returns.REFUNDED: "ReturnClosedWithRefund", returns.REJECTED: "ReturnRequestRejected",
}  # fmt: skip


def get_orders(call: Call, *, first: float, last: float, size: int, number: int) -> Response:
    """Answer GetOrders for a window of changes; orders older than 90 days are not shown."""
    now = call.world.now.timestamp()
    rows = call.world.db.execute(
        "select doc from orders where seller = ? and updated between ? and ? and visible <= ?"
        " and placed >= ? order by placed, id",
        (call.caller.name, first, last, now, now - OLDEST),
    ).fetchall()
    shown = rows[(number - 1) * size : number * size]
    return xml_answer(
        call,
        {
            "PaginationResult": {
                "TotalNumberOfPages": -(-len(rows) // size), "TotalNumberOfEntries": len(rows),
            },
            "HasMoreOrders": number * size < len(rows),
            "OrderArray": {"Order": [order_element(call.world, read_doc(row["doc"])) for row in shown]},
            "OrdersPerPage": size,
            "PageNumber": number,
            "ReturnedOrderCountActual": len(shown),
        },
    )  # fmt: skip


def order_element(world: World, order: Order) -> dict[str, Any]:
    """Return an order as GetOrders writes it."""
    paid = was_paid(order)
    kept = order.address
    asked = order.status != SHIPPED and any(line.cancel_request for line in order.lines)
    body: dict[str, Any] = {
        "OrderID": wire_id(world, order),
        "OrderStatus": _status(order, paid=paid, asked=asked),
        "AdjustmentAmount": xml_money(0, order.currency),
        "AmountPaid": xml_money(order.total if paid else 0, order.currency),
        "CheckoutStatus": {
            "eBayPaymentStatus": "NoPaymentFailure",
            "LastModifiedTime": time_text(order.updated),
            "PaymentMethod": "CreditCard",
            "Status": "Complete" if paid else "Incomplete",
        },
        "CreatedTime": time_text(order.placed),
        "ShippingAddress": {
            "Name": kept["name"], "Street1": kept["line1"], "Street2": kept.get("line2", ""),
            "CityName": kept["city"], "StateOrProvince": kept["region"], "Country": kept["country"],
            "Phone": kept["phone"], "PostalCode": kept["postal_code"],
        },
        "ShippingServiceSelected": {"ShippingService": "StandardShipping"},
        "Subtotal": xml_money(sum(line.item for line in order.lines), order.currency),
        "Total": xml_money(order.total, order.currency),
        "TransactionArray": {"Transaction": [_transaction(world, order, line) for line in order.lines]},
        "BuyerUserID": username(order),
        "EIASToken": f"nY+{username(order)}==",
        "CancelStatus": "CancelRequested" if asked else "NotApplicable",
    }  # fmt: skip
    if paid:
        body["PaidTime"] = time_text(order.placed + 60)
    if order.status == SHIPPED and order.packages:
        body["ShippedTime"] = time_text(max(package.shipped_at for package in order.packages))
    return body


def _status(order: Order, *, paid: bool, asked: bool) -> str:
    if order.status == CANCELED:
        return "Cancelled"
    if asked:
        return "CancelPending"
    return "Completed" if paid else "Active"


def _transaction(world: World, order: Order, line: Line) -> dict[str, Any]:
    listing = world.listings.get(line.listing)
    number = legacy_item(world, line)
    item: dict[str, Any] = {"ItemID": number, "Site": SITES[order.marketplace], "Title": line.title}
    is_variation = listing is not None and bool(listing.parent)
    if not is_variation:
        item["SKU"] = line.code
    body: dict[str, Any] = {
        "Buyer": {"Email": order.buyer["mail"]},
        "CreatedDate": time_text(order.placed),
        "Item": item,
        "QuantityPurchased": line.quantity,
        "Status": {"PaymentHoldStatus": "None", **_return_status(order, line)},
        "TransactionID": line.id,
        "TransactionPrice": xml_money(line.unit_price, order.currency),
        "TransactionSiteID": SITES[order.marketplace],
        "Taxes": {"TotalTaxAmount": xml_money(0, order.currency)},
        "ActualShippingCost": xml_money(line.shipping, order.currency),
        "OrderLineItemID": f"{number}-{line.id}",
        "eBayCollectAndRemitTax": order.tax_by_marketplace,
    }
    if order.tax_by_marketplace:
        taxes = xml_money(line.tax_item + line.tax_shipping, order.currency)
        body["eBayCollectAndRemitTaxes"] = {"TotalTaxAmount": taxes}
    if is_variation and listing is not None:
        body["Variation"] = {
            "SKU": line.code,
            "VariationTitle": line.title,
            "VariationSpecifics": {
                "NameValueList": {"Name": listing.theme or "Style", "Value": listing.code}
            },
        }
    parcels = [package for package in order.packages if any(part[0] == line.id for part in package.items)]
    if parcels:
        body["ShippedTime"] = time_text(max(package.shipped_at for package in parcels))
        body["ShippingDetails"] = {
            "ShipmentTrackingDetails": [
                {"ShippingCarrierUsed": package.carrier_code, "ShipmentTrackingNumber": clean_number(package)}
                for package in parcels
            ]
        }
    return body


def _return_status(order: Order, line: Line) -> dict[str, str]:
    """Return how the line's latest return stands: eBay shows one status, and neither units nor a reason."""
    found = [each for each in order.returns if each["line"] == line.id]
    if not found:
        return {"ReturnStatus": "NotApplicable"}
    return {
        "ReturnStatus": _RETURN_STATUSES[found[-1]["status"]],
        "LastTimeModified": time_text(found[-1]["updated"]),
    }
