"""How Shopee's Open API answers: its envelope, its errors, its numbers and its cursors."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from channels.sandbox.places import WHOLE_UNITS, decimals
from channels.sandbox.wire import BadRequest, Call, Response, Route, json_response
from channels.sandbox.world import World

FORBIDDEN = 403


def request_id(call: Call) -> str:
    """Return the number under which Shopee could find a call again."""
    text = f"{call.request.path}?{call.request.query_string}/{call.world.now.timestamp()}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def answer(call: Call, response: Any) -> Response:
    """Return data in the envelope of a success."""
    return json_response({"error": "", "message": "", "request_id": request_id(call), "response": response})


def flat(call: Call, data: Mapping[str, Any]) -> Response:
    """Return data beside the envelope's fields, as the calls about shops and tokens do."""
    return json_response({"error": "", "message": "", "request_id": request_id(call), **data})


def error(call: Call | None, code: str, message: str, *, status: int = 200, **more: Any) -> Response:
    """Return a failure; most of them come with HTTP 200."""
    number = request_id(call) if call is not None else "0" * 32
    return json_response({"error": code, "message": message, "request_id": number, **more}, status=status)


def invalid(message: str) -> Response:
    """Return the refusal of a request that breaks a rule."""
    return error(None, "error_param", f"Wrong parameters, detail: {message}.")


def not_found(call: Call) -> Response:
    """Return the answer for an order that does not exist."""
    return error(call, "error_not_found", "Wrong parameters, detail: the order is not found.")


def too_many(call: Call, route: Route) -> Response:
    """Return the answer to a caller over the limit per second."""
    text = "Too many requests. You have reached the rate limit. Please try again later."
    return error(call, "error_rate_limit", text)


def over_daily(call: Call, route: Route) -> Response:
    """Return the answer to an application over its daily limit; it begins anew at midnight in Singapore."""
    text = (
        "The total API call number made by your APP has reached the daily API call limit,"
        " please try again after 00:00 UTC+8"
    )
    return error(call, "error_limit", text, status=FORBIDDEN)


def number(minor: int, currency: str) -> int | float:
    """Return an amount as Shopee writes it: a JSON number, whole where nobody pays in fractions."""
    step: int = 10 ** decimals(currency)
    if currency in WHOLE_UNITS:
        return minor // step
    return minor // step if minor % step == 0 else round(minor / step, decimals(currency))


def whole(call: Call, name: str, *, low: int, high: int, default: int | None = None) -> int:
    """Read a whole number from the query, within its bounds."""
    text = call.request.one(name)
    if text is None and default is not None:
        return default
    if text is None or not text.isascii() or not text.isdecimal() or not low <= int(text) <= high:
        raise BadRequest(f"{name} must be between {low} and {high}")
    return int(text)


def body_of(call: Call) -> dict[str, Any]:
    """Read a JSON object from the body."""
    data = call.request.json()
    if not isinstance(data, dict):
        raise BadRequest("the body must be an object")
    return data


def text_of(data: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    """Read a text from a body."""
    value = data.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value.strip()):
        raise BadRequest(f"{name} is a required field")
    return value


def cursor(world: World, data: Mapping[str, Any]) -> str:
    """Return a cursor for some state."""
    raw = json.dumps(data, separators=(",", ":")).encode()
    proof = hmac.new(world.secret.encode(), raw, hashlib.sha256).digest()[:12]
    return base64.b64encode(proof + raw).decode()


def read_cursor(world: World, text: str) -> dict[str, Any]:
    """Return the state of a cursor. Raises ``BadRequest`` when it is not ours."""
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError as failure:
        raise BadRequest("cursor is invalid") from failure
    proof, raw = found[:12], found[12:]
    if not hmac.compare_digest(proof, hmac.new(world.secret.encode(), raw, hashlib.sha256).digest()[:12]):
        raise BadRequest("cursor is invalid")
    data: dict[str, Any] = json.loads(raw)
    return data
