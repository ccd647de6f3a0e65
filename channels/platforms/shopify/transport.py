"""The guard between Shopify and us: it sends, and it alone says what was a success.

Shopify answers 200 to nearly everything: throttled, forbidden and half done queries too. Here an answer is a
success only when it is 2xx, says that it is JSON, is a JSON object whose ``data`` holds what was asked for
and names no error. Everything else is an error of ``channels.adapter``'s family.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, NoReturn

from channels.adapter import (
    CredentialsRejected,
    Observer,
    PageTokenExpired,
    Refused,
    RetryLater,
    Throttled,
    TokenExpired,
)
from channels.messages import Connection
from channels.platforms.shopify.directory import GRAPHQL_PATH, address, is_shop_domain
from channels.reading import Json, parse_json
from ecomhub.http import Answer, ForbiddenAddress, HttpFailure, send_to_platform
from ecomhub.sentences import kept

USER_AGENT = "ecomhub/0.1"
_LONGEST_WAIT = timedelta(hours=1)
_GONE = {
    "SHOP_INACTIVE": "the shop is closed, frozen or has uninstalled the app",
    "UNAUTHORIZED": "the app is no longer allowed",
}
_AGAIN = {"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE", "BAD_GATEWAY"}

# Without its approval for protected customer data, Shopify leaves these out and says so as an error.
PERSONAL = frozenset({"shippingAddress", "email", "phone", "customer", "billingAddress"})


@dataclass(frozen=True, slots=True)
class Question:
    """One query or mutation, and what its answer must bring.

    ``key`` is the dotted place in ``data`` of a value of type ``kind`` without which the answer is none;
    ``writes`` says that a lost answer leaves the outcome unknown, ``pages`` that a cursor was sent, and
    ``may_be_nothing`` that null in the first place is Shopify's word for "there is none".
    """

    operation: str
    query: str
    variables: Mapping[str, Any]
    key: str
    kind: type = dict
    writes: bool = False
    pages: bool = False
    may_be_nothing: bool = False


def send(
    *,
    method: str,
    url: str,
    headers: Mapping[str, str],
    data: bytes | Mapping[str, str] | None,
    proxy: str,
    writes: bool,
) -> Answer:
    """Send through the hub's door. Raises ``RetryLater`` without a whole answer, ``Refused`` for an
    address that is no Shopify shop's."""
    host = url.partition("://")[2].partition("/")[0]
    hosts = (host,) if is_shop_domain(host) else ()
    try:
        return send_to_platform(method=method, url=url, hosts=hosts, headers=headers, data=data, proxy=proxy)
    except ForbiddenAddress as error:
        raise Refused(error.reason) from error
    except HttpFailure as error:
        raise RetryLater(error.reason, unknown=writes and error.sent) from error


def ask(*, connection: Connection, observer: Observer | None, question: Question) -> Json:
    """Ask Shopify one question and return the ``data`` of its good answer."""
    body = {"query": question.query, "variables": dict(question.variables)}
    answer = send(
        method="POST",
        url=address(connection.endpoint, seller_id=connection.seller_id) + GRAPHQL_PATH,
        headers={
            "content-type": "application/json",
            "accept": "application/json",
            "user-agent": USER_AGENT,
            "x-shopify-access-token": connection.access_token,
        },
        data=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        proxy=connection.proxy,
        writes=question.writes,
    )
    said = _object(answer)
    if observer is not None:
        observer(
            operation=question.operation,
            status=answer.status,
            granted_rate=None,
            remaining=points_left(said),
        )
    if not 200 <= answer.status < 300:
        _refuse_status(answer, said, question)
    return _content(answer, said, question)


def _object(answer: Answer) -> Json | None:
    """Return the object of a JSON answer, ``None`` of anything else."""
    if answer.content_type != "application/json" and not answer.content_type.endswith("+json"):
        return None
    try:
        data = parse_json(answer.body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _content(answer: Answer, said: Json | None, question: Question) -> Json:
    def no_answer(reason: str) -> RetryLater:
        return RetryLater(f"Shopify answered {answer.status} {reason}", unknown=question.writes)

    if said is None:
        raise no_answer(f"as {answer.content_type[:60] or 'nothing'} with a body that is no JSON object")
    errors = _errors(said)
    data = said.get("data")
    if errors:
        _judge_errors(errors, said, question)
    elif said.get("errors"):
        raise no_answer("with errors that cannot be read")
    if not isinstance(data, dict):
        raise no_answer("without data")
    if question.may_be_nothing and data.get(question.key.partition(".")[0], ...) is None:
        return data
    value: Any = data
    for name in question.key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, question.kind):
        raise no_answer(f"without {question.key}")
    return data


