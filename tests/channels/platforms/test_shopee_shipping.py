"""Shopee's arranged shipping and cancellations: what is offered, what is sent, what an answer means."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_django import Settings

from channels.adapter import (
    Adapter,
    ChannelError,
    Refused,
    RetryLater,
)
from channels.platforms.shopee import PLATFORM
from channels.platforms.shopee.shipping import RESULT
from channels.shipping_messages import ArrangeRequest, CancelRequest, ShippingChoice
from tests.answering import Answering, Reply, answering
from tests.channels.platforms.contract import connection, replies, reply
from tests.channels.platforms.examples import shopee as examples
from tests.channels.platforms.examples.shopee import EXAMPLES, ITEM, MODEL, SG, envelope, problem

LISTING = f"{ITEM}-{MODEL}"
KEY = "kkey"


@pytest.fixture
def server(settings: Settings) -> Iterator[Answering]:
    with answering() as running:
        settings.ECOMHUB_SANDBOX_URL = running.url
        yield running


@pytest.fixture
def shopee(server: Answering) -> Adapter:
    return PLATFORM.build(replace(connection(PLATFORM, EXAMPLES, server.url), seller_id="14701711"), None)


def mac(text: str, key: str = KEY) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def choose(**parameters: str) -> ArrangeRequest:
    return ArrangeRequest("123-1", SG, "OFG1", ShippingChoice("pickup", "", parameters))


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (
            choose(address_id="234", pickup_time_id="p"),
            {"pickup": {"address_id": 234, "pickup_time_id": "p"}},
        ),
        (
            ArrangeRequest("123-1", SG, "OFG1", ShippingChoice("dropoff", "", {"branch_id": "7"})),
            {"dropoff": {"branch_id": 7}},
        ),
        (ArrangeRequest("123-1", SG, "OFG1", ShippingChoice("dropoff", "")), {"dropoff": {}}),
        (
            ArrangeRequest("123-1", SG, "OFG1", ShippingChoice("own_number", ""), tracking_number=" T1 "),
            {"non_integrated": {"tracking_number": "T1"}},
        ),
        (
            ArrangeRequest(
                "123-1",
                SG,
                "OFG1",
                ShippingChoice("dropoff", "", {"slug": "s", "asks": "tracking_number"}),
                "T1",
            ),
            {"dropoff": {"slug": "s", "tracking_number": "T1"}},
        ),
    ],
)
def test_parcel_is_arranged_in_exactly_one_way(
    shopee: Adapter, server: Answering, request_: ArrangeRequest, body: dict[str, Any]
) -> None:
    server.says(*replies(EXAMPLES.more["arrange_shipment"](server.url)))
    assert shopee.arrange_shipment(request=request_).arranged
    assert json.loads(server.received[0].body) == {"order_sn": "123-1", "package_number": "OFG1", **body}


@pytest.mark.parametrize(
    "request_",
    [
        choose(pickup_time_id="p"),
        choose(address_id="x"),
        ArrangeRequest("123-1", SG, "", ShippingChoice("teleport", "")),
        ArrangeRequest("123-1", SG, "", ShippingChoice("dropoff", "", {"asks": "tracking_number"})),
        ArrangeRequest("123-1", SG, "", ShippingChoice("dropoff", "", {"asks": "sender_real_name"})),
        ArrangeRequest("..", SG, "", ShippingChoice("own_number", "")),
    ],
)
def test_choice_shopee_would_not_take_is_refused_unsent(
    shopee: Adapter, server: Answering, request_: ArrangeRequest
) -> None:
    with pytest.raises(Refused):
        shopee.arrange_shipment(request=request_)
    assert server.received == []


def test_choices_of_branches_and_partners(shopee: Adapter, server: Answering) -> None:
    answer = {
        "info_needed": {"dropoff": ["branch_id", "sender_real_name"], "non_integrated": ["tracking_no"]},
        "dropoff": {"branch_list": [{"branch_id": 7, "address": "1 Mill Lane", "city": "Asajaya"}]},
    }
    server.says(reply(envelope(answer)))
    branch, own = shopee.shipping_choices(order_id="123-1", package="")
    assert (branch.kind, branch.label, branch.parameters["branch_id"]) == (
        "dropoff", "1 Mill Lane, Asajaya", "7",
    )  # fmt: skip
    assert own.kind == "own_number"
    slugs = {
        "info_needed": {"dropoff": ["slug"]},
        "dropoff": {"slug_list": [{"slug": "s", "slug_name": "S"}]},
    }
    server.says(reply(envelope(slugs)))
    (partner,) = shopee.shipping_choices(order_id="123-1", package="")
    assert (partner.label, dict(partner.parameters)) == ("S", {"slug": "s"})


def failed_batch(code: str) -> Reply:
    entry = {"order_sn": "123-1", "fail_error": code, "fail_message": "why"}
    body = envelope({"result_list": [entry]}) | {"error": "common.batch_api_all_failed"}
    return reply(body)


def test_label_is_ordered_first_and_fetched_when_it_is_ready(shopee: Adapter, server: Answering) -> None:
    created = envelope({"result_list": [{"order_sn": "123-1"}]})
    server.says(
        failed_batch("logistics.shipping_document_should_print_first"),
        reply(envelope({"tracking_number": "SPX1"})),
        reply(created),
    )
    assert shopee.fetch_document(order_id="123-1", package="") is None
    assert next(urlsplit(each.target).path for each in server.received) == RESULT
    assert json.loads(server.received[2].body)["order_list"][0]["tracking_number"] == "SPX1"
    waiting = {"result_list": [{"order_sn": "123-1", "status": "PROCESSING"}]}
    server.says(reply(envelope(waiting)))
    assert shopee.fetch_document(order_id="123-1", package="") is None


def test_label_that_cannot_be_made_says_why(shopee: Adapter, server: Answering) -> None:
    server.says(failed_batch("logistics.package_can_not_print"))
    with pytest.raises(Refused, match="why"):
        shopee.fetch_document(order_id="123-1", package="")


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (problem("logistics.package_print_failed", "no"), Refused),
        (Reply(200, b"<html>", "text/html"), RetryLater),
        (Reply(200, b"", "application/pdf"), RetryLater),
    ],
)
def test_download_that_is_no_label_is_none(
    shopee: Adapter, server: Answering, answer: Reply, meaning: type[ChannelError]
) -> None:
    ready, _label = replies(EXAMPLES.more["fetch_document"](server.url))
    server.says(ready, answer)
    with pytest.raises(meaning):
        shopee.fetch_document(order_id="123-1", package="")
    server.says(ready, problem("logistics.download_later", "later"))
    assert shopee.fetch_document(order_id="123-1", package="") is None


def test_cancellation_names_the_items_shopee_needs(shopee: Adapter, server: Answering) -> None:
    done = reply(envelope({"update_time": 1780136130}))
    bundle = examples.order()["item_list"][0] | {"promotion_group_id": 5, "order_item_id": 77}
    shown = replies(EXAMPLES.single_order_steps(examples.order() | {"item_list": [bundle]}))
    server.says(*shown, done)
    shopee.cancel_order(request=CancelRequest("123-1", SG, "OUT_OF_STOCK"))
    assert json.loads(server.received[1].body)["item_list"] == [{"item_id": ITEM, "model_id": MODEL}]
    server.says(*shown, done)
    shopee.cancel_order(request=CancelRequest("123-1", SG, "CUSTOMER_REQUEST", ((LISTING, 1),)))
    assert json.loads(server.received[1].body)["partial_cancel_item_list"] == [
        {
            "item_id": ITEM,
            "model_id": MODEL,
            "order_item_id": 77,
            "promotion_group_id": 5,
            "model_quantity": 1,
        }
    ]


def test_cancellation_shopee_would_not_understand_is_refused_before_it_is_sent(
    shopee: Adapter, server: Answering
) -> None:
    for wrong in (
        CancelRequest("123-1", SG, "BORED"),
        CancelRequest("123-1", SG, "OUT_OF_STOCK", (("x", 1),)),
        CancelRequest("123-1", SG, "OUT_OF_STOCK", ((LISTING, 0),)),
    ):
        server.says(*replies(EXAMPLES.single_order_steps(examples.order())))
        with pytest.raises(Refused):
            shopee.cancel_order(request=wrong)
        assert all(each.method == "GET" for each in server.received)


@pytest.mark.parametrize(
    ("statuses", "arranged"),
    [
        (["LOGISTICS_READY"], False),
        (["LOGISTICS_NOT_START", "LOGISTICS_READY"], False),
        (["LOGISTICS_REQUEST_CREATED"], True),
        (["LOGISTICS_PICKUP_DONE"], True),
        (["LOGISTICS_REQUEST_CREATED", "LOGISTICS_READY"], None),
        (["LOGISTICS_INVALID"], None),
        (["LOGISTICS_TELEPORTED"], None),
        ([7], None),
        ([], None),
    ],
)
def test_parcel_without_a_number_shows_by_its_status_whether_it_is_arranged(
    shopee: Adapter, server: Answering, statuses: list[Any], arranged: bool | None
) -> None:
    base = examples.order()["package_list"][0]
    shown = examples.order() | {"package_list": [base | {"logistics_status": status} for status in statuses]}
    unnumbered = reply(envelope({"tracking_number": ""}))
    server.says(unnumbered, *replies(EXAMPLES.single_order_steps(shown)))
    found = shopee.fetch_tracking(order_id="123-1", package="")
    assert (found.tracking_number, found.arranged) == ("", arranged)
    server.says(unnumbered, reply(examples.order_page(["?"], "")))
    assert shopee.fetch_tracking(order_id="123-1", package="").arranged is None
