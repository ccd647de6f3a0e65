"""Shopify's side of the wire without our adapter: GraphQL read for real, points counted, keys remembered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import requests

from channels.platforms.shopify.sandbox.graphql import QueryError, points, read_document
from channels.platforms.shopify.sandbox.identity import callback_proof
from channels.platforms.shopify.sandbox.webhooks import proof
from tests.sandbox_fixture import Sandbox

PATH = "/admin/api/2026-01/graphql.json"
VARIANTS = "{ productVariants(first: 1, sortKey: SKU) { nodes { id sku inventoryItem { id } } } }"
SET = """mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code message field } }
}"""


class Caller:
    """Calls as the shop's application."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.sheet = sandbox.credentials("shopify")
        self.token = self.grant(grant_type="refresh_token", refresh_token=self.sheet["refresh_token"])[
            "access_token"
        ]

    def grant(self, *, status: int = 200, **form: str) -> dict[str, Any]:
        given = {name: self.sheet[name] for name in ("client_id", "client_secret")} | form
        answer = requests.post(self.sheet["token_endpoint"], data=given, timeout=30)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    def ask(self, query: str, *, status: int = 200, **variables: Any) -> dict[str, Any]:
        answer = requests.post(
            self.sandbox.url + PATH,
            json={"query": query, "variables": variables},
            headers={"X-Shopify-Access-Token": self.token},
            timeout=30,
        )
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    def set_quantity(self, key: str, quantity: int, **more: Any) -> list[dict[str, Any]]:
        node = self.ask(VARIANTS)["data"]["productVariants"]["nodes"][0]
        one = {
            "inventoryItemId": node["inventoryItem"]["id"], "locationId": "gid://shopify/Location/68000000001",
            "quantity": quantity, "changeFromQuantity": None,
        } | more  # fmt: skip
        given = {"name": "available", "reason": "correction", "quantities": [one]}
        payload = self.ask(SET, input=given, key=key)["data"]["inventorySetQuantities"]
        return list(payload["userErrors"])


@pytest.fixture
def caller(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


def code_of(answer: dict[str, Any]) -> str:
    return str(answer["errors"][0].get("extensions", {}).get("code", ""))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ shop { name secretSauce } }", "undefinedField"),
        ("{ nothing { here } }", "undefinedField"),
        ("{ shop { name ", "parseError"),
        ("{ shop }", "selectionMismatch"),
        ("{ shop { name { first } } }", "selectionMismatch"),
        ("{ orders(sortKey: UPDATED_AT) { nodes { id } } }", "BAD_REQUEST"),
        ("query Q($id: ID!) { order(id: $id) { id } }", "INVALID_VARIABLE"),
        ("{ shop { ...Missing } }", "undefinedFragment"),
        ("{ orders(first: 250, sortKey: UPDATED_AT) { nodes { totalPriceSet { shopMoney { amount } }"
         " lineItems(first: 10) { nodes { id } } } } }", "MAX_COST_EXCEEDED"),
        ("", "parseError"),
    ],
)  # fmt: skip
def test_query_that_cannot_be_answered_is_refused_with_status_200(
    caller: Caller, query: str, code: str
) -> None:
    answer = caller.ask(query)
    assert code_of(answer) == code
    assert "data" not in answer


def test_answer_holds_what_was_selected_under_the_names_that_were_asked(caller: Caller) -> None:
    data = caller.ask("{ mine: shop { called: name ... on Shop { currencyCode } } }")["data"]
    assert data == {"mine": {"called": "Harbor Light", "currencyCode": "USD"}}


