"""Money from Shopee: escrows that were released, and the wallet month by month.

A document of escrows holds the list of a page and the details of its orders. The wallet's document is the
whole month so far in the site's own zone: the next one holds the same and more.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from channels.adapter import PageTokenExpired, RetryLater
from channels.messages import IncomingDocument, Page
from channels.money_documents import json_document
from channels.platforms.shopee.directory import MARKETPLACE_BY_ID
from channels.platforms.shopee.transport import Expected, Line
from channels.reading import Json

ESCROW_SOURCE, WALLET_SOURCE = "shopee_escrow", "shopee_wallet"
ESCROWS = "/api/v2/payment/get_escrow_list"
DETAILS = "/api/v2/payment/get_escrow_detail_batch"
WALLET = "/api/v2/payment/get_wallet_transaction_list"
PER_PAGE, PER_WALLET_PAGE = 50, 100
LONGEST = timedelta(days=14)
"""Shopee takes at most fifteen days at once."""

_ESCROW_TOKEN = re.compile(r"e\.([0-9]{9,11})\.([0-9]{1,6})", re.ASCII)
_WALLET_TOKEN = re.compile(r"w\.([0-9]{4})-([0-9]{2})", re.ASCII)
_ORDER_SN = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_MOST_PAGES = 500


def fetch_page(
    line: Line, *, created_from: datetime, created_to: datetime, page_token: str
) -> Page[IncomingDocument]:
    """Fetch the next page of released escrows, and after the last of them the wallet's months."""
    if found := _WALLET_TOKEN.fullmatch(page_token):
        return _wallet(line, int(found[1]), int(found[2]), until=created_to)
    start, number = created_from, 1
    if page_token:
        place = _ESCROW_TOKEN.fullmatch(page_token)
        if place is None:
            raise PageTokenExpired("this is no place in Shopee's escrows")
        start, number = datetime.fromtimestamp(int(place[1]), tz=UTC), int(place[2])
    end = min(start + LONGEST, created_to)
    documents, more = _escrows(line, start, end, number, pages=bool(page_token))
    if more:
        following = f"e.{_seconds(start)}.{number + 1}"
    elif end < created_to:
        following = f"e.{_seconds(end)}.1"
    else:
        month = created_from.astimezone(_zone(line))
        following = f"w.{month.year:04d}-{month.month:02d}"
    return Page(items=documents, next_token=following)


def _seconds(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("an instant has an offset")
    return int(at.timestamp())


def _zone(line: Line) -> ZoneInfo:
    places = line.connection.marketplaces
    known = MARKETPLACE_BY_ID.get(places[0]) if places else None
    return ZoneInfo(known.time_zone if known is not None else "UTC")


def _more(data: Json) -> bool:
    more = data.get("more")
    if not isinstance(more, bool):
        raise RetryLater("Shopee's answer does not say whether there is another page")
    return more


def _escrows(
    line: Line, start: datetime, end: datetime, number: int, *, pages: bool
) -> tuple[tuple[IncomingDocument, ...], bool]:
    query = {
        "release_time_from": str(_seconds(start)),
        "release_time_to": str(_seconds(end)),
        "page_no": str(number),
        "page_size": str(PER_PAGE),
    }
    expected = Expected("fetch_statements", "response.escrow_list", pages=pages)
    listed = line.get(ESCROWS, query, expected)["response"]
    more, orders = _more(listed), _numbers(listed["escrow_list"])
    if not orders:
        return (), more
    details = line.post(DETAILS, {"order_sn_list": orders}, Expected("fetch_statements", "response"))[
        "response"
    ]
    shown = {
        one["escrow_detail"].get("order_sn")
        for one in details
        if isinstance(one, dict) and isinstance(one.get("escrow_detail"), dict)
    }
    missing = [name for name in orders if name not in shown]
    if missing:
        raise RetryLater(f"Shopee does not show the escrow of order {missing[0]}")
    name = f"escrow-{_seconds(start)}-{_seconds(end)}-{number}"
    return (
        IncomingDocument(
            external_id=name,
            name=f"{name}.json",
            created_at=end,
            source=ESCROW_SOURCE,
            content=json_document(
                {"response": {"escrow_list": listed["escrow_list"]}}, {"response": details}
            ),
        ),
    ), more


def _numbers(entries: list[object]) -> list[str]:
    found: list[str] = []
    for entry in entries:
        name = entry.get("order_sn") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not _ORDER_SN.fullmatch(name):
            raise RetryLater("Shopee's list of escrows names an order that is none")
        found.append(name)
    return list(dict.fromkeys(found))


def _wallet(line: Line, year: int, month: int, *, until: datetime) -> Page[IncomingDocument]:
    """Fetch one month of the wallet up to the window's end, oldest first."""
    zone = _zone(line)
    try:
        first = datetime(year, month, 1, tzinfo=zone)
    except ValueError as error:
        raise PageTokenExpired("this is no month") from error
    after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    end = min(after.astimezone(UTC), until)
    parts: list[list[Json]] = []
    start = first.astimezone(UTC)
    while start < end:
        stop = min(start + LONGEST, end)
        # Both ends belong to a window of Shopee's: the last second is the next one's.
        last = stop if stop == until else stop - timedelta(seconds=1)
        parts.append(_movements(line, start, last))
        start = stop
    rows = [row for part in parts for row in part]
    name = f"wallet-{year:04d}-{month:02d}"
    documents = (
        (
            IncomingDocument(
                external_id=f"{name}-{_seconds(end)}",
                name=f"{name}.json",
                created_at=end,
                source=WALLET_SOURCE,
                content=json_document({"response": {"transaction_list": rows}}),
            ),
        )
        if rows
        else ()
    )
    following = f"w.{after.year:04d}-{after.month:02d}" if after.astimezone(UTC) < until else ""
    return Page(items=documents, next_token=following)


def _movements(line: Line, start: datetime, last: datetime) -> list[Json]:
    """Return a window's movements, oldest first; Shopee hands out the newest first."""
    found: list[Json] = []
    for number in range(_MOST_PAGES):
        query = {
            "create_time_from": str(_seconds(start)),
            "create_time_to": str(_seconds(last)),
            "page_no": str(number),
            "page_size": str(PER_WALLET_PAGE),
        }
        expected = Expected("fetch_statements", "response.transaction_list")
        data = line.get(WALLET, query, expected)["response"]
        found += data["transaction_list"]
        if not _more(data):
            found.reverse()
            return found
    raise RetryLater("Shopee's list of the wallet's movements does not end")
