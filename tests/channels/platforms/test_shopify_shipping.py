"""Shipping and canceling at Shopify: which units go into which call, and what is refused unsent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from channels.adapter import Adapter, Refused
from channels.messages import ShipmentNotice
from channels.platforms.shopify import PLATFORM
from channels.platforms.shopify.directory import CARRIERS
from channels.shipping_messages import CancelRequest
from tests.answering import Answering, answering
from tests.channels.platforms.contract import AT, Json, connection, reply
from tests.channels.platforms.examples import shopify
from tests.channels.platforms.examples.shopify import EXAMPLES, answer, done

NOTICE = ShipmentNotice(
    order_id="123-1", marketplace="shopify", reference="1", carrier="dhl-ecommerce", carrier_name="DHL",
    service="", tracking_number="T1", shipped_at=AT, lines=(("11", 2),),
)  # fmt: skip


@pytest.fixture
def server(settings: Settings) -> Iterator[Answering]:
    with answering() as running:
        settings.ECOMHUB_SANDBOX_URL = running.url
        yield running


@pytest.fixture
def adapter(server: Answering) -> Adapter:
    return PLATFORM.build(connection(PLATFORM, EXAMPLES, server.url), None)


def sent(server: Answering, place: int = -1) -> Json:
    found: Json = json.loads(server.received[place].body)
    return found


def work_of(*orders: tuple[str, str, int]) -> Json:
    """Return open work: (fulfillment order, location, units of line 11)."""
    found = shopify.open_work()
    template = found["fulfillmentOrders"]["nodes"][0]
    nodes = []
    for number, place, units in orders:
        one = json.loads(json.dumps(template))
        one["id"] = f"gid://shopify/FulfillmentOrder/{number}"
        one["assignedLocation"]["location"]["id"] = f"gid://shopify/Location/{place}"
        one["lineItems"]["nodes"][0] |= {"id": f"item-{number}", "remainingQuantity": units}
        nodes.append(one)
    found["fulfillmentOrders"]["nodes"] = nodes
    return found


SHIPPED = done(
    "fulfillmentCreate", fulfillment={"id": "gid://shopify/Fulfillment/1", "status": "SUCCESS"}
).reply


def test_parcel_takes_its_units_from_the_orders_of_one_location(adapter: Adapter, server: Answering) -> None:
    server.says(reply(answer({"order": work_of(("1", "701", 1), ("2", "701", 3))})), SHIPPED)
    adapter.confirm_shipment(notice=NOTICE)
    given = sent(server)["variables"]["fulfillment"]
    assert given["lineItemsByFulfillmentOrder"] == [
        {
            "fulfillmentOrderId": "gid://shopify/FulfillmentOrder/1",
            "fulfillmentOrderLineItems": [{"id": "item-1", "quantity": 1}],
        },
        {
            "fulfillmentOrderId": "gid://shopify/FulfillmentOrder/2",
            "fulfillmentOrderLineItems": [{"id": "item-2", "quantity": 1}],
        },
    ]
    assert given["trackingInfo"] == {"number": "T1", "company": CARRIERS["dhl-ecommerce"]}


def test_units_of_two_locations_are_two_calls(adapter: Adapter, server: Answering) -> None:
    server.says(reply(answer({"order": work_of(("1", "701", 1), ("2", "702", 1))})), SHIPPED, SHIPPED)
    adapter.confirm_shipment(notice=NOTICE)
    assert len(server.received) == 3


def test_what_shopify_knows_under_the_number_is_not_told_again(adapter: Adapter, server: Answering) -> None:
    work = work_of(("1", "701", 1))
    work["fulfillments"] = [
        {
            "id": "gid://shopify/Fulfillment/5",
            "status": "SUCCESS",
            "trackingInfo": [{"number": "T1"}],
            "fulfillmentLineItems": {
                "nodes": [{"quantity": 1, "lineItem": {"id": "gid://shopify/LineItem/11"}}]
            },
        }
    ]
    server.says(reply(answer({"order": work})), SHIPPED)
    adapter.confirm_shipment(notice=NOTICE)
    parts = sent(server)["variables"]["fulfillment"]["lineItemsByFulfillmentOrder"]
    assert [part["fulfillmentOrderLineItems"][0]["quantity"] for part in parts] == [1]


@pytest.mark.parametrize(
    ("carrier", "name", "company"),
    [
        ("usps", "", "USPS"),
        ("Royal Mail", "", "Royal Mail"),
        ("YUNEXPRESS", "", "YunExpress"),
        ("somebody", "Some Body", "Some Body"),
    ],
)
def test_carrier_is_spelled_as_shopify_spells_it(
    adapter: Adapter, server: Answering, carrier: str, name: str, company: str
) -> None:
    server.says(reply(answer({"order": work_of(("1", "701", 2))})), SHIPPED)
    adapter.confirm_shipment(notice=replace(NOTICE, carrier=carrier, carrier_name=name))
    assert sent(server)["variables"]["fulfillment"]["trackingInfo"]["company"] == company


def test_what_shopify_does_not_wait_for_is_refused_before_it_is_sent(
    adapter: Adapter, server: Answering
) -> None:
    held = work_of(("1", "701", 2))
    held["fulfillmentOrders"]["nodes"][0]["status"] = "ON_HOLD"
    cases: list[tuple[Any, str]] = [
        (work_of(("1", "701", 1)), "does not wait for 1 more"),
        (held, "hold"),
        (work_of(("1", "701", 2)) | {"cancelledAt": "2026-06-01T00:00:00Z"}, "canceled"),
        (None, "no order"),
    ]
    for order, words in cases:
        server.says(reply(answer({"order": order})), SHIPPED)
        with pytest.raises(Refused, match=words):
            adapter.confirm_shipment(notice=NOTICE)
        assert len(server.received) == 1


def test_cancel_that_is_refused_because_it_is_done_counts_as_done(
    adapter: Adapter, server: Answering
) -> None:
    error = {"field": ["orderId"], "message": "Order has already been canceled", "code": "INVALID"}
    refused = reply(answer({"orderCancel": {"job": None, "orderCancelUserErrors": [error]}}))
    request = CancelRequest(order_id="123-1", marketplace="shopify", reason="CUSTOMER")
    server.says(refused, reply(answer({"order": {"id": "x", "cancelledAt": "2026-06-01T00:00:00Z"}})))
    adapter.cancel_order(request=request)
    server.says(refused, reply(answer({"order": {"id": "x", "cancelledAt": None}})))
    with pytest.raises(Refused, match="already"):
        adapter.cancel_order(request=request)
    with pytest.raises(Refused, match="reason"):
        adapter.cancel_order(request=replace(request, reason="BORED"))
