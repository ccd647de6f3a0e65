"""What every platform's adapter promises, as cases that run for each platform the registry knows.

A platform brings what the cases need to know about its wire format in a module ``examples``: beside its
``PLATFORM``, or in ``tests.channels.platforms.examples.<key>`` for the hub's own. It holds ``EXAMPLES``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from channels.adapter import Adapter, Capability, Platform
from channels.messages import BatchTicket, Connection, PriceUpdate, ShipmentNotice, StockUpdate
from channels.registry import platforms
from channels.shipping_messages import ArrangeRequest, CancelRequest, ShippingChoice, SplitRequest
from tests.answering import Reply

Json = dict[str, Any]
AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
HOSTILE_CODE = "../..//a?b=c&d#e%2F+ \"'<ä>{0}\\"
HOSTILE_TITLE = (
    "<script>alert(1)</script> {{ 7*7 }} ${x} '; DROP TABLE orders;-- \u202eevil\u202c =cmd|' /C calc'!A0 😀"
)
EXTRA_FIELD = {"brandNewField": {"nobody": ["knows", 1, None]}}


@dataclass(frozen=True)
class Step:
    """One exchange of a verb: the good answer, where its needed value stands, whether the call writes."""

    reply: Reply
    key: str = ""
    writes: bool = False
    is_bytes: bool = False


@dataclass(frozen=True)
class Verb:
    """One verb with the good answers of its calls, in order."""

    name: str
    call: Callable[[Adapter], object]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Examples:
    """A platform's wire format as far as the cases need it; every callable returns new objects.

    ``order_page`` is a page of orders as it is saved in a file, and as it is answered unless fetching one
    takes several exchanges: then ``order_exchanges`` makes them from orders and page token, as the other
    ``…_exchanges`` do for their verbs. ``listing_id`` and ``line_id`` name the example listing and line;
    ``code_names_listing`` is false where the platform's own number is a listing's id, not the seller's code;
    ``code_as_sent`` quotes a code the way it travels inside of a larger text.
    """

    credentials: Mapping[str, str]
    marketplaces: tuple[str, ...]
    order: Callable[[], Json]
    listing: Callable[[], Json]
    order_page: Callable[[Sequence[Any], str], Json]
    listing_page: Callable[[Sequence[Any], str], Json]
    single_order: Callable[[Json], Json]
    single_listing: Callable[[Json], Json]
    dressed: Callable[[Json, str, str], Json]
    token: Callable[[], Json]
    token_key: str
    expired: Callable[[], Reply]
    rejected: Callable[[], Reply]
    refused: Callable[[], Reply]
    page_token_refused: Callable[[], Reply]
    more: Mapping[str, Callable[[str], tuple[Step, ...]]] = field(default_factory=dict)
    order_exchanges: Callable[[Sequence[Any], str], tuple[Step, ...]] | None = None
    listing_exchanges: Callable[[Sequence[Any], str], tuple[Step, ...]] | None = None
    single_order_exchanges: Callable[[Json], tuple[Step, ...]] | None = None
    single_listing_exchanges: Callable[[Json], tuple[Step, ...]] | None = None
    listing_id: str = "A-1"
    line_id: str = "11"
    handle: str = ""
    code_names_listing: bool = True
    choice: ShippingChoice = field(default_factory=lambda: ShippingChoice("own_number", ""))
    cancel_reason: str = ""
    page_token: str = "a+b/c==&next=1 %2F"
    sent_page_token: str = ""
    statements_token: str = ""
    code_as_sent: Callable[[str], str] = str

    def order_steps(self, orders: Sequence[Any], token: str = "") -> tuple[Step, ...]:
        """Return the exchanges that bring a page of orders."""
        if self.order_exchanges is not None:
            return self.order_exchanges(orders, token)
        return (Step(reply(self.order_page(orders, token)), "orders"),)

    def listing_steps(self, listings: Sequence[Any], token: str = "") -> tuple[Step, ...]:
        """Return the exchanges that bring a page of listings."""
        if self.listing_exchanges is not None:
            return self.listing_exchanges(listings, token)
        page = self.listing_page(listings, token)
        return (Step(reply(page), _list_key(page)),)

    def single_order_steps(self, order: Json) -> tuple[Step, ...]:
        """Return the exchanges that bring one order."""
        if self.single_order_exchanges is not None:
            return self.single_order_exchanges(order)
        return (Step(reply(self.single_order(order)), "order"),)

    def single_listing_steps(self, listing: Json) -> tuple[Step, ...]:
        """Return the exchanges that bring one listing."""
        if self.single_listing_exchanges is not None:
            return self.single_listing_exchanges(listing)
        single = self.single_listing(listing)
        return (Step(reply(single), next(iter(single))),)


def replies(steps: Sequence[Step]) -> list[Reply]:
    """Return the good answers of some steps, in order."""
    return [step.reply for step in steps]


def subjects() -> dict[str, tuple[Platform, Examples]]:
    """Return every platform that is spoken to, with its examples. One without them fails the run."""
    found: dict[str, tuple[Platform, Examples]] = {}
    for key, one in platforms().items():
        if one.is_by_file:
            continue
        for dotted in (f"tests.channels.platforms.examples.{key}", f"tests.platforms_{key}.examples"):
            if _exists(dotted):
                found[key] = (one, import_module(dotted).EXAMPLES)
        assert key in found, f"platform {key} has no examples for the contract cases"
    return found


def _exists(dotted: str) -> bool:
    try:
        return find_spec(dotted) is not None
    except ModuleNotFoundError:
        return False


def connection(one: Platform, examples: Examples, base: str) -> Connection:
    """Return a connection of a platform that leads to a loopback address."""
    return Connection(
        account_uid="test",
        platform=one.key,
        endpoint=base,
        token_endpoint=f"{base}/token",
        seller_id="SELLER1",
        marketplaces=examples.marketplaces,
        credentials=dict(examples.credentials),
        access_token="access-1",
    )


def reply(data: Any, **options: Any) -> Reply:
    """Return data as a good JSON answer."""
    return Reply(body=json.dumps(data).encode(), **options)


def verbs(one: Platform, examples: Examples, base: str) -> dict[str, Verb]:
    """Return every verb the platform offers."""
    place, listing = examples.marketplaces[0], examples.listing_id
    update = StockUpdate(place, listing, 7, "SHIRT", handle=examples.handle)
    notice = ShipmentNotice(
        order_id="123-1", marketplace=place, reference="1", carrier="dhl", carrier_name="DHL", service="",
        tracking_number="T1", shipped_at=AT, lines=((examples.line_id, 1),),
    )  # fmt: skip
    calls: dict[str, Callable[[Adapter], object]] = {
        "refresh_token": lambda adapter: adapter.refresh_token(),
        "check": lambda adapter: adapter.check(),
    }
    steps: dict[str, tuple[Step, ...]] = {
        "refresh_token": (Step(reply(examples.token()), examples.token_key),),
        **{name: make(base) for name, make in examples.more.items()},
    }
    if Capability.ORDERS in one.capabilities:
        calls["fetch_orders"] = lambda adapter: adapter.fetch_orders(
            updated_from=AT - timedelta(hours=1), updated_to=AT, page_token=""
        )
        calls["fetch_order"] = lambda adapter: adapter.fetch_order(order_id="123-1")
        steps["fetch_orders"] = examples.order_steps([examples.order()])
        steps["fetch_order"] = examples.single_order_steps(examples.order())
    if Capability.LISTINGS in one.capabilities:
        calls["fetch_listings"] = lambda adapter: adapter.fetch_listings(marketplace=place, page_token="")
        calls["fetch_listing"] = lambda adapter: adapter.fetch_listing(marketplace=place, listing_id=listing)
        steps["fetch_listings"] = examples.listing_steps([examples.listing()])
        steps["fetch_listing"] = examples.single_listing_steps(examples.listing())
    if Capability.CHANNEL_STOCK in one.capabilities:
        calls["fetch_channel_stock"] = lambda a: a.fetch_channel_stock(marketplace=place, page_token="")
    if Capability.PUSH_STOCK in one.capabilities:
        calls["push_stock"] = lambda adapter: adapter.push_stock(update=update)
    if Capability.PUSH_STOCK_BATCH in one.capabilities:
        calls["push_stock_batch"] = lambda adapter: adapter.push_stock_batch(updates=[update])
        calls["batch_results"] = lambda a: a.batch_results(ticket=BatchTicket(reference=f"{place}:1"))
    if Capability.CONFIRM_SHIPMENT in one.capabilities:
        calls["confirm_shipment"] = lambda adapter: adapter.confirm_shipment(notice=notice)
    calls |= _further_calls(one, examples, place)
    return {name: Verb(name, call, steps[name]) for name, call in calls.items()}


def _further_calls(one: Platform, examples: Examples, place: str) -> dict[str, Callable[[Adapter], object]]:
    """Return the calls whose exchanges a platform brings in ``more`` under the verb's name."""
    found: dict[str, Callable[[Adapter], object]] = {}
    currency = next(market.currency for market in one.marketplaces if market.id == place)
    price = PriceUpdate(place, examples.listing_id, Decimal(20), currency, handle=examples.handle)
    order = {"order_id": "123-1", "package": ""}
    arrange = ArrangeRequest(
        order_id="123-1", marketplace=place, package="", choice=examples.choice, tracking_number="T1",
        lines=((examples.line_id, 1),),
    )  # fmt: skip
    split = SplitRequest(order_id="123-1", marketplace=place, lines=((examples.line_id, 1),))
    cancel = CancelRequest(order_id="123-1", marketplace=place, reason=examples.cancel_reason)
    if Capability.PUSH_PRICE in one.capabilities:
        found["push_price"] = lambda adapter: adapter.push_price(update=price)
    if Capability.ARRANGE_SHIPMENT in one.capabilities:
        found["shipping_choices"] = lambda adapter: adapter.shipping_choices(**order)
        found["arrange_shipment"] = lambda adapter: adapter.arrange_shipment(request=arrange)
        found["fetch_tracking"] = lambda adapter: adapter.fetch_tracking(**order)
        found["fetch_document"] = lambda adapter: adapter.fetch_document(**order)
    if Capability.SPLIT_ORDER in one.capabilities:
        found["split_order"] = lambda adapter: adapter.split_order(request=split)
    if Capability.CANCEL_ORDER in one.capabilities:
        found["cancel_order"] = lambda adapter: adapter.cancel_order(request=cancel)
    if Capability.ANSWER_CANCEL in one.capabilities:
        found["answer_cancel"] = lambda adapter: adapter.answer_cancel(order_id="123-1", accept=True)
    if Capability.RETURNS in one.capabilities:
        found["fetch_returns"] = lambda adapter: adapter.fetch_returns(
            updated_from=AT - timedelta(hours=1), updated_to=AT, page_token=""
        )
    if Capability.STATEMENTS in one.capabilities:
        found["fetch_statements"] = lambda adapter: adapter.fetch_statements(
            created_from=AT - timedelta(hours=1), created_to=AT, page_token=examples.statements_token
        )
    if Capability.SUBSCRIBE in one.capabilities:
        found["subscribe"] = lambda adapter: adapter.subscribe(address="https://hub.example/push")
    return found


