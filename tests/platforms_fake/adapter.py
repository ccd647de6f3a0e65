"""The fake platform's adapter: plain JSON, one guard."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from channels.adapter import (
    CredentialsRejected,
    Observer,
    OptionalVerbs,
    PageTokenExpired,
    Refused,
    RetryLater,
    Throttled,
    TokenExpired,
    Unsupported,
)
from channels.messages import (
    AccessToken,
    BadItem,
    BatchTicket,
    ChannelStock,
    Connection,
    IncomingListing,
    IncomingOrder,
    IncomingReturn,
    Marketplace,
    Outcome,
    Page,
    PriceUpdate,
    ShipmentNotice,
    StockResult,
    StockUpdate,
)
from channels.shipping_messages import (
    Arranged,
    ArrangeRequest,
    CancelRequest,
    ShippingChoice,
    ShippingDocument,
)
from ecomhub.http import ForbiddenAddress, HttpFailure, send_to_platform
from tests.platforms_fake.reading import read_all, read_offer, read_order, read_return, read_way

T = TypeVar("T")
HOSTS = ("api.bazaar.example",)


class FakeAdapter(OptionalVerbs):
    """Speaks for one account."""

    def __init__(self, connection: Connection, observer: Observer | None = None) -> None:
        self.connection = connection
        self._observer = observer

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        key: str,
        kind: type,
        body: Any = None,
        page: str = "",
        **query: str,
    ) -> Any:
        writes = method != "GET" and path != ""
        base = self.connection.token_endpoint if path == "" else f"{self.connection.endpoint}{path}"
        parts = {**query, "page": page} if page else query
        try:
            answer = send_to_platform(
                method=method,
                url=f"{base}?{urlencode(parts, quote_via=quote)}" if parts else base,
                hosts=HOSTS,
                headers={"authorization": f"Bearer {self.connection.access_token}"},
                data=None if body is None else json.dumps(body).encode(),
                proxy=self.connection.proxy,
            )
        except ForbiddenAddress as error:
            raise Refused(error.reason) from error
        except HttpFailure as error:
            raise RetryLater(error.reason, unknown=writes and error.sent) from error
        if self._observer is not None:
            left = answer.headers.get("x-left")
            self._observer(
                operation=operation,
                status=answer.status,
                granted_rate=None,
                remaining=float(left) if left else None,
            )
        if answer.status == 429:
            raise Throttled("too many calls", after=timedelta(seconds=1))
        try:
            data = answer.json() if answer.content_type == "application/json" else None
        except (ValueError, RecursionError):
            data = None
        problem = data.get("problem") if isinstance(data, dict) else None
        value = data.get(key) if isinstance(data, dict) else None
        if answer.status == 200 and problem is None and isinstance(value, kind):
            return data
        if isinstance(problem, str) and 400 <= answer.status < 500:
            raise _meaning(problem, page)
        raise RetryLater(f"no answer ({answer.status})", unknown=writes)

    def refresh_token(self) -> AccessToken:
        held = self.connection.credentials
        body = {"key": held.get("key", ""), "refresh": held.get("refresh_token", "")}
        data = self._call("refresh_token", "POST", "", key="token", kind=str, body=body)
        return AccessToken(
            token=data["token"], expires_in_s=3600, refresh_token=str(data.get("refresh") or "")
        )

    def check(self) -> Sequence[Marketplace]:
        from_bazaar = self._call("check", "GET", "/v1/sites", key="sites", kind=list)["sites"]
        return [
            Marketplace(
                site["id"], site["country"], site["coin"], "UTC", site["id"], tuple(site.get("lacks", ()))
            )
            for site in from_bazaar
            if isinstance(site, dict)
        ]

    def fetch_orders(
        self, *, updated_from: datetime, updated_to: datetime, page_token: str
    ) -> Page[IncomingOrder]:
        data = self._call(
            "fetch_orders", "GET", "/v1/orders", key="orders", kind=list, page=page_token,
            **{"from": str(int(updated_from.timestamp())), "to": str(int(updated_to.timestamp()))},
        )  # fmt: skip
        items, bad = read_all(data["orders"], read_order)
        return Page(items=items, bad=bad, next_token=_next(data))

    def fetch_order(self, *, order_id: str) -> IncomingOrder:
        path = f"/v1/orders/{_segment(order_id)}"
        data = self._call("fetch_order", "GET", path, key="order", kind=dict)
        return _only(*read_all([data["order"]], read_order))

    def fetch_listings(self, *, marketplace: str, page_token: str) -> Page[IncomingListing]:
        path = f"/v1/offers/{_segment(marketplace)}"
        data = self._call("fetch_listings", "GET", path, key="offers", kind=list, page=page_token)
        items, bad = read_all(data["offers"], read_offer)
        return Page(items=items, bad=bad, next_token=_next(data))

    def fetch_listing(self, *, marketplace: str, listing_id: str) -> IncomingListing:
        path = f"/v1/offers/{_segment(marketplace)}/{_segment(listing_id)}"
        data = self._call("fetch_listing", "GET", path, key="offer", kind=dict)
        return _only(*read_all([data["offer"]], read_offer))

    def push_stock(self, *, update: StockUpdate) -> StockResult:
        path = f"/v1/offers/{_segment(update.marketplace)}/{_segment(update.listing_id)}"
        body = {"count": update.quantity, "id": update.handle}
        self._call("push_stock", "PUT", path, key="done", kind=bool, body=body)
        return StockResult(update.marketplace, update.listing_id, Outcome.CONFIRMED)

    def push_price(self, *, update: PriceUpdate) -> StockResult:
        path = f"/v1/offers/{_segment(update.marketplace)}/{_segment(update.listing_id)}/price"
        body = {"price": str(update.price), "coin": update.currency, "id": update.handle}
        data = self._call("push_price", "PUT", path, key="done", kind=bool, body=body)
        outcome = Outcome.CONFIRMED if data["done"] else Outcome.ACCEPTED
        return StockResult(update.marketplace, update.listing_id, outcome)

    def subscribe(self, *, address: str) -> None:
        self._call("subscribe", "PUT", "/v1/listener", key="done", kind=bool, body={"address": address})

    def push_stock_batch(self, *, updates: Sequence[StockUpdate]) -> BatchTicket:
        raise Unsupported("Fake Bazaar has no batches")

    def batch_results(self, *, ticket: BatchTicket) -> Sequence[StockResult] | None:
        raise Unsupported("Fake Bazaar has no batches")

    def fetch_channel_stock(self, *, marketplace: str, page_token: str) -> Page[ChannelStock]:
        raise Unsupported("Fake Bazaar has no warehouses")

    def confirm_shipment(self, *, notice: ShipmentNotice) -> None:
        body = {"ref": notice.reference, "by": notice.carrier, "number": notice.tracking_number}
        path = f"/v1/orders/{_segment(notice.order_id)}/parcels"
        self._call("confirm_shipment", "POST", path, key="parcel", kind=str, body=body)

    def shipping_choices(self, *, order_id: str, package: str) -> Sequence[ShippingChoice]:
        path = f"/v1/orders/{_segment(order_id)}/ways"
        data = self._call("shipping_choices", "GET", path, key="ways", kind=list)
        return read_all(data["ways"], read_way)[0]

    def arrange_shipment(self, *, request: ArrangeRequest) -> Arranged:
        path = f"/v1/orders/{_segment(request.order_id)}/handover"
        body = {
            "way": dict(request.choice.parameters),
            "number": request.tracking_number,
            "rows": [list(line) for line in request.lines],
        }
        data = self._call("arrange_shipment", "POST", path, key="box", kind=str, body=body)
        return _arranged(data)

    def fetch_tracking(self, *, order_id: str, package: str) -> Arranged:
        path = f"/v1/orders/{_segment(order_id)}/handover"
        data = self._call("fetch_tracking", "GET", path, key="box", kind=str)
        return _arranged(data)

    def fetch_document(self, *, order_id: str, package: str) -> ShippingDocument | None:
        path = f"/v1/orders/{_segment(order_id)}/label"
        data = self._call("fetch_document", "GET", path, key="label", kind=str)
        if not data["label"]:
            return None
        try:
            return ShippingDocument(base64.b64decode(data["label"], validate=True), "application/pdf")
        except ValueError as error:
            raise RetryLater("the label is not base64") from error

    def cancel_order(self, *, request: CancelRequest) -> None:
        path = f"/v1/orders/{_segment(request.order_id)}/cancel"
        self._call("cancel_order", "POST", path, key="done", kind=bool, body={"why": request.reason})

    def answer_cancel(self, *, order_id: str, accept: bool) -> None:
        path = f"/v1/orders/{_segment(order_id)}/wish"
        self._call("answer_cancel", "POST", path, key="done", kind=bool, body={"accept": accept})

    def fetch_returns(
        self, *, updated_from: datetime, updated_to: datetime, page_token: str
    ) -> Page[IncomingReturn]:
        data = self._call(
            "fetch_returns", "GET", "/v1/returns", key="returns", kind=list, page=page_token,
            **{"from": str(int(updated_from.timestamp())), "to": str(int(updated_to.timestamp()))},
        )  # fmt: skip
        items, bad = read_all(data["returns"], read_return)
        return Page(items=items, bad=bad, next_token=_next(data))


def _arranged(data: dict[str, Any]) -> Arranged:
    number, carrier = data.get("number", ""), data.get("by", "")
    if not isinstance(number, str) or not isinstance(carrier, str):
        raise RetryLater("the parcel cannot be read")
    return Arranged(data["box"], number, carrier, arranged=bool(data["box"]))


def _segment(value: str) -> str:
    if value in ("", ".", ".."):
        raise Refused(f"{value!r} cannot be part of an address")
    return quote(value, safe="")


def _next(data: dict[str, Any]) -> str:
    token = data.get("next", "")
    if not isinstance(token, str):
        raise RetryLater("the page token is not text")
    return token


def _only(items: Sequence[T], bad: Sequence[BadItem]) -> T:
    if bad:
        raise Refused(f"it cannot be read: {bad[0].reason}")
    return items[0]


def _meaning(problem: str, page: str) -> Exception:
    match problem:
        case "token":
            return TokenExpired(problem)
        case "key":
            return CredentialsRejected(problem)
        case "page" if page:
            return PageTokenExpired(problem)
    return Refused(problem)
