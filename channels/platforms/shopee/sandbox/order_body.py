"""An order as get_order_detail writes it."""

from typing import Any
from zlib import crc32

from channels.platforms.shopee.sandbox.answers import number
from channels.sandbox.listings import Listing
from channels.sandbox.orders import ARRANGED, CANCELED, PENDING, SHIPPED, Line, Order, Package
from channels.sandbox.parcels import arranged, left_to_arrange
from channels.sandbox.pictures import picture_url
from channels.sandbox.wire import Call
from channels.sandbox.world import World

DEFAULT = {
    "order_sn", "region", "currency", "cod", "order_status", "message_to_seller", "create_time",
    "update_time", "days_to_ship", "ship_by_date",
}  # fmt: skip
OPTIONAL = {
    "buyer_user_id", "buyer_username", "estimated_shipping_fee", "recipient_address", "actual_shipping_fee",
    "goods_to_declare", "note", "note_update_time", "item_list", "pay_time", "dropshipper",
    "dropshipper_phone", "split_up", "buyer_cancel_reason", "cancel_by", "cancel_reason",
    "actual_shipping_fee_confirmed", "buyer_cpf_id", "fulfillment_flag", "pickup_done_time", "package_list",
    "shipping_carrier", "payment_method", "total_amount", "invoice_data", "order_chargeable_weight_gram",
    "return_request_due_date", "edt", "payment_info", "international_label",
}  # fmt: skip
_SHOWN = {"READY_TO_SHIP", "PROCESSED", "SHIPPED", "IN_CANCEL"}
_PARCELS = {
    ARRANGED: "LOGISTICS_REQUEST_CREATED", "shipped": "LOGISTICS_PICKUP_DONE",
    "in_transit": "LOGISTICS_PICKUP_DONE", "delivered": "LOGISTICS_DELIVERY_DONE",
    "canceled": "LOGISTICS_REQUEST_CANCELED",
}  # fmt: skip


def numbers_of(world: World, listing: Listing) -> tuple[int, int]:
    """Return a listing's item and model; the family above a variant is its item."""
    if listing.parent:
        above = world.find_listing(
            seller=listing.seller, marketplace=listing.marketplace, code=listing.parent
        )
        if above is not None:
            return int(above.external_code), int(listing.external_code)
    return int(listing.external_code), 0


def listing_name(world: World, listing: Listing) -> str:
    """Return what Shopee calls a listing: the item's number, with the model's where it has variants."""
    item, model = numbers_of(world, listing)
    return f"{item}-{model}" if model else str(item)


def package_number(order: Order, reference: str) -> str:
    """Return Shopee's number of a parcel."""
    return f"OFG{crc32(order.id.encode()):010d}{int(reference):03d}"


def status_of(order: Order) -> str:
    """Return where the order stands, in Shopee's words."""
    if order.status == PENDING:
        return "UNPAID"
    if order.status == CANCELED:
        return "CANCELLED"
    if order.status == SHIPPED:
        left = [package for package in order.packages if package.status != "canceled"]
        return "COMPLETED" if all(package.status == "delivered" for package in left) else "SHIPPED"
    if any(line.cancel_request for line in order.lines):
        return "IN_CANCEL"
    return "PROCESSED" if arranged(order) and not left_to_arrange(order) else "READY_TO_SHIP"


def order_body(call: Call, order: Order, wanted: set[str]) -> dict[str, Any]:
    """Return an order with the fields that come by default and those that were asked for."""
    status = status_of(order)
    full = _basics(call.world, order, status) | _money(order) | _people(order, status)
    full |= _cancellation(order)
    full["item_list"] = [_item(call, order, line) for line in order.lines]
    full["package_list"] = package_entries(call.world, order)
    full["pickup_done_time"] = max((package.shipped_at for package in order.packages), default=0)
    return {name: value for name, value in full.items() if name in DEFAULT | wanted}


def _basics(world: World, order: Order, status: str) -> dict[str, Any]:
    place = world.marketplaces[order.marketplace]
    return {
        "order_sn": order.id,
        "region": place.country,
        "currency": order.currency,
        "cod": order.payment != "CreditCard",
        "order_status": status,
        "message_to_seller": next((line.gift_message for line in order.lines if line.gift_message), ""),
        "create_time": order.placed,
        "update_time": order.updated,
        "days_to_ship": 2,
        "ship_by_date": 0 if status == "UNPAID" else order.ship_by[1],
        "pay_time": None if status == "UNPAID" else order.extra.get("paid", order.placed + 60),
        "note": "",
        "note_update_time": 0,
        "goods_to_declare": False,
        "split_up": bool(split_groups(order)),
        "dropshipper": None,
        "dropshipper_phone": None,
        "invoice_data": None,
        "fulfillment_flag": "fulfilled_by_cb_seller",
        "payment_method": "Credit Card/Debit Card" if order.payment == "CreditCard" else "Cash on Delivery",
        "shipping_carrier": "SPX Express",
    }


def _money(order: Order) -> dict[str, Any]:
    shipping = sum(line.shipping for line in order.lines)
    return {
        "total_amount": number(order.total, order.currency),
        "estimated_shipping_fee": number(shipping, order.currency),
        "actual_shipping_fee": number(shipping, order.currency),
        "actual_shipping_fee_confirmed": False,
    }


def masked(text: str, *, keep: int = 1) -> str:
    """Return a text as Shopee masks it: its ends and stars between them."""
    return f"{text[:keep]}******{text[-keep:]}" if len(text) > 2 * keep else "****"


