"""How a seller allows us to speak for them in the browser: there to the platform, and back with a code."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from channels.messages import CredentialField


@dataclass(frozen=True, slots=True)
class Application:
    """Our application at the platform, as typed into the connect form, and where it speaks to.

    ``proxy`` is the way out the account's calls take; pass it to ``ecomhub.http.send_to_platform``.
    """

    endpoint: str
    token_endpoint: str
    fields: Mapping[str, str] = field(repr=False)
    proxy: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """What came back: the account's complete credentials, the seller's number, how long the consent lasts.

    ``endpoint`` and ``token_endpoint`` are given where each seller has addresses of their own. A scope in
    ``missing_scopes`` keeps the account from being connected.
    """

    credentials: Mapping[str, str] = field(repr=False)
    seller_id: str
    name: str = ""
    authorized_for: timedelta | None = None
    missing_scopes: tuple[str, ...] = ()
    endpoint: str = ""
    token_endpoint: str = ""


class NotAuthorized(Exception):
    """The platform, or the proof it sent along, says no; the text says what a person can do."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """A platform's consent flow.

    ``fields`` describe our application (the connect form asks for them); ``address`` is where the browser
    goes, from application, redirect address and state; ``exchange`` checks what the browser brought back
    (its query, as text) and turns the code into a grant by one call to the platform. It raises
    ``NotAuthorized`` or the adapter's errors.
    """

    fields: tuple[CredentialField, ...]
    address: Callable[[Application, str, str], str]
    exchange: Callable[[Application, Mapping[str, str], str], Grant]
