"""Payouts: where each is, what it was matched with and what was between; matching them by hand."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from ecomhub import clock
from ecomhub.access import Actor, actor_of, allow
from ecomhub.shell.parts import Pager, Tab
from ecomhub.shell.toasts import add_toast, close_dialog
from finance import queries
from finance.models import Payout
from finance.pages.page_parts import account_names, address, number_asked, section_tabs, whole_actor
from finance.pages.payout_forms import PayoutFilterForm, ReasonForm
from finance.reconciliation import match_booking, matching_by_hand, payout_queries
from finance.reconciliation.match_booking import MatchRefused
from finance.reconciliation.matching_by_hand import Outcome
from finance.reconciliation.payout_queries import SHORT, Between, Matched

COLORS = {
    Payout.State.SENT.value: "azure",
    Payout.State.ARRIVED.value: "green",
    SHORT: "orange",
    Payout.State.FAILED.value: "red",
    Payout.State.DROPPED.value: "secondary",
}
_LATE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Row:
    """One payout of the list."""

    one: Payout
    word: str
    color: str
    matched: Matched | None
    by: str
    between: list[tuple[Between, str]]
    age: str
    is_late: bool


def condition_words() -> dict[str, str]:
    """Return by what a rule knew a payout, in words."""
    return {
        "came_back": _("It came back"),
        "reference": _("By its reference"),
        "reference_fee": _("By its reference, less a fee"),
        "reference_converted": _("By its reference, converted"),
        "stated": _("By the conversion the platform stated"),
        "amount": _("By its amount"),
        "rounded": _("By its amount, rounded"),
        "amount_fee": _("By its amount, less a fee"),
        "converted": _("By what it is worth"),
    }


def _by(matched: Matched) -> str:
    return condition_words().get(matched.condition, matched.rule) if matched.rule else _("By hand")


def _state(row: Payout, matched: Matched | None) -> tuple[str, str]:
    """Return a payout's state in a word, and its color."""
    if row.state == Payout.State.ARRIVED and matched is not None and matched.difference:
        return _("Arrived, less came"), COLORS[SHORT]
    return str(Payout.State(row.state).label), COLORS[row.state]


def _days(row: Payout, today: date) -> int:
    until = today if row.arrived_at is None else row.arrived_at.date()
    return max((until - row.sent_at.date()).days, 0)


def _named(matched: Matched | None, names: dict[str, str]) -> list[tuple[Between, str]]:
    return [] if matched is None else [(one, names.get(one.account, one.account)) for one in matched.between]


