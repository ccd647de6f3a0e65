"""eBay's returns as Trading's GetOrders shows them: what is asked, what is read, what is no answer."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from pytest_django import Settings

from channels.adapter import (
    Adapter,
    ChannelError,
    CredentialsRejected,
    PageTokenExpired,
    Refused,
    RetryLater,
    Throttled,
    TokenExpired,
)
from channels.messages import IncomingReturn, Page
from channels.platforms.ebay import PLATFORM
from channels.platforms.ebay.returns import read_returns
from channels.platforms.ebay.xml_reading import as_object, parse_xml
from tests.answering import Answering, Received, Reply, answering
from tests.channels.platforms import ebay_contracts
from tests.channels.platforms.contract import AT, connection
from tests.channels.platforms.ebay_market import SELLER, dial
from tests.channels.platforms.examples.ebay import (
    EXAMPLES,
    NAMESPACE,
    orders_answer,
    returned_order,
    xml_answer,
    xml_failure,
)
from tests.channels.platforms.test_mutations import changed, refuse_wrong_bad
from tests.sandbox_fixture import START, Sandbox

GET_ORDERS = "GetOrders"


@pytest.fixture
def server(settings: Settings) -> Iterator[Answering]:
    with answering() as running:
        settings.ECOMHUB_SANDBOX_URL = running.url
        yield running


@pytest.fixture
def ebay(server: Answering) -> Adapter:
    return PLATFORM.build(connection(PLATFORM, EXAMPLES, server.url), None)


@pytest.fixture
def dialed(sandbox: Sandbox, settings: Settings) -> Adapter:
    """The adapter of the sandbox's seller with a fresh access token."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    return dial(sandbox)


def ask(ebay: Adapter, token: str = "", *, days: float = 1) -> Page[IncomingReturn]:
    return ebay.fetch_returns(updated_from=AT - timedelta(days=days), updated_to=AT, page_token=token)


def sent(request: Received, *names: str) -> str:
    root = ElementTree.fromstring(request.body)
    return root.findtext("/".join(f"{{{NAMESPACE}}}{name}" for name in names)) or ""


def page_of(count: int, *, first: int = 0, returned: tuple[int, ...] = ()) -> list[Any]:
    """Orders by their place in the list; those at some places come back."""
    status = {"Status": {"ReturnStatus": "NotApplicable"}}
    return [
        returned_order(f"12-{place:05d}-00001", f"1{place:013d}", **({} if place in returned else status))
        for place in range(first, first + count)
    ]


def orders_of(page: Page[IncomingReturn]) -> list[str]:
    return [found.order_id for found in page.items]


def test_only_lines_that_come_back_are_returns(ebay: Adapter, server: Answering) -> None:
    quiet = [returned_order(f"12-{no}", Status=status) for no, status in enumerate((
        {"ReturnStatus": "NotApplicable"}, {"ReturnStatus": "Invalid"}, {"PaymentHoldStatus": "None"}, "",
    ))]  # fmt: skip
    server.says(orders_answer([*quiet, returned_order()]))
    page = ask(ebay)
    (found,) = page.items
    assert (page.bad, page.next_token) == ((), "")
    assert (found.order_id, found.line_id, found.external_id) == (
        "12-00001-00001", "10000000000011", "10000000000011-return",
    )  # fmt: skip
    assert (found.quantity, found.status, found.refunded) == (2, "ReturnOpen", None)
    assert found.at == AT - timedelta(hours=26)
    request = server.received[0]
    assert request.headers["x-ebay-api-call-name"] == GET_ORDERS
    assert (sent(request, "ModTimeFrom"), sent(request, "ModTimeTo")) == (
        "2026-05-31T12:00:00.000Z", "2026-06-01T12:00:00.000Z",
    )  # fmt: skip
    assert (sent(request, "OrderRole"), sent(request, "OrderStatus")) == ("Seller", "All")
    assert sent(request, "Pagination", "EntriesPerPage") == "100"
    ebay_contracts.check_trading(request.body)


@pytest.mark.parametrize(
    ("status", "quantity"),
    [
        ("ReturnRequestPending", 2), ("ReturnShipped", 2), ("ReturnClosedWithRefund", 2), ("CustomCode", 2),
        ("ReturnRequestRejected", 0), ("ReturnClosedNoRefund", 0), ("ReturnEscalatedClosedNoRefund", 0),
    ],
)  # fmt: skip
def test_return_that_was_called_off_brings_nothing_back(
    ebay: Adapter, server: Answering, status: str, quantity: int
) -> None:
    server.says(orders_answer([returned_order(Status={"ReturnStatus": status})]))
    (found,) = ask(ebay).items
    assert (found.status, found.quantity) == (status, quantity)


