"""Deciding a document that does not agree: its difference shown, accepted with a reason, or set aside."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ecomhub import clock
from ecomhub.access import allow
from ecomhub.celery import ring
from ecomhub.shell.toasts import add_toast, close_dialog
from finance.models import DocumentRuling, SettlementFile
from finance.pages.layout_forms import RulingForm
from finance.pages.page_parts import whole_actor
from finance.pages.settlement_views import settlement_or_404
from finance.statements import accepting, summaries
from finance.statements.accepting import RulingRefused
from finance.tasks import take_statement

Kind = DocumentRuling.Kind


@allow("finance.post")
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, pk: int, file: int) -> HttpResponse:
    """Show what a document differs by, and accept it or set it aside with a reason."""
    actor = whole_actor(request)
    settlement = settlement_or_404(actor, pk)
    rows = SettlementFile.objects.select_related("settlement", "file__file")
    document = rows.filter(settlement=settlement, file=file).first()
    if document is None:
        raise Http404(_("There is no such document."))
    can_accept = accepting.may_accept(document=document)
    can_set_aside = accepting.is_open(document=document)
    kinds = [
        (Kind.ACCEPTED.value, _("Accept it: book its lines, and the difference as unclassified")),
        (Kind.SET_ASIDE.value, _("Set it aside as evidence: book nothing of it")),
    ]
    form = RulingForm(
        request.POST if request.method == "POST" else None,
        kinds=kinds if can_set_aside else kinds[:1],
        auto_id="dialog_%s",
    )
    if form.is_valid() and (can_accept or can_set_aside):
        values = form.cleaned_data
        try:
            if values["kind"] == Kind.ACCEPTED:
                job = accepting.accept(
                    document=document, reason=values["reason"], at=clock.now(), actor=actor.name
                )
                ring(take_statement, job.pk)
                done = _("Accepted. It is being booked.")
            else:
                accepting.set_aside(
                    document=document, reason=values["reason"], at=clock.now(), actor=actor.name
                )
                done = _("Set aside. Nothing of it is booked.")
        except RulingRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            answer = HttpResponse(status=204)
            answer.headers["HX-Refresh"] = "true"
            return close_dialog(add_toast(answer, text=done))
    context = {
        "settlement": settlement,
        "document": document,
        "difference": accepting.difference_of(document=document),
        "reason": summaries.reason_words(document.reason),
        "form": form,
        "can_decide": can_accept or can_set_aside,
    }
    return render(request, "finance/decide.html", context)
