"""An order of the Orders API 2026-01-01 as the hub's message."""

import re
from collections.abc import Iterable
from datetime import datetime

from channels.messages import (
    FulfillmentMethod,
    IncomingAddress,
    IncomingBuyer,
    IncomingLine,
    IncomingOrder,
    IncomingParcel,
    OrderState,
)
from channels.platforms.amazon.directory import MARKETPLACE_ID_BY_NAME
from channels.platforms.amazon.mapping_money import Purse, money, not_negative, read_proceeds
from channels.reading import (
    Json,
    Unreadable,
    child,
    children,
    clean,
    cut_text,
    instant,
    needed_children,
    needed_instant,
    needed_text,
    plain,
    text,
    whole,
)

STATES = {
    "PENDING_AVAILABILITY": OrderState.UNPAID,
    "PENDING": OrderState.UNPAID,
    "UNSHIPPED": OrderState.OPEN,
    "PARTIALLY_SHIPPED": OrderState.PARTLY_SHIPPED,
    "SHIPPED": OrderState.SHIPPED,
    "CANCELLED": OrderState.CANCELED,
    "UNFULFILLABLE": OrderState.UNKNOWN,
}
METHODS = {"AMAZON": FulfillmentMethod.BY_CHANNEL, "MERCHANT": FulfillmentMethod.BY_SELLER}
_PROGRAMS = {
    "AMAZON_BAZAAR", "AMAZON_BUSINESS", "AMAZON_EASY_SHIP", "AMAZON_HAUL", "DELIVERY_BY_AMAZON",
    "FBM_SHIP_PLUS", "INVOICE_BY_AMAZON", "IN_STORE_PICK_UP", "PREMIUM", "PREORDER", "PRIME",
    "SUBSCRIBE_AND_SAVE", "TRANSPARENCY",
}  # fmt: skip
_PACKAGE_STATES = {"PENDING", "IN_TRANSIT", "SHIPPED", "DELIVERED", "CANCELLED", "UNDELIVERABLE"}
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
NOTE_LENGTH = 10_000


def read_order(raw: Json) -> IncomingOrder:
    """Read one order. Raises ``Unreadable`` when a needed field is missing or a value cannot be true.

    Values outside of Amazon's own lists are kept raw in ``unknown_values`` and never guessed at: an order
    whose status or fulfiller is unknown has the state ``UNKNOWN``.
    """
    unknown: list[str] = []
    purse = Purse()
    order_id = needed_text(raw, "orderId", most=120)
    marketplace = _read_marketplace(child_needed(raw, "salesChannel"))
    fulfillment = child(raw, "fulfillment")
    state, status, method = _read_state(fulfillment, unknown)
    programs = _programs(raw, unknown)
    total = not_negative(money(purse, child(raw, "proceeds"), "grandTotal"), "grandTotal")
    items = needed_children(raw, "orderItems")
    lines = tuple(_read_line(item, state=state, purse=purse, unknown=unknown) for item in items)
    refuse_twins(line.external_id for line in lines)
    asked, reason = _cancel_request(items)
    buyer = _read_buyer(raw)
    country = known_country(
        text(child(child(raw, "recipient"), "deliveryAddress"), "countryCode", most=60), unknown
    )
    return IncomingOrder(
        external_id=order_id,
        marketplace=marketplace,
        state=state,
        platform_status=status,
        fulfillment_method=method,
        placed_at=needed_instant(raw, "createdTime"),
        updated_at=needed_instant(raw, "lastUpdatedTime"),
        currency=purse.settle(marketplace),
        lines=lines,
        raw=plain(raw),
        total=total,
        ship_by_at=_latest(fulfillment, "shipByWindow"),
        deliver_by_at=_latest(fulfillment, "deliverByWindow"),
        country=country,
        cancel_requested=asked,
        cancel_reason=reason,
        shipping_service=cut_text(fulfillment, "fulfillmentServiceLevel", most=80),
        is_prime="PRIME" in programs,
        is_business="AMAZON_BUSINESS" in programs,
        buyer=buyer,
        parcels=_read_parcels(raw, unknown),
        unknown_values=tuple(dict.fromkeys(unknown)),
    )


