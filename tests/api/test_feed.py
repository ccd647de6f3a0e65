"""The change feeds: nothing is missed, nothing comes twice, whatever happens to client or cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from django.db import connection, connections
from psycopg2.extensions import cursor as Cursor

from inventory.models import StockLevel
from logistics.models import Confirmation, Shipment
from orders.models import Order, OrderLine
from tests.api.calling import Api
from tests.inventory.making import make_sku, make_warehouse, stock
from tests.logistics.making import line, make_goods, planned_one, ready, send, telling
from tests.orders.factory import make_account

pytestmark = pytest.mark.django_db(transaction=True)

FEEDS = ("orders/changes/", "shipments/changes/", "stock/levels/changes/")


@pytest.fixture
def api() -> Api:
    return Api()


def follow(api: Api, path: str, cursor: str = "", *, size: int = 50) -> tuple[list[int], str]:
    """Every id a feed hands out from a cursor to its end, and the cursor to keep."""
    found: list[int] = []
    while True:
        more: dict[str, Any] = {"cursor": cursor} if cursor else {}
        page = api.get(path, page_size=size, **more)
        found += [row["id"] for row in page["results"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            return found, cursor


@contextmanager
def open_writer() -> Iterator[Cursor]:
    """A second session of the application's, in a transaction that ends with the block."""
    held = connections.create_connection("default")
    held.ensure_connection()
    try:
        held.set_autocommit(False)
        with held.connection.cursor() as cursor:
            yield cursor
        held.commit()
    finally:
        held.close()


def touch(*order_ids: int) -> None:
    """Write orders, each in a transaction of its own."""
    for order_id in order_ids:
        Order.objects.filter(pk=order_id).update(note=f"seen {order_id}")


def test_each_object_comes_once_and_again_when_it_is_written_again(api: Api) -> None:
    goods = make_goods({"mug": 50})
    orders = [ready(goods).pk for _ in range(5)]
    found, cursor = follow(api, FEEDS[0], size=2)
    assert found == orders
    assert follow(api, FEEDS[0], cursor) == ([], cursor)
    touch(orders[3], orders[1], orders[3])
    assert follow(api, FEEDS[0], cursor)[0] == [orders[1], orders[3]]


def test_new_feed_without_rows_gives_a_cursor_to_begin_with(api: Api) -> None:
    for path in FEEDS:
        page = api.get(path)
        assert (page["results"], page["has_more"]) == ([], False)
        assert follow(api, path, page["next_cursor"])[0] == []


def test_open_transaction_holds_back_what_is_newer_and_nothing_is_missed(api: Api) -> None:
    goods = make_goods({"mug": 50})
    slow, quick = ready(goods).pk, ready(goods).pk
    _found, cursor = follow(api, FEEDS[0])
    with open_writer() as held:
        held.execute("UPDATE orders_order SET note = 'slow' WHERE id = %s", [slow])
        touch(quick)
        waiting = api.get(FEEDS[0], cursor=cursor)
        assert waiting["results"] == [], "the quick one is newer than the open writer"
        assert waiting["lag_s"] > 0
    assert follow(api, FEEDS[0], waiting["next_cursor"])[0] == [slow, quick]


