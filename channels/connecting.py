"""Connecting an account in the browser: to the platform with a state that works once, and back with a code.

The state is random, signed, bound to the person and the session that began, good for ten minutes of real time
and used up by the first answer. What the start form said waits sealed beside it. The platform gets the exact
address of this installation as the place to come back to, whatever host a request names.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from channels import accounts, proving, proxies
from channels.adapter import Platform
from channels.authorization import Application, Authorization, Grant, NotAuthorized
from channels.door_models import PendingConnection
from channels.models import ChannelAccount
from channels.pace import on_our_sandbox
from channels.proving import AccountRefused
from ecomhub import sealed
from ecomhub.entities import default_entity
from ecomhub.models import LegalEntity
from ecomhub.work import ClockTimestamp, database_now

GOOD_FOR = timedelta(minutes=10)
REMIND = (timedelta(days=30), timedelta(days=7), timedelta(days=1))
_FORGET_AFTER = timedelta(days=1)
_SIGNER = Signer(salt="channels.connecting", sep=".")


@dataclass(frozen=True, slots=True)
class Start:
    """What the start form said: a new account, or the account (by id) that is connected again."""

    name: str
    environment: str
    endpoint: str
    token_endpoint: str
    fields: Mapping[str, str] = field(repr=False)
    go_live_at: datetime | None = None
    legal_entity_id: int | None = None
    proxy: str = field(default="", repr=False)
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """The account that came of it, and what a person should know of permissions that were not given."""

    account: ChannelAccount
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a consent ends: whole days left (negative when it is over) and how urgent that is, from 0 to 3."""

    until: datetime
    days: int
    urgency: int


def offered(*, key: str) -> tuple[Platform, Authorization]:
    """Return a platform and its consent flow. Raises ``AccountRefused`` for one without."""
    found = proving.offered_platform(key=key)
    if found.authorization is None:
        raise AccountRefused(
            _("%(platform)s is connected by pasting its credentials.") % {"platform": found.name}
        )
    return found, found.authorization


def redirect_address(*, platform_key: str) -> str:
    """Return the one address a platform sends the browser back to."""
    return f"{settings.ECOMHUB_ORIGIN.rstrip('/')}{reverse('channels:connect-back', args=[platform_key])}"


def new_binding() -> str:
    """Return a random text a browser's session keeps, by which it is known again."""
    return secrets.token_urlsafe(24)


def begin(*, platform_key: str, start: Start, user_id: int, binding: str) -> str:
    """Remember what is being connected and return the platform's address to send the browser to.

    Raises ``AccountRefused`` when this address cannot be connected here or the platform's part says no.
    """
    _platform, authorization = offered(key=platform_key)
    proving.check_address(endpoint=start.endpoint)
    proxies.read(text=start.proxy)
    state = _SIGNER.sign(secrets.token_urlsafe(32))
    try:
        address = authorization.address(
            _application(start), redirect_address(platform_key=platform_key), state
        )
    except (NotAuthorized, ValueError) as error:
        raise AccountRefused(str(error)) from error
    if urlsplit(address).scheme != "https" and not on_our_sandbox(endpoint=address):
        raise AccountRefused(_("The platform's consent page must be an https address."))
    state_hash = _hash(state)
    PendingConnection.objects.create(
        state_hash=state_hash,
        binding_hash=_hash(binding),
        user_id=user_id,
        platform=platform_key,
        account_id=start.account_id,
        sealed=sealed.seal(context=_context(state_hash), data=_packed(start)),
        expires_at=ClockTimestamp() + GOOD_FOR,
    )
    return address


