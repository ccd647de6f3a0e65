"""Trading through ebaysdk for request building, speaking only through the guard.

The SDK's own sending is not used: it repeats, follows redirects, reads proxies from the environment and logs
the token. Its reading is not used: an HTML page makes it fail in strange ways, a broken document is an empty
answer, and ``Ack`` values other than ``Failure`` pass unread. It never sees a configuration file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

from ebaysdk.trading import Connection as SdkConnection
from requests import PreparedRequest

from channels.adapter import (
    CredentialsRejected,
    Observer,
    Refused,
    RetryLater,
    Throttled,
    TokenExpired,
)
from channels.messages import Connection
from channels.platforms.ebay.directory import SITE_NUMBERS
from channels.platforms.ebay.transport import (
    USER_AGENT,
    Expected,
    RefusedWithCodes,
    refuse,
    report,
    send,
)
from channels.platforms.ebay.xml_reading import NAMESPACE, as_object, local_name, parse_xml, several
from channels.reading import Json, Unreadable, text
from ecomhub.http import Answer
from ecomhub.sentences import kept

COMPATIBILITY = "1379"
_CALL_LIMIT = {"518", "21919144", "21919165"}
_EXPIRED = {"931", "932", "21916984", "21917053", "841"}
_NOT_ALLOWED = {"930", "16110", "21916013", "21916017"}
_INTERNAL = {"10007", "10001", "10019", "21916585"}
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SENT_HEADERS = (
    "X-EBAY-API-COMPATIBILITY-LEVEL",
    "X-EBAY-API-SITEID",
    "X-EBAY-API-CALL-NAME",
    "X-EBAY-API-IAF-TOKEN",
)


@dataclass(frozen=True, slots=True)
class Said:
    """A Trading answer that passed the guard: its data, and whether only a part of the work was done."""

    data: Json
    is_partial: bool
    problems: tuple[tuple[str, str], ...]


class GuardedSession:
    """Takes the place of the SDK's HTTP session for one call."""

    def __init__(self, *, expected: Expected, observer: Observer | None, proxy: str) -> None:
        self._expected = expected
        self._observer = observer
        self._proxy = proxy

    def send(self, request: PreparedRequest) -> Answer:
        """Send one prepared request through the hub's door."""
        body = request.body or b""
        answer = send(
            method=str(request.method),
            url=str(request.url),
            headers={name: str(value) for name, value in request.headers.items()},
            data=body.encode() if isinstance(body, str) else body,
            proxy=self._proxy,
            writes=self._expected.writes,
        )
        report(self._observer, operation=self._expected.operation, status=answer.status)
        return answer

    def close(self) -> None:
        """Nothing stays open between calls."""


class TradingApi(SdkConnection):  # type: ignore[misc] # the SDK has no types
    """An SDK connection whose state is the account's and whose answers are the guard's."""

    def __init__(self, *, connection: Connection, site: str, session: GuardedSession) -> None:
        parts = urlsplit(connection.endpoint)
        super().__init__(
            domain=parts.netloc,
            config_file=None,
            appid="",
            devid="",
            certid="",
            iaf_token=connection.access_token,
            siteid=SITE_NUMBERS.get(site, "0"),
            compatibility=COMPATIBILITY,
            escape_xml=True,
        )
        # The SDK's own https argument is ignored.
        self.config.set("https", parts.scheme == "https", force=True)
        self.session = session

    def build_request_headers(self, verb: str) -> dict[str, str]:
        """Return the headers a call with an OAuth token needs, and no keys of the application."""
        built: Mapping[str, str] = super().build_request_headers(verb)
        return {name: built[name] for name in _SENT_HEADERS} | {"Content-Type": "text/xml; charset=utf-8"}

    def execute_request(self) -> None:
        """Send through the guard."""
        self.request.headers["User-Agent"] = USER_AGENT
        self.response = self.session.send(self.request)

    def process_response(self, parse_response: bool = True) -> None:
        """Leave the answer as it is: the guard reads it."""

    def error_check(self) -> None:
        """Leave the judgement to the guard."""


