"""An order of ``get_order_detail`` as the hub's message.

Fields of money that only finance reads (fees, invoices, the escrow's parts) stay in ``raw`` as Shopee wrote
them. Addresses come masked outside of certain statuses and markets; what is nothing but stars is left out.
"""

import re
from datetime import datetime

from channels.messages import (
    FulfillmentMethod,
    IncomingAddress,
    IncomingBuyer,
    IncomingOrder,
    IncomingParcel,
    OrderState,
)
from channels.platforms.shopee.directory import MARKETPLACE_BY_REGION
from channels.platforms.shopee.mapping_lines import package_units, read_lines
from channels.platforms.shopee.reading import amount, instant, needed_instant, number
from channels.reading import Json, Unreadable, child, children, currency, cut_text, needed_text, plain, text

STATES = {
    "UNPAID": OrderState.UNPAID,
    "PENDING": OrderState.UNPAID,
    "INVOICE_PENDING": OrderState.OPEN,
    "READY_TO_SHIP": OrderState.OPEN,
    "RETRY_SHIP": OrderState.OPEN,
    "PROCESSED": OrderState.OPEN,
    "IN_CANCEL": OrderState.OPEN,
    "SHIPPED": OrderState.SHIPPED,
    "TO_CONFIRM_RECEIVE": OrderState.SHIPPED,
    "TO_RETURN": OrderState.SHIPPED,
    "COMPLETED": OrderState.COMPLETED,
    "CANCELLED": OrderState.CANCELED,
}
METHODS = {
    "fulfilled_by_shopee": FulfillmentMethod.BY_CHANNEL,
    "fulfilled_by_cb_seller": FulfillmentMethod.BY_SELLER,
    "fulfilled_by_local_seller": FulfillmentMethod.BY_SELLER,
}
# Where a parcel is: not with the carrier yet, on its way, or none any more.
WAITING = {
    "LOGISTICS_NOT_START", "LOGISTICS_PENDING_ARRANGE", "LOGISTICS_READY", "LOGISTICS_REQUEST_CREATED",
    "LOGISTICS_PICKUP_RETRY", "LOGISTICS_PICKUP_FAILED",
}  # fmt: skip
GONE = {"LOGISTICS_PICKUP_DONE", "LOGISTICS_DELIVERY_DONE", "LOGISTICS_DELIVERY_FAILED", "LOGISTICS_LOST"}
CALLED_OFF = {"LOGISTICS_INVALID", "LOGISTICS_REQUEST_CANCELED", "LOGISTICS_COD_REJECTED"}
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


def read_order(raw: Json) -> IncomingOrder:
    """Read one order. Raises ``Unreadable`` when a needed field is missing or a value cannot be true.

    Values outside of Shopee's own lists are kept raw in ``unknown_values`` and never guessed at: an order
    whose status or fulfiller is unknown has the state ``UNKNOWN``.
    """
    unknown: list[str] = []
    status = needed_text(raw, "order_status", most=60)
    state = _state(raw, status, unknown)
    method = _method(raw, unknown)
    if method is None:
        state = OrderState.UNKNOWN
    packages = _packages(raw, unknown)
    lines, by_place = read_lines(raw, state=state, gone=[p for p in packages if _status(p) in GONE])
    if state is OrderState.OPEN and any(line.quantity_shipped for line in lines):
        waiting = any(line.quantity_shipped + line.quantity_canceled < line.quantity for line in lines)
        state = OrderState.PARTLY_SHIPPED if waiting else OrderState.SHIPPED
    return IncomingOrder(
        external_id=needed_text(raw, "order_sn", most=120),
        marketplace=_marketplace(raw),
        state=state,
        platform_status=status,
        fulfillment_method=method or FulfillmentMethod.BY_SELLER,
        placed_at=needed_instant(raw, "create_time"),
        updated_at=needed_instant(raw, "update_time"),
        currency=currency(raw.get("currency"), "currency"),
        lines=lines,
        total=amount(raw, "total_amount"),
        paid_at=instant(raw, "pay_time"),
        ship_by_at=instant(raw, "ship_by_date"),
        deliver_by_at=instant(_dates(raw), "edt_to"),
        country=_country(raw, unknown),
        cancel_requested=status == "IN_CANCEL",
        cancel_reason=cut_text(raw, "buyer_cancel_reason", most=300)
        or cut_text(raw, "cancel_reason", most=300),
        shipping_service=cut_text(raw, "shipping_carrier", most=80)
        or cut_text(raw, "checkout_shipping_carrier", most=80),
        buyer=_buyer(raw),
        parcels=tuple(_parcel(package, raw, by_place) for package in packages if _status(package) in GONE),
        unknown_values=tuple(dict.fromkeys(unknown)),
        raw=plain(raw),
    )


