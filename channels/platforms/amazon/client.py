"""The SDK for auth headers, addresses and request building, speaking only through the guard.

Its constructor is not used: it reads the environment, takes the marketplace's host instead of the account's
and opens a connection pool of its own. Its token cache is not used: the access token is the connection's.
Its retries are not used: they sleep in the worker.
"""

import json
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import quote

from sp_api.api.feeds.feeds_2021_06_30 import FeedsV20210630
from sp_api.api.finances.finances_2024_06_19 import FinancesV20240619
from sp_api.api.inventories.inventories import Inventories
from sp_api.api.listings_items.listings_items_2021_08_01 import ListingsItemsV20210801
from sp_api.api.orders.orders_2026_01_01 import OrdersV20260101
from sp_api.api.orders.orders_v0 import OrdersV0
from sp_api.api.reports.reports import Reports
from sp_api.api.sellers.sellers import Sellers
from sp_api.auth import AccessTokenResponse
from sp_api.base import Client

from channels.adapter import CredentialsRejected, Observer, Refused, RetryLater, Throttled
from channels.messages import AccessToken, Connection
from channels.platforms.amazon.transport import Expected, Guarded, GuardingTransport, send
from channels.reading import Json, parse_json

USER_AGENT = "ecomhub/0.1 (Language=Python)"
_REJECTIONS = {"invalid_grant", "invalid_client", "unauthorized_client", "access_denied"}


@dataclass(frozen=True, slots=True)
class HeldToken:
    """Stands in for the SDK's token client: hands out the token the house holds."""

    access_token: str

    def get_auth(self) -> Any:
        """Return the token in the SDK's shape."""
        return AccessTokenResponse(access_token=self.access_token)


class _Guarded(Client):  # type: ignore[misc] # the SDK has no types
    """An SDK client whose state is the connection's and whose answers are the guard's."""

    user_agent = USER_AGENT

    def __init__(self, connection: Connection, transport: GuardingTransport) -> None:
        self.endpoint = connection.endpoint.rstrip("/")
        self.marketplace_id = connection.marketplaces[0] if connection.marketplaces else ""
        self.restricted_data_token = None
        self.version = None
        self._auth = HeldToken(connection.access_token)
        self._transport = transport

    def _check_response(self, res: Guarded, *args: Any, **kwargs: Any) -> Json:
        return res.data


class OrdersApi(_Guarded, OrdersV20260101):  # type: ignore[misc]
    """Orders 2026-01-01, for reading."""


class ShippingApi(_Guarded, OrdersV0):  # type: ignore[misc]
    """Orders v0, for confirming shipments alone: its reading calls end in March 2027."""


class ListingsApi(_Guarded, ListingsItemsV20210801):  # type: ignore[misc]
    """Listings Items 2021-08-01."""


class StockApi(_Guarded, Inventories):  # type: ignore[misc]
    """FBA inventory v1."""


class SellersApi(_Guarded, Sellers):  # type: ignore[misc]
    """Sellers v1."""


class FeedsApi(_Guarded, FeedsV20210630):  # type: ignore[misc]
    """Feeds 2021-06-30. The SDK's own calls put foreign keys in the bodies and move the bytes unguarded."""

    def create_document(self, *, content_type: str) -> Json:
        """Ask for a place to put a feed's bytes."""
        return self._post("/feeds/2021-06-30/documents", {"contentType": content_type})

    def create(self, *, feed_type: str, marketplaces: list[str], document: str) -> Json:
        """Start the feed whose bytes lie in a document."""
        body = {"feedType": feed_type, "marketplaceIds": marketplaces, "inputFeedDocumentId": document}
        return self._post("/feeds/2021-06-30/feeds", body)

    def document(self, *, number: str) -> Json:
        """Ask where a document's bytes can be fetched."""
        path = f"/feeds/2021-06-30/documents/{quote(number, safe='')}"
        return cast(Json, self._request(path, add_marketplace=False))

    def _post(self, path: str, body: Json) -> Json:
        return cast(Json, self._request(path, data={"method": "POST", **body}, add_marketplace=False))


