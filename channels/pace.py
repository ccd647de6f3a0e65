"""How fast an account's world runs: published rates, poll intervals and token lives scale with it.

Accounts on our own sandbox live on the application clock, whose speed may be 60. Every other account
lives in the real world and is only ever spoken to at speed 1.
"""

from datetime import timedelta

from django.conf import settings

from channels.models import ChannelAccount
from ecomhub import clock


def on_our_sandbox(*, endpoint: str) -> bool:
    """Say whether an address belongs to the sandbox of this installation."""
    base: str = settings.ECOMHUB_SANDBOX_URL
    return bool(base) and (endpoint == base or endpoint.startswith(base.rstrip("/") + "/"))


def pace(*, endpoint: str) -> float:
    """Return how many of the account's seconds pass in one real second."""
    return clock.speed() if on_our_sandbox(endpoint=endpoint) else 1.0


def real(*, account: ChannelAccount, duration: timedelta) -> timedelta:
    """Return how long a duration of the account's world lasts on the wall."""
    return duration / pace(endpoint=account.endpoint)
