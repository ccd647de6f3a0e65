"""Amazon's adapter: the verbs, each one request through the SDK and the guard (a few for a batch)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from channels.adapter import (
    CredentialsRejected,
    Observer,
    OptionalVerbs,
    PageTokenExpired,
    Refused,
    RetryLater,
)
from channels.messages import (
    AccessToken,
    BatchTicket,
    ChannelStock,
    Connection,
    IncomingDocument,
    IncomingListing,
    IncomingOrder,
    Marketplace,
    Page,
    PriceUpdate,
    ShipmentNotice,
    StockResult,
    StockUpdate,
)
from channels.platforms.amazon import feeds, prices, statements
from channels.platforms.amazon.client import (
    Api,
    FeedsApi,
    ListingsApi,
    OrdersApi,
    SellersApi,
    ShippingApi,
    StockApi,
    feed_bytes,
    fetch_access_token,
    open_api,
)
from channels.platforms.amazon.directory import CARRIERS, MARKETPLACE_BY_ID
from channels.platforms.amazon.mapping import read_order
from channels.platforms.amazon.mapping_listings import read_listing, read_stock
from channels.platforms.amazon.transport import Expected
from channels.reading import Json, Unreadable, instant, read_each
from ecomhub.sentences import kept

INCLUDED_IN_ORDERS = (
    "BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION", "FULFILLMENT", "PACKAGES",
    "TAX", "PAYMENT",
)  # fmt: skip
INCLUDED_IN_LISTINGS = (
    "summaries", "attributes", "offers", "fulfillmentAvailability", "relationships", "productTypes",
)  # fmt: skip
ORDERS_PER_PAGE = 100
LISTINGS_PER_PAGE = 20
_AMAZON_CARRIERS = {code.lower(): code for code in CARRIERS.values()}


class AmazonAdapter(OptionalVerbs):
    """Speaks for one account of one seller with one access token."""

    def __init__(self, connection: Connection, observer: Observer | None = None) -> None:
        self.connection = connection
        self._observer = observer

    def _open(self, api: type[Api], expected: Expected) -> Api:
        return open_api(api, connection=self.connection, expected=expected, observer=self._observer)

    def refresh_token(self) -> AccessToken:
        """Get a fresh access token. Raises ``CredentialsRejected``."""
        return fetch_access_token(self.connection)

    def check(self) -> Sequence[Marketplace]:
        """Prove that the credentials work; returns the marketplaces the seller takes part in.

        Raises ``CredentialsRejected`` when the seller number is not that of the credentials.
        """
        expected = Expected(operation="check", key="payload")
        data = self._open(SellersApi, expected).get_marketplace_participation()
        places = [place for place in map(_participation, data["payload"]) if place is not None]
        if not places:
            raise Refused(kept("The account sells on no marketplace."))
        self._prove_seller(places[0].id)
        return places

    def _prove_seller(self, marketplace: str) -> None:
        _refuse_as_path(self.connection.seller_id, "seller number")
        expected = Expected(operation="check", key="items", is_main=False)
        try:
            self._open(ListingsApi, expected).search_listings_items(
                self.connection.seller_id, marketplaceIds=[marketplace], pageSize=1
            )
        except CredentialsRejected as error:
            reason = f"the seller number is not that of these credentials ({error.reason})"
            raise CredentialsRejected(reason) from error

    def fetch_orders(
        self, *, updated_from: datetime, updated_to: datetime, page_token: str
    ) -> Page[IncomingOrder]:
        """Fetch one page of orders changed in a window. The upper bound must be two minutes old."""
        expected = Expected(operation="fetch_orders", key="orders", pages=bool(page_token))
        data = self._open(OrdersApi, expected).search_orders(
            marketplaceIds=list(self.connection.marketplaces),
            lastUpdatedAfter=instant_text(updated_from),
            lastUpdatedBefore=instant_text(updated_to),
            maxResultsPerPage=ORDERS_PER_PAGE,
            includedData=list(INCLUDED_IN_ORDERS),
            **_token("paginationToken", page_token),
        )
        items, bad = read_each(data["orders"], read=read_order, id_key="orderId")
        return Page(
            items=items,
            bad=bad,
            next_token=_next_token(data, sent=page_token),
            upper_bound=_upper_bound(data),
        )

    def fetch_order(self, *, order_id: str) -> IncomingOrder:
        """Fetch one order. Raises ``Refused`` when Amazon does not know it or it cannot be read."""
        _refuse_as_path(order_id, "order number")
        expected = Expected(operation="fetch_order", key="order", kind=dict)
        api = self._open(OrdersApi, expected)
        data = api.get_order(order_id, includedData=list(INCLUDED_IN_ORDERS))
        try:
            return read_order(data["order"])
        except (Unreadable, RecursionError) as error:
            raise Refused(
                kept("Order %(order)s cannot be read: %(words)s", order=order_id, words=str(error))
            ) from error

    def fetch_listings(self, *, marketplace: str, page_token: str) -> Page[IncomingListing]:
        """Fetch one page of listings of a marketplace, in the order of their SKUs."""
        _refuse_as_path(self.connection.seller_id, "seller number")
        expected = Expected(operation="fetch_listings", key="items", pages=bool(page_token))
        data = self._open(ListingsApi, expected).search_listings_items(
            self.connection.seller_id,
            marketplaceIds=[marketplace],
            includedData=list(INCLUDED_IN_LISTINGS),
            pageSize=LISTINGS_PER_PAGE,
            sortBy="sku",
            sortOrder="ASC",
            **_token("pageToken", page_token),
        )
        items, bad = read_each(
            data["items"], read=partial(read_listing, marketplace=marketplace), id_key="sku"
        )
        return Page(items=items, bad=bad, next_token=_next_token(data, sent=page_token))

    def fetch_listing(self, *, marketplace: str, listing_id: str) -> IncomingListing:
        """Fetch one listing, for reading back. Raises ``Refused`` when it is unknown or cannot be read."""
        _refuse_as_path(listing_id, "SKU")
        expected = Expected(operation="fetch_listing", key="sku", kind=str)
        data = self._open(ListingsApi, expected).get_listings_item(
            self.connection.seller_id,
            listing_id,
            marketplaceIds=[marketplace],
            includedData=list(INCLUDED_IN_LISTINGS),
        )
        try:
            found = read_listing(data, marketplace)
        except (Unreadable, RecursionError) as error:
            raise Refused(
                kept("Listing %(listing)s cannot be read: %(words)s", listing=listing_id, words=str(error))
            ) from error
        if found.listing_id != listing_id:
            raise RetryLater("Amazon answered with another listing")
        return found

    def push_stock(self, *, update: StockUpdate) -> StockResult:
        """Set one listing's quantity. ``ACCEPTED`` means queued; only reading back proves it."""
        _refuse_as_path(update.listing_id, "SKU")
        expected = Expected(operation="push_stock", key="status", kind=str, writes=True)
        data = self._open(ListingsApi, expected).patch_listings_item(
            self.connection.seller_id,
            update.listing_id,
            marketplaceIds=[update.marketplace],
            body={"method": "PATCH", **feeds.quantity_patch(update)},
        )
        return feeds.read_submission(data, update=update)

    def push_price(self, *, update: PriceUpdate) -> StockResult:
        """Set one listing's price on its marketplace. ``ACCEPTED`` means queued; reading back proves it.

        The offer is read first and sent back whole with the new price: a replaced offer loses what is
        left out.
        """
        _refuse_as_path(update.listing_id, "SKU")
        prices.check_price(update)
        reading = Expected(operation="push_price", key="attributes", kind=dict, is_main=False)
        held = self._open(ListingsApi, reading).get_listings_item(
            self.connection.seller_id,
            update.listing_id,
            marketplaceIds=[update.marketplace],
            includedData=["attributes"],
        )
        try:
            body = prices.price_patch(update, held=held)
        except Unreadable as error:
            raise RetryLater(f"Amazon's answer is broken: {error}") from error
        expected = Expected(operation="push_price", key="status", kind=str, writes=True)
        data = self._open(ListingsApi, expected).patch_listings_item(
            self.connection.seller_id,
            update.listing_id,
            marketplaceIds=[update.marketplace],
            body={"method": "PATCH", **body},
        )
        return feeds.read_submission(data, update=update)

    def push_stock_batch(self, *, updates: Sequence[StockUpdate]) -> BatchTicket:
        """Hand in quantities of one marketplace as one feed: its messages cannot name a marketplace."""
        places = {update.marketplace for update in updates}
        if len(places) != 1:
            raise Refused(kept("A feed holds the quantities of exactly one marketplace."))
        (marketplace,) = places
        content = feed_bytes(feeds.build_feed(seller_id=self.connection.seller_id, updates=updates))
        place = Expected(operation="push_stock_batch", key="url", kind=str, is_main=False)
        document = self._open(FeedsApi, place).create_document(content_type=feeds.CONTENT_TYPE)
        feeds.upload(url=document["url"], content=content, proxy=self.connection.proxy)
        expected = Expected(operation="push_stock_batch", key="feedId", kind=str, writes=True)
        created = self._open(FeedsApi, expected).create(
            feed_type=feeds.FEED_TYPE,
            marketplaces=[marketplace],
            document=str(document.get("feedDocumentId", "")),
        )
        return BatchTicket(reference=f"{marketplace}:{created['feedId']}")

    def batch_results(self, *, ticket: BatchTicket) -> Sequence[StockResult] | None:
        """Return what Amazon refused of a batch, or ``None`` while it still works on it.

        The report names errors alone: a member that is not among the results was accepted. Raises
        ``Refused`` when Amazon gave up the whole feed.
        """
        marketplace, _colon, number = ticket.reference.partition(":")
        _refuse_as_path(number, "feed number")
        expected = Expected(operation="batch_results", key="processingStatus", kind=str, is_main=False)
        feed = self._open(FeedsApi, expected).get_feed(number)
        status = feed["processingStatus"]
        if status in ("IN_QUEUE", "IN_PROGRESS"):
            return None
        if status in ("CANCELLED", "FATAL"):
            raise Refused(
                kept(
                    "Amazon gave up feed %(number)s (%(status)s). Its changes are sent again by themselves.",
                    number=number,
                    status=status,
                )
            )
        result = feed.get("resultFeedDocumentId")
        if status != "DONE" or not isinstance(result, str):
            raise RetryLater(f"feed {number} has the status {status[:40]} and no report")
        document_expected = Expected(operation="batch_results", key="url", kind=str)
        document = self._open(FeedsApi, document_expected).document(number=result)
        report = feeds.download_report(document=document, proxy=self.connection.proxy)
        return feeds.read_report(report, marketplace=marketplace)

    def fetch_channel_stock(self, *, marketplace: str, page_token: str) -> Page[ChannelStock]:
        """Fetch what Amazon's own warehouses hold for a marketplace."""
        expected = Expected(
            operation="fetch_channel_stock", key="payload.inventorySummaries", pages=bool(page_token)
        )
        data = self._open(StockApi, expected).get_inventory_summary_marketplace(
            details=True,
            granularityType="Marketplace",
            granularityId=marketplace,
            marketplaceIds=[marketplace],
            **_token("nextToken", page_token),
        )
        summaries = data["payload"]["inventorySummaries"]
        items, bad = read_each(
            summaries, read=partial(read_stock, marketplace=marketplace), id_key="sellerSku"
        )
        return Page(items=items, bad=bad, next_token=_next_token(data, sent=page_token))

    def confirm_shipment(self, *, notice: ShipmentNotice) -> None:
        """Tell Amazon that goods left. Returns only on its 204; a lost answer is ``unknown``."""
        _refuse_as_path(notice.order_id, "order number")
        expected = Expected(operation="confirm_shipment", key="", writes=True)
        self._open(ShippingApi, expected).confirm_shipment(
            notice.order_id, marketplaceId=notice.marketplace, packageDetail=package_detail(notice)
        )

    def fetch_statements(
        self, *, created_from: datetime, created_to: datetime, page_token: str
    ) -> Page[IncomingDocument]:
        """Fetch the next settlement report of a window, and then the transactions of the Finances API."""
        return statements.fetch_page(
            connection=self.connection,
            observer=self._observer,
            created_from=created_from,
            created_to=created_to,
            page_token=page_token,
        )


