"""Shopify Admin GraphQL API 2026-01: orders, listings, stock, prices, shipping, canceling and webhooks."""

from datetime import timedelta

from channels.adapter import Capability, Platform
from channels.platforms.shopify import directory
from channels.platforms.shopify.adapter import ShopifyAdapter
from channels.platforms.shopify.authorization import AUTHORIZATION
from channels.platforms.shopify.order_files import read_order_files
from channels.platforms.shopify.webhooks import PUSHES

PLATFORM = Platform(
    key="shopify",
    name="Shopify",
    monogram="s",
    color="#5c8a2d",
    credential_fields=directory.CREDENTIAL_FIELDS,
    marketplaces=directory.MARKETPLACES,
    endpoints=directory.ENDPOINTS,
    token_endpoint=directory.TOKEN_ENDPOINT,
    capabilities=frozenset(
        {
            Capability.ORDERS,
            Capability.LISTINGS,
            Capability.PUSH_STOCK,
            Capability.PUSH_PRICE,
            Capability.CONFIRM_SHIPMENT,
            Capability.CANCEL_ORDER,
            Capability.SUBSCRIBE,
            Capability.STATEMENTS,
        }
    ),
    rates=directory.RATES,
    carriers=directory.CARRIERS,
    build=ShopifyAdapter,
    read_order_files=read_order_files,
    order_lag=timedelta(seconds=30),
    operations=directory.OPERATIONS,
    costs=directory.COSTS,
    buckets=directory.BUCKETS,
    cancel_reasons=directory.CANCEL_REASONS,
    authorization=AUTHORIZATION,
    pushes=PUSHES,
)
