"""An order of the old Orders API v0 as the hub's message: read from saved pages, never fetched."""

from channels.messages import (
    FulfillmentMethod,
    IncomingAddress,
    IncomingBuyer,
    IncomingLine,
    IncomingOrder,
    OrderState,
)
from channels.platforms.amazon.mapping import NOTE_LENGTH, known_country, marketplace_of, refuse_twins
from channels.platforms.amazon.mapping_money import Purse, not_negative, old_money, read_old_prices
from channels.reading import (
    Json,
    Unreadable,
    child,
    children,
    cut_text,
    flag,
    instant,
    needed_instant,
    needed_text,
    plain,
    text,
    whole,
)

STATES = {
    "PendingAvailability": OrderState.UNPAID,
    "Pending": OrderState.UNPAID,
    "Unshipped": OrderState.OPEN,
    "PartiallyShipped": OrderState.PARTLY_SHIPPED,
    "Shipped": OrderState.SHIPPED,
    "InvoiceUnconfirmed": OrderState.SHIPPED,
    "Canceled": OrderState.CANCELED,
    "Unfulfillable": OrderState.UNKNOWN,
}
METHODS = {"AFN": FulfillmentMethod.BY_CHANNEL, "MFN": FulfillmentMethod.BY_SELLER}


def read_order(raw: Json) -> IncomingOrder:
    """Read one v0 order with the items under its ``OrderItems``; without them it has no lines.

    Raises ``Unreadable`` when a needed field is missing or a value cannot be true.
    """
    unknown: list[str] = []
    purse = Purse()
    order_id = needed_text(raw, "AmazonOrderId", most=120)
    status = needed_text(raw, "OrderStatus", most=60)
    marketplace = marketplace_of(text(raw, "MarketplaceId", most=30), cut_text(raw, "SalesChannel", most=60))
    state, method = _read_state(raw, status, unknown)
    total = not_negative(old_money(purse, raw, "OrderTotal"), "OrderTotal")
    items = children(raw, "OrderItems")
    lines = tuple(_read_line(item, state=state, purse=purse, unknown=unknown) for item in items)
    refuse_twins(line.external_id for line in lines)
    address = child(raw, "ShippingAddress")
    asked, reason = _cancel_request(items)
    return IncomingOrder(
        external_id=order_id,
        marketplace=marketplace,
        state=state,
        platform_status=status,
        fulfillment_method=method,
        placed_at=needed_instant(raw, "PurchaseDate"),
        updated_at=needed_instant(raw, "LastUpdateDate"),
        currency=purse.settle(marketplace),
        lines=lines,
        raw=plain(raw),
        total=total,
        ship_by_at=instant(raw, "LatestShipDate"),
        deliver_by_at=instant(raw, "LatestDeliveryDate"),
        country=known_country(text(address, "CountryCode", most=60), unknown),
        cancel_requested=asked,
        cancel_reason=reason,
        shipping_service=cut_text(raw, "ShipmentServiceLevelCategory", most=80)
        or cut_text(raw, "ShipServiceLevel", most=80),
        is_prime=flag(raw, "IsPrime"),
        is_business=flag(raw, "IsBusinessOrder"),
        buyer=_read_buyer(child(raw, "BuyerInfo"), address),
        unknown_values=tuple(dict.fromkeys(unknown)),
    )


def _read_state(raw: Json, status: str, unknown: list[str]) -> tuple[OrderState, FulfillmentMethod]:
    channel = text(raw, "FulfillmentChannel", most=60)
    state = STATES.get(status)
    if state is None:
        unknown.append(f"OrderStatus={status}")
    method = METHODS.get(channel)
    if method is None:
        unknown.append(f"FulfillmentChannel={channel}")
        state = OrderState.UNKNOWN
    return state or OrderState.UNKNOWN, method or FulfillmentMethod.BY_SELLER


def _read_line(item: Json, *, state: OrderState, purse: Purse, unknown: list[str]) -> IncomingLine:
    ordered = whole(item, "QuantityOrdered")
    shipped = whole(item, "QuantityShipped", 0)
    if shipped > ordered:
        raise Unreadable("QuantityShipped is more than QuantityOrdered")
    asin = text(item, "ASIN", most=60)
    prices = read_old_prices(purse, item)
    message = cut_text(child(item, "BuyerInfo"), "GiftMessageText", most=NOTE_LENGTH)
    return IncomingLine(
        external_id=needed_text(item, "OrderItemId", most=80),
        listing_id=text(item, "SellerSKU", most=120) or needed_text(item, "ASIN", most=60),
        title=cut_text(item, "Title", most=500),
        quantity=ordered,
        quantity_shipped=shipped,
        quantity_canceled=ordered - shipped if state is OrderState.CANCELED else 0,
        product_id=asin,
        charge=prices.charge,
        discount=prices.discount,
        shipping=prices.shipping,
        shipping_discount=prices.shipping_discount,
        gift_wrap=prices.gift_wrap,
        tax=prices.tax,
        tax_collected_by_marketplace=_marketplace_collects(item, unknown),
        gift_message=message,
        is_gift=flag(item, "IsGift") or bool(message),
    )


def _marketplace_collects(item: Json, unknown: list[str]) -> bool:
    model = text(child(item, "TaxCollection"), "Model", most=60)
    scheme = text(item, "DeemedResellerCategory", most=60)
    if model and model != "MarketplaceFacilitator":
        unknown.append(f"TaxCollection={model}")
    if scheme and scheme not in {"IOSS", "UOSS"}:
        unknown.append(f"DeemedResellerCategory={scheme}")
    return model == "MarketplaceFacilitator" or scheme in {"IOSS", "UOSS"}


def _cancel_request(items: list[Json]) -> tuple[bool, str]:
    for item in items:
        request = child(item, "BuyerRequestedCancel")
        if flag(request, "IsBuyerRequestedCancel"):
            return True, cut_text(request, "BuyerCancelReason", most=300)
    return False, ""


def _read_buyer(buyer: Json, address: Json) -> IncomingBuyer | None:
    """Return the buyer as far as v0 shows one: without a restricted token there is hardly anything."""
    if not buyer and not address:
        return None
    tax_id = ""
    for entry in children(child(buyer, "BuyerTaxInfo"), "TaxClassifications"):
        tax_id = tax_id or cut_text(entry, "Value", most=80)
    return IncomingBuyer(
        name=cut_text(buyer, "BuyerName", most=300) or cut_text(address, "Name", most=300),
        email=cut_text(buyer, "BuyerEmail", most=300),
        phone=cut_text(address, "Phone", most=80),
        tax_id=tax_id,
        address=_read_address(address) if address else None,
    )


def _read_address(found: Json) -> IncomingAddress:
    names = ("AddressLine1", "AddressLine2", "AddressLine3", "District", "County")
    parts = [cut_text(found, name, most=300) for name in names]
    return IncomingAddress(
        name=cut_text(found, "Name", most=300),
        company=cut_text(found, "CompanyName", most=300),
        lines=tuple(part for part in parts if part.strip()),
        city=cut_text(found, "City", most=200) or cut_text(found, "Municipality", most=200),
        region=cut_text(found, "StateOrRegion", most=200),
        postal_code=cut_text(found, "PostalCode", most=40),
        country=cut_text(found, "CountryCode", most=2),
        phone=cut_text(found, "Phone", most=80),
    )