class ReportsApi(_Guarded, Reports):  # type: ignore[misc]
    """Reports 2021-06-30. The SDK's own calls download and unpack unguarded."""

    def list(self, *, report_type: str, created_since: str, created_until: str, token: str) -> Json:
        """List one report of a type; a page token stands for all that was asked before."""
        query = {
            "reportTypes": report_type,
            "processingStatuses": "DONE",
            "pageSize": "1",
            "createdSince": created_since,
            "createdUntil": created_until,
        }
        asked = {"nextToken": token} if token else query
        return cast(
            Json,
            self._request(
                "/reports/2021-06-30/reports", params={"method": "GET", **asked}, add_marketplace=False
            ),
        )

    def document(self, *, number: str) -> Json:
        """Ask where a report's bytes can be fetched."""
        path = f"/reports/2021-06-30/documents/{quote(number, safe='')}"
        return cast(Json, self._request(path, add_marketplace=False))


class FinancesApi(_Guarded, FinancesV20240619):  # type: ignore[misc]
    """Finances 2024-06-19."""

    def transactions(self, *, posted_after: str, posted_before: str, token: str) -> Json:
        """List transactions by the time they were posted."""
        asked = {"postedAfter": posted_after, "postedBefore": posted_before}
        asked |= {"nextToken": token} if token else {}
        return cast(
            Json,
            self._request(
                "/finances/2024-06-19/transactions", params={"method": "GET", **asked},
                add_marketplace=False,
            ),
        )  # fmt: skip


Api = TypeVar("Api", bound=_Guarded)


def open_api(api: type[Api], *, connection: Connection, expected: Expected, observer: Observer | None) -> Api:
    """Return an SDK client for one call of one account."""
    transport = GuardingTransport(expected=expected, observer=observer, proxy=connection.proxy)
    return api(connection, transport)


def fetch_access_token(connection: Connection) -> AccessToken:
    """Trade the account's refresh token for an access token (Login with Amazon).

    Raises ``CredentialsRejected`` when Amazon no longer takes the account's credentials.
    """
    answer = send(
        method="POST",
        url=connection.token_endpoint,
        headers={"user-agent": USER_AGENT, "accept": "application/json"},
        data={
            "grant_type": "refresh_token",
            "refresh_token": connection.credentials.get("refresh_token", ""),
            "client_id": connection.credentials.get("client_id", ""),
            "client_secret": connection.credentials.get("client_secret", ""),
        },
        proxy=connection.proxy,
        writes=False,
    )
    if answer.status == 429:
        raise Throttled("Login with Amazon says we ask too often")
    data = _object(answer.body) if answer.content_type == "application/json" else {}
    if answer.status == 200:
        return _token(data)
    error = data.get("error")
    if isinstance(error, str) and answer.status in (400, 401, 403):
        said = f"{error}: {data.get('error_description', '')}"[:300]
        raise CredentialsRejected(said) if error in _REJECTIONS else Refused(said)
    raise RetryLater(f"Login with Amazon answered {answer.status}")


def _object(body: bytes) -> Json:
    try:
        data = parse_json(body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _token(data: Json) -> AccessToken:
    token, lives, renewed = data.get("access_token"), data.get("expires_in"), data.get("refresh_token")
    if not isinstance(token, str) or not token or not token.isprintable() or not token.isascii():
        raise RetryLater("Login with Amazon answered without an access token")
    if type(lives) is not int or not 0 < lives <= 86_400:
        raise RetryLater("Login with Amazon did not say how long the access token lives")
    return AccessToken(
        token=token, expires_in_s=lives, refresh_token=renewed if isinstance(renewed, str) else ""
    )


def feed_bytes(feed: Json) -> bytes:
    """Return a feed document as the bytes that are uploaded."""
    return json.dumps(feed, ensure_ascii=False, separators=(",", ":")).encode()
