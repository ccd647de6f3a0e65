"""A Shopify shop connected to the houses: its orders, listings, quantities and saved payloads."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from channels import accounts, connecting, listings, tokens
from channels.models import (
    ChannelAccount,
    Credential,
    FailedImport,
    Listing,
    Pull,
    Shop,
    SyncRun,
    ThrottleBucket,
)
from ecomhub import work
from ecomhub.access import Role
from orders import pulling
from orders.models import Order
from tests.api.calling import make_person
from tests.channels.making import pull_of, run_stream
from tests.channels.platforms.examples import shopify, shopify_rest
from tests.channels.platforms.test_shopify_authorization import allow
from tests.inventory.making import make_entity
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(transactional_db: None, market: Sandbox) -> ChannelAccount:
    """The sandbox's shop, connected and import-only."""
    sheet = market.credentials("shopify")
    where = {
        "platform": "shopify",
        "endpoint": sheet["endpoint"],
        "token_endpoint": sheet["token_endpoint"],
        "seller_id": sheet["seller_id"],
        "credentials": {key: sheet[key] for key in ("client_id", "client_secret", "refresh_token")},
    }
    places = accounts.check_connection(**where)
    return accounts.add(
        **where, name="Harbor Light", environment="sandbox", marketplaces=places,
        legal_entity=make_entity(), go_live_at=START, at=START,
    )  # fmt: skip


def pull(account: ChannelAccount, moment: datetime = START) -> Pull:
    row = pull_of(account, "orders")
    work.ring(model=Pull, pks=[row.pk])
    pulling.pull_orders(pull_id=row.pk, now=lambda: moment, turn=600)
    return pull_of(account, "orders")


def test_shop_is_one_marketplace_with_its_own_place_in_the_world(shop: ChannelAccount) -> None:
    place = Shop.objects.get(account=shop)
    assert (place.marketplace, place.country, place.currency) == ("shopify", "US", "USD")
    assert place.time_zone == "America/New_York"


def test_orders_come_in_once(shop: ChannelAccount) -> None:
    first = pull(shop, START + timedelta(minutes=2))
    assert first.last_success_at == START + timedelta(minutes=2)
    run = SyncRun.objects.get(pull=first)
    assert run.created == Order.objects.count() > 0
    assert not FailedImport.objects.exists()
    pull(shop, START + timedelta(minutes=9))
    assert SyncRun.objects.filter(pull=first).latest("pk").created == 0


def test_listings_come_in_with_their_handles(shop: ChannelAccount, market: Sandbox) -> None:
    run_stream(shop, "listings")
    rows = Listing.objects.filter(shop__account=shop)
    sold = [one for one in market.state("shopify")["listings"] if one["components"]]
    assert rows.count() == len(sold)
    assert not rows.filter(handle="").exists()
    assert not rows.filter(remote_quantity=None, is_parent=False).exists()


def test_bundle_is_a_roof_and_an_order_of_it_brings_its_parts(shop: ChannelAccount, market: Sandbox) -> None:
    run_stream(shop, "listings")
    sold = market.state("shopify")["listings"]
    bundle = next(one for one in sold if len(one["components"]) > 1)
    roof = Listing.objects.get(shop__account=shop, external_id=bundle["code"])
    assert (roof.is_parent, roof.remote_quantity) == (True, None)
    with pytest.raises(listings.PairingRefused, match="parent listing sells nothing"):
        listings.pair(listing=roof, components=[(1, 1)], at=START, actor="mei")
    assert bundle["code"] not in market.sheet("pairings", seller="shopify")
    placed = market.place_order(seller="shopify", lines=[{"listing": bundle["code"], "quantity": 3}])
    ThrottleBucket.objects.all().delete()  # the listings took the points
    pull(shop, START + timedelta(minutes=2))
    assert not FailedImport.objects.values_list("reason", flat=True)
    lines = Order.objects.get(external_id=placed["id"]).lines.order_by("pk")
    assert [(line.listing.external_id, line.quantity) for line in lines] == [
        (sku, 3 * units) for sku, units in bundle["components"]
    ]
    assert not any(line.listing.is_parent for line in lines)


def test_renewed_refresh_token_is_kept(shop: ChannelAccount) -> None:
    before = tokens.connect(account=shop, at=START)
    Credential.objects.filter(account=shop).update(refresh_at=START)
    after = tokens.connect(account=shop, at=START + timedelta(minutes=50))
    assert after.generation > before.generation
    assert after.credentials["refresh_token"] != before.credentials["refresh_token"]
    assert tokens.call(
        account=shop,
        operation="check",
        verb=lambda adapter: adapter.check(),
        at=START + timedelta(minutes=50),
    )


def test_saved_payloads_of_both_shapes_are_taken_in_once(shop: ChannelAccount, tmp_path: Path) -> None:
    new, old = tmp_path / "orders.json", tmp_path / "webhook.json"
    new.write_text(json.dumps(shopify.order_page([shopify.order()], "")))
    old.write_text(json.dumps(shopify_rest.order()))
    for created in (2, 0):
        said = StringIO()
        call_command("replay", str(new), str(old), account=shop.name, stream="orders", json=True, stdout=said)
        result = json.loads(said.getvalue())
        assert (result["seen"], result["created"], result["quarantined"]) == (2, created, 0)
    order = Order.objects.get(external_id="1231")
    assert order.lines.get().quantity_returned == 1


def test_shop_is_connected_in_the_browser_and_again(transactional_db: None, market: Sandbox) -> None:
    """The whole way: our state, the shop's own page, its proof, the code, a token that is renewed."""
    sheet = market.credentials("shopify")
    person = make_person(Role.OWNER)
    start = connecting.Start(
        name="Browser",
        environment="sandbox",
        endpoint=sheet["endpoint"],
        token_endpoint=sheet["token_endpoint"],
        fields={name: sheet[name] for name in ("shop", "client_id", "client_secret")},
    )
    account = through_the_browser(start, person.pk)
    assert (account.seller_id, account.state) == (sheet["seller_id"], "connected")
    assert account.authorized_until is None
    assert tokens.call(account=account, operation="check", verb=lambda a: a.check(), at=START)
    again = through_the_browser(replace(start, account_id=account.pk), person.pk)
    assert again.pk == account.pk
    assert tokens.call(account=again, operation="check", verb=lambda a: a.check(), at=START)


def through_the_browser(start: connecting.Start, user_id: int) -> ChannelAccount:
    address = connecting.begin(platform_key="shopify", start=start, user_id=user_id, binding="b")
    query = allow(address, back=connecting.redirect_address(platform_key="shopify"))
    held = connecting.take_back(platform_key="shopify", query=query, user_id=user_id, binding="b")
    done = connecting.finish(platform_key="shopify", start=held, query=query, at=START, actor="test")
    return done.account
