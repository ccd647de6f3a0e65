"""Endpoints: subscribe, change, rotate the secret, pause, ping, replay, unsubscribe."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from ecomhub import events, http, sealed
from ecomhub.access import Actor
from ecomhub.webhooks import signing, topics
from ecomhub.webhooks.models import WebhookDelivery, WebhookEndpoint
from ecomhub.work import ClockTimestamp, WorkState

GRACE = timedelta(hours=24)
"""How long the secret before a rotation still signs beside the new one."""

MOST = 50


class CannotSubscribe(ValueError):
    """The endpoint cannot be as wished; the text says what to change."""


def subscribe(
    *, url: str, wanted: Iterable[str], actor: Actor, at: datetime, name: str = ""
) -> tuple[WebhookEndpoint, str]:
    """Add an endpoint and return it with its secret, the only time that can be read.

    Raises ``CannotSubscribe`` for an address nobody may be sent to, an unknown topic, or somebody whose
    rights are limited to some shops or warehouses: messages are not.
    """
    if actor.shop_ids is not None or actor.warehouse_ids is not None:
        raise CannotSubscribe(
            _("Messages tell of every shop and warehouse, so only somebody without limits may subscribe.")
        )
    secret = signing.new_secret()
    with transaction.atomic():
        if WebhookEndpoint.objects.count() >= MOST:
            raise CannotSubscribe(
                _("There are %(most)d endpoints already. Remove one first.") % {"most": MOST}
            )
        endpoint = WebhookEndpoint(
            name=name.strip(), url=_address(url), topics=_topics(wanted), owner_id=actor.user_id
        )
        endpoint.sealed_secret = sealed.seal(context=context(endpoint), data={"secret": secret})
        endpoint.save(force_insert=True)
        _note(endpoint, "subscribed", at, actor)
    return endpoint, secret


def change(
    *, endpoint: WebhookEndpoint, url: str, wanted: Iterable[str], name: str, actor: Actor, at: datetime
) -> None:
    """Change address, topics and name. Raises ``CannotSubscribe``."""
    with transaction.atomic():
        locked = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        locked.url, locked.topics, locked.name = _address(url), _topics(wanted), name.strip()
        locked.save(update_fields=["url", "topics", "name"])
        _note(locked, "changed", at, actor)


def rotate(*, endpoint: WebhookEndpoint, actor: Actor, at: datetime) -> str:
    """Give the endpoint a new secret and return it; the old one signs beside it for a day."""
    secret = signing.new_secret()
    with transaction.atomic():
        locked = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        locked.sealed_previous, locked.previous_until = locked.sealed_secret, at + GRACE
        locked.sealed_secret = sealed.seal(context=context(locked), data={"secret": secret})
        locked.save(update_fields=["sealed_previous", "previous_until", "sealed_secret"])
        _note(locked, "rotated", at, actor)
    return secret


def pause(*, endpoint: WebhookEndpoint, actor: Actor, at: datetime) -> None:
    """Send nothing more for now; what happens meanwhile is not written down for it."""
    _set(endpoint, WebhookEndpoint.State.PAUSED, "paused", actor, at)


def resume(*, endpoint: WebhookEndpoint, actor: Actor, at: datetime) -> None:
    """Speak to it again, also after it was switched off."""
    _set(endpoint, WebhookEndpoint.State.ACTIVE, "resumed", actor, at)


def unsubscribe(*, endpoint: WebhookEndpoint, actor: Actor, at: datetime) -> None:
    """Forget the endpoint with everything told to it."""
    with transaction.atomic():
        locked = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        _note(locked, "unsubscribed", at, actor)
        locked.delete()


def ping(*, endpoint: WebhookEndpoint, at: datetime) -> WebhookDelivery:
    """Queue a test message."""
    with transaction.atomic():
        locked = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        number = locked.deliveries.filter(topic=topics.PING).count() + 1
        return WebhookDelivery.objects.create(
            endpoint=locked,
            topic=topics.PING,
            object_kind="endpoint",
            object_id=locked.pk,
            sequence=number,
            at=at,
        )


def replay(*, endpoint: WebhookEndpoint, since: datetime, until: datetime, only_failed: bool = False) -> int:
    """Send again what happened in a range of the company's time, under the same ids; returns how many."""
    rows = WebhookDelivery.objects.filter(endpoint=endpoint, at__gte=since, at__lt=until)
    rows = rows.filter(state=WorkState.QUARANTINED) if only_failed else rows.exclude(state=WorkState.WAITING)
    return again(rows=[*rows.values_list("pk", flat=True)])


def again(*, rows: Iterable[int]) -> int:
    """Make messages due now with all their tries; a receiver knows them by their ids. Returns how many."""
    finished = WebhookDelivery.objects.filter(pk__in=list(rows)).exclude(state=WorkState.WAITING)
    return finished.update(
        state=WorkState.WAITING, due_at=ClockTimestamp(), tries_left=_all_tries(), delivered_at=None, deaths=0
    )


def context(endpoint: WebhookEndpoint) -> str:
    """Return the place an endpoint's secret belongs to."""
    return f"webhooks.endpoint:{endpoint.uid}"


def secrets_of(*, endpoint: WebhookEndpoint, at: datetime) -> list[str]:
    """Return the secrets that sign now, the newest first."""
    blobs = [endpoint.sealed_secret]
    if endpoint.sealed_previous and endpoint.previous_until and at < endpoint.previous_until:
        blobs.append(endpoint.sealed_previous)
    return [str(sealed.unseal(context=context(endpoint), blob=blob)["secret"]) for blob in blobs]


def _all_tries() -> int:
    return int(WebhookDelivery._meta.get_field("tries_left").get_default())


def _address(url: str) -> str:
    try:
        http.check_user_address(url=url)
    except http.ForbiddenAddress as error:
        raise CannotSubscribe(
            _("%(address)s cannot be used: %(why)s.") % {"address": url, "why": error}
        ) from error
    return url


def _topics(wanted: Iterable[str]) -> list[str]:
    try:
        return topics.check(wanted)
    except topics.UnknownTopic as error:
        raise CannotSubscribe(
            _("Choose at least one known topic. Unknown; known: %(names)s") % {"names": error}
        ) from error


def _set(endpoint: WebhookEndpoint, state: str, kind: str, actor: Actor, at: datetime) -> None:
    with transaction.atomic():
        locked = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        locked.state, locked.state_reason, locked.failing_since = state, "", None
        locked.save(update_fields=["state", "state_reason", "failing_since"])
        _note(locked, kind, at, actor)


def _note(endpoint: WebhookEndpoint, kind: str, at: datetime, actor: Actor) -> None:
    events.record(object_kind="endpoint", object_id=endpoint.pk, kind=kind, at=at, actor=actor.name)
