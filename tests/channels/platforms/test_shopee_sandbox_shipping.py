"""Shopee's adapter against the sandbox over real HTTP: parcels, cancellations, returns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from channels.adapter import (
    Adapter,
    Refused,
    RetryLater,
)
from channels.messages import (
    OrderState,
)
from channels.shipping_messages import ArrangeRequest, CancelRequest, ShippingChoice, SplitRequest
from tests.channels.platforms.shopee_shop import (
    SG,
    arranged,
    dial,
    place,
)
from tests.sandbox_fixture import START, Sandbox


@pytest.fixture
def shopee(sandbox: Sandbox, settings: Settings) -> Adapter:
    """The adapter of the Singapore shop with a fresh access token."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    return dial(sandbox)


def test_parcel_is_arranged_numbered_labeled_and_collected(sandbox: Sandbox, settings: Settings) -> None:
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    sandbox.reset(apply_seconds=15)
    shopee = dial(sandbox)
    number = place(sandbox, lines=[{"quantity": 2}])
    assert shopee.fetch_tracking(order_id=number, package="").arranged is False
    request = arranged(shopee, number)
    assert request.choice.label
    assert request.choice.from_at is not None
    shopee.arrange_shipment(request=request)
    waiting = shopee.fetch_tracking(order_id=number, package="")
    assert (waiting.tracking_number, waiting.arranged) == ("", True)
    assert shopee.fetch_document(order_id=number, package="") is None
    order = shopee.fetch_order(order_id=number)
    assert (order.state, order.platform_status, order.parcels) == (OrderState.OPEN, "PROCESSED", ())
    sandbox.set_clock(START + timedelta(minutes=20))
    known = shopee.fetch_tracking(order_id=number, package="")
    assert known.tracking_number.startswith("SPXSG")
    assert shopee.fetch_document(order_id=number, package="") is None
    sandbox.set_clock(START + timedelta(minutes=25))
    label = shopee.fetch_document(order_id=number, package="")
    assert label is not None
    assert label.media_type == "application/pdf"
    assert known.tracking_number.encode() in label.data
    shopee_again = dial(sandbox)
    sandbox.act(number, "collect")
    gone = shopee_again.fetch_order(order_id=number)
    assert gone.state is OrderState.SHIPPED
    assert [sum(count for _line, count in parcel.lines) for parcel in gone.parcels] == [2]
    assert gone.parcels[0].lines[0][0] == gone.lines[0].external_id


def test_arranging_again_is_answered_like_the_first_time(shopee: Adapter, sandbox: Sandbox) -> None:
    number = place(sandbox)
    request = arranged(shopee, number)
    shopee.arrange_shipment(request=request)
    shopee.arrange_shipment(request=request)
    assert len(sandbox.order(number)["packages"]) == 1


def test_lost_answer_of_an_arrangement_is_unknown_and_read_back(shopee: Adapter, sandbox: Sandbox) -> None:
    number = place(sandbox)
    request = arranged(shopee, number)
    sandbox.fault("timeout_after_write", operation="shipOrder", seconds=0)
    with pytest.raises(RetryLater) as caught:
        shopee.arrange_shipment(request=request)
    assert caught.value.unknown
    assert shopee.fetch_tracking(order_id=number, package="").arranged is True


def test_own_number_goes_out_where_the_carrier_is_the_sellers(shopee: Adapter, sandbox: Sandbox) -> None:
    number = place(sandbox, service="FREE_ECONOMY")
    (choice,) = shopee.shipping_choices(order_id=number, package="")
    assert choice.kind == "own_number"
    with pytest.raises(Refused):
        shopee.arrange_shipment(request=ArrangeRequest(number, SG, "", choice))
    shopee.arrange_shipment(request=ArrangeRequest(number, SG, "", choice, tracking_number="TQ 77"))
    assert shopee.fetch_tracking(order_id=number, package="").tracking_number == "TQ 77"


def test_choice_that_is_not_offered_is_refused_with_shopees_words(shopee: Adapter, sandbox: Sandbox) -> None:
    number = place(sandbox)
    stale = ShippingChoice("pickup", "", {"address_id": "234", "pickup_time_id": "yesterday"})
    with pytest.raises(Refused, match="pickup_time_id"):
        shopee.arrange_shipment(request=ArrangeRequest(number, SG, "", stale))


