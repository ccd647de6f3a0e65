"""Dividing an order into packages: Shopee does it once, and wants every unit of the order named.

An order is read before it is divided, so that asking again, or after a lost answer, finds what is there.
"""

from collections.abc import Iterable

from channels.adapter import Refused, RetryLater
from channels.platforms.shopee.mapping import CALLED_OFF
from channels.platforms.shopee.mapping_lines import line_numbers, names_by_place, package_units
from channels.platforms.shopee.orders import checked_order, detail_entries
from channels.platforms.shopee.shipping import NOT_ARRANGED
from channels.platforms.shopee.transport import Expected, Line
from channels.reading import Json, Unreadable, an_object, children, needed_children, text, whole
from channels.shipping_messages import Parts, SplitRequest
from ecomhub.sentences import kept

SPLIT = "/api/v2/order/split_order"
OPERATION = "split_order"
_SPLIT_ALREADY = "order_has_been_split"
_MADE_UNSEEN = "order_split_get_package_info_failed"
_FAILED_FOR_NOW = "please try again"


def split(line: Line, request: SplitRequest) -> str:
    """Return the number of the package that holds just these lines; the order is divided when none does.

    Empty where the order is one package of just these lines. Raises ``Refused`` where it is divided otherwise
    already or Shopee does not divide it.
    """
    order = _order(line, request.order_id)
    found = _package(order, request)
    if found is not None:
        return found
    if _is_split(order):
        raise Refused(
            kept(
                "Shopee divided this order into other packages already. "
                "Arrange those, or undo the split there."
            )
        )
    body = {"order_sn": request.order_id, "package_list": _packages(order, request)}
    try:
        line.post(SPLIT, body, Expected(OPERATION, "response.package_list", writes=True))
    except Refused as error:
        if _FAILED_FOR_NOW in error.reason.lower():
            raise RetryLater(error.reason) from error
        if not any(sign in error.reason for sign in (_SPLIT_ALREADY, _MADE_UNSEEN)):
            raise
    made = _package(_order(line, request.order_id), request)
    if made is None:
        raise RetryLater("Shopee does not show the packages of the divided order yet")
    return made


def _order(line: Line, order_id: str) -> Json:
    """Return an order as Shopee writes it. Raises ``Refused`` when it does not show it."""
    try:
        for entry in detail_entries(line, [checked_order(order_id)], operation=OPERATION):
            order = an_object(entry, "order")
            if order.get("order_sn") == order_id:
                return order
    except Unreadable as error:
        raise RetryLater(f"order {order_id} cannot be read: {error}") from error
    raise Refused(kept("Shopee does not show the order %(order)s.", order=order_id))


def _live(order: Json) -> list[Json]:
    found = children(order, "package_list")
    return [part for part in found if text(part, "logistics_status", most=60) not in CALLED_OFF]


def _is_split(order: Json) -> bool:
    return order.get("split_up") is True or len(_live(order)) > 1


def _package(order: Json, request: SplitRequest) -> str | None:
    """Return the package of just these lines that is nobody else's; one that still waits comes first."""
    try:
        by_place = names_by_place(needed_children(order, "item_list"))
        wanted = dict(request.lines)
        fitting = [
            (text(part, "logistics_status", most=60) not in NOT_ARRANGED, place, name)
            for place, part in enumerate(_live(order))
            if (name := text(part, "package_number", most=120)) not in request.taken
            and package_units(part, by_place) == wanted
        ]
    except Unreadable as error:
        raise RetryLater(f"the packages of order {request.order_id} cannot be read: {error}") from error
    if not fitting:
        return None
    return min(fitting)[2] if _is_split(order) else ""


def _packages(order: Json, request: SplitRequest) -> list[Json]:
    """Return the packages an order is divided into, every unit of it in one of them."""
    try:
        items = needed_children(order, "item_list")
        numbers = line_numbers(items)
        units = {
            name: whole(item, "model_quantity_purchased") - whole(item, "cancelled_qty", 0)
            for name, item in zip(numbers, items, strict=True)
        }
    except Unreadable as error:
        raise Refused(
            kept("Order %(order)s cannot be read: %(words)s", order=request.order_id, words=str(error))
        ) from error
    parcels = [parts for parts in (request.lines, *request.others) if parts]
    left = _left(units, parcels)
    parcels += [left] if left else []
    if len(parcels) < 2:
        raise Refused(
            kept("Shopee has no further package in this order. Nothing of it can be arranged apart.")
        )
    is_divided = any(count != units[name] for parts in parcels for name, count in parts)
    return [
        {
            "item_list": [
                numbers[name] | ({"model_quantity": count} if is_divided else {}) for name, count in parts
            ]
        }
        for parts in parcels
    ]


def _left(units: dict[str, int], parcels: Iterable[Parts]) -> Parts:
    """Return what no parcel holds. Raises ``Refused`` for more than the order has."""
    left = dict(units)
    for parts in parcels:
        for name, count in parts:
            if count < 1 or left.get(name, 0) < count:
                raise Refused(
                    kept(
                        "Shopee's order does not hold %(count)d more of line %(line)s.",
                        count=count,
                        line=name[:60],
                    )
                )
            left[name] -= count
    return tuple((name, count) for name, count in left.items() if count > 0)
