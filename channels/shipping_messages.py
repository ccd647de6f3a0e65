"""What is said where the platform gives the tracking number: choose, arrange, ask for number and document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ShippingChoice:
    """One way the platform offers to hand a parcel over.

    ``kind`` is ``pickup``, ``dropoff`` or ``own_number`` (the seller brings the tracking number);
    ``parameters`` go back unchanged; ``label`` is the platform's own text for a person, empty where it has
    none. A parameter ``asks`` of ``tracking_number`` says that another kind too needs the seller's number.
    """

    kind: str
    label: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    from_at: datetime | None = None
    to_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ArrangeRequest:
    """Hand a parcel over by a choice. ``package`` is the platform's number of it, where it has one."""

    order_id: str
    marketplace: str
    package: str
    choice: ShippingChoice
    tracking_number: str = ""
    lines: tuple[tuple[str, int], ...] = ()


Parts = tuple[tuple[str, int], ...]
"""What a parcel holds: (line id, quantity), each line once."""


@dataclass(frozen=True, slots=True)
class SplitRequest:
    """Make a package of its own of ``lines`` of an order.

    ``others`` is what the order's further parcels will hold, so that an order that can be divided only once
    is divided right; what nothing names travels in one more package. Packages in ``taken`` are other parcels'
    already.
    """

    order_id: str
    marketplace: str
    lines: Parts
    others: tuple[Parts, ...] = ()
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Arranged:
    """What the platform says of an arranged parcel. ``tracking_number`` empty: it comes later.

    ``arranged`` answers a reading: whether the platform shows the parcel as arranged, ``None`` where what it
    shows does not tell. A parcel with a number is arranged.
    """

    package: str
    tracking_number: str = ""
    carrier: str = ""
    arranged: bool | None = None


@dataclass(frozen=True, slots=True)
class ShippingDocument:
    """A label as the platform made it."""

    data: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Cancel an order, or ``lines`` of it: (line id, quantity). ``reason`` is one of the platform's codes."""

    order_id: str
    marketplace: str
    reason: str
    lines: tuple[tuple[str, int], ...] = ()
