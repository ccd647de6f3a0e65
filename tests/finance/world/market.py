"""Half a year of a small market: its sellers, what they must ship, and the odd statements they get."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.sandbox.money_calling import ship, switch
from tests.sandbox_fixture import START, Sandbox

DAYS = 182
BIRTH = START - timedelta(days=DAYS)
ORDERS_PER_DAY = {"empty": 1.2, "ebay": 0.8, "shopify": 0.8, "shopee": 0.7}
SELLERS = tuple(ORDERS_PER_DAY)
STEP = timedelta(days=14)
SHIPS_EVERY = timedelta(days=3, hours=12)

# Which odd statements are ordered in which step, besides those that come by themselves.
ORDERED: dict[int, tuple[tuple[str, tuple[str, ...]], ...]] = {
    2: (("empty", ("unknown_type", "twins", "zero")), ("ebay", ("unknown_type",))),
    4: (("empty", ("negative",)), ("shopify", ("unknown_type", "reserve")), ("shopee", ("unknown_type",))),
    6: (("empty", ("reissue", "reserve")), ("ebay", ("negative",)), ("shopee", ("negative",))),
    8: (("empty", ("reserve",)), ("shopify", ("negative",))),
    9: (("empty", ("reissue", "negative")), ("ebay", ("unknown_type", "zero"))),
}


def born(sandbox: Sandbox) -> None:
    """Let the market begin half a year before ``START``."""
    quiet = {each["name"]: 0.0 for each in sandbox.sellers()}
    sandbox.reset(seed=11, history_days=1, at=BIRTH, orders_per_day=quiet | ORDERS_PER_DAY)


def steps(sandbox: Sandbox) -> Iterator[datetime]:
    """Move the market's clock step by step; its sellers ship what waits every few days."""
    for number in range(DAYS // STEP.days):
        for seller, oddities in ORDERED.get(number, ()):
            switch(sandbox, seller, *oddities)
        begin = BIRTH + number * STEP
        for part in range(1, STEP // SHIPS_EVERY + 1):
            sandbox.set_clock(begin + part * SHIPS_EVERY)
            for seller in SELLERS:
                ship(sandbox, seller)
        yield begin + STEP
