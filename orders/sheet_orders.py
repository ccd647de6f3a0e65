"""Rows of a sheet put together to orders, as a platform would show them.

The sheet says nothing of when it was true. Without a time of its own an order is as old as the latest time
in its rows: a sheet imported again, or an older one, changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from channels.messages import (
    FulfillmentMethod,
    IncomingAddress,
    IncomingBuyer,
    IncomingLine,
    IncomingOrder,
    IncomingParcel,
    OrderState,
)
from ecomhub.sheets import CellRefused
from orders.sheet_rows import ADDRESS, SheetLine, same_words

_LEFT = (OrderState.SHIPPED, OrderState.COMPLETED)


def put_together(lines: Sequence[SheetLine]) -> IncomingOrder:
    """Return the order that rows of one order number tell of. Raises ``CellRefused`` where they disagree."""
    first = lines[0]
    names = _line_names(lines)
    state = _state(lines)
    order = IncomingOrder(
        external_id=first.order,
        marketplace=first.shop.marketplace,
        state=state,
        platform_status=", ".join(dict.fromkeys(line.status for line in lines if line.status)) or state.value,
        fulfillment_method=(
            FulfillmentMethod.BY_CHANNEL
            if _one(lines, "by_platform", lambda line: line.by_platform)
            else FulfillmentMethod.BY_SELLER
        ),
        placed_at=_one(lines, "placed_at", lambda line: line.placed_at),
        updated_at=_updated_at(lines),
        currency=_one(lines, "currency", lambda line: line.currency),
        lines=tuple(_line(line, name) for line, name in zip(lines, names, strict=True)),
        raw={},
        total=sum((line.charge + line.shipping + line.tax - line.discount for line in lines), Decimal(0)),
        paid_at=_first(line.paid_at for line in lines),
        ship_by_at=_first(line.ship_by_at for line in lines),
        country=_said(lines, "country", lambda line: line.country),
        shipping_service=first.service,
        buyer=_buyer(lines),
        parcels=_parcels(lines, names),
    )
    return replace(order, raw=_plain({**asdict(order), "raw": None}))


def _line_names(lines: Sequence[SheetLine]) -> list[str]:
    """Return what the lines are called: by their own number, else by what they sell."""
    names: list[str] = []
    for line in lines:
        name = line.line or line.listing[:70]
        if line.line and name in names:
            raise CellRefused(_("This line of the order stands in the sheet twice: %s") % name)
        count, found = 1, name
        while found in names:
            count += 1
            found = f"{name}.{count}"
        names.append(found)
    return names


def _line(line: SheetLine, name: str) -> IncomingLine:
    return IncomingLine(
        external_id=name,
        listing_id=line.listing,
        title=line.title or line.listing,
        quantity=line.quantity,
        quantity_shipped=line.quantity if line.state in _LEFT else 0,
        quantity_canceled=line.quantity if line.state is OrderState.CANCELED else 0,
        charge=line.charge,
        discount=line.discount,
        shipping=line.shipping,
        tax=line.tax,
        tax_collected_by_marketplace=line.tax_by_platform,
    )


def _state(lines: Sequence[SheetLine]) -> OrderState:
    """Return how the order stands as a whole; canceled lines say nothing while others are left."""
    states = {line.state for line in lines} - {OrderState.CANCELED}
    if not states:
        return OrderState.CANCELED
    if len(states) == 1:
        return states.pop()
    if states <= set(_LEFT):
        return OrderState.SHIPPED
    return OrderState.PARTLY_SHIPPED if states & set(_LEFT) else OrderState.OPEN


def _updated_at(lines: Sequence[SheetLine]) -> datetime:
    said = [line.updated_at for line in lines if line.updated_at is not None]
    if said:
        return max(said)
    times = [(line.placed_at, line.paid_at, line.shipped_at) for line in lines]
    return max(instant for each in times for instant in each if instant is not None)


def _buyer(lines: Sequence[SheetLine]) -> IncomingBuyer | None:
    people: dict[str, str] = {}
    for line in reversed(lines):
        people |= line.people
    if not people:
        return None
    address = None
    if any(key in people for key in ADDRESS):
        address = IncomingAddress(
            name=people.get("recipient", "") or people.get("buyer", ""),
            lines=tuple(people[key] for key in ("address", "address2") if key in people),
            city=people.get("city", ""),
            region=people.get("region", ""),
            postal_code=people.get("postal_code", ""),
            country=lines[0].country,
            phone=people.get("phone", ""),
        )
    return IncomingBuyer(
        name=people.get("buyer", "") or people.get("recipient", ""),
        email=people.get("email", ""),
        phone=people.get("phone", ""),
        tax_id=people.get("tax_id", ""),
        address=address,
    )


def _parcels(lines: Sequence[SheetLine], names: Sequence[str]) -> tuple[IncomingParcel, ...]:
    found: dict[str, list[tuple[SheetLine, str]]] = {}
    for line, name in zip(lines, names, strict=True):
        if line.tracking:
            found.setdefault(line.tracking, []).append((line, name))
    return tuple(
        IncomingParcel(
            reference=tracking,
            carrier=held[0][0].carrier,
            tracking_number=tracking,
            shipped_at=_first(line.shipped_at for line, _name in held),
            lines=tuple((name, line.quantity) for line, name in held),
        )
        for tracking, held in found.items()
    )


def _one(lines: Sequence[SheetLine], key: str, of: Callable[[SheetLine], Any]) -> Any:
    """Return what every row says of the order. Raises ``CellRefused`` where they differ."""
    said = {of(line) for line in lines}
    if len(said) > 1:
        raise _differs(lines, key)
    return said.pop()


def _said(lines: Sequence[SheetLine], key: str, of: Callable[[SheetLine], str]) -> str:
    try:
        return same_words(of(line) for line in lines)
    except ValueError:
        raise _differs(lines, key) from None


def _differs(lines: Sequence[SheetLine], key: str) -> CellRefused:
    title = lines[0].row.titles.get(key, key)
    return CellRefused(_("The rows of this order differ in: %s. Write the same in each") % title)


def _first(instants: Any) -> datetime | None:
    return next((instant for instant in instants if instant is not None), None)


def _plain(value: Any) -> Any:
    """Return values as JSON has them; equal amounts and instants are written equally."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner not in (None, "", (), [])}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return value.isoformat()
    return value
