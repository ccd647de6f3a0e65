"""Both sides of an order whose platform gives the tracking number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from channels import tokens
from channels.listings import pair
from channels.models import ChannelAccount, Listing
from logistics.arranging import arrange
from logistics.handing_over import carry_on
from logistics.models import Arrangement, Shipment
from logistics.planning import plan
from orders.allocation import allocate
from orders.models import Order
from tests.channels.bazaar import connect
from tests.inventory.making import make_sku, make_warehouse, stock
from tests.orders.factory import take
from tests.platforms_fake.sandbox import Market
from tests.sandbox_fixture import START

LATER = START + timedelta(hours=1)
AFTER = LATER + timedelta(minutes=15)


@dataclass
class Parcels:
    """One order at the bazaar, planned to leave, and how it goes on."""

    market: Market
    account: ChannelAccount

    @property
    def order(self) -> Order:
        """The order as it stands now."""
        return Order.objects.select_related("account", "shop").get(external_id="o1")

    @property
    def shipment(self) -> Shipment:
        """Its newest shipment as it stands now."""
        return Shipment.objects.latest("pk")

    @property
    def row(self) -> Arrangement:
        """Its arrangement as it stands now."""
        return Arrangement.objects.select_related("document").latest("pk")

    def ask(self, choice_key: str = "", **changes: Any) -> Arrangement:
        """Decide how the shipment is handed over."""
        return arrange(
            shipment_id=self.shipment.pk, choice_key=choice_key, at=LATER, actor="somebody", **changes
        )

    def step(self, at: datetime = LATER) -> Arrangement:
        """Carry the arrangement on now, whenever it is due."""
        Arrangement.objects.update(due_at=START - timedelta(days=999))
        carry_on(arrangement_id=self.row.pk, at=at)
        return self.row

    def calls(self, word: str, method: str = "POST") -> int:
        """How often the market was asked at addresses that end so."""
        return sum(asked == method and path.endswith(f"/{word}") for asked, path in self.market.calls)

    def refresh(self, at: datetime = AFTER) -> Order:
        """Take the order in as the market shows it now."""
        return self.refresh_one("o1", at)

    def refresh_one(self, name: str, at: datetime = AFTER) -> Order:
        """Take any order in as the market shows it now."""
        shown = tokens.call(
            account=self.account,
            operation="fetch_order",
            verb=lambda adapter: adapter.fetch_order(order_id=name),
            at=at,
        )
        take(self.account, shown, at=at)
        return Order.objects.select_related("account", "shop").get(external_id=name)


def open_parcels(market: Market) -> Parcels:
    """Connect the seller, take an order of two units in, reserve its stock, plan its shipment."""
    account = connect(market, go_live_at=START - timedelta(days=1))
    market.place("o1", at=int(START.timestamp()), code="A-1", count=2)
    parcels = Parcels(market, account)
    sku = make_sku()
    stock(sku, make_warehouse(country="US"), 50)
    pair(
        listing=Listing.objects.get(shop__account=account, external_id="A-1"),
        components=[(sku.pk, 1)],
        at=START,
    )
    account.shops.update(auto_approve=True)
    order = parcels.refresh(START)
    allocate(order_ids=[order.pk], at=START)
    plan(order_ids=[order.pk], at=START)
    market.calls.clear()
    return parcels
