"""The guard between eBay and everything that reads its answers: it sends, and it alone says what succeeded.

A REST answer is a success only with the status that is due, when it says that it is JSON, is an object
without errors and holds what was asked for; 201 without a body only where it is due, with its ``Location``.
Everything else is an error of ``channels.adapter``'s family.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
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
from channels.platforms.ebay.directory import HOSTS
from channels.reading import Json, parse_json
from ecomhub.http import Answer, ForbiddenAddress, HttpFailure, send_to_platform

USER_AGENT = "ecomhub/0.1 (Language=Python)"
MANY_PARTS = 207
CREATED = 201
_LONGEST_WAIT = timedelta(hours=1)
_GONE_FOR_NOW = frozenset({"30500", "25001", "195000"})
"""Codes of "system error", with which eBay answers 4xx as well."""


class RefusedWithCodes(Refused):
    """eBay's no, with the numbers it gave for it."""

    def __init__(self, reason: str, codes: frozenset[str]) -> None:
        super().__init__(reason)
        self.codes = codes


@dataclass(frozen=True, slots=True)
class Expected:
    """What one call must bring back.

    ``key`` is the name of a value of type ``kind`` without which the answer is none; an empty key expects
    201 with a ``Location`` and nothing else. ``writes`` says that a lost answer leaves the outcome unknown,
    ``pages`` that the call asked for a further page.
    """

    operation: str
    key: str
    kind: type = list
    writes: bool = False
    pages: bool = False


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
    address that is none of eBay's."""
    try:
        return send_to_platform(method=method, url=url, hosts=HOSTS, headers=headers, data=data, proxy=proxy)
    except ForbiddenAddress as error:
        raise Refused(error.reason) from error
    except HttpFailure as error:
        raise RetryLater(error.reason, unknown=writes and error.sent) from error


def report(observer: Observer | None, *, operation: str, status: int) -> None:
    """Tell the house of one answer; eBay names neither a rate nor what is left of it."""
    if observer is not None:
        observer(operation=operation, status=status, granted_rate=None)


def judge(answer: Answer, expected: Expected) -> Json:
    """Return the object of a successful REST answer; raise the family's error for everything else."""
    if expected.key == "" and answer.status == CREATED:
        return _created(answer, expected)
    if answer.status in (200, MANY_PARTS) and expected.key:
        return _content(answer, expected)
    return refuse(answer, expected)


def refuse(answer: Answer, expected: Expected) -> NoReturn:
    """Raise what an answer means that is no success."""
    if answer.status == 429:
        raise Throttled("eBay says we call too often", after=_wait(answer))
    errors = error_list(answer)
    if errors and 400 <= answer.status < 500:
        _refuse(answer.status, errors, expected)
    raise RetryLater(
        f"eBay answered {answer.status}{hint(errors)}", after=_wait(answer), unknown=expected.writes
    )


def _created(answer: Answer, expected: Expected) -> Json:
    location = answer.headers.get("location", "")
    if not location:
        raise RetryLater("eBay answered 201 without saying where", unknown=expected.writes)
    return {"location": location}


def _content(answer: Answer, expected: Expected) -> Json:
    def no_answer(reason: str) -> RetryLater:
        return RetryLater(f"eBay answered {answer.status} {reason}", unknown=expected.writes)

    if not is_json(answer):
        raise no_answer(f"as {answer.content_type[:60] or 'nothing'} instead of JSON")
    try:
        data = parse_json(answer.body)
    except (ValueError, RecursionError) as error:
        raise no_answer("with a body that is not JSON") from error
    if not isinstance(data, dict):
        raise no_answer("with something other than an object")
    if data.get("errors"):
        raise no_answer(f"with errors{hint(error_list(answer))}")
    if not isinstance(data.get(expected.key), expected.kind):
        raise no_answer(f"without {expected.key}")
    return data


def is_json(answer: Answer) -> bool:
    """Whether an answer says that it is JSON."""
    return answer.content_type == "application/json" or answer.content_type.endswith("+json")


def error_list(answer: Answer) -> list[Json]:
    """Return eBay's own errors; an error page of something in between has none."""
    if not is_json(answer):
        return []
    try:
        data = parse_json(answer.body)
    except (ValueError, RecursionError):
        return []
    return errors_in(data)


def errors_in(data: Any) -> list[Json]:
    """Return the errors an object brings."""
    found = data.get("errors") if isinstance(data, dict) else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def codes_of(errors: list[Json]) -> frozenset[str]:
    """Return the numbers of errors, as text."""
    return frozenset(str(entry.get("errorId", ""))[:20] for entry in errors)


def hint(errors: list[Json]) -> str:
    """Return errors as words to put behind a sentence."""
    words = [
        f"{entry.get('errorId', '')} {entry.get('longMessage') or entry.get('message', '')}".strip()
        for entry in errors[:3]
    ]
    return f": {'; '.join(words)[:300]}" if words else ""


def _refuse(status: int, errors: list[Json], expected: Expected) -> NoReturn:
    """Raise what a 4xx with eBay's error list means."""
    said = hint(errors).removeprefix(": ")
    codes = codes_of(errors)
    if status == 401:
        raise TokenExpired(said)
    if status == 403:
        raise CredentialsRejected(said)
    if status == 408 or codes & _GONE_FOR_NOW:
        raise RetryLater(said, unknown=expected.writes)
    if status == 400 and expected.pages:
        raise PageTokenExpired(said)
    raise RefusedWithCodes(said, codes)


def _wait(answer: Answer) -> timedelta | None:
    """Return how long eBay asks to wait."""
    told = answer.headers.get("retry-after", "")
    if told.isascii() and told.isdigit() and len(told) < 8:
        return min(timedelta(seconds=int(told)), _LONGEST_WAIT)
    return None
