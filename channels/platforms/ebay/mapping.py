"""An order of the Fulfillment API as the hub's message."""

import re
from datetime import datetime
from decimal import Decimal
from urllib.parse import unquote, urlsplit

from channels.messages import (
    FulfillmentMethod,
    IncomingAddress,
    IncomingBuyer,
    IncomingLine,
    IncomingOrder,
    IncomingParcel,
    OrderState,
)
from channels.platforms.ebay.directory import ALIASES, MARKETPLACE_BY_ID
from channels.platforms.ebay.mapping_money import ZERO, Purse, money, not_negative, total_of
from channels.platforms.ebay.naming import former_numbers, listing_code
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

_SHIPPED = {
    "NOT_STARTED": OrderState.OPEN,
    "IN_PROGRESS": OrderState.PARTLY_SHIPPED,
    "FULFILLED": OrderState.SHIPPED,
}
_PAID = {"PAID", "PARTIALLY_REFUNDED", "FULLY_REFUNDED"}
_UNPAID = {"PENDING", "FAILED"}
_CANCEL_STATES = {"NONE_REQUESTED", "IN_PROGRESS", "CANCELED"}
_DELIVERED_BY = {"SHIP_TO", "DIGITAL", "PREPARE_FOR_PICKUP", "SELLER_DEFINED", "FULFILLED_BY_EBAY"}
_OVER = {"CANCELED", "CANCELLED", "REJECTED", "DECLINED", "COMPLETED", "CLOSED"}
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
NO_NUMBER = "999"
"""How eBay calls a shipment without a tracking number."""


def read_order(raw: Json) -> IncomingOrder:
    """Read one order. Raises ``Unreadable`` when a needed field is missing or a value cannot be true.

    Values outside of eBay's own lists are kept in ``unknown_values`` and never guessed at.
    """
    unknown: list[str] = []
    purse = Purse()
    order_id = needed_text(raw, "orderId", most=120)
    items = needed_children(raw, "lineItems")
    marketplace = _marketplace(items)
    total = not_negative(money(purse, child(raw, "pricingSummary"), "total"), "total")
    state, status, method = _state(raw, unknown)
    lines = tuple(_line(item, state=state, purse=purse, unknown=unknown) for item in items)
    refuse_twins(lines)
    asked, reason = _cancel_request(child(raw, "cancelStatus"))
    starts = children(raw, "fulfillmentStartInstructions")
    ship_to = child(child(starts[0], "shippingStep"), "shipTo") if starts else {}
    address = child(ship_to, "contactAddress")
    return IncomingOrder(
        external_id=order_id,
        marketplace=marketplace,
        state=state,
        platform_status=status,
        fulfillment_method=method,
        placed_at=needed_instant(raw, "creationDate"),
        updated_at=needed_instant(raw, "lastModifiedDate"),
        currency=purse.settle(marketplace),
        lines=lines,
        raw=plain(raw),
        total=total,
        paid_at=_paid_at(raw),
        ship_by_at=_earliest(items, "shipByDate"),
        deliver_by_at=_earliest(items, "maxEstimatedDeliveryDate"),
        country=known_country(text(address, "countryCode", most=60), unknown),
        cancel_requested=asked and state is not OrderState.CANCELED,
        cancel_reason=reason,
        shipping_service=cut_text(child(starts[0], "shippingStep"), "shippingServiceCode", most=80)
        if starts
        else "",
        buyer=_buyer(raw, ship_to),
        parcels=_parcels(raw, lines, state),
        unknown_values=tuple(dict.fromkeys(unknown)),
        replaces=former_numbers(
            order_id, [(text(item, "legacyItemId", most=40), line.external_id)
                       for item, line in zip(items, lines, strict=True)]
        )
        if state is not OrderState.UNPAID
        else (),
    )  # fmt: skip


def _marketplace(items: list[Json]) -> str:
    """Return where the first line was listed; a buyer may have come through another site."""
    if not items:
        raise Unreadable("lineItems is empty")
    named = text(items[0], "listingMarketplaceId", most=40) or text(
        items[0], "purchaseMarketplaceId", most=40
    )
    return known_marketplace(named)


