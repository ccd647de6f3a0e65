"""An order of Trading's GetOrders as the hub's message: whole from saved answers, else only its returns."""

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
from channels.platforms.ebay.directory import SITE_NAMES
from channels.platforms.ebay.mapping import known_country, refuse_twins
from channels.platforms.ebay.mapping_money import ZERO, Purse, not_negative
from channels.platforms.ebay.naming import former_numbers, listing_code
from channels.platforms.ebay.xml_reading import (
    inner,
    several,
    several_texts,
    truth,
    whole_text,
    xml_money,
)
from channels.reading import (
    LARGEST_QUANTITY,
    Json,
    Unreadable,
    cut_text,
    instant,
    name_of,
    needed_instant,
    needed_text,
    text,
)

_STATUSES = {
    "Active", "Completed", "Shipped", "Cancelled", "CancelPending", "InProcess", "Inactive", "Invalid",
    "Authenticated",
}  # fmt: skip
_UNPAID = {"Active", "InProcess"}
_NO_RETURN = {"", "NotApplicable", "Invalid"}
_CALLED_OFF = {
    "ReturnRequestRejected", "ReturnClosedNoRefund", "ReturnEscalatedClosedNoRefund",
    "ReturnRequestClosedNoRefund",
}  # fmt: skip
_RETURN = "-return"
"""Trading shows no number of a return; a line has one at most."""

_ASKED = {"CancelRequested", "CancelPending"}
_NO_NAMES = {"Invalid Request", "Invalid"}
"""What eBay writes where it keeps a person's data back."""


def read_order(raw: Json) -> IncomingOrder:
    """Read one order. Raises ``Unreadable`` when a needed field is missing or a value cannot be true."""
    unknown: list[str] = []
    purse = Purse()
    order_id = needed_text(raw, "OrderID", most=120)
    items = several(inner(raw, "TransactionArray"), "Transaction")
    if not items:
        raise Unreadable("TransactionArray is missing")
    total = not_negative(xml_money(purse, raw, "Total"), "Total")
    state, status = _state(raw, unknown)
    lines = tuple(_line(item, raw, state=state, purse=purse) for item in items)
    refuse_twins(lines)
    address = inner(raw, "ShippingAddress")
    marketplace = _marketplace(items[0])
    pairs = [(line.product_id, line.external_id) for line in lines]
    return IncomingOrder(
        external_id=order_id,
        marketplace=marketplace,
        state=state,
        platform_status=status,
        fulfillment_method=FulfillmentMethod.BY_SELLER,
        placed_at=needed_instant(raw, "CreatedTime"),
        updated_at=_updated_at(raw, items),
        currency=purse.settle(marketplace),
        lines=lines,
        raw=raw,
        total=total,
        paid_at=instant(raw, "PaidTime"),
        country=known_country(text(address, "Country", most=60), unknown),
        cancel_requested=state is not OrderState.CANCELED
        and (status == "CancelPending" or text(raw, "CancelStatus", most=60) in _ASKED),
        cancel_reason=cut_text(raw, "CancelReason", most=300),
        shipping_service=cut_text(inner(raw, "ShippingServiceSelected"), "ShippingService", most=80),
        buyer=_buyer(raw, address),
        parcels=_parcels(items),
        returns=tuple(found for item in items if (found := read_return(item)) is not None),
        unknown_values=tuple(dict.fromkeys(unknown)),
        replaces=() if state is OrderState.UNPAID else former_numbers(order_id, pairs),
    )


def _marketplace(item: Json) -> str:
    named = text(inner(item, "Item"), "Site", most=60) or text(item, "TransactionSiteID", most=60)
    found = SITE_NAMES.get(named)
    if found is None:
        raise Unreadable(f"the order was placed on a site the hub does not know ({named or 'none'})")
    return found


