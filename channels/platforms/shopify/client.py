"""Shopify's token endpoint: a code or a refresh token for an access token, through the guard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from channels.adapter import CredentialsRejected, Refused, RetryLater, Throttled
from channels.messages import AccessToken, Connection
from channels.platforms.shopify.directory import address
from channels.platforms.shopify.transport import USER_AGENT, send
from channels.reading import Json, parse_json
from ecomhub.sentences import kept

PERMANENT_S = 86_400
_REJECTIONS = {
    "invalid_grant", "invalid_client", "invalid_request", "invalid_token", "unauthorized_client",
    "access_denied", "application_cannot_be_found",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token endpoint gave. Seconds are 0 where it named none: then the token does not expire."""

    access: str = field(repr=False)
    expires_in_s: int = 0
    refresh: str = field(default="", repr=False)
    refresh_expires_in_s: int = 0
    scopes: tuple[str, ...] = ()


def ask_for_tokens(*, url: str, form: Mapping[str, str], proxy: str) -> Tokens:
    """Post to the token endpoint. Raises ``CredentialsRejected`` when Shopify takes what is sent no more."""
    answer = send(
        method="POST",
        url=url,
        headers={"user-agent": USER_AGENT, "accept": "application/json"},
        data=form,
        proxy=proxy,
        writes=False,
    )
    if answer.status == 429:
        raise Throttled("Shopify says we ask too often for tokens")
    data = _object(answer.body) if answer.content_type == "application/json" else {}
    if answer.status == 200:
        return _tokens(data)
    error = data.get("error") or data.get("errors")
    if isinstance(error, str) and answer.status in (400, 401, 402, 403, 404):
        said = f"{error}: {data.get('error_description', '')}"[:300]
        if error in _REJECTIONS or answer.status != 400:
            raise CredentialsRejected(said)
        raise Refused(said)
    raise RetryLater(f"Shopify's token endpoint answered {answer.status}")


def fetch_access_token(connection: Connection) -> AccessToken:
    """Return a fresh access token of an account. Raises ``CredentialsRejected``.

    An app made in the shop itself has one token for ever: there is nothing to ask for. The other apps trade
    their refresh token; the new one takes the old one's place, which stays good until the new one is used.
    """
    given = connection.credentials
    if not given.get("refresh_token"):
        if not given.get("access_token"):
            raise CredentialsRejected(
                kept("There is neither a refresh token nor a permanent access token. Connect the shop again.")
            )
        return AccessToken(token=given["access_token"], expires_in_s=PERMANENT_S)
    tokens = ask_for_tokens(
        url=address(connection.token_endpoint, seller_id=connection.seller_id),
        form={
            "grant_type": "refresh_token",
            "refresh_token": given["refresh_token"],
            "client_id": given.get("client_id", ""),
            "client_secret": given.get("client_secret", ""),
        },
        proxy=connection.proxy,
    )
    return AccessToken(
        token=tokens.access,
        expires_in_s=tokens.expires_in_s or PERMANENT_S,
        refresh_token=tokens.refresh,
    )


def _object(body: bytes) -> Json:
    try:
        data = parse_json(body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _tokens(data: Json) -> Tokens:
    token = data.get("access_token")
    if not isinstance(token, str) or not token or not token.isprintable() or not token.isascii():
        raise RetryLater("Shopify answered without an access token")
    refresh, scope = data.get("refresh_token"), data.get("scope")
    return Tokens(
        access=token,
        expires_in_s=_seconds(data.get("expires_in")),
        refresh=refresh if isinstance(refresh, str) else "",
        refresh_expires_in_s=_seconds(data.get("refresh_token_expires_in")),
        scopes=tuple(part.strip() for part in scope.split(",")) if isinstance(scope, str) else (),
    )


def _seconds(value: Any) -> int:
    return value if type(value) is int and 0 < value <= 400 * 86_400 else 0
