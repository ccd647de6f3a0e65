"""Speaking for an account: a rate token, a fresh access token, the call, and what to make of its errors.

The access token is refreshed on the application clock, before it runs out, by whoever holds the lease on
the credential row; the others wait and read what came back. The new token is committed alone, right after
the answer, under the generation that was read before. A refresh that began and whose answer was never written
leaves the row unsettled: where refresh tokens are single-use, the one we hold may be used up, and a person is
told so when the platform refuses it.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db.models import F, Q
from django.utils.translation import gettext_noop as _

from channels import hanging, proxies, throttle
from channels.adapter import Adapter, CredentialsRejected, RetryLater, Throttled, TokenExpired
from channels.messages import AccessToken, Connection
from channels.models import ChannelAccount, Credential
from channels.registry import platform
from ecomhub import sealed
from ecomhub.sentences import kept, shown
from ecomhub.work import ClockTimestamp

T = TypeVar("T")

SHORT = 2.0
"""Patience for operations of several calls a second: shorter than giving the row back and taking it again."""

_LOOK_SECONDS = 0.1
_USE_SHARE = (0.75, 0.8)


class AccountStopped(RetryLater):
    """The account is paused or must be reconnected; nothing was sent."""


class PlatformHangs(AccountStopped):
    """The platform let us wait in vain a moment ago; nothing was sent, others go first."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """Reports what a platform says about rates to the account's buckets."""

    account_id: int

    def __call__(
        self, *, operation: str, status: int, granted_rate: float | None, remaining: float | None = None
    ) -> None:
        """Note one answer of the platform."""
        if granted_rate is not None or remaining is not None:
            throttle.learn(
                account_id=self.account_id,
                operation=operation,
                granted_rate=granted_rate,
                remaining=remaining,
            )


def call(
    *,
    account: ChannelAccount,
    operation: str,
    verb: Callable[[Adapter], T],
    at: datetime,
    keep: float = 0.0,
    patience: float = 0.0,
    cost: float | None = None,
) -> T:
    """Call one verb of the account's adapter and return its answer.

    ``operation`` names what is done (``Platform.operations``) and so its token bucket and cost; ``cost``
    where this call's differs. ``keep`` is how many calls are left to more urgent callers, ``patience`` how
    many real seconds may be waited for the tokens.

    Raises the adapter's errors: ``Throttled`` with ``after`` in real time when the bucket is empty or the
    platform said so, ``AccountStopped`` when the account may not speak (``PlatformHangs`` when its platform
    let us wait in vain a moment ago), ``CredentialsRejected`` after marking the account as to be reconnected.
    Never inside a transaction.
    """
    is_trial = _check_may_speak(account)
    connection = _connected(account=account, at=at, is_trial=is_trial)
    _take(account, operation, keep, patience, cost)
    try:
        return _speak(account, operation, connection, verb, is_trial)
    except TokenExpired:
        connection = _refreshed(account=account, seen=connection.generation, at=at, is_trial=is_trial)
        _take(account, operation, 0.0, patience, cost)
    try:
        return _speak(account, operation, connection, verb, is_trial)
    except TokenExpired as error:
        raise RetryLater("the platform refuses an access token it just gave us") from error


def connect(*, account: ChannelAccount, at: datetime) -> Connection:
    """Return the account's connection with an access token that is still good for a while."""
    return _connected(account=account, at=at, is_trial=_check_may_speak(account))


def _connected(*, account: ChannelAccount, at: datetime, is_trial: bool) -> Connection:
    credential = Credential.objects.get(account_id=account.pk)
    if credential.sealed_access and credential.refresh_at is not None and at < credential.refresh_at:
        return connection_of(account=account, credential=credential)
    return _refreshed(account=account, seen=credential.generation, at=at, is_trial=is_trial)


def _check_may_speak(account: ChannelAccount) -> bool:
    """Refuse for an account that may not speak now; says whether the caller tries a silent platform."""
    state, reason = ChannelAccount.objects.values_list("state", "state_reason").get(pk=account.pk)
    if state != ChannelAccount.State.CONNECTED:
        raise AccountStopped(shown(reason) or f"the account is {state}", after=timedelta(hours=1))
    standing = hanging.standing(account=account)
    if standing.wait is not None:
        raise PlatformHangs("the platform does not answer; it is asked again soon", after=standing.wait)
    return standing.is_trial


def connection_of(*, account: ChannelAccount, credential: Credential) -> Connection:
    """Open the sealed credentials into the connection an adapter is built from."""
    access = ""
    if credential.sealed_access:
        opened = sealed.unseal(context=access_context(account), blob=credential.sealed_access)
        access = str(opened["token"])
    return Connection(
        account_uid=str(account.uid),
        platform=account.platform,
        endpoint=account.endpoint,
        token_endpoint=account.token_endpoint,
        seller_id=account.seller_id,
        marketplaces=tuple(account.shops.order_by("pk").values_list("marketplace", flat=True)),
        credentials=sealed.unseal(context=secret_context(account), blob=credential.sealed),
        access_token=access,
        generation=credential.generation,
        proxy=proxies.way_out(account=account),
    )


def secret_context(account: ChannelAccount) -> str:
    """Return the place an account's long-lived secrets belong to."""
    return f"channels.credential:{account.uid}:secret"


def access_context(account: ChannelAccount) -> str:
    """Return the place an account's access token belongs to."""
    return f"channels.credential:{account.uid}:access"


