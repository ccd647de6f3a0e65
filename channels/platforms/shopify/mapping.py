"""An order of the Admin API 2026-01 as the hub's message."""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from channels.messages import (
    FulfillmentMethod,
    IncomingAddress,
    IncomingBuyer,
    IncomingLine,
    IncomingOrder,
    IncomingParcel,
    IncomingReturn,
    OrderState,
)
from channels.platforms.shopify.directory import MARKETPLACE
from channels.platforms.shopify.mapping_back import read_refunded, read_returns
from channels.platforms.shopify.mapping_money import LineMoney, Purse, read_money
from channels.platforms.shopify.reading import nodes, number_of
from channels.reading import (
    LARGEST_QUANTITY,
    Json,
    Unreadable,
    child,
    children,
    clean,
    currency,
    cut_text,
    instant,
    needed_instant,
    plain,
    text,
    whole,
)

SHIPPED = {
    "UNFULFILLED": OrderState.OPEN,
    "OPEN": OrderState.OPEN,
    "IN_PROGRESS": OrderState.OPEN,
    "ON_HOLD": OrderState.OPEN,
    "SCHEDULED": OrderState.OPEN,
    "PENDING_FULFILLMENT": OrderState.OPEN,
    "REQUEST_DECLINED": OrderState.OPEN,
    "RESTOCKED": OrderState.OPEN,
    "PARTIALLY_FULFILLED": OrderState.PARTLY_SHIPPED,
    "FULFILLED": OrderState.SHIPPED,
}
PAID = {"PAID": True, "AUTHORIZED": True, "PARTIALLY_REFUNDED": True, "REFUNDED": True, "PENDING": False,
        "PARTIALLY_PAID": False, "EXPIRED": False, "VOIDED": False}  # fmt: skip
_ON_DELIVERY = "cash on delivery"
_PARCEL_STATES = {"SUCCESS", "PENDING", "OPEN"}
_NO_PARCEL = {"CANCELLED", "ERROR", "FAILURE"}
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


def read_order(raw: Json) -> IncomingOrder:
    """Read one order. Raises ``Unreadable`` when a needed field is missing or a value cannot be true."""
    return read_node(raw, raw)


def read_node(order: Json, raw: Json) -> IncomingOrder:
    """Read an order in the shape of the Admin API; ``raw`` is what is kept of it.

    Values outside of Shopify's own lists are kept raw in ``unknown_values`` and never guessed at: an order
    whose status is unknown has the state ``UNKNOWN``.
    """
    unknown: list[str] = []
    purse = Purse(currency(order.get("currencyCode"), "currencyCode"))
    items = _without_bundles(_needed_items(order))
    parcels, sent, delivered = _read_parcels(order, unknown)
    refunded = read_refunded(order, purse)
    is_canceled = instant(order, "cancelledAt") is not None
    lines = tuple(
        _read_line(
            item,
            money,
            sent=sent,
            refunded=refunded.get(_id(item), Decimal(0)),
            is_canceled=is_canceled,
        )
        for item, money in zip(items, read_money(order, items, purse), strict=True)
    )
    _refuse_twins(lines)
    state, status = _read_state(order, lines, unknown, is_canceled=is_canceled, is_delivered=delivered)
    address = child(order, "shippingAddress")
    service = nodes(order, "shippingLines")
    return IncomingOrder(
        external_id=_id(order),
        marketplace=MARKETPLACE,
        state=state,
        platform_status=status,
        fulfillment_method=FulfillmentMethod.BY_SELLER,
        placed_at=needed_instant(order, "createdAt"),
        updated_at=needed_instant(order, "updatedAt"),
        currency=purse.currency,
        lines=lines,
        raw=plain(raw),
        total=purse.price(order, "totalPriceSet") if order.get("totalPriceSet") is not None else None,
        paid_at=_paid_at(order),
        country=_country(address, unknown),
        cancel_reason=cut_text(order, "cancelReason", most=300),
        shipping_service=cut_text(service[0], "title", most=80) if service else "",
        is_business=bool(cut_text(address, "company", most=300).strip()),
        buyer=_read_buyer(order, address),
        parcels=parcels,
        returns=_known(read_returns(order, purse, unknown), lines),
        unknown_values=tuple(dict.fromkeys(unknown)),
    )


