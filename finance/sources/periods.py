"""Names of settlements where the source has none: account, currency and the days a document speaks of."""

from datetime import UTC, date, datetime, tzinfo

from channels.money_files.zones import zone_of
from channels.settlement_messages import Reading

TOLD = "#told"
"""Ends the name of what a document only announces: pending, failed, held for information."""


def period_id(account: str, currency: str, first: date, last: date) -> str:
    """Return the name of a wallet's settlement: account, currency and period of the document."""
    return f"{account}:{currency}:{first:%Y-%m-%d}..{last:%Y-%m-%d}"


def account_zone(reading: Reading) -> tzinfo:
    """Return the time zone of the account, UTC where it is unknown."""
    return zone_of(reading.time_zone, reading.time_zone) or UTC


def day_of(at: datetime, zone: tzinfo) -> date:
    """Return the calendar day of an instant in a zone."""
    return at.astimezone(zone).date()
