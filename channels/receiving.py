"""Taking in what platforms push: prove it first, keep that it came, leave the work it rings for as rows.

A push is a hint. Nothing of it has an effect before its signature is proven, and afterwards it only makes the
hub look soon: the order, the listing or the return is then fetched the way the polls fetch it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction

from channels import accounts, throttle, tokens
from channels.adapter import Capability, Platform, Rate
from channels.door_models import Erasure, PushReceipt
from channels.models import ChannelAccount, Credential, Pull
from channels.pace import on_our_sandbox, pace
from channels.pushes import About, BadSignature, Push, Pushes, PushReply, PushRequest
from channels.registry import platforms
from ecomhub import clock, sealed, work

log = structlog.get_logger(__name__)

MOST_BYTES = 1_048_576
MOST_IDS = 200
FLOOD = Rate(per_second=10.0, burst=300)
"""How many new events one account may bring: more than any shop's life, less than would crowd out others."""

KEPT = timedelta(days=90)
"""How long an order's or a listing's receipt is kept; what stops or erases something is kept for ever."""

EVERYTHING = "*"
_RETURNS = "returns"
_LONGEST_ID = 120

_RECEIVE = """
INSERT INTO channels_pushreceipt (account_id, event_id, topic, about, external_ids, pushed_at)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (account_id, event_id) DO NOTHING
RETURNING id
"""

_ASK = """
INSERT INTO {table} AS known
       (account_id, external_id, asked, state, due_at, attempts, errors, deaths, lease_epoch, last_error)
SELECT %s, given.external_id, 1, 'waiting', clock_timestamp(), 0, 0, 0, 0, ''
  FROM unnest(%s::text[]) AS given(external_id)
ON CONFLICT (account_id, external_id) DO UPDATE
   SET asked = known.asked + 1, state = 'waiting', errors = 0, deaths = 0,
       due_at = CASE WHEN known.state = 'waiting' THEN least(known.due_at, excluded.due_at)
                     ELSE excluded.due_at END
"""
_ASK_ORDERS = _ASK.format(table="channels_orderfetch")
_ASK_LISTINGS = _ASK.format(table="channels_listingfetch")


class PushRefused(Exception):
    """Nobody pushes to this address, or the push is not proven: one answer for both."""


class PushFlood(Exception):
    """More events than an account may bring; ``after`` are real seconds."""

    def __init__(self, *, after: float) -> None:
        super().__init__("too many pushes")
        self.after = after


@dataclass(frozen=True, slots=True)
class _Proven:
    """A push that is proven for an account."""

    account: ChannelAccount
    push: Push


def receive(*, platform_key: str, push_id: str, request: PushRequest, at: datetime) -> PushReply:
    """Take one request in and say what to answer; an event that came before changes nothing.

    Raises ``PushRefused``, ``PushFlood``, and the adapter's ``RetryLater`` where the proof needs something
    from the platform that it does not give now. Never inside a transaction.
    """
    offered = platforms().get(platform_key)
    account = ChannelAccount.objects.filter(platform=platform_key, push_id=push_id).first()
    if offered is None or offered.pushes is None or account is None:
        raise PushRefused
    greeting = _greet(offered.pushes, account=account, request=request)
    if greeting is not None:
        return greeting
    if request.method != "POST":
        raise PushRefused
    _prove(offered.pushes, account=account, request=request, at=at)
    try:
        pushes = offered.pushes.read(request)
    except ValueError as error:
        log.warning("push.unreadable", platform=platform_key, account=account.pk, reason=str(error)[:200])
        return PushReply()
    _refuse_stale(offered.pushes, account=account, pushes=pushes, at=at)
    proven = [
        _routed(offered, account=account, push=push, request=request, at=at) for push in map(_clean, pushes)
    ]
    fresh = _unknown([each for each in proven if each is not None])
    if fresh:
        _hold_back_flood(fresh)
        _take_in(offered, fresh, at=at)
    return PushReply()


def _connection(account: ChannelAccount) -> Any:
    return tokens.connection_of(account=account, credential=Credential.objects.get(account=account))


def _greet(pushes: Pushes, *, account: ChannelAccount, request: PushRequest) -> PushReply | None:
    if pushes.greet is None:
        return None
    try:
        return pushes.greet(request, _connection(account))
    except (BadSignature, ValueError) as error:
        raise PushRefused from error


def _prove(pushes: Pushes, *, account: ChannelAccount, request: PushRequest, at: datetime) -> None:
    try:
        pushes.verify(request, _connection(account), _instant(account, at))
    except (BadSignature, ValueError) as error:
        raise PushRefused from error


def _instant(account: ChannelAccount, at: datetime) -> datetime:
    """Return the instant in which an account's platform lives: our sandbox has the application's clock."""
    return at if on_our_sandbox(endpoint=account.endpoint) else clock.real_now()


def _refuse_stale(how: Pushes, *, account: ChannelAccount, pushes: Sequence[Push], at: datetime) -> None:
    allowed = how.fresh_for * pace(endpoint=account.endpoint)
    now = _instant(account, at)
    if any(push.at is not None and abs(now - push.at) > allowed for push in pushes):
        raise PushRefused


