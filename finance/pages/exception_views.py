"""The queue of exceptions about money: what is wrong, since when, whose; accepting it with a reason."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from ecomhub import clock
from ecomhub.access import actor_of, allow
from ecomhub.shell.parts import Choice, Pager, Tab
from ecomhub.shell.toasts import add_toast, close_dialog
from finance.models import MoneyException
from finance.pages.forms import AcceptForm, ExceptionFilterForm, NoteForm
from finance.pages.page_parts import EXCEPTION_COLORS, address, section_tabs
from finance.reconciliation import exception_queries, exceptions
from finance.reconciliation.exceptions import ExceptionRefused

MOST_AT_ONCE = 500


def _where(row: MoneyException) -> tuple[str, str]:
    """Return the page an exception is best looked at on, and what it names."""
    if row.order_id is not None and row.order is not None:
        return reverse("orders:detail", args=[row.order_id]), row.order.external_id
    if row.payout_id is not None and row.payout is not None:
        return reverse("finance:payout", args=[row.payout_id]), row.reference or str(row.payout)
    if row.kind == MoneyException.Kind.UNKNOWN_TYPE:
        return reverse("finance:suspense"), row.reference
    if row.settlement_id is not None and row.settlement is not None:
        return reverse("finance:settlement", args=[row.settlement_id]), row.reference or str(row.settlement)
    return "", row.reference or "–"


@allow("finance.view")
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """List exceptions, the oldest first."""
    actor = actor_of(request)
    form = ExceptionFilterForm(request.GET)
    wanted = form.wanted()
    page = exception_queries.exception_page(
        rows=exception_queries.exceptions(actor=actor, wanted=wanted),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    counts = exception_queries.kind_counts(actor=actor)
    kept: dict[str, object] = {"q": wanted.text, "kind": wanted.kind, "owner": wanted.owner}
    here = {**kept, "state": wanted.state}
    today = clock.now().date()
    is_open = wanted.state == MoneyException.State.OPEN
    context = {
        "sections": section_tabs("exceptions", actor=actor),
        "views": [
            Tab(
                label=str(state.label),
                url=address("finance:exceptions", **{**kept, "state": state.value}),
                count=sum(counts.values()) if state == MoneyException.State.OPEN else None,
                active=wanted.state == state.value,
                color="orange" if state == MoneyException.State.OPEN and counts else "",
            )
            for state in MoneyException.State
        ],
        "filter": form,
        "clear_url": address("finance:exceptions", state=wanted.state) if any(kept.values()) else "",
        "rows": [(row, *_where(row), _place(row), _age(row.since, today)) for row in page.rows],
        "color": EXCEPTION_COLORS[wanted.state],
        "is_open": is_open,
        "counts": [(label, counts[key]) for key, label in MoneyException.Kind.choices if counts.get(key)],
        "bulk": [Choice(label=_("Accept with a reason"), url=reverse("finance:accept"), icon="check")]
        if actor.may("finance.reconcile") and is_open
        else [],
        "can_work": actor.may("finance.reconcile") and is_open,
        "pager": Pager(
            shown=len(page.rows),
            previous_url=address("finance:exceptions", **here, before=page.previous)
            if page.previous
            else None,
            next_url=address("finance:exceptions", **here, after=page.following) if page.following else None,
            total=sum(counts.values()) if is_open and not any(kept.values()) else None,
        ),
    }
    return render(request, "finance/exceptions.html", context)


def _place(row: MoneyException) -> str:
    """Return whose money it is: a shop's, or an account's."""
    if row.shop is not None:
        return row.shop.short_name
    return "–" if row.money_account is None else row.money_account.name


def _age(since: date, today: date) -> str:
    days = max((today - since).days, 0)
    return ngettext("%d day", "%d days", days) % days


@allow("finance.reconcile")
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest) -> HttpResponse:
    """Accept chosen exceptions as they are, with a reason."""
    actor = actor_of(request)
    ids = [
        int(text)
        for text in (request.POST or request.GET).getlist("ids")
        if text.isascii() and text.isdigit()
    ]
    rows = exception_queries.exceptions_of(actor=actor).filter(
        pk__in=ids[:MOST_AT_ONCE], state=MoneyException.State.OPEN
    )
    chosen = list(rows.order_by("since", "pk"))
    form = AcceptForm(request.POST if "save" in request.POST else None, auto_id="dialog_%s")
    if form.is_valid():
        try:
            count = exceptions.accept(
                ids=[row.pk for row in chosen],
                reason=form.cleaned_data["reason"],
                at=clock.now(),
                actor=actor.name,
            )
        except ExceptionRefused as refusal:
            form.add_error("reason", str(refusal))
        else:
            answer = HttpResponse(status=204)
            answer.headers["HX-Refresh"] = "true"
            said = ngettext("%d exception was accepted.", "%d exceptions were accepted.", count) % count
            return close_dialog(add_toast(answer, text=said))
    return render(
        request, "finance/accept.html", {"form": form, "chosen": [(row, _where(row)[1]) for row in chosen]}
    )


@allow("finance.reconcile")
@require_http_methods(["GET", "POST"])
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Say who looks after an exception and what they know."""
    actor = actor_of(request)
    row = exception_queries.exceptions_of(actor=actor).filter(pk=pk).first()
    if row is None:
        raise Http404(_("There is no such exception."))
    initial = {"owner": row.owner or actor.name, "text": row.note}
    form = NoteForm(request.POST if request.method == "POST" else None, initial=initial, auto_id="dialog_%s")
    if form.is_valid():
        try:
            exceptions.note(
                exception_id=pk,
                at=clock.now(),
                actor=actor.name,
                owner=form.cleaned_data["owner"],
                text=form.cleaned_data["text"],
            )
        except ExceptionRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            answer = HttpResponse(status=204)
            answer.headers["HX-Refresh"] = "true"
            return close_dialog(add_toast(answer, text=_("Noted.")))
    return render(request, "finance/note.html", {"form": form, "row": row})
