"""Saying goodbye in time: an operation that will go away says so on every answer and in the document.

``Deprecation`` is RFC 9745 (an instant), ``Sunset`` RFC 8594; the policy itself stands in ``docs/api.md``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.utils.http import http_date

Handler = TypeVar("Handler", bound=Callable[..., Any])

SHORTEST_NOTICE = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Since when an operation is deprecated, when it ends, and what to use instead (an operation id)."""

    since: datetime
    sunset: datetime
    instead: str

    def __post_init__(self) -> None:
        if self.since.tzinfo is None or self.sunset.tzinfo is None:
            raise ValueError("instants have a zone")
        if self.sunset - self.since < SHORTEST_NOTICE:
            raise ValueError(f"an operation stays for at least {SHORTEST_NOTICE.days} days")

    def headers(self) -> dict[str, str]:
        """Return what every answer of the operation carries."""
        return {
            "Deprecation": f"@{int(self.since.timestamp())}",
            "Sunset": http_date(self.sunset.astimezone(UTC).timestamp()),
            "Link": '</api/v1/docs/>; rel="deprecation"; type="text/html"',
        }

    def words(self) -> str:
        """Return what the document says."""
        return (
            f"Deprecated since {self.since:%Y-%m-%d}; it ends on {self.sunset:%Y-%m-%d}. "
            f"Use `{self.instead}`."
        )


def deprecated(*, since: datetime, sunset: datetime, instead: str) -> Callable[[Handler], Handler]:
    """Mark a method of an API view as going away. Raises ``ValueError`` for too short a notice."""
    notice = Deprecation(since=since, sunset=sunset, instead=instead)

    def mark(handler: Handler) -> Handler:
        handler.deprecation = notice  # type: ignore[attr-defined]
        return handler

    return mark


def of(handler: Any) -> Deprecation | None:
    """Return a method's notice, if it has one."""
    return getattr(handler, "deprecation", None)
