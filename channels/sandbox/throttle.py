"""Rates: one token bucket per seller and operation, filled by the market's own seconds."""

from channels.sandbox.wire import Rate


class Buckets:
    """Token buckets as the platforms publish them. Kept in memory: a restart fills them."""

    def __init__(self) -> None:
        self._levels: dict[tuple[str, str], tuple[float, float]] = {}
        self.switched_on = True

    def take(self, *, seller: str, operation: str, rate: Rate, at: float) -> bool:
        """Take one token at this (market) second; ``False`` when the bucket is empty."""
        if not self.switched_on:
            return True
        level, filled_at = self._levels.get((seller, operation), (float(rate.burst), at))
        level = min(float(rate.burst), level + max(0.0, at - filled_at) * rate.per_second)
        allowed = level >= 1.0
        self._levels[seller, operation] = (level - 1.0 if allowed else level, at)
        return allowed

    def forget(self) -> None:
        """Fill every bucket."""
        self._levels.clear()
