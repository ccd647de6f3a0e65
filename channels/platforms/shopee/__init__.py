"""Shopee Open API v2: orders, listings, stock, prices, arranged shipping, cancellations, returns, pushes."""

from datetime import timedelta

from channels.adapter import FeeHabits, Platform
from channels.platforms.shopee import directory
from channels.platforms.shopee.adapter import ShopeeAdapter
from channels.platforms.shopee.granting import AUTHORIZATION, CONSENT
from channels.platforms.shopee.order_files import read_order_files
from channels.platforms.shopee.push import PUSHES

PLATFORM = Platform(
    key="shopee",
    name="Shopee",
    monogram="s",
    color="#c8401f",
    credential_fields=directory.CREDENTIAL_FIELDS,
    marketplaces=directory.MARKETPLACES,
    endpoints=directory.ENDPOINTS,
    token_endpoint=directory.TOKEN_ENDPOINT,
    capabilities=frozenset(directory.OPERATIONS),
    rates=directory.RATES,
    carriers={},
    build=ShopeeAdapter,
    read_order_files=read_order_files,
    order_window=timedelta(days=14),
    order_lag=timedelta(minutes=1),
    operations=directory.OPERATIONS,
    costs=directory.COSTS,
    cancel_reasons=directory.CANCEL_REASONS,
    authorization=AUTHORIZATION,
    consent=CONSENT,
    pushes=PUSHES,
    fee_habits=FeeHabits(takes_shipping="5300"),
)
