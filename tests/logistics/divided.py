"""Both sides of a Shopee order of several units, planned to leave, whose platform divides orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from channels import accounts, tokens
from channels.listings import pair
from channels.models import ChannelAccount
from channels.proving import prove
from logistics.arranging import arrange
from logistics.handing_over import carry_on
from logistics.models import Arrangement, Shipment
from logistics.planning import plan
from logistics.splitting import Part
from orders.allocation import allocate
from orders.models import Order, OrderLine
from tests.channels.making import open_wide
from tests.inventory.making import make_entity, make_sku, make_warehouse, stock
from tests.orders.factory import take
from tests.sandbox_fixture import START, Sandbox

LATER = START + timedelta(hours=1)


@dataclass
class Divided:
    """One order at Shopee and what the hub plans of it."""

    market: Sandbox
    account: ChannelAccount
    number: str

    @property
    def order(self) -> Order:
        """The order as it stands now."""
        return Order.objects.select_related("account", "shop").get(external_id=self.number)

    @property
    def shipments(self) -> list[Shipment]:
        """Its shipments that wait to leave, oldest first."""
        return list(Shipment.objects.filter(state="planned").order_by("pk"))

    def lines(self) -> list[OrderLine]:
        """The order's lines."""
        return list(OrderLine.objects.filter(order=self.order).order_by("pk"))

    def ask(self, shipment: Shipment, *parts: Part, **changes: Any) -> Arrangement:
        """Arrange a shipment, or parts of it."""
        return arrange(
            shipment_id=shipment.pk, parts=list(parts) or None, at=LATER, actor="somebody", **changes
        )

    def step(self, shipment: Shipment, at: datetime = LATER) -> Arrangement:
        """Carry a shipment's arrangement on now, whenever it is due."""
        open_wide(self.account)
        Arrangement.objects.update(due_at=START - timedelta(days=999))
        row = Arrangement.objects.get(shipment=shipment)
        carry_on(arrangement_id=row.pk, at=at)
        row.refresh_from_db()
        return row

    def packages(self) -> list[tuple[str, int]]:
        """(state, units) of the parcels the market holds."""
        found = self.market.order(self.number)["packages"]
        return [(one["status"], sum(units for _line, units in one["items"])) for one in found]

    def calls(self, operation: str) -> int:
        """How often the market was asked."""
        return len(self.market.calls(operation=operation))


def open_divided(market: Sandbox, *, units: int = 3, places: int = 1) -> Divided:
    """Connect Shopee's shop, take an order in, reserve its stock in so many warehouses, plan it."""
    sheet = market.credentials("shopee")
    where = {
        "platform": "shopee",
        "endpoint": sheet["endpoint"],
        "token_endpoint": sheet["token_endpoint"],
        "seller_id": sheet["seller_id"],
        "credentials": {name: sheet[name] for name in ("partner_id", "partner_key", "refresh_token")},
    }
    proof = prove(**where)
    account = accounts.add(
        **{**where, "credentials": proof.credentials},
        name="Shopee SG",
        environment="sandbox",
        marketplaces=proof.marketplaces,
        legal_entity=make_entity(),
        go_live_at=START - timedelta(days=1),
        at=START,
    )
    ChannelAccount.objects.update(switched_on_at=START, confirms_shipments=True)
    account.refresh_from_db()
    account.shops.update(auto_approve=True)
    codes = [
        each["code"]
        for each in market.state(seller="shopee")["listings"]
        if not each.get("is_parent") and each.get("paired", True)
    ]
    placed = market.place_order(
        seller="shopee", quiet=True, lines=[{"quantity": units, "listing": code} for code in codes[:places]]
    )
    number = str(placed["id"])
    open_wide(account)
    shown = tokens.call(
        account=account,
        operation="fetch_order",
        verb=lambda adapter: adapter.fetch_order(order_id=number),
        at=START,
    )
    take(account, shown, at=START)
    divided = Divided(market, account, number)
    for line in divided.lines():
        sku = make_sku()
        stock(sku, make_warehouse(country="SG"), 50)
        pair(listing=line.listing, components=[(sku.pk, 1)], at=START)
    allocate(order_ids=[divided.order.pk], at=START)
    assert divided.order.status == "label", divided.order.status
    plan(order_ids=[divided.order.pk], at=START)
    return divided
