"""Shopee's divided orders: which package is whose, what is sent, and what the shop is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from channels.adapter import Adapter, Refused, RetryLater
from channels.platforms.shopee import PLATFORM
from channels.shipping_messages import SplitRequest
from tests.answering import Answering, Reply, answering
from tests.channels.platforms.contract import connection, reply
from tests.channels.platforms.examples.shopee import (
    EXAMPLES,
    ITEM,
    MODEL,
    SG,
    divided,
    envelope,
    order,
    order_page,
    problem,
)

LINE = f"{ITEM}-{MODEL}"
OTHER = f"{ITEM}-7"


@pytest.fixture
def server(settings: Settings) -> Iterator[Answering]:
    with answering() as running:
        settings.ECOMHUB_SANDBOX_URL = running.url
        yield running


@pytest.fixture
def shopee(server: Answering) -> Adapter:
    return PLATFORM.build(replace(connection(PLATFORM, EXAMPLES, server.url), seller_id="14701711"), None)


def shown(one: dict[str, Any]) -> Reply:
    return reply(order_page([one], ""))


def ask(units: int = 1, *, line: str = LINE, **more: Any) -> SplitRequest:
    return SplitRequest("123-1", SG, ((line, units),), **more)


def two_models() -> dict[str, Any]:
    """An order of two units of one model and one of another."""
    base = order()
    (item,) = base["item_list"]
    (package,) = base["package_list"]
    (part,) = package["item_list"]
    items = [item, item | {"model_id": 7, "model_quantity_purchased": 1}]
    parts = [part, part | {"model_id": 7, "model_quantity": 1}]
    return base | {"item_list": items, "package_list": [package | {"item_list": parts}]}


def sent(server: Answering) -> list[Any]:
    """The packages of the one division that was asked for."""
    [body] = [json.loads(one.body) for one in server.received if one.method == "POST"]
    assert body["order_sn"] == "123-1"
    return list(body["package_list"])


def test_order_that_is_one_package_of_these_lines_is_left_alone(shopee: Adapter, server: Answering) -> None:
    server.says(shown(order()))
    assert shopee.split_order(request=ask(2)) == ""
    assert [one.method for one in server.received] == ["GET"]


def test_whole_lines_go_without_a_quantity_and_the_rest_into_one_more_package(
    shopee: Adapter, server: Answering
) -> None:
    whole = two_models()
    (package,) = whole["package_list"]
    first, second = package["item_list"]
    after = whole | {
        "split_up": True,
        "package_list": [
            package | {"item_list": [second]},
            package | {"package_number": "OFG2", "item_list": [first]},
        ],
    }
    server.says(shown(whole), reply(envelope({"package_list": after["package_list"]})), shown(after))
    assert shopee.split_order(request=ask(1, line=OTHER)) == "OFG1"
    names = [[(one["item_id"], one["model_id"]) for one in each["item_list"]] for each in sent(server)]
    assert names == [[(ITEM, 7)], [(ITEM, MODEL)]]
    assert not any("model_quantity" in one for each in sent(server) for one in each["item_list"])


def test_divided_line_names_its_units_and_the_others_parcels(shopee: Adapter, server: Answering) -> None:
    three = two_models()
    made = reply(envelope({"package_list": divided()["package_list"]}))
    server.says(shown(three), made, shown(divided()))
    assert shopee.split_order(request=ask(1, others=(((LINE, 1),),))) == "OFG1"
    units = [[one["model_quantity"] for one in each["item_list"]] for each in sent(server)]
    assert units == [[1], [1], [1]]


def test_asking_again_finds_the_package_and_never_another_parcels(shopee: Adapter, server: Answering) -> None:
    server.says(shown(divided()))
    assert shopee.split_order(request=ask()) == "OFG1"
    server.says(shown(divided()))
    assert shopee.split_order(request=ask(taken=frozenset({"OFG1"}))) == "OFG2"
    waiting = divided()
    waiting["package_list"][0] = waiting["package_list"][0] | {
        "logistics_status": "LOGISTICS_REQUEST_CREATED"
    }
    server.says(shown(waiting))
    assert shopee.split_order(request=ask()) == "OFG2"
    server.says(shown(divided()))
    with pytest.raises(Refused, match="divided this order"):
        shopee.split_order(request=ask(taken=frozenset({"OFG1", "OFG2"})))


def test_order_that_somebody_divided_meanwhile_is_read_again(shopee: Adapter, server: Answering) -> None:
    done = problem("order.order_has_been_split", "This order has already been split.")
    server.says(shown(order()), done, shown(divided()))
    assert shopee.split_order(request=ask()) == "OFG1"
    unseen = problem("order.order_split_get_package_info_failed", "Split order succeed, but failed.")
    server.says(shown(order()), unseen, shown(order()))
    with pytest.raises(RetryLater):
        shopee.split_order(request=ask())


@pytest.mark.parametrize(
    ("code", "words", "meaning"),
    [
        ("order.order_split_failed", "Split order failed, please try again.", RetryLater),
        ("order.order_cannot_split", "You don't have the permission to split order.", Refused),
        ("order.order_split_wrong_item_quantity", "Cannot split order with wrong model quantity", Refused),
    ],
)
def test_shopees_no_is_kept_in_its_words(
    shopee: Adapter, server: Answering, code: str, words: str, meaning: type[Exception]
) -> None:
    server.says(shown(order()), problem(code, words))
    with pytest.raises(meaning, match=words.rstrip(".")):
        shopee.split_order(request=ask())


@pytest.mark.parametrize(
    "wrong",
    [
        ask(3),
        ask(1, line="nothing-like-it"),
    ],
)
def test_more_than_the_order_holds_is_refused_unsent(
    shopee: Adapter, server: Answering, wrong: SplitRequest
) -> None:
    server.says(shown(order()))
    with pytest.raises(Refused):
        shopee.split_order(request=wrong)
    assert [one.method for one in server.received] == ["GET"]


def test_choices_of_a_divided_order_are_those_of_a_package_that_waits(
    shopee: Adapter, server: Answering
) -> None:
    name_it = problem("logistics.package_number_not_exist", "Please request with package_number.")
    ways = reply(envelope({"info_needed": {"dropoff": []}, "dropoff": {}}))
    server.says(name_it, shown(divided()), ways)
    (way,) = shopee.shipping_choices(order_id="123-1", package="")
    assert way.kind == "dropoff"
    assert "package_number=OFG1" in server.received[-1].target
