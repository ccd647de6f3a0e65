"""Shopify's adapter: the verbs, each one question to the Admin API or a few."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from channels.adapter import (
    CredentialsRejected,
    Observer,
    OptionalVerbs,
    Refused,
    RetryLater,
    TokenExpired,
)
from channels.messages import (
    AccessToken,
    BadItem,
    Connection,
    IncomingDocument,
    IncomingListing,
    IncomingOrder,
    Marketplace,
    Outcome,
    Page,
    PriceUpdate,
    ShipmentNotice,
    StockResult,
    StockUpdate,
)
from channels.platforms.shopify import fulfilling, queries, statements
from channels.platforms.shopify.client import fetch_access_token
from channels.platforms.shopify.directory import (
    ASKED_SCOPES,
    CANCEL_REASONS,
    MARKETPLACE,
    READING_SCOPES,
    TOPICS,
    missing_scopes,
    shop_domain,
)
from channels.platforms.shopify.mapping import read_order
from channels.platforms.shopify.mapping_listings import (
    WHY_NOT,
    Handle,
    read_handle,
    read_listings,
    read_one,
)
from channels.platforms.shopify.reading import bad_item, next_token, read_each, said_instant
from channels.platforms.shopify.transport import Question, ask
from channels.platforms.shopify.whole_orders import complete
from channels.reading import Json, Unreadable, child, children, currency, cut_text, text
from channels.shipping_messages import CancelRequest
from ecomhub.money import decimal_text
from ecomhub.sentences import kept

_NUMBER = re.compile(r"[0-9A-Za-z_-]{1,60}", re.ASCII)
_TAKEN = "already been taken"  # another worker was faster
_BUSY = {"IDEMPOTENCY_CONCURRENT_REQUEST", "CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"}


class ShopifyAdapter(OptionalVerbs):
    """Speaks for one shop with one access token."""

    def __init__(self, connection: Connection, observer: Observer | None = None) -> None:
        self.connection = connection
        self._observer = observer

    def _ask(self, question: Question) -> Json:
        try:
            return ask(connection=self.connection, observer=self._observer, question=question)
        except TokenExpired as error:
            if self.connection.credentials.get("refresh_token"):
                raise
            raise CredentialsRejected(error.reason) from error

    def refresh_token(self) -> AccessToken:
        """Get a fresh access token. Raises ``CredentialsRejected``."""
        return fetch_access_token(self.connection)

    def check(self) -> Sequence[Marketplace]:
        """Prove that the credentials work; returns the shop as the account's one marketplace.

        It names the scopes that were not given. Raises ``CredentialsRejected`` when the credentials are
        another shop's, ``Refused`` when nothing can be read for want of a scope.
        """
        data = self._ask(Question("check", queries.CHECK, {}, "shop"))
        try:
            shop = child(data, "shop")
            domain = text(shop, "myshopifyDomain", most=120).lower()
            if domain != shop_domain(self.connection.seller_id):
                raise CredentialsRejected(
                    kept(
                        "These credentials belong to the shop %(shop)s. Sign in to the shop of this account.",
                        shop=domain,
                    )
                )
            lacks = _lacking_scopes(data)
            place = Marketplace(
                id=MARKETPLACE,
                country=text(child(shop, "shopAddress"), "countryCodeV2", most=2),
                currency=currency(shop.get("currencyCode"), "currencyCode"),
                time_zone=text(shop, "ianaTimezone", most=64) or "UTC",
                name=cut_text(shop, "name", most=60) or domain,
                lacks=lacks,
            )
        except Unreadable as error:
            raise RetryLater(f"Shopify's answer is broken: {error}") from error
        return (place,)

    def fetch_orders(
        self, *, updated_from: datetime, updated_to: datetime, page_token: str
    ) -> Page[IncomingOrder]:
        """Fetch one page of orders changed in a window, and what is left out of the large ones."""
        search = f"updated_at:>='{said_instant(updated_from)}' AND updated_at:<='{said_instant(updated_to)}'"
        variables = {"search": search, "after": page_token or None, **queries.ORDERS_SIZES}
        question = Question(
            "fetch_orders", queries.ORDERS, variables, "orders.nodes", list, pages=bool(page_token)
        )
        page = self._ask(question)["orders"]
        found: list[Any] = []
        refused: list[BadItem] = []
        for order in page["nodes"]:
            try:
                found.append(self._completed("fetch_orders", order))
            except Refused as error:  # a permission is lacking for what only this order has
                refused.append(bad_item(order, id_key="id", reason=error.reason))
        items, bad = read_each(found, read=read_order, id_key="id")
        return Page(items=items, bad=(*bad, *refused), next_token=next_token(page))

    def _completed(self, operation: str, order: Any) -> Any:
        if not isinstance(order, dict):
            return order

        def ask_more(query: str, variables: Mapping[str, Any]) -> Json:
            data = self._ask(Question(operation, query, variables, "order"))
            found: Json = data["order"]
            return found

        return complete(order, ask_more)

    def fetch_order(self, *, order_id: str) -> IncomingOrder:
        """Fetch one order. Raises ``Refused`` when Shopify does not know it or it cannot be read."""
        variables = {"id": _gid("Order", order_id), **queries.ORDER_SIZES}
        question = Question("fetch_order", queries.ORDER, variables, "order", may_be_nothing=True)
        found = self._ask(question)["order"]
        if found is None:
            raise Refused(kept("The shop has no order %(order)s.", order=order_id))
        try:
            return read_order(self._completed("fetch_order", found))
        except (Unreadable, RecursionError) as error:
            raise Refused(
                kept("Order %(order)s cannot be read: %(words)s", order=order_id, words=str(error))
            ) from error

    def _location(self) -> str:
        return self.connection.credentials.get("location_id", "").strip().rpartition("/")[2]

    def fetch_listings(self, *, marketplace: str, page_token: str) -> Page[IncomingListing]:
        """Fetch one page of variants, in the order of their SKUs."""
        variables = {"after": page_token or None, **queries.LISTINGS_SIZES}
        question = Question(
            "fetch_listings", queries.LISTINGS, variables, "productVariants.nodes", list,
            pages=bool(page_token),
        )  # fmt: skip
        data = self._ask(question)
        page = data["productVariants"]
        try:
            items, bad = read_listings(data, page["nodes"], location=self._location())
        except Unreadable as error:
            raise RetryLater(f"Shopify's answer is broken: {error}") from error
        return Page(items=tuple(items), bad=tuple(bad), next_token=next_token(page))

    def fetch_listing(self, *, marketplace: str, listing_id: str) -> IncomingListing:
        """Fetch one listing, for reading back. Raises ``Refused`` when it is unknown or cannot be read."""
        return self._find_listing("fetch_listing", listing_id)

    def _find_listing(self, operation: str, listing_id: str) -> IncomingListing:
        if listing_id in ("", ".", ".."):
            raise Refused(
                kept("%(value)s cannot be used as a SKU. Give the listing another one.", value=listing_id)
            )
        variables = {"search": search_for(listing_id), **queries.LISTING_SIZES}
        question = Question(operation, queries.LISTING, variables, "productVariants.nodes", list)
        data = self._ask(question)
        return read_one(data, data["productVariants"]["nodes"], wanted=listing_id, location=self._location())

    def _handle(self, operation: str, *, listing_id: str, handle: str) -> Handle:
        """Return what writing to a listing needs; one that was never fetched is looked up first."""
        return read_handle(handle or self._find_listing(operation, listing_id).handle)

    def push_stock(self, *, update: StockUpdate) -> StockResult:
        """Set what is available of one listing at the location the hub keeps; Shopify does it at once."""
        handle = self._handle("push_stock", listing_id=update.listing_id, handle=update.handle)
        if handle.location in WHY_NOT:
            return _result(update, Outcome.REFUSED, str(WHY_NOT[handle.location]))
        quantity = {
            "inventoryItemId": _gid("InventoryItem", handle.item),
            "locationId": _gid("Location", handle.location),
            "quantity": update.quantity,
            "changeFromQuantity": None,
        }
        given = {"name": "available", "reason": "correction", "quantities": [quantity]}
        # A key of its own for each call: the same quantity may be right again later.
        variables = {"input": given, "key": str(uuid4())}
        errors = self._write("push_stock", queries.SET_QUANTITY, variables, "inventorySetQuantities")
        return _written(update, errors)

    def push_price(self, *, update: PriceUpdate) -> StockResult:
        """Set one listing's price in the shop's currency."""
        handle = self._handle("push_price", listing_id=update.listing_id, handle=update.handle)
        if update.currency != handle.currency:
            raise Refused(
                kept(
                    "Prices there are in %(known)s, not in %(currency)s. "
                    "Set the price in the currency of the marketplace.",
                    known=handle.currency,
                    currency=update.currency,
                )
            )
        if update.price < 0 or update.price != update.price.quantize(Decimal("0.01")):
            raise Refused(kept("A price has at most two decimals and is not below zero."))
        variant = {
            "id": _gid("ProductVariant", handle.variant),
            "price": decimal_text(update.price, update.currency),
        }
        variables = {"product": _gid("Product", handle.product), "variants": [variant]}
        errors = self._write("push_price", queries.SET_PRICE, variables, "productVariantsBulkUpdate")
        return _written(update, errors)

    def _write(
        self, operation: str, query: str, variables: Mapping[str, Any], name: str, errors: str = "userErrors"
    ) -> list[Json]:
        """Send a mutation and return Shopify's own errors about it. Without their list it is no answer."""
        key = f"{name}.{errors}"
        data = self._ask(Question(operation, query, variables, key, list, writes=True))
        found = [entry for entry in data[name][errors] if isinstance(entry, dict)]
        if len(found) != len(data[name][errors]):
            raise RetryLater("Shopify's errors cannot be read", unknown=True)
        return found

    def confirm_shipment(self, *, notice: ShipmentNotice) -> None:
        """Tell Shopify that goods left. Units it knows under this tracking number are not told again."""
        if not notice.tracking_number.strip():
            raise Refused(kept("Shopify needs a tracking number."))
        if not notice.lines or any(quantity < 1 for _line, quantity in notice.lines):
            raise Refused(kept("A parcel holds at least one unit of each of its lines."))
        question = Question(
            "confirm_shipment", queries.OPEN_WORK, {"id": _gid("Order", notice.order_id)},
            "order.fulfillmentOrders.nodes", list, may_be_nothing=True,
        )  # fmt: skip
        order = self._ask(question)["order"]
        if order is None:
            raise Refused(kept("The shop has no order %(order)s.", order=notice.order_id))
        for given in fulfilling.fulfillments(order, notice):
            errors = self._write(
                "confirm_shipment", queries.FULFILL, {"fulfillment": given}, "fulfillmentCreate"
            )
            if errors:
                raise Refused(_said(errors))

    def cancel_order(self, *, request: CancelRequest) -> None:
        """Cancel a whole order and give the money back; Shopify does it a little later.

        An order that is canceled already is taken for done. Raises ``Refused`` when Shopify says no.
        """
        if request.lines:
            raise Refused(kept("Shopify cancels whole orders only. Take single units off at Shopify."))
        if request.reason not in CANCEL_REASONS:
            raise Refused(
                kept(
                    "%(reason)s is not a reason Shopify knows. Choose one of the list.", reason=request.reason
                )
            )
        order = _gid("Order", request.order_id)
        variables = {
            "id": order, "reason": request.reason, "refund": {"originalPaymentMethodsRefund": True},
        }  # fmt: skip
        errors = self._write(
            "cancel_order", queries.CANCEL, variables, "orderCancel", "orderCancelUserErrors"
        )
        if errors and not self._is_canceled(order):
            raise Refused(_said(errors))

    def _is_canceled(self, order: str) -> bool:
        question = Question("cancel_order", queries.CANCELED, {"id": order}, "order", may_be_nothing=True)
        found = self._ask(question)["order"]
        return found is not None and found.get("cancelledAt") is not None

    def subscribe(self, *, address: str) -> None:
        """Ask Shopify to push orders, returns, products and the app's removal to an address."""
        question = Question(
            "subscribe", queries.SUBSCRIPTIONS, queries.SUBSCRIPTIONS_SIZES, "webhookSubscriptions.nodes",
            list,
        )  # fmt: skip
        there = {
            (entry.get("topic"), entry.get("uri"))
            for entry in self._ask(question)["webhookSubscriptions"]["nodes"]
            if isinstance(entry, dict)
        }
        missing = tuple(topic for topic in TOPICS if (topic, address) not in there)
        if not missing:
            return
        query = queries.subscribe_mutation(missing)
        variables = {"subscription": {"uri": address, "format": "JSON"}}
        data = self._ask(Question("subscribe", query, variables, "t0.userErrors", list, writes=True))
        errors = [entry for place in range(len(missing)) for entry in _user_errors(data.get(f"t{place}"))]
        wrong = [entry for entry in errors if _TAKEN not in str(entry.get("message"))]
        if wrong:
            raise Refused(_said(wrong))

    def fetch_statements(
        self, *, created_from: datetime, created_to: datetime, page_token: str
    ) -> Page[IncomingDocument]:
        """Fetch the next payout of a window with its balance transactions."""
        return statements.fetch_page(
            ask=self._ask, created_from=created_from, created_to=created_to, page_token=page_token
        )