def _list_key(page: Json) -> str:
    return next(name for name, value in page.items() if isinstance(value, list))


HTML = "text/html; charset=utf-8"
PAGE_503 = b"<html><body><h1>Service Unavailable</h1></body></html>"


def bad_replies(step: Step) -> Iterator[tuple[str, Reply]]:
    """Yield (name, answer) for everything that must never be taken for the step's good answer."""
    good = step.reply
    yield "html_503", Reply(503, PAGE_503, HTML)
    yield "html_429", Reply(429, PAGE_503, HTML)
    yield "empty_500", Reply(500, b"", "")
    yield "message_504", Reply(504, b'{"message": "Endpoint request timed out"}')
    yield "message_403", Reply(403, b'{"message": "Forbidden"}')
    yield "redirect", Reply(302, b"", "", headers={"Location": "/elsewhere"})
    yield "hang_up", Reply(hangs_up=True)
    yield "drip", replace(good, status=200, body=(good.body or b"{}") + b" " * 4096, drip_seconds=0.05)
    if step.is_bytes:
        return
    yield "empty_200", Reply(200, b"")
    yield "nothing_200", Reply(200, b"", "")
    yield "truncated_json", replace(good, status=200, body=(good.body or b'{"a": 1}')[:-3])
    yield "cut_off", replace(good, status=200, body=good.body[:-3], length=len(good.body) or 9)
    yield "wrong_content_type", replace(good, status=200, content_type=HTML)
    yield "message_200", Reply(200, b'{"message": "Internal server error"}')
    yield "null", Reply(200, b"null")
    yield "list", Reply(200, b"[]")
    yield "not_utf8", Reply(200, b'{"a": "\xff"}')
    yield "nan", Reply(200, b'{"orders": NaN}')
    yield "endless_nesting", Reply(200, b"[" * 200_000)
    yield "body_25mb", Reply(200, b'{"filler": "' + b"x" * (25 * 1024 * 1024) + b'"}')
    if step.key:
        yield "no_content_204", Reply(204, b"", "", length=None)
        yield "missing_key", replace(good, body=json.dumps(without(good, step.key)).encode())
        yield "null_key", replace(good, body=json.dumps(without(good, step.key, null=True)).encode())


def without(good: Reply, key: str, *, null: bool = False) -> Json:
    """Return a good answer's data without the value at a dotted place, or with null there."""
    data: Json = json.loads(good.body)
    *way, last = key.split(".")
    inner = data
    for name in way:
        inner = inner[name]
    if null:
        inner[last] = None
    else:
        del inner[last]
    return data
