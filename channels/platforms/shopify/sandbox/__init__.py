"""Shopify's dialect of the sandbox: one shop, its consent page, tokens, GraphQL and webhooks."""

from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any

from channels.platforms.shopify.sandbox import (
    answers,
    identity,
    listings,
    orders,
    payments,
    shipping,
    webhooks,
)
from channels.platforms.shopify.sandbox.graphql import (
    Document,
    Field,
    QueryError,
    check_variables,
    filled,
    pick,
    points,
    read_document,
    spent,
)
from channels.sandbox.dialects import Dialect
from channels.sandbox.places import Marketplace
from channels.sandbox.sellers import SellerPlan
from channels.sandbox.wire import BadRequest, Call, Request, Response, Route
from channels.sandbox.world import World

MARKETPLACES = (
    Marketplace(
        "shopify", "US", "Harbor Light", "USD", 725, False,
        (("US", 62), ("CA", 10), ("GB", 10), ("DE", 6), ("AU", 6), ("FR", 4), ("JP", 2)),
    ),
)  # fmt: skip
PLANS = (
    SellerPlan(
        name="shopify",
        first_per_day=3.0,
        last_per_day=12.0,
        live_per_day=150.0,
        marketplaces={"shopify": 30},
        shelf=0.35,
    ),
)


def new_order_id(chance: Random) -> str:
    """Return an order's number."""
    return str(5 * 10**12 + int(chance.random() * 10**12))


def new_line_id(chance: Random) -> str:
    """Return a line item's number."""
    return str(14 * 10**12 + int(chance.random() * 10**12))


def buyer_mail(chance: Random, place: Marketplace) -> str:
    """Return a buyer's own address: a shop sees it."""
    return f"buyer{chance.getrandbits(32):08x}@mail.example"


def over(call: Call, route: Route) -> Response:
    """Return the refusal of a caller without points."""
    return answers.throttled(asked=1, left=0)


DIALECT = Dialect(
    platform="shopify",
    title="Shopify",
    marketplaces=MARKETPLACES,
    plans=PLANS,
    new_order_id=new_order_id,
    new_line_id=new_line_id,
    new_listing_code=new_line_id,
    new_network_code=new_line_id,
    new_credentials=identity.new_credentials,
    buyer_mail=buyer_mail,
    credential_sheet=identity.credential_sheet,
    identify=identity.identify,
    too_many=over,
    broken=answers.invalid,
    due={"cancel": shipping.finish_cancel},
    redact=identity.redact,
    offers_returns=True,
    opens_sets=True,
    push=webhooks.push,
    money=payments.MONEY,
)


