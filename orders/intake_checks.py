"""Looking at an incoming order before anything is written: what no order may be, and what it weighs."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from channels import documents
from channels.messages import IncomingLine, IncomingOrder
from ecomhub.money import known_currencies

LARGEST_DOCUMENT = 1_000_000
_LARGEST_AMOUNT = Decimal(10) ** 15
_LARGEST_QUANTITY = 1_000_000
_AMOUNTS = ("charge", "discount", "shipping", "shipping_discount", "gift_wrap", "tax", "refunded")


class Unreadable(ValueError):
    """The order cannot be taken in; the text says why, without personal data."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """An incoming order with its raw document's bytes and their keyed hash.

    ``order_id`` is the order we have of it; ``is_same_time`` says that the platform gave both pictures the
    same time.
    """

    incoming: IncomingOrder
    document: bytes
    content_hash: bytes
    order_id: int | None = None
    is_same_time: bool = False


def weigh(*, incoming: IncomingOrder, order_id: int | None = None, is_same_time: bool = False) -> Weighed:
    """Return the order with the bytes and hash of its raw document. Raises ``Unreadable``."""
    document = documents.content(incoming.raw)
    if len(document) > LARGEST_DOCUMENT:
        raise Unreadable(f"the order is larger than {LARGEST_DOCUMENT // 1000} kB")
    mac = hashlib.blake2b(document, key=settings.ECOMHUB_BLIND_KEY, digest_size=32)
    return Weighed(incoming, document, mac.digest(), order_id, is_same_time)


def check(*, incoming: IncomingOrder) -> None:
    """Raise ``Unreadable`` for an order that could not be stored as what it is."""
    _check_text(incoming.external_id, name="order id", longest=120, needed=True)
    for instant in (incoming.placed_at, incoming.updated_at, incoming.paid_at, incoming.ship_by_at):
        _check_instant(instant)
    if incoming.currency not in known_currencies():
        raise Unreadable(f"{incoming.currency[:8]!r} is not a currency")
    _check_amounts([incoming.total])
    seen: set[str] = set()
    for line in incoming.lines:
        _check_line(line, seen)
    for text in (incoming.platform_status, incoming.shipping_service):
        _check_text(text, name="status or service")


def _check_line(line: IncomingLine, seen: set[str]) -> None:
    _check_text(line.external_id, name="line id", longest=80, needed=True)
    _check_text(line.listing_id, name="listing id", longest=120, needed=True)
    _check_text(line.title, name="title")
    if line.external_id in seen:
        raise Unreadable("two lines have the same id")
    seen.add(line.external_id)
    for quantity in (line.quantity, line.quantity_shipped, line.quantity_canceled):
        if not 0 <= quantity <= _LARGEST_QUANTITY:
            raise Unreadable(f"{quantity} is not a quantity")
    _check_amounts(getattr(line, name) for name in _AMOUNTS)


def _check_text(text: str, *, name: str, longest: int = 0, needed: bool = False) -> None:
    if needed and not text:
        raise Unreadable(f"the {name} is missing")
    if longest and len(text) > longest:
        raise Unreadable(f"the {name} is longer than {longest} characters")
    if "\x00" in text:
        raise Unreadable(f"the {name} contains a NUL character")
    if not text.isascii():
        text.encode()  # half a surrogate pair is no text; Postgres would stop the whole page for it


def _check_instant(instant: datetime | None) -> None:
    if instant is not None and instant.tzinfo is None:
        raise Unreadable("a time has no time zone")


def _check_amounts(amounts: Iterable[Decimal | None]) -> None:
    for amount in amounts:
        if not amount:
            continue
        exponent = amount.as_tuple().exponent
        if not isinstance(exponent, int) or abs(amount) >= _LARGEST_AMOUNT:
            raise Unreadable("an amount is out of range")
        if exponent < -4 and amount != amount.quantize(Decimal("0.0001")):
            raise Unreadable("an amount has more than four decimals")
