"""What messages look like: the newest real ones of a topic, or one that is made up."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ecomhub.models import Event

MOST = 3
_INVENTED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def newest(*, topic: str) -> Sequence[dict[str, Any]]:
    """Return up to three messages of a topic, newest first."""
    kind, _dot, happening = topic.partition(".")
    rows = Event.objects.filter(object_kind=kind)
    if happening:
        rows = rows.filter(kind=happening)
    found = [
        message(
            topic=f"{row.object_kind}.{row.kind}",
            kind=kind,
            number=row.object_id,
            sequence=row.sequence,
            at=row.at,
        )
        for row in rows.order_by("-id")[:MOST]
    ]
    invented = message(
        topic=topic if happening else f"{kind}.changed",
        kind=kind,
        number=1,
        sequence=1,
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return found or [invented]


def message(*, topic: str, kind: str, number: int, sequence: int, at: datetime) -> dict[str, Any]:
    """Return one message: which object changed how, and its number; nothing personal, nothing to trust."""
    return {
        "type": topic,
        "timestamp": at.astimezone(UTC).isoformat(),
        "data": {"object": kind, "id": number, "sequence": sequence},
    }
