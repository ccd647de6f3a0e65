"""Asking eBay to push: one destination for our address, one subscription for each topic."""

import re
from collections.abc import Mapping
from typing import Any

from channels.adapter import CredentialsRejected, Observer, Refused, RetryLater
from channels.messages import Connection
from channels.platforms.ebay.client import RestApi, fetch_application_token
from channels.platforms.ebay.transport import Expected, RefusedWithCodes
from channels.reading import Json
from ecomhub.sentences import kept

ACCOUNT_DELETION = "MARKETPLACE_ACCOUNT_DELETION"
AUTHORIZATION_REVOKED = "AUTHORIZATION_REVOCATION"
ORDER_TOPICS = ("ORDER_CONFIRMATION", "ITEM_MARKED_SHIPPED")

_BASE = "/commerce/notification/v1"
_EXISTS = frozenset({"195021", "195012"})
_OPERATION = "subscribe"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,80}", re.ASCII)


def subscribe(*, connection: Connection, observer: Observer | None, address: str) -> None:
    """Have eBay push the account's orders, and what concerns the application, to an address.

    Doing so again changes nothing. eBay asks the address its challenge before it takes it. Raises
    ``Refused`` without a verification token.
    """
    token = connection.credentials.get("verification_token", "")
    if not _TOKEN.fullmatch(token):
        raise Refused(kept("eBay needs a verification token of 32 to 80 letters, digits, _ or -."))
    seller = RestApi(connection, observer)
    held = _listed(seller, f"{_BASE}/subscription", "subscriptions")
    application = RestApi(connection, observer, token=fetch_application_token(connection))
    destination = _destination(application, address=address, token=token)
    _add(seller, ORDER_TOPICS, destination=destination, held=held)
    held = _listed(application, f"{_BASE}/subscription", "subscriptions")
    _add(application, (ACCOUNT_DELETION, AUTHORIZATION_REVOKED), destination=destination, held=held)


def _destination(api: RestApi, *, address: str, token: str) -> str:
    found = _find_destination(api, address)
    if found:
        return found
    body = {
        "name": "ecomhub",
        "status": "ENABLED",
        "deliveryConfig": {"endpoint": address, "verificationToken": token},
    }
    made = _make(api, f"{_BASE}/destination", body)
    found = made or _find_destination(api, address)
    if not found:
        raise RetryLater("eBay took our address and does not show it")
    return found


def _find_destination(api: RestApi, address: str) -> str:
    for entry in _listed(api, f"{_BASE}/destination", "destinations"):
        config = entry.get("deliveryConfig")
        if isinstance(config, dict) and config.get("endpoint") == address:
            return str(entry.get("destinationId", ""))
    return ""


def _add(api: RestApi, topics: tuple[str, ...], *, destination: str, held: list[Json]) -> None:
    """Subscribe to the topics that do not come to this destination yet."""
    known = {
        entry.get("topicId")
        for entry in held
        if entry.get("destinationId") == destination and entry.get("status") == "ENABLED"
    }
    for topic in topics:
        if topic not in known:
            _make(
                api,
                f"{_BASE}/subscription",
                {
                    "topicId": topic,
                    "status": "ENABLED",
                    "destinationId": destination,
                    "payload": {"format": "JSON", "schemaVersion": "1.0", "deliveryProtocol": "HTTPS"},
                },
            )


def _listed(api: RestApi, path: str, key: str) -> list[Json]:
    data = api.get(path, query={"limit": "100"}, expected=Expected(operation=_OPERATION, key=key))
    return [entry for entry in data[key] if isinstance(entry, dict)]


def _make(api: RestApi, path: str, body: Mapping[str, Any]) -> str:
    """Make one thing; returns its number, empty when it was there before."""
    expected = Expected(operation=_OPERATION, key="", writes=True)
    try:
        made = api.post(path, dict(body), expected=expected)
    except RefusedWithCodes as error:
        if error.codes & _EXISTS:
            return ""
        raise
    except CredentialsRejected as error:
        # A topic the application may not have; the account itself speaks on.
        raise Refused(error.reason) from error
    return str(made["location"]).rstrip("/").rpartition("/")[2]
