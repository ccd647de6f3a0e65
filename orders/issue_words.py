"""Exceptions in words: what is known about why, and what a person does next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ecomhub.sentences import shown
from inventory.models import Sku
from orders.cancel_models import PlatformCancel
from orders.issues import SERVING
from orders.models import IssueKind, OrderIssue, OrderLine


@dataclass(frozen=True, slots=True)
class IssueShown:
    """An open exception as its order's page tells it; ``by_hand``: a person says that it is solved."""

    issue: OrderIssue
    reason: str
    next_step: str
    by_hand: bool


def issues_shown(*, issues: Sequence[OrderIssue], lines: Sequence[OrderLine]) -> list[IssueShown]:
    """Return open exceptions in words, in their order.

    ``lines`` are the order's, with their listings. One statement where SKUs are missing, none otherwise.
    """
    skus = Sku.objects.in_bulk({int(pk) for issue in issues for pk in _missing(issue)}) if issues else {}
    codes = {pk: sku.code for pk, sku in skus.items()}
    listings = {line.pk: line.listing.external_id for line in lines}
    return [
        IssueShown(
            issue=issue,
            reason=_reason(issue, codes=codes, listing=listings.get(issue.line_id or 0, "")),
            next_step=_next_step(issue),
            by_hand=issue.kind not in SERVING,
        )
        for issue in issues
    ]


def _missing(issue: OrderIssue) -> Mapping[str, Any]:
    found: Mapping[str, Any] = issue.detail.get("missing", {}) if issue.kind == IssueKind.SHORTAGE else {}
    return found


def _reason(issue: OrderIssue, *, codes: Mapping[int, str], listing: str) -> str:
    detail = issue.detail
    if issue.kind == IssueKind.UNMAPPED_LISTING:
        return listing
    if issue.kind == IssueKind.SHORTAGE:
        return " · ".join(
            _("%(sku)s: %(count)s missing") % {"sku": codes.get(int(pk), pk), "count": units}
            for pk, units in _missing(issue).items()
        )
    if issue.kind == IssueKind.UNKNOWN_VALUE:
        return ", ".join(str(value) for value in detail.get("values", []))
    if issue.kind == IssueKind.DISCREPANCY:
        return _disagreement(detail, listing=listing)
    kinds = dict(PlatformCancel.Kind.choices)
    parts = [
        detail.get("shipment", ""),
        kinds.get(detail.get("kind", ""), ""),
        shown(detail.get("reason", "")),
    ]
    return " · ".join(str(part) for part in parts if part)


def _disagreement(detail: Mapping[str, Any], *, listing: str) -> str:
    if "shipment" in detail:
        return _("Shipment %(number)s was told to the platform and then voided here.") % {
            "number": detail["shipment"]
        }
    about = str(detail.get("about", ""))
    words = {
        "quantity": _("The platform wants fewer units than already left."),
        "unpaid": _("The platform shows it as unpaid, and it is being worked on here."),
        "shipped": _("The platform shows it as shipped, and it is canceled here."),
        "cancel": _("The platform took the cancellation, and still shows the order as open."),
    }
    return " · ".join(part for part in (listing, words.get(about, about)) if part)


def _next_step(issue: OrderIssue) -> str:
    words = {
        IssueKind.UNMAPPED_LISTING: _("Pair the listing with a SKU; the order then goes on by itself."),
        IssueKind.SHORTAGE: _("Receive stock; it is reserved by itself, for the oldest order first."),
        IssueKind.UNKNOWN_VALUE: _("Look at the order at the platform, then mark this as solved."),
        IssueKind.DISCREPANCY: _(
            "Compare the order with the platform, correct one of the two, then mark this as solved."
        ),
        IssueKind.CANCEL_AFTER_SHIP: _("Stop the parcel or await its return, then mark this as solved."),
        IssueKind.CONFIRM_REFUSED: _(
            "Correct what the platform names and tell it again, or tell it there; then mark this as solved."
        ),
        IssueKind.CANCEL_REFUSED: _(
            "Ship the order, or settle it with the buyer at the platform; then mark this as solved."
        ),
        IssueKind.NO_LINES: _("The order is read again by itself; sync the account if that takes too long."),
    }
    return words.get(IssueKind(issue.kind), "") if issue.kind in IssueKind.values else ""
