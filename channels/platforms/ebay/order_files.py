"""Saved answers of eBay's order calls, for ``replay``: Fulfillment's JSON and Trading's GetOrders XML."""

from dataclasses import dataclass, field
from typing import Any

from channels.adapter import OrderFile, Refused
from channels.messages import BadItem, Page
from channels.platforms.ebay import mapping, mapping_trading
from channels.platforms.ebay.xml_reading import as_object, local_name, parse_xml, several
from channels.reading import Json, bad_item, parse_sequence, read_each
from ecomhub.sentences import kept

REST, TRADING = "fulfillment-v1", "trading-get-orders"
_HINT = (
    "the file holds no eBay orders: give getOrders pages or single orders of the Fulfillment API as JSON,"
    " or an answer of Trading's GetOrders as XML"
)


@dataclass(slots=True)
class _Found:
    """What a file of JSON held: orders, what was neither order nor page, and how many pages there were."""

    orders: list[Any] = field(default_factory=list)
    strays: list[BadItem] = field(default_factory=list)
    pages: int = 0


def read_order_files(content: bytes) -> OrderFile:
    """Read a saved payload. Raises ``Refused`` when it holds nothing that looks like eBay's orders."""
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" or content[:2] in (b"<\x00", b"\x00<"):
        return _read_xml(content)
    try:
        found = _Found()
        for value in parse_sequence(_decoded(content)):
            _sort(value, found)
    except (ValueError, RecursionError) as error:
        raise Refused(kept("The file is neither JSON nor XML: %(words)s", words=str(error)[:200])) from error
    if not found.orders and not found.pages:
        raise Refused(_HINT)
    items, bad = read_each(found.orders, read=mapping.read_order, id_key="orderId")
    return OrderFile(page=Page(items=items, bad=(*bad, *found.strays)), layout=REST)


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


def _sort(value: Any, found: _Found) -> None:
    """Put a value where it belongs, looking into lists and pages."""
    if isinstance(value, list):
        for part in value:
            _sort(part, found)
    elif not isinstance(value, dict):
        found.strays.append(bad_item(value, id_key="", reason="this is no order"))
    elif isinstance(value.get("orders"), list):
        found.pages += 1
        found.orders += value["orders"]
    elif "orderId" in value:
        found.orders.append(value)
    else:
        said = "this is an error answer, not a page" if value.get("errors") else "this is no order, no page"
        found.strays.append(bad_item(value, id_key="orderId", reason=said))


def _read_xml(content: bytes) -> OrderFile:
    try:
        root = parse_xml(content)
    except ValueError as error:
        raise Refused(kept("The file cannot be read: %(words)s", words=str(error)[:200])) from error
    orders = _orders_in(local_name(root), as_object(root))
    items, bad = read_each(orders, read=mapping_trading.read_order, id_key="OrderID")
    return OrderFile(page=Page(items=items, bad=bad), layout=TRADING)


def _orders_in(name: str, data: Json) -> list[Json]:
    if name == "Order":
        return [data]
    holder = data if name == "OrderArray" else data.get("OrderArray")
    try:
        if name in ("GetOrdersResponse", "OrderArray") and holder is not None:
            return several(holder if isinstance(holder, dict) else {}, "Order")
    except ValueError as error:
        raise Refused(f"{_HINT} ({error})") from error
    raise Refused(_HINT)