def test_cost_is_told_and_what_was_not_needed_is_given_back(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.limits(on=True)
    cost = caller.ask("{ productVariants(first: 100) { nodes { id product { id } } } }")["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 200
    assert cost["actualQueryCost"] <= cost["requestedQueryCost"]
    assert cost["throttleStatus"]["currentlyAvailable"] == 2000 - cost["actualQueryCost"]
    for _ in range(60):
        answer = caller.ask("{ productVariants(first: 240) { nodes { id product { id } featured: id } } }")
        if "errors" in answer:
            break
    assert code_of(answer) == "THROTTLED"
    status = answer["extensions"]["cost"]
    assert status["throttleStatus"]["currentlyAvailable"] < status["requestedQueryCost"]


def test_key_that_was_used_does_nothing_again_and_takes_no_other_quantity(
    caller: Caller, sandbox: Sandbox
) -> None:
    code = caller.ask(VARIANTS)["data"]["productVariants"]["nodes"][0]["sku"]
    assert caller.set_quantity("k1", 9) == []
    sandbox.set_quantity(code, 4, seller="shopify")
    assert caller.set_quantity("k1", 9) == []
    assert sandbox.listing(code, seller="shopify")["quantity"] == 4
    assert caller.set_quantity("k1", 8)[0]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"


def test_compare_and_swap_notices_another_hand(caller: Caller, sandbox: Sandbox) -> None:
    code = caller.ask(VARIANTS)["data"]["productVariants"]["nodes"][0]["sku"]
    sandbox.set_quantity(code, 4, seller="shopify")
    assert caller.set_quantity("k2", 9, changeFromQuantity=5)[0]["code"] == "CHANGE_FROM_QUANTITY_STALE"
    assert caller.set_quantity("k3", 9, changeFromQuantity=4) == []
    assert caller.set_quantity("k4", -1)[0]["code"] == "INVALID_QUANTITY_NEGATIVE"
    assert caller.set_quantity("k5", 1, inventoryItemId="x")[0]["code"] == "INVALID_INVENTORY_ITEM"


def test_strangers_get_nothing(caller: Caller) -> None:
    caller.token = "shpat_nobody"
    assert "Invalid API key" in caller.ask(VARIANTS, status=401)["errors"]
    refused = caller.grant(status=400, client_secret="wrong", grant_type="refresh_token")
    assert refused["error"] == "application_cannot_be_found"
    assert caller.grant(status=400, code="nobody")["error"] == "invalid_request"
    assert caller.grant(status=400)["error"] == "unsupported_grant_type"


def test_consent_is_asked_for_known_applications_and_scopes_alone(caller: Caller, sandbox: Sandbox) -> None:
    address = f"{sandbox.url}/admin/oauth/authorize"
    query = {
        "client_id": caller.sheet["client_id"], "redirect_uri": "http://127.0.0.1:1/back", "state": "s",
        "scope": "read_orders",
    }  # fmt: skip
    assert requests.get(address, params=query, timeout=30).status_code == 200
    for spoiled in ({"client_id": "x"}, {"redirect_uri": "javascript:x"}, {"state": ""}, {"scope": "all"}):
        assert requests.get(address, params=query | spoiled, timeout=30).status_code == 400
    told = requests.post(address, data=query | {"decision": "deny"}, allow_redirects=False, timeout=30)
    assert "error=access_denied" in told.headers["Location"]


def test_proofs_are_the_published_formulas() -> None:
    assert (
        proof(b'{"id":820982911946154508}', secret="hush") == "qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I="
    )
    query = {"code": "0907a61c", "shop": "some-shop.myshopify.com", "hmac": "left out"}
    assert callback_proof(query, secret="hush") == callback_proof({**query, "hmac": "x"}, secret="hush")
    assert callback_proof(query, secret="hush") != callback_proof(query, secret="other")


def test_points_are_counted_through_fragments_lists_and_edges() -> None:
    counted = {
        "{ shop { name } }": 1,
        "{ shop { shopAddress { city } } }": 2,
        "{ orders(first: 5) { nodes { id } } }": 5,
        "{ orders(first: 5) { edges { node { id } } pageInfo { hasNextPage } } }": 11,
        "query Q($n: Int!) { orders(first: $n) { nodes { ...O } } } fragment O on Order { a { id } }": 8,
        "mutation { a(x: 1) { b { c } } d { e } }": 21,
    }
    for query, cost in counted.items():
        assert points(read_document(query), {"n": 4}) == cost, query
    with pytest.raises(QueryError):
        read_document("{ a " * 5000)


def bundle_of(sandbox: Sandbox) -> dict[str, Any]:
    """A set the shop sells, as the market knows it: its parts are variants of their own."""
    listings = sandbox.state("shopify")["listings"]
    return next(dict(one) for one in listings if len(one["components"]) > 1)


def test_bundle_is_sold_as_its_parts_and_has_no_stock_of_its_own(caller: Caller, sandbox: Sandbox) -> None:
    bundle = bundle_of(sandbox)
    search = f'{{ productVariants(first: 1, query: "sku:\\"{bundle["code"]}\\"") {{ nodes {{ id sku price'
    asked = search + " requiresComponents inventoryItem { id } } } }"
    [variant] = caller.ask(asked)["data"]["productVariants"]["nodes"]
    assert (variant["sku"], variant["requiresComponents"]) == (bundle["code"], True)
    refused = caller.set_quantity("k9", 5, inventoryItemId=variant["inventoryItem"]["id"])
    assert refused[0]["code"] == "INVALID_INVENTORY_ITEM"
    before = [sandbox.listing(sku, seller="shopify")["quantity"] for sku, _units in bundle["components"]]
    placed = sandbox.place_order(seller="shopify", lines=[{"listing": bundle["code"], "quantity": 2}])
    query = """query Q($id: ID!) { order(id: $id) { lineItems(first: 9) { nodes { sku quantity
      originalTotalSet { shopMoney { amount } }
      lineItemGroup { id title quantity variantId variantSku } } } } }"""
    order = caller.ask(query, id=f"gid://shopify/Order/{placed['id']}")["data"]["order"]
    parts = order["lineItems"]["nodes"]
    assert [part["sku"] for part in parts] == [sku for sku, _units in bundle["components"]]
    assert {part["quantity"] for part in parts} == {2}
    [group] = {tuple(sorted(part["lineItemGroup"].items())) for part in parts}
    assert dict(group)["variantId"] == variant["id"]
    paid = sum(Decimal(part["originalTotalSet"]["shopMoney"]["amount"]) for part in parts)
    assert paid == 2 * Decimal(variant["price"])
    after = [sandbox.listing(sku, seller="shopify")["quantity"] for sku, _units in bundle["components"]]
    assert after == [max(0, one - 2) for one in before]


def test_only_the_platform_that_opens_sets_opens_them(sandbox: Sandbox) -> None:
    one = next(row for row in sandbox.state("busy")["listings"] if len(row["components"]) > 1)
    placed = sandbox.place_order(
        seller="busy", marketplace=one["marketplace"], lines=[{"listing": one["code"]}]
    )
    assert [line["code"] for line in placed["lines"]] == [one["code"]]
