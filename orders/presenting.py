"""How orders look to a person: words and colors of states, flags and happenings, and what can be done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from channels.registry import platform
from ecomhub.access import Actor
from ecomhub.models import Event
from ecomhub.shell.parts import Choice, Happening
from orders.canceling import answers_there, cancels_there
from orders.lifecycle import allowed_actions
from orders.models import HoldReason, IssueKind, Order, OrderIssue, OrderLine
from orders.states import OPEN, Status

STATUS_COLORS = {
    "unpaid": "secondary",
    "review": "purple",
    "process": "azure",
    "label": "indigo",
    "ship": "blue",
    "shipped": "teal",
    "completed": "green",
    "canceled": "secondary",
    "ignored": "secondary",
}
ACTION_ICONS = {
    "approve": "check",
    "label": "printer",
    "close": "ban",
    "ignore": "eye-off",
    "take_back": "arrow-back-up",
}


@dataclass(frozen=True, slots=True)
class Flag:
    """A small mark on an order. ``hint`` says it at length; a bare one shows its icon alone."""

    word: str
    color: str
    icon: str = ""
    hint: str = ""
    is_bare: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """What a line sells, in a few letters: SKU codes where known, else the listing."""

    code: str
    title: str
    quantity: int


@dataclass(slots=True)
class OrderRow:
    """A row of the order table."""

    order: Order
    color: str
    items: list[Item]
    more_items: int
    titles: str
    warehouses: list[str]
    flags: list[Flag]
    is_open: bool
    choices: list[Choice] = field(default_factory=list)


def _short_issues() -> dict[str, str]:
    return {
        IssueKind.UNMAPPED_LISTING: _("Not paired"),
        IssueKind.SHORTAGE: _("Shortage"),
        IssueKind.UNKNOWN_VALUE: _("Unknown value"),
        IssueKind.DISCREPANCY: _("Discrepancy"),
        IssueKind.CANCEL_AFTER_SHIP: _("Canceled late"),
        IssueKind.CONFIRM_REFUSED: pgettext("issue", "Refused"),
        IssueKind.CANCEL_REFUSED: _("Cancel refused"),
        IssueKind.NO_LINES: _("No lines"),
    }


def _stops(order: Order, issues: Sequence[OrderIssue]) -> list[Flag]:
    short = _short_issues()
    kinds = dict.fromkeys((issue.kind, str(issue.get_kind_display())) for issue in issues)
    flags = [Flag(short.get(kind, word), "red", "alert-triangle", word) for kind, word in kinds]
    reason = str(order.get_hold_reason_display())
    if order.cancel_requested:
        flags.append(Flag(_("Asks to cancel"), "orange", "ban"))
    elif order.hold_reason:
        word = _("Held") if order.hold_reason == HoldReason.MANUAL else reason
        flags.append(Flag(word, "yellow", "hand-stop", reason))
    return flags


def flags_of(order: Order, *, issues: Sequence[OrderIssue], bare: bool = False) -> list[Flag]:
    """Return the marks of an order: exceptions first, then what stops it, then what is special.

    Where they are many, as in a list, what is only special shows its icon alone (``bare``).
    """
    special = []
    if order.fulfillment_method == "by_channel":
        special.append(Flag(_("Shipped by the channel"), "secondary", "building-store", is_bare=bare))
    if order.is_before_go_live:
        special.append(Flag(_("Before go-live"), "secondary", "history", is_bare=bare))
    if order.is_gift:
        special.append(Flag(_("Gift"), "pink", "gift", is_bare=bare))
    return _stops(order, issues) + special


def _items(lines: Sequence[OrderLine]) -> list[Item]:
    items = []
    for line in lines:
        codes = dict.fromkeys(claim.sku.code for claim in line.allocations.all())
        code = " + ".join(codes) or line.listing.external_id
        items.append(Item(code, line.title, line.quantity))
    return items


def table_row(order: Order, *, actor: Actor) -> OrderRow:
    """Return an order of ``queries.for_table`` as a row."""
    lines = list(order.lines.all())
    items = _items(lines)
    houses = {claim.warehouse.code for line in lines for claim in line.allocations.all()}
    issues: list[OrderIssue] = getattr(order, "open_issues", [])
    return OrderRow(
        order=order,
        color=STATUS_COLORS[order.status],
        items=items[:2],
        more_items=max(0, len(items) - 2),
        titles="\n".join(f"{item.code} × {item.quantity}  {item.title}" for item in items),
        warehouses=sorted(houses),
        flags=flags_of(order, issues=issues, bare=True),
        is_open=order.status in OPEN and order.fulfillment_method != "by_channel",
    )


def choices(order: Order, *, actor: Actor) -> list[Choice]:
    """Return the buttons of one order for one reader: moves of the table, holds, and the cancel request."""
    there = cancels_there(order=order)
    found = [
        Choice(
            label=_("Cancel the order") if row.action == "close" else str(row.label),
            url=reverse("orders:act", args=[order.pk, row.action]),
            icon=ACTION_ICONS.get(row.action, "arrow-right"),
            method="post",
            confirm=_confirm(order, row.action),
            danger=row.action == "close",
        )
        for row in allowed_actions(order=order, actor=actor)
        if not (row.action == "close" and there)
    ]
    if there and actor.may("orders.cancel") and _is_cancelable(order):
        url = reverse("orders:cancel", args=[order.pk])
        found.append(Choice(label=_("Cancel the order"), url=url, icon="ban", method="dialog", danger=True))
    is_worked = order.status in OPEN and order.fulfillment_method != "by_channel"
    if actor.may("orders.work") and is_worked and order.hold_reason != HoldReason.CANCELING:
        found += _hold_choices(order)
    if order.cancel_requested and is_worked and actor.may("orders.cancel"):
        found += _answer_choices(order)
    return sorted(found, key=lambda choice: choice.danger)


def _hold_choices(order: Order) -> list[Choice]:
    def post(label: str, name: str, icon: str) -> Choice:
        return Choice(label=label, url=reverse(f"orders:{name}", args=[order.pk]), icon=icon, method="post")

    if order.cancel_requested:
        return []
    if order.hold_reason:
        return [post(_("Release the hold"), "release", "player-play")]
    return [post(_("Hold"), "hold", "player-pause")]


def _is_cancelable(order: Order) -> bool:
    """Say whether an order can still be canceled at its platform: it waits here and nothing of it left."""
    if order.status not in OPEN or order.fulfillment_method == "by_channel":
        return False
    left = any(line.quantity_shipped for line in order.lines.all())
    return not left and order.hold_reason != HoldReason.CANCELING


def _answer_choices(order: Order) -> list[Choice]:
    """Return how the buyer's wish to cancel can be answered; where the platform hears it, both ways."""
    if order.hold_reason == HoldReason.CANCELING:
        return []
    decline = Choice(
        label=_("Decline the cancel request"),
        url=reverse("orders:decline", args=[order.pk]),
        icon="player-play",
        method="post",
    )
    if not answers_there(order=order):
        return [decline]
    accept = Choice(
        label=_("Accept the cancel request"),
        url=reverse("orders:accept", args=[order.pk]),
        icon="check",
        method="post",
        confirm=_("The order is canceled at the platform and its stock given back."),
        danger=True,
    )
    return [accept, decline]