def test_empty_list_is_an_empty_page(ebay: Adapter, server: Answering) -> None:
    server.says(orders_answer([]))
    page = ask(ebay)
    assert (page.items, page.bad, page.next_token) == ((), (), "")


def test_window_is_read_as_far_as_ebay_takes_it(ebay: Adapter, server: Answering) -> None:
    server.says(orders_answer([]))
    page = ask(ebay, days=45)
    assert sent(server.received[0], "ModTimeTo") == "2026-05-17T12:00:00.000Z"
    assert page.upper_bound == AT - timedelta(days=15)


def test_pages_go_on_while_ebay_says_so(ebay: Adapter, server: Answering) -> None:
    server.says(
        orders_answer(page_of(100, returned=(3,)), total=101, has_more=True),
        orders_answer(page_of(1, first=100, returned=(100,)), total=101),
    )
    first = ask(ebay)
    second = ask(ebay, first.next_token)
    assert orders_of(first) + orders_of(second) == ["12-00003-00001", "12-00100-00001"]
    assert [sent(request, "Pagination", "PageNumber") for request in server.received] == ["1", "2"]
    assert second.next_token == ""


def test_order_that_leaves_the_list_while_it_is_read_hides_no_return(
    ebay: Adapter, server: Answering
) -> None:
    before = page_of(150, returned=(7, 100, 120))
    after = [one for one in before if one["OrderID"] != "12-00007-00001"]
    server.says(
        orders_answer(before[:100], total=150, has_more=True),
        orders_answer(after[100:], total=149),
        orders_answer(after[:100], total=149, has_more=True),
    )
    first = ask(ebay)
    second = ask(ebay, first.next_token)
    assert orders_of(first) == ["12-00007-00001"]
    assert orders_of(second) == ["12-00100-00001", "12-00120-00001"]
    assert [sent(request, "Pagination", "PageNumber") for request in server.received] == ["1", "2", "1"]


def test_list_that_lost_a_whole_page_is_read_anew(ebay: Adapter, server: Answering) -> None:
    server.says(orders_answer(page_of(1), total=150))
    with pytest.raises(PageTokenExpired):
        ask(ebay, "2.250")


@pytest.mark.parametrize("token", ["1.5", "x", "2", "0.5", "2.-1", "٢.5", "2.5 "])
def test_strange_page_is_refused_unsent(ebay: Adapter, server: Answering, token: str) -> None:
    with pytest.raises(PageTokenExpired):
        ask(ebay, token)
    assert server.received == []


def test_unreadable_line_stops_only_itself(ebay: Adapter, server: Answering) -> None:
    orders: list[Any] = [
        returned_order("12-1", "21", QuantityPurchased="many"), returned_order("12-2", "22"), "an order?",
        {"OrderID": "12-3", "TransactionArray": "none"}, returned_order("", "24"),
    ]  # fmt: skip
    server.says(orders_answer(orders))
    page = ask(ebay)
    assert orders_of(page) == ["12-2"]
    assert {"21-return", "24-return", "12-3"} < {item.external_id for item in page.bad}
    assert len(page.bad) == 4


def without(name: str) -> Reply:
    """A good answer without one of its elements."""
    good = orders_answer([returned_order()])
    data = as_object(parse_xml(good.body))
    del data[name]
    return xml_answer(GET_ORDERS, {key: value for key, value in data.items() if key not in ("Ack", "xmlns")})


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (without("OrderArray"), RetryLater),
        (without("HasMoreOrders"), RetryLater),
        (without("PaginationResult"), RetryLater),
        (orders_answer([returned_order()], ack="PartialFailure"), RetryLater),
        (orders_answer([returned_order()], ack="Maybe"), RetryLater),
        (orders_answer([returned_order()], ack=""), RetryLater),
        (xml_answer("GetItem", {"OrderArray": ""}), RetryLater),
        (xml_failure(GET_ORDERS, "10007", "Internal error"), RetryLater),
        (xml_failure(GET_ORDERS, "518", "Call usage limit"), Throttled),
        (xml_failure(GET_ORDERS, "932", "Auth token is hard expired"), TokenExpired),
        (xml_failure(GET_ORDERS, "930", "No access"), CredentialsRejected),
        (xml_failure(GET_ORDERS, "37", "Invalid input"), Refused),
        (Reply(200, b"<html/>", "text/xml"), RetryLater),
        (Reply(200, b"<GetOrdersResponse><Ack>Success", "text/xml"), RetryLater),
        (Reply(200, b"", "text/xml"), RetryLater),
    ],
)
def test_what_is_no_answer_is_no_page(
    ebay: Adapter, server: Answering, answer: Reply, meaning: type[ChannelError]
) -> None:
    server.says(answer)
    with pytest.raises(ChannelError) as caught:
        ask(ebay)
    assert isinstance(caught.value, meaning)
    assert len(server.received) == 1


