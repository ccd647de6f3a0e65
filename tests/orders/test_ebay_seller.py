"""An eBay seller connected to the houses: orders, the one whose number changes, listings and files."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from channels import accounts
from channels.models import ChannelAccount, FailedImport, Listing, Pull, Shop, SyncRun
from ecomhub import work
from ecomhub.verifying import verify
from orders import pulling
from orders.models import Order, PlatformReturn, WaitingReturn
from tests.channels.making import pull_of, run_stream
from tests.channels.platforms.examples.ebay_trading import saved, trading_order
from tests.inventory.making import make_entity
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = ("client_id", "client_secret", "refresh_token", "verification_token")


@pytest.fixture
def seller(transactional_db: None, market: Sandbox) -> ChannelAccount:
    """The sandbox's seller, connected and import-only."""
    sheet = market.credentials("ebay")
    where = {
        "platform": "ebay",
        "endpoint": sheet["endpoint"],
        "token_endpoint": sheet["token_endpoint"],
        "seller_id": sheet["seller_id"],
        "credentials": {key: sheet[key] for key in KEYS},
    }
    places = accounts.check_connection(**where)
    return accounts.add(
        **where, name="Harbor Light eBay", environment="sandbox", marketplaces=places,
        legal_entity=make_entity(), go_live_at=START - timedelta(days=30), at=START,
    )  # fmt: skip


def pull(account: ChannelAccount, moment: datetime) -> None:
    row = pull_of(account, "orders")
    work.ring(model=Pull, pks=[row.pk])
    pulling.pull_orders(pull_id=row.pk, now=lambda: moment, turn=600)


def pull_returns(account: ChannelAccount, moment: datetime) -> None:
    """Read the stream of returns until it has caught up with the present."""
    for _ in range(10):
        row = pull_of(account, "returns")
        if row.cursor is not None and row.cursor >= moment - timedelta(minutes=2):
            return
        work.ring(model=Pull, pks=[row.pk])
        pulling.pull_orders(pull_id=row.pk, now=lambda: moment, turn=600)
    raise AssertionError("the stream of returns does not catch up")


def test_each_site_is_a_shop(seller: ChannelAccount) -> None:
    found = dict(Shop.objects.filter(account=seller).values_list("marketplace", "currency"))
    assert found == {
        "EBAY_US": "USD", "EBAY_GB": "GBP", "EBAY_DE": "EUR", "EBAY_AU": "AUD", "EBAY_CA": "CAD",
    }  # fmt: skip


def test_paid_order_is_one_order_under_its_new_number(seller: ChannelAccount, market: Sandbox) -> None:
    placed = market.place_order(seller="ebay", status="pending", lines=[{"quantity": 2}], quiet=True)
    pull(seller, START + timedelta(minutes=2))
    before = Order.objects.get(platform_state="unpaid", lines__external_id=placed["lines"][0]["id"])
    assert before.external_id != placed["id"]
    market.set_clock(START + timedelta(minutes=5))
    market.act(placed["id"], "pay")
    market.set_clock(START + timedelta(minutes=10))
    pull(seller, START + timedelta(minutes=12))
    after = Order.objects.get(lines__external_id=placed["lines"][0]["id"])
    assert (after.pk, after.external_id, after.platform_state) == (before.pk, placed["id"], "open")
    assert not Order.objects.filter(external_id=before.external_id).exists()
    assert not FailedImport.objects.exists()
    verdict = verify()
    assert verdict.ok, [law for law in verdict.laws if law.violations]


def test_listings_come_in_with_who_made_them(seller: ChannelAccount, market: Sandbox) -> None:
    run_stream(seller, "listings")
    sold = [one for one in market.state("ebay")["listings"] if one["components"]]
    rows = Listing.objects.filter(shop__account=seller, is_parent=False)
    assert rows.count() == len(sold)
    made: dict[str, set[str]] = {}
    for place, handle in rows.values_list("shop__marketplace", "handle"):
        made.setdefault(place, set()).add(handle.partition(":")[0])
    assert made["EBAY_US"] == {"item"}
    assert made["EBAY_GB"] == {"offer"}


def test_saved_answer_of_trading_is_replayed(seller: ChannelAccount, tmp_path: Path) -> None:
    path = tmp_path / "orders.xml"
    path.write_bytes(saved(trading_order()))
    for _ in range(2):
        call_command("replay", str(path), account=seller.name, stream="orders", stdout=StringIO())
    order = Order.objects.get(external_id="12-00001-00001")
    assert (order.shop.marketplace, order.units) == ("EBAY_US", 2)


def settled(market: Sandbox, order_id: str) -> None:
    """Give the buyer the money back for what they asked to return."""
    market.act(order_id, "settle_return", **{"return": market.order(order_id)["returns"][0]["id"]})


def test_return_in_the_market_appears_at_its_order_and_follows(
    seller: ChannelAccount, market: Sandbox
) -> None:
    placed = market.place_order(seller="ebay", lines=[{"quantity": 2}], quiet=True)
    number = placed["id"]
    for step in ("ship_elsewhere", "deliver", "ask_return"):
        market.act(number, step)
    market.set_clock(START + timedelta(minutes=10))
    pull_returns(seller, START + timedelta(minutes=12))
    waiting = WaitingReturn.objects.get(order_external_id=number)
    assert waiting.status == "ReturnRequestPending"
    pull(seller, START + timedelta(minutes=12))
    asked = PlatformReturn.objects.get(order__external_id=number)
    assert not WaitingReturn.objects.filter(order_external_id=number).exists()
    assert asked.line is not None
    assert (asked.line.external_id, asked.quantity, asked.status) == (
        placed["lines"][0]["id"], 2, "ReturnRequestPending",
    )  # fmt: skip
    assert Order.objects.get(external_id=number).return_status == "fully"
    settled(market, number)
    market.set_clock(START + timedelta(minutes=30))
    pull_returns(seller, START + timedelta(minutes=32))
    after = PlatformReturn.objects.get(order__external_id=number)
    assert (after.pk, after.status) == (asked.pk, "ReturnClosedWithRefund")
    assert not FailedImport.objects.exists()
    verdict = verify()
    assert verdict.ok, [law for law in verdict.laws if law.violations]


def test_same_page_of_returns_twice_changes_nothing(seller: ChannelAccount, market: Sandbox) -> None:
    placed = market.place_order(seller="ebay", lines=[{"quantity": 1}], quiet=True)
    for step in ("ship_elsewhere", "deliver", "ask_return"):
        market.act(placed["id"], step)
    market.set_clock(START + timedelta(minutes=10))
    pull(seller, START + timedelta(minutes=12))
    pull_returns(seller, START + timedelta(minutes=12))
    held = PlatformReturn.objects.filter(order__external_id=placed["id"])
    before = held.values().get()
    pull_returns(seller, START + timedelta(minutes=13))
    run = SyncRun.objects.filter(pull__account=seller, pull__stream="returns").latest("pk")
    assert run.ok
    assert (run.created, run.updated, run.quarantined) == (0, 0, 0)
    assert run.unchanged >= 1
    assert held.values().get() == before
