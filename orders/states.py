"""The order's states and every move between them, as data.

``lifecycle.move``, the buttons, the API's allowed actions, the diagram in the docs and the full-matrix
test all read ``TRANSITIONS``. A hold is a reason, not a state; shipping progress is derived from quantities.
"""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Status(models.TextChoices):
    """Where an order stands."""

    UNPAID = "unpaid", _("Unpaid")
    REVIEW = "review", _("To review")
    PROCESS = "process", _("To process")
    LABEL = "label", _("Ready to print")
    SHIP = "ship", _("Ready to ship")
    SHIPPED = "shipped", _("Shipped")
    COMPLETED = "completed", _("Completed")
    CANCELED = "canceled", _("Canceled")
    IGNORED = "ignored", _("Ignored")


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: an action takes an order from a state to another if its guard (by name) agrees.

    ``by_person`` actions have a button and an API action under ``access``.
    """

    action: str
    source: Status
    target: Status
    guard: str = ""
    by_person: bool = False
    access: str = "orders.work"
    label: str | Promise = ""


_S = Status

TRANSITIONS: tuple[Transition, ...] = (
    Transition("pay", _S.UNPAID, _S.REVIEW),
    Transition("reopen", _S.IGNORED, _S.REVIEW),
    Transition("hand_over", _S.UNPAID, _S.PROCESS, "by_channel"),
    Transition("approve", _S.REVIEW, _S.PROCESS, "workable", by_person=True, label=_("Approve")),
    Transition("allocate", _S.PROCESS, _S.LABEL, "fully_allocated"),
    Transition("unallocate", _S.LABEL, _S.PROCESS),
    Transition("unallocate", _S.SHIP, _S.PROCESS),
    Transition("label", _S.LABEL, _S.SHIP, "workable", by_person=True, label=_("Mark as printed")),
    Transition("ship", _S.PROCESS, _S.SHIPPED, "fully_shipped"),
    Transition("ship", _S.LABEL, _S.SHIPPED, "fully_shipped"),
    Transition("ship", _S.SHIP, _S.SHIPPED, "fully_shipped"),
    Transition("ship_elsewhere", _S.UNPAID, _S.SHIPPED),
    Transition("ship_elsewhere", _S.REVIEW, _S.SHIPPED),
    Transition("ship_elsewhere", _S.PROCESS, _S.SHIPPED),
    Transition("ship_elsewhere", _S.LABEL, _S.SHIPPED),
    Transition("ship_elsewhere", _S.SHIP, _S.SHIPPED),
    Transition("ship_elsewhere", _S.IGNORED, _S.SHIPPED),
    Transition("complete", _S.SHIPPED, _S.COMPLETED),
    Transition("cancel", _S.UNPAID, _S.CANCELED),
    Transition("cancel", _S.REVIEW, _S.CANCELED, "nothing_shipped"),
    Transition("cancel", _S.PROCESS, _S.CANCELED, "nothing_shipped"),
    Transition("cancel", _S.LABEL, _S.CANCELED, "nothing_shipped"),
    Transition("cancel", _S.SHIP, _S.CANCELED, "nothing_shipped"),
    Transition("cancel", _S.IGNORED, _S.CANCELED),
    Transition(
        "close",
        _S.REVIEW,
        _S.CANCELED,
        "nothing_shipped",
        by_person=True,
        access="orders.cancel",
        label=pgettext_lazy("order", "Cancel"),
    ),
    Transition(
        "close",
        _S.PROCESS,
        _S.CANCELED,
        "nothing_shipped",
        by_person=True,
        access="orders.cancel",
        label=pgettext_lazy("order", "Cancel"),
    ),
    Transition(
        "close",
        _S.LABEL,
        _S.CANCELED,
        "nothing_shipped",
        by_person=True,
        access="orders.cancel",
        label=pgettext_lazy("order", "Cancel"),
    ),
    Transition(
        "close",
        _S.SHIP,
        _S.CANCELED,
        "nothing_shipped",
        by_person=True,
        access="orders.cancel",
        label=pgettext_lazy("order", "Cancel"),
    ),
    Transition(
        "ignore",
        _S.UNPAID,
        _S.IGNORED,
        "nothing_shipped",
        by_person=True,
        label=_("Ignore"),
    ),
    Transition(
        "ignore",
        _S.REVIEW,
        _S.IGNORED,
        "nothing_shipped",
        by_person=True,
        label=_("Ignore"),
    ),
    Transition(
        "ignore",
        _S.PROCESS,
        _S.IGNORED,
        "nothing_shipped",
        by_person=True,
        label=_("Ignore"),
    ),
    Transition(
        "take_back",
        _S.IGNORED,
        _S.REVIEW,
        "worked_here",
        by_person=True,
        label=_("Take back into work"),
    ),
)
"""Every move there is."""

OPEN: frozenset[Status] = frozenset({_S.UNPAID, _S.REVIEW, _S.PROCESS, _S.LABEL, _S.SHIP})

CANCEL_MOVES: dict[str, frozenset[str]] = {
    "intended": frozenset({"sent", "confirmed", "refused"}),
    "sent": frozenset({"intended", "confirmed", "refused", "unknown"}),
    "unknown": frozenset({"intended", "confirmed", "refused"}),
    "confirmed": frozenset(),
    "refused": frozenset(),
}
"""What can become of something said to a platform about a cancellation; asking anew is a new row."""


def find(*, action: str, source: str) -> Transition | None:
    """Return the row for an action out of a state, or ``None`` when the table has none."""
    for row in TRANSITIONS:
        if row.action == action and row.source == source:
            return row
    return None
