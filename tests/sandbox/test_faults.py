"""Faults do what their switch says, for as many calls as it says."""

import json
from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.sandbox.calling import ORDERS, Caller, ids
from tests.sandbox_fixture import START, Sandbox

SINCE = "2026-05-29T00:00:00Z"


@pytest.fixture
def caller(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


def _get(caller: Caller, **query: Any) -> requests.Response:
    return caller.send("GET", ORDERS, **{"createdAfter": SINCE, "maxResultsPerPage": 10, **query})


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "body"),
    [
        ("html_503", 503, "text/html", b"<html"),
        ("html_429", 429, "text/html", b"<html"),
        ("empty_500", 500, "", b""),
        ("empty_200", 200, "application/json", b""),
        ("message_without_errors", 504, "application/json", b'{"message"'),
    ],
)
def test_an_error_page_comes_instead_of_the_answer_once(
    caller: Caller, kind: str, status: int, content_type: str, body: bytes
) -> None:
    caller.sandbox.fault(kind, operation="searchOrders")
    answer = _get(caller)
    assert answer.status_code == status
    assert answer.headers.get("Content-Type", "").startswith(content_type)
    assert answer.content.startswith(body)
    assert (answer.content == b"") == (body == b"")
    assert _get(caller).json()["orders"]
    assert caller.sandbox.calls(operation="searchOrders")[1]["fault"] == kind


def test_a_fault_until_switched_off_strikes_every_time(caller: Caller) -> None:
    caller.sandbox.fault("html_503", seller="busy", count=None)
    assert [_get(caller).status_code for _ in range(3)] == [503] * 3
    assert Caller(caller.sandbox, "empty").send("GET", ORDERS, createdAfter=SINCE).status_code == 200
    caller.sandbox.faults_off()
    assert _get(caller).status_code == 200


def test_truncated_json_is_cut(caller: Caller) -> None:
    caller.sandbox.fault("truncated_json")
    answer = _get(caller)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r".+"):
        json.loads(answer.content)


def test_the_right_body_under_a_wrong_type(caller: Caller) -> None:
    caller.sandbox.fault("wrong_content_type")
    answer = _get(caller)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert json.loads(answer.content)["orders"]


def test_the_list_is_left_out(caller: Caller) -> None:
    caller.sandbox.fault("missing_list_key", operation="searchOrders")
    assert "orders" not in _get(caller).json()
    caller.sandbox.fault("missing_list_key", operation="searchListingsItems")
    body = caller.send("GET", caller.listings_path(), marketplaceIds="ATVPDKIKX0DER").json()
    assert "items" not in body
    assert "numberOfResults" in body


def test_the_page_token_repeats(caller: Caller) -> None:
    caller.sandbox.fault("repeated_page_token", count=2)
    first = _get(caller).json()["pagination"]["nextToken"]
    second = _get(caller, paginationToken=first).json()["pagination"]["nextToken"]
    assert second == first
    assert _get(caller, paginationToken=first).json()["pagination"]["nextToken"] == first
    assert _get(caller, paginationToken=first).json()["pagination"]["nextToken"] != first


def test_the_access_token_expires_on_the_second_page(caller: Caller) -> None:
    caller.sandbox.fault("expired_token_mid_pass", operation="searchOrders")
    token = _get(caller).json()["pagination"]["nextToken"]
    assert _get(caller, paginationToken=token).status_code == 403
    assert _get(caller).status_code == 403
    fresh = Caller(caller.sandbox)
    assert _get(fresh, paginationToken=token).status_code == 200


def test_the_page_token_expires(caller: Caller) -> None:
    caller.sandbox.fault("page_token_expired")
    token = _get(caller).json()["pagination"]["nextToken"]
    assert _get(caller, paginationToken=token).status_code == 400


def test_the_answer_drips(caller: Caller) -> None:
    caller.sandbox.fault("drip", seconds=0.5)
    answer = _get(caller)
    assert answer.elapsed < timedelta(seconds=30)
    assert answer.json()["orders"]