def test_keyset_of_ids_would_have_missed_it() -> None:
    """The negative control: by instant, as lists go, the slow writer's change is behind the client."""
    goods = make_goods({"mug": 50})
    slow, quick = ready(goods).pk, ready(goods).pk
    with open_writer() as held:
        held.execute("UPDATE orders_order SET updated_at = clock_timestamp() WHERE id = %s", [slow])
        with connection.cursor() as other:
            other.execute("UPDATE orders_order SET updated_at = clock_timestamp() WHERE id = %s", [quick])
        seen = Order.objects.get(pk=quick).updated_at
    assert not Order.objects.filter(updated_at__gt=seen).exists()


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_client_killed_at_every_page_boundary_misses_and_doubles_nothing(api: Api, size: int) -> None:
    goods = make_goods({"mug": 500})
    orders = [ready(goods).pk for _ in range(7)]
    kept: list[int] = []
    cursor, killed = "", 0
    while True:
        more: dict[str, Any] = {"cursor": cursor} if cursor else {}
        lost = api.get(FEEDS[0], page_size=size, **more)
        killed += 1  # the client dies with this page unread: its kept cursor is still the old one
        page = api.get(FEEDS[0], page_size=size, **more)
        assert page["results"] == lost["results"]
        kept += [row["id"] for row in page["results"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert kept == orders
    assert killed >= 7 // size


def test_rows_of_one_transaction_are_paged_through(api: Api) -> None:
    goods = make_goods({"mug": 500})
    orders = [ready(goods).pk for _ in range(9)]
    Order.objects.update(note="all at once")
    assert len(set(Order.objects.values_list("change_xid"))) == 1
    assert sorted(follow(api, FEEDS[0], size=2)[0]) == sorted(orders)


def another_cluster(owner: Cursor) -> None:
    """What a dump and restore does to the database: rows as they were, transaction numbers begin anew."""
    owner.execute("UPDATE ecomhub_feedepoch SET cluster = '1/00000001'")
    connection.close()


def test_restored_database_hands_out_what_is_written_after_it(api: Api, owner: Cursor) -> None:
    goods = make_goods({"mug": 50})
    first, second, third = (ready(goods).pk for _ in range(3))
    _found, cursor = follow(api, FEEDS[0])
    before = api.get(FEEDS[0], cursor=cursor)["epoch"]
    owner.execute("ALTER TABLE orders_order DISABLE TRIGGER order_stamp")
    owner.execute("UPDATE orders_order SET change_xid = '4611686018427387904' WHERE id = %s", [third])
    owner.execute("ALTER TABLE orders_order ENABLE TRIGGER order_stamp")
    another_cluster(owner)
    touch(second)
    page = api.get(FEEDS[0], cursor=cursor)
    assert page["epoch"] == before + 1
    assert [row["id"] for row in page["results"]] == [third, second], "older epochs are handed out whole"
    assert sorted(follow(api, FEEDS[0])[0]) == sorted([first, second, third])


def test_first_writer_of_a_new_cluster_raises_the_epoch_once(owner: Cursor) -> None:
    goods = make_goods({"mug": 50})
    orders = [ready(goods).pk for _ in range(2)]
    owner.execute("SELECT epoch FROM ecomhub_feedepoch")
    [(before,)] = owner.fetchall()
    another_cluster(owner)
    touch(*orders)
    connection.close()
    touch(*orders)
    assert set(Order.objects.values_list("change_epoch", flat=True)) == {before + 1}


def test_whoever_writes_a_line_alone_moves_its_order(api: Api) -> None:
    goods = make_goods({"mug": 50})
    order = ready(goods)
    _found, cursor = follow(api, FEEDS[0])
    version = Order.objects.get().version
    OrderLine.objects.update(quantity_returned=1)
    assert follow(api, FEEDS[0], cursor)[0] == [order.pk]
    assert Order.objects.get().version == version + 1


def test_shipment_follows_what_leaves_and_what_the_platform_was_told(api: Api) -> None:
    goods = make_goods({"mug": 9}, account=telling())
    _order, shipment = planned_one(goods, line("mug", 2))
    found, cursor = follow(api, FEEDS[1])
    assert found == [shipment.pk]
    send(shipment)
    found, cursor = follow(api, FEEDS[1], cursor)
    assert found == [shipment.pk]
    Confirmation.objects.update(outcome="sent")
    found, cursor = follow(api, FEEDS[1], cursor)
    assert found == [shipment.pk]
    Confirmation.objects.update(lease_epoch=7)
    assert follow(api, FEEDS[1], cursor)[0] == [], "a worker's own bookkeeping is not the shipment's"
    shown = api.get(FEEDS[1])["results"][0]
    assert shown == api.get(f"shipments/{shipment.pk}/")


def test_stock_level_follows_every_movement(api: Api) -> None:
    sku, place = make_sku("mug"), make_warehouse("HERE")
    stock(sku, place, 5)
    found, cursor = follow(api, FEEDS[2])
    assert found == [StockLevel.objects.get().pk]
    stock(sku, place, 2)
    page = api.get(FEEDS[2], cursor=cursor)
    assert [row["on_hand"] for row in page["results"]] == [7]


def test_feed_shows_only_what_the_token_may_see() -> None:
    mine, other = make_goods({"mug": 9}), make_goods({"mug": 9}, account=make_account())
    order, _hidden = ready(mine), ready(other)
    api = Api(shop_ids=[mine.shop.pk], warehouse_ids=[mine.warehouse.pk])
    assert follow(api, FEEDS[0])[0] == [order.pk]
    assert all(row["warehouse"] == mine.warehouse.code for row in api.get(FEEDS[2])["results"])


@pytest.mark.parametrize("path", FEEDS)
def test_cursor_of_another_list_is_refused(api: Api, path: str) -> None:
    for cursor in ("x", "WyIyMDI2IiwgMV0", "WzEsIDIsICJ4Il0", "WzEsIDIsIDFlMzBd"):
        assert api.get(path, cursor=cursor, expect=400)["code"] == "bad_cursor"
    assert "nope" in api.get(path, nope="1", expect=400)["errors"]


def test_whole_cluster_dumped_and_restored_elsewhere_gets_another_name(owner: Cursor) -> None:
    """The name that raises the epoch is the cluster's own and its timeline's."""
    owner.execute("SELECT system_identifier FROM pg_control_system()")
    [(identifier,)] = owner.fetchall()
    with connection.cursor() as cursor:
        cursor.execute("SELECT ecomhub_epoch()")
    owner.execute("SELECT cluster FROM ecomhub_feedepoch")
    [(cluster,)] = owner.fetchall()
    assert cluster.startswith(f"{identifier}/")


def test_application_may_not_forget_the_epoch(owner: Cursor) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ecomhub_epoch()")
        with pytest.raises(Exception, match="permission denied") as caught:
            cursor.execute("DELETE FROM ecomhub_feedepoch")
    assert isinstance(caught.value.__cause__, psycopg2.errors.InsufficientPrivilege)


def test_sparse_feed_brings_what_was_asked_for(api: Api) -> None:
    order = ready(make_goods({"mug": 9}))
    [row] = api.get(FEEDS[0], fields="id,status")["results"]
    assert row == {"id": order.pk, "status": "label"}
    assert Shipment.objects.count() in (0, 1)
    assert json.dumps(row)
    unknown: dict[str, Any] = api.get(FEEDS[0], fields="id,colour", expect=400)
    assert "colour" in unknown["errors"]["fields"][0]
