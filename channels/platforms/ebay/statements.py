"""Money from eBay: payouts that ended, each with its transactions, through the Finances API.

Its calls go to a host of their own and are signed where the account has a signing key: eBay demands it of
sellers at home in the European Union and the United Kingdom. The answer of a list without rows is 204.
"""

import base64
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from channels.adapter import CredentialsRejected, Observer, PageTokenExpired, RetryLater
from channels.messages import Connection, IncomingDocument, Page
from channels.money_documents import json_document
from channels.platforms.ebay.transport import USER_AGENT, Expected, judge, report, send
from channels.platforms.ebay.wire_times import time_text
from channels.reading import Json, Unreadable, needed_instant, needed_text
from ecomhub import clock
from ecomhub.sentences import kept

SOURCE = "ebay_finances"
PER_PAGE = 1000
NOTHING = 204
LOOK_BACK = timedelta(days=7)
"""How far before the window payouts are looked at again: one on its way becomes money days later."""

_HOSTS = {"api.ebay.com": "apiz.ebay.com", "api.sandbox.ebay.com": "apiz.sandbox.ebay.com"}
_ROOT = "/sell/finances/v1"
_ON_THE_WAY = frozenset({"INITIATED", "RETRYABLE_FAILED"})
_PLACE = re.compile(r"[0-9]{1,7}", re.ASCII)
_MOST_PAGES = 200


@dataclass(frozen=True, slots=True)
class MoneyApi:
    """Asks the Finances API for one account."""

    connection: Connection
    observer: Observer | None

    def get(self, path: str, query: dict[str, str], expected: Expected) -> Json | None:
        """Ask for a list; ``None`` where it has no rows."""
        base = self.connection.endpoint.rstrip("/")
        host = urlsplit(base).netloc
        base = base.replace(host, _HOSTS.get(host, host), 1)
        headers = {
            "Authorization": f"Bearer {self.connection.access_token}",
            "Accept": "application/json",
            "User-Agent": USER_AGENT,
        }
        url = f"{base}{_ROOT}{path}"
        headers |= signature(
            self.connection.credentials, method="GET", url=url, created=int(clock.real_now().timestamp())
        )
        answer = send(
            method="GET",
            url=f"{url}?{urlencode(query, quote_via=quote)}",
            headers=headers,
            data=None,
            proxy=self.connection.proxy,
            writes=False,
        )
        report(self.observer, operation=expected.operation, status=answer.status)
        if answer.status == NOTHING and not answer.body:
            return None
        return judge(answer, expected)


def signature(credentials: dict[str, str], *, method: str, url: str, created: int) -> dict[str, str]:
    """Return the headers that sign a call without a body (RFC 9421, Ed25519); none without a key.

    Raises ``CredentialsRejected`` for a key that is none.
    """
    jwe, secret = credentials.get("signing_key_jwe", ""), credentials.get("signing_private_key", "")
    if not jwe or not secret:
        return {}
    parts = urlsplit(url)
    names = ("x-ebay-signature-key", "@method", "@path", "@authority")
    values = (jwe, method, parts.path, parts.netloc)
    listed = " ".join(f'"{name}"' for name in names)
    described = f"({listed});created={created}"
    base = [f'"{name}": {value}' for name, value in zip(names, values, strict=True)]
    base.append(f'"@signature-params": {described}')
    signed = _key(secret).sign("\n".join(base).encode())
    return {
        "x-ebay-signature-key": jwe,
        "Signature-Input": f"sig1={described}",
        "Signature": f"sig1=:{base64.b64encode(signed).decode()}:",
    }


def _key(secret: str) -> Ed25519PrivateKey:
    lines = [line for line in secret.strip().splitlines() if not line.startswith("-----")]
    try:
        found = load_der_private_key(base64.b64decode("".join(lines), validate=True), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CredentialsRejected(
            kept("The signing key is not one of eBay's. Paste it as eBay shows it.")
        ) from error
    if not isinstance(found, Ed25519PrivateKey):
        raise CredentialsRejected(
            kept("The signing key is not an Ed25519 key. Make one at eBay and paste it as eBay shows it.")
        )
    return found


def fetch_page(
    *, connection: Connection, observer: Observer | None, created_from: datetime, created_to: datetime,
    page_token: str,
) -> Page[IncomingDocument]:  # fmt: skip
    """Fetch the next payout of a window with its transactions; one that is still on its way is left out."""
    if page_token and not _PLACE.fullmatch(page_token):
        raise PageTokenExpired("this is no place in eBay's payouts")
    place, api = int(page_token or 0), MoneyApi(connection, observer)
    since, until = time_text(created_from - LOOK_BACK), time_text(created_to)
    query = {"filter": f"payoutDate:[{since}..{until}]", "limit": "1", "offset": str(place)}
    data = api.get("/payout", query, Expected("fetch_statements", "payouts", pages=bool(page_token)))
    if data is None and page_token:
        raise RetryLater("eBay's list of payouts ended before its end")
    if data is None or not data["payouts"]:
        return Page(items=())
    total = data.get("total")
    if type(total) is not int or not 0 <= total < 10_000_000:
        raise RetryLater("eBay did not say how many payouts there are")
    following = str(place + 1) if place + 1 < total else ""
    payout = data["payouts"][0]
    if not isinstance(payout, dict):
        raise RetryLater("eBay's payout cannot be read")
    if payout.get("payoutStatus") in _ON_THE_WAY:
        return Page(items=(), next_token=following)
    return Page(items=(_document(api, payout),), next_token=following)


def _document(api: MoneyApi, payout: Json) -> IncomingDocument:
    try:
        number, made = needed_text(payout, "payoutId", most=100), needed_instant(payout, "payoutDate")
    except Unreadable as error:
        raise RetryLater(f"eBay's payout cannot be read: {error}") from error
    return IncomingDocument(
        external_id=number,
        name=f"payout-{number}.json",
        created_at=made,
        source=SOURCE,
        content=json_document({"payouts": [payout], "transactions": _transactions(api, number)}),
    )


def _transactions(api: MoneyApi, payout: str) -> list[Json]:
    found: list[Json] = []
    for _ in range(_MOST_PAGES):
        query = {"filter": f"payoutId:{{{payout}}}", "limit": str(PER_PAGE), "offset": str(len(found))}
        data = api.get("/transaction", query, Expected("fetch_statements", "transactions"))
        if data is None:
            raise RetryLater(f"eBay shows no transactions of payout {payout}")
        total = data.get("total")
        if type(total) is not int:
            raise RetryLater("eBay did not say how many transactions there are")
        found += data["transactions"]
        if len(found) >= total:
            return found
        if not data["transactions"]:
            break
    raise RetryLater(f"eBay's list of the transactions of payout {payout} does not end")
