"""Many shipments at once: arranged by one decision, watched to their number and label, printed together."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from channels.models import ChannelAccount
from ecomhub import clock
from ecomhub.access import Actor, actor_of, allow
from ecomhub.celery import ring
from logistics import arranging_many, labels, presenting, queries
from logistics.arranging_many import Fit, Result, Wish
from logistics.arranging_views import label_answer
from logistics.models import Arrangement, HandoverRule, Shipment
from logistics.presenting import ArrangementCard
from logistics.tasks import arrange_shipment
from orders.models import Order


def _chosen(request: HttpRequest, actor: Actor) -> list[Shipment]:
    values = request.POST if request.method == "POST" else request.GET
    asked = values.getlist("ids")[: arranging_many.MOST]
    ids = [int(text) for text in asked if text.isascii() and text.isdigit() and len(text) < 19]
    rows = Shipment.objects.visible_to(actor).filter(pk__in=ids)
    return list(queries.with_content(rows).order_by("pk"))


def _address(name: str, shipments: list[Shipment]) -> str:
    return f"{reverse(name)}?{urlencode([('ids', shipment.pk) for shipment in shipments])}"


def _by_account(fits: list[Fit]) -> list[dict[str, Any]]:
    """Return each account with how many shipments of it will be arranged, for one choice per account."""
    accounts: dict[int, ChannelAccount] = {}
    counts: dict[int, int] = {}
    for fit in fits:
        if fit.account is not None:
            accounts[fit.account.pk] = fit.account
            counts[fit.account.pk] = counts.get(fit.account.pk, 0) + 1
    return [{"account": accounts[pk], "count": counts[pk], "field": f"way-{pk}"} for pk in sorted(accounts)]


@dataclass(frozen=True, slots=True)
class Watched:
    """One shipment whose arrangement is being watched."""

    shipment: Shipment
    order: Order | None
    card: ArrangementCard | None


def _watch(shipment: Shipment) -> Watched:
    line = shipment.lines.first()
    if line is None:
        return Watched(shipment, None, None)
    order = line.line.order
    return Watched(shipment, order, presenting.card(shipment=shipment, order=order))


@allow("logistics.arrange")
@require_http_methods(["GET", "POST"])
def arrange_many(request: HttpRequest) -> HttpResponse:
    """Show which of the chosen shipments can be arranged and ask how, for each account; then arrange them."""
    actor = actor_of(request)
    fits = arranging_many.sort_out(shipments=_chosen(request, actor))
    if request.method == "GET":
        context = {
            "fits": [fit for fit in fits if fit.account is not None],
            "left": [fit for fit in fits if fit.account is None],
            "accounts": _by_account(fits),
            "ways": HandoverRule.Preference.choices,
        }
        return render(request, "logistics/arrange_many.html", context)
    wishes = [
        Wish(fit.shipment.pk, preference=_way(request, fit.account))
        for fit in fits
        if fit.account is not None
    ]
    results = arranging_many.intend_many(wishes=wishes, at=clock.now(), actor=actor.name)
    for result in results:
        if result.arrangement is not None:
            ring(arrange_shipment, result.arrangement.pk)
    return _watched(request, fits, results)


def _way(request: HttpRequest, account: ChannelAccount) -> str:
    wanted = request.POST.get(f"way-{account.pk}", "")
    return wanted if wanted in HandoverRule.Preference.values else ""


def _watched(request: HttpRequest, fits: list[Fit], results: list[Result]) -> HttpResponse:
    """Show what became of each: those that go on now, and those refused with the reason."""
    by_pk = {fit.shipment.pk: fit.shipment for fit in fits}
    refused = {result.shipment_id: result.text for result in results if result.arrangement is None}
    refused |= {fit.shipment.pk: fit.text for fit in fits if fit.account is None}
    taken = [by_pk[result.shipment_id] for result in results if result.arrangement is not None]
    context = {
        "refused": [{"shipment": by_pk[pk], "text": text} for pk, text in sorted(refused.items())],
        **_progress(actor_of(request), [shipment.pk for shipment in taken]),
    }
    return render(request, "logistics/arranging_many.html", context)


def _progress(actor: Actor, ids: list[int]) -> dict[str, Any]:
    rows = queries.with_content(Shipment.objects.visible_to(actor).filter(pk__in=ids)).order_by("pk")
    shown = [_watch(shipment) for shipment in rows]
    waiting = [one for one in shown if one.card is not None and one.card.is_waiting]
    ready = [one.shipment for one in shown if presenting.has_label(shipment=one.shipment)]
    return {
        "rows": shown,
        "most": len(shown),
        "value": len(shown) - len(waiting),
        "done": not waiting,
        "url": _address("logistics:arranging", [one.shipment for one in shown]),
        "labels_url": _address("logistics:labels", ready) if ready else "",
        "labels": len(ready),
        "can_see_labels": actor.may("logistics.label"),
    }


@allow("logistics.view")
@require_GET
def arranging(request: HttpRequest) -> HttpResponse:
    """Show how far the arrangements of some shipments are; asks for itself until nothing is awaited."""
    actor = actor_of(request)
    context = _progress(actor, [shipment.pk for shipment in _chosen(request, actor)])
    return render(request, "logistics/arranging_progress.html", context)


@allow("logistics.label")
@require_GET
def pick_labels(request: HttpRequest) -> HttpResponse:
    """Say which of the chosen shipments have their label, and offer them in one file."""
    shipments = _chosen(request, actor_of(request))
    ready = [shipment for shipment in shipments if presenting.has_label(shipment=shipment)]
    context = {
        "ready": ready,
        "missing": [shipment for shipment in shipments if shipment not in ready],
        "url": _address("logistics:labels", ready) if ready else "",
    }
    return render(request, "logistics/labels.html", context)


@allow("logistics.label")
@require_GET
def labels_file(request: HttpRequest) -> HttpResponse | FileResponse:
    """Hand out the labels of the chosen shipments: one as it is, several in a zip. They name buyers."""
    rows = labels.ready(shipments=_chosen(request, actor_of(request)))
    if not rows:
        raise Http404(_("None of these shipments has its label yet."))
    return label_answer(row=rows[0]) if len(rows) == 1 else zip_answer(rows=rows)


def zip_answer(*, rows: list[Arrangement]) -> FileResponse:
    """Return labels in one zip, as an answer nobody caches."""
    answer = FileResponse(
        labels.bundle(rows=rows), as_attachment=True, filename="labels.zip", content_type="application/zip"
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store, private"
    return answer
