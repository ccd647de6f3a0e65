"""Spoiled payloads of every kind: out comes a message that can be stored, a bad item or a channel error."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from channels.adapter import Adapter, ChannelError, Platform
from channels.messages import BadItem, IncomingLine, IncomingListing, IncomingOrder
from channels.platforms.amazon import PLATFORM as AMAZON
from channels.platforms.amazon.mapping_listings import read_listing, read_stock
from channels.reading import parse_json, read_each
from tests.answering import Answering, Reply, answering
from tests.channels.platforms.contract import AT, connection
from tests.channels.platforms.examples import amazon, amazon_v0
from tests.platforms_fake import PLATFORM as FAKE
from tests.platforms_fake import examples as fake

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-3, max_value=3),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["", " ", "\x00", "\ud800", "\u202e", "12,3O", "1e400", "-0", "1.00005", "NaN", "٣", "null", "[]",
         "9" * 30, "x" * 5000, "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00",
         "2026-06-01T00:00:00", "¤¤¤", "JPY", "..", "TELEPORTED"]
    ),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
OFTEN = settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def places(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to every value inside of an object."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inside:
        yield (*way, name)
        yield from places(part, (*way, name))


@st.composite
def spoiled(draw: st.DrawFn, make: Callable[[], Any]) -> Any:
    """Return an object with one to four places dropped, replaced, doubled or given more."""
    found = make()
    for _ in range(draw(st.integers(1, 4))):
        ways = sorted(places(found), key=str)
        if not ways:
            break
        *way, last = draw(st.sampled_from(ways))
        inner = found
        for name in way:
            inner = inner[name]
        match draw(st.sampled_from(["drop", "replace", "double", "more"])):
            case "drop":
                del inner[last]
            case "replace":
                inner[last] = draw(VALUES)
            case "double":
                inner[last] = [copy.deepcopy(inner[last]), copy.deepcopy(inner[last])]
            case _ if isinstance(inner, dict):
                inner[draw(st.text(max_size=6))] = draw(VALUES)
            case _:
                inner.insert(int(last), draw(VALUES))
    return found


def refuse_unstorable(value: Any, place: str = "message") -> None:
    """Fail on anything in a message that the hub's tables and files could not hold."""
    match value:
        case bool() | int() | None:
            assert value is None or abs(int(value)) < 2**31, place
        case str():
            assert "\x00" not in value, place
            value.encode()
        case Decimal():
            assert value == value.quantize(Decimal("0.0001")), place
            assert abs(value) < 10**15, place
        case datetime():
            assert value.utcoffset() == timedelta(0), place
        case tuple() | list():
            for part in value:
                refuse_unstorable(part, place)
        case _ if is_dataclass(value):
            for field in fields(value):
                part = getattr(value, field.name)
                if field.name == "raw":
                    json.dumps(part)
                else:
                    refuse_unstorable(part, f"{place}.{field.name}")
        case _:
            pytest.fail(f"{place} is a {type(value).__name__}")


def refuse_wrong_order(order: IncomingOrder) -> None:
    refuse_unstorable(order)
    assert order.external_id
    assert order.marketplace
    assert len(order.currency) == 3
    assert len(order.platform_status) <= 60
    assert len(order.shipping_service) <= 80
    assert len(order.country) in (0, 2)
    for line in order.lines:
        refuse_wrong_line(line)
    assert len({line.external_id for line in order.lines}) == len(order.lines)


def refuse_wrong_line(line: IncomingLine) -> None:
    assert 0 < len(line.external_id) <= 80
    assert 0 < len(line.listing_id) <= 120
    assert len(line.title) <= 500
    assert min(line.quantity, line.quantity_shipped, line.quantity_canceled) >= 0
    assert line.quantity_shipped + line.quantity_canceled <= line.quantity
    assert min(line.charge or 0, line.discount, line.shipping, line.shipping_discount, line.gift_wrap) >= 0


def refuse_wrong_bad(item: BadItem) -> None:
    assert 0 < len(item.external_id) <= 120
    assert item.reason
    refuse_unstorable((item.external_id,))
    json.dumps(item.raw)


def judge_file(one: Platform, value: Any) -> None:
    try:
        found = one.read_order_files(json.dumps(value).encode())
    except ChannelError:
        return
    for order in found.page.items:
        refuse_wrong_order(order)
    for item in found.page.bad:
        refuse_wrong_bad(item)


HOSTILE: tuple[Any, ...] = (
    ..., None, True, False, 0, -1, 1, 2, 3, 10**6 + 1, 10**30, 1.5, -0.0, 1e300, [], {}, [None], [[]],
    {"a": 1}, "", " ", "\x00", "a\x00b", "\ud800", "é\udfff", "\u202ex", "x" * 61, "x" * 121, "x" * 501,
    "12,3O", "1e400", "-0", "-1", "1.00005", "1e-9", "NaN", "Infinity", "٣", "1_0", "9" * 30, "EUR", "JPY",
    "¤¤¤", "true", "TELEPORTED", "CANCELLED", "Canceled", "PENDING", "yesterday", "2026-06-01",
    "2026-06-01T00:00:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00",
    "2026-06-01T00:00:00+23:59",
)  # fmt: skip


def changed(make: Callable[[], Any]) -> Iterator[Any]:
    """Yield an object with each of its places taken away, written over, and put twice."""
    for way in places(make()):
        for value in HOSTILE:
            found = make()
            *before, last = way
            inner = found
            for name in before:
                inner = inner[name]
            if value is ...:
                del inner[last]
            else:
                inner[last] = copy.deepcopy(value)
            yield found
        found = make()
        inner = found
        for name in way[:-1]:
            inner = inner[name]
        if isinstance(inner, list):
            inner.append(copy.deepcopy(inner[int(way[-1])]))
            yield found


