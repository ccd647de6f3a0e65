"""The guard between Amazon and the SDK: it sends, and it alone says what was a success.

python-amazon-sp-api looks for an ``errors`` key and nothing else: an HTML page, an empty body or a cut-off
one come back from it as a success without content. Here an answer is a success only when it is 2xx, says
that it is JSON, is a JSON object without errors and holds what was asked for. Everything else is an error
of ``channels.adapter``'s family.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, BinaryIO, NoReturn
from urllib.parse import quote, urlencode

from channels.adapter import (
    CredentialsRejected,
    Observer,
    PageTokenExpired,
    Refused,
    RetryLater,
    Throttled,
    TokenExpired,
)
from channels.platforms.amazon.directory import HOSTS
from channels.reading import parse_json
from ecomhub.http import Answer, ForbiddenAddress, HttpFailure, send_to_platform

NO_CONTENT = 204
_LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Expected:
    """What one call must bring back.

    ``key`` is the dotted place of a value of type ``kind`` without which the answer is none; an empty key
    expects 204 without a body. ``writes`` says that a lost answer leaves the outcome unknown, ``pages``
    that a page token was sent, ``is_main`` that the rate in the answer is that of the operation's bucket.
    """

    operation: str
    key: str
    kind: type = list
    writes: bool = False
    pages: bool = False
    is_main: bool = True


@dataclass(frozen=True, slots=True)
class Guarded:
    """An answer that passed the guard, in the shape in which the SDK carries it on."""

    status_code: int
    headers: Mapping[str, str]
    data: dict[str, Any]


class GuardingTransport:
    """Takes the place of the SDK's own transport for one call."""

    def __init__(self, *, expected: Expected, observer: Observer | None, proxy: str = "") -> None:
        self._expected = expected
        self._observer = observer
        self._proxy = proxy

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Any = None,
        content: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Guarded:
        """Send one prepared request and judge its answer."""
        # The SDK cuts the Host header from the address as if every one began with https://.
        kept = {name: value for name, value in (headers or {}).items() if name.lower() != "host"}
        texts = {name: _text(value) for name, value in (params or {}).items()}
        query = urlencode(texts, safe="", quote_via=quote)  # once: page tokens hold +, / and =
        answer = send(
            method=method,
            url=f"{url}?{query}" if query else url,
            headers=kept,
            data=content.encode() if content else None,
            proxy=self._proxy,
            writes=self._expected.writes,
        )
        if self._observer is not None:
            rate = granted_rate(answer) if self._expected.is_main else None
            self._observer(operation=self._expected.operation, status=answer.status, granted_rate=rate)
        return Guarded(answer.status, answer.headers, judge(answer, self._expected))

    def close(self) -> None:
        """Nothing stays open between calls."""


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(str(part) for part in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def send(
    *,
    method: str,
    url: str,
    headers: Mapping[str, str],
    data: bytes | Mapping[str, str] | None,
    proxy: str,
    writes: bool,
    hosts: tuple[str, ...] = HOSTS,
) -> Answer:
    """Send through the hub's door. Raises ``RetryLater`` without a whole answer, ``Refused`` for an
    address that is none of Amazon's."""
    try:
        return send_to_platform(method=method, url=url, hosts=hosts, headers=headers, data=data, proxy=proxy)
    except ForbiddenAddress as error:
        raise Refused(error.reason) from error
    except HttpFailure as error:
        raise RetryLater(error.reason, unknown=writes and error.sent) from error


def send_into(
    *, url: str, hosts: tuple[str, ...], proxy: str, into: BinaryIO, max_bytes: int, deadline: float
) -> Answer:
    """Fetch the bytes of a document into a file. Raises as ``send`` does."""
    try:
        return send_to_platform(
            method="GET", url=url, hosts=hosts, proxy=proxy, into=into, max_bytes=max_bytes,
            deadline=deadline,
        )  # fmt: skip
    except ForbiddenAddress as error:
        raise Refused(error.reason) from error
    except HttpFailure as error:
        raise RetryLater(error.reason) from error


def granted_rate(answer: Answer) -> float | None:
    """Return the rate per second Amazon says it grants, when it says one."""
    try:
        rate = float(answer.headers.get("x-amzn-ratelimit-limit", ""))
    except ValueError:
        return None
    return rate if math.isfinite(rate) and rate > 0 else None


def judge(answer: Answer, expected: Expected) -> dict[str, Any]:
    """Return the object of a successful answer; raise the family's error for everything else."""
    if answer.status == NO_CONTENT and not expected.key:
        return {}
    if 200 <= answer.status < 300:
        return _content(answer, expected)
    if answer.status == 429:
        raise Throttled("Amazon says we call too often", after=_wait(answer))
    errors = _errors(answer)
    if errors and answer.status < 500:
        _refuse(answer.status, errors, expected)
    raise RetryLater(
        f"Amazon answered {answer.status}{_hint(errors)}",
        after=_wait(answer),
        unknown=expected.writes,
    )


def _content(answer: Answer, expected: Expected) -> dict[str, Any]:
    def no_answer(reason: str) -> RetryLater:
        return RetryLater(f"Amazon answered {answer.status} {reason}", unknown=expected.writes)

    if not expected.key:
        raise no_answer("where 204 was due")
    if not _is_json(answer):
        raise no_answer(f"as {answer.content_type[:60] or 'nothing'} instead of JSON")
    try:
        data = parse_json(answer.body)
    except (ValueError, RecursionError) as error:
        raise no_answer("with a body that is not JSON") from error
    if not isinstance(data, dict):
        raise no_answer("with something other than an object")
    if data.get("errors"):
        raise no_answer(f"with errors{_hint(_error_list(data))}")
    value: Any = data
    for name in expected.key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, expected.kind):
        raise no_answer(f"without {expected.key}")
    return data


