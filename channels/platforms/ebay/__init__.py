"""eBay: orders by Fulfillment, listings and returns by Trading, stock, prices, shipping, notifications."""

from channels.adapter import Capability, FeeHabits, Platform
from channels.platforms.ebay import directory
from channels.platforms.ebay.adapter import EbayAdapter
from channels.platforms.ebay.authorization import AUTHORIZATION
from channels.platforms.ebay.notifications import PUSHES
from channels.platforms.ebay.order_files import read_order_files

PLATFORM = Platform(
    key="ebay",
    name="eBay",
    monogram="e",
    color="#0064d2",
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
            Capability.RETURNS,
            Capability.SUBSCRIBE,
            Capability.STATEMENTS,
        }
    ),
    rates=directory.RATES,
    carriers=directory.CARRIERS,
    build=EbayAdapter,
    read_order_files=read_order_files,
    operations=directory.OPERATIONS,
    buckets=directory.BUCKETS,
    daily=directory.DAILY,
    authorization=AUTHORIZATION,
    consent=directory.CONSENT,
    pushes=PUSHES,
    fee_habits=FeeHabits(abroad=frozenset({"INTERNATIONAL_FEE"})),
)
