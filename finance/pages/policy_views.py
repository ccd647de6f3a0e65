"""Which rates a book takes and what is rounding: changing it, and how it was changed before."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ecomhub import clock
from ecomhub.access import allow
from ecomhub.celery import ring
from ecomhub.shell.parts import Happening
from ecomhub.shell.toasts import add_toast, close_dialog
from finance.accounting import policies
from finance.accounting.policies import PolicyRefused
from finance.models import PolicyChange
from finance.pages.page_parts import book_asked, whole_actor
from finance.pages.policy_forms import PolicyForm
from finance.pages.rate_views import policy_words
from finance.tasks import catch_up, explain


@allow("finance.close")
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Let a book take other rates from now on, with a reason; what waits for a rate is tried again."""
    actor = whole_actor(request)
    book, _known = book_asked(request, actor)
    if book is None:
        raise Http404(_("There is no such book."))
    form = PolicyForm(
        request.POST if request.method == "POST" else None,
        initial=policies.written(policy=policies.policy_of(book=book), currency=book.currency),
        auto_id="dialog_%s",
    )
    if form.is_valid():
        try:
            policies.change_policy(book=book, **form.cleaned_data, actor=actor, at=clock.now())
        except PolicyRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            ring(catch_up)
            ring(explain)
            answer = HttpResponse(status=204)
            answer.headers["HX-Refresh"] = "true"
            said = _("What is booked from now on follows this policy. What waits for a rate is tried again.")
            return close_dialog(add_toast(answer, text=said))
    acts = [_happening(act, book.currency) for act in policies.changes_of(book=book)]
    return render(request, "finance/rate_policy.html", {"form": form, "book": book, "acts": acts})


def _happening(act: PolicyChange, currency: str) -> Happening:
    return Happening(
        at=act.at,
        title=policy_words(
            {
                "rate_policy": act.rate_policy,
                "rate_source": act.rate_source,
                "rate_days": act.rate_days,
                "allows_cross_rates": act.allows_cross_rates,
                "rounding_cap": act.rounding_cap,
                "rounding_cap_month": act.rounding_cap_month,
            },
            currency,
        ),
        text=act.reason,
        who=act.actor,
        icon="adjustments",
    )
