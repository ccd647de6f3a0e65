"""Spoiled payloads of eBay's: out comes a message that can be stored, a bad item or a channel error."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from channels.adapter import ChannelError
from channels.platforms.ebay import PLATFORM, mapping_trading
from channels.platforms.ebay.mapping_listings import read_items
from channels.platforms.ebay.xml_reading import as_object, parse_xml
from channels.reading import read_each
from tests.channels.platforms.examples import ebay
from tests.channels.platforms.examples.ebay_trading import saved, trading_order
from tests.channels.platforms.test_mutations import (
    OFTEN,
    changed,
    judge_file,
    refuse_wrong_bad,
    refuse_wrong_listing,
    refuse_wrong_order,
    spoiled,
)


def variations() -> dict[str, Any]:
    """An item with variations, as the guard hands it on."""
    pair = {"Name": "Color", "Value": ["Blue", "Green"]}
    part = {
        "SKU": "A-2",
        "StartPrice": {"currencyID": "USD", "value": "19.9"},
        "Quantity": "9",
        "VariationSpecifics": {"NameValueList": pair},
        "SellingStatus": {"QuantitySold": "2"},
    }
    return {
        "ItemID": "2", "Title": "Towel", "Site": "US", "SellingStatus": {"ListingStatus": "Active"},
        "Variations": {"Variation": [part, {**part, "SKU": ""}]},
    }  # fmt: skip


_SINGLE: dict[str, Any] = as_object(parse_xml(ebay.active_list([ebay.listing()]).body))
_ORDER: dict[str, Any] = as_object(parse_xml(saved(trading_order())))["OrderArray"]["Order"]


def single() -> dict[str, Any]:
    """An item without variations, as the guard hands it on."""
    found: dict[str, Any] = copy.deepcopy(_SINGLE["ActiveList"]["ItemArray"]["Item"])
    return found


def judge_items(value: Any) -> None:
    listings, bad = read_items([value], marketplace=ebay.US)
    for listing in listings:
        refuse_wrong_listing(listing)
    for item in bad:
        refuse_wrong_bad(item)


def test_every_place_of_an_order_with_every_hostile_value() -> None:
    judged = 0
    for value in changed(lambda: {"orders": [ebay.order()], "total": 1}):
        judge_file(PLATFORM, value)
        judged += 1
    assert judged > 500


@pytest.mark.parametrize("make", [single, variations])
def test_every_place_of_an_item_with_every_hostile_value(make: Callable[[], Any]) -> None:
    for value in changed(lambda: [make()]):
        for one in value:
            judge_items(one)


def test_every_place_of_a_trading_order_with_every_hostile_value() -> None:
    for value in changed(lambda: [copy.deepcopy(_ORDER)]):
        items, bad = read_each(value, read=mapping_trading.read_order, id_key="OrderID")
        for order in items:
            refuse_wrong_order(order)
        for item in bad:
            refuse_wrong_bad(item)


@OFTEN
@given(value=spoiled(ebay.order))
def test_spoiled_order(value: Any) -> None:
    judge_file(PLATFORM, {"orders": [value]})


@OFTEN
@given(value=spoiled(variations))
def test_spoiled_item(value: Any) -> None:
    judge_items(json.loads(json.dumps(value)))


@OFTEN
@given(value=spoiled(lambda: {"body": list(saved(trading_order()))}))
def test_spoiled_bytes_of_a_saved_answer(value: Any) -> None:
    body = value.get("body")
    letters = [one for one in body if type(one) is int and 0 <= one < 256] if isinstance(body, list) else []
    try:
        found = PLATFORM.read_order_files(bytes(letters))
    except ChannelError:
        return
    for order in found.page.items:
        refuse_wrong_order(order)
