"""The platforms' ways to ration calls, each filled by the market's own seconds.

A route with a ``Rate`` has a token bucket of its own and one with a ``Daily`` a share in a day's cap, both
watched by the market itself. Query points are taken by the dialect, which alone knows what a query costs.
Everything is kept in memory: a restart fills it.
"""

from dataclasses import dataclass

from channels.sandbox.wire import Daily, Rate

DAY = 86400


@dataclass(frozen=True, slots=True)
class Points:
    """A leaky bucket of query points: its size, and how many come back per (market) second."""

    size: float
    restore: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands after asking: what is left, and the market seconds until the same is granted."""

    granted: bool
    left: float
    wait: float = 0.0


class Buckets:
    """What every seller's application has left, by scheme."""

    def __init__(self) -> None:
        self._levels: dict[tuple[str, str], tuple[float, float]] = {}
        self._days: dict[tuple[str, str], tuple[int, float]] = {}
        self.switched_on = True

    def take(self, *, seller: str, operation: str, rate: Rate, at: float) -> bool:
        """Take one token at this (market) second; ``False`` when the bucket is empty."""
        points = Points(size=float(rate.burst), restore=rate.per_second)
        return self.take_points(seller=seller, bucket=operation, cost=1.0, points=points, at=at).granted

    def take_points(self, *, seller: str, bucket: str, cost: float, points: Points, at: float) -> Standing:
        """Take ``cost`` points at this second; nothing is taken when there are fewer."""
        if not self.switched_on:
            return Standing(granted=True, left=points.size)
        level, filled_at = self._levels.get((seller, bucket), (points.size, at))
        level = min(points.size, level + max(0.0, at - filled_at) * points.restore)
        granted = level >= cost
        level = level - cost if granted else level
        self._levels[seller, bucket] = (level, at)
        wait = 0.0 if granted else (cost - level) / points.restore
        return Standing(granted=granted, left=level, wait=wait)

    def give_points(self, *, seller: str, bucket: str, points: Points, amount: float) -> float:
        """Give points back after a query that cost less than was asked for; returns what is left now."""
        level, filled_at = self._levels.get((seller, bucket), (points.size, 0.0))
        level = min(points.size, level + amount)
        self._levels[seller, bucket] = (level, filled_at)
        return level

    def take_daily(self, *, seller: str, daily: Daily, at: float, cost: float = 1.0) -> Standing:
        """Take from a day's cap. A day begins ``daily.starts`` seconds after midnight UTC."""
        if not self.switched_on:
            return Standing(granted=True, left=float(daily.most))
        day = int((at - daily.starts) // DAY)
        known, used = self._days.get((seller, daily.group), (day, 0.0))
        used = used if known == day else 0.0
        granted = used + cost <= daily.most
        used = used + cost if granted else used
        self._days[seller, daily.group] = (day, used)
        wait = 0.0 if granted else (day + 1) * DAY + daily.starts - at
        return Standing(granted=granted, left=daily.most - used, wait=wait)

    def used_today(self, *, seller: str, daily: Daily, at: float) -> float:
        """Return how much of a day's cap is used up."""
        day, used = self._days.get((seller, daily.group), (0, 0.0))
        return used if day == int((at - daily.starts) // DAY) else 0.0

    def forget(self) -> None:
        """Fill everything."""
        self._levels.clear()
        self._days.clear()
