"""The Adapter protocol: the verbs a platform may offer, and the family of its errors.

An adapter is built from a frozen ``Connection``, touches no database, and never sleeps: throttling,
retries and tokens are the house's. A verb not declared in ``capabilities`` raises ``Unsupported``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_noop as _

from channels.authorization import Authorization
from channels.messages import (
    AccessToken,
    BatchTicket,
    ChannelStock,
    Connection,
    CredentialField,
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
from channels.pushes import Pushes
from channels.shipping_messages import (
    Arranged,
    ArrangeRequest,
    CancelRequest,
    ShippingChoice,
    ShippingDocument,
    SplitRequest,
)
from ecomhub import sentences


class ChannelError(Exception):
    """Base of what a channel can answer instead of a success.

    ``reason`` is the platform's own words, or a sentence of ours as ``sentences.kept`` packs it. ``told`` is
    what to store for people: it says in the reader's language what the error means and what happens next.
    """

    meaning = _("The platform answered with an error: %(words)s")

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        """Return the reason in the words of whoever reads now."""
        return sentences.shown(self.reason)

    @property
    def told(self) -> str:
        """Return the reason with what it means, to be stored and worded later."""
        if sentences.is_kept(self.reason):
            return self.reason
        return sentences.kept(self.meaning, words=self.reason)


class RetryLater(ChannelError):
    """Try again: throttled, away, or an answer that was none. ``unknown`` says a write may have happened."""

    meaning = _("The platform gave no answer that can be used; it is tried again by itself: %(words)s")

    def __init__(self, reason: str, *, after: timedelta | None = None, unknown: bool = False) -> None:
        super().__init__(reason)
        self.after = after
        self.unknown = unknown


class Throttled(RetryLater):
    """The platform said we call too often."""

    meaning = _("The platform wants fewer calls; it is tried again by itself. It said: %(words)s")


class TokenExpired(ChannelError):
    """The access token is no longer good; refresh once and repeat the same call once."""

    meaning = _("The access to the account ran out and is renewed by itself. The platform said: %(words)s")


class CredentialsRejected(ChannelError):
    """The account's authorization is gone; a person must reconnect. Only this account stops."""

    meaning = _("The platform no longer takes our credentials: connect the account again. It said: %(words)s")


class Refused(ChannelError):
    """The platform understood and said no; repeating will not help."""

    meaning = _("The platform does not take it: %(words)s")


class Unsupported(ChannelError):
    """The platform does not offer this."""

    meaning = _("The platform does not offer this: %(words)s")


class PageTokenExpired(ChannelError):
    """The pass must begin again at its cursor."""

    meaning = _("The reading begins again at its last mark, by itself. The platform said: %(words)s")


class Capability(StrEnum):
    """What an adapter can do."""

    ORDERS = "orders"
    LISTINGS = "listings"
    PUSH_STOCK = "push_stock"
    PUSH_STOCK_BATCH = "push_stock_batch"
    CHANNEL_STOCK = "channel_stock"
    CONFIRM_SHIPMENT = "confirm_shipment"
    ARRANGE_SHIPMENT = "arrange_shipment"
    SPLIT_ORDER = "split_order"
    CANCEL_ORDER = "cancel_order"
    ANSWER_CANCEL = "answer_cancel"
    PUSH_PRICE = "push_price"
    RETURNS = "returns"
    SUBSCRIBE = "subscribe"
    STATEMENTS = "statements"


@dataclass(frozen=True, slots=True)
class Rate:
    """A published token bucket: calls per second and burst."""

    per_second: float
    burst: int


class Observer(Protocol):
    """What a call reports to the house: the granted rate and what is left, if the platform named them."""

    def __call__(
        self, *, operation: str, status: int, granted_rate: float | None, remaining: float | None = None
    ) -> None:
        """Note one answer. ``remaining`` are tokens left in the platform's own bucket."""


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

    def push_price(self, *, update: PriceUpdate) -> StockResult:
        """Set one listing's price."""

    def shipping_choices(self, *, order_id: str, package: str) -> Sequence[ShippingChoice]:
        """Ask how a parcel can be handed over."""

    def arrange_shipment(self, *, request: ArrangeRequest) -> Arranged:
        """Arrange a parcel. Arranging it again is answered as if it were the first time."""

    def split_order(self, *, request: SplitRequest) -> str:
        """Make sure that lines of an order are a package of their own; return the platform's number of it.

        Asking again finds the same package. Empty: the order is one package, and holds just these lines.
        Raises ``Refused`` where the order cannot be divided so.
        """

    def fetch_tracking(self, *, order_id: str, package: str) -> Arranged:
        """Ask for the tracking number of an arranged parcel; empty while there is none.

        This is also how a lost answer to ``arrange_shipment`` is read back: ``arranged`` is ``False`` where
        the platform clearly shows that nothing is arranged. Raises ``Refused`` when it knows no such parcel.
        """

    def fetch_document(self, *, order_id: str, package: str) -> ShippingDocument | None:
        """Fetch the label; asks for it to be made when it is not, and returns ``None`` until it is."""

    def cancel_order(self, *, request: CancelRequest) -> None:
        """Cancel at the platform. Raises ``Refused`` when it is too late."""

    def answer_cancel(self, *, order_id: str, accept: bool) -> None:
        """Answer a buyer's wish to cancel."""

    def fetch_returns(
        self, *, updated_from: datetime, updated_to: datetime, page_token: str
    ) -> Page[IncomingReturn]:
        """Fetch one page of returns changed in a window, where they are not part of their orders."""

    def subscribe(self, *, address: str) -> None:
        """Ask the platform to push to our address; doing so again changes nothing."""

    def fetch_statements(
        self, *, created_from: datetime, created_to: datetime, page_token: str
    ) -> Page[IncomingDocument]:
        """Fetch one page of documents about money made in a window; a page may be empty and not the last.

        Documents may come that lie before the window, and again in the next one: the same money always comes
        in a document that is whole. The receiver closes their content.
        """


