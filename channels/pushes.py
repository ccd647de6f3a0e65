"""What platforms push to us: a hint that something changed, proven by its signature, fetched afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from channels.messages import Connection


@dataclass(frozen=True, slots=True)
class PushRequest:
    """A request as it came in: ``headers`` with lower-case names, ``url`` as the platform knows it."""

    method: str
    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PushReply:
    """What the platform wants to hear at once, where it is more than an empty 200."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"


class About(StrEnum):
    """What a push is about."""

    ORDER = "order"
    LISTING = "listing"
    RETURN = "return"
    AUTHORIZATION = "authorization"
    ERASURE = "erasure"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Push:
    """One event. ``event_id`` is the platform's own, or a hash of what repeats with a repeated event.

    ``external_ids`` name the orders or listings to fetch; for ``ERASURE`` they are the orders or, with
    ``buyer_ids``, the people whose data must go (``IncomingBuyer.id`` or e-mail addresses), ``("*",)`` as
    orders all of the account's; for ``AUTHORIZATION`` the seller withdrew it. ``seller_id`` is given where
    one address serves all sellers of an application: the push is then that account's, if it is proven for it
    too. ``at`` is the signed time.
    """

    event_id: str
    topic: str
    about: About
    external_ids: tuple[str, ...] = ()
    buyer_ids: tuple[str, ...] = ()
    at: datetime | None = None
    seller_id: str = ""


class BadSignature(Exception):
    """The push was not proven; nothing of it may have an effect."""


@dataclass(frozen=True, slots=True)
class Pushes:
    """How a platform pushes.

    ``verify`` raises ``BadSignature``; it sees the account's connection (its secrets) and the wall clock's
    instant and reads nothing but what it needs for the proof. ``read`` is called only after it and raises
    ``ValueError`` for what it cannot read. ``greet`` answers a platform's challenge, ``None`` when the
    request is none. A push older than ``fresh_for`` by its signed time is refused.
    """

    verify: Callable[[PushRequest, Connection, datetime], None]
    read: Callable[[PushRequest], tuple[Push, ...]]
    greet: Callable[[PushRequest, Connection], PushReply | None] | None = None
    fresh_for: timedelta = timedelta(minutes=5)