def _id(parent: Json) -> str:
    return number_of(parent.get("id"), "id")


def _needed_items(order: Json) -> list[Json]:
    if order.get("lineItems") is None:
        raise Unreadable("lineItems is missing")
    return nodes(order, "lineItems")


def _without_bundles(items: Sequence[Json]) -> list[Json]:
    """Leave out a bundle whose parts are lines of their own: those are what leaves the shelf."""
    groups = [child(item, "lineItemGroup") for item in items]
    bundles = {number_of(group["variantId"], "variantId") for group in groups if group.get("variantId")}
    return [item for item, group in zip(items, groups, strict=True) if group or _variant(item) not in bundles]


def _variant(item: Json) -> str:
    variant = child(item, "variant")
    return number_of(variant.get("id"), "variant") if variant else ""


def _refuse_twins(lines: Sequence[IncomingLine]) -> None:
    seen: set[str] = set()
    for line in lines:
        if line.external_id in seen:
            raise Unreadable(f"the order holds the line {line.external_id} twice")
        seen.add(line.external_id)


def listing_code(item: Json, variant_id: str) -> str:
    """Return what names a listing: the SKU, else the variant's number. Raises ``Unreadable``."""
    code = text(item, "sku", most=120)
    return code if code.strip() else variant_id


def _read_line(
    item: Json, money: LineMoney, *, sent: dict[str, int], refunded: Decimal, is_canceled: bool
) -> IncomingLine:
    line_id = _id(item)
    quantity = whole(item, "quantity")
    shipped = sent.get(line_id, 0)
    if shipped > quantity:
        raise Unreadable("more units of a line are shipped than were ordered")
    waiting = 0 if is_canceled else whole(item, "unfulfilledQuantity", quantity - shipped)
    variant_id = _variant(item)
    title, kind = cut_text(item, "title", most=400), cut_text(item, "variantTitle", most=90)
    return IncomingLine(
        external_id=line_id,
        listing_id=listing_code(item, variant_id) or f"line-{line_id}",
        title=f"{title} - {kind}" if kind and kind != "Default Title" else title,
        quantity=quantity,
        quantity_shipped=shipped,
        quantity_canceled=max(0, quantity - shipped - waiting),
        product_id=variant_id,
        charge=money.charge,
        discount=money.discount,
        shipping=money.shipping,
        shipping_discount=money.shipping_discount,
        tax=money.tax,
        tax_collected_by_marketplace=money.channel_collects,
        refunded=refunded,
    )


def _read_state(
    order: Json, lines: Sequence[IncomingLine], unknown: list[str], *, is_canceled: bool, is_delivered: bool
) -> tuple[OrderState, str]:
    money = text(order, "displayFinancialStatus", most=29)
    goods = text(order, "displayFulfillmentStatus", most=29)
    status = f"{money} {goods}".strip()
    if is_canceled:
        return OrderState.CANCELED, f"CANCELLED {money}".strip()
    state = SHIPPED.get(goods)
    if state is None:
        unknown.append(f"displayFulfillmentStatus={goods}")
    is_paid = PAID.get(money)
    if is_paid is None:
        unknown.append(f"displayFinancialStatus={money}")
    if state is None or is_paid is None:
        return OrderState.UNKNOWN, status
    if lines and all(line.quantity_canceled == line.quantity for line in lines):
        return OrderState.CANCELED, status
    if state is OrderState.SHIPPED:
        return (OrderState.COMPLETED if is_delivered else state), status
    if state is OrderState.OPEN and not is_paid and not _pays_on_delivery(order):
        return OrderState.UNPAID, status
    return state, status


