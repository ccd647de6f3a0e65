"""Reading and writing listings: items, their models, quantities and prices."""

import re
from decimal import Decimal

from channels.adapter import PageTokenExpired, Refused, RetryLater
from channels.messages import (
    BadItem,
    IncomingListing,
    Outcome,
    Page,
    PriceUpdate,
    StockResult,
    StockUpdate,
)
from channels.platforms.shopee.directory import WHOLE_CURRENCIES
from channels.platforms.shopee.mapping_listings import SEVERAL_LOCATIONS, read_item, read_model
from channels.platforms.shopee.reading import needed_number, number
from channels.platforms.shopee.transport import Expected, Line
from channels.reading import Json, Unreadable, an_object, bad_item, children
from ecomhub.sentences import kept

LIST = "/api/v2/product/get_item_list"
ITEMS = "/api/v2/product/get_item_base_info"
MODELS = "/api/v2/product/get_model_list"
STOCK = "/api/v2/product/update_stock"
PRICE = "/api/v2/product/update_price"
STATUSES = ["NORMAL", "UNLIST", "BANNED", "REVIEWING"]
ITEMS_PER_PAGE = 10
_LISTING = re.compile(r"([1-9][0-9]{0,19})(?:-([1-9][0-9]{0,19}))?", re.ASCII)


def checked_listing(listing_id: str) -> tuple[int, int]:
    """Return a listing's item and model, 0 without one. Raises ``Refused`` for what names no listing."""
    found = _LISTING.fullmatch(listing_id)
    if found is None:
        raise Refused(kept("Shopee does not know the listing %(listing)s.", listing=listing_id[:60]))
    return int(found[1]), int(found[2] or 0)


def fetch_page(line: Line, *, marketplace: str, page_token: str) -> Page[IncomingListing]:
    """Fetch one page of items with their models: a list, the items, and one call per item with models."""
    if page_token and not (page_token.isascii() and page_token.isdigit() and len(page_token) < 10):
        raise PageTokenExpired("the page token is no offset")
    offset = int(page_token or 0)
    query: dict[str, str | list[str]] = {
        "offset": str(offset), "page_size": str(ITEMS_PER_PAGE), "item_status": STATUSES,
    }  # fmt: skip
    expected = Expected("fetch_listings", "response", dict, pages=bool(page_token))
    data = line.get(LIST, query, expected)["response"]
    entries = data.get("item")
    if not isinstance(entries, list):
        if data.get("total_count") != 0 or data.get("has_next_page"):
            raise RetryLater("Shopee answered without its items")
        entries = []
    numbers, bad = _item_numbers(entries)
    items: list[IncomingListing] = []
    if numbers:
        for entry in _items(line, numbers, operation="fetch_listings"):
            read, unread = _with_models(line, entry, marketplace)
            items += read
            bad += unread
    return Page(items=tuple(items), bad=tuple(bad), next_token=_next_offset(data, offset))


def _item_numbers(entries: list[object]) -> tuple[list[str], list[BadItem]]:
    found: dict[str, None] = {}
    bad: list[BadItem] = []
    for entry in entries:
        try:
            found[needed_number(an_object(entry, "item"), "item_id")] = None
        except Unreadable as error:
            bad.append(bad_item(entry, id_key="item_id", reason=str(error)))
    return list(found), bad


def _items(line: Line, numbers: list[str], *, operation: str) -> list[object]:
    expected = Expected(operation, "response.item_list")
    data = line.get(ITEMS, {"item_id_list": ",".join(numbers)}, expected)
    found: list[object] = data["response"]["item_list"]
    return found


def _with_models(line: Line, entry: object, marketplace: str) -> tuple[list[IncomingListing], list[BadItem]]:
    try:
        item = an_object(entry, "item")
        found = [read_item(item, marketplace)]
    except (Unreadable, RecursionError) as error:
        return [], [bad_item(entry, id_key="item_id", reason=str(error))]
    bad: list[BadItem] = []
    if found[0].is_parent:
        tiers, models = _models(line, found[0].listing_id, operation="fetch_listings")
        for model in models:
            try:
                shape = an_object(model, "model")
                found.append(read_model(shape, item=item, tiers=tiers, marketplace=marketplace))
            except (Unreadable, RecursionError) as error:
                bad.append(bad_item(model, id_key="model_id", reason=str(error)))
    return found, bad


