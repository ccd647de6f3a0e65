"""Reading orders: the list holds numbers alone, the orders themselves come fifty at a time."""

import re
from collections.abc import Sequence
from datetime import datetime

from channels.adapter import PageTokenExpired, Refused, RetryLater
from channels.messages import BadItem, IncomingOrder, IncomingReturn, Page
from channels.platforms.shopee.mapping import read_order
from channels.platforms.shopee.mapping_returns import read_returns
from channels.platforms.shopee.transport import Expected, Line
from channels.reading import Json, bad_item, read_each
from ecomhub.sentences import kept

LIST = "/api/v2/order/get_order_list"
DETAIL = "/api/v2/order/get_order_detail"
RETURNS = "/api/v2/returns/get_return_list"
PER_PAGE = 50
FIELDS = (
    "buyer_user_id", "buyer_username", "estimated_shipping_fee", "recipient_address", "actual_shipping_fee",
    "goods_to_declare", "note", "note_update_time", "item_list", "pay_time", "dropshipper",
    "dropshipper_phone", "split_up", "buyer_cancel_reason", "cancel_by", "cancel_reason",
    "actual_shipping_fee_confirmed", "buyer_cpf_id", "fulfillment_flag", "pickup_done_time", "package_list",
    "shipping_carrier", "payment_method", "total_amount", "invoice_data", "order_chargeable_weight_gram",
    "return_request_due_date", "edt", "payment_info",
)  # fmt: skip
_ORDER_SN = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def checked_order(order_id: str) -> str:
    """Return an order number. Raises ``Refused`` for what cannot be one; nothing was sent."""
    if not _ORDER_SN.fullmatch(order_id):
        raise Refused(kept("%(order)s is not an order number of Shopee.", order=order_id[:60]))
    return order_id


def fetch_page(
    line: Line, *, updated_from: datetime, updated_to: datetime, page_token: str
) -> Page[IncomingOrder]:
    """Fetch one page: the numbers of the orders changed in a window of at most 15 days, then the orders."""
    expected = Expected("fetch_orders", "response.order_list", pages=bool(page_token))
    query = {
        "time_range_field": "update_time",
        "time_from": _seconds(updated_from),
        "time_to": _seconds(updated_to),
        "page_size": str(PER_PAGE),
        "request_order_status_pending": "true",
    }
    data = line.get(LIST, query | ({"cursor": page_token} if page_token else {}), expected)["response"]
    numbers, bad = _numbers(data["order_list"])
    items, unread = fetch_details(line, numbers, operation="fetch_orders")
    return Page(items=items, bad=(*bad, *unread), next_token=_next_cursor(data, sent=page_token))


def _seconds(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("an instant has an offset")
    return str(int(at.timestamp()))


def _numbers(entries: Sequence[object]) -> tuple[list[str], list[BadItem]]:
    """Return the order numbers of a list, each once, and what was none."""
    found: dict[str, None] = {}
    bad: list[BadItem] = []
    for entry in entries:
        name = entry.get("order_sn") if isinstance(entry, dict) else None
        if isinstance(name, str) and _ORDER_SN.fullmatch(name):
            found[name] = None
        else:
            bad.append(bad_item(entry, id_key="order_sn", reason="order_sn is missing or no order number"))
    return list(found), bad


def fetch_details(
    line: Line, numbers: Sequence[str], *, operation: str
) -> tuple[tuple[IncomingOrder, ...], tuple[BadItem, ...]]:
    """Fetch orders by their numbers; one that Shopee leaves out is a bad item, not a lost one."""
    items: list[IncomingOrder] = []
    bad: list[BadItem] = []
    for start in range(0, len(numbers), PER_PAGE):
        asked = numbers[start : start + PER_PAGE]
        entries = detail_entries(line, asked, operation=operation)
        read, unread = read_each(entries, read=read_order, id_key="order_sn")
        items += read
        bad += unread
        shown = {str(entry.get("order_sn")) for entry in entries if isinstance(entry, dict)}
        bad += [
            BadItem(external_id=name, reason="Shopee lists the order and does not show it", raw=None)
            for name in asked
            if name not in shown
        ]
    return tuple(items), tuple(bad)


def detail_entries(line: Line, numbers: Sequence[str], *, operation: str) -> list[Json]:
    """Fetch at most fifty orders as Shopee writes them."""
    query = {
        "order_sn_list": ",".join(numbers),
        "request_order_status_pending": "true",
        "response_optional_fields": ",".join(FIELDS),
    }
    data = line.get(DETAIL, query, Expected(operation, "response.order_list"))
    entries: list[Json] = data["response"]["order_list"]
    return entries


def fetch_one(line: Line, *, order_id: str) -> IncomingOrder:
    """Fetch one order. Raises ``Refused`` when Shopee does not know it or it cannot be read."""
    items, bad = fetch_details(line, [checked_order(order_id)], operation="fetch_order")
    for order in items:
        if order.external_id == order_id:
            return order
    reason = bad[0].reason if bad else "Shopee shows another order"
    raise Refused(kept("Order %(order)s cannot be read: %(words)s", order=order_id, words=reason))


def _next_cursor(data: Json, *, sent: str) -> str:
    """Return the next page's cursor. An answer that hides whether it is the last page is no answer."""
    more, cursor = data.get("more"), data.get("next_cursor")
    if more is False:
        return ""
    if more is not True or not isinstance(cursor, str) or not cursor:
        error = PageTokenExpired if sent else RetryLater
        raise error("Shopee's answer does not say where the next page is")
    return cursor


def fetch_returns(
    line: Line, *, updated_from: datetime, updated_to: datetime, page_token: str
) -> Page[IncomingReturn]:
    """Fetch one page of returns changed in a window of at most 15 days."""
    page = int(page_token) if page_token.isascii() and page_token.isdigit() else 0
    expected = Expected("fetch_returns", "response.return", pages=bool(page_token))
    query = {
        "page_no": str(page),
        "page_size": str(PER_PAGE),
        "update_time_from": _seconds(updated_from),
        "update_time_to": _seconds(updated_to),
    }
    data = line.get(RETURNS, query, expected)["response"]
    if not isinstance(data.get("more"), bool):
        raise RetryLater("Shopee's answer does not say whether there is another page")
    items, bad = read_returns(data["return"])
    return Page(items=items, bad=bad, next_token=str(page + 1) if data["more"] else "")