def test_order_is_canceled_before_it_is_arranged_and_not_after(shopee: Adapter, sandbox: Sandbox) -> None:
    number, late = place(sandbox), place(sandbox)
    shopee.cancel_order(request=CancelRequest(number, SG, "OUT_OF_STOCK"))
    after = shopee.fetch_order(order_id=number)
    assert (after.state, after.cancel_reason) == (OrderState.CANCELED, "OUT_OF_STOCK")
    shopee.arrange_shipment(request=arranged(shopee, late))
    with pytest.raises(Refused, match=r"order\.error_limit"):
        shopee.cancel_order(request=CancelRequest(late, SG, "CUSTOMER_REQUEST"))


@pytest.mark.parametrize(("accept", "state"), [(True, OrderState.CANCELED), (False, OrderState.OPEN)])
def test_buyers_wish_to_cancel_is_seen_and_answered(
    shopee: Adapter, sandbox: Sandbox, accept: bool, state: OrderState
) -> None:
    number = place(sandbox)
    with pytest.raises(Refused):
        shopee.answer_cancel(order_id=number, accept=accept)
    sandbox.act(number, "ask_cancel")
    asked = shopee.fetch_order(order_id=number)
    assert (asked.cancel_requested, asked.platform_status) == (True, "IN_CANCEL")
    assert asked.cancel_reason
    shopee.answer_cancel(order_id=number, accept=accept)
    after = shopee.fetch_order(order_id=number)
    assert (after.state, after.cancel_requested) == (state, False)


def test_returns_name_their_orders_line(shopee: Adapter, sandbox: Sandbox) -> None:
    number = place(sandbox, lines=[{"quantity": 2}])
    sandbox.act(number, "ship_elsewhere")
    sandbox.act(number, "deliver")
    sandbox.act(number, "ask_return", quantity=1)
    page = shopee.fetch_returns(
        updated_from=START - timedelta(hours=1), updated_to=START + timedelta(minutes=1), page_token=""
    )
    mine = [each for each in page.items if each.order_id == number]
    order = shopee.fetch_order(order_id=number)
    assert [(each.line_id, each.quantity, each.status) for each in mine] == [
        (order.lines[0].external_id, 1, "REQUESTED")
    ]


def test_part_of_an_order_is_a_package_of_its_own(shopee: Adapter, sandbox: Sandbox) -> None:
    number = place(sandbox, lines=[{"quantity": 3}])
    (line,) = shopee.fetch_order(order_id=number).lines
    one = SplitRequest(number, SG, ((line.external_id, 1),))
    two = SplitRequest(number, SG, ((line.external_id, 2),))
    assert shopee.split_order(request=SplitRequest(number, SG, ((line.external_id, 3),))) == ""
    package = shopee.split_order(request=one)
    rest = shopee.split_order(request=two)
    assert package
    assert rest not in ("", package)
    assert shopee.split_order(request=one) == package
    choice = next(
        each for each in shopee.shipping_choices(order_id=number, package="") if each.kind == "pickup"
    )
    with pytest.raises(Refused, match="package_number"):
        shopee.arrange_shipment(request=ArrangeRequest(number, SG, "", choice))
    shopee.arrange_shipment(request=ArrangeRequest(number, SG, package, choice))
    shopee.arrange_shipment(request=ArrangeRequest(number, SG, package, choice))
    assert [(p["reference"], p["items"][0][1]) for p in sandbox.order(number)["packages"]] == [("101", 1)]
    assert shopee.fetch_tracking(order_id=number, package=package).arranged is True
    assert shopee.fetch_tracking(order_id=number, package=rest).arranged is False
    assert shopee.fetch_order(order_id=number).platform_status == "READY_TO_SHIP"
    shopee.arrange_shipment(request=ArrangeRequest(number, SG, rest, choice))
    assert shopee.fetch_order(order_id=number).platform_status == "PROCESSED"
    sandbox.act(number, "collect")
    gone = shopee.fetch_order(order_id=number)
    assert sorted(sum(count for _line, count in parcel.lines) for parcel in gone.parcels)[-1] in (1, 2)


def test_single_units_are_divided_only_where_shops_may(sandbox: Sandbox, settings: Settings) -> None:
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    shopee = dial(sandbox, "shopee-vn")
    number = place(sandbox, seller="shopee-vn", lines=[{"quantity": 2}])
    (line,) = shopee.fetch_order(order_id=number).lines
    with pytest.raises(Refused, match="wrong model quantity"):
        shopee.split_order(request=SplitRequest(number, "SHOPEE_VN", ((line.external_id, 1),)))
    assert sandbox.order(number)["packages"] == []
