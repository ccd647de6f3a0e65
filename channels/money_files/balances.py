"""Running balances: the opening and closing that a list of movements states by itself."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(slots=True)
class Chain:
    """The movements of one currency in a document, oldest or newest first, seen one after another.

    Which end is the older one is decided by where the balances follow from each other, else by the dates.
    """

    first: tuple[Decimal, Decimal, datetime] | None = None
    last: tuple[Decimal, Decimal, datetime] | None = None
    holds_forward: int = 0
    holds_backward: int = 0
    unstated: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def add(self, amount: Decimal, running: Decimal | None, at: datetime) -> None:
        """Take the next movement of the document; ``amount`` is what it changes the balance by."""
        self.starts_at = at if self.starts_at is None or at < self.starts_at else self.starts_at
        self.ends_at = at if self.ends_at is None or at > self.ends_at else self.ends_at
        if running is None:
            self.unstated += 1
            return
        if self.last is not None:
            before_amount, before_running, _before_at = self.last
            self.holds_forward += before_running + amount == running
            self.holds_backward += before_running - before_amount == running
        self.first = self.first or (amount, running, at)
        self.last = (amount, running, at)

    @property
    def is_newest_first(self) -> bool:
        """Say whether the document goes back in time."""
        if self.first is None or self.last is None:
            return False
        if self.holds_forward != self.holds_backward:
            return self.holds_backward > self.holds_forward
        return self.first[2] > self.last[2]

    @property
    def opening(self) -> Decimal | None:
        """Return the balance before the oldest movement; ``None`` where balances are not stated."""
        oldest = self.last if self.is_newest_first else self.first
        return None if oldest is None or self.unstated else oldest[1] - oldest[0]

    @property
    def closing(self) -> Decimal | None:
        """Return the balance after the newest movement; ``None`` where balances are not stated."""
        newest = self.first if self.is_newest_first else self.last
        return None if newest is None or self.unstated else newest[1]

    @property
    def total(self) -> Decimal | None:
        """Return what the movements must sum to."""
        opening, closing = self.opening, self.closing
        return None if opening is None or closing is None else closing - opening
