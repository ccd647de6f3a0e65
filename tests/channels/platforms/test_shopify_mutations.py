"""Spoiled payloads of Shopify: out comes what can be stored, a bad item, or an error of the family."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from channels.platforms.shopify import PLATFORM
from channels.platforms.shopify.mapping_listings import read_listings
from channels.reading import Unreadable, parse_json
from tests.channels.platforms.examples import shopify, shopify_rest
from tests.channels.platforms.test_mutations import (
    OFTEN,
    changed,
    judge_file,
    no_nan,
    refuse_wrong_bad,
    refuse_wrong_listing,
    spoiled,
)


def whole_order() -> Any:
    back = json.loads(json.dumps(shopify.BACK))
    return shopify.order() | {"refunds": back["refunds"], "returns": back["returns"]}


@pytest.mark.parametrize("make", [whole_order, shopify_rest.order])
def test_every_place_of_an_order_with_every_hostile_value(make: Callable[[], Any]) -> None:
    judged = 0
    for value in changed(lambda: {"orders": [make()]}):
        judge_file(PLATFORM, value)
        judged += 1
    assert judged > 500


def judge_listings(data: Any, variants: Any) -> None:
    try:
        listings, bad = read_listings(data, variants, location="")
    except (Unreadable, RecursionError):
        return
    for listing in listings:
        refuse_wrong_listing(listing)
        assert len(listing.handle) <= 300
    for item in bad:
        refuse_wrong_bad(item)


def test_every_place_of_a_listing_with_every_hostile_value() -> None:
    for value in changed(lambda: [shopify.listing()]):
        judge_listings({"shop": {"currencyCode": "USD"}}, value)


@OFTEN
@given(value=spoiled(whole_order))
def test_spoiled_order(value: Any) -> None:
    judge_file(PLATFORM, {"orders": [value]})


@OFTEN
@given(value=spoiled(shopify_rest.order))
def test_spoiled_old_order(value: Any) -> None:
    judge_file(PLATFORM, value)


@OFTEN
@given(value=spoiled(shopify.listing))
def test_spoiled_listing(value: Any) -> None:
    if no_nan(value):
        value = parse_json(json.dumps(value, allow_nan=False).encode())
        judge_listings({"shop": {"currencyCode": "USD"}}, [value])
