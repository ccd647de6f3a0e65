"""Instants as eBay takes them."""

from datetime import UTC, datetime


def time_text(at: datetime) -> str:
    """Return an instant in UTC with milliseconds, ending in Z."""
    if at.tzinfo is None:
        raise ValueError("an instant has an offset")
    found = at.astimezone(UTC)
    return f"{found:%Y-%m-%dT%H:%M:%S}.{found.microsecond // 1000:03d}Z"
