"""The sandbox's eBay seller, as tests of its adapter dial and read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from channels.adapter import (
    Adapter,
)
from channels.messages import (
    Connection,
    IncomingListing,
    IncomingOrder,
    ShipmentNotice,
)
from channels.registry import platform
from tests.sandbox_fixture import START, Sandbox

US, GB, DE = "EBAY_US", "EBAY_GB", "EBAY_DE"
LAG = timedelta(minutes=2)
DAYS = 12
SELLER = "ebay"
READABLE_POISON = {"unknown_status", "unknown_enum"}
POISONS = [
    "unknown_status", "unknown_enum", "nul_in_note", "negative_quantity", "missing_items", "bad_amount",
    "bad_currency", "bad_date", "quantity_text", "not_an_object",
]  # fmt: skip


def connection_to(sandbox: Sandbox) -> Connection:
    sheet = sandbox.credentials(SELLER)
    keys = ("client_id", "client_secret", "refresh_token", "verification_token")
    return Connection(
        account_uid="test",
        platform="ebay",
        endpoint=sheet["endpoint"],
        token_endpoint=sheet["token_endpoint"],
        seller_id=sheet["seller_id"],
        marketplaces=tuple(sheet["marketplaces"]),
        credentials={name: sheet[name] for name in keys},
    )


def dial(sandbox: Sandbox) -> Adapter:
    build = platform("ebay").build
    connection = connection_to(sandbox)
    token = build(connection, None).refresh_token().token
    return build(replace(connection, access_token=token), None)


def every_order(ebay: Adapter, *, hours: int = 48) -> list[IncomingOrder]:
    found: dict[str, IncomingOrder] = {}
    token = ""
    while True:
        page = ebay.fetch_orders(
            updated_from=START - timedelta(hours=hours), updated_to=START - LAG, page_token=token
        )
        assert page.bad == ()
        found |= {order.external_id: order for order in page.items}
        token = page.next_token
        if not token:
            return list(found.values())


def every_listing(ebay: Adapter, marketplace: str) -> list[IncomingListing]:
    found: list[IncomingListing] = []
    token = ""
    while True:
        page = ebay.fetch_listings(marketplace=marketplace, page_token=token)
        assert page.bad == ()
        found += page.items
        token = page.next_token
        if not token:
            return found


def on_sale(ebay: Adapter, marketplace: str) -> IncomingListing:
    return next(one for one in every_listing(ebay, marketplace) if not one.is_parent and one.handle)


def notice_for(order: IncomingOrder, number: str = "YT-2026 1") -> ShipmentNotice:
    return ShipmentNotice(
        order_id=order.external_id,
        marketplace=order.marketplace,
        reference="1",
        carrier="yunexpress",
        carrier_name="Yun Express",
        service="Global",
        tracking_number=number,
        shipped_at=START,
        lines=tuple((line.external_id, line.quantity) for line in order.lines),
    )
