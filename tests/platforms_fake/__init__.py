"""A tiny platform that exists nowhere: one folder, found by its ``PLATFORM``, with its own sandbox.

It proves that a platform is added without an edit outside of its folder: its adapter, its wire format, its
little market (``sandbox``) and what the contract tests need to know about it (``examples``) stand here.
"""

from __future__ import annotations

from datetime import timedelta

from channels.adapter import Capability, Platform, Rate
from channels.messages import CredentialField, Marketplace
from tests.platforms_fake.adapter import FakeAdapter
from tests.platforms_fake.doors import AUTHORIZATION, PUSHES
from tests.platforms_fake.reading import read_order_files

PLATFORM = Platform(
    key="fake",
    name="Fake Bazaar",
    monogram="f",
    color="#3b6ea5",
    credential_fields=(CredentialField(key="key", label="Key", secret=True),),
    marketplaces=(
        Marketplace("FB-US", "US", "USD", "America/New_York", "Bazaar US"),
        Marketplace("FB-JP", "JP", "JPY", "Asia/Tokyo", "Bazaar JP"),
    ),
    endpoints={"world": "https://api.bazaar.example"},
    token_endpoint="https://api.bazaar.example/token",
    capabilities=frozenset(
        {
            Capability.ORDERS,
            Capability.LISTINGS,
            Capability.PUSH_STOCK,
            Capability.PUSH_PRICE,
            Capability.CONFIRM_SHIPMENT,
            Capability.ARRANGE_SHIPMENT,
            Capability.CANCEL_ORDER,
            Capability.ANSWER_CANCEL,
            Capability.RETURNS,
            Capability.SUBSCRIBE,
        }
    ),
    rates={
        "check": Rate(1.0, 10),
        "fetch_orders": Rate(1.0, 20),
        "fetch_order": Rate(5.0, 20),
        "fetch_listings": Rate(5.0, 20),
        "fetch_listing": Rate(5.0, 20),
        "push_stock": Rate(5.0, 20),
        "push_price": Rate(5.0, 20),
        "confirm_shipment": Rate(5.0, 20),
        "shipping_choices": Rate(5.0, 20),
        "arrange_shipment": Rate(5.0, 20),
        "fetch_tracking": Rate(5.0, 20),
        "fetch_document": Rate(5.0, 20),
        "cancel_order": Rate(5.0, 20),
        "answer_cancel": Rate(5.0, 20),
        "fetch_returns": Rate(5.0, 20),
        "subscribe": Rate(5.0, 20),
    },
    carriers={},
    build=FakeAdapter,
    read_order_files=read_order_files,
    order_lag=timedelta(0),
    operations={
        Capability.ORDERS: "fetch_orders",
        Capability.LISTINGS: "fetch_listings",
        Capability.PUSH_STOCK: "push_stock",
        Capability.PUSH_PRICE: "push_price",
        Capability.CONFIRM_SHIPMENT: "confirm_shipment",
        Capability.ARRANGE_SHIPMENT: "arrange_shipment",
        Capability.CANCEL_ORDER: "cancel_order",
        Capability.ANSWER_CANCEL: "answer_cancel",
        Capability.RETURNS: "fetch_returns",
        Capability.SUBSCRIBE: "subscribe",
    },
    cancel_reasons={"sold_out": "Sold out", "wrong_price": "The price was wrong"},
    authorization=AUTHORIZATION,
    pushes=PUSHES,
)
