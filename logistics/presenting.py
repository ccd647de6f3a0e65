"""How an arrangement looks to a person: what is done, what is awaited and since when, what can be pressed."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from ecomhub.work import WorkState
from logistics.arranged import AGAIN, choice_of, is_arranged, title_of
from logistics.models import Arrangement, Shipment
from orders.models import Order

_Outcome = Arrangement.Outcome
ARRANGEMENT_COLORS = {
    "intended": "azure",
    "sent": "azure",
    "unknown": "orange",
    "confirmed": "green",
    "refused": "red",
    "withdrawn": "secondary",
}
_KINDS = {"pickup": "truck", "dropoff": "building-store", "own_number": "barcode"}


@dataclass(frozen=True, slots=True)
class ArrangementCard:
    """What the page shows of arranging one shipment; ``awaits`` is empty when nothing is awaited."""

    row: Arrangement | None
    to_arrange: bool
    is_ready: bool
    title: str = ""
    color: str = "secondary"
    icon: str = "truck"
    awaits: str = ""
    since: datetime | None = None
    can_ask_again: bool = False
    problem: str = ""

    @property
    def is_waiting(self) -> bool:
        """Say whether something comes by itself, so that the page looks again."""
        return bool(self.awaits) and self.row is not None and self.row.state == WorkState.WAITING


def arrangement_of(*, shipment: Shipment) -> Arrangement | None:
    """Return a shipment's arrangement, ``None`` when it never had one."""
    found: Arrangement | None = getattr(shipment, "arrangement", None)
    return found


def card(*, shipment: Shipment, order: Order) -> ArrangementCard | None:
    """Return what to show of arranging a shipment; ``None`` for one that is not arranged."""
    row = arrangement_of(shipment=shipment)
    is_planned = shipment.state == Shipment.State.PLANNED
    if row is None:
        to_arrange = is_planned and is_arranged(order=order)
        return ArrangementCard(None, to_arrange=True, is_ready=False) if to_arrange else None
    awaits, since = _awaited(row) if shipment.state != Shipment.State.VOIDED else ("", None)
    stopped = row.state == WorkState.QUARANTINED or row.outcome == _Outcome.REFUSED
    return ArrangementCard(
        row=row,
        to_arrange=is_planned and row.outcome in AGAIN,
        is_ready=is_planned and row.outcome == _Outcome.CONFIRMED and bool(row.tracking_number),
        title=title_of(choice=choice_of(row=row)) if row.choice.get("kind") else "",
        color=ARRANGEMENT_COLORS[row.outcome],
        icon=_KINDS.get(str(row.choice.get("kind", "")), "truck"),
        awaits=awaits,
        since=since,
        can_ask_again=bool(awaits) or (stopped and is_planned),
        problem=row.reason or (row.last_error if stopped else ""),
    )


def _awaited(row: Arrangement) -> tuple[str, datetime | None]:
    if row.outcome == _Outcome.INTENDED:
        return _("Goes to the marketplace next"), row.asked_at
    if row.outcome in (_Outcome.SENT, _Outcome.UNKNOWN):
        return _("Waiting for the marketplace's word"), row.sent_at
    if row.outcome != _Outcome.CONFIRMED:
        return "", None
    if not row.tracking_number:
        return _("Waiting for the tracking number"), row.told_at
    if row.has_document and row.document_id is None:
        return _("Waiting for the label"), row.numbered_at
    return "", None
