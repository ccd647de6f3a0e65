"""Orders on the wire: windows, filters, pages that stay stable, data sets, and what the caller did wrong."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox import contracts
from tests.sandbox.calling import ORDERS, Caller, ids
from tests.sandbox_fixture import START, Sandbox

SINCE = "2026-05-29T00:00:00Z"


@pytest.fixture
def caller(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


def test_every_order_of_the_window_comes_once_whatever_the_page_size(caller: Caller) -> None:
    wide = caller.every_page(lastUpdatedAfter=SINCE)
    narrow = caller.every_page(lastUpdatedAfter=SINCE, maxResultsPerPage=7)
    assert ids(wide) == ids(narrow)
    assert len(set(ids(wide))) == len(wide) > 50


def test_pages_stay_stable_while_new_orders_come(caller: Caller) -> None:
    first = caller.search(lastUpdatedAfter=SINCE, maxResultsPerPage=20)
    expected = ids(caller.every_page(lastUpdatedAfter=SINCE))
    found, token = ids(first["orders"]), first["pagination"]["nextToken"]
    caller.sandbox.set_clock(START + timedelta(minutes=30))
    while token:
        page = caller.search(lastUpdatedAfter=SINCE, maxResultsPerPage=20, paginationToken=token)
        found += ids(page["orders"])
        assert page["lastUpdatedBefore"] == first["lastUpdatedBefore"]
        token = page.get("pagination", {}).get("nextToken")
    # What changed meanwhile left this window and comes with the next one; nothing came twice.
    assert len(set(found)) == len(found)
    assert set(found) <= set(expected)
    caller.sandbox.set_clock(START + timedelta(minutes=35))
    later = ids(caller.every_page(lastUpdatedAfter=first["lastUpdatedBefore"]))
    assert set(expected) <= set(found) | set(later)


def test_the_bound_used_is_two_minutes_back(caller: Caller) -> None:
    answer = caller.search(lastUpdatedAfter=SINCE, maxResultsPerPage=1)
    assert answer["lastUpdatedBefore"] == "2026-06-01T11:58:00.000Z"
    assert "createdBefore" in caller.search(createdAfter=SINCE, maxResultsPerPage=1)


def test_a_late_order_appears_with_the_time_it_became_readable(caller: Caller) -> None:
    sandbox = caller.sandbox
    order = sandbox.place_order(
        placed_at=START.isoformat(), visible_at=(START + timedelta(hours=3)).isoformat()
    )
    sandbox.set_clock(START + timedelta(hours=2))
    early = Caller(sandbox)
    assert early.send("GET", f"{ORDERS}/{order['id']}").status_code == 404
    assert order["id"] not in ids(early.every_page(createdAfter=SINCE))
    sandbox.set_clock(START + timedelta(hours=4))
    late = Caller(sandbox)
    found = {o["orderId"]: o for o in late.every_page(lastUpdatedAfter="2026-06-01T14:30:00Z")}
    assert found[order["id"]]["createdTime"] == "2026-06-01T12:00:00.000Z"
    assert found[order["id"]]["lastUpdatedTime"] == "2026-06-01T15:00:00.000Z"


def test_filters_narrow_the_answer(caller: Caller) -> None:
    japan = caller.every_page(createdAfter=SINCE, marketplaceIds="A1VC38T7YXB528")
    assert japan
    assert {o["salesChannel"]["marketplaceId"] for o in japan} == {"A1VC38T7YXB528"}
    amazon = caller.every_page(createdAfter=SINCE, fulfilledBy="AMAZON")
    assert amazon
    assert {o["fulfillment"]["fulfilledBy"] for o in amazon} == {"AMAZON"}
    both = caller.every_page(createdAfter=SINCE, fulfillmentStatuses="UNSHIPPED,CANCELLED")
    assert {o["fulfillment"]["fulfillmentStatus"] for o in both} == {"UNSHIPPED", "CANCELLED"}


def test_data_sets_come_only_when_asked_for(caller: Caller) -> None:
    plain = caller.checked("GET", ORDERS, createdAfter=SINCE, maxResultsPerPage=3)["orders"][0]
    assert not {"buyer", "recipient", "proceeds", "fulfillment", "packages"} & set(plain)
    full = caller.search(createdAfter=SINCE, maxResultsPerPage=100)["orders"]
    assert {"buyer", "recipient", "proceeds", "fulfillment"} <= {key for o in full for key in o}


def test_a_pending_order_has_no_buyer_and_no_price(caller: Caller) -> None:
    order = caller.sandbox.place_order(status="pending")
    body = caller.checked(
        "GET", f"{ORDERS}/{order['id']}", includedData="BUYER,RECIPIENT,PROCEEDS,FULFILLMENT"
    )
    found = body["order"]
    assert found["fulfillment"]["fulfillmentStatus"] == "PENDING"
    assert not {"buyer", "recipient", "proceeds"} & set(found)
    assert "price" not in found["orderItems"][0]["product"]
    caller.sandbox.act(order["id"], "pay")
    paid = caller.checked("GET", f"{ORDERS}/{order['id']}", includedData="PROCEEDS,FULFILLMENT")["order"]
    assert paid["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert paid["proceeds"]["grandTotal"]["currencyCode"] == "USD"


def test_amazon_keeps_the_street_of_its_own_parcels(caller: Caller) -> None:
    order = caller.sandbox.place_order(fulfilled_by="platform")
    found = caller.checked("GET", f"{ORDERS}/{order['id']}", includedData="BUYER,RECIPIENT,PACKAGES")["order"]
    assert "addressLine1" not in found["recipient"]["deliveryAddress"]
    assert "buyerEmail" not in found["buyer"]
    assert "packages" not in found


def test_cancellation_is_told_apart_from_its_request(caller: Caller) -> None:
    order = caller.sandbox.place_order()
    caller.sandbox.act(order["id"], "ask_cancel")
    path = f"{ORDERS}/{order['id']}"
    asked = caller.checked("GET", path, includedData="CANCELLATION,FULFILLMENT")["order"]
    assert asked["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert asked["orderItems"][0]["cancellation"]["cancellationRequest"]["requester"] == "BUYER"
    caller.sandbox.act(order["id"], "cancel")
    gone = caller.checked("GET", path, includedData="CANCELLATION,FULFILLMENT")["order"]
    assert gone["fulfillment"]["fulfillmentStatus"] == "CANCELLED"
    assert gone["orderItems"][0]["cancellation"]["cancellationExecution"]["cancelledBy"] == "MERCHANT"


def _sum(breakdowns: list[Any]) -> Decimal:
    signs = {"DISCOUNT": -1}
    return sum((Decimal(b["subtotal"]["amount"]) * signs.get(b["type"], 1) for b in breakdowns), Decimal(0))


def test_amounts_add_up_and_respect_the_currency(caller: Caller) -> None:
    orders = [o for o in caller.every_page(createdAfter=SINCE) if "proceeds" in o]
    for order in orders:
        total = Decimal(order["proceeds"]["grandTotal"]["amount"])
        assert total == _sum(order["proceeds"]["breakdowns"])
        lines = [item["proceeds"] for item in order["orderItems"]]
        assert total == sum(Decimal(line["proceedsTotal"]["amount"]) for line in lines)
        assert all(_sum(line["breakdowns"]) == Decimal(line["proceedsTotal"]["amount"]) for line in lines)
        if order["proceeds"]["grandTotal"]["currencyCode"] == "JPY":
            assert "." not in order["proceeds"]["grandTotal"]["amount"]
    kinds = {b["type"] for o in orders for b in o["proceeds"]["breakdowns"]}
    assert kinds == {"ITEM", "SHIPPING", "GIFT_WRAP", "DISCOUNT", "TAX"}
    collected = [item for o in orders for item in o["orderItems"] if "tax" in item]
    assert collected


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({}, "Exactly one of"),
        ({"createdAfter": SINCE, "lastUpdatedAfter": SINCE}, "Exactly one of"),
        ({"createdAfter": SINCE, "lastUpdatedBefore": SINCE}, "must not be provided"),
        ({"createdAfter": "yesterday"}, "ISO 8601"),
        ({"createdAfter": "2026-05-29T00:00:00"}, "time zone"),
        ({"createdAfter": SINCE, "createdBefore": "2026-06-01T11:59:30Z"}, "two minutes"),
        ({"createdAfter": SINCE, "createdBefore": "2026-05-01T00:00:00Z"}, "equal to or after"),
        ({"createdAfter": "2027-01-01T00:00:00Z"}, "future"),
        ({"createdAfter": SINCE, "maxResultsPerPage": 101}, "between 1 and 100"),
        ({"createdAfter": SINCE, "maxResultsPerPage": 0}, "between 1 and 100"),
        ({"createdAfter": SINCE, "fulfillmentStatuses": "Shipped"}, "fulfillmentStatuses"),
        ({"createdAfter": SINCE, "fulfilledBy": "MFN"}, "fulfilledBy"),
        ({"createdAfter": SINCE, "marketplaceIds": "NOWHERE"}, "marketplaceIds"),
        ({"createdAfter": SINCE, "includedData": "ADDRESS"}, "includedData"),
        ({"createdAfter": SINCE, "paginationToken": "bm8="}, "paginationToken"),
    ],
)
def test_a_wrong_search_is_refused_with_amazons_error_body(
    caller: Caller, query: dict[str, Any], words: str
) -> None:
    assert words in caller.refused("GET", ORDERS, **query)


def test_a_page_token_wants_the_same_other_parameters(caller: Caller) -> None:
    page = caller.search(createdAfter=SINCE, maxResultsPerPage=5)
    token = page["pagination"]["nextToken"]
    message = caller.refused("GET", ORDERS, createdAfter=SINCE, maxResultsPerPage=6, paginationToken=token)
    assert "same" in message


def test_a_page_token_expires_after_a_day(caller: Caller) -> None:
    query = {"createdAfter": SINCE, "maxResultsPerPage": "5"}
    token = caller.search(**query)["pagination"]["nextToken"]
    caller.sandbox.set_clock(START + timedelta(hours=25))
    later = Caller(caller.sandbox)
    from_first = {"includedData": "BUYER", **query, "paginationToken": token}
    assert "expired" in later.refused("GET", ORDERS, **from_first)


def test_another_sellers_order_is_not_found(caller: Caller) -> None:
    order = caller.sandbox.place_order()
    other = Caller(caller.sandbox, "empty")
    assert other.refused("GET", f"{ORDERS}/{order['id']}", status=404)


def test_the_old_order_interface_reads_the_same_orders(caller: Caller) -> None:
    old = caller.checked(
        "GET", "/orders/v0/orders", MarketplaceIds="ATVPDKIKX0DER", CreatedAfter=SINCE, MaxResultsPerPage=10
    )["payload"]
    assert len(old["Orders"]) == 10
    rest = caller.checked(
        "GET", "/orders/v0/orders", MarketplaceIds="ATVPDKIKX0DER", NextToken=old["NextToken"]
    )["payload"]
    assert not {o["AmazonOrderId"] for o in rest["Orders"]} & {o["AmazonOrderId"] for o in old["Orders"]}
    number = old["Orders"][0]["AmazonOrderId"]
    one = caller.checked("GET", f"/orders/v0/orders/{number}")["payload"]
    items = caller.checked("GET", f"/orders/v0/orders/{number}/orderItems")["payload"]
    assert one["AmazonOrderId"] == items["AmazonOrderId"] == number
    message = caller.refused("GET", "/orders/v0/orders", CreatedAfter=SINCE)
    assert "MarketplaceIds" in message


def test_recorded_requests_conform_to_the_models(caller: Caller) -> None:
    caller.search(createdAfter=SINCE, maxResultsPerPage=5)
    order = caller.sandbox.place_order()
    caller.checked("GET", f"{ORDERS}/{order['id']}", includedData="BUYER")
    assert contracts.check_calls(caller.sandbox.calls(seller="busy")) == 2


def test_a_request_that_breaks_the_model_is_seen(caller: Caller) -> None:
    if contracts.folder() is None:
        return
    with pytest.raises(contracts.ContractBroken, match="unknown parameters"):
        contracts.check_request(method="GET", path=ORDERS, query="createdafter=2026-01-01T00:00:00Z")
    with pytest.raises(contracts.ContractBroken, match="is not one of"):
        contracts.check_request(method="GET", path=ORDERS, query="fulfilledBy=MFN")
    with pytest.raises(contracts.ContractBroken, match=r"[Aa]dditional"):
        contracts.check_answer(
            method="GET", path=ORDERS, status=200, body={"orders": [], "payload": {"orders": []}}
        )
