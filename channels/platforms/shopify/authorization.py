"""The consent flow of Shopify: to the shop's own page, and back with a code and Shopify's proof."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from channels.adapter import CredentialsRejected, Refused
from channels.authorization import Application, Authorization, Grant, NotAuthorized
from channels.platforms.shopify.client import ask_for_tokens
from channels.platforms.shopify.directory import (
    APPLICATION_FIELDS,
    ASKED_SCOPES,
    AUTHORIZE_PATH,
    address,
    is_shop_domain,
    missing_scopes,
    shop_domain,
)


def consent_address(application: Application, redirect: str, state: str) -> str:
    """Return where the browser goes. Raises ``NotAuthorized`` when the shop's name is none."""
    query = {
        "client_id": application.fields.get("client_id", ""),
        "scope": ",".join(ASKED_SCOPES),
        "redirect_uri": redirect,
        "state": state,
    }
    base = address(application.endpoint, seller_id=_shop(application))
    return f"{base}{AUTHORIZE_PATH}?{urlencode(query)}"


def _shop(application: Application) -> str:
    try:
        return shop_domain(application.fields.get("shop", ""))
    except Refused as error:
        text = _("%(shop)s is no shop of Shopify's. Give the name that stands before .myshopify.com.")
        raise NotAuthorized(text % {"shop": repr(application.fields.get("shop", "")[:60])}) from error


def proof_of(query: Mapping[str, str], *, secret: str) -> str:
    """Return the hex HMAC of a callback: over its parameters by name, ``hmac`` itself left out."""
    text = "&".join(f"{name}={value}" for name, value in sorted(query.items()) if name != "hmac")
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def exchange(application: Application, query: Mapping[str, str], redirect: str) -> Grant:
    """Turn what the browser brought back into the account's credentials.

    Checked before anything is sent: the proof, the pattern of the shop's name, and that it is the shop the
    flow was begun for. The token is asked for as one that expires. Each renewal lasts 90 days anew, so the
    consent itself has no end.
    """
    secret = application.fields.get("client_secret", "")
    if query.get("error"):
        raise NotAuthorized(_("The shop did not allow it. Start again when its owner agrees."))
    proof = proof_of(query, secret=secret)
    if not secret or not hmac.compare_digest(proof.encode(), query.get("hmac", "").encode()):
        raise NotAuthorized(
            _("The answer is not proven to be Shopify's. Check the client secret and start again.")
        )
    shop = query.get("shop", "")
    if not is_shop_domain(shop) or shop != _shop(application):
        raise NotAuthorized(_("The answer comes from another shop. Start again with that shop's name."))
    if not query.get("code"):
        raise NotAuthorized(_("Shopify sent no code. Start again."))
    try:
        tokens = ask_for_tokens(
            url=address(application.token_endpoint, seller_id=shop),
            form={
                "client_id": application.fields.get("client_id", ""),
                "client_secret": secret,
                "code": query["code"],
                "expiring": "1",
            },
            proxy=application.proxy,
        )
    except CredentialsRejected as error:
        text = _("Shopify did not take the code (%(reason)s). Start again.") % {"reason": error.reason}
        raise NotAuthorized(text) from error
    given = {"client_id": application.fields.get("client_id", ""), "client_secret": secret}
    given |= {"refresh_token": tokens.refresh} if tokens.refresh else {"access_token": tokens.access}
    return Grant(
        credentials=given,
        seller_id=shop,
        name=shop.partition(".")[0],
        missing_scopes=missing_scopes(tokens.scopes),
    )


AUTHORIZATION = Authorization(fields=APPLICATION_FIELDS, address=consent_address, exchange=exchange)