def _errors(said: Json) -> list[Json]:
    found = said.get("errors")
    if isinstance(found, str):
        return [{"message": found}]
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _code(error: Json) -> str:
    extensions = error.get("extensions")
    return str(extensions.get("code", "")) if isinstance(extensions, dict) else ""


def _words(errors: Sequence[Json]) -> str:
    words = [f"{_code(entry)} {entry.get('message', '')}".strip() for entry in errors[:3]]
    return "; ".join(words)[:300]


def _is_personal(error: Json) -> bool:
    path = error.get("path")
    parts = {part for part in path if isinstance(part, str)} if isinstance(path, list) else set()
    return _code(error) == "ACCESS_DENIED" and bool(parts & PERSONAL)


def _judge_errors(errors: Sequence[Json], said: Json, question: Question) -> None:
    """Raise what the errors of a 200 mean; return when they only hide personal data."""
    codes = {_code(entry) for entry in errors}
    words = _words(errors)
    if "THROTTLED" in codes:
        raise Throttled(words, after=wait_for_points(said))
    for code, meaning in _GONE.items():
        if code in codes:
            raise CredentialsRejected(f"{meaning} ({words})")
    if codes & _AGAIN:
        raise RetryLater(f"Shopify answered with an error: {words}", unknown=question.writes)
    data = said.get("data")
    if isinstance(data, dict) and not question.writes and all(_is_personal(entry) for entry in errors):
        return
    if "ACCESS_DENIED" in codes:
        raise Refused(
            kept("The app lacks a permission: %(words)s. Connect the shop again and allow it.", words=words)
        )
    if question.pages and "cursor" in words.lower():
        raise PageTokenExpired(words)
    if isinstance(data, dict) and any(value is not None for value in data.values()):
        raise RetryLater(f"Shopify answered only a part: {words}", unknown=question.writes)
    raise Refused(words or "Shopify refused the query")


def _refuse_status(answer: Answer, said: Json | None, question: Question) -> NoReturn:
    """Raise what a status other than 2xx means; without Shopify's ``errors`` it is somebody else's page."""
    if answer.status == 429:
        raise Throttled("Shopify says we call too often", after=_told_wait(answer))
    errors = _errors(said) if said is not None else []
    words = _words(errors)
    if errors and answer.status < 500:
        if answer.status == 401:
            raise TokenExpired(words)
        if answer.status in (402, 403, 404, 423):
            raise CredentialsRejected(f"{answer.status} {words}")
        if answer.status != 408:
            raise Refused(words)
    hint = f": {words}" if words else ""
    raise RetryLater(
        f"Shopify answered {answer.status}{hint}", after=_told_wait(answer), unknown=question.writes
    )


def _throttle_status(said: Json | None) -> tuple[Json, Json]:
    extensions = said.get("extensions") if said is not None else None
    cost = extensions.get("cost") if isinstance(extensions, dict) else None
    status = cost.get("throttleStatus") if isinstance(cost, dict) else None
    return (
        cost if isinstance(cost, dict) else {},
        status if isinstance(status, dict) else {},
    )


def _number(parent: Json, name: str) -> float | None:
    value = parent.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    found = float(value)
    return found if math.isfinite(found) and found >= 0 else None


def points_left(said: Json | None) -> float | None:
    """Return how many points Shopify says are left, when it says so."""
    _cost, status = _throttle_status(said)
    return _number(status, "currentlyAvailable")


def wait_for_points(said: Json) -> timedelta | None:
    """Return how long it takes until a throttled query's points are there."""
    cost, status = _throttle_status(said)
    needed, left = _number(cost, "requestedQueryCost"), _number(status, "currentlyAvailable")
    rate = _number(status, "restoreRate")
    if needed is None or left is None or not rate:
        return None
    return min(timedelta(seconds=max(0.0, needed - left) / rate), _LONGEST_WAIT)


def _told_wait(answer: Answer) -> timedelta | None:
    told = answer.headers.get("retry-after", "")
    try:
        seconds = float(told) if len(told) < 10 else math.nan
    except ValueError:
        return None
    return min(timedelta(seconds=seconds), _LONGEST_WAIT) if 0 <= seconds < math.inf else None
