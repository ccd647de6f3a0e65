"""The guard between Shopee and the hub: it signs, sends, and it alone says what was a success.

Shopee answers failures with HTTP 200 as well as 403; what counts is ``error`` in the envelope. An answer is
a success only when it is 2xx, says that it is JSON, is an object whose ``error`` is empty and holds what was
asked for. Everything else is an error of ``channels.adapter``'s family.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from channels.adapter import Observer, Refused, RetryLater, Throttled
from channels.messages import Connection
from channels.platforms.shopee import signing
from channels.platforms.shopee.directory import HOSTS
from channels.platforms.shopee.meanings import meaning, wait_told
from channels.reading import Json, parse_json
from ecomhub.http import Answer, ForbiddenAddress, HttpFailure, send_to_platform

Query = Mapping[str, str | list[str]]
USER_AGENT = "ecomhub/0.1 (Language=Python)"


@dataclass(frozen=True, slots=True)
class Expected:
    """What one call must bring back.

    ``key`` is the dotted place of a value of type ``kind`` without which the answer is none; without a key
    the empty ``error`` is all Shopee says. ``writes`` says that a lost answer leaves the outcome unknown,
    ``pages`` that a page token was sent.
    """

    operation: str
    key: str = ""
    kind: type = list
    writes: bool = False
    pages: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """The way to one shop: its connection, and who is told of every answer."""

    connection: Connection
    observer: Observer | None = None

    def get(self, path: str, query: Query, expected: Expected) -> Json:
        """Ask for something of the shop."""
        return judge(self.ask(path, query, None, expected), expected)

    def post(self, path: str, body: Json, expected: Expected) -> Json:
        """Hand something in for the shop."""
        return judge(self.ask(path, {}, body, expected), expected)

    def ask(self, path: str, query: Query, body: Json | None, expected: Expected) -> Answer:
        """Send one signed call for the shop and return its answer, whatever it is."""
        one = self.connection
        url = one.endpoint.rstrip("/") + path
        signed = signing.shop_query(
            one.credentials,
            path=urlsplit(url).path,
            access_token=one.access_token,
            shop_id=one.seller_id,
        )
        return self._noted(send(url, {**signed, **query}, body, proxy=one.proxy, expected=expected), expected)

    def public(self, url: str, body: Json | None, expected: Expected) -> Json:
        """Send one call of the application itself: its signature names no shop and no token."""
        one = self.connection
        signed = signing.public_query(one.credentials, path=urlsplit(url).path)
        return judge(
            self._noted(send(url, signed, body, proxy=one.proxy, expected=expected), expected), expected
        )

    def _noted(self, answer: Answer, expected: Expected) -> Answer:
        if self.observer is not None:
            self.observer(operation=expected.operation, status=answer.status, granted_rate=None)
        return answer


def send(url: str, query: Query, body: Json | None, *, proxy: str, expected: Expected) -> Answer:
    """Send through the hub's door. Raises ``RetryLater`` without a whole answer, ``Refused`` for an
    address that is none of Shopee's."""
    headers = {"user-agent": USER_AGENT, "accept": "application/json"}
    if body is not None:
        headers["content-type"] = "application/json"
    try:
        return send_to_platform(
            method="GET" if body is None else "POST",
            url=f"{url}?{urlencode(query, doseq=True, quote_via=quote)}",
            hosts=HOSTS,
            headers=headers,
            data=None if body is None else json.dumps(body, ensure_ascii=False).encode(),
            proxy=proxy,
        )
    except ForbiddenAddress as error:
        raise Refused(error.reason) from error
    except HttpFailure as error:
        raise RetryLater(error.reason, unknown=expected.writes and error.sent) from error


def judge(answer: Answer, expected: Expected) -> Json:
    """Return the object of a successful answer; raise the family's error for everything else."""
    envelope = envelope_of(answer)
    if envelope is not None and answer.status < 500:
        refuse_error(envelope, expected)
    if answer.status == 429:
        raise Throttled("Shopee says we call too often", after=wait_told(answer))
    if envelope is None or not 200 <= answer.status < 300:
        raise RetryLater(
            f"Shopee answered {answer.status} {_kind(answer)}",
            after=wait_told(answer),
            unknown=expected.writes,
        )
    if not expected.key:
        return envelope
    value: Any = envelope
    for name in expected.key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, expected.kind) or (expected.kind is int and isinstance(value, bool)):
        raise RetryLater(f"Shopee answered without {expected.key}", unknown=expected.writes)
    return envelope


def envelope_of(answer: Answer) -> Json | None:
    """Return Shopee's own envelope; an error page of something in between is none."""
    if answer.content_type != "application/json":
        return None
    try:
        data = parse_json(answer.body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) and isinstance(data.get("error"), str) else None


def refuse_error(envelope: Json, expected: Expected) -> None:
    """Raise what the envelope's error means, when it names one."""
    if envelope["error"]:
        raise meaning(envelope, writes=expected.writes, pages=expected.pages)


def _kind(answer: Answer) -> str:
    if answer.content_type == "application/json":
        return "with a body that is not Shopee's"
    return f"as {answer.content_type[:60] or 'nothing'} instead of JSON"