def _user_errors(payload: Any) -> list[Json]:
    found = payload.get("userErrors") if isinstance(payload, dict) else None
    if not isinstance(found, list):
        raise RetryLater("Shopify answered only a part", unknown=True)
    return [entry for entry in found if isinstance(entry, dict)]


def _lacking_scopes(data: Json) -> tuple[str, ...]:
    """Return the scopes the app was not given; raises ``Refused`` when nothing could be read without one."""
    scopes = children(child(data, "currentAppInstallation"), "accessScopes")
    missing = missing_scopes(tuple(text(scope, "handle", most=100) for scope in scopes), of=ASKED_SCOPES)
    needed = [scope for scope in missing if scope in READING_SCOPES]
    if needed:
        raise Refused(
            kept(
                "The app lacks permissions it needs: %(permissions)s. Connect the shop again and allow them.",
                permissions=", ".join(needed),
            )
        )
    return missing


def search_for(code: str) -> str:
    """Return the search that finds a listing: by its SKU, or by the variant's number where that names it."""
    quoted = code.replace("\\", "\\\\").replace('"', '\\"')
    by_sku = f'sku:"{quoted}"'
    return f"{by_sku} OR id:{code}" if code.isascii() and code.isdigit() else by_sku


def _gid(kind: str, number: str) -> str:
    """Return the global id of an object. Raises ``Refused`` for what cannot be a number of Shopify's."""
    if not _NUMBER.fullmatch(number):
        raise Refused(kept("%(number)s cannot be a number of Shopify.", number=number[:60]))
    return f"gid://shopify/{kind}/{number}"


def _said(errors: Sequence[Json]) -> str:
    words = [f"{entry.get('code') or ''} {entry.get('message', '')}".strip() for entry in errors[:3]]
    return "; ".join(words)[:500]


def _result(update: StockUpdate | PriceUpdate, outcome: Outcome, reason: str = "") -> StockResult:
    return StockResult(update.marketplace, update.listing_id, outcome, reason)


def _written(update: StockUpdate | PriceUpdate, errors: Sequence[Json]) -> StockResult:
    if not errors:
        return _result(update, Outcome.CONFIRMED)
    if {str(entry.get("code")) for entry in errors} & _BUSY:
        raise RetryLater(_said(errors))
    return _result(update, Outcome.REFUSED, _said(errors))
