"""Spoiled payloads of Shopee's: out comes a message that can be stored, a bad item or a channel error."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.adapter import Adapter, ChannelError
from channels.messages import IncomingListing, Page
from channels.platforms.shopee import PLATFORM
from channels.platforms.shopee.mapping_returns import read_returns
from channels.shipping_messages import ShippingChoice
from tests.answering import Answering, Reply, answering
from tests.channels.platforms.contract import connection, replies, reply
from tests.channels.platforms.examples import shopee
from tests.channels.platforms.examples.shopee import EXAMPLES, ITEM, MODEL, SG
from tests.channels.platforms.test_mutations import (
    OFTEN,
    changed,
    judge_file,
    no_nan,
    refuse_unstorable,
    refuse_wrong_bad,
    refuse_wrong_listing,
    spoiled,
)


@pytest.fixture(scope="module")
def server() -> Iterator[Answering]:
    with answering() as running:
        yield running


@pytest.fixture(autouse=True)
def sandbox_is_the_server(server: Answering, settings: Any) -> None:
    settings.ECOMHUB_SANDBOX_URL = server.url


def adapter_at(server: Answering) -> Adapter:
    return PLATFORM.build(connection(PLATFORM, EXAMPLES, server.url), None)


def rich_order() -> dict[str, Any]:
    """An order with every part the mapping reads."""
    package = shopee.order()["package_list"][0] | {"logistics_status": "LOGISTICS_PICKUP_DONE"}
    return shopee.order() | {"package_list": [package], "edt": {"edt_to": 1780358399}, "buyer_cpf_id": "1"}


def test_every_place_of_an_order_with_every_hostile_value() -> None:
    judged = 0
    for value in changed(lambda: shopee.order_page([rich_order()], "")):
        judge_file(PLATFORM, value)
        judged += 1
    assert judged > 500


@OFTEN
@given(value=spoiled(rich_order))
def test_spoiled_order(value: Any) -> None:
    judge_file(PLATFORM, {"response": {"order_list": [value]}})


@OFTEN
@given(value=spoiled(lambda: [shopee.order_page([rich_order()], ""), rich_order()]))
def test_spoiled_mixture_of_files(value: Any) -> None:
    judge_file(PLATFORM, value)


@OFTEN
@given(value=spoiled(lambda: copy.deepcopy(shopee.RETURN)))
def test_spoiled_return(value: Any) -> None:
    items, bad = read_returns([value])
    for item in items:
        refuse_unstorable(item)
        assert item.external_id
        assert item.order_id
        assert item.quantity >= 0
        assert len(item.status) <= 40
        assert len(item.reason) <= 200
    for one in bad:
        refuse_wrong_bad(one)


def said(server: Answering, *values: Any) -> None:
    server.says(*(reply(value) if no_nan(value) else Reply(200, b"{}") for value in values))


def judge_listings(page: Page[IncomingListing]) -> None:
    for listing in page.items:
        refuse_wrong_listing(listing)
        refuse_unstorable(listing.handle)
    for item in page.bad:
        refuse_wrong_bad(item)


@settings(OFTEN, max_examples=60)
@given(
    value=spoiled(lambda: [json.loads(r.body) for r in replies(EXAMPLES.listing_steps([shopee.listing()]))])
)
def test_spoiled_page_of_listings(server: Answering, value: Any) -> None:
    if not isinstance(value, list) or not value:
        return
    said(server, *value)
    try:
        page = adapter_at(server).fetch_listings(marketplace=SG, page_token="")
    except ChannelError:
        return
    judge_listings(page)


@settings(OFTEN, max_examples=60)
@given(value=spoiled(lambda: [json.loads(r.body) for r in replies(EXAMPLES.order_steps([rich_order()]))]))
def test_spoiled_page_of_orders(server: Answering, value: Any) -> None:
    if not isinstance(value, list) or not value:
        return
    said(server, *value)
    adapter = adapter_at(server)
    try:
        adapter.fetch_order(order_id="123-1")
    except ChannelError:
        return


@settings(OFTEN, max_examples=60)
@given(
    verb=st.sampled_from(["shipping_choices", "fetch_tracking", "push_stock"]),
    data=st.data(),
)
def test_spoiled_answers_of_other_verbs(server: Answering, verb: str, data: st.DataObject) -> None:
    good = [json.loads(r.body) for r in replies(EXAMPLES.more[verb](server.url))]
    value = data.draw(spoiled(lambda: copy.deepcopy(good)))
    if not isinstance(value, list) or not value:
        return
    said(server, *value)
    adapter = adapter_at(server)
    try:
        if verb == "shipping_choices":
            for choice in adapter.shipping_choices(order_id="123-1", package=""):
                assert isinstance(choice, ShippingChoice)
                refuse_unstorable(choice.label)
                assert all(isinstance(text, str) for text in choice.parameters.values())
        elif verb == "fetch_tracking":
            refuse_unstorable(adapter.fetch_tracking(order_id="123-1", package="").tracking_number)
        else:
            adapter.fetch_listing(marketplace=SG, listing_id=f"{ITEM}-{MODEL}")
    except ChannelError:
        return
