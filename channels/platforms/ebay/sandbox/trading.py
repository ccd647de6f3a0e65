"""The Trading API: one address, the call named in a header, XML in and out, HTTP 200 whatever happened."""

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import ParseError, fromstring

from channels.platforms.ebay.sandbox.answers import (
    NAMESPACE,
    failure,
    partial,
    problem,
    read_time,
    time_text,
    verb_of,
    xml_answer,
    xml_money,
)
from channels.platforms.ebay.sandbox.items import (
    HOSTS,
    SITES,
    Item,
    find_item,
    is_by_inventory,
    items_of,
)
from channels.platforms.ebay.sandbox.orders import find_order, take_shipment
from channels.platforms.ebay.sandbox.trading_orders import get_orders
from channels.sandbox import faults
from channels.sandbox.listings import Listing, set_quantity
from channels.sandbox.market_clock import seconds
from channels.sandbox.orders import CANCELED, PENDING
from channels.sandbox.wire import BadRequest, Call, Request, Response

OLDEST_LEVEL = 941
DAY = 86400
LONGEST_WINDOW = 30 * DAY
_OTHER_TOOL = "Inventory-based listing management is not currently supported by this tool."


def answer(call: Call) -> Response:
    """POST /ws/api.dll: read the request, then let the named call answer it."""
    verb = verb_of(call)
    level = call.request.headers.get("x-ebay-api-compatibility-level", "")
    if not level.isdecimal() or int(level) < OLDEST_LEVEL:
        return failure(call, 21917, "The compatibility level is no longer supported.")
    if not call.request.headers.get("x-ebay-api-siteid", "").isdecimal():
        return failure(call, 10012, "Invalid site id.")
    try:
        root = fromstring(call.request.body)
    except (ParseError, ValueError) as error:
        return failure(call, 5, f"XML Parse error: {error}")
    if root.tag != f"{{{NAMESPACE}}}{verb}Request" or verb not in _VERBS:
        return failure(call, 2, "Unsupported API call.")
    try:
        return _VERBS[verb](call, root)
    except BadRequest as error:
        return failure(call, 37, str(error))


def child(parent: Element | None, *names: str) -> Element | None:
    """Return an element further in."""
    found = parent
    for name in names:
        found = None if found is None else found.find(f"{{{NAMESPACE}}}{name}")
    return found


def text_of(parent: Element | None, *names: str) -> str:
    """Return the text of an element further in, empty when it is absent."""
    found = child(parent, *names)
    return "" if found is None else (found.text or "")


def _page(parent: Element | None) -> tuple[int, int]:
    size, number = text_of(parent, "EntriesPerPage") or "25", text_of(parent, "PageNumber") or "1"
    if not size.isdecimal() or not 1 <= int(size) <= 200 or not number.isdecimal() or int(number) < 1:
        raise BadRequest("Input data for tag <Pagination> is invalid or missing.")
    return int(size), int(number)


def _user(call: Call, root: Element) -> Response:
    seller = call.caller
    home = next(iter(seller.plan.marketplaces))
    return xml_answer(
        call,
        {
            "User": {
                "UserID": seller.seller_id, "EIASToken": f"nY+{seller.seller_id}==", "Status": "Confirmed",
                "Site": SITES[home], "FeedbackScore": "1204",
            }
        },
    )  # fmt: skip