def instant_text(at: datetime) -> str:
    """Return an instant as Amazon takes it: UTC, whole seconds, ending in Z."""
    if at.tzinfo is None:
        raise ValueError("an instant has an offset")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def package_detail(notice: ShipmentNotice) -> Json:
    """Return a parcel as confirmShipment takes it. Raises ``Refused`` for what Amazon would not take."""
    if not (notice.reference.isascii() and notice.reference.isdigit()):
        raise Refused(kept("The parcel's reference must consist of digits."))
    if not notice.tracking_number.strip():
        raise Refused(kept("Amazon needs a tracking number."))
    if not notice.lines or any(quantity < 1 for _line, quantity in notice.lines):
        raise Refused(kept("A parcel holds at least one unit of each of its lines."))
    detail: Json = {"packageReferenceId": notice.reference, **_carrier(notice)}
    if notice.service:
        detail["shippingMethod"] = notice.service
    detail["trackingNumber"] = notice.tracking_number
    detail["shipDate"] = instant_text(notice.shipped_at)
    detail["orderItems"] = [
        {"orderItemId": line_id, "quantity": quantity} for line_id, quantity in notice.lines
    ]
    return detail


def _carrier(notice: ShipmentNotice) -> dict[str, str]:
    key = notice.carrier.strip().lower()
    code = CARRIERS.get(key) or CARRIERS.get(key.replace(" ", "-")) or _AMAZON_CARRIERS.get(key)
    if code:
        return {"carrierCode": code}
    name = notice.carrier_name.strip() or notice.carrier.strip()
    if not name:
        raise Refused(kept("Amazon needs the carrier's name."))
    return {"carrierCode": "Other", "carrierName": name}


