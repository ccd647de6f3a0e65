"""What platforms and houses say to each other: frozen values, no models.

Amounts are ``Decimal`` in the message's currency; instants are aware UTC; ids are text.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from io import BytesIO
from typing import Any, BinaryIO, Generic, TypeVar

from django.utils.functional import Promise

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything an adapter needs to speak for one account; built from an account row or a form."""

    account_uid: str
    platform: str
    endpoint: str
    token_endpoint: str
    seller_id: str
    marketplaces: tuple[str, ...]
    credentials: dict[str, str] = field(repr=False)
    access_token: str = field(default="", repr=False)
    generation: int = 0
    proxy: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A fresh access token; ``refresh_token`` is the new one where the platform rotates it."""

    token: str = field(repr=False)
    expires_in_s: int = 3600
    refresh_token: str = field(default="", repr=False)


class OrderState(StrEnum):
    """Our reading of a platform's order status; the raw one is kept beside it."""

    UNPAID = "unpaid"
    OPEN = "open"
    PARTLY_SHIPPED = "partly_shipped"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    CANCELED = "canceled"
    UNKNOWN = "unknown"


class FulfillmentMethod(StrEnum):
    """Who ships: the seller or the channel (FBA)."""

    BY_SELLER = "by_seller"
    BY_CHANNEL = "by_channel"


@dataclass(frozen=True, slots=True)
class IncomingLine:
    """One line of an incoming order; amounts are line totals, not unit prices."""

    external_id: str
    listing_id: str
    title: str
    quantity: int
    quantity_shipped: int = 0
    quantity_canceled: int = 0
    product_id: str = ""
    charge: Decimal | None = None
    discount: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    shipping_discount: Decimal = Decimal(0)
    gift_wrap: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    tax_collected_by_marketplace: bool = False
    refunded: Decimal = Decimal(0)
    gift_message: str = ""
    is_gift: bool = False


@dataclass(frozen=True, slots=True)
class IncomingAddress:
    """Where a parcel goes; any part may be absent or masked, which is not an error."""

    name: str = ""
    company: str = ""
    lines: tuple[str, ...] = ()
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class IncomingBuyer:
    """Who bought; personal data, sealed apart from the order. ``id`` is the platform's own for the person."""

    name: str = ""
    email: str = ""
    phone: str = ""
    tax_id: str = ""
    address: IncomingAddress | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class IncomingParcel:
    """A parcel the platform knows of, whoever told it."""

    reference: str
    carrier: str
    tracking_number: str
    shipped_at: datetime | None
    lines: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class IncomingReturn:
    """Goods coming back, as the platform reports it; one per order line.

    ``order_id`` where it is not part of its order. ``quantity`` is 0 for one that was called off; ``line_id``
    empty where the platform names no line.
    """

    external_id: str
    line_id: str
    quantity: int
    status: str
    reason: str = ""
    refunded: Decimal | None = None
    at: datetime | None = None
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class IncomingOrder:
    """One order as a platform shows it now. ``raw`` is the platform's own object, kept sealed.

    ``replaces`` are ids under which the platform showed this order, or parts of it, before it was paid.
    """

    external_id: str
    marketplace: str
    state: OrderState
    platform_status: str
    fulfillment_method: FulfillmentMethod
    placed_at: datetime
    updated_at: datetime
    currency: str
    lines: tuple[IncomingLine, ...]
    raw: dict[str, Any] = field(repr=False)
    total: Decimal | None = None
    paid_at: datetime | None = None
    ship_by_at: datetime | None = None
    deliver_by_at: datetime | None = None
    country: str = ""
    cancel_requested: bool = False
    cancel_reason: str = ""
    shipping_service: str = ""
    is_prime: bool = False
    is_business: bool = False
    buyer: IncomingBuyer | None = None
    parcels: tuple[IncomingParcel, ...] = ()
    returns: tuple[IncomingReturn, ...] = ()
    unknown_values: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IncomingDocument:
    """A document about money as a platform hands it out: a report, or answers of its API as they came.

    ``external_id`` is the platform's own name for it, ``source`` the key of the source that is meant to read
    it. ``content`` is a seekable binary file that only the receiver closes; large ones lie on disk.
    """

    external_id: str
    name: str
    created_at: datetime
    source: str = ""
    content: BinaryIO = field(default_factory=BytesIO, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class BadItem:
    """An object of a page that could not be read; it stops only itself."""

    external_id: str
    reason: str
    raw: Any = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. ``next_token`` empty means the last; ``upper_bound`` is the platform's own."""

    items: tuple[T, ...]
    bad: tuple[BadItem, ...] = ()
    next_token: str = ""
    upper_bound: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncomingListing:
    """One listing as the platform shows it now. ``listing_id`` is unique on its marketplace.

    ``handle`` is what the platform's own adapter needs besides to write to the listing (a number of its
    stock, who made it); the house keeps it and hands it back unread.
    """

    listing_id: str
    marketplace: str
    title: str
    status: str
    product_id: str = ""
    parent_id: str = ""
    is_parent: bool = False
    price: Decimal | None = None
    currency: str = ""
    picture_url: str = ""
    quantity: int | None = None
    fulfillment_method: FulfillmentMethod = FulfillmentMethod.BY_SELLER
    barcodes: tuple[str, ...] = ()
    product_type: str = ""
    raw: dict[str, Any] = field(default_factory=dict, repr=False)
    handle: str = ""


@dataclass(frozen=True, slots=True)
class ChannelStock:
    """What a channel's own warehouse holds of a listing (FBA)."""

    listing_id: str
    product_id: str
    sellable: int
    reserved: int
    inbound: int
    unsellable: int
    marketplace: str = ""


@dataclass(frozen=True, slots=True)
class StockUpdate:
    """The quantity a listing shall show; ``product_type`` and ``handle`` as the platform named them."""

    marketplace: str
    listing_id: str
    quantity: int
    product_type: str = ""
    handle: str = ""


@dataclass(frozen=True, slots=True)
class PriceUpdate:
    """The price a listing shall have."""

    marketplace: str
    listing_id: str
    price: Decimal
    currency: str
    product_type: str = ""
    handle: str = ""


class Outcome(StrEnum):
    """How a write ended on the platform's side."""

    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StockResult:
    """How one update of a quantity or a price ended; ``ACCEPTED`` means queued, to be read back."""

    marketplace: str
    listing_id: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BatchTicket:
    """A batch the platform works on; ask again with ``reference``."""

    reference: str


@dataclass(frozen=True, slots=True)
class ShipmentNotice:
    """Tell the platform that goods left. ``reference`` is ours, unique in the order, digits only."""

    order_id: str
    marketplace: str
    reference: str
    carrier: str
    carrier_name: str
    service: str
    tracking_number: str
    shipped_at: datetime
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One field of the connect form, as the platform describes it; its texts are lazy translations."""

    key: str
    label: str | Promise
    secret: bool = False
    help: str | Promise = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One country site of a platform. ``lacks`` names permissions it works without, but shows less."""

    id: str
    country: str
    currency: str
    time_zone: str
    name: str
    lacks: tuple[str, ...] = ()