def known_marketplace(named: str) -> str:
    """Return a marketplace the hub knows, by eBay's id or an alias of it."""
    found = ALIASES.get(named, named)
    if found not in MARKETPLACE_BY_ID:
        raise Unreadable(f"the order was placed on a marketplace the hub does not know ({named or 'none'})")
    return found


def refuse_twins(lines: tuple[IncomingLine, ...]) -> None:
    """Refuse an order that holds the same line twice."""
    if len({line.external_id for line in lines}) != len(lines):
        raise Unreadable("the order holds a line twice")


def known_country(code: str, unknown: list[str]) -> str:
    """Return an ISO 3166 code, empty when there is none."""
    if code and not _COUNTRY.fullmatch(code):
        unknown.append(f"country={code[:60]}")
        return ""
    return code


def _state(raw: Json, unknown: list[str]) -> tuple[OrderState, str, FulfillmentMethod]:
    payment = text(raw, "orderPaymentStatus", most=60)
    shipping = text(raw, "orderFulfillmentStatus", most=60)
    canceled = text(child(raw, "cancelStatus"), "cancelState", most=60)
    method = _method(raw, unknown)
    words = [word for word in (payment, shipping, canceled if canceled != "NONE_REQUESTED" else "") if word]
    status = " ".join(words)[:60]
    if canceled and canceled not in _CANCEL_STATES:
        unknown.append(f"cancelState={canceled}")
    state = _SHIPPED.get(shipping)
    if canceled == "CANCELED":
        return OrderState.CANCELED, status, method
    if state is None:
        unknown.append(f"orderFulfillmentStatus={shipping}")
    if payment in _UNPAID:
        state = OrderState.UNPAID if state is OrderState.OPEN else state
    elif payment not in _PAID:
        unknown.append(f"orderPaymentStatus={payment}")
        state = None
    elif payment == "FULLY_REFUNDED" and state is OrderState.OPEN:
        # All money went back and nothing was sent: whether to ship is for a person to say.
        unknown.append("orderPaymentStatus=FULLY_REFUNDED")
        state = None
    return state or OrderState.UNKNOWN, status, method


def _method(raw: Json, unknown: list[str]) -> FulfillmentMethod:
    program = child(child(raw, "program"), "fulfillmentProgram")
    by_channel = text(program, "fulfilledBy", most=60) == "EBAY"
    for start in children(raw, "fulfillmentStartInstructions"):
        kind = text(start, "fulfillmentInstructionsType", most=60)
        if kind and kind not in _DELIVERED_BY:
            unknown.append(f"fulfillmentInstructionsType={kind}")
        by_channel = by_channel or kind == "FULFILLED_BY_EBAY"
    return FulfillmentMethod.BY_CHANNEL if by_channel else FulfillmentMethod.BY_SELLER


def _line(item: Json, *, state: OrderState, purse: Purse, unknown: list[str]) -> IncomingLine:
    ordered = whole(item, "quantity")
    status = text(item, "lineItemFulfillmentStatus", most=60)
    if status and status not in _SHIPPED:
        unknown.append(f"lineItemFulfillmentStatus={status}")
    shipped = ordered if status == "FULFILLED" or state is OrderState.SHIPPED else 0
    charge = not_negative(money(purse, item, "lineItemCost"), "lineItemCost")
    reduced = not_negative(money(purse, item, "discountedLineItemCost"), "discountedLineItemCost")
    delivery = child(item, "deliveryCost")
    shipping = (money(purse, delivery, "shippingCost") or ZERO) + (
        money(purse, delivery, "handlingCost") or ZERO
    )
    collected = children(item, "ebayCollectAndRemitTaxes")
    return IncomingLine(
        external_id=needed_text(item, "lineItemId", most=80),
        listing_id=listing_code(
            sku=text(item, "sku", most=120),
            item=text(item, "legacyItemId", most=40),
            aspects=_aspects(item),
        ),
        title=cut_text(item, "title", most=500),
        quantity=ordered,
        quantity_shipped=shipped,
        quantity_canceled=ordered - shipped if state is OrderState.CANCELED else 0,
        product_id=text(item, "legacyItemId", most=40),
        charge=charge,
        discount=_discount(charge, reduced),
        shipping=not_negative(shipping, "shippingCost") or ZERO,
        shipping_discount=abs(money(purse, delivery, "discountAmount") or ZERO),
        tax=total_of(purse, children(item, "taxes"), "amount") + total_of(purse, collected, "amount"),
        tax_collected_by_marketplace=bool(collected),
        refunded=abs(total_of(purse, children(item, "refunds"), "amount")),
        gift_message=cut_text(child(item, "giftDetails"), "message", most=10_000),
        is_gift=bool(child(item, "giftDetails")),
    )