def _take(account: ChannelAccount, operation: str, keep: float, patience: float, cost: float | None) -> None:
    until = time.monotonic() + patience
    wait = throttle.take(account_id=account.pk, operation=operation, keep=keep, cost=cost)
    while wait and time.monotonic() + wait < until:
        time.sleep(wait)
        wait = throttle.take(account_id=account.pk, operation=operation, keep=keep, cost=cost)
    if wait:
        raise Throttled(f"{operation}: our share of the rate is used up", after=timedelta(seconds=wait))


def _speak(
    account: ChannelAccount,
    operation: str,
    connection: Connection,
    verb: Callable[[Adapter], T],
    is_trial: bool,
) -> T:
    adapter = platform(account.platform).build(connection, Watcher(account.pk))
    try:
        return _listening(account, lambda: verb(adapter), is_trial)
    except Throttled:
        throttle.empty(account_id=account.pk, operation=operation)
        raise
    except CredentialsRejected as error:
        _stop(account=account, generation=connection.generation, reason=error.told)
        raise


def _listening(account: ChannelAccount, ask: Callable[[], T], is_trial: bool) -> T:
    """Make a call and note whether the platform let us hang, or answered after it had been silent."""
    began, is_silent = time.monotonic(), False
    try:
        return ask()
    except RetryLater as error:
        waited = time.monotonic() - began
        is_silent = hanging.hung(seconds=waited) and not isinstance(error, Throttled)
        raise
    finally:
        if is_silent:
            hanging.note_silence(account=account)
        elif is_trial:
            hanging.note_answer(account=account)


def _lease() -> timedelta:
    """Return a time longer than the longest call, so that a lease never ends under a living refresher."""
    return timedelta(seconds=settings.ECOMHUB_CALL_SECONDS + 10)


def _refreshed(*, account: ChannelAccount, seen: int, at: datetime, is_trial: bool) -> Connection:
    """Return a connection whose generation is newer than ``seen``, by our own refresh or another's."""
    until = time.monotonic() + settings.ECOMHUB_CALL_SECONDS
    while time.monotonic() < until:
        claimed = Credential.objects.filter(
            Q(lease_until__isnull=True) | Q(lease_until__lt=ClockTimestamp()),
            account_id=account.pk,
            generation=seen,
        ).update(lease_until=ClockTimestamp() + _lease(), lease_epoch=F("lease_epoch") + 1)
        credential = Credential.objects.get(account_id=account.pk)
        if credential.generation != seen:
            return connection_of(account=account, credential=credential)
        if claimed:
            return _refresh(account=account, credential=credential, at=at, is_trial=is_trial)
        time.sleep(_LOOK_SECONDS)
        _check_may_speak(account)
    raise RetryLater("another worker is still asking for the access token")


def _refresh(*, account: ChannelAccount, credential: Credential, at: datetime, is_trial: bool) -> Connection:
    connection = replace(connection_of(account=account, credential=credential), access_token="")
    adapter = platform(account.platform).build(connection, Watcher(account.pk))
    mine = Credential.objects.filter(
        pk=credential.pk, generation=credential.generation, lease_epoch=credential.lease_epoch
    )
    mine.update(is_unsettled=True)
    try:
        token = _listening(account, adapter.refresh_token, is_trial)
    except CredentialsRejected as error:
        mine.update(lease_until=None)
        moved = Credential.objects.exclude(generation=credential.generation).filter(pk=credential.pk).first()
        if moved is not None:
            return connection_of(account=account, credential=moved)
        reason = _lost(error.reason) if credential.is_unsettled else error.told
        _stop(account=account, generation=credential.generation, reason=reason)
        raise CredentialsRejected(reason) from error
    except Throttled:
        mine.update(lease_until=None, is_unsettled=credential.is_unsettled)
        raise
    except BaseException:
        mine.update(lease_until=None)
        raise
    if not mine.update(**_sealed(account=account, connection=connection, token=token, at=at)):
        credential = Credential.objects.get(pk=credential.pk)
        return connection_of(account=account, credential=credential)
    renewed = token.refresh_token or connection.credentials.get("refresh_token")
    credentials = {**connection.credentials, "refresh_token": renewed} if renewed else connection.credentials
    return replace(
        connection,
        access_token=token.token,
        credentials=credentials,
        generation=credential.generation + 1,
    )


def _lost(reason: str) -> str:
    """Return why a refused refresh needs a person, when the answer to the one before it was lost."""
    text = _(
        "The answer to an earlier token refresh was lost, and the platform takes each refresh token only "
        "once (%(reason)s). Connect the account again."
    )
    return kept(text, reason=reason)


def _sealed(
    *, account: ChannelAccount, connection: Connection, token: AccessToken, at: datetime
) -> dict[str, object]:
    share = random.uniform(*_USE_SHARE)  # noqa: S311
    changes: dict[str, object] = {
        "sealed_access": sealed.seal(context=access_context(account), data={"token": token.token}),
        "refresh_at": at + timedelta(seconds=token.expires_in_s * share),
        "expires_at": at + timedelta(seconds=token.expires_in_s),
        "generation": F("generation") + 1,
        "lease_until": None,
        "is_unsettled": False,
    }
    if token.refresh_token and token.refresh_token != connection.credentials.get("refresh_token"):
        renewed = {**connection.credentials, "refresh_token": token.refresh_token}
        changes["sealed"] = sealed.seal(context=secret_context(account), data=renewed)
    return changes


def _stop(*, account: ChannelAccount, generation: int, reason: str) -> None:
    """Mark the account as to be reconnected, unless its credentials changed meanwhile."""
    ChannelAccount.objects.filter(
        pk=account.pk, state=ChannelAccount.State.CONNECTED, credential__generation=generation
    ).update(state=ChannelAccount.State.NEEDS_RECONNECT, state_reason=reason[:300])
