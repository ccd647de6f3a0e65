"""Small things the tests of this house are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from channels import accounts, listings, publishing, streams, tokens
from channels.models import ChannelAccount, Listing, Pull, ThrottleBucket
from ecomhub import work
from inventory.models import Sku, Warehouse
from tests.inventory.making import make_entity, make_sku, make_warehouse, stock
from tests.sandbox_fixture import START, Sandbox

US = "ATVPDKIKX0DER"


def connect(sandbox: Sandbox, *, seller: str = "busy", name: str = "", **changes: Any) -> ChannelAccount:
    """Connect a seller of the sandbox the way the page and the command do it."""
    sheet = sandbox.credentials(seller)
    credentials = {key: sheet[key] for key in ("client_id", "client_secret", "refresh_token")}
    where = {
        "platform": "amazon",
        "endpoint": sheet["endpoint"],
        "token_endpoint": sheet["token_endpoint"],
        "seller_id": sheet["seller_id"],
        "credentials": credentials,
    }
    marketplaces = accounts.check_connection(**where)
    given = {
        "name": name or f"Amazon {seller}",
        "environment": "sandbox",
        "marketplaces": marketplaces,
        "legal_entity": make_entity(),
        "go_live_at": START,
        "at": START,
    }
    return accounts.add(**{**where, **given, **changes})


def at(moment: datetime) -> Callable[[], datetime]:
    """A clock that stands."""
    return lambda: moment


def pull_of(account: ChannelAccount, stream: str) -> Pull:
    """One stream of an account, as it stands now."""
    return Pull.objects.select_related("account").get(account=account, stream=stream)


def run_stream(account: ChannelAccount, stream: str, moment: datetime = START) -> Pull:
    """Pull a stream to the end of its pass, without waiting for its rate."""
    open_wide(account)
    work.ring(model=Pull, pks=[pull_of(account, stream).pk])
    streams.run(pull_id=pull_of(account, stream).pk, now=at(moment), turn=600)
    return pull_of(account, stream)


def open_wide(account: ChannelAccount) -> None:
    """Take the rates of everything but orders away, for tests that are not about them."""
    buckets = ThrottleBucket.objects.filter(account=account).exclude(operation="fetch_orders")
    buckets.update(burst=10_000, tokens=10_000)


def sell(
    listing: Listing, quantity: int, *, warehouse: Warehouse | None = None, sku: Sku | None = None
) -> tuple[Sku, Warehouse]:
    """Stock of a SKU in a warehouse, for a listing to be paired with."""
    found = sku or make_sku()
    place = warehouse or make_warehouse()
    if quantity:
        stock(found, place, quantity)
    return found, place


def later(**parts: float) -> datetime:
    """An instant after the market's start."""
    return START + timedelta(**parts)


def sellable(account: ChannelAccount, count: int) -> list[Listing]:
    """The first listings of the American shop that can be sold."""
    rows = Listing.objects.filter(
        shop__account=account, is_parent=False, fulfillment_method="by_seller", shop__marketplace=US
    )
    return list(rows.order_by("pk")[:count])


def paired(
    account: ChannelAccount, quantities: Sequence[int], warehouse: Warehouse | None = None
) -> list[tuple[Listing, Sku, Warehouse]]:
    """Listings of the American shop, each paired with its own SKU and so much stock."""
    place = warehouse or make_warehouse()
    made = []
    for listing, quantity in zip(sellable(account, len(quantities)), quantities, strict=True):
        sku, _place = sell(listing, quantity, warehouse=place)
        listings.pair(listing=listing, components=[(sku.pk, 1)], at=START)
        made.append((listing, sku, place))
    return made


def push(account: ChannelAccount, moment: datetime = START) -> publishing.Published:
    """One run of publishing."""
    return publishing.publish(account_id=account.pk, now=at(moment))


def remote(market: Sandbox, listing: Listing) -> int:
    """What the American shop shows of a listing of the small seller."""
    found = market.listing(listing.external_id, seller="empty", marketplace=US)
    return int(found["quantity"])


def answer(monkeypatch: pytest.MonkeyPatch, operation: str, error: Exception) -> None:
    """Let every call of an operation end with an error."""
    real_call = tokens.call

    def answered(**given):  # type: ignore[no-untyped-def]
        if given["operation"] == operation:
            raise error
        return real_call(**given)

    monkeypatch.setattr(tokens, "call", answered)