def _models(line: Line, item_id: str, *, operation: str) -> tuple[list[Json], list[object]]:
    data = line.get(MODELS, {"item_id": item_id}, Expected(operation, "response.model"))["response"]
    try:
        tiers = children(data, "tier_variation")
    except Unreadable:
        tiers = []
    return tiers, data["model"]


def _next_offset(data: Json, offset: int) -> str:
    """Return the next page's offset. It must go forward: an offset that stands still never ends."""
    if data.get("has_next_page") is not True:
        return ""
    following = data.get("next_offset")
    if type(following) is not int or following <= offset:
        raise RetryLater("Shopee's answer does not say where the next page is")
    return str(following)


def fetch_one(line: Line, *, marketplace: str, listing_id: str) -> IncomingListing:
    """Fetch one listing. Raises ``Refused`` when it is unknown or cannot be read."""
    item_id, model_id = checked_listing(listing_id)
    try:
        for entry in _items(line, [str(item_id)], operation="fetch_listing"):
            item = an_object(entry, "item")
            if needed_number(item, "item_id") != str(item_id):
                continue
            if not model_id:
                return read_item(item, marketplace)
            tiers, models = _models(line, str(item_id), operation="fetch_listing")
            for model in models:
                shape = an_object(model, "model")
                if number(shape, "model_id") == str(model_id):
                    return read_model(shape, item=item, tiers=tiers, marketplace=marketplace)
    except (Unreadable, RecursionError) as error:
        raise Refused(
            kept("Listing %(listing)s cannot be read: %(words)s", listing=listing_id, words=str(error))
        ) from error
    raise Refused(kept("Shopee does not know the listing %(listing)s.", listing=listing_id))


def push_stock(line: Line, update: StockUpdate) -> StockResult:
    """Set one listing's quantity."""
    item_id, model_id = checked_listing(update.listing_id)
    if update.handle == SEVERAL_LOCATIONS:
        raise Refused(
            kept("The listing has stock in several warehouses of Shopee's. Set it in the Seller Centre.")
        )
    stock: Json = {"stock": update.quantity}
    if update.handle:
        stock["location_id"] = update.handle
    body = {"item_id": item_id, "stock_list": [{"model_id": model_id, "seller_stock": [stock]}]}
    data = line.post(STOCK, body, Expected("push_stock", "response", dict, writes=True))
    return _result(data["response"], model_id, update.marketplace, update.listing_id)


def push_price(line: Line, update: PriceUpdate) -> StockResult:
    """Set one listing's price, the one before promotions."""
    item_id, model_id = checked_listing(update.listing_id)
    price = wire_price(update.price, update.currency)
    body = {"item_id": item_id, "price_list": [{"model_id": model_id, "original_price": price}]}
    data = line.post(PRICE, body, Expected("push_price", "response", dict, writes=True))
    return _result(data["response"], model_id, update.marketplace, update.listing_id)


def wire_price(price: Decimal, currency: str) -> int | float:
    """Return a price as a JSON number. Raises ``Refused`` for one Shopee would round or not take."""
    if not price.is_finite() or price <= 0 or price >= 10**12:
        raise Refused(kept("Shopee takes no such price."))
    if price == price.to_integral_value():
        return int(price)
    if currency in WHOLE_CURRENCIES or price != round(price, 2):
        raise Refused(
            kept("Shopee takes no fractions that small in %(currency)s. Round the price.", currency=currency)
        )
    return float(price)  # two decimals below a million millions: the shortest text of it is the price


def _result(response: Json, model_id: int, marketplace: str, listing_id: str) -> StockResult:
    """Return how a write ended: Shopee says it per model, in one list or the other."""
    for entry in _of_model(response.get("failure_list"), model_id):
        reason = entry.get("failed_reason")
        said = reason if isinstance(reason, str) and reason else "Shopee gives no reason"
        return StockResult(marketplace, listing_id, Outcome.REFUSED, said.replace("\x00", "")[:500])
    for _entry in _of_model(response.get("success_list"), model_id):
        return StockResult(marketplace, listing_id, Outcome.CONFIRMED)
    raise RetryLater("Shopee's answer does not name the listing", unknown=True)


def _of_model(entries: object, model_id: int) -> list[Json]:
    found: list[Json] = []
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict):
            continue
        try:
            if number(entry, "model_id") == (str(model_id) if model_id else ""):
                found.append(entry)
        except Unreadable:
            continue
    return found