def _shop(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    place = call.world.dialect(call.caller).marketplaces[0]
    return {
        "__typename": "Shop",
        "id": answers.gid("Shop", 1),
        "name": place.name,
        "myshopifyDomain": call.caller.seller_id,
        "currencyCode": place.currency,
        "ianaTimezone": "America/New_York",
        "shopAddress": {"__typename": "ShopAddress", "countryCodeV2": place.country},
    }


def _installation(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    scopes = [{"__typename": "AccessScope", "handle": scope} for scope in identity.SCOPES]
    return {"__typename": "AppInstallation", "accessScopes": scopes}


def _quantities(call: Call, arguments: dict[str, Any], one: Field, variables: dict[str, Any]) -> Any:
    key = filled(one.directives.get("idempotent", {}).get("key"), variables)
    return listings.set_quantities(call, arguments, key)


QUERIES: dict[str, Callable[[Call, dict[str, Any]], Any]] = {
    "shop": _shop,
    "currentAppInstallation": _installation,
    "orders": orders.orders,
    "order": orders.order,
    "productVariants": listings.variants,
    "webhookSubscriptions": webhooks.subscriptions,
    "shopifyPaymentsAccount": payments.account,
}
MUTATIONS: dict[str, Callable[[Call, dict[str, Any]], Any]] = {
    "productVariantsBulkUpdate": listings.update_prices,
    "fulfillmentCreate": shipping.create_fulfillment,
    "orderCancel": shipping.cancel_order,
    "webhookSubscriptionCreate": webhooks.create_subscription,
}
_PLAIN = ("shop", "currentAppInstallation")


def operation_of(request: Request) -> str:
    """Return the first field a request asks for, the shop itself only where nothing else is asked."""
    try:
        document, _ = _read(request)
        names = [one.name for one in document.fields(document.selections)]
    except (QueryError, BadRequest):
        return ""
    return next((name for name in names if name not in _PLAIN), "shop")


def _read(request: Request) -> tuple[Document, dict[str, Any]]:
    body = request.json()
    query = body.get("query") if isinstance(body, dict) else None
    variables = body.get("variables") or {} if isinstance(body, dict) else {}
    if not isinstance(query, str) or not isinstance(variables, dict):
        raise QueryError("No query string was present", "parseError")
    return read_document(query), variables


def serve(call: Call) -> Response:
    """POST /admin/api/2026-01/graphql.json: answered with 200, whatever comes of it."""
    world, seller = call.world, call.caller
    try:
        document, variables = _read(call.request)
        check_variables(document, variables)
        asked = points(document, variables)
        if asked > answers.MOST_POINTS:
            message = f"Query cost is {asked}, which exceeds the single query max cost limit (1000)."
            raise QueryError(message, "MAX_COST_EXCEEDED")
        standing = world.buckets.take_points(
            seller=seller.name, bucket="points", cost=asked, points=answers.POINTS, at=world.now.timestamp()
        )
        if not standing.granted:
            return answers.throttled(asked=asked, left=standing.left)
        data = {
            one.key: _resolve(call, document, one, variables) for one in document.fields(document.selections)
        }
    except QueryError as error:
        return answers.failed(error)
    actual = min(asked, max(10 if document.kind == "mutation" else 1, spent(data) - 1))
    left = world.buckets.give_points(
        seller=seller.name, bucket="points", points=answers.POINTS, amount=asked - actual
    )
    return answers.answered(data, asked=asked, actual=actual, left=left)


def _resolve(call: Call, document: Document, one: Field, variables: dict[str, Any]) -> Any:
    arguments = {name: filled(value, variables) for name, value in one.arguments.items()}
    table = MUTATIONS if document.kind == "mutation" else QUERIES
    if document.kind == "mutation" and one.name == "inventorySetQuantities":
        value = _quantities(call, arguments, one, variables)
    elif one.name in table:
        value = table[one.name](call, arguments)
    else:
        kind = "Mutation" if document.kind == "mutation" else "QueryRoot"
        raise QueryError(f"Field '{one.name}' doesn't exist on type '{kind}'", "undefinedField")
    return pick(document, one, value, variables)


_PATH = "/admin/api/2026-01/graphql.json"
# operation: (where its list stands, where its cursor comes in, where it goes out)
_LISTS = {
    "orders": ("data.orders.nodes", "variables.after", "data.orders.pageInfo.endCursor"),
    "order": ("data.order", "", ""),
    "shopifyPaymentsAccount": ("data.shopifyPaymentsAccount", "variables.after", ""),
    "productVariants": (
        "data.productVariants.nodes", "variables.after", "data.productVariants.pageInfo.endCursor",
    ),
}  # fmt: skip


def routes(world: World) -> Sequence[Route]:
    """Return every operation served in Shopify's wire format; they all share one address."""
    found = [
        Route("POST", "/admin/oauth/access_token", identity.grant_token, "token", DIALECT, open_door=True),
        Route("GET", "/admin/oauth/authorize", identity.show_consent, "consent", DIALECT, open_door=True),
        Route("POST", "/admin/oauth/authorize", identity.answer_consent, "consent", DIALECT, open_door=True),
    ]
    for name in ("shop", *[n for n in (*QUERIES, "inventorySetQuantities", *MUTATIONS) if n not in _PLAIN]):
        list_key, page_parameter, page_key = _LISTS.get(name, ("", "", ""))
        found.append(
            Route(
                "POST", _PATH, serve, name, DIALECT, None, list_key, page_parameter, page_key,
                only_for=partial(_is_for, name),
            )
        )  # fmt: skip
    found.append(Route("POST", _PATH, serve, "graphql", DIALECT))
    return found


def _is_for(name: str, request: Request) -> bool:
    return operation_of(request) == name
