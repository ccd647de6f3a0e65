"""The only door for outgoing HTTP.

Two profiles: *platform* hosts come from a platform's own list (loopback only for our own sandbox while it
is switched on); *user* addresses are typed by somebody (webhook receivers, image links) and may only be
public https ones. Both refuse to send while a database transaction is open, follow no redirects, cap the
body and end at a deadline. Nothing here decides whether an answer is a success: that is the caller's,
by status, content type and schema.
"""

import ipaddress
import json
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any
from urllib.parse import urlsplit

import requests
import structlog
import urllib3
from django.conf import settings
from django.db import connections
from requests_hardened import Config, HTTPSession

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 5
READ_SECONDS = 20
PAGE_BYTES = 20 * 1024 * 1024
USER_BYTES = 64 * 1024
USER_SECONDS = 10
RECEIVER_PATH = "/webhook-receiver/"
OK = 200


class HttpFailure(Exception):
    """No complete answer came. The outcome of an unsafe call is unknown unless ``sent`` is false."""

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


class ForbiddenAddress(HttpFailure):
    """The address is not one we may speak to; nothing was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, sent=False)


class TransactionOpen(RuntimeError):
    """A programming mistake: network inside a database transaction."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: status, lower-cased headers, body bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """Return the media type without parameters, lower-cased, or an empty text."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """Parse the body strictly; numbers with a point become ``Decimal``. Raises ``ValueError``."""
        return json.loads(
            self.body.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
        )


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _refuse_open_transaction() -> None:
    for connection in connections.all(initialized_only=True):
        blocks = getattr(connection, "atomic_blocks", [])
        if any(not getattr(block, "_from_testcase", False) for block in blocks):
            raise TransactionOpen("no network inside a transaction: read, call, then write")


def _is_sandbox(url: str) -> bool:
    base = settings.ECOMHUB_SANDBOX_URL
    return bool(base) and urlsplit(url)[:2] == urlsplit(base)[:2]


def check_platform_address(*, url: str, hosts: Iterable[str]) -> None:
    """Raise ``ForbiddenAddress`` unless the URL is https to one of ``hosts``, or our running sandbox."""
    if _is_sandbox(url):
        return
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.hostname not in set(hosts) or parts.port not in (None, 443):
        raise ForbiddenAddress(f"{parts.scheme}://{parts.netloc} is not an address of this platform")


def send_to_platform(
    *,
    method: str,
    url: str,
    hosts: Iterable[str],
    headers: Mapping[str, str] | None = None,
    params: Any = None,
    data: bytes | str | Mapping[str, str] | None = None,
    max_bytes: int = PAGE_BYTES,
    deadline: float | None = None,
    proxy: str = "",
    into: IO[bytes] | None = None,
) -> Answer:
    """Send one request to a platform and return its complete answer, whatever its status.

    Raises ``ForbiddenAddress`` before anything is sent, ``HttpFailure`` when no complete answer came
    (time-out, broken or too long body), ``TransactionOpen`` inside a transaction. The whole call ends after
    ``deadline`` seconds, ``settings.ECOMHUB_CALL_SECONDS`` when not given. With ``into``, the body of a 200
    is written there as it comes, however long it is, and the answer's own body is empty.
    """
    _refuse_open_transaction()
    check_platform_address(url=url, hosts=hosts)
    with requests.Session() as session:
        session.trust_env = False
        if proxy:
            session.proxies = {"https": proxy, "http": proxy}
        seconds = settings.ECOMHUB_CALL_SECONDS if deadline is None else deadline
        return _send(session, method, url, headers, params, data, max_bytes, seconds, into)


def _is_receiver(url: str) -> bool:
    """Whether this is the receiver for webhooks that our running sandbox brings along."""
    return _is_sandbox(url) and urlsplit(url).path.startswith(RECEIVER_PATH)


def check_user_address(*, url: str) -> None:
    """Raise ``ForbiddenAddress`` unless the URL is one that somebody may have us send to, as far as its text
    tells: https on a usual port without a name and password in it, or our running sandbox's receiver.
    """
    try:
        if _is_receiver(url):
            return
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ForbiddenAddress("this is no address") from error
    if parts.scheme != "https" or port not in (None, 443, 8443) or not parts.hostname:
        raise ForbiddenAddress("only https addresses on port 443 or 8443 can be used")
    if parts.username or parts.password:
        raise ForbiddenAddress("an address must not contain a name or a password")


def send_to_user_address(
    *,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    data: bytes | None = None,
    max_bytes: int = USER_BYTES,
    resolve: Callable[[str], str] | None = None,
) -> Answer:
    """Send to an address somebody typed: public https only, resolved once and pinned, no redirects."""
    _refuse_open_transaction()
    check_user_address(url=url)
    if _is_receiver(url):
        with requests.Session() as session:
            session.trust_env = False
            return _send(session, method, url, headers, None, data, max_bytes, USER_SECONDS)
    parts = urlsplit(url)
    address = (resolve or _resolve)(parts.hostname or "")
    if not ipaddress.ip_address(address).is_global:
        raise ForbiddenAddress(f"{parts.hostname} is not a public address")
    config = Config(
        default_timeout=(CONNECT_SECONDS, USER_SECONDS),
        never_redirect=True,
        ip_filter_enable=True,
        ip_filter_allow_loopback_ips=False,
    )
    with HTTPSession(config) as session:
        session.trust_env = False
        return _send(session, method, url, headers, None, data, max_bytes, USER_SECONDS)


def _resolve(host: str) -> str:
    try:
        return str(socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise ForbiddenAddress(f"{host} could not be found") from error


def _send(
    session: requests.Session,
    method: str,
    url: str,
    headers: Mapping[str, str] | None,
    params: Any,
    data: Any,
    max_bytes: int,
    deadline: float,
    into: IO[bytes] | None = None,
) -> Answer:
    started = time.monotonic()
    status = 0
    try:
        response = session.request(
            method,
            url,
            headers=dict(headers or {}),
            params=params,
            data=data,
            timeout=(CONNECT_SECONDS, min(READ_SECONDS, deadline)),
            allow_redirects=False,
            stream=True,
        )
        status = response.status_code
        kept = into if status == OK else None
        body = _read(response, max_bytes=max_bytes, until=started + deadline, into=kept)
    except requests.exceptions.ConnectTimeout as error:
        raise HttpFailure("no connection within 5 s", sent=False) from error
    except requests.exceptions.Timeout as error:
        raise HttpFailure("no answer in time") from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        sent = not _never_connected(error)
        raise HttpFailure(f"the connection broke ({type(error).__name__})", sent=sent) from error
    finally:
        host = urlsplit(url).netloc
        elapsed = round((time.monotonic() - started) * 1000)
        log.info("http.sent", method=method, host=host, status=status, elapsed_ms=elapsed)
    return Answer(
        status=status,
        headers={k.lower(): v for k, v in response.headers.items()},
        body=body,
    )


def _never_connected(error: Exception) -> bool:
    """Whether nobody listened at the other end, so that nothing can have been sent."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(cause, urllib3.exceptions.ProxyError):
        cause = cause.original_error
    return isinstance(cause, urllib3.exceptions.NewConnectionError)


def _read(
    response: requests.Response, *, max_bytes: int, until: float, into: IO[bytes] | None = None
) -> bytes:
    """Read the body in pieces; a body that is too long, too slow or shorter than declared is no body."""
    parts: list[bytes] = []
    size = 0
    with response:
        # What has arrived, not what fills the buffer: only so can a slow body meet the deadline.
        while part := response.raw.read1(65536, decode_content=True):
            size += len(part)
            if size > max_bytes:
                raise HttpFailure(f"the answer is longer than {max_bytes} bytes")
            if time.monotonic() > until:
                raise HttpFailure("the answer came too slowly")
            if into is None:
                parts.append(part)
            else:
                into.write(part)
    declared = response.headers.get("Content-Length", "")
    is_plain = declared.isdigit() and not response.headers.get("Content-Encoding")
    if is_plain and int(declared) != size and response.request.method != "HEAD":
        raise HttpFailure("the answer is shorter than it declared")
    return b"".join(parts)