@pytest.mark.parametrize(
    ("one", "make"),
    [
        (AMAZON, lambda: {"orders": [amazon.order()]}),
        (AMAZON, lambda: {"Orders": [amazon_v0.order() | {"OrderItems": [amazon_v0.item()]}]}),
        (FAKE, lambda: {"orders": [fake.order()]}),
    ],
)
def test_every_place_of_an_order_with_every_hostile_value(one: Platform, make: Callable[[], Any]) -> None:
    judged = 0
    for value in changed(make):
        judge_file(one, value)
        judged += 1
    assert judged > 500


def test_every_place_of_a_listing_with_every_hostile_value() -> None:
    for value in changed(lambda: [amazon.listing()]):
        listings, bad = read_each(value, read=lambda raw: read_listing(raw, amazon.US), id_key="sku")
        for listing in listings:
            refuse_wrong_listing(listing)
        for item in bad:
            refuse_wrong_bad(item)


@OFTEN
@given(value=spoiled(amazon.order))
def test_spoiled_amazon_order(value: Any) -> None:
    judge_file(AMAZON, {"orders": [value]})


@OFTEN
@given(value=spoiled(lambda: amazon_v0.order() | {"OrderItems": [amazon_v0.item()]}))
def test_spoiled_old_amazon_order(value: Any) -> None:
    judge_file(AMAZON, {"payload": {"Orders": [value]}})


@OFTEN
@given(
    value=spoiled(
        lambda: [
            amazon.order_page([amazon.order()], "t"),
            amazon_v0.page(amazon_v0.order()),
            amazon_v0.items_answer(),
        ]
    )
)
def test_spoiled_mixture_of_amazon_files(value: Any) -> None:
    judge_file(AMAZON, value)


@OFTEN
@given(value=spoiled(fake.order))
def test_spoiled_fake_order(value: Any) -> None:
    judge_file(FAKE, {"orders": [value]})


@OFTEN
@given(value=spoiled(amazon.listing))
def test_spoiled_amazon_listing(value: Any) -> None:
    value = parse_json(json.dumps(value, allow_nan=False).encode()) if no_nan(value) else {}
    listings, bad = read_each([value], read=lambda raw: read_listing(raw, amazon.US), id_key="sku")
    for listing in listings:
        refuse_wrong_listing(listing)
    for item in bad:
        refuse_wrong_bad(item)


def no_nan(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def refuse_wrong_listing(listing: IncomingListing) -> None:
    refuse_unstorable(listing)
    assert 0 < len(listing.listing_id) <= 120
    assert len(listing.title) <= 500
    assert len(listing.status) <= 40
    assert len(listing.picture_url) <= 500
    assert len(listing.product_id) <= 60
    assert len(listing.parent_id) <= 120
    assert (listing.quantity or 0) >= 0


@OFTEN
@given(value=spoiled(lambda: copy.deepcopy(amazon.STOCK)))
def test_spoiled_amazon_stock(value: Any) -> None:
    stocks, bad = read_each([value], read=lambda raw: read_stock(raw, amazon.US), id_key="sellerSku")
    for stock in stocks:
        refuse_unstorable(stock)
        assert min(stock.sellable, stock.reserved, stock.inbound, stock.unsellable) >= 0
    for item in bad:
        refuse_wrong_bad(item)


@pytest.fixture(scope="module")
def server() -> Iterator[Answering]:
    with answering() as running:
        yield running


PAGE = json.dumps(amazon.order_page([amazon.order()], "token")).encode()


@settings(OFTEN, max_examples=100)
@given(
    cuts=st.lists(
        st.tuples(st.integers(0, len(PAGE) - 1), st.integers(0, 40), st.binary(max_size=12)),
        min_size=1,
        max_size=3,
    ),
    status=st.sampled_from([200, 200, 200, 400, 403, 429, 500]),
)
@example(cuts=[(0, len(PAGE), b"[" * 100_000)], status=200)
@example(cuts=[(0, len(PAGE), b'{"orders": "' + b"9" * 5000 + b'"}')], status=200)
@example(cuts=[(0, len(PAGE), b'{"orders": [], "x": ' + b"9" * 5000 + b"}")], status=200)
@example(cuts=[(0, len(PAGE), b'{"orders": [], "pagination": [1]}')], status=200)
@example(cuts=[(0, len(PAGE), b'{"orders": [], "pagination": {"nextToken": 7}}')], status=200)
@example(cuts=[(0, len(PAGE), b'{"orders": [], "lastUpdatedBefore": "soon"}')], status=200)
def test_spoiled_bytes_of_a_page(server: Answering, cuts: list[tuple[int, int, bytes]], status: int) -> None:
    body = PAGE
    for place, length, put in cuts:
        body = body[:place] + put + body[place + length :]
    server.says(Reply(status, body))
    adapter = adapter_at(server)
    try:
        page = adapter.fetch_orders(updated_from=AT - timedelta(hours=1), updated_to=AT, page_token="")
    except ChannelError:
        return
    assert status == 200
    for order in page.items:
        refuse_wrong_order(order)
    for item in page.bad:
        refuse_wrong_bad(item)


@pytest.fixture(autouse=True)
def sandbox_is_the_server(server: Answering, settings: Any) -> None:
    settings.ECOMHUB_SANDBOX_URL = server.url


def adapter_at(server: Answering) -> Adapter:
    return AMAZON.build(connection(AMAZON, amazon.EXAMPLES, server.url), None)
