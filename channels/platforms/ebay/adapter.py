"""eBay's adapter: the verbs, each one call through the guard (a few where eBay spreads what is one)."""

import re
from collections.abc import Sequence
from datetime import datetime

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
    Connection,
    IncomingDocument,
    IncomingListing,
    IncomingOrder,
    IncomingReturn,
    Marketplace,
    Page,
    PriceUpdate,
    ShipmentNotice,
    StockResult,
    StockUpdate,
)
from channels.platforms.ebay import listings, returns, shipping, statements, subscriptions, writes
from channels.platforms.ebay.client import RestApi, fetch_access_token, segment
from channels.platforms.ebay.directory import MARKETPLACES
from channels.platforms.ebay.identity import who_is
from channels.platforms.ebay.mapping import read_order
from channels.platforms.ebay.mapping_listings import site_of
from channels.platforms.ebay.transport import Expected
from channels.platforms.ebay.wire_times import time_text
from channels.platforms.ebay.xml_reading import inner, several
from channels.reading import Json, Unreadable, read_each
from ecomhub.sentences import kept

ORDERS_PER_PAGE = 200
OVERLAP = 20
"""How many orders two pages share: one that is changed leaves the window, and all behind it move up."""

_ORDERS = "/sell/fulfillment/v1/order"
_WITH_TAXES = {"fieldGroups": "TAX_BREAKDOWN"}


