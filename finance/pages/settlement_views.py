"""Settlements: the list, and one settlement as a statement down to the row of its file."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecomhub import clock
from ecomhub.access import Actor, actor_of, allow
from ecomhub.shell.parts import Pager, Tab
from finance import queries, seeing
from finance.models import Settlement, SettlementLine
from finance.pages.forms import SettlementFilterForm
from finance.pages.page_parts import (
    SETTLEMENT_COLORS,
    account_name,
    address,
    difference_word,
    is_chinese,
    number_asked,
    section_tabs,
)
from finance.queries import SettlementFilter
from finance.reconciliation import order_queries
from finance.sources import registry
from finance.statements import import_queries, raw_rows, settlement_queries, summaries
from finance.statements.restating import DECIDABLE
from finance.statements.settlement_queries import Step, TypeSum


@dataclass(frozen=True, slots=True)
class Row:
    """One settlement as its row shows it."""

    one: Settlement
    color: str
    unexplained: Decimal | None
    word: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of the picture: its words, its sum, and where its bar lies, in thousandths of the width."""

    word: str
    amount: Decimal
    left: str
    width: str
    tone: str


@dataclass(frozen=True, slots=True)
class Group:
    """The types of line booked to one account."""

    code: str
    name: str
    amount: Decimal
    lines: int
    types: list[TypeSum]


def step_words() -> dict[str, str]:
    """Return the steps of the way of the money, in words."""
    return {
        "carried": _("Brought from earlier"),
        "sales": _("Sales"),
        "promotions": _("Promotions"),
        "refunds": _("Refunds"),
        "reimbursements": _("Reimbursements"),
        "taxes": _("Taxes"),
        "commission": _("Commission"),
        "fulfillment": _("Fulfillment and storage"),
        "shipping": _("Shipping"),
        "advertising": _("Advertising"),
        "other": _("Other"),
        "reserves": _("Reserves"),
        "unclassified": _("Unclassified"),
    }


def _tabs(wanted: SettlementFilter, counts: dict[str, int], kept: dict[str, object]) -> list[Tab]:
    words = {
        "": (_("All"), ""),
        "posted": (_("Posted"), "green"),
        "staged": (_("Staged"), "orange"),
        "evidence": (_("Evidence"), ""),
        "refused": (_("Refused"), "red"),
    }
    return [
        Tab(
            label=label,
            url=address("finance:list", **{**kept, "state": key}),
            count=counts[key],
            active=wanted.state == key,
            color=color if counts[key] else "",
        )
        for key, (label, color) in words.items()
    ]


