"""Saved orders of Shopify, for ``replay``: GraphQL answers and nodes, REST pages and webhooks, mixed."""

from dataclasses import dataclass, field
from typing import Any

from channels.adapter import OrderFile, Refused
from channels.messages import BadItem, IncomingOrder, Page
from channels.platforms.shopify import mapping, mapping_rest
from channels.platforms.shopify.reading import bad_item, read_each
from channels.reading import Json, parse_sequence
from ecomhub.sentences import kept

GRAPHQL, REST, MIXED = "admin-graphql-2026-01", "admin-rest", "shopify-mixed"
_HINT = (
    "the file holds no Shopify orders: give an answer of the Admin API with orders, a single order,"
    " the body of an order webhook, or several of them behind each other"
)
_WRAPPERS = ("data", "orders", "order", "node", "nodes", "edges", "body", "payload")


@dataclass(slots=True)
class _Found:
    """What a file held: orders of both shapes, and what was neither."""

    nodes: list[Any] = field(default_factory=list)
    rest: list[Any] = field(default_factory=list)
    strays: list[BadItem] = field(default_factory=list)
    pages: int = 0


def read_order_files(content: bytes) -> OrderFile:
    """Read a saved payload. Raises ``Refused`` when it holds nothing that looks like Shopify's orders."""
    found = _Found()
    try:
        for value in parse_sequence(_decoded(content)):
            _sort(value, found)
    except (ValueError, RecursionError) as error:
        raise Refused(kept("The file is not JSON: %(words)s", words=str(error)[:200])) from error
    if not (found.nodes or found.rest or found.pages):
        raise Refused(_HINT)
    new_orders, new_bad = read_each(found.nodes, read=mapping.read_order, id_key="id")
    old_orders, old_bad = read_each(found.rest, read=mapping_rest.read_order, id_key="id")
    layout = MIXED if found.nodes and found.rest else REST if found.rest else GRAPHQL
    items: tuple[IncomingOrder, ...] = (*new_orders, *old_orders)
    return OrderFile(page=Page(items=items, bad=(*new_bad, *old_bad, *found.strays)), layout=layout)


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


def _sort(value: Any, found: _Found, *, is_listed: bool = False) -> None:
    """Put a value where it belongs, looking into lists and wrappers."""
    if isinstance(value, list):
        found.pages += int(is_listed)
        for part in value:
            _sort(part, found, is_listed=is_listed)
    elif not isinstance(value, dict):
        found.strays.append(bad_item(value, id_key="", reason="this is no order"))
    elif mapping_rest.is_rest(value):
        found.rest.append(value)
    elif "lineItems" in value or "displayFulfillmentStatus" in value:
        found.nodes.append(value)
    else:
        _look_inside(value, found, is_listed=is_listed)


def _look_inside(value: Json, found: _Found, *, is_listed: bool) -> None:
    for wrapper in _WRAPPERS:
        if isinstance(value.get(wrapper), dict | list):
            _sort(value[wrapper], found, is_listed=is_listed or wrapper == "orders")
            return
    reason = "this is an error answer, not a page" if value.get("errors") else "this is no order and no page"
    found.strays.append(bad_item(value, id_key="id", reason=reason))
