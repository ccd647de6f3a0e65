"""Returns over the wire: Trading's GetOrders shows of every line of an order whether it comes back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from channels.adapter import Observer, PageTokenExpired, RetryLater
from channels.messages import BadItem, Connection, IncomingReturn, Page
from channels.platforms.ebay.mapping_trading import name_of_return, read_return
from channels.platforms.ebay.trading import call_trading
from channels.platforms.ebay.transport import Expected
from channels.platforms.ebay.wire_times import time_text
from channels.platforms.ebay.xml_reading import inner, whole_text
from channels.reading import Json, Unreadable, an_object, bad_item, needed_text
from ecomhub import clock

VERB = "GetOrders"
PER_PAGE = 100
LONGEST_WINDOW = timedelta(days=30)
_REACHES_BACK = timedelta(days=90) - timedelta(hours=1)
"""GetOrders takes no times further back than 90 days; between our asking and its reading time goes by."""

_PLACE = re.compile(r"([1-9][0-9]{0,4})\.([0-9]{1,7})", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Orders:
    """One page of GetOrders: its orders as eBay wrote them, how long the list is, and whether it goes on."""

    objects: Sequence[Any]
    total: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class _List:
    """The orders changed in a window, to be asked for page by page."""

    connection: Connection
    observer: Observer | None
    first: datetime
    last: datetime

    def page(self, number: int) -> _Orders:
        """Ask for one page. Raises ``RetryLater`` for an answer that hides whether it is the last."""
        said = call_trading(
            connection=self.connection,
            observer=self.observer,
            expected=Expected(operation="fetch_returns", key="OrderArray", pages=number > 1),
            verb=VERB,
            request={
                "ModTimeFrom": time_text(self.first),
                "ModTimeTo": time_text(self.last),
                "OrderRole": "Seller",
                "OrderStatus": "All",
                "Pagination": {"EntriesPerPage": str(PER_PAGE), "PageNumber": str(number)},
                "DetailLevel": "ReturnAll",
            },
        )
        if said.is_partial:
            raise RetryLater(f"eBay answered {VERB} in part")
        more = said.data.get("HasMoreOrders")
        if more not in ("true", "false"):
            raise RetryLater(f"eBay answered {VERB} without HasMoreOrders")
        try:
            held = inner(said.data, "OrderArray").get("Order")
            total = whole_text(inner(said.data, "PaginationResult"), "TotalNumberOfEntries")
        except Unreadable as error:
            raise RetryLater(f"eBay's answer is broken: {error}") from error
        if held is None:
            return _Orders((), total, more == "true")
        return _Orders(held if isinstance(held, list) else [held], total, more == "true")


def fetch_page(
    *,
    connection: Connection,
    observer: Observer | None,
    updated_from: datetime,
    updated_to: datetime,
    page_token: str,
) -> Page[IncomingReturn]:
    """Fetch one page of orders changed in a window and return what of them comes back.

    An order that is changed meanwhile leaves the window, and all behind it move up: what moved onto the page
    before is asked for again, with a second call. A window longer than eBay takes is read from its beginning
    as far as eBay takes it.
    """
    number, counted = _read_place(page_token)
    first, last = _window(updated_from, updated_to)
    orders = _List(connection, observer, first, last)
    found = orders.page(number)
    lost = max(0, counted - found.total)
    if lost >= PER_PAGE:
        raise PageTokenExpired("eBay's orders changed too much while they were read")
    moved = orders.page(number - 1).objects[-lost:] if lost else ()
    items, bad = read_returns([*moved, *found.objects])
    goes_on = found.has_more and (found.objects or number * PER_PAGE < found.total)
    return Page(
        items=items,
        bad=bad,
        next_token=f"{number + 1}.{found.total}" if goes_on else "",
        upper_bound=last,
    )


def _read_place(token: str) -> tuple[int, int]:
    """Return which page to read, and how long the list was when that was decided."""
    if not token:
        return 1, 0
    found = _PLACE.fullmatch(token)
    if found is None or found[1] == "1":
        raise PageTokenExpired("this is no page of eBay's orders")
    return int(found[1]), int(found[2])


def _window(first: datetime, last: datetime) -> tuple[datetime, datetime]:
    """Return the bounds as far as eBay takes them."""
    last = min(last, first + LONGEST_WINDOW)
    earliest = clock.now() - _REACHES_BACK
    return (earliest if first < earliest < last else first), last


def read_returns(orders: Sequence[Any]) -> tuple[tuple[IncomingReturn, ...], tuple[BadItem, ...]]:
    """Read what comes back of each order's lines; a line that cannot be read stops only itself."""
    found: list[IncomingReturn] = []
    bad: list[BadItem] = []
    for value in orders:
        try:
            held = inner(an_object(value, "Order"), "TransactionArray").get("Transaction")
        except Unreadable as error:
            bad.append(bad_item(value, id_key="OrderID", reason=str(error)))
            continue
        for item in held if isinstance(held, list) else [] if held is None else [held]:
            try:
                found += _of_line(value, an_object(item, "Transaction"))
            except Unreadable as error:
                bad.append(bad_item(item, id_key="TransactionID", reason=str(error), named=name_of_return))
    return tuple(found), tuple(bad)


def _of_line(order: Json, item: Json) -> list[IncomingReturn]:
    found = read_return(item)
    if found is None:
        return []
    return [replace(found, order_id=needed_text(order, "OrderID", most=120))]