def _refuse_as_path(value: str, name: str) -> None:
    """Refuse what cannot be one segment of an address however it is encoded."""
    if not value or value in (".", ".."):
        raise Refused(
            kept(
                "%(value)s cannot be used as a %(name)s. Correct it and try again.",
                value=value[:60],
                name=name,
            )
        )


def _token(name: str, value: str) -> dict[str, str]:
    return {name: value} if value else {}


def _next_token(data: Json, *, sent: str) -> str:
    """Return the next page's token. An answer that hides whether it is the last page is no answer."""
    pagination = data.get("pagination")
    if pagination is None:
        return ""
    token = pagination.get("nextToken") if isinstance(pagination, dict) else pagination
    if token is None or token == "":
        return ""
    if not isinstance(token, str):
        error = PageTokenExpired if sent else RetryLater
        raise error("Amazon's page token is not text")
    return token


def _upper_bound(data: Json) -> datetime | None:
    try:
        return instant(data, "lastUpdatedBefore")
    except Unreadable as error:
        raise RetryLater(f"Amazon's answer is broken: {error}") from error


def _participation(entry: Any) -> Marketplace | None:
    """Return a marketplace the seller takes part in and the hub knows."""
    if not isinstance(entry, dict):
        return None
    place, taken = entry.get("marketplace"), entry.get("participation")
    if not isinstance(place, dict) or not isinstance(taken, dict) or taken.get("isParticipating") is not True:
        return None
    return MARKETPLACE_BY_ID.get(str(place.get("id")))
