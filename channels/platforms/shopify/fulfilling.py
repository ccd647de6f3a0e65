"""Shipping at Shopify: from the lines of a parcel to the fulfillment orders that wait for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from channels.adapter import Refused, RetryLater
from channels.messages import ShipmentNotice
from channels.platforms.shopify.directory import CARRIERS
from channels.platforms.shopify.reading import has_more, nodes, number_of
from channels.reading import Json, Unreadable, child, children, text, whole
from ecomhub.sentences import kept

_OPEN = {"OPEN", "IN_PROGRESS"}
_WAITING = {
    "ON_HOLD": "Shopify holds this order back: release the hold there first",
    "SCHEDULED": "Shopify has this order scheduled for later: open it there first",
}
_BY_NAME = {name.lower(): name for name in CARRIERS.values()}
_NO_PARCEL = {"CANCELLED", "ERROR", "FAILURE"}


@dataclass(slots=True)
class _Part:
    """Units of one line that a fulfillment order waits for."""

    order: str
    item: str
    line: str
    left: int


@dataclass(slots=True)
class _Open:
    """What an order still waits for, by the location it leaves from."""

    by_location: dict[str, list[_Part]] = field(default_factory=dict)
    waiting: str = ""


def fulfillments(order: Json, notice: ShipmentNotice) -> list[Json]:
    """Return what ``fulfillmentCreate`` has to be called with for a parcel: one input per location.

    Units that a living fulfillment with this tracking number holds already are left out, so that a notice
    repeated after a lost answer does no harm; nothing left means that Shopify knows the parcel. Raises
    ``Refused`` when the order does not wait for so many units.
    """
    try:
        if order.get("cancelledAt") is not None:
            raise Refused(kept("The order is canceled at Shopify."))
        wanted = _still_wanted(order, notice)
        if not wanted:
            return []
        return _choose(_open_parts(order), wanted, notice)
    except Unreadable as error:
        raise RetryLater(f"Shopify's answer is broken: {error}") from error


def _still_wanted(order: Json, notice: ShipmentNotice) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for line, quantity in notice.lines:
        wanted[line] = wanted.get(line, 0) + quantity
    for parcel in children(order, "fulfillments"):
        numbers = {text(part, "number", most=300) for part in children(parcel, "trackingInfo")}
        if text(parcel, "status", most=60) in _NO_PARCEL or notice.tracking_number not in numbers:
            continue
        for part in nodes(parcel, "fulfillmentLineItems"):
            line = number_of(child(part, "lineItem").get("id"), "lineItem")
            if line in wanted:
                wanted[line] -= whole(part, "quantity", 0)
    return {line: quantity for line, quantity in wanted.items() if quantity > 0}


def _open_parts(order: Json) -> _Open:
    found = _Open()
    for one in nodes(order, "fulfillmentOrders"):
        status = text(one, "status", most=60)
        if status not in _OPEN:
            found.waiting = found.waiting or _WAITING.get(status, "")
            continue
        parts = found.by_location.setdefault(_place(one), [])
        for item in nodes(one, "lineItems"):
            parts.append(
                _Part(
                    order=str(one.get("id")),
                    item=str(item.get("id")),
                    line=number_of(child(item, "lineItem").get("id"), "lineItem"),
                    left=whole(item, "remainingQuantity"),
                )
            )
        if has_more(one, "lineItems"):
            raise Refused(kept("The order has more lines than can be shipped from here. Ship it at Shopify."))
    if has_more(order, "fulfillmentOrders"):
        raise Refused(kept("The order is split into too many parts. Ship it at Shopify."))
    return found


def _place(one: Json) -> str:
    """Return a fulfillment order's location; it is gone when the location was deleted."""
    location = child(child(one, "assignedLocation"), "location")
    return str(location.get("id", ""))


def _choose(found: _Open, wanted: Mapping[str, int], notice: ShipmentNotice) -> list[Json]:
    left = dict(wanted)
    inputs: list[Json] = []
    for parts in found.by_location.values():
        chosen: dict[str, list[Json]] = {}
        for part in parts:
            units = min(part.left, left.get(part.line, 0))
            if units:
                left[part.line] -= units
                chosen.setdefault(part.order, []).append({"id": part.item, "quantity": units})
        if chosen:
            inputs.append(_input(chosen, notice))
    short = {line: units for line, units in left.items() if units}
    if short:
        line, units = next(iter(short.items()))
        raise Refused(found.waiting or f"Shopify does not wait for {units} more units of line {line}")
    return inputs


def _input(chosen: Mapping[str, list[Json]], notice: ShipmentNotice) -> Json:
    tracking: dict[str, Any] = {"number": notice.tracking_number}
    company = carrier_name(notice)
    if company:
        tracking["company"] = company
    return {
        "lineItemsByFulfillmentOrder": [
            {"fulfillmentOrderId": order, "fulfillmentOrderLineItems": items}
            for order, items in chosen.items()
        ],
        "trackingInfo": tracking,
        "notifyCustomer": True,
    }


def carrier_name(notice: ShipmentNotice) -> str:
    """Return the carrier as Shopify spells it; any other carrier by its own name."""
    key = notice.carrier.strip().lower()
    known = CARRIERS.get(key) or CARRIERS.get(key.replace(" ", "-")) or _BY_NAME.get(key)
    return known or notice.carrier_name.strip() or notice.carrier.strip()