def child_needed(parent: Json, name: str) -> Json:
    """Return an object that must be there."""
    if parent.get(name) is None:
        raise Unreadable(f"{name} is missing")
    return child(parent, name)


def marketplace_of(place: str, name: str) -> str:
    """Return where an order was placed, by id or site; orders from outside of Amazon belong to no shop."""
    found = place or MARKETPLACE_ID_BY_NAME.get(name.lower(), "")
    if not found:
        raise Unreadable(f"the order names no marketplace (sales channel {name or 'unknown'})")
    return found


def _read_marketplace(channel: Json) -> str:
    name = cut_text(channel, "marketplaceName", most=60) or cut_text(channel, "channelName", most=60)
    return marketplace_of(text(channel, "marketplaceId", most=30), name)


def refuse_twins(line_ids: Iterable[str]) -> None:
    """Refuse an order that holds the same line twice."""
    seen: set[str] = set()
    for line_id in line_ids:
        if line_id in seen:
            raise Unreadable(f"the order holds the line {line_id} twice")
        seen.add(line_id)


def known_country(code: str, unknown: list[str]) -> str:
    """Return an ISO 3166 code, empty when there is none."""
    if code and not _COUNTRY.fullmatch(code):
        unknown.append(f"country={code[:60]}")
        return ""
    return code


def _read_state(fulfillment: Json, unknown: list[str]) -> tuple[OrderState, str, FulfillmentMethod]:
    if not fulfillment:
        unknown.append("fulfillment=")
        return OrderState.UNKNOWN, "", FulfillmentMethod.BY_SELLER
    status = needed_text(fulfillment, "fulfillmentStatus", most=60)
    fulfiller = text(fulfillment, "fulfilledBy", most=60)
    state = STATES.get(status)
    if state is None:
        unknown.append(f"fulfillmentStatus={status}")
    method = METHODS.get(fulfiller)
    if method is None:
        unknown.append(f"fulfilledBy={fulfiller}")
        state = OrderState.UNKNOWN
    return state or OrderState.UNKNOWN, status, method or FulfillmentMethod.BY_SELLER


def _programs(parent: Json, unknown: list[str]) -> set[str]:
    found = parent.get("programs")
    if found is None:
        return set()
    if not isinstance(found, list):
        raise Unreadable("programs is not a list")
    names = {clean(name, "programs") for name in found}
    unknown.extend(f"programs={name[:60]}" for name in sorted(names - _PROGRAMS))
    return names


def _latest(fulfillment: Json, name: str) -> datetime | None:
    return instant(child(fulfillment, name), "latestDateTime")


def _read_line(item: Json, *, state: OrderState, purse: Purse, unknown: list[str]) -> IncomingLine:
    product = child_needed(item, "product")
    fulfillment = child(item, "fulfillment")
    ordered = whole(item, "quantityOrdered")
    shipped = whole(fulfillment, "quantityFulfilled", 0)
    open_units = whole(fulfillment, "quantityUnfulfilled", 0)
    canceled = 0
    if shipped > ordered:
        raise Unreadable("quantityFulfilled is more than quantityOrdered")
    if state is OrderState.CANCELED:
        canceled = ordered - shipped
    elif child(child(item, "cancellation"), "cancellationExecution"):
        canceled = max(0, ordered - shipped - open_units)
    asin = text(product, "asin", most=60)
    prices = read_proceeds(purse, item, unknown)
    gift = child(child(fulfillment, "packing"), "giftOption")
    return IncomingLine(
        external_id=needed_text(item, "orderItemId", most=80),
        listing_id=text(product, "sellerSku", most=120) or needed_text(product, "asin", most=60),
        title=cut_text(product, "title", most=500),
        quantity=ordered,
        quantity_shipped=shipped,
        quantity_canceled=canceled,
        product_id=asin,
        charge=prices.charge,
        discount=prices.discount,
        shipping=prices.shipping,
        shipping_discount=prices.shipping_discount,
        gift_wrap=prices.gift_wrap,
        tax=prices.tax,
        tax_collected_by_marketplace=_marketplace_collects(item, unknown),
        gift_message=cut_text(gift, "giftMessage", most=NOTE_LENGTH),
        is_gift=bool(gift),
    )


