"""Small things the tests of this house are made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from channels import accounts, streams
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
    streams.run(pull_id=pull_of(account, stream).pk, now=at(moment))
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
