"""Amazon Selling Partner API: orders, listings, stock, prices, FBA stock and shipment confirmation."""

from channels.adapter import Capability, FeeHabits, Platform
from channels.platforms.amazon import _environment, directory
from channels.platforms.amazon.adapter import AmazonAdapter
from channels.platforms.amazon.order_files import read_order_files

NEUTRALIZED = _environment.NAMES

PLATFORM = Platform(
    key="amazon",
    name="Amazon",
    monogram="a",
    color="#d96c00",
    credential_fields=directory.CREDENTIAL_FIELDS,
    marketplaces=directory.MARKETPLACES,
    endpoints=directory.ENDPOINTS,
    token_endpoint=directory.TOKEN_ENDPOINT,
    capabilities=frozenset(
        {
            Capability.ORDERS,
            Capability.LISTINGS,
            Capability.PUSH_STOCK,
            Capability.PUSH_STOCK_BATCH,
            Capability.PUSH_PRICE,
            Capability.CHANNEL_STOCK,
            Capability.CONFIRM_SHIPMENT,
            Capability.STATEMENTS,
        }
    ),
    rates=directory.RATES,
    carriers=directory.CARRIERS,
    build=AmazonAdapter,
    read_order_files=read_order_files,
    operations=directory.OPERATIONS,
    buckets=directory.BUCKETS,
    fee_habits=FeeHabits(day="shipped", takes_shipping="5210", ships="by_channel"),
)
