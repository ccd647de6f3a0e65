"""One Shopee shop of the sandbox as the tests speak for it."""

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
)
from channels.registry import platform
from channels.shipping_messages import ArrangeRequest
from tests.sandbox_fixture import START, Sandbox

SG, VN = "SHOPEE_SG", "SHOPEE_VN"
SELLER = "shopee"


def connection_to(sandbox: Sandbox, seller: str = SELLER) -> Connection:
    sheet = sandbox.credentials(seller)
    return Connection(
        account_uid="test",
        platform="shopee",
        endpoint=sheet["endpoint"],
        token_endpoint=sheet["token_endpoint"],
        seller_id=sheet["seller_id"],
        marketplaces=tuple(sheet["marketplaces"]),
        credentials={name: sheet[name] for name in ("partner_id", "partner_key", "refresh_token")},
    )


def dial(sandbox: Sandbox, seller: str = SELLER) -> Adapter:
    build = platform("shopee").build
    connection = connection_to(sandbox, seller)
    token = build(connection, None).refresh_token()
    kept = {**connection.credentials, "refresh_token": token.refresh_token}
    return build(replace(connection, access_token=token.token, credentials=kept), None)


def place(sandbox: Sandbox, **wanted: object) -> str:
    return str(sandbox.place_order(**{"seller": SELLER, "quiet": True, **wanted})["id"])


def every_order(shopee: Adapter, *, hours: int = 48) -> list[IncomingOrder]:
    found: list[IncomingOrder] = []
    token = ""
    while True:
        page = shopee.fetch_orders(
            updated_from=START - timedelta(hours=hours), updated_to=START, page_token=token
        )
        assert page.bad == ()
        found += page.items
        token = page.next_token
        if not token:
            return found


def own_listing(shopee: Adapter) -> IncomingListing:
    page = shopee.fetch_listings(marketplace=SG, page_token="")
    return next(item for item in page.items if item.parent_id)


def arranged(shopee: Adapter, number: str) -> ArrangeRequest:
    choices = shopee.shipping_choices(order_id=number, package="")
    choice = next(one for one in choices if one.kind == "pickup")
    return ArrangeRequest(order_id=number, marketplace=SG, package="", choice=choice)