def _application(start: Start) -> Application:
    return Application(
        endpoint=start.endpoint,
        token_endpoint=start.token_endpoint,
        fields=start.fields,
        proxy=start.proxy,
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _context(state_hash: str) -> str:
    return f"channels.pending_connection:{state_hash}"


def _packed(start: Start) -> dict[str, Any]:
    return {
        "name": start.name,
        "environment": start.environment,
        "endpoint": start.endpoint,
        "token_endpoint": start.token_endpoint,
        "fields": dict(start.fields),
        "go_live_at": start.go_live_at.isoformat() if start.go_live_at else None,
        "legal_entity_id": start.legal_entity_id,
        "proxy": start.proxy,
        "account_id": start.account_id,
    }


def _unpacked(data: Mapping[str, Any]) -> Start:
    moment = data["go_live_at"]
    return Start(**{**data, "go_live_at": datetime.fromisoformat(moment) if moment else None})


def take_back(*, platform_key: str, query: Mapping[str, str], user_id: int, binding: str) -> Start:
    """Check what the browser brought back and use the state up; returns what the start form said.

    A state that somebody else began is refused without being used up. Raises ``AccountRefused`` in words.
    """
    state = query.get("state", "")
    try:
        _SIGNER.unsign(state)
    except BadSignature as error:
        raise AccountRefused(_("This answer belongs to no connection begun here. Start again.")) from error
    row = PendingConnection.objects.filter(state_hash=_hash(state), platform=platform_key).first()
    if row is None:
        raise AccountRefused(_("This answer belongs to no connection begun here. Start again."))
    if row.user_id != user_id or not hmac.compare_digest(row.binding_hash, _hash(binding)):
        raise AccountRefused(
            _("This connection was begun in another browser or by somebody else. Start again here.")
        )
    if row.used_at is not None or not row.sealed:
        raise AccountRefused(_("This answer was used already. Start again if the account is not connected."))
    if row.expires_at <= database_now():
        raise AccountRefused(_("This took longer than ten minutes. Start again."))
    start = _unpacked(sealed.unseal(context=_context(row.state_hash), blob=row.sealed))
    mine = PendingConnection.objects.filter(pk=row.pk, used_at__isnull=True)
    if not mine.update(used_at=ClockTimestamp(), sealed=""):
        raise AccountRefused(_("This answer was used already. Start again if the account is not connected."))
    return start


def finish(
    *, platform_key: str, start: Start, query: Mapping[str, str], at: datetime, actor: str
) -> Connected:
    """Turn the platform's answer into a connected account, or connect one again; never inside a transaction.

    Raises ``AccountRefused`` in words, and the adapter's errors.
    """
    platform_, authorization = offered(key=platform_key)
    if error := query.get("error"):
        raise AccountRefused(
            _("%(platform)s says the consent was not given (%(error)s). Start again and allow it.")
            % {"platform": platform_.name, "error": error[:100]}
        )
    try:
        grant = authorization.exchange(
            _application(start), query, redirect_address(platform_key=platform_key)
        )
    except NotAuthorized as refusal:
        raise AccountRefused(str(refusal)) from refusal
    if grant.missing_scopes:
        raise AccountRefused(
            _("The consent leaves out what the hub needs: %(scopes)s. Start again and allow all of it.")
            % {"scopes": ", ".join(grant.missing_scopes)}
        )
    until = at + grant.authorized_for if grant.authorized_for is not None else None
    if start.account_id is not None:
        return _connect_again(
            account_id=start.account_id, start=start, grant=grant, until=until, at=at, actor=actor
        )
    return _add(platform_key=platform_key, start=start, grant=grant, until=until, at=at, actor=actor)


def _prove(*, platform_key: str, start: Start, grant: Grant) -> proving.Proof:
    return proving.prove(
        platform=platform_key,
        endpoint=grant.endpoint or start.endpoint,
        token_endpoint=grant.token_endpoint or start.token_endpoint,
        credentials=grant.credentials,
        seller_id=grant.seller_id,
        proxy=start.proxy,
    )


def _add(
    *,
    platform_key: str,
    start: Start,
    grant: Grant,
    until: datetime | None,
    at: datetime,
    actor: str,
) -> Connected:
    proof = _prove(platform_key=platform_key, start=start, grant=grant)
    entity = LegalEntity.objects.filter(pk=start.legal_entity_id).first() if start.legal_entity_id else None
    account = accounts.add(
        platform=platform_key,
        name=start.name or grant.name,
        environment=start.environment,
        endpoint=grant.endpoint or start.endpoint,
        token_endpoint=grant.token_endpoint or start.token_endpoint,
        seller_id=grant.seller_id,
        credentials=proof.credentials,
        marketplaces=proof.marketplaces,
        legal_entity=entity or default_entity(),
        go_live_at=start.go_live_at or at,
        at=at,
        actor=actor,
        proxy=start.proxy,
        authorized_until=until,
    )
    return Connected(account, proof.lacks)


def _connect_again(
    *, account_id: int, start: Start, grant: Grant, until: datetime | None, at: datetime, actor: str
) -> Connected:
    account = ChannelAccount.objects.get(pk=account_id)
    if grant.seller_id != account.seller_id:
        raise AccountRefused(
            _(
                "You allowed the seller %(given)s, but %(name)s is the seller %(held)s. "
                "Log in there as that one."
            )
            % {"given": grant.seller_id, "name": account.name, "held": account.seller_id}
        )
    proof = _prove(platform_key=account.platform, start=start, grant=grant)
    accounts.reconnect(
        account=account, credentials=proof.credentials, at=at, actor=actor, authorized_until=until
    )
    account.refresh_from_db()
    return Connected(account, proof.lacks)


def deadline(*, account: ChannelAccount, at: datetime) -> Deadline | None:
    """Return when an account's consent ends, where the platform lets it end."""
    if account.authorized_until is None:
        return None
    left = account.authorized_until - at
    return Deadline(
        until=account.authorized_until, days=left.days, urgency=sum(left <= bound for bound in REMIND)
    )


def to_renew(*, at: datetime) -> Q:
    """Return the condition for accounts that a person should connect again: stopped, or ending soon."""
    return Q(state=ChannelAccount.State.NEEDS_RECONNECT) | Q(authorized_until__lte=at + REMIND[0])


def forget_old() -> None:
    """Forget what nobody came back for."""
    over = PendingConnection.objects.filter(expires_at__lt=ClockTimestamp())
    over.exclude(sealed="").update(sealed="")
    PendingConnection.objects.filter(expires_at__lt=ClockTimestamp() - _FORGET_AFTER).delete()
