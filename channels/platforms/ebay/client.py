"""eBay's REST calls and its tokens, through the guard."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from channels.adapter import CredentialsRejected, Observer, Refused, RetryLater, Throttled
from channels.messages import AccessToken, Connection
from channels.platforms.ebay.directory import APPLICATION_SCOPE
from channels.platforms.ebay.transport import USER_AGENT, Expected, is_json, judge, report, send
from channels.reading import Json, parse_json
from ecomhub.http import Answer
from ecomhub.sentences import kept

_REJECTIONS = {"invalid_grant", "invalid_client", "unauthorized_client", "access_denied", "invalid_scope"}
_LONGEST_LIFE = 7 * 86_400


@dataclass(frozen=True, slots=True)
class RestApi:
    """Speaks for one account, or with ``token`` for the application itself."""

    connection: Connection
    observer: Observer | None
    token: str = ""

    def get(self, path: str, *, expected: Expected, query: Mapping[str, str] | None = None) -> Json:
        """Ask for something."""
        target = f"{path}?{urlencode(query, quote_via=quote)}" if query else path
        return self._send("GET", target, expected=expected, data=None)

    def post(self, path: str, body: Json, *, expected: Expected) -> Json:
        """Send an object."""
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return self._send("POST", path, expected=expected, data=data)

    def _send(self, method: str, target: str, *, expected: Expected, data: bytes | None) -> Json:
        headers = {
            "Authorization": f"Bearer {self.token or self.connection.access_token}",
            "Accept": "application/json",
            "User-Agent": USER_AGENT,
        }
        if data is not None:
            headers["Content-Type"] = "application/json"
        answer = send(
            method=method,
            url=f"{self.connection.endpoint.rstrip('/')}{target}",
            headers=headers,
            data=data,
            proxy=self.connection.proxy,
            writes=expected.writes,
        )
        report(self.observer, operation=expected.operation, status=answer.status)
        return judge(answer, expected)


def segment(value: str, name: str) -> str:
    """Return a value as one segment of an address. Raises ``Refused`` for what can be none."""
    refuse_as_path(value, name)
    return quote(value, safe="")


def refuse_as_path(value: str, name: str) -> None:
    """Refuse what names nothing, or would climb an address however it is encoded."""
    if not value.strip() or value in (".", ".."):
        raise Refused(
            kept(
                "%(value)s cannot be used as a %(name)s. Correct it and try again.",
                value=value[:60],
                name=name,
            )
        )


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What the token endpoint granted."""

    access: AccessToken
    consent_seconds: int | None
    scopes: frozenset[str] | None


def fetch_access_token(connection: Connection) -> AccessToken:
    """Trade the account's refresh token for an access token.

    Raises ``CredentialsRejected`` when eBay no longer takes the account's credentials.
    """
    form = {
        "grant_type": "refresh_token",
        "refresh_token": connection.credentials.get("refresh_token", ""),
    }
    return request_token(
        url=connection.token_endpoint, fields=connection.credentials, form=form, proxy=connection.proxy
    ).access


def fetch_application_token(connection: Connection) -> str:
    """Return a token that speaks for the application: for the keys of notifications and its subscriptions."""
    form = {"grant_type": "client_credentials", "scope": APPLICATION_SCOPE}
    return request_token(
        url=connection.token_endpoint, fields=connection.credentials, form=form, proxy=connection.proxy
    ).access.token


def request_token(
    *, url: str, fields: Mapping[str, str], form: Mapping[str, str], proxy: str = ""
) -> TokenAnswer:
    """Ask for a token with a grant. Raises the family's errors."""
    keys = f"{fields.get('client_id', '')}:{fields.get('client_secret', '')}".encode()
    answer = send(
        method="POST",
        url=url,
        headers={
            "Authorization": f"Basic {base64.b64encode(keys).decode()}",
            "Accept": "application/json",
            "User-Agent": USER_AGENT,
        },
        data=dict(form),
        proxy=proxy,
        writes=False,
    )
    if answer.status == 429:
        raise Throttled("eBay says we ask for tokens too often")
    data = _object(answer)
    if answer.status == 200:
        return _read_token(data)
    error = data.get("error")
    if isinstance(error, str) and answer.status in (400, 401, 403):
        said = f"{error}: {data.get('error_description', '')}"[:300]
        raise CredentialsRejected(said) if error in _REJECTIONS else Refused(said)
    raise RetryLater(f"eBay's token endpoint answered {answer.status}")


def _object(answer: Answer) -> Json:
    if not is_json(answer):
        return {}
    try:
        data = parse_json(answer.body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _read_token(data: Json) -> TokenAnswer:
    token, lives = data.get("access_token"), data.get("expires_in")
    if not isinstance(token, str) or not token or not token.isprintable() or not token.isascii():
        raise RetryLater("eBay answered without an access token")
    if type(lives) is not int or not 0 < lives <= _LONGEST_LIFE:
        raise RetryLater("eBay did not say how long the access token lives")
    renewed, consent, scopes = (
        data.get("refresh_token"),
        data.get("refresh_token_expires_in"),
        data.get("scope"),
    )
    access = AccessToken(
        token=token, expires_in_s=lives, refresh_token=renewed if isinstance(renewed, str) else ""
    )
    return TokenAnswer(
        access=access,
        consent_seconds=consent if _is_duration(consent) else None,
        scopes=frozenset(scopes.split()) if isinstance(scopes, str) and scopes else None,
    )


def _is_duration(value: Any) -> bool:
    return type(value) is int and 0 < value < 100 * 365 * 86_400
