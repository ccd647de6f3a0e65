"""An eBay seller connected to the houses: orders, the one whose number changes, listings and files."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from channels import accounts
from channels.models import ChannelAccount, FailedImport, Listing, Pull, Shop
from ecomhub import work
from ecomhub.verifying import verify
from orders import pulling
from orders.models import Order
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
