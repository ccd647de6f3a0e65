"""What messages look like: the newest real ones of a topic, or one that is made up."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ecomhub.models import Event
from ecomhub.webhooks import topics

MOST = 3
_INVENTED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def newest(*, topic: str) -> Sequence[dict[str, Any]]:
    """Return up to three messages of a topic, newest first; an invented one when nothing happened yet.

    Raises ``topics.UnknownTopic``.
    """
    topics.check([topic])
    kind, _dot, happening = topic.partition(".")
    load = topics.known()[topic].newest
    if load is not None:
        found = [
            message(topic=f"{kind}.changed", kind=kind, number=number, sequence=sequence, at=at)
            for number, sequence, at in load(MOST)
        ]
    else:
        found = _events(kind=kind, happening=happening)
    told = topic if happening else f"{kind}.changed"
    return found or [message(topic=told, kind=kind, number=1, sequence=1, at=_INVENTED_AT)]


def _events(*, kind: str, happening: str) -> list[dict[str, Any]]:
    rows = Event.objects.filter(object_kind=kind)
    if happening:
        rows = rows.filter(kind=happening)
    return [
        message(
            topic=f"{row.object_kind}.{row.kind}",
            kind=kind,
            number=row.object_id,
            sequence=row.sequence,
            at=row.at,
        )
        for row in rows.order_by("-id")[:MOST]
    ]


def message(*, topic: str, kind: str, number: int, sequence: int, at: datetime) -> dict[str, Any]:
    """Return one message: which object changed how, and its number; nothing personal, nothing to trust."""
    return {
        "type": topic,
        "timestamp": at.astimezone(UTC).isoformat(),
        "data": {"object": kind, "id": number, "sequence": sequence},
    }