def _is_json(answer: Answer) -> bool:
    return answer.content_type == "application/json" or answer.content_type.endswith("+json")


def _errors(answer: Answer) -> list[dict[str, Any]]:
    """Return Amazon's own error list; an error page of something in between has none."""
    if not _is_json(answer):
        return []
    try:
        data = parse_json(answer.body)
    except (ValueError, RecursionError):
        return []
    return _error_list(data)


def _error_list(data: Any) -> list[dict[str, Any]]:
    found = data.get("errors") if isinstance(data, dict) else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _hint(errors: list[dict[str, Any]]) -> str:
    words = [f"{entry.get('code', '')} {entry.get('message', '')}".strip() for entry in errors[:3]]
    return f": {'; '.join(words)[:300]}" if words else ""


def _refuse(status: int, errors: list[dict[str, Any]], expected: Expected) -> NoReturn:
    """Raise what a 4xx with Amazon's error list means."""
    said = _hint(errors).removeprefix(": ")
    codes = {str(entry.get("code", "")) for entry in errors}
    if "QuotaExceeded" in codes:
        raise Throttled(said)
    if status == 401:
        raise TokenExpired(said)
    if status == 403:
        words = " ".join(f"{e.get('message', '')} {e.get('details', '')}" for e in errors).lower()
        if "token" in words and any(sign in words for sign in ("expired", "invalid", "malformed", "revoked")):
            raise TokenExpired(said)
        raise CredentialsRejected(said)
    if status == 400 and expected.pages:
        raise PageTokenExpired(said)
    if status == 408:
        raise RetryLater(said, unknown=expected.writes)
    raise Refused(said)


def _wait(answer: Answer) -> timedelta | None:
    """Return how long Amazon asks to wait: by ``Retry-After``, else by the granted rate."""
    told = answer.headers.get("retry-after", "")
    if told.isascii() and told.isdigit() and len(told) < 8:
        return min(timedelta(seconds=int(told)), _LONGEST_WAIT)
    rate = granted_rate(answer) if answer.status == 429 else None
    return min(timedelta(seconds=1 / max(rate, 0.0001)), _LONGEST_WAIT) if rate else None