class OptionalVerbs:
    """A base for adapters: the verbs not every platform offers, refused until a platform brings its own."""

    def _not_offered(self) -> Unsupported:
        return Unsupported("the platform does not offer this")

    def push_stock_batch(self, *, updates: Sequence[StockUpdate]) -> BatchTicket:
        """Refuse."""
        raise self._not_offered()

    def batch_results(self, *, ticket: BatchTicket) -> Sequence[StockResult] | None:
        """Refuse."""
        raise self._not_offered()

    def fetch_channel_stock(self, *, marketplace: str, page_token: str) -> Page[ChannelStock]:
        """Refuse."""
        raise self._not_offered()

    def confirm_shipment(self, *, notice: ShipmentNotice) -> None:
        """Refuse."""
        raise self._not_offered()

    def push_price(self, *, update: PriceUpdate) -> StockResult:
        """Refuse."""
        raise self._not_offered()

    def shipping_choices(self, *, order_id: str, package: str) -> Sequence[ShippingChoice]:
        """Refuse."""
        raise self._not_offered()

    def arrange_shipment(self, *, request: ArrangeRequest) -> Arranged:
        """Refuse."""
        raise self._not_offered()

    def split_order(self, *, request: SplitRequest) -> str:
        """Refuse."""
        raise self._not_offered()

    def fetch_tracking(self, *, order_id: str, package: str) -> Arranged:
        """Refuse."""
        raise self._not_offered()

    def fetch_document(self, *, order_id: str, package: str) -> ShippingDocument | None:
        """Refuse."""
        raise self._not_offered()

    def cancel_order(self, *, request: CancelRequest) -> None:
        """Refuse."""
        raise self._not_offered()

    def answer_cancel(self, *, order_id: str, accept: bool) -> None:
        """Refuse."""
        raise self._not_offered()

    def fetch_returns(
        self, *, updated_from: datetime, updated_to: datetime, page_token: str
    ) -> Page[IncomingReturn]:
        """Refuse."""
        raise self._not_offered()

    def subscribe(self, *, address: str) -> None:
        """Refuse."""
        raise self._not_offered()

    def fetch_statements(
        self, *, created_from: datetime, created_to: datetime, page_token: str
    ) -> Page[IncomingDocument]:
        """Refuse."""
        raise self._not_offered()


@dataclass(frozen=True, slots=True)
class FeeHabits:
    """How a platform charges, beside the fees it publishes.

    ``day`` is the one whose fees a sale has: that it was ``sold`` on, or ``shipped`` on. ``takes_shipping``
    is the account of what a platform takes back of what the buyer paid for shipping because its own carrier
    ships, empty where the seller keeps it; ``ships`` says for which orders: ``all`` or ``by_channel``.
    ``abroad`` names the fees it charges for buyers of another country only.
    """

    day: Literal["sold", "shipped"] = "sold"
    takes_shipping: str = ""
    ships: Literal["all", "by_channel"] = "all"
    abroad: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Platform:
    """What a platform's folder declares about itself; ``channels.registry`` finds it as ``PLATFORM``.

    ``operations`` names the operation of each capability; a verb without one (``fetch_order``,
    ``fetch_listing``) is an operation by its own name. ``rates`` are token buckets by operation; where
    several operations share one budget, ``buckets`` names the shared bucket of each, and ``rates`` that
    bucket. ``batch_from`` changes waiting at once go as feeds, where a marketplace has ``batch_least`` of
    them, and ``batch_limit`` go into one. ``costs`` says how many tokens one call of an operation takes where
    that is not one (query points), ``daily`` how many calls of a bucket it allows a day, where it caps them.
    ``consent`` is how long a seller's consent lasts at most, where it ends by itself. ``cancel_reasons`` are
    the platform's codes with a text for a person.
    """

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
    batch_least: int = 20
    batch_limit: int = 5000
    operations: Mapping[Capability, str] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)
    buckets: Mapping[str, str] = field(default_factory=dict)
    daily: Mapping[str, int] = field(default_factory=dict)
    cancel_reasons: Mapping[str, str | Promise] = field(default_factory=dict)
    authorization: Authorization | None = None
    consent: timedelta | None = None
    pushes: Pushes | None = None
    fee_habits: FeeHabits = FeeHabits()

    @property
    def is_by_file(self) -> bool:
        """Say whether nobody speaks to the platform: its orders and statements come as files."""
        return not self.capabilities


@dataclass(frozen=True, slots=True)
class OrderFile:
    """Orders read from a saved payload, for ``replay``."""

    page: Page[IncomingOrder]
    layout: str
