"""What is asked of the ledger, and how it refuses."""

from dataclasses import dataclass
from decimal import Decimal


class LedgerRefused(Exception):
    """The ledger did nothing. ``code`` names why, the text says it in words."""

    code = "refused"


class WrongQuantity(LedgerRefused):
    """A quantity, cost or currency that no stock can have."""

    code = "wrong_quantity"


class NotEnoughOnHand(LedgerRefused):
    """More would leave than lies there."""

    code = "not_enough_on_hand"


class NotHeld(LedgerRefused):
    """More would be released or shipped than the demand holds."""

    code = "not_held"


class CauseTaken(LedgerRefused):
    """The cause already moved another quantity: two different acts were given one name."""

    code = "cause_taken"


class LevelsStale(LedgerRefused):
    """The levels handed in are not locked by this transaction, or changed behind the ledger's back."""

    code = "levels_stale"


@dataclass(frozen=True, slots=True)
class Claim:
    """``quantity`` units (> 0) of a SKU in a warehouse for one demand.

    ``demand`` says for whom, such as ``order-line:8412``; ``cause`` names the act, such as
    ``allocate:8412:1``, and moves once.
    """

    sku_id: int
    warehouse_id: int
    quantity: int
    demand: str
    cause: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """``quantity`` units (> 0) that came in at ``unit_cost`` each; the same cause is received once."""

    sku_id: int
    warehouse_id: int
    quantity: int
    unit_cost: Decimal
    currency: str
    cause: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the ledger before its *after* columns are known."""

    kind: str
    sku_id: int
    warehouse_id: int
    on_hand_delta: int
    reserved_delta: int
    demand: str
    cause: str
    note: str = ""

    @property
    def pair(self) -> tuple[int, int]:
        """Return the level it touches."""
        return self.sku_id, self.warehouse_id

    @property
    def key(self) -> tuple[str, str, int, int]:
        """Return what makes it the same act."""
        return self.cause, self.kind, self.sku_id, self.warehouse_id
