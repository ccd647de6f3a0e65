"""Orders v0, read only: getOrders, getOrder, getOrderItems. Deprecated; for old files and their replay."""

from typing import Any

from channels.platforms.amazon.sandbox.answers import (
    answer,
    error,
    fingerprint,
    listed,
    number_between,
    page_token,
    read_page_token,
    short_time_text,
)
from channels.platforms.amazon.sandbox.order_body import RESPONSIBLE
from channels.platforms.amazon.sandbox.orders import find_orders, read_window, visible_order
from channels.sandbox.orders import PENDING, Line, Order
from channels.sandbox.places import amount_text
from channels.sandbox.wire import BadRequest, Call, Response
from channels.sandbox.world import World

STATUSES = {
    "Pending": "pending",
    "Unshipped": "unshipped",
    "PartiallyShipped": "partially_shipped",
    "Shipped": "shipped",
    "Canceled": "canceled",
}
_KNOWN = (*STATUSES, "Unfulfillable", "InvoiceUnconfirmed", "PendingAvailability")
_NAMES = {value: name for name, value in STATUSES.items()}
_SERVICES = {
    "STANDARD": "Standard", "EXPEDITED": "Expedited", "SECOND_DAY": "SecondDay",
    "FREE_ECONOMY": "FreeEconomy", "NEXT_DAY": "NextDay",
}  # fmt: skip


def _money(minor: int, order: Order) -> dict[str, str]:
    return {"CurrencyCode": order.currency, "Amount": amount_text(minor, order.currency)}


def order_body(world: World, order: Order) -> dict[str, Any]:
    """Return an order as v0 writes it; without a restricted token there is no name and no street."""
    place = world.marketplaces[order.marketplace]
    shipped = sum(line.shipped for line in order.lines)
    body: dict[str, Any] = {
        "AmazonOrderId": order.id,
        "SellerOrderId": order.id,
        "PurchaseDate": short_time_text(order.placed),
        "LastUpdateDate": short_time_text(order.updated),
        "OrderStatus": _NAMES[order.status],
        "FulfillmentChannel": "AFN" if order.by_platform else "MFN",
        "SalesChannel": place.name,
        "ShipServiceLevel": _SERVICES[order.service],
        "ShipmentServiceLevelCategory": _SERVICES[order.service],
        "NumberOfItemsShipped": shipped,
        "NumberOfItemsUnshipped": sum(line.quantity for line in order.lines) - shipped,
        "PaymentMethod": "CVS" if order.payment == "ConvenienceStore" else "Other",
        "PaymentMethodDetails": ["Standard"],
        "MarketplaceId": order.marketplace,
        "OrderType": "StandardOrder",
        "EarliestShipDate": short_time_text(order.ship_by[0]),
        "LatestShipDate": short_time_text(order.ship_by[1]),
        "EarliestDeliveryDate": short_time_text(order.deliver_by[0]),
        "LatestDeliveryDate": short_time_text(order.deliver_by[1]),
        "IsBusinessOrder": "AMAZON_BUSINESS" in order.programs,
        "IsPrime": "PRIME" in order.programs,
        "IsReplacementOrder": False,
    }
    if order.status == PENDING:
        return body
    body["OrderTotal"] = _money(order.total, order)
    if order.status != "canceled":
        body["ShippingAddress"] = {
            "City": order.address["city"],
            "StateOrRegion": order.address["region"],
            "PostalCode": order.address["postal_code"],
            "CountryCode": order.address["country"],
        }
    if not order.by_platform:
        body["BuyerInfo"] = {"BuyerEmail": order.buyer["mail"]}
    return body


