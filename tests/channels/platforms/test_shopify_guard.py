"""What Shopify's answers mean: status 200 is not success, and only its own words count."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django import Settings

from channels.adapter import (
    Adapter,
    ChannelError,
    CredentialsRejected,
    Refused,
    RetryLater,
    Throttled,
    TokenExpired,
)
from channels.messages import Outcome, PriceUpdate, StockUpdate
from channels.platforms.shopify import PLATFORM
from channels.platforms.shopify.directory import ASKED_SCOPES
from tests.answering import Answering, Reply, answering
from tests.channels.platforms.contract import AT, Json, connection, reply
from tests.channels.platforms.examples import shopify
from tests.channels.platforms.examples.shopify import EXAMPLES, HANDLE, answer, done, problem

WINDOW = {"updated_from": AT - timedelta(hours=1), "updated_to": AT}
UPDATE = StockUpdate("shopify", "A-1", 7, handle=HANDLE)


@pytest.fixture
def server(settings: Settings) -> Iterator[Answering]:
    with answering() as running:
        settings.ECOMHUB_SANDBOX_URL = running.url
        yield running


@pytest.fixture
def adapter(server: Answering) -> Adapter:
    return PLATFORM.build(connection(PLATFORM, EXAMPLES, server.url), None)


def sent(server: Answering, place: int = -1) -> Json:
    found: Json = json.loads(server.received[place].body)
    return found


def throttled(*, asked: int, left: float) -> Reply:
    cost = answer({}, left=left, asked=asked)["extensions"]
    return reply(
        {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], "extensions": cost}
    )


def test_throttled_query_waits_until_its_points_are_there(adapter: Adapter, server: Answering) -> None:
    server.says(throttled(asked=700, left=50))
    with pytest.raises(Throttled) as caught:
        adapter.fetch_orders(page_token="", **WINDOW)
    assert caught.value.after == timedelta(seconds=6.5)
    server.says(throttled(asked=12, left=50))
    with pytest.raises(Throttled) as soon:
        adapter.push_stock(update=UPDATE)
    assert (soon.value.after, soon.value.unknown) == (timedelta(), False)


def test_old_way_of_throttling_is_understood_too(adapter: Adapter, server: Answering) -> None:
    server.says(reply({"errors": "Exceeded 2 calls per second"}, status=429, headers={"Retry-After": "2.0"}))
    with pytest.raises(Throttled) as caught:
        adapter.fetch_orders(page_token="", **WINDOW)
    assert caught.value.after == timedelta(seconds=2)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ACCESS_DENIED", Refused),
        ("MAX_COST_EXCEEDED", Refused),
        ("undefinedField", Refused),
        ("", Refused),
        ("SHOP_INACTIVE", CredentialsRejected),
        ("INTERNAL_SERVER_ERROR", RetryLater),
    ],
)
def test_errors_of_a_200_are_told_apart(
    adapter: Adapter, server: Answering, code: str, error: type[ChannelError]
) -> None:
    server.says(problem("no", code))
    with pytest.raises(error) as caught:
        adapter.push_stock(update=UPDATE)
    assert type(caught.value) is error
    if isinstance(caught.value, RetryLater):
        assert caught.value.unknown


def test_partial_data_with_an_error_is_never_a_success(adapter: Adapter, server: Answering) -> None:
    page = shopify.order_page([shopify.order()], "")["data"]
    for code in ("", "SOMETHING_NEW"):
        server.says(problem("a part is missing", code, data=page, path=["orders", "nodes", 0, "lineItems"]))
        with pytest.raises(RetryLater, match="part"):
            adapter.fetch_orders(page_token="", **WINDOW)
    server.says(problem("no", "ACCESS_DENIED", data=page, path=["orders", "nodes", 0, "refunds"]))
    with pytest.raises(Refused, match="permission"):
        adapter.fetch_orders(page_token="", **WINDOW)


def test_hidden_personal_data_is_no_error(adapter: Adapter, server: Answering) -> None:
    """Without the approval for protected customer data the fields come as null, with an error each."""
    hidden = shopify.order() | {"shippingAddress": None, "email": None, "customer": None}
    page = shopify.order_page([hidden], "")["data"]
    server.says(problem("not approved", "ACCESS_DENIED", data=page, path=["orders", "nodes", 0, "email"]))
    order = adapter.fetch_orders(page_token="", **WINDOW).items[0]
    assert order.buyer is None


def test_refused_token_and_closed_shop_are_told_apart(adapter: Adapter, server: Answering) -> None:
    server.says(reply({"errors": "[API] Invalid API key or access token"}, status=401))
    with pytest.raises(TokenExpired):
        adapter.check()
    for status in (402, 403, 404, 423):
        server.says(reply({"errors": "Unavailable Shop"}, status=status))
        with pytest.raises(CredentialsRejected):
            adapter.check()


def test_user_errors_are_a_refusal_with_their_words(adapter: Adapter, server: Answering) -> None:
    error = {"field": ["input"], "message": "The location could not be found.", "code": "INVALID_LOCATION"}
    data = {"inventorySetQuantities": {"inventoryAdjustmentGroup": None, "userErrors": [error]}}
    server.says(reply(answer(data)))
    result = adapter.push_stock(update=UPDATE)
    assert result.outcome is Outcome.REFUSED
    assert "location" in result.reason
    busy = error | {"code": "IDEMPOTENCY_CONCURRENT_REQUEST"}
    server.says(reply(answer({"inventorySetQuantities": {"userErrors": [busy]}})))
    with pytest.raises(RetryLater):
        adapter.push_stock(update=UPDATE)


def test_quantity_is_sent_with_a_key_and_without_a_check(adapter: Adapter, server: Answering) -> None:
    good = done("inventorySetQuantities", inventoryAdjustmentGroup={"id": "x"}).reply
    server.says(good)
    adapter.push_stock(update=UPDATE)
    first = sent(server)
    adapter.push_stock(update=UPDATE)
    assert "@idempotent(key: $key)" in first["query"]
    assert first["variables"]["input"] == {
        "name": "available",
        "reason": "correction",
        "quantities": [
            {
                "inventoryItemId": "gid://shopify/InventoryItem/601",
                "locationId": "gid://shopify/Location/701",
                "quantity": 7,
                "changeFromQuantity": None,
            }
        ],
    }
    assert first["variables"]["key"] != sent(server)["variables"]["key"]


@pytest.mark.parametrize(
    ("location", "levels", "words"),
    [
        ("", ["701", "702"], "several locations"),
        ("", [], "no location"),
        ("799", ["701"], "no location"),
    ],
)
def test_listing_without_one_location_to_write_to_is_refused_in_words(
    server: Answering, location: str, levels: list[str], words: str
) -> None:
    one = shopify.listing()
    level = one["inventoryItem"]["inventoryLevels"]["nodes"][0]
    one["inventoryItem"]["inventoryLevels"]["nodes"] = [
        level | {"location": {"id": f"gid://shopify/Location/{number}", "isActive": True}}
        for number in levels
    ]
    adapter = at_location(server, location)
    server.says(reply(shopify.single_listing(one)))
    result = adapter.push_stock(update=replace(UPDATE, handle=""))
    assert (result.outcome, words in result.reason) == (Outcome.REFUSED, True)
    assert len(server.received) == 1


def at_location(server: Answering, location: str) -> Adapter:
    known = connection(PLATFORM, EXAMPLES, server.url)
    return PLATFORM.build(replace(known, credentials={**known.credentials, "location_id": location}), None)


def test_chosen_location_is_the_one_that_counts(server: Answering) -> None:
    one = shopify.listing()
    levels = one["inventoryItem"]["inventoryLevels"]["nodes"]
    levels.append(
        {
            "location": {"id": "gid://shopify/Location/702", "isActive": True},
            "quantities": [{"name": "available", "quantity": -3}],
        }
    )
    adapter = at_location(server, "https://admin.shopify.com/store/x/settings/locations/702")
    server.says(reply(shopify.listing_page([one], "")))
    (found,) = adapter.fetch_listings(marketplace="shopify", page_token="").items
    assert (found.quantity, found.handle) == (0, "501:401:601:702:USD")


def test_two_variants_with_one_sku_are_both_named_as_such(adapter: Adapter, server: Answering) -> None:
    twin = shopify.listing() | {"id": "gid://shopify/ProductVariant/502"}
    other = shopify.listing() | {"id": "gid://shopify/ProductVariant/503", "sku": "B"}
    server.says(reply(shopify.listing_page([shopify.listing(), twin, other], "")))
    page = adapter.fetch_listings(marketplace="shopify", page_token="")
    assert [one.listing_id for one in page.items] == ["B"]
    assert [one.external_id for one in page.bad] == ["501", "502"]
    assert "give each its own" in page.bad[0].reason
    answer_ = answer(
        {"shop": {"currencyCode": "USD"}, "productVariants": {"nodes": [shopify.listing(), twin]}}
    )
    server.says(reply(answer_))
    with pytest.raises(Refused, match="2 variants"):
        adapter.fetch_listing(marketplace="shopify", listing_id="A-1")


def test_bundle_has_no_stock_of_its_own(adapter: Adapter, server: Answering) -> None:
    server.says(reply(shopify.listing_page([shopify.listing() | {"requiresComponents": True}], "")))
    (found,) = adapter.fetch_listings(marketplace="shopify", page_token="").items
    assert (found.is_parent, found.quantity) == (True, None)


def test_price_is_sent_as_text_and_never_with_more_decimals_than_it_has(
    adapter: Adapter, server: Answering
) -> None:
    server.says(done("productVariantsBulkUpdate", productVariants=[]).reply)
    update = PriceUpdate("shopify", "A-1", Decimal("19.9"), "USD", handle=HANDLE)
    assert adapter.push_price(update=update).outcome is Outcome.CONFIRMED
    variables = sent(server)["variables"]
    assert variables["product"] == "gid://shopify/Product/401"
    assert variables["variants"] == [{"id": "gid://shopify/ProductVariant/501", "price": "19.90"}]
    with pytest.raises(Refused, match="decimals"):
        adapter.push_price(update=replace(update, price=Decimal("1.999")))


def test_missing_scopes_are_named(adapter: Adapter, server: Answering) -> None:
    data = shopify.shop()
    data["currentAppInstallation"]["accessScopes"] = [{"handle": "write_orders"}]
    server.says(reply(answer(data)))
    with pytest.raises(Refused, match="read_products, read_inventory, read_locations"):
        adapter.check()


def test_scopes_it_works_without_are_named_too(adapter: Adapter, server: Answering) -> None:
    data = shopify.shop()
    held = [scope for scope in ASKED_SCOPES if scope not in ("read_all_orders", "write_products")]
    data["currentAppInstallation"]["accessScopes"] = [{"handle": scope} for scope in held]
    server.says(reply(answer(data)))
    [shop] = adapter.check()
    assert shop.lacks == ("write_products", "read_all_orders")


def test_each_shop_is_spoken_to_at_its_own_address_alone(adapter: Adapter) -> None:
    for name in ("", "evil.example", "a.myshopify.com.evil.example", "x/../y"):
        known = replace(adapter.connection, endpoint=PLATFORM.endpoints["production"], seller_id=name)
        with pytest.raises(Refused, match="not the name of a Shopify shop"):
            PLATFORM.build(known, None).fetch_order(order_id="1")


def test_what_is_left_of_the_points_is_reported(server: Answering) -> None:
    seen: list[float | None] = []

    def note(
        *, operation: str, status: int, granted_rate: float | None, remaining: float | None = None
    ) -> None:
        seen.append(remaining)

    adapter = PLATFORM.build(connection(PLATFORM, EXAMPLES, server.url), note)
    server.says(reply(shopify.order_page([], "")))
    adapter.fetch_orders(page_token="", **WINDOW)
    assert seen == [1900.0]


def test_order_that_needs_a_permission_stops_only_itself(adapter: Adapter, server: Answering) -> None:
    order = shopify.order() | {"returnStatus": "IN_PROGRESS"}
    plain = shopify.order() | {"id": "gid://shopify/Order/124"}
    server.says(
        reply(shopify.order_page([order, plain], "")),
        problem("Required access: `read_returns`", "ACCESS_DENIED", data={"order": None}, path=["order"]),
    )
    page = adapter.fetch_orders(page_token="", **WINDOW)
    assert [one.external_id for one in page.items] == ["124"]
    assert [one.external_id for one in page.bad] == ["123-1"]
    assert "read_returns" in page.bad[0].reason


def test_subscription_that_is_there_already_is_no_error(adapter: Adapter, server: Answering) -> None:
    there = answer({"webhookSubscriptions": {"nodes": []}})
    taken = {"field": [], "message": "Address for this topic has already been taken"}
    made = {f"t{place}": {"userErrors": [taken] if place == 2 else []} for place in range(9)}
    server.says(reply(there), reply(answer(made)))
    adapter.subscribe(address="https://hub.example/hooks/1")
    made["t3"] = {"userErrors": [{"field": [], "message": "Address is invalid"}]}
    server.says(reply(there), reply(answer(made)))
    with pytest.raises(Refused, match="invalid"):
        adapter.subscribe(address="https://hub.example/hooks/1")


def test_large_order_is_completed_with_questions_of_its_own(adapter: Adapter, server: Answering) -> None:
    order = shopify.order() | {"displayFinancialStatus": "PARTIALLY_REFUNDED"}
    order["lineItems"]["pageInfo"] = {"hasNextPage": True, "endCursor": "l1"}
    order["fulfillmentsCount"] = {"count": 2}
    more = json.loads(json.dumps(order["lineItems"]["nodes"][0])) | {
        "id": "gid://shopify/LineItem/12", "sku": "A-2", "unfulfilledQuantity": 0,
    }  # fmt: skip
    second = json.loads(json.dumps(order["fulfillments"][0])) | {"id": "gid://shopify/Fulfillment/72"}
    second["fulfillmentLineItems"]["nodes"] = [
        {"quantity": 2, "lineItem": {"id": "gid://shopify/LineItem/12"}}
    ]
    server.says(
        reply(shopify.order_page([order], "")),
        reply(answer({"order": {"lineItems": shopify.connection_of([more])}})),
        reply(answer({"order": {"fulfillments": [order["fulfillments"][0], second]}})),
        reply(answer({"order": shopify.BACK})),
    )
    found = adapter.fetch_orders(page_token="", **WINDOW).items[0]
    assert len(server.received) == 4
    assert [(line.external_id, line.quantity_shipped) for line in found.lines] == [("11", 1), ("12", 2)]
    assert len(found.parcels) == 2
    assert found.lines[0].refunded == Decimal("20.35")
    assert len(found.raw["lineItems"]["nodes"]) == 2
