"""What we ask fits Shopify's own schema and costs less than it allows; so does what the market answers."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from graphql.execution.values import get_variable_values
from graphql.language import OperationDefinitionNode

from channels.adapter import Adapter
from channels.platforms.shopify import queries
from channels.platforms.shopify.directory import (
    BUCKETS,
    CANCEL_REASONS,
    COSTS,
    MOST_POINTS,
    OPERATIONS,
    POINTS,
    RATES,
    TOPICS,
)
from channels.platforms.shopify.sandbox.graphql import QueryError, points, read_document
from tests.channels.platforms.shopify_calling import (
    every_listing,
    every_order,
    notes,
    notice_of,
    place,
    shopify,
)
from tests.sandbox_fixture import Sandbox

__all__ = ["notes", "shopify"]

OURS: dict[str, tuple[str, dict[str, Any]]] = {
    name: (getattr(queries, name), getattr(queries, f"{name}_SIZES", {}))
    for name in (
        "ORDERS", "ORDER", "MORE_LINES", "ALL_PARCELS", "MORE_SHIPPING", "BACK", "LISTINGS", "LISTING",
        "CHECK", "SET_QUANTITY", "SET_PRICE", "OPEN_WORK", "FULFILL", "CANCEL", "CANCELED", "SUBSCRIPTIONS",
        "PAYOUTS", "BALANCE_TRANSACTIONS",
    )
} | {"SUBSCRIBE": (queries.subscribe_mutation(TOPICS), {})}  # fmt: skip
PARTS = {
    "check": ("CHECK",),
    "fetch_orders": ("ORDERS",),
    "fetch_order": ("ORDER",),
    "fetch_listings": ("LISTINGS",),
    "fetch_listing": ("LISTING",),
    "push_stock": ("SET_QUANTITY",),
    "push_price": ("SET_PRICE",),
    "confirm_shipment": ("OPEN_WORK", "FULFILL"),
    "cancel_order": ("CANCEL",),
    "subscribe": ("SUBSCRIPTIONS", "SUBSCRIBE"),
    "fetch_statements": ("PAYOUTS", "BALANCE_TRANSACTIONS"),
}


@cache
def schema() -> GraphQLSchema | None:
    """Return the official schema, where it is at hand."""
    folder = os.environ.get("ECOMHUB_CONTRACTS_DIR")
    if not folder:
        print("contracts: not checked")
        return None
    text = (Path(folder) / "shopify" / "admin-2026-01.schema.graphql").read_text("utf-8")
    return build_schema(text, assume_valid=True)


def cost_of(name: str) -> int:
    query, sizes = OURS[name]
    return points(read_document(query), sizes)


@pytest.mark.parametrize("name", OURS)
def test_question_is_planned_below_what_one_query_may_cost(name: str) -> None:
    assert 0 < cost_of(name) <= MOST_POINTS


@pytest.mark.parametrize("operation", PARTS)
def test_cost_of_an_operation_is_what_its_questions_are_planned_at(operation: str) -> None:
    planned = sum(cost_of(name) for name in PARTS[operation])
    assert planned <= COSTS[operation] <= planned * 1.3 + 3
    assert BUCKETS[operation] == POINTS
    assert COSTS[operation] <= RATES[POINTS].burst


def test_every_operation_has_its_cost() -> None:
    assert set(OPERATIONS.values()) <= set(COSTS) == set(PARTS)


def test_query_that_is_too_large_is_counted_as_such() -> None:
    document = read_document(queries.ORDERS)
    assert points(document, queries.ORDERS_SIZES | {"first": 20}) > MOST_POINTS
    with pytest.raises(QueryError, match="between 1 and 250"):
        points(document, queries.ORDERS_SIZES | {"first": 0})


@pytest.mark.parametrize("name", OURS)
def test_question_fits_the_official_schema(name: str) -> None:
    known = schema()
    if known is not None:
        assert validate(known, parse(OURS[name][0])) == []


def test_names_we_send_are_shopifys_own() -> None:
    known = schema()
    if known is not None:
        assert set(CANCEL_REASONS) == set(known.type_map["OrderCancelReason"].values)  # type: ignore[attr-defined]
        assert set(TOPICS) <= set(known.type_map["WebhookSubscriptionTopic"].values)  # type: ignore[attr-defined]


def check_call(body: dict[str, Any]) -> None:
    """Check one recorded request: its query and the values of its variables."""
    known = schema()
    if known is None:
        return
    document = parse(body["query"])
    assert validate(known, document) == []
    (operation,) = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    found = get_variable_values(known, operation.variable_definitions or (), body["variables"])
    assert not isinstance(found, list), found


def test_everything_the_adapter_sends_fits_the_official_schema(shopify: Adapter, sandbox: Sandbox) -> None:
    """Every verb once against the market; each recorded request is checked with its values."""
    from_market = every_listing(shopify)
    every_order(shopify, hours=2)
    placed = place(sandbox, lines=[{"quantity": 2}])
    order = shopify.fetch_order(order_id=placed["id"])
    shopify.confirm_shipment(notice=notice_of(order))
    shopify.check()
    shopify.subscribe(address="http://127.0.0.1:9/hooks")
    shopify.fetch_listing(marketplace="shopify", listing_id=from_market[0].listing_id)
    calls = [call for call in sandbox.calls(seller="shopify") if call["method"] == "POST"]
    seen = {call["operation"] for call in calls}
    assert {"orders", "order", "productVariants", "fulfillmentCreate", "webhookSubscriptionCreate"} <= seen
    for call in calls:
        check_call(json.loads(call["body"]))
