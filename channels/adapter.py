"""The Adapter protocol: the verbs a platform may offer, and the family of its errors.

An adapter is built from a frozen ``Connection``, touches no database, and never sleeps: throttling,
retries and tokens are the house's. A verb not declared in ``capabilities`` raises ``Unsupported``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from channels.messages import (
    AccessToken,
    BatchTicket,
    ChannelStock,
    Connection,
    CredentialField,
    IncomingListing,
    IncomingOrder,
    Marketplace,
    Page,
    ShipmentNotice,
    StockResult,
    StockUpdate,
)


class ChannelError(Exception):
    """Base of what a channel can answer instead of a success."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RetryLater(ChannelError):
    """Try again: throttled, away, or an answer that was none. ``unknown`` says a write may have happened."""

    def __init__(self, reason: str, *, after: timedelta | None = None, unknown: bool = False) -> None:
        super().__init__(reason)
        self.after = after
        self.unknown = unknown


class Throttled(RetryLater):
    """The platform said we call too often."""


class TokenExpired(ChannelError):
    """The access token is no longer good; refresh once and repeat the same call once."""


class CredentialsRejected(ChannelError):
    """The account's authorization is gone; a person must reconnect. Only this account stops."""


class Refused(ChannelError):
    """The platform understood and said no; repeating will not help."""


class Unsupported(ChannelError):
    """The platform does not offer this."""


class PageTokenExpired(ChannelError):
    """The pass must begin again at its cursor."""


class Capability(StrEnum):
    """What an adapter can do."""

    ORDERS = "orders"
    LISTINGS = "listings"
    PUSH_STOCK = "push_stock"
    PUSH_STOCK_BATCH = "push_stock_batch"
    CHANNEL_STOCK = "channel_stock"
    CONFIRM_SHIPMENT = "confirm_shipment"
    ARRANGE_SHIPMENT = "arrange_shipment"
    CANCEL_ORDER = "cancel_order"


@dataclass(frozen=True, slots=True)
class Rate:
    """A published token bucket: calls per second and burst."""

    per_second: float
    burst: int


class Observer(Protocol):
    """What a call reports to the house: the granted rate, if the platform named one."""

    def __call__(self, *, operation: str, status: int, granted_rate: float | None) -> None:
        """Note one answer."""


class Adapter(Protocol):
    """The verbs. Every call is one request to the platform (or a few for a batch upload)."""

    connection: Connection

    def refresh_token(self) -> AccessToken:
        """Get a fresh access token. Raises ``CredentialsRejected``."""

    def check(self) -> Sequence[Marketplace]:
        """Prove that the credentials work; returns the marketplaces they serve."""

    def fetch_orders(
        self, *, updated_from: datetime, updated_to: datetime, page_token: str
    ) -> Page[IncomingOrder]:
        """Fetch one page of orders changed in a window, all marketplaces of the connection."""

    def fetch_order(self, *, order_id: str) -> IncomingOrder:
        """Fetch one order. Raises ``Refused`` when the platform does not know it."""

    def fetch_listings(self, *, marketplace: str, page_token: str) -> Page[IncomingListing]:
        """Fetch one page of listings of a marketplace."""

    def fetch_listing(self, *, marketplace: str, listing_id: str) -> IncomingListing:
        """Fetch one listing, for reading back."""

    def push_stock(self, *, update: StockUpdate) -> StockResult:
        """Set one listing's quantity."""

    def push_stock_batch(self, *, updates: Sequence[StockUpdate]) -> BatchTicket:
        """Hand in a batch of quantities."""

    def batch_results(self, *, ticket: BatchTicket) -> Sequence[StockResult] | None:
        """Return the results of a batch, or ``None`` while the platform still works on it."""

    def fetch_channel_stock(self, *, marketplace: str, page_token: str) -> Page[ChannelStock]:
        """Fetch what the channel's own warehouses hold."""

    def confirm_shipment(self, *, notice: ShipmentNotice) -> None:
        """Tell the platform that goods left. Returns only when the platform took it."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What a platform's folder declares about itself; ``channels.registry`` finds it as ``PLATFORM``."""

    key: str
    name: str
    monogram: str
    color: str
    credential_fields: tuple[CredentialField, ...]
    marketplaces: tuple[Marketplace, ...]
    endpoints: Mapping[str, str]
    token_endpoint: str
    capabilities: frozenset[Capability]
    rates: Mapping[str, Rate]
    carriers: Mapping[str, str]
    build: Callable[[Connection, Observer | None], Adapter]
    read_order_files: Callable[[bytes], "OrderFile"]
    order_overlap: timedelta = timedelta(minutes=10)
    order_lag: timedelta = timedelta(minutes=2)
    order_window: timedelta = timedelta(days=30)
    poll_every: timedelta = timedelta(minutes=3)
    batch_from: int = 200
    batch_limit: int = 5000
    operations: Mapping[Capability, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderFile:
    """Orders read from a saved payload, for ``replay``."""

    page: Page[IncomingOrder]
    layout: str
