"""Exceptions (异常) of an order: opened with what is known, solved by what heals them or by a person."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from orders.models import IssueKind, OrderIssue
from orders.opened import NotAllowed, Opened, open_order
from orders.writing import write

SERVING = frozenset({IssueKind.SHORTAGE, IssueKind.UNMAPPED_LISTING, IssueKind.NO_LINES})
"""Issues about serving an order; they end when the order ends."""


def raise_issue(
    opened: Opened,
    *,
    kind: str,
    at: datetime,
    line_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
    actor: str = "system",
) -> None:
    """Open an issue on an open order, or refresh the detail of the open one of that line and kind."""
    known = dict(detail or {})
    for issue in opened.issues:
        if issue.kind == kind and issue.line_id == line_id:
            if issue.detail != known:
                issue.detail = known
                _rewrite(opened, issue)
            return
    issue = OrderIssue(order_id=opened.order.pk, line_id=line_id, kind=str(kind), detail=known, opened_at=at)
    opened.issues.append(issue)
    opened.new_issues.append(issue)
    opened.order.issue_count += 1
    opened.note("issue_opened", at=at, actor=actor, issue=str(kind), line=line_id)


def settle(
    opened: Opened,
    *,
    kinds: Collection[str],
    at: datetime,
    line_id: int | None = None,
    every_line: bool = False,
    actor: str = "system",
) -> None:
    """Solve the open issues of these kinds on one line, or on all of the order."""
    for issue in list(opened.issues):
        if issue.kind not in kinds or not (every_line or issue.line_id == line_id):
            continue
        _solve(opened, issue=issue, at=at, actor=actor)


def _solve(opened: Opened, *, issue: OrderIssue, at: datetime, actor: str) -> None:
    issue.solved_at = at
    opened.issues.remove(issue)
    if issue not in opened.new_issues:
        _rewrite(opened, issue)
    opened.order.issue_count -= 1
    opened.note("issue_solved", at=at, actor=actor, issue=issue.kind, line=issue.line_id)


def _rewrite(opened: Opened, issue: OrderIssue) -> None:
    opened.is_changed = True
    if issue not in opened.new_issues and issue not in opened.changed_issues:
        opened.changed_issues.append(issue)


def open_issue(
    *,
    order_id: int,
    kind: str,
    at: datetime,
    line_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
    actor: str = "system",
) -> None:
    """Open an issue; an open one of the same line and kind is refreshed instead.

    ``detail`` is small JSON without personal data.
    """
    with transaction.atomic():
        opened = open_order(order_id=order_id)
        raise_issue(opened, kind=kind, at=at, line_id=line_id, detail=detail, actor=actor)
        write(opened=[opened], at=at, actor=actor)


def solve_issue(*, issue_id: int, at: datetime, actor: str) -> None:
    """Mark an issue as solved by a person. Raises ``NotAllowed`` when the cause is still there.

    A shortage or an unpaired listing ends by itself once stock or a pairing arrives.
    """
    with transaction.atomic():
        order_id = OrderIssue.objects.values_list("order_id", flat=True).get(pk=issue_id)
        opened = open_order(order_id=order_id)
        issue = next((each for each in opened.issues if each.pk == issue_id), None)
        if issue is None:
            return
        if issue.kind in SERVING:
            raise NotAllowed(
                "cause_remains",
                _("This ends by itself: receive stock or pair the listing with a SKU."),
            )
        _solve(opened, issue=issue, at=at, actor=actor)
        write(opened=[opened], at=at, actor=actor)


def settle_kind(*, order_id: int, kind: str, at: datetime, actor: str = "system") -> None:
    """Solve an order's open issues of one kind, such as a refused confirmation that went through."""
    with transaction.atomic():
        opened = open_order(order_id=order_id)
        settle(opened, kinds=[kind], at=at, every_line=True, actor=actor)
        write(opened=[opened], at=at, actor=actor)
