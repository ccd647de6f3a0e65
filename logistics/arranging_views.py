"""Arranging a shipment in the browser: the dialog with the choices, asking again, the label, and leaving."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels.registry import platform
from ecomhub import clock
from ecomhub.access import Actor, actor_of, allow
from ecomhub.celery import ring
from ecomhub.files import FileDamaged, FileMissing
from ecomhub.sealed import SealBroken
from ecomhub.shell.toasts import add_toast, close_dialog
from logistics import arranging, dispatch, labels
from logistics.dividing import divides
from logistics.forms import UnitsForm
from logistics.models import Arrangement, HandoverRule, Shipment
from logistics.refusals import ShipmentRefused
from logistics.tasks import arrange_shipment
from logistics.views import done, panel_of, shipment_or_404
from orders.models import Order
from orders.opened import NotAllowed


def _dialog(
    request: HttpRequest,
    *,
    shipment: Shipment,
    order: Order,
    tried: UnitsForm | None = None,
    problem: str = "",
) -> HttpResponse:
    """Show the ways a parcel can be handed over, or why there are none."""
    offers: list[arranging.Offer] = []
    try:
        offers = arranging.offers(shipment_id=shipment.pk, at=clock.now())
    except (ShipmentRefused, NotAllowed) as error:
        problem = problem or str(error)
    units = tried or UnitsForm(shipment=shipment)
    several = sum(units.held.values()) > 1
    can_divide = divides(platform_key=order.account.platform)
    context = {
        "parts": units.lines_to_leave() if several and can_divide else [],
        "whole_only": several and not can_divide,
        "platform": platform(order.account.platform).name,
        "shipment": shipment,
        "order": order,
        "offers": offers,
        "asks_number": any(offer.needs_number for offer in offers),
        "problem": problem,
        "typed": request.POST.get("tracking_number", "")[:120],
        "preference": arranging.preference_of(shop_id=order.shop_id),
        "preferences": HandoverRule.Preference.choices,
        "can_set_rule": actor_of(request).may("logistics.rules"),
    }
    return render(request, "logistics/arrange.html", context)


@allow("logistics.arrange")
@require_http_methods(["GET", "POST"])
def arrange(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how a shipment can be handed over, and arrange it the chosen way."""
    actor = actor_of(request)
    shipment, order = shipment_or_404(actor, pk)
    if request.method == "GET":
        return _dialog(request, shipment=shipment, order=order)
    form = _units(request, shipment)
    if form is not None and not form.is_valid():
        return _dialog(request, shipment=shipment, order=order, tried=form)
    try:
        row = arranging.arrange(
            shipment_id=pk,
            choice_key=request.POST.get("choice", "")[:40],
            tracking_number=request.POST.get("tracking_number", ""),
            parts=form.parts() if form is not None else None,
            at=clock.now(),
            actor=actor.name,
        )
    except (ShipmentRefused, NotAllowed) as error:
        return _dialog(request, shipment=shipment, order=order, tried=form, problem=str(error))
    _keep_rule(request, actor, order)
    ring(arrange_shipment, row.pk)
    response = close_dialog(HttpResponse(status=204))
    response.headers["HX-Refresh"] = "true"
    return add_toast(response, text=_("%(number)s is arranged next.") % {"number": shipment.number})


def _units(request: HttpRequest, shipment: Shipment) -> UnitsForm | None:
    """Return the form of how much is arranged, ``None`` where the dialog did not ask."""
    form = UnitsForm(request.POST, shipment=shipment)
    asked = any(form.add_prefix(name) in request.POST for name in form.fields)
    return form if asked else None


def _keep_rule(request: HttpRequest, actor: Actor, order: Order) -> None:
    """Keep the shop's preference when it was changed by somebody who may."""
    wanted = request.POST.get("preference", "")
    if wanted not in HandoverRule.Preference.values or not actor.may("logistics.rules"):
        return
    if wanted != arranging.preference_of(shop_id=order.shop_id):
        arranging.prefer(shop=order.shop, preference=wanted)


@allow("logistics.arrange")
@require_POST
def ask_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an arrangement's next step now: again after a refusal, or without waiting any longer."""
    actor = actor_of(request)
    row = get_object_or_404(Arrangement.objects.visible_to(actor), pk=pk)
    _shipment, order = shipment_or_404(actor, row.shipment_id)
    try:
        arranging.again(arrangement_id=row.pk, at=clock.now(), actor=actor.name)
    except (ShipmentRefused, NotAllowed) as error:
        return panel_of(request, order, problem=str(error))
    ring(arrange_shipment, row.pk)
    return done(request, order, _("The marketplace is asked next."))


@allow("logistics.ship")
@require_POST
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an arranged shipment leave; carrier and number are the marketplace's."""
    actor = actor_of(request)
    shipment, order = shipment_or_404(actor, pk)
    try:
        dispatch.dispatch(shipment_id=pk, at=clock.now(), actor=actor.name)
    except (ShipmentRefused, NotAllowed) as error:
        return panel_of(request, order, problem=str(error))
    return done(request, order, _("%(number)s has left.") % {"number": shipment.number})


@allow("logistics.label")
@require_GET
def label(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand out a label: shown where a browser can show it, else as a file. It names the buyer."""
    row = get_object_or_404(Arrangement.objects.visible_to(actor_of(request)), pk=pk)
    return label_answer(row=row)


def label_answer(*, row: Arrangement) -> HttpResponse:
    """Return a label's bytes as an answer nobody caches. Raises ``Http404`` while there is none."""
    try:
        found = labels.read(row=row)
    except (FileMissing, FileDamaged) as error:
        raise Http404(
            _("The label's file is not in the store any more. Ask the marketplace again.")
        ) from error
    except SealBroken as error:
        raise PermissionDenied(_("The label is sealed with a key that is not in the ring.")) from error
    if found is None:
        raise Http404(_("The marketplace has not given the label yet."))
    file, data = found
    shown = "inline" if file.content_type in labels.SHOWN else "attachment"
    answer = HttpResponse(data, content_type=file.content_type)
    answer.headers["Content-Disposition"] = f'{shown}; filename="{file.name}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store, private"
    return answer
