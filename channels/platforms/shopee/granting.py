"""How a shop lets us speak for it: the consent page, its code, and refresh tokens good for one use."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import NoReturn
from urllib.parse import urlencode, urlsplit

from django.utils.translation import gettext as _

from channels.adapter import CredentialsRejected, Refused, RetryLater, TokenExpired
from channels.authorization import Application, Authorization, Grant, NotAuthorized
from channels.messages import AccessToken, Connection
from channels.platforms.shopee import signing
from channels.platforms.shopee.directory import (
    APPLICATION_FIELDS,
    CONSENT_PATH,
    GRANT_PATH,
    REFRESH_PATH,
    TOKEN_ENDPOINT,
)
from channels.platforms.shopee.transport import Expected, Line
from channels.reading import Json

LONGEST_LIFE_S = 86_400
CONSENT = timedelta(days=365)


def fetch_access_token(line: Line) -> AccessToken:
    """Trade the shop's refresh token for an access token and the next refresh token.

    The refresh token is good for this one call: whoever holds the lease makes it, and both new tokens are
    kept. Raises ``CredentialsRejected`` when Shopee no longer takes it.
    """
    one = line.connection
    body = {
        "refresh_token": one.credentials.get("refresh_token", ""),
        "partner_id": _wire_number(one.credentials.get("partner_id", "")),
        "shop_id": _wire_number(one.seller_id),
    }
    expected = Expected("refresh_token", "access_token", str)
    try:
        return _token(line.public(_refresh_address(one), body, expected))
    except TokenExpired as error:
        raise CredentialsRejected(error.reason) from error
    except Refused as error:
        if "refresh_token" in error.reason.lower():
            raise CredentialsRejected(error.reason) from error
        raise


def _refresh_address(one: Connection) -> str:
    """Return where tokens are renewed: at the account's own server unless another address is given."""
    if one.token_endpoint == TOKEN_ENDPOINT:
        return one.endpoint.rstrip("/") + REFRESH_PATH
    return one.token_endpoint


def _wire_number(value: str) -> int | str:
    """Return a number as Shopee takes it; what is none goes as it is and is refused there."""
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 20 else value


def _token(data: Json) -> AccessToken:
    token, renewed, lives = data["access_token"], data.get("refresh_token"), data.get("expire_in")
    for text in (token, renewed):
        if not isinstance(text, str) or not text or not text.isascii() or not text.isprintable():
            raise RetryLater("Shopee answered without its tokens")
    if type(lives) is not int or lives <= 0:
        raise RetryLater("Shopee did not say how long the access token lives")
    if lives > LONGEST_LIFE_S:  # some answers hold the instant instead of the duration
        lives -= signing.now()
    if not 0 < lives <= LONGEST_LIFE_S:
        raise RetryLater("Shopee did not say how long the access token lives")
    return AccessToken(token=token, expires_in_s=lives, refresh_token=str(renewed))


def consent_address(application: Application, redirect: str, state: str) -> str:
    """Return where the browser goes. Shopee carries no state, so it travels in the redirect address."""
    url = application.endpoint.rstrip("/") + CONSENT_PATH
    joint = "&" if urlsplit(redirect).query else "?"
    back = f"{redirect}{joint}{urlencode({'state': state})}"
    signed = signing.public_query(application.fields, path=urlsplit(url).path)
    return f"{url}?{urlencode({**signed, 'redirect': back})}"


def exchange_code(application: Application, query: Mapping[str, str], redirect: str) -> Grant:
    """Turn what the browser brought back into the shop's credentials."""
    code, shop = query.get("code", ""), query.get("shop_id", "")
    if query.get("main_account_id") and not shop:
        _refuse_main_account()
    if not code or not (shop.isascii() and shop.isdecimal() and len(shop) < 20):
        raise NotAuthorized(_("Shopee sent no shop back. Log in as the shop's owner and allow the access."))
    base = application.endpoint.rstrip("/")
    partner = application.fields.get("partner_id", "")
    line = Line(_connection(application, shop))
    body = {"code": code, "partner_id": _wire_number(partner), "shop_id": int(shop)}
    try:
        data = line.public(base + GRANT_PATH, body, Expected("exchange", "access_token", str))
    except (CredentialsRejected, Refused, TokenExpired) as error:
        raise NotAuthorized(
            _("Shopee did not take the code (%(reason)s). Connect the shop again.") % {"reason": error.reason}
        ) from error
    shops = data.get("shop_id_list")
    if isinstance(shops, list) and shops and shop not in {str(each) for each in shops}:
        raise NotAuthorized(_("Shopee allowed another shop than the one that came back. Connect it again."))
    token = _token(data)
    fields = {name: application.fields.get(name, "") for name in ("partner_id", "partner_key")}
    return Grant(
        credentials={**fields, "refresh_token": token.refresh_token},
        seller_id=shop,
        authorized_for=CONSENT,
        token_endpoint=base + REFRESH_PATH,
    )


def _refuse_main_account() -> NoReturn:
    raise NotAuthorized(
        _("The main account was authorized. Log in with one shop and allow the access for it alone.")
    )


def _connection(application: Application, shop: str) -> Connection:
    empty = Connection(
        account_uid="",
        platform="shopee",
        endpoint=application.endpoint,
        token_endpoint=application.token_endpoint,
        seller_id=shop,
        marketplaces=(),
        credentials=dict(application.fields),
    )
    return replace(empty, proxy=application.proxy)


AUTHORIZATION = Authorization(
    fields=APPLICATION_FIELDS,
    address=consent_address,
    exchange=exchange_code,
)