class EbayAdapter(OptionalVerbs):
    """Speaks for one account of one seller with one access token."""

    def __init__(self, connection: Connection, observer: Observer | None = None) -> None:
        self.connection = connection
        self._observer = observer

    def refresh_token(self) -> AccessToken:
        """Get a fresh access token. Raises ``CredentialsRejected``."""
        return fetch_access_token(self.connection)

    def check(self) -> Sequence[Marketplace]:
        """Prove that the credentials work; returns where the seller is registered and offers goods.

        Raises ``CredentialsRejected`` when the seller's name is not that of the credentials.
        """
        site = self._prove_seller()
        data = listings.active_page(
            connection=self.connection, observer=self._observer, operation="check", number=1, site=""
        )
        try:
            items = several(inner(inner(data, "ActiveList"), "ItemArray"), "Item")
            found = {site, *(site_of(item) for item in items)}
        except Unreadable as error:
            raise RetryLater(f"eBay's answer is broken: {error}") from error
        places = [place for place in MARKETPLACES if place.id in found]
        if not places:
            raise Refused(kept("The account sells on no marketplace this hub knows."))
        return places

    def _prove_seller(self) -> str:
        user = who_is(self.connection, self._observer)
        if user.name.casefold() != self.connection.seller_id.strip().casefold():
            raise CredentialsRejected(
                kept(
                    "These credentials are of %(theirs)s, not of %(ours)s. "
                    "Sign in as the seller of this account.",
                    theirs=user.name,
                    ours=self.connection.seller_id[:80],
                )
            )
        return user.marketplace

    def fetch_orders(
        self, *, updated_from: datetime, updated_to: datetime, page_token: str
    ) -> Page[IncomingOrder]:
        """Fetch one page of orders changed in a window.

        eBay counts places in a list that moves while it is read. Pages therefore overlap, and the page is
        put back by as many orders as the list has lost since the page before.
        """
        offset, counted = _read_place(page_token)
        data = RestApi(self.connection, self._observer).get(
            _ORDERS,
            query={
                "filter": f"lastmodifieddate:[{time_text(updated_from)}..{time_text(updated_to)}]",
                "limit": str(ORDERS_PER_PAGE),
                "offset": str(offset),
                **_WITH_TAXES,
            },
            expected=Expected(operation="fetch_orders", key="orders", pages=bool(page_token)),
        )
        items, bad = read_each(data["orders"], read=read_order, id_key="orderId")
        return Page(items=items, bad=bad, next_token=_next_place(data, offset=offset, counted=counted))

    def fetch_order(self, *, order_id: str) -> IncomingOrder:
        """Fetch one order. Raises ``Refused`` when eBay does not know it or it cannot be read."""
        data = RestApi(self.connection, self._observer).get(
            f"{_ORDERS}/{segment(order_id, 'order number')}",
            query=_WITH_TAXES,
            expected=Expected(operation="fetch_order", key="orderId", kind=str),
        )
        try:
            return read_order(data)
        except (Unreadable, RecursionError) as error:
            raise Refused(
                kept("Order %(order)s cannot be read: %(words)s", order=order_id, words=str(error))
            ) from error

    def fetch_listings(self, *, marketplace: str, page_token: str) -> Page[IncomingListing]:
        """Fetch one page of listings of a marketplace."""
        return listings.fetch_page(
            connection=self.connection,
            observer=self._observer,
            marketplace=marketplace,
            page_token=page_token,
        )

    def fetch_listing(self, *, marketplace: str, listing_id: str) -> IncomingListing:
        """Fetch one listing, for reading back. Raises ``Refused`` when it is unknown or cannot be read."""
        found = listings.fetch_one(
            connection=self.connection,
            observer=self._observer,
            marketplace=marketplace,
            listing_id=listing_id,
            operation="fetch_listing",
        )
        return listings.without_handle(found)

    def push_stock(self, *, update: StockUpdate) -> StockResult:
        """Set one listing's quantity."""
        return writes.write(
            connection=self.connection,
            observer=self._observer,
            operation="push_stock",
            change=writes.stock_change(update),
        )

    def push_price(self, *, update: PriceUpdate) -> StockResult:
        """Set one listing's price."""
        return writes.write(
            connection=self.connection,
            observer=self._observer,
            operation="push_price",
            change=writes.price_change(update),
        )

    def confirm_shipment(self, *, notice: ShipmentNotice) -> None:
        """Tell eBay that goods left."""
        shipping.confirm(connection=self.connection, observer=self._observer, notice=notice)

    def fetch_returns(
        self, *, updated_from: datetime, updated_to: datetime, page_token: str
    ) -> Page[IncomingReturn]:
        """Fetch the returns that one page of orders changed in a window shows."""
        return returns.fetch_page(
            connection=self.connection,
            observer=self._observer,
            updated_from=updated_from,
            updated_to=updated_to,
            page_token=page_token,
        )

    def subscribe(self, *, address: str) -> None:
        """Ask eBay to push to our address; doing so again changes nothing."""
        subscriptions.subscribe(connection=self.connection, observer=self._observer, address=address)

    def fetch_statements(
        self, *, created_from: datetime, created_to: datetime, page_token: str
    ) -> Page[IncomingDocument]:
        """Fetch the next payout of a window with its transactions."""
        return statements.fetch_page(
            connection=self.connection,
            observer=self._observer,
            created_from=created_from,
            created_to=created_to,
            page_token=page_token,
        )


_PLACE = re.compile(r"([0-9]{1,7})\.([0-9]{1,7})", re.ASCII)


def _read_place(token: str) -> tuple[int, int | None]:
    """Return where a page begins, and how long the list was when that was decided."""
    if not token:
        return 0, None
    found = _PLACE.fullmatch(token)
    if found is None:
        raise PageTokenExpired("this is no place in eBay's orders")
    return int(found[1]), int(found[2])


def _next_place(data: Json, *, offset: int, counted: int | None) -> str:
    """Return where to read on. An answer that hides whether it is the last page is no answer."""
    total = data.get("total")
    if type(total) is not int or not 0 <= total < 10_000_000:
        raise RetryLater("eBay did not say how many orders there are")
    lost = 0 if counted is None else max(0, counted - total)
    if lost > OVERLAP and total:
        return f"{max(0, offset - lost)}.{total}"
    end = offset + (len(data["orders"]) or ORDERS_PER_PAGE)
    if end >= total or not data.get("next"):
        return ""
    return f"{max(end - OVERLAP, offset + 1)}.{total}"