def _my_ebay_selling(call: Call, root: Element) -> Response:
    wanted = child(root, "ActiveList")
    if text_of(wanted, "Include") != "true":
        return xml_answer(call, {})
    size, number = _page(child(wanted, "Pagination"))
    items = items_of(call.world, call.caller)
    shown = items[(number - 1) * size : number * size]
    pages = -(-len(items) // size)
    active: dict[str, Any] = {
        "ItemArray": {"Item": [item_body(item, counts_available=True) for item in shown]},
        "PaginationResult": {"TotalNumberOfPages": pages, "TotalNumberOfEntries": len(items)},
    }
    return xml_answer(call, {"ActiveList": active})


def _seller_list(call: Call, root: Element) -> Response:
    first, last = text_of(root, "EndTimeFrom"), text_of(root, "EndTimeTo")
    if not first or not last:
        return failure(call, 340, "Either Start Time Range or End Time Range must be given.")
    if not 0 <= read_time(last, "EndTimeTo") - read_time(first, "EndTimeFrom") <= 121 * DAY:
        return failure(call, 21, "The time range must be within 120 days.")
    size, number = _page(child(root, "Pagination"))
    wanted = {element.text or "" for element in root.findall(f"{{{NAMESPACE}}}SKUArray/{{{NAMESPACE}}}SKU")}
    items = [
        item for item in items_of(call.world, call.caller)
        if not wanted or any(part.code in wanted for part in item.parts)
    ]  # fmt: skip
    shown = items[(number - 1) * size : number * size]
    return xml_answer(
        call,
        {
            "PaginationResult": {
                "TotalNumberOfPages": -(-len(items) // size), "TotalNumberOfEntries": len(items),
            },
            "HasMoreItems": number * size < len(items),
            "ItemArray": {"Item": [item_body(item, counts_available=False) for item in shown]},
        },
    )  # fmt: skip


def _item(call: Call, root: Element) -> Response:
    item = find_item(call.world, call.caller, text_of(root, "ItemID"))
    if item is None:
        return failure(call, 17, "This item cannot be accessed because the listing has been deleted.")
    return xml_answer(call, {"Item": item_body(item, counts_available=False)})


def item_body(item: Item, *, counts_available: bool) -> dict[str, Any]:
    """Return an item. ``Quantity`` counts what was sold as well; My eBay shows what is left beside it."""
    first = item.parts[0]
    left = sum(part.quantity for part in item.parts)
    body: dict[str, Any] = {
        "ItemID": item.number,
        "Title": item.title,
        "Site": SITES[item.site],
        "Country": "CN",
        "Currency": first.currency,
        "ListingType": "FixedPriceItem",
        "ListingDuration": "GTC",
        "ListingDetails": {
            "StartTime": time_text(first.created),
            "ViewItemURL": f"https://{HOSTS[item.site]}/itm/{item.number}",
        },
        "PictureDetails": {"GalleryURL": f"https://i.ebayimg.com/images/g/{item.number}/s-l500.jpg"},
        "SellingStatus": {
            "CurrentPrice": xml_money(first.price, first.currency), "QuantitySold": _sold(first),
            "ListingStatus": "Active",
        },
        "Quantity": left + _sold(first),
    }  # fmt: skip
    if counts_available:
        body["QuantityAvailable"] = left
    if item.has_variations:
        body["Variations"] = {"Variation": [_variation(part) for part in item.parts]}
    else:
        body["SKU"] = first.code
        body["ProductListingDetails"] = {"EAN": "Does not apply"}
    return body


def _sold(listing: Listing) -> int:
    return listing.id % 7


def _variation(part: Listing) -> dict[str, Any]:
    return {
        "SKU": part.code,
        "StartPrice": xml_money(part.price, part.currency),
        "Quantity": part.quantity + _sold(part),
        "VariationTitle": part.title,
        "VariationSpecifics": {"NameValueList": {"Name": part.theme or "Style", "Value": part.code}},
        "SellingStatus": {"QuantitySold": _sold(part)},
    }


def _revise(call: Call, root: Element) -> Response:
    entries = root.findall(f"{{{NAMESPACE}}}InventoryStatus")
    if not 1 <= len(entries) <= 4:
        return failure(call, 21916270, "Between one and four items can be revised in one call.")
    done: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    for entry in entries:
        found = _revise_one(call, entry)
        (done if "ItemID" in found else problems).append(found)
    if not problems:
        return xml_answer(call, {"InventoryStatus": done, "Fees": [{"ItemID": e["ItemID"]} for e in done]})
    if not done:
        return xml_answer(call, {"Errors": problems}, ack="Failure")
    return partial(call, problems, {"InventoryStatus": done})


def _revise_one(call: Call, entry: Element) -> dict[str, Any]:
    """Revise one listing; returns its new status, or the error in its place."""
    number, sku = text_of(entry, "ItemID"), text_of(entry, "SKU")
    item = find_item(call.world, call.caller, number)
    if item is None:
        return problem(17, f"Item {number} cannot be accessed.")
    if item.has_variations and not sku:
        return problem(21916635, "Invalid multi-SKU item id supplied with inventory status: give the SKU.")
    part = next((part for part in item.parts if sku in ("", part.code)), None)
    if part is None:
        return problem(21916620, f"The SKU {sku} is not part of item {number}.")
    if is_by_inventory(part):
        return problem(21919474, _OTHER_TOOL)
    quantity, price = text_of(entry, "Quantity"), text_of(entry, "StartPrice")
    if not quantity and not price:
        return problem(21916737, "Quantity or StartPrice is needed.")
    if quantity:
        if not quantity.isdecimal() or int(quantity) > 99_999:
            return problem(515, "The quantity is not valid.")
        now = seconds(call.world.now)
        if not faults.take_kind(
            world=call.world, kind="accepted_not_applied", seller=call.caller.name, operation="trading"
        ):
            set_quantity(
                world=call.world, listing=part, quantity=int(quantity), at=now, by="ReviseInventoryStatus"
            )
    if price:
        element = child(entry, "StartPrice")
        named = element.get("currencyID", part.currency) if element is not None else ""
        if named != part.currency or not write_price(call, part, price):
            return problem(73, "The price is not valid.")
    return {
        "SKU": part.code, "ItemID": number, "Quantity": int(quantity) if quantity else part.quantity,
        "StartPrice": xml_money(part.price, part.currency),
    }  # fmt: skip


def write_price(call: Call, listing: Listing, text: str) -> bool:
    """Set a listing's price; ``False`` for one the currency cannot have."""
    minor = minor_units(text, listing.currency)
    if minor is None or minor < 1:
        return False
    listing.price, listing.updated = minor, seconds(call.world.now)
    call.world.db.execute(
        "update listings set price = ?, updated = ? where id = ?", (minor, listing.updated, listing.id)
    )
    return True


def minor_units(text: str, currency: str) -> int | None:
    """Return an amount in minor units, ``None`` for text that is none or has too many decimals."""
    places = len(xml_money(100_000, currency)["#text"].partition(".")[2])
    whole, _, rest = text.strip().partition(".")
    rest = rest.rstrip("0")
    if not whole.isdecimal() or (rest and not rest.isdecimal()) or len(rest) > places:
        return None
    return int(whole + rest.ljust(places, "0"))


def _complete_sale(call: Call, root: Element) -> Response:
    number = text_of(root, "OrderID") or text_of(root, "OrderLineItemID")
    order = find_order(call, number)
    if order is None:
        return failure(call, 21916585, f"The order {number} was not found.")
    if text_of(root, "Shipped") != "true":
        return xml_answer(call, {})
    if order.status in (PENDING, CANCELED):
        return failure(call, 21916962, "The order is not paid or canceled.")
    details = child(root, "Shipment", "ShipmentTrackingDetails")
    tracking, carrier = text_of(details, "ShipmentTrackingNumber"), text_of(details, "ShippingCarrierUsed")
    if bool(tracking) != bool(carrier) or not tracking.isalnum():
        return failure(call, 21919090, "A tracking number needs a carrier, and only letters and digits.")
    items = [[line.id, line.quantity - line.shipped] for line in order.lines if line.quantity > line.shipped]
    if not items:
        return failure(call, 21916964, "The order was shipped already.")
    at = text_of(root, "Shipment", "ShippedTime")
    take_shipment(
        call, order, items=items, number=tracking, carrier=carrier, by="CompleteSale",
        shipped_at=int(read_time(at, "ShippedTime")) if at else seconds(call.world.now),
    )  # fmt: skip
    return xml_answer(call, {})


def _orders(call: Call, root: Element) -> Response:
    first, last = text_of(root, "ModTimeFrom"), text_of(root, "ModTimeTo")
    if not first or not last:
        return failure(call, 20170, "ModTimeFrom and ModTimeTo are needed.")
    if text_of(root, "OrderRole") not in ("", "Seller") or text_of(root, "OrderStatus") not in ("", "All"):
        raise BadRequest("Input data for tag <OrderRole> or <OrderStatus> is invalid or missing.")
    since, until = read_time(first, "ModTimeFrom"), read_time(last, "ModTimeTo")
    if not 0 <= until - since <= LONGEST_WINDOW:
        return failure(call, 21, "The time range must be within 30 days.")
    size, number = _page(child(root, "Pagination"))
    return get_orders(call, first=since, last=until, size=min(size, 100), number=number)


def asks_for_orders(request: Request) -> bool:
    """Whether a request to the one address is GetOrders, whose list has a name of its own."""
    return request.headers.get("x-ebay-api-call-name", "") == "GetOrders"


_VERBS: dict[str, Callable[[Call, Element], Response]] = {
    "GetUser": _user,
    "GetMyeBaySelling": _my_ebay_selling,
    "GetSellerList": _seller_list,
    "GetItem": _item,
    "ReviseInventoryStatus": _revise,
    "CompleteSale": _complete_sale,
    "GetOrders": _orders,
}
