"""Closing a period: the computed checklist, the lock, and opening it again."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecomhub import clock
from ecomhub.access import allow
from ecomhub.sentences import shown
from ecomhub.shell.parts import Happening
from ecomhub.shell.toasts import add_toast, close_dialog
from finance import laws
from finance.accounting import books
from finance.closing import periods
from finance.closing.period_checks import Finding, Weight
from finance.closing.periods import PeriodRefused
from finance.models import Book, PeriodAct
from finance.pages.forms import ReopenForm, last_day_of_month_before
from finance.pages.page_parts import book_asked, day_asked, section_tabs, whole_actor

ACTS = 30
PAGES = {
    "undecided": ("finance:list", "state=staged"),
    "staged": ("finance:list", "state=staged"),
    "suspense": ("finance:suspense", ""),
    "closing_rates": ("finance:rates", ""),
    "old_rates": ("finance:rates", ""),
    "crossed": ("finance:rates", "kind=cross"),
    "trial_balance": ("finance:ledger", ""),
    "exceptions": ("finance:exceptions", ""),
    "companies": ("channels:list", ""),
    "told_otherwise": ("finance:deferred", "view=released"),
}


def _proposed(book: Book) -> date:
    """Return the last day of the first open month, or of the month before this one when that is later."""
    today = books.day_of(book=book, instant=clock.now())
    first = books.first_open_day(book=book)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    end = date.fromordinal(after.toordinal() - 1)
    return end if end < today else last_day_of_month_before(today)


@allow("finance.view")
@require_GET
def close_page(request: HttpRequest) -> HttpResponse:
    """Show how far a book is closed and what was done; the checklist is loaded into it."""
    actor = whole_actor(request)
    book, known = book_asked(request, actor)
    context: dict[str, Any] = {"sections": section_tabs("close", actor=actor), "book": book, "books": known}
    if book is not None:
        context |= {
            "through": day_asked(request.GET.get("through", "")) or _proposed(book),
            "first_open": books.first_open_day(book=book),
            "acts": [_happening(act) for act in book.period_acts.order_by("-pk")[:ACTS]],
            "can_reopen": actor.may("finance.reopen") and book.locked_through is not None,
        }
    return render(request, "finance/close.html", context)


def _happening(act: PeriodAct) -> Happening:
    is_close = act.kind == PeriodAct.Kind.CLOSE
    if act.through is None:
        title = _("Opened again: nothing is closed")
    elif is_close:
        title = _("Closed through %s") % act.through.isoformat()
    else:
        title = _("Opened again: closed through %s") % act.through.isoformat()
    accepted = [
        f"{shown(check['title'])}: {check['accepted']}" for check in act.checks if check.get("accepted")
    ]
    return Happening(
        at=act.at,
        title=title,
        text="; ".join([act.reason, *accepted] if act.reason else accepted),
        who=act.actor,
        icon="lock" if is_close else "lock-open",
        color="green" if is_close else "orange",
    )


@allow("finance.view")
@require_GET
def checklist(request: HttpRequest) -> HttpResponse:
    """Compute what is in the way of closing through a day."""
    actor = whole_actor(request)
    book, _known = book_asked(request, actor)
    through = day_asked(request.GET.get("through", ""))
    if book is None or through is None:
        return render(request, "finance/checklist.html", {"problem": _("Choose a day.")})
    findings = periods.checklist(book=book, through=through)
    return render(
        request,
        "finance/checklist.html",
        _context(book, through, findings, can_close=actor.may("finance.close")),
    )


def _context(
    book: Book,
    through: date,
    findings: list[Finding],
    *,
    can_close: bool,
    problem: str = "",
    given: dict[str, str] | None = None,
) -> dict[str, Any]:
    rows = []
    for one in findings:
        name, query = PAGES.get(one.key, ("", ""))
        where = f"{reverse(name)}?{query}" if name and query else reverse(name) if name else ""
        rows.append((one, where, (given or {}).get(one.key, "")))
    # Money in other currencies is revalued by the close itself, so it stands in nobody's way before.
    blocking = [
        one for one in findings if one.count and one.weight is Weight.BLOCKING and one.key != "revalued"
    ]
    return {
        "book": book,
        "through": through,
        "rows": rows,
        "problem": problem,
        "is_blocked": bool(blocking),
        "can_close": can_close,
    }


@allow("finance.close")
@require_POST
def close(request: HttpRequest) -> HttpResponse:
    """Close a book through a day; what can be accepted is, with its reason."""
    actor = whole_actor(request)
    book, _known = book_asked(request, actor)
    through = day_asked(request.POST.get("through", ""))
    if book is None or through is None:
        return render(request, "finance/checklist.html", {"problem": _("Choose a day.")})
    accepted = {
        key.removeprefix("accept_"): str(text).strip()
        for key, text in request.POST.items()
        if key.startswith("accept_") and str(text).strip()
    }
    try:
        periods.close(
            book=book, through=through, at=clock.now(), actor=actor, accepted=accepted, laws=laws.LAWS
        )
    except PeriodRefused as refusal:
        findings = refusal.findings or periods.checklist(book=book, through=through)
        context = _context(book, through, findings, can_close=True, problem=str(refusal), given=accepted)
        return render(request, "finance/checklist.html", context)
    answer = HttpResponse(status=204)
    answer.headers["HX-Redirect"] = f"{reverse('finance:close')}?book={book.pk}"
    return answer


@allow("finance.reopen")
@require_http_methods(["GET", "POST"])
def reopen(request: HttpRequest) -> HttpResponse:
    """Open closed periods again, with a reason."""
    actor = whole_actor(request)
    book, _known = book_asked(request, actor)
    form = ReopenForm(request.POST if request.method == "POST" else None, auto_id="dialog_%s")
    if book is not None and form.is_valid():
        try:
            periods.reopen(
                book=book,
                through=form.cleaned_data["through"],
                reason=form.cleaned_data["reason"],
                at=clock.now(),
                actor=actor,
            )
        except PeriodRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            answer = HttpResponse(status=204)
            answer.headers["HX-Refresh"] = "true"
            return close_dialog(add_toast(answer, text=_("The period is open again.")))
    return render(request, "finance/reopen.html", {"form": form, "book": book})