def _confirm(order: Order, action: str) -> str:
    if action == "close":
        return _(
            "The order is closed here and its stock given back. %(platform)s does not let the hub cancel it "
            "there: cancel it in the seller center too."
        ) % {"platform": platform(order.account.platform).name}
    if action == "ignore":
        return _("The order leaves the work lists and its stock is given back. You can take it back later.")
    return ""


def _words() -> dict[str, tuple[str, str, str]]:
    """Return title, icon and color of each kind of event."""
    return {
        "taken_in": (_("Taken in from the platform"), "cloud-download", "azure"),
        "changed": (_("Changed by the platform"), "refresh", "azure"),
        "pay": (_("Paid"), "credit-card", "green"),
        "hand_over": (_("Paid; the channel ships it"), "building-store", "green"),
        "approve": (_("Approved"), "check", "green"),
        "allocate": (_("Stock reserved for every line"), "box", "green"),
        "unallocate": (_("Stock no longer covers every line"), "package-off", "orange"),
        "label": (_("Marked as printed"), "printer", "blue"),
        "ship": (_("Shipped"), "truck", "teal"),
        "partly_shipped": (_("Part of it left"), "truck", "teal"),
        "ship_elsewhere": (_("Shipped elsewhere"), "truck", "orange"),
        "left_elsewhere": (_("Units left elsewhere"), "truck", "orange"),
        "complete": (_("Completed"), "circle-check", "green"),
        "cancel": (_("Canceled by the platform"), "ban", "red"),
        "close": (_("Closed here"), "ban", "red"),
        "ignore": (_("Ignored"), "eye-off", "secondary"),
        "reopen": (_("Taken back into work"), "arrow-back-up", "blue"),
        "go_live_moved": (_("Placed after the account's new go-live time"), "history", "azure"),
        "take_back": (_("Taken back into work"), "arrow-back-up", "blue"),
        "held": (_("Held"), "hand-stop", "yellow"),
        "hold_released": (_("Hold released"), "player-play", "green"),
        "cancel_requested": (_("The buyer asks to cancel"), "ban", "orange"),
        "cancel_request_withdrawn": (_("Cancel request withdrawn"), "arrow-back-up", "green"),
        "cancel_request_declined": (_("Cancel request declined"), "x", "orange"),
        "cancel_asked": (_("To be canceled at the platform"), "ban", "orange"),
        "cancel_answered": (_("Buyer's cancel request answered"), "ban", "orange"),
        "cancel_again": (_("The platform is asked again"), "refresh", "azure"),
        "cancel_taken": (_("The platform took the cancellation"), "circle-check", "green"),
        "cancel_refused": (_("The platform did not take the cancellation"), "alert-triangle", "red"),
        "cancel_given_up": (_("Cancellation at the platform given up"), "arrow-back-up", "secondary"),
        "renumbered": (_("Has a new number at the platform"), "refresh", "azure"),
        "joined": (_("Joined into another order by the platform"), "refresh", "azure"),
        "arranged": (_("Shipment arranged with the marketplace"), "circle-check", "green"),
        "issue_opened": (_("Exception"), "alert-triangle", "red"),
        "issue_solved": (_("Exception solved"), "circle-check", "green"),
        "return_reported": (_("Return reported"), "arrow-back-up", "purple"),
        "quantity_changed": (_("Quantity changed"), "pencil", "azure"),
        "platform_told": (_("The marketplace holds the tracking number"), "circle-check", "green"),
        "buyer_shown": (_("Buyer was shown"), "eye", "secondary"),
    }


