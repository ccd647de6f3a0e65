"""Fetching what a page of orders leaves out of the large ones: more lines, more parcels, what came back.

A page asks for few lines and one parcel of each order, because Shopify counts what a query could bring; an
order that has more is completed here with questions of its own.
"""

from collections.abc import Callable, Mapping
from typing import Any

from channels.adapter import RetryLater
from channels.platforms.shopify import queries
from channels.platforms.shopify.reading import has_more
from channels.reading import Json, Unreadable, child, children, text, whole

Ask = Callable[[str, Mapping[str, Any]], Json]
"""Asks a query about one order with variables and returns that order's object."""

_MOST_PAGES = 40


def complete(order: Json, ask: Ask) -> Json:
    """Return the order with everything that belongs to it. Raises the adapter's errors.

    An order that cannot be read is returned as it is: reading it says what is wrong with it.
    """
    try:
        needs_lines, needs_parcels, needs_back = _needs(order)
        more_shipping = has_more(order, "shippingLines")
    except (Unreadable, RecursionError):
        return order
    found = dict(order)
    variables = {"id": order.get("id")}
    if needs_lines:
        found["lineItems"] = _all_lines(child(order, "lineItems"), variables, ask)
    if needs_parcels:
        answer = ask(queries.ALL_PARCELS, variables | queries.ALL_PARCELS_SIZES)
        found["fulfillments"] = answer.get("fulfillments")
    if more_shipping:
        found["shippingLines"] = ask(queries.MORE_SHIPPING, variables).get("shippingLines")
    if needs_back:
        answer = ask(queries.BACK, variables)
        found |= {"refunds": answer.get("refunds"), "returns": answer.get("returns")}
    return found


def _needs(order: Json) -> tuple[bool, bool, bool]:
    parcels = children(order, "fulfillments")
    counted = whole(child(order, "fulfillmentsCount"), "count", len(parcels))
    cut = any(has_more(parcel, "fulfillmentLineItems") for parcel in parcels)
    came_back = text(order, "returnStatus", most=60) not in ("", "NO_RETURN")
    refunded = text(order, "displayFinancialStatus", most=60) in ("PARTIALLY_REFUNDED", "REFUNDED")
    amount = child(child(order, "totalRefundedSet"), "shopMoney").get("amount", "0")
    gave_back = str(amount).strip("0.") != ""
    return has_more(order, "lineItems"), counted > len(parcels) or cut, came_back or refunded or gave_back


def _all_lines(first: Json, variables: Json, ask: Ask) -> Json:
    nodes = list(children(first, "nodes"))
    page = child(first, "pageInfo")
    for _number in range(_MOST_PAGES):
        if not page.get("hasNextPage"):
            return {"nodes": nodes, "pageInfo": page}
        given = variables | queries.MORE_LINES_SIZES | {"after": page.get("endCursor")}
        answer = ask(queries.MORE_LINES, given)
        try:
            more = child(answer, "lineItems")
            nodes += children(more, "nodes")
            page = child(more, "pageInfo")
        except Unreadable as error:
            raise RetryLater(f"Shopify's answer is broken: {error}") from error
    raise RetryLater("Shopify's pages of an order's lines do not end")
