"""Every move a confirmation and an arrangement can make, as data.

A shipment has two only, from planned to dispatched or voided: goods that left do not come back by this way.
"""

from logistics.models import Arrangement, Confirmation

_O = Confirmation.Outcome
_A = Arrangement.Outcome

OUTCOME_MOVES: dict[str, frozenset[str]] = {
    _O.INTENDED: frozenset({_O.SENT, _O.WITHHELD, _O.REFUSED, _O.CONFIRMED}),
    _O.SENT: frozenset({_O.INTENDED, _O.CONFIRMED, _O.REFUSED, _O.UNKNOWN}),
    _O.UNKNOWN: frozenset({_O.INTENDED, _O.CONFIRMED, _O.REFUSED}),
    _O.CONFIRMED: frozenset({_O.INTENDED}),
    _O.REFUSED: frozenset({_O.INTENDED, _O.CONFIRMED}),
    _O.WITHHELD: frozenset({_O.INTENDED}),
}
"""``unknown`` leads back to ``intended`` only after the platform was read and clearly has no such parcel;
``confirmed`` does when a later reading shows that an accepted one was never applied."""

ARRANGEMENT_MOVES: dict[str, frozenset[str]] = {
    _A.INTENDED: frozenset({_A.SENT, _A.WITHDRAWN, _A.REFUSED}),
    _A.SENT: frozenset({_A.INTENDED, _A.CONFIRMED, _A.REFUSED, _A.UNKNOWN}),
    _A.UNKNOWN: frozenset({_A.INTENDED, _A.CONFIRMED, _A.REFUSED}),
    _A.CONFIRMED: frozenset(),
    _A.REFUSED: frozenset({_A.INTENDED}),
    _A.WITHDRAWN: frozenset({_A.INTENDED}),
}
"""What the platform arranged stays arranged; its number and label come later by themselves."""


def may_become(*, outcome: str, target: str) -> bool:
    """Say whether a confirmation's outcome may become another."""
    return target in OUTCOME_MOVES[outcome]