def _dates(raw: Json) -> Json:
    """Return where the delivery dates stand: in the order itself, or in ``edt``."""
    return raw if raw.get("edt_to") is not None else child(raw, "edt")


def _state(raw: Json, status: str, unknown: list[str]) -> OrderState:
    state = STATES.get(status)
    if state is None:
        unknown.append(f"order_status={status}")
    return state or OrderState.UNKNOWN


def _method(raw: Json, unknown: list[str]) -> FulfillmentMethod | None:
    flag = text(raw, "fulfillment_flag", most=60)
    if not flag:
        return FulfillmentMethod.BY_SELLER
    found = METHODS.get(flag)
    if found is None:
        unknown.append(f"fulfillment_flag={flag}")
    return found


def _marketplace(raw: Json) -> str:
    region = needed_text(raw, "region", most=60)
    place = MARKETPLACE_BY_REGION.get(region)
    if place is None:
        raise Unreadable(f"the order is of the unknown region {region}")
    return place.id


def _country(raw: Json, unknown: list[str]) -> str:
    """Return where the parcel goes; a masked or absent address goes to the order's own region."""
    code = text(child(raw, "recipient_address"), "region", most=60)
    if not code or is_masked(code):
        code = text(raw, "region", most=60)
    if not _COUNTRY.fullmatch(code):
        unknown.append(f"country={code}")
        return ""
    return code


def is_masked(value: str) -> bool:
    """Say whether a text shows nothing but stars."""
    return not value.strip(" *")


def _shown(parent: Json, name: str, *, most: int) -> str:
    """Return a text as far as Shopee shows it: partly masked ones stay, stars alone are nothing."""
    found = cut_text(parent, name, most=most)
    return "" if is_masked(found) else found


def _buyer(raw: Json) -> IncomingBuyer | None:
    address = child(raw, "recipient_address")
    name = _shown(raw, "buyer_username", most=300)
    tax_id = _shown(raw, "buyer_cpf_id", most=80)
    person = number(raw, "buyer_user_id")
    if not (address or name or tax_id or person):
        return None
    return IncomingBuyer(
        name=name or _shown(address, "name", most=300),
        phone=_shown(address, "phone", most=80),
        tax_id=tax_id,
        address=_address(address) if address else None,
        id=person,
    )


def _address(found: Json) -> IncomingAddress:
    street = _shown(found, "full_address", most=300)
    places = [_shown(found, name, most=200) for name in ("town", "district")]
    lines = [street, *(place for place in places if place and place not in street)]
    region = cut_text(found, "region", most=2)
    return IncomingAddress(
        name=_shown(found, "name", most=300),
        lines=tuple(line for line in lines if line.strip()),
        city=_shown(found, "city", most=200),
        region=_shown(found, "state", most=200),
        postal_code=_shown(found, "zipcode", most=40),
        country=region if _COUNTRY.fullmatch(region) else "",
        phone=_shown(found, "phone", most=80),
    )


def _packages(raw: Json, unknown: list[str]) -> list[Json]:
    found = children(raw, "package_list")
    for package in found:
        status = _status(package)
        if status and status not in WAITING | GONE | CALLED_OFF:
            unknown.append(f"logistics_status={status}")
    return found


def _status(package: Json) -> str:
    return text(package, "logistics_status", most=60)


def _parcel(package: Json, raw: Json, by_place: dict[tuple[str, ...], str]) -> IncomingParcel:
    """Return a parcel that left. Its number is not part of an order on Shopee; it is asked for apart."""
    return IncomingParcel(
        reference=needed_text(package, "package_number", most=120),
        carrier=cut_text(package, "shipping_carrier", most=60),
        tracking_number=text(package, "tracking_number", most=120),
        shipped_at=_left_at(raw),
        lines=tuple(
            (line, min(units, 1_000_000)) for line, units in package_units(package, by_place).items()
        ),
    )


def _left_at(raw: Json) -> datetime | None:
    return instant(raw, "pickup_done_time")
