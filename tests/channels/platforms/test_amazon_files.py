"""Saved answers of Amazon's order calls in every mixture that ``replay`` may be given."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels.adapter import OrderFile, Refused
from channels.platforms.amazon import PLATFORM
from channels.platforms.amazon.order_files import MIXED, NEW, OLD
from tests.channels.platforms.examples import amazon, amazon_v0


def read(*values: Any, between: str = "\n") -> OrderFile:
    return PLATFORM.read_order_files(between.join(json.dumps(value) for value in values).encode())


def ids(found: OrderFile) -> list[str]:
    return [order.external_id for order in found.page.items]


def new(order_id: str) -> dict[str, Any]:
    return amazon.order() | {"orderId": order_id}


def old(order_id: str) -> dict[str, Any]:
    return amazon_v0.order() | {"AmazonOrderId": order_id}


def test_search_page_and_single_orders() -> None:
    assert ids(read(amazon.order_page([new("1"), new("2")], "next"))) == ["1", "2"]
    assert ids(read({"order": new("1")})) == ["1"]
    assert ids(read(new("1"))) == ["1"]
    assert ids(read([new("1"), {"order": new("2")}])) == ["1", "2"]
    assert read(new("1")).layout == NEW


def test_empty_page_is_a_page() -> None:
    assert read({"orders": []}).page.items == ()
    assert read(amazon_v0.page()).page.items == ()


def test_old_page_without_items_has_orders_without_lines() -> None:
    found = read(amazon_v0.page(old("1"), old("2")))
    assert (ids(found), found.layout) == (["1", "2"], OLD)
    assert [order.lines for order in found.page.items] == [(), ()]


@pytest.mark.parametrize(
    "inside",
    [
        {"OrderItems": [amazon_v0.item()]},
        {"OrderItems": {"OrderItems": [amazon_v0.item()]}},
        {"OrderItems": amazon_v0.items_answer()},
        {"orderItems": [amazon_v0.item()]},
    ],
)
def test_old_page_with_its_items_inside(inside: dict[str, Any]) -> None:
    found = read(amazon_v0.page(amazon_v0.order() | inside))
    assert found.page.bad == ()
    assert [line.external_id for line in found.page.items[0].lines] == ["11"]


@pytest.mark.parametrize("first", [True, False])
def test_old_page_with_its_items_beside_it(first: bool) -> None:
    answers = [amazon_v0.page(old("1"), old("2")), amazon_v0.items_answer("2")]
    found = read(*(answers if first else reversed(answers)))
    assert {order.external_id: len(order.lines) for order in found.page.items} == {"1": 0, "2": 1}
    assert found.page.bad == ()


def test_single_old_order() -> None:
    assert ids(read({"payload": old("1")})) == ["1"]
    assert ids(read(old("1"))) == ["1"]


def test_any_mixture_behind_each_other() -> None:
    found = read(
        amazon.order_page([new("1")], ""),
        amazon_v0.page(old("2")),
        {"order": new("3")},
        [new("4"), amazon_v0.page(old("5"))],
        amazon_v0.items_answer("5"),
        between="",
    )
    assert sorted(ids(found)) == ["1", "2", "3", "4", "5"]
    assert found.layout == MIXED
    assert found.page.bad == ()


def test_items_without_their_order_are_named() -> None:
    found = read(amazon_v0.page(old("1")), amazon_v0.items_answer("9"))
    assert [(item.external_id, "not in the file" in item.reason) for item in found.page.bad] == [("9", True)]


def test_bad_orders_and_strays_stop_only_themselves() -> None:
    broken = new("2") | {"createdTime": "soon"}
    found = read([new("1"), broken, "what?", {"what": "?"}, {"errors": [{"code": "NotFound"}]}, old("3")])
    assert ids(found) == ["1", "3"]
    assert [item.reason for item in found.page.bad if item.external_id == "2"] == [
        "createdTime is not an instant: 'soon'"
    ]
    assert len(found.page.bad) == 4


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marked_encodings_are_read(encoding: str) -> None:
    text = json.dumps(amazon.dressed(new("1"), "A-1", "茶巾"), ensure_ascii=False)
    assert PLATFORM.read_order_files(text.encode(encoding)).page.items[0].lines[0].title == "茶巾"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"orders",
        b'{"orders": [',
        b'{"errors": [{"code": "Unauthorized"}]}',
        b'{"payload": null}',
        b"[]",
        b"7",
    ],
)
def test_file_without_orders_is_refused(content: bytes) -> None:
    with pytest.raises(Refused):
        PLATFORM.read_order_files(content)
