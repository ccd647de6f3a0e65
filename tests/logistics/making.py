"""Small things the tests of this house are made of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from channels.messages import IncomingLine
from channels.models import ChannelAccount
from logistics.dispatch import dispatch
from logistics.models import Shipment, ShipmentLine
from logistics.planning import plan
from logistics.splitting import Part
from orders.models import Order
from tests.orders.factory import AT, Goods, incoming, line, make_account, make_goods, taken

LATER = AT + timedelta(hours=1)


def telling(**changes: Any) -> ChannelAccount:
    """An account that confirms shipments."""
    return make_account(confirms_shipments=True, **changes)


def ready(goods: Goods, *lines: IncomingLine, **changes: Any) -> Order:
    """An order whose stock is reserved."""
    return taken(goods.account, incoming(0, *(lines or (line(),)), **changes))


def planned(order: Order) -> list[Shipment]:
    """Plan an order and return its planned shipments."""
    plan(order_ids=[order.pk], at=AT)
    return list(Shipment.objects.filter(state="planned", lines__line__order=order).distinct().order_by("pk"))


def planned_one(goods: Goods, *lines: IncomingLine) -> tuple[Order, Shipment]:
    """An order with its one planned shipment."""
    order = ready(goods, *lines)
    [shipment] = planned(order)
    return order, shipment


def send(shipment: Shipment, *parts: Part, **changes: Any) -> Shipment:
    """Let a shipment leave with UPS."""
    given: dict[str, Any] = {"carrier": "UPS", "tracking_number": f"1Z{shipment.number}", "at": LATER}
    return dispatch(shipment_id=shipment.pk, lines=list(parts) or None, **{**given, **changes})


def content(shipment: Shipment) -> list[tuple[int, int, int]]:
    """(order line, SKU units, listing units) of a shipment."""
    rows = ShipmentLine.objects.filter(shipment=shipment).order_by("line", "sku")
    return list(rows.values_list("line", "quantity", "line_quantity"))


__all__ = [
    "AT",
    "LATER",
    "Part",
    "content",
    "line",
    "make_goods",
    "planned",
    "planned_one",
    "ready",
    "send",
    "telling",
]