def _people(order: Order, status: str) -> dict[str, Any]:
    kept, shown = order.address, status in _SHOWN
    street = ", ".join(kept[name] for name in ("line1", "line2", "line3") if name in kept)
    whole = f"{street}, {kept['city']}, {kept['region']}, {kept['postal_code']}"
    return {
        "buyer_user_id": crc32(order.buyer["mail"].encode()),
        "buyer_username": order.buyer["mail"].partition("@")[0],
        "buyer_cpf_id": None,
        "recipient_address": {
            "name": kept["name"] if shown else masked(kept["name"]),
            "phone": kept["phone"] if shown else f"******{kept['phone'][-2:]}",
            "town": "",
            "district": kept["region"] if shown else "****",
            "city": kept["city"] if shown else "****",
            "state": kept["region"] if shown else "****",
            "region": kept["country"],
            "zipcode": kept["postal_code"] if shown else "****",
            "full_address": whole if shown else masked(whole, keep=2),
        },
    }


def _cancellation(order: Order) -> dict[str, Any]:
    line = order.lines[0] if order.lines else None
    wish = next((line.cancel_request for line in order.lines if line.cancel_request), "")
    return {
        "buyer_cancel_reason": wish or (line.cancel_reason if line and line.canceled_by == "buyer" else ""),
        "cancel_by": "" if line is None else line.canceled_by.replace("platform", "system"),
        "cancel_reason": "" if line is None else line.cancel_reason,
    }


def _item(call: Call, order: Order, line: Line) -> dict[str, Any]:
    world = call.world
    listing = world.listings[line.listing]
    item, model = numbers_of(world, listing)
    reduced = (line.item - line.discount) // max(1, line.quantity)
    title, _, variant = line.title.partition(", ")
    return {
        "item_id": item,
        "item_name": title,
        "item_sku": listing.parent or line.code,
        "model_id": model,
        "model_name": variant if model else "",
        "model_sku": line.code if model else "",
        "model_quantity_purchased": line.quantity,
        "model_original_price": number(line.unit_price, order.currency),
        "model_discounted_price": number(reduced, order.currency),
        "wholesale": False,
        "weight": 0.4,
        "add_on_deal": False,
        "main_item": False,
        "add_on_deal_id": 0,
        "promotion_type": "product_promotion" if line.discount else "",
        "promotion_id": crc32(line.promotion.encode()) if line.promotion else 0,
        "order_item_id": item,
        "promotion_group_id": 0,
        "image_info": {"image_url": picture_url(base_url=call.request.base_url, code=line.code)},
        "product_location_id": [],
    }


def package_entries(world: World, order: Order) -> list[dict[str, Any]]:
    """Return an order's packages as Shopee lists them: what is arranged or gone, then what waits."""
    if order.status == PENDING:
        return []
    found = [_package(world, order, package) for package in order.packages]
    for reference, items in waiting(order):
        found.append(_entry(world, order, reference, "LOGISTICS_READY", "SPX Express", items))
    return found


def waiting(order: Order) -> list[tuple[str, list[list[Any]]]]:
    """Return (reference, items) of the packages not arranged yet: one, unless the order was split."""
    left = left_to_arrange(order)
    if not left or order.status == CANCELED:
        return []
    groups = split_groups(order)
    if not groups:
        return [(str(len(order.packages) + 1), left)]
    gone = {package.reference for package in order.packages}
    return [(reference, items) for reference, items in groups if reference not in gone]


def split_groups(order: Order) -> list[tuple[str, list[list[Any]]]]:
    """Return (reference, items) of the packages the seller divided the order into; empty: never divided."""
    return [(str(reference), items) for reference, items in order.extra.get("split", [])]


def _package(world: World, order: Order, package: Package) -> dict[str, Any]:
    status = _PARCELS.get(package.status, "LOGISTICS_PICKUP_DONE")
    return _entry(world, order, package.reference, status, package.carrier, package.items)


def _entry(
    world: World, order: Order, reference: str, status: str, carrier: str, items: list[list[Any]]
) -> dict[str, Any]:
    parts = []
    for line_id, quantity in items:
        line = order.line(line_id)
        if line is not None:
            item, model = numbers_of(world, world.listings[line.listing])
            parts.append(
                {"item_id": item, "model_id": model, "model_quantity": quantity, "order_item_id": item,
                 "promotion_group_id": 0}
            )  # fmt: skip
    return {
        "package_number": package_number(order, reference),
        "logistics_status": status,
        "logistics_channel_id": 18099,
        "shipping_carrier": carrier,
        "allow_self_design_awb": True,
        "item_list": parts,
    }


def poisoned(order: Order, body: dict[str, Any]) -> dict[str, Any]:
    """Return the body, spoiled when the order is a poison order."""
    item = body["item_list"][0] if body.get("item_list") else {}
    match order.poison:
        case "unknown_status":
            body["order_status"] = "TELEPORTED"
        case "unknown_enum":
            body["fulfillment_flag"] = "fulfilled_by_robot"
        case "nul_in_note":
            item["item_name"] = "for you\u0000;--"
        case "negative_quantity":
            item["model_quantity_purchased"] = -3
        case "missing_items":
            body.pop("item_list", None)
        case "bad_amount":
            item["model_original_price"] = "12,3O"
        case "bad_currency":
            body["currency"] = "¤¤¤"
        case "bad_date":
            body["create_time"] = "yesterday at noon"
        case "quantity_text":
            item["model_quantity_purchased"] = "two"
        case "not_an_object":
            body["recipient_address"] = "1 Mill Lane"
    return body
