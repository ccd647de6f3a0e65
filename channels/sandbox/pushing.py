"""Pushes from the market to the hub: who listens where, what is told, and the thread that sends it.

A dialect subscribes a seller's address when the platform is asked to (``subscribe``) and turns events into
its own signed messages (``Dialect.push``). Order events come by themselves from the orders a transaction
wrote; everything else is told with ``tell``. Nothing is sent before its transaction is committed, and never
under the world's lock.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from channels.sandbox import faults
from channels.sandbox.goods import stream
from channels.sandbox.market_clock import seconds
from channels.sandbox.orders import Order, find_order
from channels.sandbox.sellers import Seller
from channels.sandbox.store import read_meta, read_notes, write_meta, write_note
from channels.sandbox.wire import BadRequest

if TYPE_CHECKING:
    from channels.sandbox.world import World

ORDER_CREATED = "order_created"
ORDER_CHANGED = "order_changed"
TRACKING_GIVEN = "tracking_given"
RETURN_CHANGED = "return_changed"
LISTING_CHANGED = "listing_changed"
AUTHORIZATION_WITHDRAWN = "authorization_withdrawn"
BUYER_ERASED = "buyer_erased"
CHALLENGE = "challenge"
EVENTS = (
    ORDER_CREATED, ORDER_CHANGED, TRACKING_GIVEN, RETURN_CHANGED, LISTING_CHANGED,
    AUTHORIZATION_WITHDRAWN, BUYER_ERASED, CHALLENGE,
)  # fmt: skip

# fault: the share of all pushes it strikes by itself, unless the control switches say otherwise
DEFAULT_SHARES = {"push_duplicate": 0.05, "push_late": 0.03, "push_early": 0.02, "push_wrong_signature": 0.0}
LATE_SECONDS = 3.0
_CORE = "_pushes"
KEEP = 2000


@dataclass(frozen=True, slots=True)
class OutgoingPush:
    """One message in a platform's own form. ``url`` is the subscribed address, query and all."""

    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class ReadyPush:
    """A message to send: its row, and how many wall seconds it waits before it leaves."""

    number: int
    push: OutgoingPush
    wait: float = 0.0


def checked_address(address: str) -> str:
    """Return an address the market may send to: plain HTTP on this machine. Raises ``BadRequest``."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        local = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        local = False
    if parts.scheme != "http" or not local or parts.username is not None:
        raise BadRequest("The sandbox sends to http addresses on this machine only.")
    return address


def subscribe(*, world: "World", seller: Seller, address: str, topic: str = "") -> None:
    """Send a seller's events to an address from now on; a topic is the platform's own word, "" is all.

    Raises ``BadRequest`` for an address that is not on this machine.
    """
    write_note(world.db, _CORE, f"{seller.name}/{topic}", checked_address(address))
    world.subscriptions = read_subscriptions(world)


def unsubscribe(*, world: "World", seller: Seller, topic: str = "") -> None:
    """Send no more events of this topic."""
    write_note(world.db, _CORE, f"{seller.name}/{topic}", None)
    world.subscriptions = read_subscriptions(world)


def read_subscriptions(world: "World") -> dict[str, dict[str, str]]:
    """Return the addresses as they are stored: seller → topic → address."""
    found: dict[str, dict[str, str]] = {}
    for key, address in read_notes(world.db, _CORE, "").items():
        name, _, topic = key.partition("/")
        found.setdefault(name, {})[topic] = address
    return found


def address_of(*, world: "World", seller: Seller, topic: str = "") -> str | None:
    """Return where a topic's events go: its own address, else the one for everything, else ``None``."""
    topics = world.subscriptions.get(seller.name, {})
    return topics.get(topic) or topics.get("")


def read_shares(world: "World") -> dict[str, float]:
    """Return the share of pushes each fault strikes by itself."""
    return {**DEFAULT_SHARES, **json.loads(read_meta(world.db, "push_shares") or "{}")}


def write_shares(world: "World", shares: Mapping[str, float]) -> None:
    """Set shares, from 0 to 1. Raises ``ValueError`` for others."""
    for kind, share in shares.items():
        if kind not in DEFAULT_SHARES or not 0 <= share <= 1:
            raise ValueError(
                f"{kind} needs to be one of {', '.join(DEFAULT_SHARES)} with a share from 0 to 1"
            )
    write_meta(world.db, "push_shares", json.dumps({**read_shares(world), **shares}))


