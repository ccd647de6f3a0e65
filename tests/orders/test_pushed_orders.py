"""Each platform's sandbox pushes to the hub over real HTTP: subscribe, an order comes, a consent goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from channels import accounts, proving, subscribing
from channels.door_models import Erasure, OrderFetch, PushReceipt, Subscription
from channels.models import ChannelAccount
from channels.registry import platforms
from ecomhub import clock
from ecomhub.work import ClockTimestamp
from orders import erasing, fetching
from orders.models import Order, OrderBuyer
from tests.inventory.making import make_entity
from tests.sandbox_fixture import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

PUSHING = sorted(key for key, one in platforms().items() if one.pushes is not None)
ERASING = {"ebay", "shopify"}
"""The platforms that demand it by a push."""

PATIENCE = 60.0


def until(true: Callable[[], Any], what: str) -> Any:
    """Wait for something that happens in another process; how long decides nothing."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}")


@dataclass
class Told:
    """A connected account to which its market pushes."""

    account: ChannelAccount
    market: Sandbox
    seller: str

    def order(self) -> str:
        """Place an order in the market; returns its number when the hub heard of it."""
        before = OrderFetch.objects.count()
        self.market.place_order(seller=self.seller)
        until(lambda: OrderFetch.objects.count() > before, "the push of an order")
        return OrderFetch.objects.latest("pk").external_id

    def fetch(self) -> int:
        """Fetch what was pushed."""
        OrderFetch.objects.update(due_at=ClockTimestamp())
        return fetching.fetch_pushed(account_id=self.account.pk, now=clock.now)


@pytest.fixture(params=PUSHING)
def told(
    request: pytest.FixtureRequest, sandbox: Sandbox, settings: Settings, live_server: LiveServer
) -> Told:
    key = str(request.param)
    settings.ECOMHUB_SANDBOX_URL, settings.ECOMHUB_ORIGIN = sandbox.url, live_server.url
    sandbox.reset(at=clock.now(), history_days=1, orders_per_day=dict.fromkeys([key], 0.0))
    sandbox.push_shares(push_duplicate=0.0, push_late=0.0, push_early=0.0, push_wrong_signature=0.0)
    sheet = sandbox.credentials(key)
    fields = [one.key for one in platforms()[key].credential_fields]
    where = {name: str(sheet[name]) for name in ("endpoint", "token_endpoint", "seller_id")}
    given = {name: str(sheet[name]) for name in fields if sheet.get(name)}
    proof = proving.prove(platform=key, credentials=given, **where)
    account = accounts.add(
        platform=key,
        name=f"My {key}",
        environment="sandbox",
        credentials=proof.credentials,
        marketplaces=proof.marketplaces,
        legal_entity=make_entity(),
        go_live_at=clock.now(),
        at=clock.now(),
        endpoint=where["endpoint"],
        token_endpoint=where["token_endpoint"],
        seller_id=where["seller_id"],
    )
    row = Subscription.objects.get(account=account)
    assert subscribing.subscribe(row_id=row.pk, now=clock.now), Subscription.objects.get().last_error
    return Told(account, sandbox, key)


def test_order_comes_by_push(told: Told) -> None:
    number = told.order()
    assert told.fetch() == 1
    assert Order.objects.get(account=told.account).external_id == number


def test_push_with_a_wrong_signature_has_no_effect(told: Told) -> None:
    told.market.fault("push_wrong_signature", seller=told.seller, operation="push", count=None)
    told.market.place_order(seller=told.seller)
    sent = until(lambda: [one for one in told.market.pushes(seller=told.seller) if one["status"]], "a push")
    assert {one["status"] for one in sent} == {401}
    assert not PushReceipt.objects.filter(about="order").exists()
    assert not OrderFetch.objects.exists()


def test_doubled_push_is_counted_once(told: Told) -> None:
    told.market.fault("push_duplicate", seller=told.seller, operation="push", count=None, seconds=0)
    told.market.place_order(seller=told.seller)
    until(
        lambda: any(one["tries"] > 1 for one in told.market.pushes(seller=told.seller)), "a second delivery"
    )
    events = PushReceipt.objects.values_list("event_id", flat=True)
    assert len(events) == len(set(events)) > 0
    told.fetch()
    assert Order.objects.filter(account=told.account).count() == 1


def test_withdrawn_consent_stops_the_account(told: Told) -> None:
    told.market.withdraw(told.seller)
    rows = ChannelAccount.objects.filter(pk=told.account.pk, state=ChannelAccount.State.NEEDS_RECONNECT)
    until(rows.exists, "the account to stop")


def test_buyer_is_erased_when_the_platform_demands_it(told: Told) -> None:
    number = told.order()
    told.fetch()
    had_buyer = OrderBuyer.objects.exists()
    demanded = told.market.tell("buyer_erased", seller=told.seller, order=number)
    assert demanded == (told.seller in ERASING)
    if demanded:
        assert had_buyer
        until(Erasure.objects.exists, "the demand")
        erasing.erase_due(at=clock.now())
        assert not OrderBuyer.objects.exists()
        assert Erasure.objects.get().orders_erased == 1
