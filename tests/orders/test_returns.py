"""Returns come by themselves, once each, and wait for orders that are not here yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse
from pytest_django.fixtures import Settings

from channels.messages import BadItem, IncomingReturn
from channels.models import FailedImport, Pull, SyncRun
from channels.polling import PageCounts
from ecomhub import work
from ecomhub.access import Role
from orders import pulling, returns
from orders.models import Order, OrderLine, PlatformReturn, WaitingReturn
from tests.api.calling import Api, make_person
from tests.channels.bazaar import bazaar
from tests.logistics.parcels import LATER, Parcels, open_parcels
from tests.logistics.test_pages import client_of
from tests.orders.factory import AT, Goods, incoming, line, make_account, make_goods, taken
from tests.sandbox_fixture import START

pytestmark = pytest.mark.django_db(transaction=True)


def back(
    order: str, *, number: str = "R1", row: str = "L1", quantity: int = 1, **changes: object
) -> IncomingReturn:
    """One return as a platform reports it."""
    given = {"status": "requested", "reason": "too small", "refunded": Decimal("4.00"), "at": AT}
    return IncomingReturn(number, row, quantity, order_id=order, **{**given, **changes})  # type: ignore[arg-type]


def report(goods: Goods, *reported: IncomingReturn, bad: tuple[BadItem, ...] = ()) -> PageCounts:
    """Take a page of returns in as the stream does."""
    with transaction.atomic():
        return returns.take_in(account=goods.account, reported=reported, bad=bad, at=AT)


def test_return_is_counted_once_however_often_it_comes() -> None:
    goods = make_goods({"mug": 9})
    order = taken(goods.account, incoming(0, line("mug", 3)))
    assert report(goods, back(order.external_id)).created == 1
    assert report(goods, back(order.external_id)).unchanged == 1
    found = PlatformReturn.objects.get()
    assert (found.status, found.refunded, found.line) == (
        "requested", Decimal("4.0000"), OrderLine.objects.get(),
    )  # fmt: skip
    assert report(goods, back(order.external_id, quantity=3, status="received")).updated == 1
    order.refresh_from_db()
    assert (order.return_status, OrderLine.objects.get().quantity_returned) == ("fully", 3)
    report(goods, back(order.external_id, quantity=0, status="called off"))
    order.refresh_from_db()
    assert (order.return_status, OrderLine.objects.get().quantity_returned) == ("", 0)


def test_lines_of_one_return_are_rows_of_their_own() -> None:
    goods = make_goods({"mug": 9, "cup": 9})
    order = taken(goods.account, incoming(0, line("mug", 2), line("cup", 2, number=2)))
    report(goods, back(order.external_id), back(order.external_id, row="L2", quantity=2))
    assert dict(OrderLine.objects.values_list("external_id", "quantity_returned")) == {"L1": 1, "L2": 2}
    order.refresh_from_db()
    assert order.return_status == "partly"


def test_return_of_an_unknown_order_waits_for_it() -> None:
    goods = make_goods({"mug": 9})
    coming = incoming(0, line("mug", 2))
    report(goods, back(coming.external_id, status="old"))
    report(goods, back(coming.external_id))
    assert WaitingReturn.objects.get().status == "requested"
    order = taken(goods.account, coming)
    assert not WaitingReturn.objects.exists()
    assert PlatformReturn.objects.get().order_id == order.pk
    order.refresh_from_db()
    assert order.return_status == "partly"


def test_unknown_line_is_kept_and_takes_its_line_later() -> None:
    goods = make_goods({"mug": 9})
    order = taken(goods.account, incoming(0, line("mug", 2)))
    report(goods, back(order.external_id, row=""))
    assert PlatformReturn.objects.get().line is None
    report(goods, back(order.external_id))
    assert PlatformReturn.objects.get().line is not None


def test_unreadable_return_stops_only_itself() -> None:
    goods = make_goods({"mug": 9})
    order = taken(goods.account, incoming(0, line("mug", 2)))
    broken = back(order.external_id, number="R2", quantity=-1)
    counts = report(goods, broken, back(order.external_id), bad=(BadItem("R3", "no row"),))
    assert (counts.created, counts.quarantined) == (1, 2)
    assert set(FailedImport.objects.values_list("kind", "external_id")) == {
        ("return", "R2"),
        ("return", "R3"),
    }
    report(goods, back(order.external_id, number="R2"))
    assert not FailedImport.objects.filter(external_id="R2", state="waiting").exists()
    assert PlatformReturn.objects.count() == 2


@pytest.fixture
def parcels(transactional_db: None, settings: Settings) -> Iterator[Parcels]:
    """An account whose platform reports returns, with one order of two units."""
    with bazaar(settings) as market:
        yield open_parcels(market)


def told(number: str, *, order: str = "o1", at: int = 0, count: int = 1) -> dict[str, object]:
    """One return as the market tells it."""
    return {
        "id": number, "order": order, "row": f"{order}-1", "count": count, "state": "asked", "why": "broken",
        "back": "4.00", "changed": int(START.timestamp()) + at,
    }  # fmt: skip


def pull(parcels: Parcels) -> Pull:
    """Read the stream to the end of its pass."""
    row = Pull.objects.get(account=parcels.account, stream="returns")
    work.ring(model=Pull, pks=[row.pk])
    pulling.pull_orders(pull_id=row.pk, now=lambda: LATER, turn=600)
    row.refresh_from_db()
    return row


def test_stream_reads_every_page_and_moves_its_cursor(parcels: Parcels) -> None:
    parcels.market.returns = [told(f"R{number}", at=number) for number in range(5)]
    row = Pull.objects.get(account=parcels.account, stream="returns")
    assert row.cursor is not None
    assert row.cursor < START - timedelta(days=10), "it begins with the account's history"
    for _pass in range(10):
        row = pull(parcels)
        if row.cursor == LATER:
            break
    assert PlatformReturn.objects.count() == 5
    assert SyncRun.objects.filter(pull=row, ok=True).exists()
    pull(parcels)
    assert PlatformReturn.objects.count() == 5


def test_account_connected_earlier_gets_the_stream(parcels: Parcels) -> None:
    Pull.objects.filter(stream="returns").delete()
    assert returns.open_lanes(at=LATER) == 1
    assert returns.open_lanes(at=LATER) == 0
    assert Pull.objects.filter(stream="returns", account=parcels.account).exists()
    make_account()
    assert returns.open_lanes(at=LATER) == 0, "its platform reports none"


def test_failed_return_lets_the_stream_read_again(parcels: Parcels) -> None:
    for _pass in range(10):
        row = pull(parcels)
        if row.cursor == LATER:
            break
    report(Goods(parcels.account, None, {}), bad=(BadItem("R9", "no row"),))  # type: ignore[arg-type]
    FailedImport.objects.update(due_at=START - timedelta(days=999))
    assert returns.retry_failed(limit=5) == 1
    row.refresh_from_db()
    assert row.cursor is not None
    assert row.cursor < LATER


def test_order_page_and_program_see_them(parcels: Parcels) -> None:
    parcels.market.returns = [told("R1")]
    for _pass in range(10):
        if pull(parcels).cursor == LATER:
            break
    order = Order.objects.get()
    page = client_of(Role.VIEWER).get(reverse("orders:detail", args=[order.pk])).content.decode()
    assert "R1" in page
    api = Api()
    [shown] = api.get("returns/", order=order.pk)["results"]
    assert (shown["external_id"], shown["order_external_id"], shown["shop"]) == ("R1", "o1", order.shop_id)
    assert shown["refunded"] == {"amount": "4.00", "currency": "USD"}
    assert api.get(f"returns/{shown['id']}/") == shown
    assert api.get("returns/", status="other")["results"] == []
    assert len(api.get("returns/", status="asked", shop=order.shop_id)["results"]) == 1
    assert api.get("returns/", updated_after="2100-01-01T00:00:00Z")["results"] == []
    stranger = Api(make_person(Role.OPERATIONS, shop_ids=[make_account().shops.get().pk]))
    assert stranger.get("returns/")["results"] == []
