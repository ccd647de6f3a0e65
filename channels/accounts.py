"""Accounts: connecting them, what would change when they are switched on, and switching.

A new account is import-only. That its credentials work was proven before (``channels.proving``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from channels import braking, lanes, offers, pricing, proving, proxies, subscribing, throttle
from channels.adapter import Capability, Platform
from channels.messages import Marketplace
from channels.models import ChannelAccount, Credential, Listing, Pull, Shop
from channels.pace import pace, real
from channels.proving import check_address, check_credentials
from channels.registry import platform
from channels.tokens import secret_context
from ecomhub import events, sealed, sentences, work
from ecomhub.models import LegalEntity

AccountRefused = proving.AccountRefused
addresses = proving.addresses
check_connection = proving.check_connection
environment_of = proving.environment_of
offered_platform = proving.offered_platform

BRAKE_PAUSE = timedelta(hours=2)
"""How long, on the wall, a person's "go on" (or a switch-on after a preview) lets large changes through."""


def add(
    *,
    platform: str,
    name: str,
    environment: str,
    endpoint: str,
    token_endpoint: str,
    seller_id: str,
    credentials: Mapping[str, str],
    marketplaces: Sequence[Marketplace],
    legal_entity: LegalEntity,
    go_live_at: datetime,
    at: datetime,
    actor: str = "system",
    history_days: int = 90,
    proxy: str = "",
    authorized_until: datetime | None = None,
) -> ChannelAccount:
    """Connect an account, import-only: its shops, its pulls, its token buckets, its sealed credentials.

    Orders placed before ``go_live_at`` are kept but never worked; ``history_days`` says how far back orders
    are imported. An account nobody speaks for (``Platform.is_by_file``) is at work at once: nothing can go
    out. Raises ``AccountRefused`` when the name or the seller is connected already.
    """
    offered = offered_platform(key=platform)
    if not offered.is_by_file:
        check_address(endpoint=endpoint)
    check_credentials(platform_key=platform, credentials=credentials)
    if not marketplaces:
        raise AccountRefused(_("These credentials serve no marketplace; check them on the platform."))
    account = ChannelAccount(
        platform=platform,
        name=name.strip(),
        seller_id=seller_id,
        environment=environment,
        endpoint=endpoint,
        token_endpoint=token_endpoint,
        go_live_at=go_live_at,
        history_days=history_days,
        authorized_until=authorized_until or consent_end(offered=offered, at=at),
        switched_on_at=at if offered.is_by_file else None,
    )
    proxies.put(account=account, text=proxy)
    try:
        with transaction.atomic():
            account.save()
            _seal_credentials(account=account, credentials=credentials)
            _open_shops(account=account, marketplaces=marketplaces, legal_entity=legal_entity)
            _start_pulls(account=account, at=at)
            throttle.open_buckets(account_id=account.pk, rates=dict(offered.rates))
            subscribing.want(account=account)
            _note(account=account, kind="connected", at=at, actor=actor)
    except IntegrityError as error:
        raise AccountRefused(
            _("An account with this name or this seller is connected already; reconnect that one.")
        ) from error
    return account


def _seal_credentials(*, account: ChannelAccount, credentials: Mapping[str, str]) -> None:
    Credential.objects.create(
        account=account, sealed=sealed.seal(context=secret_context(account), data=dict(credentials))
    )


def _open_shops(
    *, account: ChannelAccount, marketplaces: Sequence[Marketplace], legal_entity: LegalEntity
) -> None:
    Shop.objects.bulk_create(
        [
            Shop(
                account=account,
                marketplace=place.id,
                name=f"{account.name} {place.name}"[:80],
                short_name=f"{account.name[:21]} {place.country}",
                legal_entity=legal_entity,
                country=place.country,
                currency=place.currency,
                time_zone=place.time_zone,
            )
            for place in marketplaces
        ]
    )


def _start_pulls(*, account: ChannelAccount, at: datetime) -> None:
    offered = platform(account.platform)
    for stream in lanes.streams(offered=offered, history_days=account.history_days):
        pull = lanes.new_pull(account_id=account.pk, stream=stream, history_days=account.history_days, at=at)
        pull.save()
        wait = real(account=account, duration=lanes.first_wait(stream=stream))
        Pull.objects.filter(pk=pull.pk).update(due_at=work.ClockTimestamp() + wait)


def _note(*, account: ChannelAccount, kind: str, at: datetime, actor: str, **data: object) -> None:
    events.record(object_kind="account", object_id=account.pk, kind=kind, at=at, actor=actor, **data)


def _locked(account: ChannelAccount) -> ChannelAccount:
    return ChannelAccount.objects.select_for_update().get(pk=account.pk)