def _marketplace_collects(item: Json, unknown: list[str]) -> bool:
    """Whether Amazon pays the tax to the tax office: as facilitator, or as deemed reseller in the EU."""
    tax = child(item, "tax")
    collects = False
    for part in children(tax, "taxCollections"):
        model = text(part, "model", most=60)
        if model == "MARKETPLACE_FACILITATOR":
            collects = True
        elif model:
            unknown.append(f"taxCollections={model}")
    for part in children(tax, "taxCalculationBreakdowns"):
        scheme = text(part, "reportingScheme", most=60)
        if scheme in {"IOSS", "UOSS"}:
            collects = True
        elif scheme:
            unknown.append(f"reportingScheme={scheme}")
    return collects


def _cancel_request(items: list[Json]) -> tuple[bool, str]:
    """Return whether the buyer asks to cancel something that is not canceled yet, and why."""
    for item in items:
        cancellation = child(item, "cancellation")
        request = child(cancellation, "cancellationRequest")
        if request and not child(cancellation, "cancellationExecution"):
            return True, cut_text(request, "cancelReason", most=300)
    return False, ""


def _read_buyer(raw: Json) -> IncomingBuyer | None:
    """Return the buyer as far as Amazon shows one: without the role for it there is nothing, no error."""
    buyer = child(raw, "buyer")
    delivery = child(child(raw, "recipient"), "deliveryAddress")
    tax_id = ""
    for entry in children(child(raw, "tax"), "taxRegistrations"):
        if entry.get("entityType") == "BUYER":
            tax_id = cut_text(entry, "taxRegistrationNumber", most=80)
    if not buyer and not delivery and not tax_id:
        return None
    return IncomingBuyer(
        name=cut_text(buyer, "buyerName", most=300) or cut_text(delivery, "name", most=300),
        email=cut_text(buyer, "buyerEmail", most=300),
        phone=cut_text(delivery, "phone", most=80),
        tax_id=tax_id,
        address=_read_address(delivery) if delivery else None,
    )


def _read_address(found: Json) -> IncomingAddress:
    names = ("addressLine1", "addressLine2", "addressLine3", "districtOrCounty")
    parts = [cut_text(found, name, most=300) for name in names]
    municipality = cut_text(found, "municipality", most=200)
    return IncomingAddress(
        name=cut_text(found, "name", most=300),
        company=cut_text(found, "companyName", most=300),
        lines=tuple(part for part in parts if part.strip()),
        city=cut_text(found, "city", most=200) or municipality,
        region=cut_text(found, "stateOrRegion", most=200),
        postal_code=cut_text(found, "postalCode", most=40),
        country=cut_text(found, "countryCode", most=2),
        phone=cut_text(found, "phone", most=80),
    )


def _read_parcels(raw: Json, unknown: list[str]) -> tuple[IncomingParcel, ...]:
    """Return the packages of the order; one that was called back is none."""
    found: list[IncomingParcel] = []
    for package in children(raw, "packages"):
        status = text(child(package, "packageStatus"), "status", most=60)
        if status and status not in _PACKAGE_STATES:
            unknown.append(f"packageStatus={status}")
        if status == "CANCELLED":
            continue
        found.append(
            IncomingParcel(
                reference=needed_text(package, "packageReferenceId", most=120),
                carrier=cut_text(package, "carrier", most=60),
                tracking_number=text(package, "trackingNumber", most=120),
                shipped_at=instant(package, "shipTime"),
                lines=tuple(
                    (needed_text(part, "orderItemId", most=80), whole(part, "quantity"))
                    for part in children(package, "packageItems")
                ),
            )
        )
    return tuple(found)
