"""Shopee's adapter: the verbs of one account, which is one shop in one region."""

from collections.abc import Sequence
from datetime import datetime

from channels.adapter import Observer, OptionalVerbs, Refused
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
    StockResult,
    StockUpdate,
)
from channels.platforms.shopee import granting, listings, orders, shipping, splitting, statements
from channels.platforms.shopee.directory import CANCEL_REASONS, MARKETPLACE_BY_REGION
from channels.platforms.shopee.mapping_lines import line_numbers
from channels.platforms.shopee.push import CODES
from channels.platforms.shopee.transport import Expected, Line
from channels.reading import Json, Unreadable, an_object, needed_children
from channels.shipping_messages import (
    Arranged,
    ArrangeRequest,
    CancelRequest,
    ShippingChoice,
    ShippingDocument,
    SplitRequest,
)
from ecomhub.sentences import kept

SHOP = "/api/v2/shop/get_shop_info"
CANCEL = "/api/v2/order/cancel_order"
ANSWER = "/api/v2/order/handle_buyer_cancellation"
PUSH_CONFIG = "/api/v2/push/set_app_push_config"


class ShopeeAdapter(OptionalVerbs):
    """Speaks for one shop with one access token."""

    def __init__(self, connection: Connection, observer: Observer | None = None) -> None:
        self.connection = connection
        self._line = Line(connection, observer)

    def refresh_token(self) -> AccessToken:
        """Get a fresh access token and the next refresh token. Raises ``CredentialsRejected``."""
        return granting.fetch_access_token(self._line)

    def check(self) -> Sequence[Marketplace]:
        """Prove that the credentials are this shop's; returns the one marketplace it sells on."""
        data = self._line.get(SHOP, {}, Expected("check", "region", str))
        place = MARKETPLACE_BY_REGION.get(data["region"])
        if place is None:
            raise Refused(
                kept("The shop sells in %(region)s, which is not known here.", region=data["region"][:20])
            )
        return [place]

    def fetch_orders(
        self, *, updated_from: datetime, updated_to: datetime, page_token: str
    ) -> Page[IncomingOrder]:
        """Fetch one page of orders changed in a window of at most 15 days: a list, then the orders."""
        return orders.fetch_page(
            self._line, updated_from=updated_from, updated_to=updated_to, page_token=page_token
        )

    def fetch_order(self, *, order_id: str) -> IncomingOrder:
        """Fetch one order. Raises ``Refused`` when Shopee does not know it or it cannot be read."""
        return orders.fetch_one(self._line, order_id=order_id)

    def fetch_listings(self, *, marketplace: str, page_token: str) -> Page[IncomingListing]:
        """Fetch one page of items and their models."""
        return listings.fetch_page(self._line, marketplace=marketplace, page_token=page_token)

    def fetch_listing(self, *, marketplace: str, listing_id: str) -> IncomingListing:
        """Fetch one listing, for reading back. Raises ``Refused`` when it is unknown or cannot be read."""
        return listings.fetch_one(self._line, marketplace=marketplace, listing_id=listing_id)

    def push_stock(self, *, update: StockUpdate) -> StockResult:
        """Set one listing's quantity; Shopee answers for each model, also when it refuses with HTTP 200."""
        return listings.push_stock(self._line, update)

    def push_price(self, *, update: PriceUpdate) -> StockResult:
        """Set one listing's price."""
        return listings.push_price(self._line, update)

    def shipping_choices(self, *, order_id: str, package: str) -> Sequence[ShippingChoice]:
        """Ask how a parcel can be handed over."""
        return shipping.choices(self._line, order_id=order_id, package=package)

    def arrange_shipment(self, *, request: ArrangeRequest) -> Arranged:
        """Arrange a parcel; its number comes later."""
        return shipping.arrange(self._line, request)

    def split_order(self, *, request: SplitRequest) -> str:
        """Make a package of its own of some lines; an order can be divided once."""
        return splitting.split(self._line, request)

    def fetch_tracking(self, *, order_id: str, package: str) -> Arranged:
        """Ask for the tracking number of an arranged parcel; empty while there is none."""
        return shipping.tracking(self._line, order_id=order_id, package=package)

    def fetch_document(self, *, order_id: str, package: str) -> ShippingDocument | None:
        """Fetch the label; asks for it to be made when it is not, and returns ``None`` until it is."""
        return shipping.document(self._line, order_id=order_id, package=package)

    def cancel_order(self, *, request: CancelRequest) -> None:
        """Cancel at Shopee, the whole order or lines of it. Raises ``Refused`` when it is too late."""
        if request.reason not in CANCEL_REASONS:
            raise Refused(
                kept(
                    "%(reason)s is not a reason Shopee knows. Choose one of the list.",
                    reason=request.reason[:60],
                )
            )
        body: Json = {"order_sn": orders.checked_order(request.order_id), "cancel_reason": request.reason}
        if request.lines or request.reason == "OUT_OF_STOCK":
            known = self._line_numbers(request.order_id)
            if request.lines:
                body["partial_cancel_item_list"] = _partly(request, known)
            else:
                names = ("item_id", "model_id")
                body["item_list"] = [{name: line[name] for name in names} for line in known.values()]
        self._line.post(CANCEL, body, Expected("cancel_order", "response.update_time", int, writes=True))

    def _line_numbers(self, order_id: str) -> dict[str, dict[str, int]]:
        """Return the numbers by which a cancellation names the lines of an order."""
        try:
            for entry in orders.detail_entries(self._line, [order_id], operation="cancel_order"):
                return line_numbers(needed_children(an_object(entry, "order"), "item_list"))
        except Unreadable as error:
            raise Refused(
                kept("Order %(order)s cannot be read: %(words)s", order=order_id, words=str(error))
            ) from error
        raise Refused(kept("Shopee does not show the order %(order)s.", order=order_id))

    def answer_cancel(self, *, order_id: str, accept: bool) -> None:
        """Answer a buyer's wish to cancel. Raises ``Refused`` when there is none."""
        body = {
            "order_sn": orders.checked_order(order_id),
            "operation": "ACCEPT" if accept else "REJECT",
        }
        self._line.post(ANSWER, body, Expected("answer_cancel", "response.update_time", int, writes=True))

    def fetch_returns(
        self, *, updated_from: datetime, updated_to: datetime, page_token: str
    ) -> Page[IncomingReturn]:
        """Fetch one page of returns changed in a window of at most 15 days."""
        return orders.fetch_returns(
            self._line, updated_from=updated_from, updated_to=updated_to, page_token=page_token
        )

    def fetch_statements(
        self, *, created_from: datetime, created_to: datetime, page_token: str
    ) -> Page[IncomingDocument]:
        """Fetch the next page of released escrows, or the next month of the wallet."""
        return statements.fetch_page(
            self._line, created_from=created_from, created_to=created_to, page_token=page_token
        )

    def subscribe(self, *, address: str) -> None:
        """Ask Shopee to push to our address: one address for every shop of the application."""
        url = self.connection.endpoint.rstrip("/") + PUSH_CONFIG
        body = {"callback_url": address, "set_push_config_on": CODES}
        self._line.public(url, body, Expected("subscribe", "response.result", str, writes=True))


def _partly(request: CancelRequest, known: dict[str, dict[str, int]]) -> list[Json]:
    """Return lines as a partial cancellation names them."""
    found: list[Json] = []
    for line_id, quantity in request.lines:
        if line_id not in known:
            raise Refused(kept("The order has no line %(line)s.", line=line_id[:60]))
        if quantity < 1:
            raise Refused(kept("At least one unit of a line is canceled."))
        found.append({**known[line_id], "model_quantity": quantity})
    return found