def _discount(charge: Decimal | None, reduced: Decimal | None) -> Decimal:
    if charge is None or reduced is None:
        return ZERO
    return max(ZERO, charge - reduced)


def _aspects(item: Json) -> list[tuple[str, str]]:
    found = [
        (text(part, "name", most=200), text(part, "value", most=500))
        for part in children(item, "variationAspects")
    ]
    return [(name, value) for name, value in found if name]


def _cancel_request(cancel: Json) -> tuple[bool, str]:
    """Return whether a cancellation waits for an answer, and why it was asked for."""
    if text(cancel, "cancelState", most=60) != "IN_PROGRESS":
        return False, ""
    for request in children(cancel, "cancelRequests"):
        if text(request, "cancelRequestState", most=60).upper() not in _OVER:
            return True, cut_text(request, "cancelReason", most=300)
    return True, ""


def _paid_at(raw: Json) -> datetime | None:
    times = [
        at
        for payment in children(child(raw, "paymentSummary"), "payments")
        if text(payment, "paymentStatus", most=60) == "PAID" and (at := instant(payment, "paymentDate"))
    ]
    return max(times, default=None)


def _earliest(items: list[Json], name: str) -> datetime | None:
    times = [at for item in items if (at := instant(child(item, "lineItemFulfillmentInstructions"), name))]
    return min(times, default=None)


def _buyer(raw: Json, ship_to: Json) -> IncomingBuyer | None:
    """Return the buyer as far as eBay shows one: the mail is a relay, given for two weeks."""
    buyer = child(raw, "buyer")
    tax_id = cut_text(child(buyer, "taxIdentifier"), "taxpayerId", most=80)
    name = cut_text(ship_to, "fullName", most=300)
    username = cut_text(buyer, "username", most=300)
    if not ship_to and not username and not tax_id:
        return None
    phone = cut_text(child(ship_to, "primaryPhone"), "phoneNumber", most=80)
    found = child(ship_to, "contactAddress")
    lines = [cut_text(found, part, most=300) for part in ("addressLine1", "addressLine2", "county")]
    return IncomingBuyer(
        id=username,
        name=name or username,
        email=cut_text(ship_to, "email", most=300),
        phone=phone,
        tax_id=tax_id,
        address=IncomingAddress(
            name=name,
            company=cut_text(ship_to, "companyName", most=300),
            lines=tuple(part for part in lines if part.strip()),
            city=cut_text(found, "city", most=200),
            region=cut_text(found, "stateOrProvince", most=200),
            postal_code=cut_text(found, "postalCode", most=40),
            country=cut_text(found, "countryCode", most=2),
            phone=phone,
        )
        if found
        else None,
    )


def _parcels(
    raw: Json, lines: tuple[IncomingLine, ...], state: OrderState
) -> tuple[IncomingParcel, ...]:  # fmt: skip
    """Return the shipments the order links to: an address ends in the tracking number, if there is one."""
    hrefs = raw.get("fulfillmentHrefs")
    if hrefs is None:
        return ()
    if not isinstance(hrefs, list):
        raise Unreadable("fulfillmentHrefs is not a list")
    numbers = list(dict.fromkeys(_last_part(clean(href, "fulfillmentHrefs")) for href in hrefs))
    whole_order = (
        tuple((line.external_id, line.quantity) for line in lines)
        if len(numbers) == 1 and state is OrderState.SHIPPED
        else ()
    )
    return tuple(
        IncomingParcel(
            reference=number[:120],
            carrier="",
            tracking_number="" if number == NO_NUMBER else number[:120],
            shipped_at=None,
            lines=whole_order,
        )
        for number in numbers
        if number
    )


def _last_part(href: str) -> str:
    try:
        path = urlsplit(href).path
    except ValueError as error:
        raise Unreadable("fulfillmentHrefs holds something other than addresses") from error
    return clean(unquote(path.rstrip("/").rpartition("/")[2]), "fulfillmentHrefs").strip()
