"""Sending: due messages of one endpoint, oldest first, until they are taken or their tries are used up."""

import json
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from ecomhub import clock, http, work
from ecomhub.webhooks.endpoints import secrets_of
from ecomhub.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookTry
from ecomhub.webhooks.samples import message
from ecomhub.webhooks.signing import headers

WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)
"""Real time between the ten tries of a message: a bit over three days in all."""

GIVE_UP_AFTER = timedelta(days=5)
"""How long an endpoint may fail without one success before it is switched off."""

KEPT = timedelta(days=30)
"""How long the log of messages can be read and replayed."""

AGENT = "ecomhub-webhooks/1"
_GONE = 410


def due_endpoints(*, limit: int = 50) -> list[int]:
    """Return the active endpoints that have something due."""
    rows = WebhookDelivery.objects.filter(
        work.is_due(),
        endpoint__state=WebhookEndpoint.State.ACTIVE,
    )
    return list(rows.values_list("endpoint_id", flat=True).distinct()[:limit])


def send_due(
    *,
    endpoint_id: int,
    budget_s: float = 20.0,
    now: Callable[[], datetime] = clock.now,
    send: Callable[..., http.Answer] = http.send_to_user_address,
) -> int:
    """Send what is due to one endpoint for a while; returns how many messages were taken by it.

    After a failure the rest waits for the next turn: an address that hangs is asked once a turn.
    """
    until, taken = time.monotonic() + budget_s, 0
    mine = Q(endpoint_id=endpoint_id, endpoint__state=WebhookEndpoint.State.ACTIVE)
    while time.monotonic() < until:
        rows = work.claim(model=WebhookDelivery, limit=1, where=mine)
        if not rows or not deliver(delivery=rows[0], at=now(), send=send):
            break
        taken += 1
    return taken


def forget_old(*, at: datetime, limit: int = 2000) -> int:
    """Delete messages older than ``KEPT``, whatever became of them; returns how many."""
    old = WebhookDelivery.objects.filter(at__lt=at - KEPT).order_by("pk").values_list("pk", flat=True)
    return WebhookDelivery.objects.filter(pk__in=list(old[:limit])).delete()[0]


def body_of(delivery: WebhookDelivery) -> bytes:
    """Return the bytes of a message, the same at every try."""
    told = message(
        topic=delivery.topic,
        kind=delivery.object_kind,
        number=delivery.object_id,
        sequence=delivery.sequence,
        at=delivery.at,
    )
    return json.dumps(told, separators=(",", ":")).encode()


def deliver(
    *, delivery: WebhookDelivery, at: datetime, send: Callable[..., http.Answer] = http.send_to_user_address
) -> bool:
    """Try one claimed message once; says whether it was taken. Outside any transaction."""
    endpoint = WebhookEndpoint.objects.get(pk=delivery.endpoint_id)
    body, started = body_of(delivery), time.monotonic()
    signed = headers(
        message_id=f"msg_{delivery.message_id.hex}",
        at=clock.real_now(),
        body=body,
        secrets=secrets_of(endpoint=endpoint, at=at),
    )
    status, error = None, ""
    try:
        answer = send(
            method="POST",
            url=endpoint.url,
            headers={**signed, "content-type": "application/json", "user-agent": AGENT},
            data=body,
        )
        status = answer.status
        error = "" if 200 <= status < 300 else f"it answered {status}"
    except (http.HttpFailure, http.ForbiddenAddress) as failure:
        error = str(failure)
    elapsed = round((time.monotonic() - started) * 1000)
    with transaction.atomic():
        work.hold(row=delivery)
        WebhookTry.objects.create(
            delivery=delivery, at=at, status=status, elapsed_ms=elapsed, error=error[:300]
        )
        if error:
            _failed(delivery=delivery, endpoint=endpoint, at=at, status=status, error=error)
        else:
            _taken(delivery=delivery, at=at, status=status)
    return not error


def _taken(*, delivery: WebhookDelivery, at: datetime, status: int | None) -> None:
    work.finish(row=delivery)
    WebhookDelivery.objects.filter(pk=delivery.pk).update(last_status=status, delivered_at=at)
    failing = WebhookEndpoint.objects.filter(pk=delivery.endpoint_id, failing_since__isnull=False)
    failing.update(failing_since=None)


def _failed(
    *, delivery: WebhookDelivery, endpoint: WebhookEndpoint, at: datetime, status: int | None, error: str
) -> None:
    left = delivery.tries_left - 1
    if left == 0 or status == _GONE:
        work.fail(row=delivery, reason=error, final=True)
    else:
        work.postpone(row=delivery, due_in=_wait(left), reason=error)
    WebhookDelivery.objects.filter(pk=delivery.pk).update(last_status=status, tries_left=left)
    since = endpoint.failing_since or at
    changes: dict[str, object] = {"failing_since": since}
    if status == _GONE:
        changes |= {"state": WebhookEndpoint.State.DISABLED, "state_reason": "410 Gone"}
    elif at - since > GIVE_UP_AFTER:
        changes |= {"state": WebhookEndpoint.State.DISABLED, "state_reason": error[:300]}
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**changes)


def _wait(left: int) -> timedelta:
    """The wait before the next try when so many are left, a fifth more or less."""
    place = max(0, len(WAITS) - left)
    return WAITS[min(place, len(WAITS) - 1)] * random.uniform(0.8, 1.2)  # noqa: S311
