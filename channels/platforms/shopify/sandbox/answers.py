"""How the Admin API answers: data with its cost, errors with status 200, ids, money and times."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from channels.platforms.shopify.sandbox.graphql import QueryError
from channels.sandbox.market_clock import instant
from channels.sandbox.places import amount_text, decimals
from channels.sandbox.throttle import Points
from channels.sandbox.wire import Response, json_response

VERSION = "2026-01"
PLATFORM = "shopify"
POINTS = Points(size=2000.0, restore=100.0)
MOST_POINTS = 1000
# What a hundred dollars buy.
DOLLAR_BUYS = {"CAD": 137, "GBP": 77, "EUR": 91, "AUD": 151, "JPY": 14800}


def gid(kind: str, number: object) -> str:
    """Return a global id."""
    return f"gid://shopify/{kind}/{number}"


def number_of(value: Any, kind: str) -> str:
    """Return the number in a global id of this kind, empty when it is none."""
    head = f"gid://shopify/{kind}/"
    return value.removeprefix(head) if isinstance(value, str) and value.startswith(head) else ""


@lru_cache(maxsize=65536)
def time_text(second: int) -> str:
    """Return an instant the way Shopify writes it."""
    return instant(second).strftime("%Y-%m-%dT%H:%M:%SZ")


def bag(minor: int, currency: str, shown: str = "") -> dict[str, Any]:
    """Return an amount as a money bag: in the shop's currency, and in the one its buyer sees."""
    return {
        "__typename": "MoneyBag",
        "shopMoney": _money(minor, currency),
        "presentmentMoney": _money(converted(minor, currency, shown or currency), shown or currency),
    }


def _money(minor: int, currency: str) -> dict[str, Any]:
    return {"__typename": "MoneyV2", "amount": amount_text(minor, currency), "currencyCode": currency}


def converted(minor: int, currency: str, shown: str) -> int:
    """Return the shop's dollars in another currency's minor units, at rates that never move."""
    if currency == shown:
        return minor
    step = int(10 ** decimals(shown))
    return minor * DOLLAR_BUYS[shown] * step // (100 * int(10 ** decimals(currency)))


def user_error(message: str, field: Sequence[str] | None = None, code: str | None = None) -> dict[str, Any]:
    """Return one entry of ``userErrors``."""
    return {"__typename": "UserError", "field": list(field) if field else None, "message": message,
            "code": code}  # fmt: skip


def cost(*, asked: int, actual: int | None, left: float) -> dict[str, Any]:
    """Return the extension that tells what a query cost and what is left."""
    return {
        "cost": {
            "requestedQueryCost": asked,
            "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": POINTS.size,
                "currentlyAvailable": int(left),
                "restoreRate": POINTS.restore,
            },
        }
    }


def answered(data: Mapping[str, Any], *, asked: int, actual: int, left: float) -> Response:
    """Return a good answer."""
    return _sent({"data": data, "extensions": cost(asked=asked, actual=actual, left=left)})


def throttled(*, asked: int, left: float) -> Response:
    """Return the refusal of a query there are no points for: with status 200."""
    error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
    return _sent({"errors": [error], "extensions": cost(asked=asked, actual=None, left=left)})


def failed(error: QueryError) -> Response:
    """Return the refusal of a query, with status 200."""
    entry: dict[str, Any] = {
        "message": str(error),
        "locations": [{"line": 1, "column": 1}],
        "path": error.path,
    }
    if error.code:
        entry["extensions"] = {"code": error.code}
    return _sent({"errors": [entry]})


def invalid(message: str) -> Response:
    """Return the refusal of a request that breaks a rule of the way there."""
    return json_response({"errors": {"query": message}}, status=400)


def unauthorized() -> Response:
    """Return the refusal of an access token."""
    text = "[API] Invalid API key or access token (unrecognized login or wrong password)"
    return json_response({"errors": text}, status=401)


def _sent(body: Mapping[str, Any]) -> Response:
    return json_response(body, headers={"X-Shopify-API-Version": VERSION})