def tell(*, world: "World", seller: Seller, event: str, data: Mapping[str, Any]) -> bool:
    """Tell a subscribed seller's application of an event, after the transaction at hand is committed.

    Returns whether the platform has anything to say about it. Call it inside ``world.writing()``.
    """
    dialect = world.dialect(seller)
    if dialect.push is None or seller.name not in world.subscriptions:
        return False
    push = dialect.push(world, seller, event, data)
    if push is None:
        return False
    checked_address(push.url)
    fault, settings = _struck(world, seller)
    if fault == "push_wrong_signature":
        push = OutgoingPush(push.url, push.headers, push.body + b" ", push.method)
    cursor = world.db.execute(
        "insert into pushes (at, seller, event, method, url, headers, body, fault, tries, status, answer)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '')",
        (
            seconds(world.now), seller.name, event, push.method, push.url, json.dumps(dict(push.headers)),
            push.body, fault,
        ),
    )  # fmt: skip
    number = cursor.lastrowid or 0
    wait = float(settings.get("seconds", LATE_SECONDS)) if fault == "push_late" else 0.0
    world.ready_pushes.append(ReadyPush(number=number, push=push, wait=wait))
    if fault == "push_duplicate":
        world.ready_pushes.append(ReadyPush(number=number, push=push, wait=float(settings.get("seconds", 1))))
    if number % 200 == 0:
        world.db.execute("delete from pushes where id <= ?", (number - KEEP,))
    return True


def _struck(world: "World", seller: Seller) -> tuple[str, Mapping[str, Any]]:
    for kind in ("push_wrong_signature", "push_duplicate", "push_late"):
        fault = faults.take_kind(world=world, kind=kind, seller=seller.name, operation="push")
        if fault is not None:
            return kind, fault.settings
    number = world.db.execute("select coalesce(max(id), 0) as number from pushes").fetchone()["number"]
    luck = stream(world.seed, "push", number).random()
    for kind, share in read_shares(world).items():
        if kind != "push_early" and luck < share:
            return kind, {}
        luck -= share if kind != "push_early" else 0.0
    return "", {}


def _early(world: "World", seller: Seller, order_id: str) -> bool:
    fault = faults.take_kind(world=world, kind="push_early", seller=seller.name, operation="push")
    return fault is not None or (
        stream(world.seed, "push early", order_id).random() < read_shares(world)["push_early"]
    )


def withdraw(*, world: "World", seller: Seller) -> None:
    """Let the seller take the authorization back: tokens end, refreshing is refused until switched off."""
    world.db.execute("update tokens set revoked = 1 where seller = ?", (seller.name,))
    faults.switch_on(world=world, kind="revoked_grant", seller=seller.name)
    tell(world=world, seller=seller, event=AUTHORIZATION_WITHDRAWN, data={"at": seconds(world.now)})


def erase_buyer(*, world: "World", order: Order) -> None:
    """Let the buyer of an order ask for the erasure of their data; the application is told."""
    order.extra["erased"] = True
    data = {"order": order.id, "buyer": order.buyer["mail"]}
    tell(world=world, seller=world.sellers[order.seller], event=BUYER_ERASED, data=data)


def tell_of_orders(world: "World") -> None:
    """Tell of every order the transaction at hand wrote; of one nobody can read yet when it can be read."""
    saved, world.db.saved_orders = world.db.saved_orders, {}
    now = seconds(world.now)
    for order_id, is_new in saved.items():
        order = find_order(world.db, order_id)
        seller = world.sellers.get(order.seller) if order is not None else None
        if order is None or seller is None or seller.name not in world.subscriptions:
            continue
        if order.visible <= now:
            tell(world=world, seller=seller, event=ORDER_CREATED if is_new else ORDER_CHANGED,
                 data={"order": order.id})  # fmt: skip
        elif is_new and _early(world, seller, order.id):
            tell(world=world, seller=seller, event=ORDER_CREATED, data={"order": order.id})
        elif is_new:
            data = {"event": ORDER_CREATED, "order": order.id}
            world.schedule(at=order.visible, kind="tell", subject=seller.name, data=data)


def tell_when_due(world: "World", subject: str, data: Mapping[str, Any]) -> None:
    """Do the due work ``tell``: its subject is a seller, its data the event's with ``event`` beside them."""
    seller = world.sellers.get(subject)
    if seller is not None:
        rest = {name: value for name, value in data.items() if name != "event"}
        tell(world=world, seller=seller, event=str(data["event"]), data=rest)


def sent(*, world: "World", seller: str = "", event: str = "", limit: int = 200) -> list[dict[str, Any]]:
    """Return the last pushes, newest first; bodies as text."""
    rows = world.db.execute(
        "select * from pushes where (? = '' or seller = ?) and (? = '' or event = ?)"
        " order by id desc limit ?",
        (seller, seller, event, event, limit),
    )
    return [
        {**dict(row), "body": row["body"].decode("utf-8", "replace"), "headers": json.loads(row["headers"])}
        for row in rows
    ]