@dataclass(frozen=True, slots=True)
class Change:
    """One listing whose quantity would change; ``shown`` is ``None`` when the platform never showed one."""

    listing_id: int
    marketplace: str
    external_id: str
    shown: int | None
    wanted: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What switching an account on would change on its platform."""

    listings: int
    unpaired: int
    by_channel: int
    same: int
    to_zero: int
    down: int
    up: int
    objection: str
    changes: tuple[Change, ...]
    prices: int = 0


def preview(*, account: ChannelAccount, at: datetime) -> Preview:
    """Return what would be pushed if the account were switched on now; nothing is written or sent.

    ``objection`` is what the brake would say to it, in the reader's words. The changes are ordered by how
    much they take away.
    """
    every = Listing.objects.filter(shop__account=account, is_parent=False)
    rows = offers.published(account_id=account.pk)
    plan = offers.plan(publication_ids=rows.values_list("pk", flat=True))
    changes = sorted(
        (offer for offer in plan if offer.shown != offer.wanted),
        key=lambda offer: (offer.wanted > 0, offer.change, offer.listing_id),
    )
    account.brake_released_until = None
    return Preview(
        listings=every.count(),
        unpaired=every.unmapped().filter(fulfillment_method="by_seller").count(),
        by_channel=every.filter(fulfillment_method="by_channel").count(),
        same=len(plan) - len(changes),
        to_zero=sum(offer.wanted == 0 and bool(offer.shown) for offer in changes),
        down=sum(offer.wanted > 0 and offer.change < 0 for offer in changes),
        up=sum(offer.change > 0 for offer in changes),
        objection=sentences.shown(braking.objection(account=account, batch=changes, at=at)),
        changes=tuple(
            Change(offer.listing_id, offer.marketplace, offer.external_id, offer.shown, offer.wanted)
            for offer in changes
        ),
        prices=pricing.to_send(account_id=account.pk).count(),
    )


def switch_on(
    *,
    account: ChannelAccount,
    pushes_stock: bool,
    confirms_shipments: bool,
    at: datetime,
    actor: str = "system",
    go_live_at: datetime | None = None,
    pushes_prices: bool = False,
) -> ChannelAccount:
    """Switch what the account does on its platform, after its preview was seen.

    The person who saw the preview has agreed to its changes, so the brake lets them through for a while.
    Every quantity is published anew. ``go_live_at`` moves the time from which orders are worked. What the
    platform does not offer stays off.
    """
    able = offered_platform(key=account.platform).capabilities
    pushes_stock = pushes_stock and bool(able & {Capability.PUSH_STOCK, Capability.PUSH_STOCK_BATCH})
    confirms_shipments = confirms_shipments and bool(
        able & {Capability.CONFIRM_SHIPMENT, Capability.ARRANGE_SHIPMENT}
    )
    pushes_prices = pushes_prices and Capability.PUSH_PRICE in able
    with transaction.atomic():
        row = _locked(account)
        row.switched_on_at = row.switched_on_at or at
        row.pushes_stock, row.confirms_shipments = pushes_stock, confirms_shipments
        row.pushes_prices = pushes_prices
        row.go_live_at = go_live_at or row.go_live_at
        row.brake_engaged_at, row.brake_reason = None, ""
        row.brake_released_until = at + BRAKE_PAUSE * pace(endpoint=row.endpoint)
        row.save()
        subscribing.want(account=row)
        if pushes_stock:
            _publish_all(account=row)
        _note(
            account=row,
            kind="switched_on",
            at=at,
            actor=actor,
            pushes_stock=pushes_stock,
            confirms_shipments=confirms_shipments,
            pushes_prices=pushes_prices,
            go_live_at=row.go_live_at.isoformat(),
        )
    return row


def _publish_all(*, account: ChannelAccount) -> None:
    Listing.objects.filter(shop__account=account, is_mapped=True).update(offer_version=F("offer_version") + 1)


def switch_off(*, account: ChannelAccount, at: datetime, actor: str = "system") -> ChannelAccount:
    """Make the account import-only again: nothing is pushed, nothing is confirmed."""
    with transaction.atomic():
        row = _locked(account)
        row.pushes_stock = row.confirms_shipments = row.pushes_prices = False
        row.switched_on_at = None
        switches = ["pushes_stock", "confirms_shipments", "pushes_prices", "switched_on_at"]
        row.save(update_fields=switches)
        _note(account=row, kind="switched_off", at=at, actor=actor)
    return row


def pause(*, account: ChannelAccount, at: datetime, actor: str = "system", reason: str = "") -> None:
    """Stop every call for the account until it is resumed."""
    with transaction.atomic():
        row = _locked(account)
        if row.state == ChannelAccount.State.PAUSED:
            return
        row.state, row.state_reason = ChannelAccount.State.PAUSED, reason[:300]
        row.save(update_fields=["state", "state_reason"])
        _note(account=row, kind="paused", at=at, actor=actor)


def resume(*, account: ChannelAccount, at: datetime, actor: str = "system") -> None:
    """Let a paused account speak again; its pulls are due at once and catch up."""
    with transaction.atomic():
        row = _locked(account)
        if row.state != ChannelAccount.State.PAUSED:
            return
        _connected(row)
        _note(account=row, kind="resumed", at=at, actor=actor)


def reconnect(
    *,
    account: ChannelAccount,
    credentials: Mapping[str, str],
    at: datetime,
    actor: str = "system",
    authorized_until: datetime | None = None,
) -> None:
    """Give the account new credentials, already proven by ``proving.prove``; old ones cannot come back.

    ``authorized_until`` is the end of the consent where the platform told it. Without, a refresh token that
    differs is a new consent of the platform's documented length; the same one keeps the end that is known.
    """
    check_credentials(platform_key=account.platform, credentials=credentials)
    with transaction.atomic():
        row = _locked(account)
        if authorized_until is not None or _is_new_consent(row, credentials):
            offered = offered_platform(key=row.platform)
            row.authorized_until = authorized_until or consent_end(offered=offered, at=at)
            row.save(update_fields=["authorized_until"])
        Credential.objects.filter(account=row).update(
            sealed=sealed.seal(context=secret_context(row), data=dict(credentials)),
            sealed_access="",
            expires_at=None,
            refresh_at=None,
            lease_until=None,
            lease_epoch=F("lease_epoch") + 1,
            generation=F("generation") + 1,
            is_unsettled=False,
        )
        _connected(row)
        subscribing.want(account=row)
        _note(account=row, kind="reconnected", at=at, actor=actor)


def consent_end(*, offered: Platform, at: datetime) -> datetime | None:
    """Return when a consent given now ends at the latest; ``None`` where it does not end by itself."""
    return None if offered.consent is None else at + offered.consent


def _is_new_consent(account: ChannelAccount, credentials: Mapping[str, str]) -> bool:
    held = Credential.objects.filter(account=account).values_list("sealed", flat=True).first()
    try:
        known = sealed.unseal(context=secret_context(account), blob=held or "")
    except sealed.SealBroken:
        return True
    return known.get("refresh_token") != credentials.get("refresh_token")


def withdraw(*, account_id: int, at: datetime) -> bool:
    """Stop an account whose seller took the consent back; says whether it was speaking until now."""
    with transaction.atomic():
        row = ChannelAccount.objects.select_for_update().get(pk=account_id)
        if row.state != ChannelAccount.State.CONNECTED:
            return False
        row.state = ChannelAccount.State.NEEDS_RECONNECT
        row.state_reason = sentences.kept(
            gettext_noop("The seller took the consent back on the platform. Connect the account again.")
        )
        row.save(update_fields=["state", "state_reason"])
        _note(account=row, kind="authorization_withdrawn", at=at, actor="platform")
    return True


def set_proxy(*, account: ChannelAccount, text: str, at: datetime, actor: str = "system") -> None:
    """Send an account's calls another way out, or none with an empty text. Raises ``AccountRefused``."""
    with transaction.atomic():
        row = _locked(account)
        proxies.put(account=row, text=text)
        row.save(update_fields=["proxy", "sealed_proxy_login"])
        _note(account=row, kind="proxy_changed", at=at, actor=actor, proxy=row.proxy)