def _state(raw: Json, unknown: list[str]) -> tuple[OrderState, str]:
    """Return the state. Paid is what checked out completely and has a time of payment."""
    status = needed_text(raw, "OrderStatus", most=60)
    checkout = inner(raw, "CheckoutStatus")
    done = text(checkout, "Status", most=60)
    is_paid = done == "Complete" and bool(text(raw, "PaidTime", most=60))
    if status not in _STATUSES:
        unknown.append(f"OrderStatus={status}")
        return OrderState.UNKNOWN, status
    if status == "Cancelled":
        return OrderState.CANCELED, status
    if status in ("Inactive", "Invalid", "Authenticated"):
        unknown.append(f"OrderStatus={status}")
        return OrderState.UNKNOWN, status
    if status == "Shipped" or (is_paid and text(raw, "ShippedTime", most=60)):
        return OrderState.SHIPPED, status
    if status in _UNPAID or not is_paid:
        return OrderState.UNPAID, status
    return OrderState.OPEN, status


def _line(item: Json, order: Json, *, state: OrderState, purse: Purse) -> IncomingLine:
    goods = inner(item, "Item")
    variation = inner(item, "Variation")
    number = needed_text(goods, "ItemID", most=40)
    ordered = whole_text(item, "QuantityPurchased")
    was_sent = bool(text(item, "ShippedTime", most=60)) or state is OrderState.SHIPPED
    shipped = ordered if was_sent else 0
    taxes = _tax(item, "Taxes", purse) + _tax(item, "eBayCollectAndRemitTaxes", purse)
    gift = cut_text(inner(item, "GiftSummary"), "Message", most=10_000)
    return IncomingLine(
        external_id=_line_id(item),
        listing_id=listing_code(
            sku=text(variation, "SKU", most=120) or text(goods, "SKU", most=120),
            item=number,
            aspects=_aspects(variation),
        ),
        title=cut_text(variation, "VariationTitle", most=500) or cut_text(goods, "Title", most=500),
        quantity=ordered,
        quantity_shipped=shipped,
        quantity_canceled=ordered - shipped if state is OrderState.CANCELED else 0,
        product_id=number,
        charge=_charge(item, ordered, purse),
        shipping=not_negative(xml_money(purse, item, "ActualShippingCost"), "ActualShippingCost") or ZERO,
        tax=taxes,
        tax_collected_by_marketplace=truth(item, "eBayCollectAndRemitTax"),
        refunded=_refunded(order, purse),
        gift_message=gift,
        is_gift=truth(item, "Gift") or bool(gift),
    )


def _line_id(item: Json) -> str:
    """Return the number of a line; an auction's has no transaction of its own."""
    number = text(item, "TransactionID", most=80)
    return number if number not in ("", "0") else needed_text(item, "OrderLineItemID", most=80)


def _charge(item: Json, quantity: int, purse: Purse) -> Decimal | None:
    """Return what all units cost: ``TransactionPrice`` is one unit's."""
    price = not_negative(xml_money(purse, item, "TransactionPrice"), "TransactionPrice")
    if price is None:
        return None
    if quantity > LARGEST_QUANTITY or price * quantity >= Decimal(10) ** 15:
        raise Unreadable("TransactionPrice is too large")
    return price * quantity


def _tax(item: Json, name: str, purse: Purse) -> Decimal:
    return xml_money(purse, inner(item, name), "TotalTaxAmount") or ZERO


def _refunded(order: Json, purse: Purse) -> Decimal:
    """Return what went back of an order with one line; of several, eBay does not say of which."""
    if len(several(inner(order, "TransactionArray"), "Transaction")) != 1:
        return ZERO
    refunds = several(inner(inner(order, "MonetaryDetails"), "Refunds"), "Refund")
    found = sum((abs(xml_money(purse, refund, "RefundAmount") or ZERO) for refund in refunds), ZERO)
    if found >= Decimal(10) ** 15:
        raise Unreadable("RefundAmount is too large")
    return found


