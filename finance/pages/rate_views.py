"""Exchange rates: the table, a rate typed by a person, a document of rates."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from ecomhub import clock
from ecomhub.access import actor_of, allow
from ecomhub.money import decimal_text
from ecomhub.shell.parts import Pager
from ecomhub.shell.toasts import add_toast, close_dialog
from finance import queries, seeing
from finance.accounting import policies, rate_queries, rates
from finance.accounting.rate_sources import BY_KEY, RatesUnreadable
from finance.models import Book
from finance.pages.forms import RateFileForm, RateFilterForm, RateForm
from finance.pages.page_parts import address, section_tabs, whole_actor

LARGEST_FILE = 32_000_000


def source_title(key: str) -> str:
    """Return whose rates these are, in words."""
    return str(BY_KEY[key].title) if key in BY_KEY else key


def policy_words(policy: Mapping[str, Any], currency: str) -> str:
    """Say in words which rates a book in a currency takes and what is rounding, by ``policy``."""
    days = policy["rate_days"]
    said = [
        str(Book.RatePolicy(policy["rate_policy"]).label),
        source_title(policy["rate_source"]),
        ngettext("at most %(days)s day old", "at most %(days)s days old", days) % {"days": days},
    ]
    if policy["allows_cross_rates"]:
        said.append(_("through a third currency where needed"))
    if policy["rounding_cap"]:
        said.append(
            _("rounding up to %(cap)s, %(month)s in a month")
            % {
                "cap": decimal_text(policy["rounding_cap"], currency),
                "month": decimal_text(policy["rounding_cap_month"], currency),
            }
        )
    else:
        said.append(_("nothing is rounding"))
    return ", ".join(said)


@allow("finance.view")
@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """List rates, the latest day first; up to today unless another day is asked for."""
    actor = actor_of(request)
    form = RateFilterForm(request.GET)
    wanted = form.wanted()
    today = timezone.localdate(clock.now())
    page = rate_queries.rate_page(
        rows=rate_queries.rates(wanted=replace(wanted, on=wanted.on or today)),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    kept: dict[str, object] = {
        "q": wanted.text,
        "source": wanted.source,
        "on": wanted.on.isoformat() if wanted.on else "",
        "kind": wanted.kind,
    }
    later = None if wanted.on else rate_queries.later(wanted=wanted, day=today)
    context: dict[str, Any] = {
        "sections": section_tabs("rates", actor=actor),
        "today": today,
        "later": later,
        "later_url": address("finance:rates", **(kept | {"on": later.last.isoformat()})) if later else "",
        "filter": form,
        "clear_url": address("finance:rates") if any(kept.values()) else "",
        "rows": [(row, source_title(row.source)) for row in page.rows],
        "pager": Pager(
            shown=len(page.rows),
            previous_url=address("finance:rates", **kept, before=page.previous) if page.previous else None,
            next_url=address("finance:rates", **kept, after=page.following) if page.following else None,
        ),
        "books": list(queries.books_of(actor=actor)),
        "can_close": actor.may("finance.close") and seeing.everything(actor=actor),
        "can_change": actor.may("finance.post") and seeing.everything(actor=actor),
    }
    context["policies"] = [
        (book, policy_words(policies.policy_of(book=book), book.currency)) for book in context["books"]
    ]
    return render(request, "finance/rates.html", context)


@allow("finance.post")
@require_http_methods(["GET", "POST"])
def type_rate(request: HttpRequest) -> HttpResponse:
    """Store a rate a person types, with its reason."""
    actor = whole_actor(request)
    initial = {key: request.GET[key] for key in ("base", "quote", "on") if key in request.GET}
    form = RateForm(
        request.POST if request.method == "POST" else None,
        initial={"unit": 1, **initial},
        auto_id="dialog_%s",
    )
    if form.is_valid():
        try:
            row = rates.type_rate(**form.cleaned_data, actor=actor.name)
        except RatesUnreadable as refusal:
            form.add_error(None, str(refusal))
        else:
            answer = HttpResponse(status=204)
            answer.headers["HX-Refresh"] = "true"
            said = _("%(base)s/%(quote)s of %(on)s is stored.") % {
                "base": row.base,
                "quote": row.quote,
                "on": row.on.isoformat(),
            }
            return close_dialog(add_toast(answer, text=said))
    return render(request, "finance/type_rate.html", {"form": form})


@allow("finance.import")
@require_http_methods(["GET", "POST"])
def take_file(request: HttpRequest) -> HttpResponse:
    """Take a document of rates in, wholly or not at all."""
    actor = whole_actor(request)
    form = RateFileForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        auto_id="dialog_%s",
    )
    if form.is_valid():
        file = form.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            form.add_error("file", _("The file is too large for rates. Give one of at most 32 MB."))
            return render(request, "finance/rate_file.html", {"form": form})
        try:
            taken = rates.import_rates(
                data=file.read(),
                name=file.name,
                source=form.cleaned_data["source"],
                reason=form.cleaned_data["reason"],
                actor=actor.name,
            )
        except RatesUnreadable as refusal:
            form.add_error("file", str(refusal))
        else:
            words = (
                _("%(rates)d rates were read: these bytes were known already.")
                if taken.was_known
                else _("%(rates)d rates were read: %(new)d new, %(corrected)d corrected.")
            )
            messages.success(
                request,
                words % {"rates": taken.rates, "new": taken.new, "corrected": taken.corrected},
            )
            answer = HttpResponse(status=204)
            answer.headers["HX-Redirect"] = address("finance:rates", source=taken.source)
            return answer
    return render(request, "finance/rate_file.html", {"form": form})