def _connected(row: ChannelAccount) -> None:
    row.state, row.state_reason = ChannelAccount.State.CONNECTED, ""
    row.save(update_fields=["state", "state_reason"])
    waiting = Pull.objects.filter(account=row).exclude(stream__in=lanes.WIDE)
    work.ring(model=Pull, pks=list(waiting.values_list("pk", flat=True)))


def engage_brake(*, account: ChannelAccount, reason: str, at: datetime, actor: str = "system") -> None:
    """Stop stock pushes of the account until a person has looked; an engaged brake keeps its first reason."""
    with transaction.atomic():
        row = _locked(account)
        if row.brake_engaged_at is not None:
            return
        row.brake_engaged_at, row.brake_reason, row.brake_released_until = at, reason[:300], None
        row.save(update_fields=["brake_engaged_at", "brake_reason", "brake_released_until"])
        _note(account=row, kind="brake_engaged", at=at, actor=actor, reason=row.brake_words)


def release_brake(*, account: ChannelAccount, at: datetime, actor: str = "system") -> None:
    """Let the stopped changes go out: a person looked at them and agreed."""
    with transaction.atomic():
        row = _locked(account)
        row.brake_engaged_at, row.brake_reason = None, ""
        row.brake_released_until = at + BRAKE_PAUSE * pace(endpoint=row.endpoint)
        row.save(update_fields=["brake_engaged_at", "brake_reason", "brake_released_until"])
        _note(account=row, kind="brake_released", at=at, actor=actor)