@allow("finance.view")
@require_GET
def settlements(request: HttpRequest) -> HttpResponse:
    """List settlements, the latest deposit first."""
    actor = actor_of(request)
    form = SettlementFilterForm(
        request.GET,
        accounts=list(queries.accounts_of(actor=actor)),
        currencies=queries.currencies_of(actor=actor),
    )
    wanted = form.wanted()
    page = queries.settlement_page(
        rows=queries.settlements(actor=actor, wanted=wanted),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    left = queries.unexplained(settlements=page.rows) if page.rows else {}
    counts = queries.state_counts(actor=actor, wanted=wanted)
    kept: dict[str, object] = {
        "q": wanted.text,
        "account": wanted.account.pk if wanted.account else "",
        "currency": wanted.currency,
        "month": wanted.month.strftime("%Y-%m") if wanted.month else "",
    }
    asked = any(kept.values())
    here = {**kept, "state": wanted.state}
    context = {
        "sections": section_tabs("settlements", actor=actor),
        "views": _tabs(wanted, counts, kept),
        "filter": form,
        "clear_url": address("finance:list", state=wanted.state) if asked else "",
        "rows": [_row(row, left) for row in page.rows],
        "pager": Pager(
            shown=len(page.rows),
            previous_url=address("finance:list", **here, before=page.previous) if page.previous else None,
            next_url=address("finance:list", **here, after=page.following) if page.following else None,
            total=counts.get(wanted.state, 0),
        ),
        "asked": asked or wanted.state,
        "can_import": actor.may("finance.import"),
    }
    return render(request, "finance/list.html", context)


def _row(row: Settlement, left: dict[int, Decimal]) -> Row:
    amount = left.get(row.pk)
    if row.state == Settlement.State.EVIDENCE:
        amount = None
    elif amount is None:
        amount = Decimal(0)
    return Row(row, SETTLEMENT_COLORS[row.state], amount, summaries.reason_words(row.reason))


def settlement_or_404(actor: Actor, pk: int) -> Settlement:
    """Return a settlement the actor may see. Raises ``Http404``."""
    found = queries.settlements_of(actor=actor).filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such settlement."))
    return found


def bars_of(*, steps: list[Step], last: Decimal, word: str) -> list[Bar]:
    """Return the picture of the way of the money, which ends at ``last``."""
    words = step_words()
    edges = [Decimal(0), last, *(one.before for one in steps), *(one.before + one.amount for one in steps)]
    low, high = min(edges), max(edges)
    span = high - low or Decimal(1)

    def place(first: Decimal, second: Decimal) -> tuple[str, str]:
        start = (min(first, second) - low) / span * 1000
        wide = max(abs(second - first) / span * 1000, Decimal(2))
        return f"{start:.1f}", f"{min(wide, 1000 - min(start, Decimal(998))):.1f}"

    found = []
    for one in steps:
        left, width = place(one.before, one.before + one.amount)
        tone = "unknown" if one.key == "unclassified" else "in" if one.amount > 0 else "out"
        found.append(Bar(words[one.key], one.amount, left, width, tone))
    left, width = place(Decimal(0), last)
    return [*found, Bar(word, last, left, width, "total")]


def _groups(sums: list[TypeSum]) -> list[Group]:
    found: dict[str, list[TypeSum]] = {}
    for one in sums:
        found.setdefault(one.account, []).append(one)
    return [
        Group(
            code,
            types[0].account_name_zh if is_chinese() else types[0].account_name,
            sum((one.amount for one in types), Decimal(0)),
            sum(one.lines for one in types),
            types,
        )
        for code, types in found.items()
    ]


@allow("finance.view")
@require_GET
def settlement(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one settlement: the identity check, where the money went, its types of line, its documents."""
    actor = actor_of(request)
    row = settlement_or_404(actor, pk)
    sums = settlement_queries.type_sums(settlement=row)
    steps = settlement_queries.steps_of(sums=sums)
    reached = sum((one.amount for one in steps), Decimal(0))
    lines_total = sum((one.amount for one in sums), Decimal(0))
    unknown = sum((one.amount for one in sums if one.is_unknown), Decimal(0))
    documents = [
        (document, SETTLEMENT_COLORS[document.state], summaries.reason_words(document.reason))
        for document in settlement_queries.documents_of(settlement=row)
    ]
    source = registry.sources().get(row.source)
    is_ruled = row.accepted_reason or any(one.reason == "set_aside" for one, _color, _why in documents)
    context: dict[str, Any] = {
        "settlement": row,
        "color": SETTLEMENT_COLORS[row.state],
        "reason": summaries.reason_words(row.reason),
        "source_title": row.source if source is None else source.title,
        "groups": _groups(sums),
        "bars": bars_of(steps=steps, last=reached, word=_("Left to pay out")) if steps else [],
        "paid_out": settlement_queries.paid_out(sums=sums),
        "lines_total": lines_total,
        "difference": None if row.total is None else row.total - row.lines_total,
        "unknown": unknown,
        "payout": getattr(row, "payout", None),
        "documents": documents,
        "decidable": (*DECIDABLE, "set_aside"),
        "rulings": list(import_queries.rulings_of(settlement=row.pk)) if is_ruled else [],
        "marks": settlement_queries.marks_of(settlement=row),
        "journals": settlement_queries.journals_of(settlement=row),
        "can_see_rows": actor.may("finance.export"),
        "can_map": actor.may("finance.post") and seeing.everything(actor=actor),
    }
    return render(request, "finance/settlement.html", context)


@allow("finance.view")
@require_GET
def type_orders(request: HttpRequest, pk: int, line_type: int) -> HttpResponse:
    """Show the orders of one type of line in a settlement, a page at a time."""
    row = settlement_or_404(actor_of(request), pk)
    after = request.GET.get("after", "").replace("\0", "")
    has_none = (
        not after and settlement_queries.lines_of(settlement=row, line_type=line_type, order_ref="").exists()
    )
    sums, following = settlement_queries.order_sums(settlement=row, line_type=line_type, after=after)
    context = {
        "settlement": row,
        "line_type": line_type,
        "sums": sums,
        "has_none": has_none,
        "more_url": address("finance:type-orders", pk, line_type, after=following) if following else "",
    }
    return render(request, "finance/type_orders.html", context)


@allow("finance.view")
@require_GET
def type_lines(request: HttpRequest, pk: int, line_type: int) -> HttpResponse:
    """Show the lines of one type for one order (or for none), a page at a time."""
    actor = actor_of(request)
    row = settlement_or_404(actor, pk)
    ref = request.GET.get("order", "").replace("\0", "")
    after = number_asked(request.GET.get("after", ""))
    taken = list(
        settlement_queries.lines_of(settlement=row, line_type=line_type, order_ref=ref, after=after)[
            : settlement_queries.PAGE + 1
        ]
    )
    lines, more = taken[: settlement_queries.PAGE], len(taken) > settlement_queries.PAGE
    context = {
        "settlement": row,
        "lines": lines,
        "more_url": address("finance:type-lines", pk, line_type, order=ref, after=lines[-1].pk)
        if more
        else "",
        "can_see_rows": actor.may("finance.export"),
    }
    return render(request, "finance/type_lines.html", context)


@allow("finance.view")
@require_GET
def settlement_orders(request: HttpRequest, pk: int) -> HttpResponse:
    """Compare a settlement's orders: what we expected, what it says, what they differ by."""
    actor = actor_of(request)
    row = settlement_or_404(actor, pk)
    after = number_asked(request.GET.get("after", ""))
    sums, following = settlement_queries.orders_compared(settlement=row, after=after)
    parts = order_queries.parts_of(orders=[one.order_id for one in sums if one.order_id])
    rows = []
    for one in sums:
        mine = [part for part in parts.get(one.order_id or 0, []) if part.currency == row.currency]
        total = next(iter(order_queries.totals_of(parts=mine)), None)
        difference = None if total is None else total.difference
        rows.append((one, total, difference, difference_word(difference or Decimal(0))))
    context = {
        "settlement": row,
        "rows": rows,
        "pager": Pager(
            shown=len(rows),
            previous_url=reverse("finance:settlement-orders", args=[pk]) if after else None,
            next_url=address("finance:settlement-orders", pk, after=following) if following else None,
        ),
    }
    return render(request, "finance/settlement_orders.html", context)


@allow("finance.export")
@require_GET
def line(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one line as it was read, its bookings, and the row of the file it stands in; the look is noted."""
    actor = actor_of(request)
    row = get_object_or_404(
        SettlementLine.objects.select_related("settlement", "line_type", "file__file", "order"), pk=pk
    )
    settlement_or_404(actor, row.settlement_id)
    raw, lost = None, False
    try:
        raw = raw_rows.show(line=row, at=clock.now(), actor=actor.name)
    except raw_rows.DocumentLost:
        lost = True
    context = {
        "line": row,
        "postings": [
            (posting, account_name(posting.account))
            for posting in row.postings.select_related("journal", "account").order_by("turn")
        ],
        "raw": raw,
        "lost": lost,
    }
    return render(request, "finance/line.html", context)


@allow("finance.export")
@require_GET
def document(request: HttpRequest, pk: int) -> FileResponse:
    """Give a document as it came; that it was taken is noted."""
    actor = actor_of(request)
    row = queries.files_of(actor=actor).filter(pk=pk).first()
    if row is None:
        raise Http404(_("There is no such document."))
    try:
        content = raw_rows.take(file=row, at=clock.now(), actor=actor.name)
    except raw_rows.DocumentLost as error:
        raise Http404(_("The document is not in the store. Restore the files of the backup.")) from error
    answer = FileResponse(content, as_attachment=True, filename=row.file.name)
    answer.headers["Content-Type"] = "application/octet-stream"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store, private"
    return answer