def _pays_on_delivery(order: Json) -> bool:
    names = order.get("paymentGatewayNames")
    if names is None:
        return False
    if not isinstance(names, list):
        raise Unreadable("paymentGatewayNames is not a list")
    return any(_ON_DELIVERY in clean(name, "paymentGatewayNames").lower() for name in names)


def _paid_at(order: Json) -> datetime | None:
    """Return when the order was processed, once it is paid: Shopify names no nearer time in the order."""
    is_paid = PAID.get(text(order, "displayFinancialStatus", most=29))
    return instant(order, "processedAt") if is_paid else None


def _country(address: Json, unknown: list[str]) -> str:
    code = text(address, "countryCodeV2", most=60)
    if code and not _COUNTRY.fullmatch(code):
        unknown.append(f"country={code[:60]}")
        return ""
    return code


def _read_parcels(order: Json, unknown: list[str]) -> tuple[tuple[IncomingParcel, ...], dict[str, int], bool]:
    """Return the parcels, what they hold by line, and whether all of them arrived."""
    found: list[IncomingParcel] = []
    sent: dict[str, int] = {}
    arrived: list[bool] = []
    for parcel in children(order, "fulfillments"):
        status = text(parcel, "status", most=60)
        if status in _NO_PARCEL:
            continue
        if status not in _PARCEL_STATES:
            unknown.append(f"fulfillment={status}")
        held = [
            (number_of(child(part, "lineItem").get("id"), "lineItem"), whole(part, "quantity", 0))
            for part in nodes(parcel, "fulfillmentLineItems")
        ]
        for line_id, quantity in held:
            sent[line_id] = sent.get(line_id, 0) + quantity
            if sent[line_id] > LARGEST_QUANTITY:
                raise Unreadable("a parcel holds more units than there can be")
        tracking = children(parcel, "trackingInfo")
        first = tracking[0] if tracking else {}
        arrived.append(instant(parcel, "deliveredAt") is not None)
        found.append(
            IncomingParcel(
                reference=_id(parcel),
                carrier=cut_text(first, "company", most=60),
                tracking_number=cut_text(first, "number", most=120),
                shipped_at=instant(parcel, "createdAt"),
                lines=tuple(held),
            )
        )
    return tuple(found), sent, bool(arrived) and all(arrived)


def _known(returns: Sequence[IncomingReturn], lines: Sequence[IncomingLine]) -> tuple[IncomingReturn, ...]:
    known = {line.external_id for line in lines}
    return tuple(one for one in returns if not one.line_id or one.line_id in known)


def _read_buyer(order: Json, address: Json) -> IncomingBuyer | None:
    """Return the buyer as far as Shopify shows one: without its approval there is nothing, no error."""
    email = cut_text(order, "email", most=300)
    phone = cut_text(order, "phone", most=80) or cut_text(address, "phone", most=80)
    customer = child(order, "customer")
    if not (address or email or phone or customer):
        return None
    names = [cut_text(address, name, most=150) for name in ("firstName", "lastName")]
    return IncomingBuyer(
        name=cut_text(address, "name", most=300) or " ".join(part for part in names if part),
        email=email,
        phone=phone,
        address=_read_address(address) if address else None,
        id=number_of(customer.get("id"), "customer") if customer else "",
    )


def _read_address(found: Json) -> IncomingAddress:
    lines = [cut_text(found, name, most=300) for name in ("address1", "address2")]
    return IncomingAddress(
        name=cut_text(found, "name", most=300),
        company=cut_text(found, "company", most=300),
        lines=tuple(part for part in lines if part.strip()),
        city=cut_text(found, "city", most=200),
        region=cut_text(found, "provinceCode", most=200) or cut_text(found, "province", most=200),
        postal_code=cut_text(found, "zip", most=40),
        country=cut_text(found, "countryCodeV2", most=2),
        phone=cut_text(found, "phone", most=80),
    )