def test_every_place_of_an_order_with_every_hostile_value() -> None:
    order = as_object(parse_xml(orders_answer([returned_order()]).body))["OrderArray"]["Order"]
    judged = 0
    for value in changed(lambda: [copy.deepcopy(order)]):
        found, bad = read_returns(value)
        for one in found:
            assert one.order_id
            assert one.external_id == f"{one.line_id}-return"
            assert 0 <= one.quantity <= 1_000_000
        for item in bad:
            refuse_wrong_bad(item)
        judged += 1
    assert judged > 50


def shipped(sandbox: Sandbox, **line: Any) -> Any:
    placed = sandbox.place_order(seller=SELLER, lines=[{"quantity": 2} | line], quiet=True)
    for step in ("ship_elsewhere", "deliver"):
        sandbox.act(placed["id"], step)
    return placed


def mine(ebay: Adapter, order: Any) -> list[IncomingReturn]:
    page = ebay.fetch_returns(updated_from=START - timedelta(days=2), updated_to=START, page_token="")
    assert page.bad == ()
    return [found for found in page.items if found.order_id == order["id"]]


def test_return_of_the_market_names_its_orders_line(dialed: Adapter, sandbox: Sandbox) -> None:
    placed = shipped(sandbox)
    assert mine(dialed, placed) == []
    sandbox.act(placed["id"], "ask_return", quantity=1)
    (found,) = mine(dialed, placed)
    order = dialed.fetch_order(order_id=placed["id"])
    assert (found.line_id, found.status, found.at) == (
        order.lines[0].external_id, "ReturnRequestPending", START,
    )  # fmt: skip
    sandbox.act(placed["id"], "settle_return", **{"return": sandbox.order(placed["id"])["returns"][0]["id"]})
    (after,) = mine(dialed, placed)
    assert (after.external_id, after.status, after.quantity) == (
        found.external_id, "ReturnClosedWithRefund", 2,
    )  # fmt: skip
    for call in sandbox.calls(operation="tradingOrders"):
        ebay_contracts.check_request(call)


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [
        ("html_503", RetryLater), ("html_429", Throttled), ("empty_200", RetryLater),
        ("truncated_json", RetryLater), ("wrong_content_type", RetryLater), ("missing_list_key", RetryLater),
    ],
)  # fmt: skip
def test_disturbed_market_shows_no_page(
    dialed: Adapter, sandbox: Sandbox, kind: str, meaning: type[ChannelError]
) -> None:
    sandbox.fault(kind, seller=SELLER, operation="tradingOrders")
    with pytest.raises(meaning):
        ask(dialed)
    assert ask(dialed).bad == ()


def test_market_refuses_a_stranger(dialed: Adapter, sandbox: Sandbox) -> None:
    stranger = PLATFORM.build(connection(PLATFORM, EXAMPLES, sandbox.url), None)
    with pytest.raises(TokenExpired):
        ask(stranger)


def test_pages_of_the_market_are_read_to_the_end(dialed: Adapter, sandbox: Sandbox) -> None:
    sandbox.reset(orders_per_day={SELLER: 0.1}, history_days=2)
    ebay = dial(sandbox)
    orders = [
        sandbox.place_order(
            seller=SELLER, id=f"99-{number:05d}-00000", lines=[{"quantity": 1}], quiet=True,
            placed_at=(START - timedelta(minutes=300 - number)).isoformat(),
        )
        for number in range(130)
    ]  # fmt: skip
    for order in (orders[5], orders[120]):
        for step in ("ship_elsewhere", "deliver", "ask_return"):
            sandbox.act(order["id"], step)
    first = ask(ebay)
    second = ask(ebay, first.next_token)
    assert first.next_token
    assert second.next_token == ""
    assert {*orders_of(first), *orders_of(second)} >= {orders[5]["id"], orders[120]["id"]}
