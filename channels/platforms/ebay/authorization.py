"""The seller's consent in the browser, and what comes back from it."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from channels.adapter import CredentialsRejected, Refused
from channels.authorization import Application, Authorization, Grant, NotAuthorized
from channels.messages import Connection
from channels.platforms.ebay.client import request_token
from channels.platforms.ebay.directory import APPLICATION_FIELDS, CONSENT_PAGES, SCOPES
from channels.platforms.ebay.identity import who_is

_LONGEST_CODE = 4000
_KEPT = ("client_id", "client_secret", "ru_name", "verification_token")


def consent_address(application: Application, redirect: str, state: str) -> str:
    """Return where the browser goes. eBay knows our address by its RuName and takes no other."""
    page = CONSENT_PAGES.get(application.endpoint.rstrip("/"))
    query = {
        "client_id": application.fields.get("client_id", ""),
        "redirect_uri": application.fields.get("ru_name", ""),
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": state,
    }
    if page is None:
        # Where eBay itself looks up the RuName, any other place is told where it leads.
        page = f"{application.endpoint.rstrip('/')}/oauth2/authorize"
        query["accept_url"] = redirect
    return f"{page}?{urlencode(query)}"


def exchange(application: Application, query: Mapping[str, str], redirect: str) -> Grant:
    """Turn the code into an account's credentials; the code lives five minutes.

    Raises ``NotAuthorized`` when the seller said no or eBay does not take the code.
    """
    if query.get("error"):
        raise NotAuthorized(_("eBay did not give its consent. Begin anew and choose to agree."))
    code = query.get("code", "")
    if not code or len(code) > _LONGEST_CODE:
        raise NotAuthorized(_("eBay sent no code along. Begin anew."))
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": application.fields.get("ru_name", ""),
    }
    try:
        found = request_token(
            url=application.token_endpoint, fields=application.fields, form=form, proxy=application.proxy
        )
    except (CredentialsRejected, Refused) as error:
        raise NotAuthorized(
            _("eBay did not take the code (%(reason)s). Check App ID, Cert ID and RuName, and begin anew.")
            % {"reason": error.reason}
        ) from error
    if not found.access.refresh_token:
        raise NotAuthorized(_("eBay gave no refresh token. Check that the keyset is for user tokens."))
    credentials = {key: application.fields[key] for key in _KEPT if application.fields.get(key)}
    credentials["refresh_token"] = found.access.refresh_token
    speaking = Connection(
        account_uid="",
        platform="ebay",
        endpoint=application.endpoint,
        token_endpoint=application.token_endpoint,
        seller_id="",
        marketplaces=(),
        credentials=credentials,
        access_token=found.access.token,
        proxy=application.proxy,
    )
    seller = who_is(speaking, None)
    missing = () if found.scopes is None else tuple(scope for scope in SCOPES if scope not in found.scopes)
    return Grant(
        credentials=credentials,
        seller_id=seller.name,
        name=seller.name,
        authorized_for=timedelta(seconds=found.consent_seconds) if found.consent_seconds else None,
        missing_scopes=missing,
    )


AUTHORIZATION = Authorization(fields=APPLICATION_FIELDS, address=consent_address, exchange=exchange)
