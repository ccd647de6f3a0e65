"""Proving that we may speak for a seller, before an account is made of it: addresses, credentials, a call.

What differs between production, a platform's own sandbox and ours is data: an environment's name and its
addresses (``Platform.endpoints``).
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from channels import proxies
from channels.adapter import Platform
from channels.messages import Connection, Marketplace
from channels.pace import on_our_sandbox
from channels.proxies import AccountRefused as AccountRefused
from channels.registry import platforms
from ecomhub import clock


def offered_platform(*, key: str) -> Platform:
    """Return a platform by its key. Raises ``AccountRefused`` naming the known ones."""
    known = platforms()
    if key not in known:
        raise AccountRefused(
            _("There is no platform %(key)s here; known are %(known)s.")
            % {"key": key, "known": ", ".join(sorted(known))}
        )
    return known[key]


def addresses(*, platform_key: str, environment: str, endpoint: str, token_endpoint: str) -> tuple[str, str]:
    """Return where an account's calls and token requests go; what is given wins over the environment's."""
    offered = offered_platform(key=platform_key)
    found = endpoint or offered.endpoints.get(environment, "")
    if not found:
        raise AccountRefused(
            _("%(platform)s has no environment %(environment)s; choose one of %(known)s.")
            % {
                "platform": offered.name,
                "environment": environment,
                "known": ", ".join(sorted(offered.endpoints)),
            }
        )
    return found.rstrip("/"), token_endpoint or offered.token_endpoint


def environment_of(*, endpoint: str, platform_key: str) -> str:
    """Return the name of the environment an address belongs to; our own sandbox is called ``sandbox``."""
    if on_our_sandbox(endpoint=endpoint):
        return "sandbox"
    known = {address: name for name, address in offered_platform(key=platform_key).endpoints.items()}
    return known.get(endpoint, "custom")[:20]


def check_address(*, endpoint: str) -> None:
    """Raise ``AccountRefused`` when the clock runs faster than the real world and this is not our sandbox."""
    if clock.speed() != 1.0 and not on_our_sandbox(endpoint=endpoint):
        raise AccountRefused(
            _(
                "The clock of this demo runs at %(speed)g times the real time, so only accounts of its own "
                "sandbox can be connected. Start with SPEED=1 to connect a real account."
            )
            % {"speed": clock.speed()}
        )


def check_credentials(*, platform_key: str, credentials: Mapping[str, str]) -> None:
    """Raise ``AccountRefused`` naming the first required field that is empty."""
    for needed in offered_platform(key=platform_key).credential_fields:
        if needed.required and not credentials.get(needed.key):
            raise AccountRefused(_("Fill in %(field)s.") % {"field": needed.label})


@dataclass(frozen=True, slots=True)
class Proof:
    """Credentials that worked, as they are now: a platform may give a new refresh token with each use."""

    marketplaces: tuple[Marketplace, ...]
    credentials: Mapping[str, str] = field(repr=False)

    @property
    def lacks(self) -> str:
        """What a person should know of permissions that were not given; empty when all were."""
        names = sorted({name for place in self.marketplaces for name in place.lacks})
        if not names:
            return ""
        return _(
            "Not allowed: %(scopes)s. The account works, but some things stay hidden without a word. "
            "Allow it at the platform and connect again."
        ) % {"scopes": ", ".join(names)}


def prove(
    *,
    platform: str,
    endpoint: str,
    token_endpoint: str,
    credentials: Mapping[str, str],
    seller_id: str,
    proxy: str = "",
) -> Proof:
    """Prove that the credentials work; nothing is stored, so store what comes back, not what was given.

    Raises ``AccountRefused`` before anything is sent, else the adapter's errors.
    """
    check_address(endpoint=endpoint)
    check_credentials(platform_key=platform, credentials=credentials)
    proxies.read(text=proxy)
    offered = offered_platform(key=platform)
    connection = Connection(
        account_uid=str(uuid.uuid4()),
        platform=platform,
        endpoint=endpoint,
        token_endpoint=token_endpoint,
        seller_id=seller_id,
        marketplaces=(),
        credentials=dict(credentials),
        proxy=proxy,
    )
    token = offered.build(connection, None).refresh_token()
    renewed = {**credentials, "refresh_token": token.refresh_token} if token.refresh_token else credentials
    speaking = replace(connection, access_token=token.token, credentials=dict(renewed), generation=1)
    return Proof(marketplaces=tuple(offered.build(speaking, None).check()), credentials=renewed)


def check_connection(
    *,
    platform: str,
    endpoint: str,
    token_endpoint: str,
    credentials: Mapping[str, str],
    seller_id: str,
    proxy: str = "",
) -> Sequence[Marketplace]:
    """Return the marketplaces that credentials serve, where they stay good; see ``prove``."""
    proof = prove(
        platform=platform,
        endpoint=endpoint,
        token_endpoint=token_endpoint,
        credentials=credentials,
        seller_id=seller_id,
        proxy=proxy,
    )
    return proof.marketplaces