def test_the_body_is_far_too_long(caller: Caller) -> None:
    caller.sandbox.fault("body_25mb")
    with requests.get(
        f"{caller.sandbox.url}{ORDERS}",
        headers={"x-amz-access-token": caller.token},
        params={"createdAfter": SINCE},
        stream=True,
        timeout=30,
    ) as answer:
        assert int(answer.headers["Content-Length"]) > 25 * 1024 * 1024


def test_the_write_is_done_though_no_answer_comes(caller: Caller) -> None:
    order = caller.sandbox.place_order()
    caller.sandbox.fault("timeout_after_write", operation="confirmShipment", seconds=0.1)
    body = {
        "marketplaceId": order["marketplace"],
        "packageDetail": {
            "packageReferenceId": "1",
            "carrierCode": "UPS",
            "trackingNumber": "1Z0",
            "shipDate": START.isoformat(),
            "orderItems": [{"orderItemId": order["lines"][0]["id"], "quantity": 1}],
        },
    }
    with pytest.raises(requests.ConnectionError):
        caller.send("POST", f"/orders/v0/orders/{order['id']}/shipmentConfirmation", json=body)
    assert caller.sandbox.order(order["id"])["packages"][0]["tracking"] == "1Z0"


def test_accepted_is_not_always_applied(caller: Caller) -> None:
    listing = next(
        each
        for each in caller.sandbox.state("busy", limit=0)["listings"]
        if each["components"] and not each["by_platform"]
    )
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": 77}]
    patch = {"op": "replace", "path": "/attributes/fulfillment_availability", "value": value}
    body = {"productType": "PRODUCT", "patches": [patch]}
    path, place = caller.listings_path(listing["code"]), listing["marketplace"]
    caller.sandbox.fault("accepted_not_applied", operation="patchListingsItem")
    assert caller.checked("PATCH", path, json=body, marketplaceIds=place)["status"] == "ACCEPTED"
    assert caller.sandbox.listing(listing["code"], marketplace=place)["quantity"] == listing["quantity"]
    assert caller.checked("PATCH", path, json=body, marketplaceIds=place)["status"] == "ACCEPTED"
    assert caller.sandbox.listing(listing["code"], marketplace=place)["quantity"] == 77


def test_the_grant_is_revoked_until_switched_off(caller: Caller) -> None:
    caller.sandbox.fault("revoked_grant", seller="busy", count=None)
    given = caller.account
    form = {"grant_type": "refresh_token"}
    form |= {name: given[name] for name in ("refresh_token", "client_id", "client_secret")}
    answer = requests.post(f"{caller.sandbox.url}/auth/o2/token", data=form, timeout=10)
    assert answer.json()["error"] == "invalid_grant"
    caller.sandbox.faults_off()
    assert caller.sandbox.access_token()


@pytest.mark.parametrize(
    "variant",
    ["unknown_status", "nul_in_note", "negative_quantity", "missing_items", "bad_amount", "bad_currency",
     "bad_date", "quantity_text", "not_an_object"],
)  # fmt: skip
def test_one_order_stays_poisoned_until_it_is_healed(caller: Caller, variant: str) -> None:
    caller.sandbox.fault("poison_order", operation="searchOrders", variant=variant)
    first, again = _get(caller).json()["orders"], _get(caller).json()["orders"]
    assert ids(first) == ids(again)
    assert first == again
    spoiled = [o["id"] for o in caller.sandbox.state(limit=5000)["orders"] if o["poison"] == variant]
    assert spoiled == [first[0]["orderId"]]
    caller.sandbox.act(spoiled[0], "heal")
    healthy = _get(caller).json()["orders"]
    assert healthy[0] != first[0]
    assert healthy[1:] == first[1:]


def test_an_unknown_fault_is_refused(caller: Caller) -> None:
    answer = requests.post(f"{caller.sandbox.url}/_control/fault", json={"kind": "earthquake"}, timeout=10)
    assert answer.status_code == 400
