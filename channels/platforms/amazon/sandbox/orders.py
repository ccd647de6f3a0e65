"""Orders 2026-01-01: searchOrders and getOrder."""

from typing import Any

from channels.platforms.amazon.sandbox.answers import (
    answer,
    error,
    fingerprint,
    listed,
    number_between,
    page_token,
    read_page_token,
    read_time,
    time_text,
)
from channels.platforms.amazon.sandbox.order_body import INCLUDED, order_body, poisoned
from channels.sandbox import faults
from channels.sandbox.orders import Order, read_doc, save_orders
from channels.sandbox.wire import BadRequest, Call, Response

SEARCH_RATE, GET_RATE = 0.0056, 0.5
STATUSES = {
    "PENDING_AVAILABILITY": "pending_availability",
    "PENDING": "pending",
    "UNSHIPPED": "unshipped",
    "PARTIALLY_SHIPPED": "partially_shipped",
    "SHIPPED": "shipped",
    "CANCELLED": "canceled",
    "UNFULFILLABLE": "unfulfillable",
}
LAG = 120
TOKEN_LIFE = 24 * 3600


def read_window(
    call: Call, *, created: tuple[str, str], updated: tuple[str, str]
) -> tuple[bool, float, float]:
    """Read the bounds: (by update time?, after, before). Exactly one of the two kinds may be used."""
    request, now = call.request, call.world.now.timestamp()
    after = {name: request.one(name) for name in (created[0], updated[0])}
    if (after[created[0]] is None) == (after[updated[0]] is None):
        raise BadRequest(f"Exactly one of {created[0]} and {updated[0]} must be provided.")
    by_update = after[updated[0]] is not None
    mine, other = (updated, created) if by_update else (created, updated)
    if request.one(other[1]) is not None:
        raise BadRequest(f"{other[1]} must not be provided with {mine[0]}.")
    first = read_time(after[mine[0]] or "", mine[0])
    last = now - LAG
    text = request.one(mine[1])
    if text is not None:
        last = read_time(text, mine[1])
        if last > now - LAG + 1:
            raise BadRequest(f"{mine[1]} must be at least two minutes before the time of the request.")
        if last < first:
            raise BadRequest(f"{mine[1]} must be equal to or after {mine[0]}.")
    elif first > now:
        raise BadRequest(f"{mine[0]} must not be in the future.")
    return by_update, first, last


def search_orders(call: Call) -> Response:
    """GET /orders/2026-01-01/orders."""
    request, world = call.request, call.world
    by_update, first, last = read_window(
        call,
        created=("createdAfter", "createdBefore"),
        updated=("lastUpdatedAfter", "lastUpdatedBefore"),
    )
    statuses = [STATUSES[value] for value in listed(request, "fulfillmentStatuses", STATUSES)]
    fulfilled_by = listed(request, "fulfilledBy", ("MERCHANT", "AMAZON"))
    places = listed(request, "marketplaceIds", world.marketplaces)
    included = set(listed(request, "includedData", INCLUDED))
    size = number_between(request, "maxResultsPerPage", low=1, high=100, default=100)
    same = fingerprint(request, "paginationToken")
    start: tuple[int, str] = (-1, "")
    token = request.one("paginationToken")
    if token is not None:
        state = read_page_token(world, token, name="paginationToken")
        if state.get("same") != same:
            raise BadRequest("The other parameters must be the same as in the request of the first page.")
        start, last = (int(state["at"]), str(state["id"])), float(state["last"])
    found = find_orders(
        call, by_update=by_update, first=first, last=last, start=start, statuses=statuses,
        by_platform=[value == "AMAZON" for value in fulfilled_by], places=places, limit=size + 1,
    )  # fmt: skip
    page, more = found[:size], len(found) > size
    poison_next(call, page, operation="searchOrders")
    body: dict[str, Any] = {"orders": [poisoned(order, order_body(world, order, included)) for order in page]}
    if more:
        edge = page[-1]
        state = {
            "at": edge.updated if by_update else edge.placed, "id": edge.id, "last": last, "same": same,
        }  # fmt: skip
        body["pagination"] = {"nextToken": page_token(world, state, lives=TOKEN_LIFE)}
    body["lastUpdatedBefore" if by_update else "createdBefore"] = time_text(int(last))
    return answer(call, body, rate=SEARCH_RATE)


def find_orders(
    call: Call, *, by_update: bool, first: float, last: float, start: tuple[int, str], statuses: list[str],
    by_platform: list[bool], places: list[str], limit: int,
) -> list[Order]:  # fmt: skip
    """Return the caller's visible orders of a window, by time and id, behind a place in that order."""
    column = "updated" if by_update else "placed"
    sql = (
        f"select doc from orders where seller = ? and {column} between ? and ? and ({column}, id) > (?, ?)"  # noqa: S608
        " and visible <= ?"
    )
    values: list[Any] = [call.caller.name, first, int(last), *start, call.world.now.timestamp()]
    for name, chosen in (("status", statuses), ("marketplace", places)):
        if chosen:
            sql += f" and {name} in ({','.join('?' * len(chosen))})"
            values += chosen
    if len(set(by_platform)) == 1:
        sql += " and by_platform = ?"
        values.append(int(by_platform[0]))
    sql += f" order by {column}, id limit ?"
    rows = call.world.db.execute(sql, [*values, limit])
    return [read_doc(row["doc"]) for row in rows]


def poison_next(call: Call, page: list[Order], *, operation: str) -> None:
    """Spoil the next healthy order of a page for good, when that fault is switched on."""
    for order in page:
        if order.poison:
            continue
        fault = faults.take_kind(
            world=call.world, kind="poison_order", seller=call.caller.name, operation=operation
        )
        if fault is None:
            return
        order.poison = str(fault.settings.get("variant", "bad_amount"))
        save_orders(call.world.db, [order])


def visible_order(call: Call) -> Order | None:
    """Return the caller's order of the path when it can be read already."""
    row = call.world.db.execute(
        "select doc from orders where id = ? and seller = ? and visible <= ?",
        (call.arguments["orderId"], call.caller.name, call.world.now.timestamp()),
    ).fetchone()
    return None if row is None else read_doc(row["doc"])


def get_order(call: Call) -> Response:
    """GET /orders/2026-01-01/orders/{orderId}."""
    included = set(listed(call.request, "includedData", INCLUDED))
    order = visible_order(call)
    if order is None:
        return error(404, "NotFound", "The requested order was not found.")
    body = poisoned(order, order_body(call.world, order, included))
    return answer(call, {"order": body}, rate=GET_RATE)
