"""How eBay answers: errors of REST and Trading, amounts, instants."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from channels.sandbox.market_clock import instant
from channels.sandbox.places import amount_text
from channels.sandbox.wire import BadRequest, Call, Response, Route, json_response

TRADING_PATH = "/ws/api.dll"
NAMESPACE = "urn:ebay:apis:eBLBaseComponents"


def error(
    status: int, number: int, message: str, *, domain: str = "API", category: str = "REQUEST"
) -> Response:
    """Return REST's error list with one error."""
    entry = {"errorId": number, "domain": domain, "category": category, "message": message,
             "longMessage": message}  # fmt: skip
    return json_response({"errors": [entry]}, status=status)


def invalid(message: str) -> Response:
    """Return the refusal of a request that breaks a rule."""
    return error(400, 30800, message, domain="API_FULFILLMENT")


def too_many(call: Call, route: Route) -> Response:
    """Return the answer to a caller over a cap: 429 of REST, an XML failure with HTTP 200 of Trading."""
    words = "The request limit has been reached for the resource."
    if call.request.path == TRADING_PATH:
        return failure(call, 518, "Your application has exceeded usage limit on this call.")
    return error(429, 2001, words, domain="ACCESS")


def time_text(second: float) -> str:
    """Return an instant as eBay writes it."""
    return instant(second).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def read_time(text: str, name: str) -> float:
    """Read an ISO 8601 instant with its offset. Raises ``BadRequest``."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as failed:
        raise BadRequest(f"Invalid date format: {name}") from failed
    if found.tzinfo is None:
        raise BadRequest(f"Invalid date format: {name} has no time zone")
    return found.timestamp()


def money(minor: int, currency: str) -> dict[str, str]:
    """Return an amount as REST writes it."""
    return {"value": amount_text(minor, currency), "currency": currency}


def xml_money(minor: int, currency: str) -> dict[str, str]:
    """Return an amount as Trading writes it."""
    return {"@currencyID": currency, "#text": amount_text(minor, currency)}


def verb_of(call: Call) -> str:
    """Return which Trading call this is."""
    name = call.request.headers.get("x-ebay-api-call-name", "")
    return name if name.isascii() and name.isalnum() else "Unknown"


def elements(data: Mapping[str, Any]) -> str:
    """Write an object as elements; ``@name`` is an attribute, ``#text`` the text beside attributes."""
    return "".join(
        _element(name, one)
        for name, value in data.items()
        if not name.startswith("@")
        for one in (value if isinstance(value, list) else [value])
        if one is not None
    )


def _element(name: str, value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"<{name}>{escape(_plain(value))}</{name}>"
    attributes = "".join(f" {key[1:]}={quoteattr(str(part))}" for key, part in value.items() if key[0] == "@")
    inside = escape(str(value["#text"])) if "#text" in value else elements(value)
    return f"<{name}{attributes}>{inside}</{name}>"


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def xml_answer(call: Call, data: Mapping[str, Any], *, ack: str = "Success") -> Response:
    """Return a Trading answer."""
    verb = verb_of(call)
    head = {"Timestamp": time_text(int(call.world.now.timestamp())), "Ack": ack, "Version": "1379"}
    body = elements({**head, **data})
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{verb}Response xmlns="{NAMESPACE}">{body}</{verb}Response>'
    )
    return Response(status=200, body=text.encode(), content_type="text/xml;charset=utf-8")


def problem(code: int, words: str, *, severity: str = "Error") -> dict[str, Any]:
    """Return one of Trading's errors."""
    return {
        "ShortMessage": words, "LongMessage": words, "ErrorCode": code, "SeverityCode": severity,
        "ErrorClassification": "RequestError",
    }  # fmt: skip


def failure(call: Call, code: int, words: str) -> Response:
    """Return Trading's refusal: HTTP 200 with ``Ack`` Failure."""
    return xml_answer(call, {"Errors": problem(code, words)}, ack="Failure")


def partial(call: Call, problems: Iterable[dict[str, Any]], data: Mapping[str, Any]) -> Response:
    """Return Trading's answer when a part of the work was done."""
    return xml_answer(call, {"Errors": list(problems), **data}, ack="PartialFailure")
