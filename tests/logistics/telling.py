"""An order that came over real HTTP, ready to be shipped and told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from channels import tokens
from channels.listings import pair
from channels.models import ChannelAccount
from logistics.confirmation import tell
from logistics.models import Confirmation, Shipment
from logistics.splitting import Part
from orders.allocation import allocate
from orders.models import Order, OrderLine
from tests.channels.making import connect
from tests.inventory.making import make_sku, make_warehouse, stock
from tests.logistics.making import planned, send
from tests.orders.factory import take
from tests.sandbox_fixture import START, Sandbox

LATER = START + timedelta(hours=1)


@dataclass
class Counter:
    """Both sides of one order: ours and the marketplace's."""

    market: Sandbox
    account: ChannelAccount
    order: Order

    def send(self, *parts: Part, **changes: Any) -> Shipment:
        """Let the planned shipment leave."""
        self.market.set_clock(LATER)
        return send(planned(self.order)[0], *parts, **{"at": LATER, **changes})

    def tell(self, at: datetime = LATER, *, shipment: Shipment | None = None) -> Confirmation:
        """Do the confirmation's next step now, whenever it is due."""
        rows = Confirmation.objects.filter(shipment=shipment) if shipment else Confirmation.objects.all()
        row = rows.latest("pk")
        Confirmation.objects.filter(pk=row.pk).update(due_at=START - timedelta(days=999))
        self.market.set_clock(at)
        tell(confirmation_id=row.pk, at=at)
        row.refresh_from_db()
        return row

    def confirmations(self) -> int:
        """How often the marketplace was told, as it counts."""
        return len(self.market.calls(operation="confirmShipment"))

    def packages(self) -> list[dict[str, Any]]:
        """The parcels the marketplace holds."""
        return list(self.market.order(self.order.external_id)["packages"])

    def line(self) -> OrderLine:
        """The order's line."""
        return OrderLine.objects.get(order=self.order)


def open_counter(market: Sandbox) -> Counter:
    """Connect the seller, take one order of three units in, and reserve its stock."""
    account = connect(market, go_live_at=START - timedelta(days=1))
    ChannelAccount.objects.update(switched_on_at=START, confirms_shipments=True)
    account.refresh_from_db()
    placed = market.place_order(lines=[{"quantity": 3}], quiet=True)
    fetched = tokens.call(
        account=account,
        operation="fetch_order",
        verb=lambda adapter: adapter.fetch_order(order_id=placed["id"]),
        at=START,
    )
    take(account, fetched, at=START)
    order = Order.objects.get(external_id=placed["id"])
    sku = make_sku()
    stock(sku, make_warehouse(country="US"), 50)
    pair(listing=OrderLine.objects.get(order=order).listing, components=[(sku.pk, 1)], at=START)
    allocate(order_ids=[order.pk], at=START)
    order.refresh_from_db()
    assert order.status == "label", order.status
    return Counter(market, account, order)