def _clean(push: Push) -> Push:
    """Return a push whose texts the database takes, with as many ids as one event can mean."""
    event_id = push.event_id
    if not event_id or len(event_id) > 200 or "\x00" in event_id:
        event_id = hashlib.sha256(repr(push).encode(errors="replace")).hexdigest()
    return Push(
        event_id=event_id,
        topic=push.topic.replace("\x00", "")[:80],
        about=push.about,
        external_ids=_usable(push.external_ids),
        buyer_ids=_usable(push.buyer_ids),
        at=push.at,
        seller_id=push.seller_id,
    )


def _usable(ids: Iterable[str]) -> tuple[str, ...]:
    found = [one for one in dict.fromkeys(ids) if one and len(one) <= _LONGEST_ID and "\x00" not in one]
    return tuple(found[:MOST_IDS])


def _routed(
    offered: Platform, *, account: ChannelAccount, push: Push, request: PushRequest, at: datetime
) -> _Proven | None:
    """Return the account a push is about: another one only when it is proven with that one's secrets too."""
    if not push.seller_id or push.seller_id == account.seller_id or offered.pushes is None:
        return _Proven(account, push)
    meant = ChannelAccount.objects.filter(
        platform=account.platform, seller_id=push.seller_id, endpoint=account.endpoint
    ).first()
    if meant is None:
        return None
    try:
        _prove(offered.pushes, account=meant, request=request, at=at)
    except PushRefused:
        return None
    return _Proven(meant, push)


def _unknown(proven: Sequence[_Proven]) -> list[_Proven]:
    known = set(
        PushReceipt.objects.filter(
            account__in={each.account.pk for each in proven},
            event_id__in={each.push.event_id for each in proven},
        ).values_list("account_id", "event_id")
    )
    return [each for each in proven if (each.account.pk, each.push.event_id) not in known]


def _hold_back_flood(proven: Sequence[_Proven]) -> None:
    for account_id in sorted({each.account.pk for each in proven}):
        throttle.open_buckets(account_id=account_id, rates={throttle.PUSHES: FLOOD})
        wait = throttle.take(account_id=account_id, operation=throttle.PUSHES)
        if wait:
            raise PushFlood(after=wait)


def _take_in(offered: Platform, proven: Sequence[_Proven], *, at: datetime) -> None:
    """Write the receipts and the work they ring for together; a receipt that is there rings for nothing."""
    with transaction.atomic():
        for each in sorted(proven, key=lambda one: (one.account.pk, one.push.event_id)):
            if _write_receipt(each):
                _follow(offered, account=each.account, push=each.push, at=at)


def _write_receipt(each: _Proven) -> bool:
    push = each.push
    ids = list(push.external_ids)
    values: list[Any] = [each.account.pk, push.event_id, push.topic, push.about.value, ids, push.at]
    with connection.cursor() as cursor:
        cursor.execute(_RECEIVE, values)
        return cursor.fetchone() is not None


def _follow(offered: Platform, *, account: ChannelAccount, push: Push, at: datetime) -> None:
    match push.about:
        case About.ORDER:
            _ask(_ASK_ORDERS, account=account, ids=push.external_ids)
        case About.LISTING:
            _ask(_ASK_LISTINGS, account=account, ids=push.external_ids)
        case About.RETURN if Capability.RETURNS in offered.capabilities:
            rows = Pull.objects.filter(account=account, stream=_RETURNS, pass_to__isnull=True)
            work.ring(model=Pull, pks=list(rows.values_list("pk", flat=True)))
        case About.RETURN:
            _ask(_ASK_ORDERS, account=account, ids=push.external_ids)
        case About.AUTHORIZATION:
            accounts.withdraw(account_id=account.pk, at=at)
        case About.ERASURE:
            _note_erasure(account=account, push=push, at=at)


def _ask(statement: str, *, account: ChannelAccount, ids: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [account.pk, sorted(set(ids))])


def _note_erasure(*, account: ChannelAccount, push: Push, at: datetime) -> None:
    data = {"orders": list(push.external_ids), "buyers": list(push.buyer_ids)}
    Erasure.objects.create(
        account=account,
        event_id=push.event_id,
        topic=push.topic,
        sealed=sealed.seal(context=erasure_context(account_id=account.pk, event_id=push.event_id), data=data),
        asked_at=at,
    )


def erasure_context(*, account_id: int, event_id: str) -> str:
    """Return the place a sealed demand for erasure belongs to."""
    return f"channels.erasure:{account_id}:{event_id}"


def demanded(*, erasure: Erasure) -> Mapping[str, list[str]]:
    """Open a demand: ``orders`` (``EVERYTHING`` among them means all) and ``buyers``."""
    context = erasure_context(account_id=erasure.account_id, event_id=erasure.event_id)
    return sealed.unseal(context=context, blob=erasure.sealed)


def forget_old(*, limit: int) -> int:
    """Delete receipts nobody can need: a push that old is refused or rings for what is there already."""
    old = PushReceipt.objects.filter(received_at__lt=work.ClockTimestamp() - KEPT).exclude(
        about__in=[About.AUTHORIZATION, About.ERASURE]
    )
    ids = list(old.order_by("received_at").values_list("pk", flat=True)[:limit])
    return PushReceipt.objects.filter(pk__in=ids).delete()[0] if ids else 0
