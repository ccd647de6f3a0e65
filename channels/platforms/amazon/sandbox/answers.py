"""How Amazon's Selling Partner API answers: errors, money, times, page tokens, list parameters."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from channels.sandbox.market_clock import instant
from channels.sandbox.places import amount_text
from channels.sandbox.wire import BadRequest, Call, Request, Response, Route, json_response
from channels.sandbox.world import World

SDK_EXTRAS = {"MarketplaceId", "MarketplaceIds", "marketplace_ids"}


def error(status: int, code: str, message: str, details: str = "") -> Response:
    """Return Amazon's error list with one error."""
    return json_response({"errors": [{"code": code, "message": message, "details": details}]}, status=status)


def invalid(message: str) -> Response:
    """Return the refusal of a request that breaks a rule."""
    return error(400, "InvalidInput", message)


def not_found(message: str) -> Response:
    """Return the answer for something that does not exist."""
    return error(404, "NotFound", message)


def too_many(call: Call, route: Route) -> Response:
    """Return the answer to a caller over its rate. Amazon sends no rate header with it."""
    refused = error(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
    refused.headers["x-amzn-ErrorType"] = "TooManyRequestsException"
    return refused


def answer(call: Call, data: Any, *, rate: float, status: int = 200) -> Response:
    """Return data with the headers Amazon sends: the rate in force and a request id."""
    return json_response(data, status=status, headers=headers(call, rate))


def headers(call: Call, rate: float) -> dict[str, str]:
    """Return the headers of a good answer."""
    text = f"{call.request.path}?{call.request.query_string}/{call.world.now.timestamp()}"
    number = hashlib.sha256(text.encode()).hexdigest()
    return {"x-amzn-RateLimit-Limit": f"{rate:g}", "x-amzn-RequestId": number[:32]}


@lru_cache(maxsize=65536)
def time_text(second: int) -> str:
    """Return an instant the way the 2026 order API writes it: milliseconds, UTC."""
    return instant(second).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def short_time_text(second: int) -> str:
    """Return an instant the way the older APIs write it."""
    return instant(second).strftime("%Y-%m-%dT%H:%M:%SZ")


def money(minor: int, currency: str) -> dict[str, str]:
    """Return an amount as the 2026 order API writes it."""
    return {"amount": amount_text(minor, currency), "currencyCode": currency}


def read_time(text: str, name: str) -> float:
    """Read an ISO 8601 instant with its offset. Raises ``BadRequest`` with Amazon's words."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as failure:
        raise BadRequest(f"Invalid value for {name}: must be in ISO 8601 format.") from failure
    if found.tzinfo is None:
        raise BadRequest(f"Invalid value for {name}: the time zone is missing.")
    return found.timestamp()


def listed(request: Request, name: str, allowed: Iterable[str] | None = None, most: int = 50) -> list[str]:
    """Read a list parameter; every value has to be allowed, and there may be at most ``most``."""
    values = request.many(name)
    if len(values) > most:
        raise BadRequest(f"{name} takes at most {most} values.")
    if allowed is not None:
        known = set(allowed)
        wrong = [value for value in values if value not in known]
        if wrong:
            raise BadRequest(f"Invalid value for {name}: {wrong[0]}.")
    return values


def number_between(request: Request, name: str, *, low: int, high: int, default: int) -> int:
    """Read a whole number within its bounds."""
    text = request.one(name)
    if text is None:
        return default
    if not text.isdecimal() or not low <= int(text) <= high:
        raise BadRequest(f"{name} must be between {low} and {high}.")
    return int(text)


def fingerprint(request: Request, leave_out: str) -> str:
    """Return what has to stay the same from page to page: every other parameter."""
    query = {
        name: sorted(part for value in values for part in value.split(","))
        for name, values in request.query.items()
        if name != leave_out and name not in SDK_EXTRAS
    }
    text = request.path + json.dumps(query, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def page_token(world: World, data: Mapping[str, Any], *, lives: int) -> str:
    """Return a page token for some state, good for so many seconds of the market's time."""
    filled = {**data, "expires": int(world.now.timestamp()) + lives}
    raw = json.dumps(filled, separators=(",", ":")).encode()
    proof = hmac.new(world.secret.encode(), raw, hashlib.sha256).digest()[:18]
    return base64.b64encode(proof + raw).decode()


def read_page_token(world: World, token: str, *, name: str) -> dict[str, Any]:
    """Return the state of a page token. Raises ``BadRequest`` when it is not ours or too old."""
    try:
        text = base64.b64decode(token, validate=True)
    except ValueError as failure:
        raise BadRequest(f"{name} is invalid.") from failure
    proof, raw = text[:18], text[18:]
    if not hmac.compare_digest(proof, hmac.new(world.secret.encode(), raw, hashlib.sha256).digest()[:18]):
        raise BadRequest(f"{name} is invalid.")
    data: dict[str, Any] = json.loads(raw)
    if world.now.timestamp() > data["expires"]:
        raise BadRequest(f"{name} has expired.")
    return data
