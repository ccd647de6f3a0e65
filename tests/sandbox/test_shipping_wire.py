"""confirmShipment: what Amazon takes, what it refuses, and how an order shows what left."""

from typing import Any

import pytest

from tests.sandbox import contracts
from tests.sandbox.calling import ORDERS, Caller
from tests.sandbox_fixture import Sandbox


@pytest.fixture
def caller(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


def _path(order: dict[str, Any]) -> str:
    return f"/orders/v0/orders/{order['id']}/shipmentConfirmation"


def _body(order: dict[str, Any], *, quantity: int | None = None, **detail: Any) -> dict[str, Any]:
    items = [{"orderItemId": line["id"], "quantity": quantity or line["quantity"]} for line in order["lines"]]
    package = {
        "packageReferenceId": "1",
        "carrierCode": "YunExpress",
        "shippingMethod": "Standard",
        "trackingNumber": "YT2615200001",
        "shipDate": "2026-06-01T11:59:00Z",
        "orderItems": items,
    }
    return {"marketplaceId": order["marketplace"], "packageDetail": package | detail}


def test_a_confirmed_order_is_shipped_and_holds_the_tracking_number(caller: Caller) -> None:
    order = caller.sandbox.place_order(lines=[{"quantity": 2}])
    assert caller.checked("POST", _path(order), json=_body(order), status=204) is None
    found = caller.checked("GET", f"{ORDERS}/{order['id']}", includedData="FULFILLMENT,PACKAGES")["order"]
    assert found["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    assert found["packages"][0]["trackingNumber"] == "YT2615200001"
    assert found["lastUpdatedTime"] == "2026-06-01T12:00:00.000Z"
    assert contracts.check_calls(caller.sandbox.calls(seller="busy")) == 2


def test_part_of_an_order_ships_first(caller: Caller) -> None:
    order = caller.sandbox.place_order(lines=[{"quantity": 3}])
    caller.checked("POST", _path(order), json=_body(order, quantity=1), status=204)
    found = caller.checked("GET", f"{ORDERS}/{order['id']}", includedData="FULFILLMENT")["order"]
    assert found["fulfillment"]["fulfillmentStatus"] == "PARTIALLY_SHIPPED"
    assert found["orderItems"][0]["fulfillment"]["quantityUnfulfilled"] == 2
    too_much = _body(order, quantity=3, packageReferenceId="2")
    assert "more than" in caller.refused("POST", _path(order), json=too_much)
    rest = _body(order, quantity=2, packageReferenceId="2", trackingNumber="YT2")
    caller.checked("POST", _path(order), json=rest, status=204)
    assert caller.sandbox.order(order["id"])["status"] == "shipped"


def test_the_same_package_reference_edits_the_package(caller: Caller) -> None:
    order = caller.sandbox.place_order(lines=[{"quantity": 2}])
    caller.checked("POST", _path(order), json=_body(order), status=204)
    caller.checked("POST", _path(order), json=_body(order, trackingNumber="YT-NEW"), status=204)
    packages = caller.sandbox.order(order["id"])["packages"]
    assert [package["tracking"] for package in packages] == ["YT-NEW"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"packageReferenceId": "PKG-1"}, "packageReferenceId"),
        ({"packageReferenceId": 1}, "packageReferenceId"),
        ({"carrierCode": ""}, "carrierCode"),
        ({"carrierCode": "Other"}, "carrierName"),
        ({"trackingNumber": " "}, "trackingNumber"),
        ({"shipDate": "02/21/2026"}, "ISO 8601"),
        ({"shipDate": "2026-05-01T00:00:00Z"}, "purchase date"),
        ({"shipDate": "2026-07-01T00:00:00Z"}, "future"),
        ({"orderItems": []}, "orderItems"),
        ({"orderItems": [{"orderItemId": "99", "quantity": 1}]}, "not part of the order"),
    ],
)
def test_a_wrong_package_is_refused(caller: Caller, change: dict[str, Any], words: str) -> None:
    order = caller.sandbox.place_order()
    assert words in caller.refused("POST", _path(order), json=_body(order, **change))
    assert caller.sandbox.order(order["id"])["packages"] == []


def test_canceled_pending_and_foreign_orders_are_refused(caller: Caller) -> None:
    canceled = caller.sandbox.place_order()
    caller.sandbox.act(canceled["id"], "buyer_cancel")
    assert "canceled" in caller.refused("POST", _path(canceled), json=_body(canceled))
    pending = caller.sandbox.place_order(status="pending")
    assert "pending" in caller.refused("POST", _path(pending), json=_body(pending))
    amazon = caller.sandbox.place_order(fulfilled_by="platform")
    assert "Amazon" in caller.refused("POST", _path(amazon), json=_body(amazon))
    elsewhere = caller.sandbox.place_order()
    wrong = _body(elsewhere) | {"marketplaceId": "A1F83G8C2ARO7P"}
    assert "marketplaceId" in caller.refused("POST", _path(elsewhere), json=wrong)
    missing = {**elsewhere, "id": "111-0000000-0000000"}
    assert caller.refused("POST", _path(missing), json=_body(elsewhere), status=404)


def test_an_order_shipped_elsewhere_refuses_a_second_confirmation(caller: Caller) -> None:
    order = caller.sandbox.place_order()
    caller.sandbox.act(order["id"], "ship_elsewhere")
    message = caller.refused("POST", _path(order), json=_body(order, packageReferenceId="77"))
    assert "already be fulfilled" in message
