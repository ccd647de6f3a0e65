"""A Shopee shop as an account of the hub: connected, pulled, published to, arranged, and renewed by one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from channels import accounts, proving, tokens
from channels.listings import pair
from channels.models import ChannelAccount, Credential, Listing, Pull, SyncRun
from ecomhub import files, work
from logistics.arranging import arrange
from logistics.handing_over import carry_on
from logistics.models import Arrangement, Shipment
from logistics.planning import plan
from orders import pulling
from orders.allocation import allocate
from orders.models import Order
from tests.channels.making import pull_of, push, run_stream
from tests.channels.platforms.shopee_shop import SELLER, place
from tests.inventory.making import make_entity, make_sku, make_warehouse, stock
from tests.logistics.making import send
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def market(sandbox: Sandbox, settings: Settings) -> Sandbox:
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    sandbox.reset(apply_seconds=15)
    return sandbox


@pytest.fixture
def account(market: Sandbox) -> ChannelAccount:
    """The Singapore shop, connected by pasted credentials whose refresh token was used up on the way."""
    sheet = market.credentials(SELLER)
    where: dict[str, Any] = {
        "platform": "shopee",
        "endpoint": sheet["endpoint"],
        "token_endpoint": sheet["token_endpoint"],
        "seller_id": sheet["seller_id"],
    }
    given = {name: sheet[name] for name in ("partner_id", "partner_key", "refresh_token")}
    proof = proving.prove(**where, credentials=given)
    return accounts.add(
        **where,
        name="Shopee SG",
        environment="sandbox",
        credentials=proof.credentials,
        marketplaces=proof.marketplaces,
        legal_entity=make_entity(),
        go_live_at=START - timedelta(days=1),
        at=START,
    )


def pull(account: ChannelAccount, moment: datetime) -> None:
    row = pull_of(account, "orders")
    work.ring(model=Pull, pks=[row.pk])
    pulling.pull_orders(pull_id=row.pk, now=lambda: moment, turn=600)


def test_orders_and_listings_come_in_and_again_without_effect(
    account: ChannelAccount, market: Sandbox
) -> None:
    run_stream(account, "listings")
    assert Listing.objects.filter(shop__account=account, is_parent=False).count() > 50
    number = place(market)
    moment = START + timedelta(minutes=5)
    market.set_clock(moment)
    pull(account, moment)
    order = Order.objects.get(external_id=number)
    assert (order.platform_status, order.currency) == ("READY_TO_SHIP", "SGD")
    assert order.lines.get().listing is not None
    assert order.lines.get().listing.title
    pull(account, moment + timedelta(minutes=1))
    assert SyncRun.objects.filter(pull__account=account, ok=True).latest("pk").created == 0


def test_eight_callers_with_an_ended_token_make_one_refresh(account: ChannelAccount, market: Sandbox) -> None:
    later = START + timedelta(hours=5)
    market.set_clock(later)
    before = len(market.calls(operation="token"))
    start = Barrier(8)

    def speak(_number: int) -> str:
        start.wait()
        try:
            found = tokens.call(
                account=account,
                operation="check",
                verb=lambda adapter: adapter.check(),
                at=later,
                patience=30,
            )
            return found[0].id
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(speak, range(8))) == {"SHOPEE_SG"}
    assert len(market.calls(operation="token")) - before == 1
    kept = Credential.objects.get(account=account)
    opened = tokens.connection_of(account=account, credential=kept)
    assert opened.credentials["refresh_token"] == market.credentials(SELLER)["refresh_token"]


def test_quantity_reaches_the_model_the_listing_stands_for(account: ChannelAccount, market: Sandbox) -> None:
    run_stream(account, "listings")
    accounts.switch_on(account=account, pushes_stock=True, confirms_shipments=True, at=START)
    listing = (
        Listing.objects.filter(shop__account=account, is_parent=False)
        .filter(external_id__contains="-")
        .first()
    )
    assert listing is not None
    sku = make_sku()
    stock(sku, make_warehouse(country="SG"), 23)
    pair(listing=listing, components=[(sku.pk, 1)], at=START)
    push(account)
    market.set_clock(START + timedelta(minutes=1))
    code = listing.product_id
    assert market.listing(code, seller=SELLER)["quantity"] == 23


def test_order_is_arranged_numbered_labeled_and_dispatched(account: ChannelAccount, market: Sandbox) -> None:
    run_stream(account, "listings")
    accounts.switch_on(account=account, pushes_stock=False, confirms_shipments=True, at=START)
    account.shops.update(auto_approve=True)
    number = place(market, lines=[{"quantity": 2}])
    shown = tokens.call(
        account=account, operation="fetch_order", verb=lambda a: a.fetch_order(order_id=number), at=START
    )
    listing = Listing.objects.get(shop__account=account, external_id=shown.lines[0].listing_id)
    sku = make_sku()
    stock(sku, make_warehouse(country="SG"), 9)
    pair(listing=listing, components=[(sku.pk, 1)], at=START)
    moment = START + timedelta(minutes=5)
    market.set_clock(moment)
    pull(account, moment)
    order = Order.objects.get(external_id=number)
    allocate(order_ids=[order.pk], at=moment)
    plan(order_ids=[order.pk], at=moment)
    arrange(shipment_id=Shipment.objects.get().pk, at=moment, actor="somebody")
    step(moment)
    assert Arrangement.objects.get().tracking_number == ""
    late = moment + timedelta(minutes=20)
    market.set_clock(late)
    step(late)
    step(late)
    market.set_clock(late + timedelta(minutes=1))
    row = step(late + timedelta(minutes=1))
    assert row.tracking_number.startswith("SPXSG")
    assert row.document is not None
    assert files.read(file=row.document).startswith(b"%PDF")
    send(Shipment.objects.get(), carrier="", tracking_number="", at=late + timedelta(minutes=2))
    order.refresh_from_db()
    assert order.status == "shipped"


def step(at: datetime) -> Arrangement:
    """Carry the arrangement on, whenever it is due."""
    Arrangement.objects.update(due_at=START - timedelta(days=999))
    carry_on(arrangement_id=Arrangement.objects.get().pk, at=at)
    return Arrangement.objects.select_related("document").get()
