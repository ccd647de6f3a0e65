"""Pulling order streams from a platform, and what survives when somebody dies or forgets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from threading import Barrier, Event, Timer

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction

from channels import polling
from channels.listings import pair
from channels.models import ChannelAccount, FailedImport, Listing, Pull, SyncRun
from ecomhub import clock, work
from ecomhub.verifying import verify
from orders import pulling, sweeps, tasks
from orders.intake import ADVISORY_CLASS
from orders.models import Order
from tests.channels.making import pull_of
from tests.inventory.making import level, make_sku, make_warehouse, stock
from tests.orders.factory import AT, incoming, line, make_goods, take
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def now() -> datetime:
    return START


def pull(account: ChannelAccount, moment: datetime = START) -> Pull:
    row = pull_of(account, "orders")
    work.ring(model=Pull, pks=[row.pk])
    pulling.pull_orders(pull_id=row.pk, now=lambda: moment, turn=600)
    return pull_of(account, "orders")


def counts(run: SyncRun) -> dict[str, int]:
    names = ("seen", "created", "updated", "unchanged", "quarantined")
    return {name: getattr(run, name) for name in names}


def test_orders_of_a_platform_are_pulled_and_pulled_again_without_effect(busy: ChannelAccount) -> None:
    first = pull(busy)
    assert first.last_success_at == START
    run = SyncRun.objects.get(pull=first)
    assert run.created == Order.objects.count() > 0
    assert run.quarantined == 0
    pull(busy, START + timedelta(minutes=5))
    again = SyncRun.objects.filter(pull=first).latest("pk")
    assert again.created == 0
    assert verify().ok


def test_account_is_pulled_by_one_of_two_workers(busy: ChannelAccount) -> None:
    row = pull_of(busy, "orders")
    work.ring(model=Pull, pks=[row.pk])
    start = Barrier(2)

    def worker(_number: int) -> timedelta | None:
        start.wait()
        try:
            return pulling.pull_orders(pull_id=row.pk, now=now, turn=600)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(worker, range(2)))
    assert sorted(answer is not None for answer in answers) == [False, True]
    assert SyncRun.objects.filter(pull=row).count() == 1


def test_woken_sleeper_writes_nothing(busy: ChannelAccount) -> None:
    row = pull_of(busy, "orders")
    work.ring(model=Pull, pks=[row.pk])
    sleeper = work.claim_one(model=Pull, pk=row.pk)
    assert sleeper is not None
    fetched = polling.fetch_page(pull=sleeper, at=START)
    assert fetched is not None
    Pull.objects.filter(pk=row.pk).update(lease_until=START - timedelta(days=400))
    assert work.claim_one(model=Pull, pk=row.pk) is not None
    with pytest.raises(work.LeaseLost):
        pulling.take_page(pull=sleeper, fetched=fetched, now=now)
    assert not Order.objects.exists()


def test_bad_body_moves_nothing(busy: ChannelAccount, market: Sandbox) -> None:
    market.fault("html_503", operation="searchOrders")
    before = pull_of(busy, "orders").cursor
    after = pull(busy)
    assert after.cursor == before
    assert not SyncRun.objects.filter(pull=after, ok=True).exists()
    assert pull(busy).last_success_at == START


def test_flushing_the_broker_loses_nothing() -> None:
    broker = redis.Redis.from_url(settings.REDIS_URL)
    goods = make_goods({"mug": 0})
    take(goods.account, incoming(1), incoming(2, line("new-thing")))
    stock(goods.skus["mug"], goods.warehouse, 3)
    sku = make_sku()
    stock(sku, goods.warehouse, 3)
    pair(listing=Listing.objects.get(external_id="new-thing"), components=[(sku.pk, 1)], at=AT)
    row = Pull.objects.create(account=goods.account, stream="orders")
    tasks.tick()
    broker.flushall()
    assert pulling.due_pulls(limit=5) == [row.pk]
    tasks.tick()
    assert broker.llen("celery") >= 1
    assert set(Order.objects.values_list("status", flat=True)) == {"label"}
    broker.flushall()


def test_switched_on_market_is_worked_through_by_sweeps(busy: ChannelAccount) -> None:
    ChannelAccount.objects.filter(pk=busy.pk).update(go_live_at=START - timedelta(days=9))
    pull(busy)
    place = make_warehouse("MAIN")
    for listing in Listing.objects.filter(is_mapped=False):
        sku = make_sku()
        stock(sku, place, 1000)
        pair(listing=listing, components=[(sku.pk, 1)], at=START)
    ChannelAccount.objects.filter(pk=busy.pk).update(switched_on_at=START)
    sweeps.sweep(now=now)
    worked = Order.objects.filter(fulfillment_method="by_seller", platform_state="open", hold_reason="")
    assert set(worked.values_list("status", flat=True)) == {"label"}
    assert not sweeps.to_approve(limit=5)
    assert not sweeps.to_allocate(limit=5)
    assert verify().ok


def test_order_that_failed_is_fetched_again_and_solved(busy: ChannelAccount, market: Sandbox) -> None:
    pull(busy)
    order = Order.objects.exclude(platform_state="canceled").earliest("pk")
    failed = FailedImport.objects.create(
        account=busy,
        kind="order",
        external_id=order.external_id,
        reason="could not be read",
        sealed=b"",
        first_seen_at=START,
        last_seen_at=START,
    )
    assert pulling.retry_failed(now=now, limit=5) == 1
    failed.refresh_from_db()
    assert failed.state == "done"


def test_page_that_meets_a_deadlock_is_written_again_whole() -> None:
    goods = make_goods({"mug": 9})
    held, wanted = Event(), Event()

    def rival() -> str:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM inventory_stocklevel FOR UPDATE")
                held.set()
                wanted.wait(5)
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ADVISORY_CLASS, goods.account.pk])
            return "went through"
        except OperationalError as error:
            return "deadlock" if pulling.may_be_repeated(error) else "other"
        finally:
            connection.close()

    def deliver() -> int:
        held.wait(5)
        try:
            Timer(0.3, wanted.set).start()
            return pulling.take_orders(
                account=goods.account, orders=[incoming(n) for n in (1, 2)], at=AT
            ).created
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        other, page = pool.submit(rival), pool.submit(deliver)
        assert page.result() == 2
        assert other.result() in ("went through", "deadlock")
    assert level(goods.skus["mug"], goods.warehouse) == (9, 2)
    assert verify().ok


def test_sync_pulls_and_waits(busy: ChannelAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock_file = tmp_path / "clock.json"
    clock.write_anchor(path=clock_file, anchor=clock.Anchor(real=clock.real_now(), app=START, speed=1.0))
    monkeypatch.setenv("ECOMHUB_CLOCK_FILE", str(clock_file))
    said = StringIO()
    call_command("sync", account=busy.name, stream="orders", wait=True, json=True, stdout=said)
    result = json.loads(said.getvalue())
    assert [row["state"] for row in result["pulls"]] == ["done"]
    assert Order.objects.exists()
    with pytest.raises(CommandError, match="nothing to pull"):
        call_command("sync", account="Nobody", stdout=said)


def replay(account: ChannelAccount, *files: Path) -> dict[str, object]:
    said = StringIO()
    call_command("replay", *map(str, files), account=account.name, stream="orders", json=True, stdout=said)
    result: dict[str, object] = json.loads(said.getvalue())
    return result


def search_page(*orders: Mapping[str, object]) -> str:
    return json.dumps({"orders": list(orders)})


def test_replayed_mixture_is_counted_and_repeated_without_effect(tmp_path: Path, owner: object) -> None:
    goods = make_goods({"mug": 5})
    new = {
        "orderId": "902-0000001-0000001",
        "createdTime": "2026-02-20T10:00:00Z",
        "lastUpdatedTime": "2026-02-20T10:00:00Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER"},
        "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT"},
        "orderItems": [
            {
                "orderItemId": "1",
                "quantityOrdered": 2,
                "product": {
                    "asin": "B000000001",
                    "title": "Mug",
                    "sellerSku": "mug",
                    "price": {"unitPrice": {"amount": "5.00", "currencyCode": "USD"}},
                },
            }
        ],
        "proceeds": {"grandTotal": {"amount": "10.00", "currencyCode": "USD"}},
    }
    old = {
        "payload": {
            "Orders": [
                {
                    "AmazonOrderId": "902-0000002-0000002",
                    "PurchaseDate": "2026-02-20T10:00:00Z",
                    "LastUpdateDate": "2026-02-20T11:00:00Z",
                    "OrderStatus": "Unshipped",
                    "FulfillmentChannel": "MFN",
                    "MarketplaceId": "ATVPDKIKX0DER",
                    "OrderTotal": {"CurrencyCode": "USD", "Amount": "7.00"},
                }
            ]
        }
    }
    bad = {"orderId": "902-0000003-0000003", "createdTime": "yesterday"}
    first, second = tmp_path / "page.json", tmp_path / "old.json"
    first.write_text(search_page(new, bad))
    second.write_text(json.dumps(old))
    result = replay(goods.account, first, second)
    reasons = result.pop("reasons")
    assert result == {"seen": 3, "created": 2, "updated": 0, "unchanged": 0, "quarantined": 1}
    assert isinstance(reasons, list)
    assert [reason["external_id"] for reason in reasons] == ["902-0000003-0000003"]
    again = replay(goods.account, first, second, first)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 3)
    with pytest.raises(CommandError, match="There is no account"):
        call_command("replay", str(first), account="Nobody", stdout=StringIO())
