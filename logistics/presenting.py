"""How an arrangement looks to a person: what is done, what is awaited and since when, what can be pressed."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from ecomhub.sentences import shown
from ecomhub.work import WorkState
from logistics.arranged import AGAIN, choice_of, is_arranged, title_of
from logistics.models import Arrangement, Shipment
from logistics.planning import PLANNED_BY_ITSELF
from orders.models import Order
from orders.states import Status

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


def is_planned_soon(*, order: Order) -> bool:
    """Say whether the planner takes the order by itself: its stock is reserved and nothing stops it."""
    stopped = order.hold_reason or order.cancel_requested or order.fulfillment_method == "by_channel"
    return order.status in PLANNED_BY_ITSELF and not stopped


def nothing_planned(*, order: Order) -> str:
    """Say why an order has no shipment here: not yet, or never."""
    if order.fulfillment_method == "by_channel":
        return _("The channel ships this order from its own warehouse.")
    if order.status in (Status.SHIPPED, Status.COMPLETED):
        return _(
            "Nothing of it left through this hub: it was shipped elsewhere, or before the account was live."
        )
    if order.status in (Status.CANCELED, Status.IGNORED):
        return _("Nothing is sent for this order.")
    if is_planned_soon(order=order):
        return _("The shipment is planned in a moment and appears here by itself.")
    return _(
        "Nothing is planned yet. A shipment is planned by itself once the order is approved and its stock "
        "is reserved."
    )


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


def has_label(*, shipment: Shipment) -> bool:
    """Say whether a shipment's label came."""
    row = arrangement_of(shipment=shipment)
    return row is not None and row.document_id is not None


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
        problem=shown(row.reason or (row.last_error if stopped else "")),
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
