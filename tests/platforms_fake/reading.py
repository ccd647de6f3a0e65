"""The fake platform's objects as the hub's messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from channels.adapter import OrderFile, Refused
from channels.messages import (
    BadItem,
    FulfillmentMethod,
    IncomingLine,
    IncomingListing,
    IncomingOrder,
    IncomingParcel,
    IncomingReturn,
    OrderState,
    Page,
)
from channels.shipping_messages import ShippingChoice

T = TypeVar("T")
COUNTRIES = ("US", "JP")
COINS = ("USD", "JPY")
STATES = {
    "new": OrderState.UNPAID,
    "paid": OrderState.OPEN,
    "sent": OrderState.SHIPPED,
    "gone": OrderState.CANCELED,
}


def read_all(objects: Iterable[Any], read: Callable[[Any], T]) -> tuple[tuple[T, ...], tuple[BadItem, ...]]:
    items: list[T] = []
    bad: list[BadItem] = []
    for place, value in enumerate(objects):
        try:
            items.append(read(value))
        except (KeyError, TypeError, ValueError, ArithmeticError, OSError) as error:
            reason = f"{type(error).__name__}: {error}"[:500]
            bad.append(BadItem(_name(value, f"unreadable-{place}"), reason, raw=value))
    return tuple(items), tuple(bad)


def _name(value: Any, otherwise: str) -> str:
    try:
        return _text(value.get("id", value.get("code")))
    except (AttributeError, ValueError):
        return otherwise


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or "\x00" in value or len(value) > 120:
        raise ValueError(f"not a text: {value!r:.60}")
    value.encode()
    return value


def _coin(value: Any) -> str:
    if value not in COINS:
        raise ValueError(f"not a currency: {value!r:.20}")
    return str(value)


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= 1_000_000:
        raise ValueError(f"not a quantity: {value!r:.60}")
    return value


def _sum(value: Any) -> Decimal:
    if not isinstance(value, str):
        raise TypeError("an amount is text")
    try:
        found = Decimal(value)
        exact = found.quantize(Decimal("0.0001"))
    except InvalidOperation as error:
        raise ValueError(f"not an amount: {value[:60]!r}") from error
    if found != exact or found < 0:
        raise ValueError(f"not an amount: {value[:60]!r}")
    return found


def _at(value: Any) -> datetime:
    if type(value) is not int:
        raise ValueError("not an instant")
    return datetime.fromtimestamp(value, tz=UTC)


def read_order(raw: Any) -> IncomingOrder:
    state = STATES.get(_text(raw["state"]))
    if len({row["id"] for row in raw["rows"]}) != len(raw["rows"]):
        raise ValueError("a row is there twice")
    return IncomingOrder(
        external_id=_text(raw["id"]),
        marketplace=_text(raw["site"]),
        state=state or OrderState.UNKNOWN,
        platform_status=raw["state"][:60],
        fulfillment_method=FulfillmentMethod.BY_SELLER,
        placed_at=_at(raw["at"]),
        updated_at=_at(raw["changed"]),
        currency=_coin(raw["coin"]),
        lines=tuple(
            IncomingLine(
                external_id=_text(row["id"])[:80],
                listing_id=_text(row["code"]),
                title=_text(row["name"]),
                quantity=_count(row["count"]),
                charge=_sum(row["sum"]),
            )
            for row in raw["rows"]
        ),
        raw=raw,
        cancel_requested=raw.get("wish") is True,
        country=raw["country"] if raw.get("country") in COUNTRIES else "",
        parcels=tuple(
            IncomingParcel(_text(parcel["ref"]), _text(parcel["by"]), _text(parcel["number"]), None)
            for parcel in raw.get("parcels", ())
        ),
        unknown_values=() if state else (f"state={raw['state'][:60]}",),
    )


def read_offer(raw: Any) -> IncomingListing:
    return IncomingListing(
        listing_id=_text(raw["code"]),
        marketplace=_text(raw["site"]),
        title=_text(raw["name"]),
        status="live",
        price=_sum(raw["price"]),
        currency=_coin(raw["coin"]),
        quantity=_count(raw["count"]),
        raw=raw,
        handle=_text(raw["number"]) if "number" in raw else "",
    )


def read_way(raw: Any) -> ShippingChoice:
    parameters = {"id": _text(raw["id"])}
    starts = _at(raw["from"]) if "from" in raw else None
    return ShippingChoice(_text(raw["kind"]), _text(raw["label"]), parameters, starts)


def read_return(raw: Any) -> IncomingReturn:
    return IncomingReturn(
        external_id=_text(raw["id"]),
        line_id=_text(raw["row"]),
        quantity=_count(raw["count"]),
        status=_text(raw["state"]),
        reason=raw["why"][:200],
        refunded=_sum(raw["back"]) if raw.get("back") else None,
        at=_at(raw["changed"]),
        order_id=_text(raw["order"]),
    )


def read_order_files(content: bytes) -> OrderFile:
    try:
        orders = json.loads(content)["orders"]
        items, bad = read_all(list(orders), read_order)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused(f"the file holds no orders of Fake Bazaar: {error}") from error
    return OrderFile(page=Page(items=items, bad=bad), layout="fake")
