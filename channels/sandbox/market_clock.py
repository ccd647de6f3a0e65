"""The market's clock: the application's clock, or one of its own that a test sets."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ecomhub import clock


@dataclass(frozen=True, slots=True)
class OwnTime:
    """A clock of our own: at the real instant ``real`` it stood at ``at``, and runs at ``speed``."""

    real: datetime
    at: datetime
    speed: float


class MarketClock:
    """Tells the market's present instant and speed. Without a time of its own it follows the application."""

    def __init__(self) -> None:
        self._own: OwnTime | None = None
        self._lock = threading.Lock()

    def set(self, *, at: datetime, speed: float) -> None:
        """Leave the application's clock: stand at ``at`` now and run at ``speed`` (0 stands still)."""
        with self._lock:
            self._own = OwnTime(real=clock.real_now(), at=at.astimezone(UTC), speed=speed)

    def follow(self) -> None:
        """Go back to the application's clock."""
        with self._lock:
            self._own = None

    def now(self) -> datetime:
        """Return the market's instant, aware and in UTC."""
        own = self._own
        if own is None:
            return clock.now()
        elapsed = (clock.real_now() - own.real).total_seconds()
        return own.at + timedelta(seconds=elapsed * own.speed)

    def speed(self) -> float:
        """Return how many market seconds pass in one real second."""
        own = self._own
        return clock.speed() if own is None else own.speed


def seconds(at: datetime) -> int:
    """Return an instant as whole seconds of the epoch, the unit of the market's storage."""
    return int(at.timestamp())


def instant(second: float) -> datetime:
    """Return stored seconds as an aware instant."""
    return datetime.fromtimestamp(second, tz=UTC)