def _aspects(variation: Json) -> list[tuple[str, str]]:
    return [
        (cut_text(pair, "Name", most=200), value[:500])
        for pair in several(inner(variation, "VariationSpecifics"), "NameValueList")
        for value in several_texts(pair, "Value")
    ]


def _updated_at(raw: Json, items: list[Json]) -> datetime:
    """Return the latest time the order names: Trading has no single one for all its changes."""
    times = [
        instant(inner(raw, "CheckoutStatus"), "LastModifiedTime"),
        instant(raw, "PaidTime"),
        instant(raw, "ShippedTime"),
        *(instant(inner(item, "Status"), "LastTimeModified") for item in items),
        instant(raw, "CreatedTime"),
    ]
    found = [at for at in times if at is not None]
    if not found:
        raise Unreadable("no time of the order is there")
    return max(found)


def _buyer(raw: Json, address: Json) -> IncomingBuyer | None:
    username = cut_text(raw, "BuyerUserID", most=120)
    items = several(inner(raw, "TransactionArray"), "Transaction")
    mail = cut_text(inner(items[0], "Buyer"), "Email", most=300)
    name = cut_text(address, "Name", most=300)
    taxes = several(raw, "BuyerTaxIdentifier")
    if not username and not address and not mail:
        return None
    phone = cut_text(address, "Phone", most=80)
    lines = [cut_text(address, part, most=300) for part in ("Street1", "Street2", "County")]
    return IncomingBuyer(
        id=username,
        name=name or username,
        email="" if mail in _NO_NAMES else mail,
        phone="" if phone in _NO_NAMES else phone,
        tax_id=cut_text(taxes[0], "ID", most=80) if taxes else "",
        address=IncomingAddress(
            name=name,
            company=cut_text(address, "CompanyName", most=300),
            lines=tuple(part for part in lines if part.strip()),
            city=cut_text(address, "CityName", most=200),
            region=cut_text(address, "StateOrProvince", most=200),
            postal_code=cut_text(address, "PostalCode", most=40),
            country=cut_text(address, "Country", most=2),
            phone="" if phone in _NO_NAMES else phone,
        )
        if address
        else None,
    )


def _parcels(items: list[Json]) -> tuple[IncomingParcel, ...]:
    found: dict[str, IncomingParcel] = {}
    lines: dict[str, list[tuple[str, int]]] = {}
    for item in items:
        for details in several(inner(item, "ShippingDetails"), "ShipmentTrackingDetails"):
            number = text(details, "ShipmentTrackingNumber", most=120)
            if not number:
                continue
            lines.setdefault(number, []).append((_line_id(item), whole_text(item, "QuantityPurchased")))
            found[number] = IncomingParcel(
                reference=number,
                carrier=cut_text(details, "ShippingCarrierUsed", most=60),
                tracking_number=number,
                shipped_at=instant(item, "ShippedTime"),
                lines=tuple(lines[number]),
            )
    return tuple(found.values())


def read_return(item: Json) -> IncomingReturn | None:
    """Return what a line shows of coming back, ``None`` where nothing does.

    eBay says that a line comes back, not how many of its units: all of them count.
    """
    status = inner(item, "Status")
    said = text(status, "ReturnStatus", most=40)
    if said in _NO_RETURN:
        return None
    line = _line_id(item)
    return IncomingReturn(
        external_id=f"{line}{_RETURN}",
        line_id=line,
        quantity=0 if said in _CALLED_OFF else whole_text(item, "QuantityPurchased"),
        status=said,
        at=instant(status, "LastTimeModified"),
    )


def name_of_return(item: Json, id_key: str) -> str:
    """Return the number a line's return has though the line is unreadable; empty without one."""
    number = name_of(item, id_key)
    number = number if number not in ("", "0") else name_of(item, "OrderLineItemID")
    return f"{number}{_RETURN}" if number else ""