def call_trading(
    *,
    connection: Connection,
    observer: Observer | None,
    expected: Expected,
    verb: str,
    request: Json,
    site: str = "",
) -> Said:
    """Make one Trading call. Returns only what passed the guard; a partial failure is told apart.

    Raises ``Refused`` for a value no XML document can hold.
    """
    session = GuardedSession(expected=expected, observer=observer, proxy=connection.proxy)
    api = TradingApi(connection=connection, site=site, session=session)
    _refuse_unwritable(request)
    return judge_trading(api.execute(verb, request), expected=expected, verb=verb)


def _refuse_unwritable(value: Any) -> None:
    """Refuse what the SDK would put into the document unescaped, and what XML has no way to write."""
    if isinstance(value, dict):
        for part in value.values():
            _refuse_unwritable(part)
    elif isinstance(value, list):
        for part in value:
            if isinstance(part, str):
                raise TypeError("the SDK does not escape texts in lists")
            _refuse_unwritable(part)
    elif isinstance(value, str) and (value.startswith("<![CDATA[") or _UNWRITABLE.search(value)):
        raise Refused(
            kept(
                "%(value)s cannot be written in a request to eBay. Take out its unusual characters.",
                value=value[:60],
            )
        )


def judge_trading(answer: Answer, *, expected: Expected, verb: str) -> Said:
    """Return what a Trading answer says when work was done; raise the family's error for everything else."""
    if answer.status != 200:
        refuse(answer, expected)

    def no_answer(reason: str) -> RetryLater:
        return RetryLater(f"eBay answered {verb} {reason}", unknown=expected.writes)

    if answer.content_type not in ("text/xml", "application/xml"):
        raise no_answer(f"as {answer.content_type[:60] or 'nothing'} instead of XML")
    try:
        root = parse_xml(answer.body)
    except ValueError as error:
        raise no_answer("with a body that is not XML") from error
    if root.tag != f"{{{NAMESPACE}}}{verb}Response":
        raise no_answer(f"with {local_name(root)[:60]}")
    data = as_object(root)
    try:
        ack = text(data, "Ack", most=40)
        problems = tuple(_problems(data))
    except Unreadable as error:
        raise no_answer(f"in another shape: {error}") from error
    match ack:
        case "Failure":
            _refuse_failure(problems, expected=expected, verb=verb)
        case "Success" | "Warning" | "PartialFailure":
            if expected.key and expected.key not in data and ack != "PartialFailure":
                raise no_answer(f"without {expected.key}")
            return Said(data, ack == "PartialFailure", problems)
    raise no_answer(f"with Ack {ack[:40]!r}")


def _problems(data: Json) -> list[tuple[str, str]]:
    """Return (code, words) of every error; warnings come with work that was done and are left out."""
    found = []
    for entry in several(data, "Errors"):
        if text(entry, "SeverityCode", most=40) != "Warning":
            words = text(entry, "LongMessage", most=5000) or text(entry, "ShortMessage", most=5000)
            found.append((text(entry, "ErrorCode", most=20), words[:200]))
    return found


def words_of(problems: tuple[tuple[str, str], ...]) -> str:
    """Return errors as one text."""
    return "; ".join(f"{code} {said}".strip() for code, said in problems[:3])[:300]


def _refuse_failure(
    problems: tuple[tuple[str, str], ...], *, expected: Expected, verb: str
) -> NoReturn:  # fmt: skip
    said = words_of(problems) or f"{verb} failed"
    codes = frozenset(code for code, _words in problems)
    if codes & _CALL_LIMIT:
        raise Throttled(said)
    if codes & _EXPIRED:
        raise TokenExpired(said)
    if codes & _NOT_ALLOWED:
        raise CredentialsRejected(said)
    if codes & _INTERNAL or not codes:
        raise RetryLater(said, unknown=expected.writes)
    raise RefusedWithCodes(said, codes)
