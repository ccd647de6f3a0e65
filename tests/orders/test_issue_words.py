"""The order page says why an order is an exception and what to do next."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from ecomhub.access import Role
from orders import issue_words
from orders.issues import open_issue
from orders.models import IssueKind, Order, OrderIssue
from tests.api.calling import make_person
from tests.orders.factory import AT, incoming, line, make_goods, take

pytestmark = pytest.mark.django_db(transaction=True)


def page_of(client: Client, order: Order) -> str:
    """The order's page as somebody of operations reads it."""
    client.force_login(make_person(Role.OPERATIONS))
    return html.unescape(client.get(f"/orders/{order.pk}/").content.decode())


def with_issue(kind: str, detail: dict[str, Any]) -> Order:
    """An order that waits for a parcel, with one more exception."""
    goods = make_goods({"mug": 5})
    take(goods.account, incoming(1, line("mug")))
    order = Order.objects.get()
    open_issue(order_id=order.pk, kind=kind, at=AT, detail=detail)
    return order


def test_a_shortage_names_the_sku_and_how_many_are_missing(client: Client) -> None:
    goods = make_goods({"mug": 1})
    take(goods.account, incoming(1, line("mug", 4)))
    text = page_of(client, Order.objects.get())
    assert f"{goods.skus['mug'].code}: 3 missing" in text
    assert "Receive stock; it is reserved by itself" in text
    assert "Mark as solved" not in text


def test_an_unpaired_line_names_its_listing(client: Client) -> None:
    goods = make_goods({"mug": 1})
    take(goods.account, incoming(1, line("unheard-of")))
    issue = OrderIssue.objects.get()
    [shown] = issue_words.issues_shown(issues=[issue], lines=list(issue.order.lines.all()))
    assert shown.reason == "unheard-of"
    assert "Pair the listing with a SKU; the order then goes on" in page_of(client, issue.order)


@pytest.mark.parametrize(
    ("kind", "detail", "reason"),
    [
        (IssueKind.UNKNOWN_VALUE, {"values": ["ODD", "ODDER"]}, "ODD, ODDER"),
        (
            IssueKind.CONFIRM_REFUSED,
            {"shipment": "S-7", "reason": "no such carrier"},
            "S-7 · no such carrier",
        ),
        (IssueKind.CANCEL_REFUSED, {"kind": "cancel", "reason": "too late"}, "Cancel the order · too late"),
        (IssueKind.DISCREPANCY, {"about": "unpaid"}, "The platform shows it as unpaid"),
        (IssueKind.DISCREPANCY, {"shipment": "S-7", "reason": "…"}, "Shipment S-7 was told to the platform"),
        (IssueKind.CANCEL_AFTER_SHIP, {}, "Stop the parcel or await its return"),
    ],
)
def test_the_reason_and_the_next_step_are_on_the_page(
    client: Client, kind: IssueKind, detail: dict[str, Any], reason: str
) -> None:
    text = page_of(client, with_issue(kind, detail))
    assert reason in text
    assert "mark this as solved" in text
    assert "Mark as solved" in text


def test_every_kind_says_what_to_do_next() -> None:
    order = with_issue(IssueKind.NO_LINES, {})
    with override("en"):
        for kind in IssueKind:
            issue = OrderIssue(order=order, kind=kind, detail={}, opened_at=AT)
            [shown] = issue_words.issues_shown(issues=[issue], lines=[])
            assert shown.next_step, kind
    assert issue_words.issues_shown(issues=[OrderIssue(order=order, kind="new", detail={})], lines=[])


def test_lines_that_are_not_shown_yet_cannot_be_marked_as_solved(client: Client) -> None:
    text = page_of(client, with_issue(IssueKind.NO_LINES, {}))
    assert "The order is read again by itself" in text
    assert "Mark as solved" not in text
