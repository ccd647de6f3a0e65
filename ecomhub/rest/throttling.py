"""How often a token may call: a count per minute in the cache, shown on every answer.

The count protects the hub from a runaway client; it is no promise. When the cache is away nobody is
refused, and it is left alone for some seconds so that no request waits for it.
"""

import time
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from ecomhub.rest.permission import api_actor

WINDOW_SECONDS = 60
_REST_SECONDS = 5.0
_away_until = 0.0


@dataclass(frozen=True, slots=True)
class Rate:
    """What is left of this minute: calls allowed, calls left, seconds until the count begins again."""

    limit: int
    remaining: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        """Return the answer's headers."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
        }


def _count(name: str) -> int | None:
    """Count one call; ``None`` while the cache is away."""
    global _away_until
    if time.monotonic() < _away_until:
        return None
    try:
        if cache.add(name, 1, timeout=WINDOW_SECONDS * 2):
            return 1
        return int(cache.incr(name))
    except ValueError:  # the count ran out between the two calls
        return None
    except redis.RedisError:
        _away_until = time.monotonic() + _REST_SECONDS
        return None


class TokenThrottle(BaseThrottle):
    """Counts the calls of one token (or person) per minute."""

    reset_s = WINDOW_SECONDS

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the call and leave the rate on the view for the answer's headers."""
        actor = api_actor(request)
        window, passed = divmod(int(time.time()), WINDOW_SECONDS)
        self.reset_s = WINDOW_SECONDS - passed
        limit = settings.ECOMHUB_API_PER_MINUTE
        used = _count(f"rate:{actor.token_id or actor.user_id}:{window}") or 0
        view.rate = Rate(limit=limit, remaining=max(0, limit - used), reset_s=self.reset_s)
        return used <= limit

    def wait(self) -> float:
        """Return the seconds until the count begins again."""
        return float(self.reset_s)