@allow("finance.view")
@require_GET
def payouts(request: HttpRequest) -> HttpResponse:
    """List payouts, the latest first."""
    actor = actor_of(request)
    form = PayoutFilterForm(
        request.GET,
        accounts=list(queries.accounts_of(actor=actor)),
        currencies=payout_queries.currencies_of(actor=actor),
    )
    wanted = form.wanted()
    page = payout_queries.payout_page(
        rows=payout_queries.payouts(actor=actor, wanted=wanted),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    matches = payout_queries.matches_of(payouts=[row.pk for row in page.rows])
    names = account_names()
    counts = payout_queries.state_counts(actor=actor, wanted=wanted)
    kept: dict[str, object] = {
        "q": wanted.text,
        "account": wanted.account.pk if wanted.account else "",
        "currency": wanted.currency,
        "month": wanted.month.strftime("%Y-%m") if wanted.month else "",
    }
    here = {**kept, "state": wanted.state}
    context = {
        "sections": section_tabs("payouts", actor=actor),
        "views": _tabs(wanted.state, counts, kept),
        "filter": form,
        "clear_url": address("finance:payouts", state=wanted.state) if any(kept.values()) else "",
        "asked": any(here.values()),
        "rows": [_row(row, matches.get(row.pk, []), names) for row in page.rows],
        "pager": Pager(
            shown=len(page.rows),
            previous_url=address("finance:payouts", **here, before=page.previous) if page.previous else None,
            next_url=address("finance:payouts", **here, after=page.following) if page.following else None,
            total=counts[wanted.state],
        ),
    }
    return render(request, "finance/payouts.html", context)


def _tabs(state: str, counts: dict[str, int], kept: dict[str, object]) -> list[Tab]:
    words = [
        ("", _("All"), ""),
        ("sent", Payout.State.SENT.label, ""),
        ("arrived", Payout.State.ARRIVED.label, ""),
        (SHORT, _("Arrived, less came"), "orange"),
        ("failed", Payout.State.FAILED.label, "red"),
    ]
    return [
        Tab(
            label=str(label),
            url=address("finance:payouts", **{**kept, "state": key}),
            count=counts[key],
            active=state == key,
            color=color if counts[key] else "",
        )
        for key, label, color in words
    ]


def _row(row: Payout, matches: list[Matched], names: dict[str, str]) -> Row:
    matched = matches[-1] if matches else None
    word, color = _state(row, matched)
    days = _days(row, clock.now().date())
    return Row(
        one=row,
        word=word,
        color=color,
        matched=matched,
        by="" if matched is None else _by(matched),
        between=_named(matched, names),
        age=ngettext("%d day", "%d days", days) % days,
        is_late=row.state == Payout.State.SENT and days > _LATE_DAYS,
    )


def _asked(request: HttpRequest, actor: Actor, pk: int) -> Payout:
    rows: QuerySet[Payout] = payout_queries.payouts_of(actor=actor).select_related(
        "account__book", "settlement__account", "line__settlement__account"
    )
    row = rows.filter(pk=pk).first()
    if row is None:
        raise Http404(_("There is no such payout."))
    return row


@allow("finance.view")
@require_GET
def payout(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one payout's way: its settlement or line, what was sent, where it arrived, what was between."""
    actor = actor_of(request)
    row = _asked(request, actor, pk)
    matches = payout_queries.matches_of(payouts=[pk], with_undone=True).get(pk, [])
    standing = next((one for one in matches if one.undoing is None), None)
    names = account_names()
    word, color = _state(row, standing)
    is_whole = actor.shop_ids is None
    may_match = actor.may("finance.reconcile") and is_whole
    context = {
        "payout": row,
        "word": word,
        "color": color,
        "days": _days(row, clock.now().date()),
        "standing": standing,
        "by": "" if standing is None else _by(standing),
        "between": _named(standing, names),
        "undone": [(one, _by(one)) for one in matches if one.undoing is not None],
        "entries": payout_queries.entries_of(payout=row) if is_whole else [],
        "can_match": may_match and row.state == Payout.State.SENT and row.amount,
        "can_undo": may_match and standing is not None,
    }
    return render(request, "finance/payout.html", context)


@allow("finance.reconcile")
@require_http_methods(["GET", "POST"])
def match(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the receipts a payout is, see what is between and where it goes, and match with a reason."""
    actor = whole_actor(request)
    row = _asked(request, actor, pk)
    if row.state != Payout.State.SENT:
        messages.info(request, _("This payout is not on its way any more."))
        return redirect("finance:payout", pk=pk)
    asked = request.POST if request.method == "POST" else request.GET
    chosen = [number for text in asked.getlist("line")[:100] if (number := number_asked(text))]
    text = asked.get("q", "").strip().replace("\0", "")[:120]
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            matching_by_hand.match(
                payout_id=pk,
                lines=chosen,
                reason=form.cleaned_data["reason"],
                at=clock.now(),
                actor=actor.name,
            )
        except MatchRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Matched. The entry is in the ledger."))
            return redirect("finance:payout", pk=pk)
    context: dict[str, Any] = {
        "payout": row,
        "form": form,
        "text": text,
        "chosen": chosen,
        "candidates": [
            (one, one.one.line_id in chosen)
            for one in payout_queries.candidates(payout=row, at=clock.now(), text=text, chosen=chosen)
        ],
        "book": row.account.book,
    }
    if chosen:
        context |= _shown(pk, chosen)
    return render(request, "finance/payout_match.html", context)


def _shown(pk: int, chosen: list[int]) -> dict[str, Any]:
    """Return what matching would book, for the page."""
    try:
        outcome: Outcome = matching_by_hand.look(payout_id=pk, lines=chosen, at=clock.now())
    except MatchRefused as refusal:
        return {"refusal": str(refusal)}
    names = account_names()
    return {
        "outcome": outcome,
        "refusal": outcome.refusal,
        "legs": [(leg, names.get(leg.account, leg.account)) for leg in outcome.legs],
        "place": names.get(outcome.account, ""),
    }


@allow("finance.reconcile")
@require_http_methods(["GET", "POST"])
def take_apart(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a payout and its receipts apart again, with a reason: the entry is reversed."""
    actor = whole_actor(request)
    row = _asked(request, actor, pk)
    form = ReasonForm(request.POST if request.method == "POST" else None, auto_id="dialog_%s")
    if form.is_valid():
        try:
            match_booking.take_back(
                payout_id=pk, reason=form.cleaned_data["reason"], at=clock.now(), actor=actor.name
            )
        except MatchRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            answer = HttpResponse(status=204)
            answer.headers["HX-Refresh"] = "true"
            return close_dialog(add_toast(answer, text=_("Taken apart. The receipts wait again.")))
    return render(request, "finance/payout_undo.html", {"payout": row, "form": form})
