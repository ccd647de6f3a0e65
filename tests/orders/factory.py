"""Small things the tests of this house are made of."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from channels.listings import pair
from channels.messages import (
    BadItem,
    FulfillmentMethod,
    IncomingAddress,
    IncomingBuyer,
    IncomingLine,
    IncomingOrder,
    OrderState,
)
from channels.models import ChannelAccount, Listing, Shop
from inventory.models import Sku, Warehouse
from orders.intake import IntakeResult, take_in
from orders.models import Order
from tests.inventory.making import make_entity, make_sku, make_warehouse, stock

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
GO_LIVE = AT - timedelta(days=30)
US = "ATVPDKIKX0DER"
_numbers = itertools.count(1)


def make_account(*, switched_on: bool = True, auto_approve: bool = True, **changes: Any) -> ChannelAccount:
    """An account with one shop in the USA."""
    number = next(_numbers)
    values = {
        "platform": "amazon",
        "name": f"Account {number}",
        "seller_id": f"SELLER{number}",
        "endpoint": "http://127.0.0.1:1",
        "token_endpoint": "http://127.0.0.1:1",
        "go_live_at": GO_LIVE,
        "switched_on_at": GO_LIVE if switched_on else None,
    }
    account = ChannelAccount.objects.create(**{**values, **changes})
    Shop.objects.create(
        account=account,
        marketplace=US,
        name=f"{account.name} US",
        short_name=f"US {number}",
        legal_entity=make_entity(),
        country="US",
        currency="USD",
        auto_approve=auto_approve,
    )
    return account


@dataclass
class Goods:
    """An account, a warehouse, and SKUs sold by listings of the same name."""

    account: ChannelAccount
    warehouse: Warehouse
    skus: dict[str, Sku]

    @property
    def shop(self) -> Shop:
        """The account's shop."""
        return self.account.shops.get()


def offer(account: ChannelAccount, name: str, components: Sequence[tuple[Sku, int]]) -> Listing:
    """A listing of the account's shop, paired with SKUs."""
    listing, _new = Listing.objects.get_or_create(shop=account.shops.get(), external_id=name)
    pair(listing=listing, components=[(sku.pk, units) for sku, units in components], at=AT)
    return listing


def make_goods(
    quantities: dict[str, int], *, account: ChannelAccount | None = None, country: str = "US", **changes: Any
) -> Goods:
    """Listings by name, each selling a SKU of the same name, with so much on hand."""
    account = account or make_account(**changes)
    warehouse = make_warehouse(country=country, priority=10)
    skus = {}
    for name, quantity in quantities.items():
        skus[name] = make_sku(f"{name}-{next(_numbers)}")
        offer(account, name, [(skus[name], 1)])
        if quantity:
            stock(skus[name], warehouse, quantity)
    return Goods(account, warehouse, skus)


BUYER = IncomingBuyer(
    name="Erika Mustermann",
    email="erika@example.org",
    phone="+49 30 1234567",
    address=IncomingAddress(
        name="Erika Mustermann", lines=("1 Main St",), city="Berlin", postal_code="10115", country="US"
    ),
)


def line(listing: str = "mug", quantity: int = 1, *, number: int = 1, **changes: Any) -> IncomingLine:
    """One line of an incoming order."""
    values: dict[str, Any] = {
        "external_id": f"L{number}",
        "listing_id": listing,
        "title": f"A {listing}",
        "quantity": quantity,
        "charge": Decimal("12.50") * quantity,
        "tax": Decimal("1.05"),
    }
    return IncomingLine(**{**values, **changes})


def incoming(number: int | str = 0, *lines: IncomingLine, **changes: Any) -> IncomingOrder:
    """One incoming order, open and placed after go-live unless told otherwise."""
    external_id = f"902-{number or next(_numbers):0>7}"
    values: dict[str, Any] = {
        "external_id": external_id,
        "marketplace": US,
        "state": OrderState.OPEN,
        "platform_status": "UNSHIPPED",
        "fulfillment_method": FulfillmentMethod.BY_SELLER,
        "placed_at": AT - timedelta(hours=2),
        "updated_at": AT - timedelta(hours=1),
        "currency": "USD",
        "total": Decimal("13.55"),
        "lines": lines or (line(),),
        "country": "US",
        "buyer": BUYER,
    }
    values.update(changes)
    values.setdefault(
        "raw",
        {
            "orderId": external_id,
            "state": values["platform_status"],
            "updated": values["updated_at"].isoformat(),
            "lines": [[each.external_id, each.quantity, each.quantity_shipped] for each in values["lines"]],
        },
    )
    return IncomingOrder(**values)


def take(
    account: ChannelAccount, *orders: IncomingOrder, bad: Sequence[BadItem] = (), at: datetime = AT
) -> IntakeResult:
    """Take orders in as a door does: one page, one transaction."""
    with transaction.atomic():
        return take_in(account=account, orders=orders, bad=bad, at=at)


def taken(account: ChannelAccount, order: IncomingOrder, *, at: datetime = AT) -> Order:
    """Take one order in and return it."""
    take(account, order, at=at)
    return Order.objects.get(account=account, external_id=order.external_id)


def again(order: IncomingOrder, *, minutes: int = 5, **changes: Any) -> IncomingOrder:
    """A newer picture of an order."""
    values = {name: getattr(order, name) for name in IncomingOrder.__dataclass_fields__ if name != "raw"}
    values.update(changes)
    values["updated_at"] = changes.get("updated_at", order.updated_at + timedelta(minutes=minutes))
    values["raw"] = {
        **order.raw,
        "state": values["platform_status"],
        "again": values["updated_at"].isoformat(),
    }
    values["raw"]["lines"] = [[each.external_id, each.quantity] for each in values["lines"]]
    return IncomingOrder(**values)
