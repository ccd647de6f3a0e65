"""The stock ledger: the only code that writes stock levels, movements and cost layers.

Two guards keep stock from being sold twice: every write names the numbers it was decided on and takes
nothing when they changed, and the movement's check refuses a reservation above what is on hand.
Every act carries a ``cause``; the same cause moves a level once, however often it is called.
"""

from inventory.ledger.acts import adjust, receive, receive_many, release, reserve, ship, take_back
from inventory.ledger.arriving import expect
from inventory.ledger.hot import reserve_one
from inventory.ledger.levels import Level, Levels, Pair, lock_levels
from inventory.ledger.nouns import (
    CauseTaken,
    Claim,
    LedgerRefused,
    LevelsStale,
    NotEnoughOnHand,
    NotHeld,
    Receipt,
    WrongQuantity,
)

__all__ = [
    "CauseTaken",
    "Claim",
    "LedgerRefused",
    "Level",
    "Levels",
    "LevelsStale",
    "NotEnoughOnHand",
    "NotHeld",
    "Pair",
    "Receipt",
    "WrongQuantity",
    "adjust",
    "expect",
    "lock_levels",
    "receive",
    "receive_many",
    "release",
    "reserve",
    "reserve_one",
    "ship",
    "take_back",
]