def happening(event: Event) -> Happening:
    """Return an event as a line of the timeline; an unknown kind is shown by its name."""
    title, icon, color = _words().get(event.kind, (event.kind, "circle-dot", "secondary"))
    return Happening(
        at=event.at, title=title, text=_told(event.data), who=event.actor, icon=icon, color=color
    )


def _told(data: dict[str, Any]) -> str:
    """Say what an event brought in words; ids and causes are for machines and stay out."""
    status, holds = dict(Status.choices), dict(HoldReason.choices)
    kinds = dict(IssueKind.choices)
    parts: list[Any] = []
    if "from" in data and "to" in data:
        parts.append(f"{status.get(data['from'], data['from'])} → {status.get(data['to'], data['to'])}")
    if "issue" in data:
        parts.append(kinds.get(data["issue"], data["issue"]))
    before, now = data.get("before"), data.get("platform_status")
    if now:
        parts.append(f"{before} → {now}" if before and before != now else now)
    if "reason" in data:
        parts.append(holds.get(data["reason"], data["reason"]))
    if "quantity" in data:
        count = int(data["quantity"])
        parts.append(ngettext("%(count)d unit", "%(count)d units", count) % {"count": count})
    parts.append(data.get("note", ""))
    return " · ".join(str(part) for part in parts if part)[:300]


def amounts(order: Order, lines: Sequence[OrderLine]) -> list[tuple[str, Any]]:
    """Return the order's sums by what they are, leaving out what is nothing; unknown charges stay out."""
    known = [line.charge for line in lines if line.charge is not None]
    sums = [
        (_("Goods"), sum(known, start=type(order.total or 0)(0)) if known else None),
        (_("Discount"), -sum(line.discount for line in lines)),
        (_("Shipping"), sum(line.shipping for line in lines)),
        (_("Shipping discount"), -sum(line.shipping_discount for line in lines)),
        (_("Gift wrap"), sum(line.gift_wrap for line in lines)),
        (_("Tax"), sum(line.tax for line in lines)),
        (_("Refunded"), -sum(line.refunded for line in lines)),
    ]
    return [(word, amount) for word, amount in sums if amount]


def trace_text(trace: dict[str, Any], *, warehouses: dict[int, str]) -> str:
    """Say in one sentence why an order was allocated as it was."""
    names = [warehouses.get(take[2], "?") for take in trace.get("takes", [])]
    chosen = ", ".join(dict.fromkeys(names))
    looked = len(trace.get("candidates", []))
    values = {"chosen": chosen, "looked": looked}
    if trace.get("choice") == "single" and looked < 2:
        return _("From %(chosen)s: it has everything.") % values
    if trace.get("choice") == "single":
        return (
            _("From %(chosen)s: the first of %(looked)d warehouses looked at that has everything.") % values
        )
    if trace.get("choice") == "split":
        return _("From %(chosen)s: no single warehouse of %(looked)d has everything.") % values
    if chosen:
        return _("From %(chosen)s as far as stock goes; the rest is short.") % values
    return _("None of %(looked)d warehouses has any of it.") % values
