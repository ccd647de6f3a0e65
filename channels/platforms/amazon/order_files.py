"""Saved answers of Amazon's order calls, for ``replay``: both versions, pages and single orders, mixed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from channels.adapter import OrderFile, Refused
from channels.messages import BadItem, IncomingOrder, Page
from channels.platforms.amazon import mapping, mapping_v0
from channels.reading import Json, bad_item, parse_sequence, read_each
from ecomhub.sentences import kept

NEW, OLD, MIXED = "orders-2026-01-01", "orders-v0", "orders-mixed"
_HINT = (
    "the file holds no Amazon orders: give a searchOrders page, a single order, a getOrders page,"
    " or several of them behind each other"
)


@dataclass(slots=True)
class _Found:
    """What a file held: orders of both versions, items of v0 orders by order, and what was neither."""

    new: list[Any] = field(default_factory=list)
    old: list[Any] = field(default_factory=list)
    items: dict[str, list[Any]] = field(default_factory=dict)
    strays: list[BadItem] = field(default_factory=list)
    pages: int = 0


def read_order_files(content: bytes) -> OrderFile:
    """Read a saved payload. Raises ``Refused`` when it holds nothing that looks like Amazon's orders.

    The layout is told by shape: ``orders`` or ``orderId`` is 2026-01-01, ``Orders`` or ``AmazonOrderId`` is
    v0. Items of v0 orders may stand inside of their orders or as getOrderItems answers in the same file.
    """
    try:
        values = parse_sequence(_decoded(content))
        found = _Found()
        for value in values:
            _sort(value, found)
    except (ValueError, RecursionError) as error:
        raise Refused(kept("The file is not JSON: %(words)s", words=str(error)[:200])) from error
    if not (found.new or found.old or found.items or found.pages):
        raise Refused(_HINT)
    new_orders, new_bad = read_each(found.new, read=mapping.read_order, id_key="orderId")
    old_orders, old_bad = read_each(_with_items(found), read=mapping_v0.read_order, id_key="AmazonOrderId")
    bad = (*new_bad, *old_bad, *_left_over(found), *found.strays)
    layout = MIXED if found.new and found.old else OLD if found.old or found.items else NEW
    items: tuple[IncomingOrder, ...] = (*new_orders, *old_orders)
    return OrderFile(page=Page(items=items, bad=bad), layout=layout)


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


def _sort(value: Any, found: _Found) -> None:
    """Put a value where it belongs, looking into lists and wrappers."""
    if isinstance(value, list):
        for part in value:
            _sort(part, found)
    elif not isinstance(value, dict):
        found.strays.append(bad_item(value, id_key="", reason="this is no order"))
    elif "orderId" in value:
        found.new.append(value)
    elif "AmazonOrderId" in value:
        _sort_old(value, found)
    elif isinstance(value.get("orders"), list):
        found.pages += 1
        for part in value["orders"]:
            (found.old if _is_old(part) else found.new).append(part)
    elif isinstance(value.get("Orders"), list):
        found.pages += 1
        for part in value["Orders"]:
            (found.old if _is_old(part) or not _is_new(part) else found.new).append(part)
    else:
        _look_inside(value, found)


def _look_inside(value: Json, found: _Found) -> None:
    for wrapper in ("payload", "order", "response", "body"):
        if isinstance(value.get(wrapper), dict | list):
            _sort(value[wrapper], found)
            return
    reason = "this is an error answer, not a page" if value.get("errors") else "this is no order and no page"
    found.strays.append(bad_item(value, id_key="orderId", reason=reason))


def _is_old(value: Any) -> bool:
    return isinstance(value, dict) and "AmazonOrderId" in value


def _is_new(value: Any) -> bool:
    return isinstance(value, dict) and "orderId" in value


def _sort_old(value: Json, found: _Found) -> None:
    if "OrderStatus" in value or "PurchaseDate" in value or not isinstance(value.get("OrderItems"), list):
        found.old.append(value)
    else:
        found.items.setdefault(str(value["AmazonOrderId"]), []).extend(value["OrderItems"])


def _with_items(found: _Found) -> Iterator[Any]:
    """Yield every v0 order with its items inside, wherever they stood."""
    for order in found.old:
        if not isinstance(order, dict):
            yield order
            continue
        inside = order.get("OrderItems", order.get("orderItems"))
        if isinstance(inside, dict):
            inside = inside.get("OrderItems", inside.get("payload"))
        if isinstance(inside, dict):
            inside = inside.get("OrderItems")
        if inside is None:
            inside = found.items.get(str(order.get("AmazonOrderId")))
        yield order if inside is None else {**order, "OrderItems": inside}


def _left_over(found: _Found) -> Iterator[BadItem]:
    """Yield items whose order is not in the file."""
    known = {str(order.get("AmazonOrderId")) for order in found.old if isinstance(order, dict)}
    for order_id, items in found.items.items():
        if order_id not in known:
            value = {"AmazonOrderId": order_id, "OrderItems": items}
            reason = (
                "these are the items of an order that is not in the file: put its page into the same file"
            )
            yield bad_item(value, id_key="AmazonOrderId", reason=reason)
