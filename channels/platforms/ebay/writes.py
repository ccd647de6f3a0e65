"""Quantities and prices: by the Inventory API where it made the listing, by Trading everywhere else."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from channels.adapter import Observer, Refused, RetryLater
from channels.messages import Connection, Outcome, PriceUpdate, StockResult, StockUpdate
from channels.platforms.ebay.client import RestApi, refuse_as_path
from channels.platforms.ebay.listings import fetch_one, offer_of
from channels.platforms.ebay.mapping_listings import INVENTORY, TRADING
from channels.platforms.ebay.naming import item_of_code
from channels.platforms.ebay.trading import Said, call_trading, words_of
from channels.platforms.ebay.transport import Expected, RefusedWithCodes, errors_in, hint
from channels.platforms.ebay.xml_reading import several, whole_text
from channels.reading import Json, Unreadable, text
from ecomhub.sentences import kept

ITEMS_PER_CALL = 4
MADE_BY_INVENTORY = frozenset({"21919474", "21920270"})
"""Trading's "manage this listing with the tool that made it"."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one listing shall show: a quantity, a price, or both."""

    marketplace: str
    listing_id: str
    handle: str
    quantity: int | None = None
    price: Decimal | None = None
    currency: str = ""


def stock_change(update: StockUpdate) -> Change:
    """Return a quantity as a change."""
    return Change(update.marketplace, update.listing_id, update.handle, quantity=update.quantity)


def price_change(update: PriceUpdate) -> Change:
    """Return a price as a change."""
    return Change(
        update.marketplace, update.listing_id, update.handle, price=update.price, currency=update.currency
    )


def write(
    *, connection: Connection, observer: Observer | None, operation: str, change: Change
) -> StockResult:
    """Write one change. A listing whose number is not known yet is looked up first."""
    refuse_as_path(change.listing_id, "SKU")
    if change.handle.startswith(INVENTORY):
        offer = change.handle.removeprefix(INVENTORY)
        return _write_offer(connection, observer, operation, change, offer)
    item = change.handle.removeprefix(TRADING) if change.handle.startswith(TRADING) else ""
    if not item:
        item = fetch_one(
            connection=connection,
            observer=observer,
            marketplace=change.marketplace,
            listing_id=change.listing_id,
            operation=operation,
        ).product_id
    try:
        return revise(
            connection=connection, observer=observer, operation=operation, changes=[(change, item)]
        )[0]
    except RefusedWithCodes as error:
        if not error.codes & MADE_BY_INVENTORY:
            raise
        api = RestApi(connection, observer)
        offer = offer_of(api, sku=change.listing_id, item=item, operation=operation)
        if not offer:
            raise
        return _write_offer(connection, observer, operation, change, offer)


def _write_offer(
    connection: Connection, observer: Observer | None, operation: str, change: Change, offer: str
) -> StockResult:
    data = RestApi(connection, observer).post(
        "/sell/inventory/v1/bulk_update_price_quantity",
        {"requests": [_offer_request(change, offer)]},
        expected=Expected(operation=operation, key="responses", writes=True),
    )
    answers = [entry for entry in data["responses"] if isinstance(entry, dict)]
    statuses = [entry.get("statusCode") for entry in answers]
    if not answers or not all(type(status) is int for status in statuses):
        raise RetryLater("eBay did not say what became of the offer", unknown=True)
    wrong = [entry for entry in answers if not 200 <= entry["statusCode"] < 300]
    if any(entry["statusCode"] >= 500 for entry in wrong):
        raise RetryLater(f"eBay could not write the offer{hint(errors_in(wrong[0]))}", unknown=True)
    if wrong:
        said = hint(errors_in(wrong[0])).removeprefix(": ") or "eBay refused the offer"
        return StockResult(change.marketplace, change.listing_id, Outcome.REFUSED, said)
    return StockResult(change.marketplace, change.listing_id, Outcome.ACCEPTED)


def _offer_request(change: Change, offer: str) -> Json:
    """Return one SKU's request. Its stock and its offer get the same quantity: less of both is for sale."""
    body: Json = {"offerId": offer}
    request: Json = {"sku": change.listing_id}
    if change.quantity is not None:
        body["availableQuantity"] = change.quantity
        request["shipToLocationAvailability"] = {"quantity": change.quantity}
    if change.price is not None:
        body["price"] = {"value": _price_text(change.price), "currency": change.currency}
    return {**request, "offers": [body]}


def revise(
    *,
    connection: Connection,
    observer: Observer | None,
    operation: str,
    changes: Sequence[tuple[Change, str]],
) -> list[StockResult]:
    """Write up to four changes of listings (with their item numbers) by one ReviseInventoryStatus.

    ``CONFIRMED`` where the answer shows the very quantity, else ``ACCEPTED``; what eBay did not name among
    the revised ones of a partly failed call is ``REFUSED``. Raises the family's errors when all failed.
    """
    if not 0 < len(changes) <= ITEMS_PER_CALL:
        raise ValueError(f"one to {ITEMS_PER_CALL} listings can be revised by one call")
    said = call_trading(
        connection=connection,
        observer=observer,
        expected=Expected(operation=operation, key="InventoryStatus", writes=True),
        verb="ReviseInventoryStatus",
        request={"InventoryStatus": [_status_request(change, item) for change, item in changes]},
        site=changes[0][0].marketplace,
    )
    try:
        done = _revised(said)
    except Unreadable as error:
        raise RetryLater(f"eBay's answer is broken: {error}", unknown=True) from error
    return [_result(change, item, done=done, said=said) for change, item in changes]


def _status_request(change: Change, item: str) -> Json:
    body: Json = {"ItemID": item}
    if not item_of_code(change.listing_id):
        body["SKU"] = change.listing_id
    elif change.listing_id.count("-") > 1:
        raise Refused(
            kept("eBay takes quantities and prices of a variation only when it has a SKU. Give it one.")
        )
    if change.quantity is not None:
        body["Quantity"] = str(change.quantity)
    if change.price is not None:
        body["StartPrice"] = {
            "#text": _price_text(change.price),
            "@attrs": {"currencyID": change.currency},
        }
    return body


def _revised(said: Said) -> dict[tuple[str, str], int | None]:
    found: dict[tuple[str, str], int | None] = {}
    for entry in several(said.data, "InventoryStatus"):
        quantity = whole_text(entry, "Quantity") if entry.get("Quantity") else None
        found[text(entry, "ItemID", most=40), text(entry, "SKU", most=200)] = quantity
    return found


def _result(change: Change, item: str, *, done: dict[tuple[str, str], int | None], said: Said) -> StockResult:
    shown = [quantity for (number, sku), quantity in done.items()
             if number == item and sku in ("", change.listing_id)]  # fmt: skip
    place = (change.marketplace, change.listing_id)
    if not shown and said.is_partial:
        return StockResult(*place, Outcome.REFUSED, words_of(said.problems) or "eBay refused it")
    if not shown:
        raise RetryLater("eBay answered about another listing", unknown=True)
    is_sure = change.quantity is not None and shown[0] == change.quantity
    return StockResult(*place, Outcome.CONFIRMED if is_sure else Outcome.ACCEPTED)


def _price_text(price: Decimal) -> str:
    """Return a price in plain digits, without zeros behind the last one that counts."""
    plain = f"{price:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
