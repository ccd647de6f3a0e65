"""What every platform's adapter promises, as cases that run for each platform the registry knows.

A platform brings what the cases need to know about its wire format in a module ``examples``: beside its
``PLATFORM``, or in ``tests.channels.platforms.examples.<key>`` for the hub's own. It holds ``EXAMPLES``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from channels.adapter import Adapter, Capability, Platform
from channels.messages import BatchTicket, Connection, ShipmentNotice, StockUpdate
from channels.registry import platforms
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
    """A platform's wire format as far as the cases need it; every callable returns new objects."""

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


def subjects() -> dict[str, tuple[Platform, Examples]]:
    """Return every registered platform with its examples. A platform without them fails the run."""
    found: dict[str, tuple[Platform, Examples]] = {}
    for key, one in platforms().items():
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
    place = examples.marketplaces[0]
    update = StockUpdate(place, "A-1", 7, "SHIRT")
    notice = ShipmentNotice(
        order_id="123-1", marketplace=place, reference="1", carrier="dhl", carrier_name="DHL", service="",
        tracking_number="T1", shipped_at=AT, lines=(("11", 1),),
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
        steps["fetch_orders"] = (Step(reply(examples.order_page([examples.order()], "")), "orders"),)
        steps["fetch_order"] = (Step(reply(examples.single_order(examples.order())), "order"),)
    if Capability.LISTINGS in one.capabilities:
        page = examples.listing_page([examples.listing()], "")
        calls["fetch_listings"] = lambda adapter: adapter.fetch_listings(marketplace=place, page_token="")
        calls["fetch_listing"] = lambda adapter: adapter.fetch_listing(marketplace=place, listing_id="A-1")
        steps["fetch_listings"] = (Step(reply(page), _list_key(page)),)
        single = examples.single_listing(examples.listing())
        steps["fetch_listing"] = (Step(reply(single), next(iter(single))),)
    if Capability.CHANNEL_STOCK in one.capabilities:
        calls["fetch_channel_stock"] = lambda a: a.fetch_channel_stock(marketplace=place, page_token="")
    if Capability.PUSH_STOCK in one.capabilities:
        calls["push_stock"] = lambda adapter: adapter.push_stock(update=update)
    if Capability.PUSH_STOCK_BATCH in one.capabilities:
        calls["push_stock_batch"] = lambda adapter: adapter.push_stock_batch(updates=[update])
        calls["batch_results"] = lambda a: a.batch_results(ticket=BatchTicket(reference=f"{place}:1"))
    if Capability.CONFIRM_SHIPMENT in one.capabilities:
        calls["confirm_shipment"] = lambda adapter: adapter.confirm_shipment(notice=notice)
    return {name: Verb(name, call, steps[name]) for name, call in calls.items()}


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