def item_body(order: Order, line: Line) -> dict[str, Any]:
    """Return an order item as v0 writes it; ``ItemPrice`` is the line's, not the unit's."""
    body: dict[str, Any] = {
        "ASIN": line.external_code,
        "SellerSKU": line.code,
        "OrderItemId": line.id,
        "Title": line.title,
        "QuantityOrdered": line.quantity,
        "QuantityShipped": line.shipped,
        "ProductInfo": {"NumberOfItems": "1"},
        "IsGift": "true" if line.gift_level else "false",
        "ConditionId": "New",
        "ConditionSubtypeId": "New",
        "IsTransparency": False,
        "BuyerRequestedCancel": {"IsBuyerRequestedCancel": "true" if line.cancel_request else "false"},
    }
    if line.cancel_request:
        body["BuyerRequestedCancel"]["BuyerCancelReason"] = line.cancel_request
    if order.status == PENDING:
        return body
    body["ItemPrice"] = _money(line.item, order)
    body["ItemTax"] = _money(line.tax_item, order)
    if line.shipping:
        body["ShippingPrice"] = _money(line.shipping, order)
        body["ShippingTax"] = _money(line.tax_shipping, order)
    if line.discount:
        body["PromotionDiscount"] = _money(line.discount, order)
        body["PromotionIds"] = [line.promotion]
    if line.gift_level:
        body["BuyerInfo"] = {
            "GiftWrapPrice": _money(line.gift_wrap, order),
            "GiftWrapLevel": line.gift_level,
            "GiftMessageText": line.gift_message,
        }
    if order.tax_by_marketplace and RESPONSIBLE.get(order.currency) == "Amazon Services, Inc.":
        body["TaxCollection"] = {
            "Model": "MarketplaceFacilitator", "ResponsibleParty": "Amazon Services, Inc.",
        }  # fmt: skip
    return body


def get_orders(call: Call) -> Response:
    """GET /orders/v0/orders."""
    request, world = call.request, call.world
    places = listed(request, "MarketplaceIds", world.marketplaces)
    if not places:
        raise BadRequest("MarketplaceIds is required.")
    start: tuple[int, str] = (-1, "")
    token = request.one("NextToken")
    if token is not None:
        state = read_page_token(world, token, name="NextToken")
        by_update, first, last = bool(state["by_update"]), float(state["first"]), float(state["last"])
        start = (int(state["at"]), str(state["id"]))
    else:
        by_update, first, last = read_window(
            call,
            created=("CreatedAfter", "CreatedBefore"),
            updated=("LastUpdatedAfter", "LastUpdatedBefore"),
        )
    statuses = [STATUSES.get(value, value) for value in listed(request, "OrderStatuses", _KNOWN)]
    channels = listed(request, "FulfillmentChannels", ("AFN", "MFN"))
    size = number_between(request, "MaxResultsPerPage", low=1, high=100, default=100)
    found = find_orders(
        call, by_update=by_update, first=first, last=last, start=start, statuses=statuses,
        by_platform=[value == "AFN" for value in channels], places=places, limit=size + 1,
    )  # fmt: skip
    payload: dict[str, Any] = {"Orders": [order_body(world, order) for order in found[:size]]}
    if len(found) > size:
        edge = found[size - 1]
        state = {
            "at": edge.updated if by_update else edge.placed, "id": edge.id, "first": first, "last": last,
            "by_update": by_update, "same": fingerprint(request, "NextToken"),
        }  # fmt: skip
        payload["NextToken"] = page_token(world, state, lives=24 * 3600)
    payload["LastUpdatedBefore" if by_update else "CreatedBefore"] = short_time_text(int(last))
    return answer(call, {"payload": payload}, rate=0.0167)


def get_order(call: Call) -> Response:
    """GET /orders/v0/orders/{orderId}."""
    order = visible_order(call)
    if order is None:
        return error(404, "NotFound", "The requested order was not found.")
    return answer(call, {"payload": order_body(call.world, order)}, rate=0.5)


def get_order_items(call: Call) -> Response:
    """GET /orders/v0/orders/{orderId}/orderItems."""
    order = visible_order(call)
    if order is None:
        return error(404, "NotFound", "The requested order was not found.")
    items = [item_body(order, line) for line in order.lines]
    return answer(call, {"payload": {"AmazonOrderId": order.id, "OrderItems": items}}, rate=0.5)
