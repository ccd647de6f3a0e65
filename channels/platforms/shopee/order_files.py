"""Saved answers of ``get_order_detail``, for ``replay``: whole answers, lists of orders and single ones."""

from dataclasses import dataclass, field
from typing import Any

from channels.adapter import OrderFile, Refused
from channels.messages import BadItem, Page
from channels.platforms.shopee.mapping import read_order
from channels.reading import Json, bad_item, parse_sequence, read_each
from ecomhub.sentences import kept

LAYOUT = "shopee-order-detail"
_HINT = (
    "the file holds no Shopee orders: give a get_order_detail answer, a single order of one,"
    " or several of them behind each other"
)


@dataclass(slots=True)
class _Found:
    """What a file held: orders, what was none, and how many answers with a list of orders."""

    orders: list[Any] = field(default_factory=list)
    strays: list[BadItem] = field(default_factory=list)
    pages: int = 0


def read_order_files(content: bytes) -> OrderFile:
    """Read a saved payload. Raises ``Refused`` when it holds nothing that looks like Shopee's orders."""
    found = _Found()
    try:
        for value in parse_sequence(_decoded(content)):
            _sort(value, found)
    except (ValueError, RecursionError) as error:
        raise Refused(kept("The file is not JSON: %(words)s", words=str(error)[:200])) from error
    if not (found.orders or found.pages):
        raise Refused(_HINT)
    items, bad = read_each(found.orders, read=read_order, id_key="order_sn")
    return OrderFile(page=Page(items=items, bad=(*bad, *found.strays)), layout=LAYOUT)


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
    elif isinstance(value.get("order_list"), list):
        found.pages += 1
        for part in value["order_list"]:
            _take(part, found)
    elif "order_sn" in value:
        _take(value, found)
    else:
        _look_inside(value, found)


def _take(value: Any, found: _Found) -> None:
    if isinstance(value, dict) and "order_sn" in value and not set(value) - {
        "order_sn", "order_status", "booking_sn",
    }:  # fmt: skip
        reason = "this is only an order's number from a list: save the answers of get_order_detail"
        found.strays.append(bad_item(value, id_key="order_sn", reason=reason))
    else:
        found.orders.append(value)


def _look_inside(value: Json, found: _Found) -> None:
    for wrapper in ("response", "body", "data", "order"):
        if isinstance(value.get(wrapper), dict | list):
            _sort(value[wrapper], found)
            return
    reason = "this is an error answer, no orders" if value.get("error") else "this is no order and no answer"
    found.strays.append(bad_item(value, id_key="order_sn", reason=reason))
