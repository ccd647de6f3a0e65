"""Pages of the house: the list of shipments, and the fragment of the order page that ships."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecomhub import clock
from ecomhub.access import Actor, actor_of, allow
from ecomhub.shell.parts import Choice, Pager, Tab
from ecomhub.work import WorkState
from inventory.models import Warehouse
from logistics import confirmation, dispatch, presenting, queries
from logistics.carriers import known_carriers
from logistics.forms import ShipForm, ShipmentFilterForm
from logistics.models import Confirmation, Shipment
from logistics.refusals import ShipmentRefused
from orders.models import Order
from orders.opened import NotAllowed

STATE_COLORS = {"planned": "blue", "dispatched": "teal", "voided": "secondary"}
OUTCOME_COLORS = {
    "intended": "azure",
    "sent": "azure",
    "unknown": "orange",
    "confirmed": "green",
    "refused": "red",
    "withheld": "secondary",
}


def _decorate(shipment: Shipment) -> Shipment:
    """Put on a shipment what its templates show."""
    shipment.color = STATE_COLORS[shipment.state]  # type: ignore[attr-defined]
    orders = {line.line.order_id: line.line.order for line in shipment.lines.all()}
    shipment.orders = list(orders.values())  # type: ignore[attr-defined]
    shipment.units = sum(line.quantity for line in shipment.lines.all())  # type: ignore[attr-defined]
    row = presenting.arrangement_of(shipment=shipment)
    shipment.card = row  # type: ignore[attr-defined]
    shipment.card_color = presenting.ARRANGEMENT_COLORS[row.outcome] if row else ""  # type: ignore[attr-defined]
    shipment.told = [  # type: ignore[attr-defined]
        {
            "row": row,
            "color": OUTCOME_COLORS[row.outcome],
            "can_tell": row.outcome in ("refused", "withheld") or row.state in ("paused", "quarantined"),
        }
        for row in shipment.confirmations.all()
    ]
    return shipment


def _tabs(view: str, kept: dict[str, str], counts: dict[str, int]) -> list[Tab]:
    words = {
        "planned": _("To send"),
        "awaiting": _("Being arranged"),
        "dispatched": _("Sent"),
        "stopped": _("Not marked as shipped"),
        "voided": _("Voided"),
        "all": _("All"),
    }
    address = reverse("logistics:list")
    return [
        Tab(
            label=label,
            url=f"{address}?{urlencode({**kept, 'view': key})}",
            active=key == view,
            count=counts.get(key),
            color="red" if key == "stopped" and counts.get(key) else "",
        )
        for key, label in words.items()
    ]


def _bulk(actor: Actor, view: str) -> list[Choice]:
    """Return what can be done to many rows of a tab at once."""
    arrange = Choice(_("Arrange"), reverse("logistics:arrange-many"), icon="truck")
    print_them = Choice(_("Labels"), reverse("logistics:pick-labels"), icon="printer")
    can_arrange = actor.may("logistics.arrange") and view in ("planned", "stopped", "all")
    can_print = actor.may("logistics.label") and view != "voided"
    return [each for each, may in ((arrange, can_arrange), (print_them, can_print)) if may]


def _address(params: dict[str, str]) -> str:
    return f"{reverse('logistics:list')}?{urlencode(params)}"


@allow("logistics.view")
@require_GET
def shipments(request: HttpRequest) -> HttpResponse:
    """List shipments, the newest plan first."""
    actor = actor_of(request)
    view = request.GET.get("view", "planned")
    view = view if view in queries.VIEWS else "planned"
    form = ShipmentFilterForm(request.GET)
    form.fields["warehouse"].queryset = Warehouse.objects.visible_to(actor).order_by("code")  # type: ignore[attr-defined]
    form.is_valid()
    warehouse = form.cleaned_data.get("warehouse")
    text = form.cleaned_data.get("q", "").strip()
    kept = {
        name: value
        for name, value in (("q", text), ("warehouse", str(warehouse.pk) if warehouse else ""))
        if value
    }
    page = queries.page(
        rows=queries.found(
            actor=actor, view=view, text=text, warehouse_id=warehouse.pk if warehouse else None
        ),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    here = {**kept, "view": view}
    context: dict[str, Any] = {
        "tabs": _tabs(view, kept, queries.counts(actor=actor)),
        "filter": form,
        "clear_url": _address({"view": view}) if kept else "",
        "shipments": [_decorate(shipment) for shipment in page.rows],
        "can_see_labels": actor.may("logistics.label"),
        "bulk": _bulk(actor, view),
        "pager": Pager(
            shown=len(page.rows),
            previous_url=_address({**here, "before": page.previous}) if page.previous else None,
            next_url=_address({**here, "after": page.next}) if page.next else None,
        ),
    }
    return render(request, "logistics/list.html", context)


def _order(actor: Actor, pk: int) -> Order:
    return get_object_or_404(Order.objects.visible_to(actor).select_related("account", "shop"), pk=pk)


def panel_of(
    request: HttpRequest, order: Order, *, tried: ShipForm | None = None, problem: str = ""
) -> HttpResponse:
    """Show an order's shipments as a fragment of its page, with what was typed and why it was refused."""
    actor = actor_of(request)
    can_ship = actor.may("logistics.ship")
    rows = []
    for shipment in queries.of_orders(order_ids=[order.pk], actor=actor)[order.pk]:
        form = None
        card = presenting.card(shipment=shipment, order=order)
        if can_ship and shipment.state == Shipment.State.PLANNED and card is None:
            form = ShipForm(
                shipment=shipment,
                initial={name: getattr(shipment, name) for name in ("carrier", "tracking_number", "service")},
            )
            form = tried if tried is not None and tried.prefix == form.prefix else form
        parts = form.lines_to_leave() if form else []
        rows.append({"shipment": _decorate(shipment), "form": form, "parts": parts, "card": card})
    context = {
        "order": order,
        "rows": rows,
        "problem": problem,
        "can_ship": can_ship,
        "can_arrange": actor.may("logistics.arrange"),
        "can_see_labels": actor.may("logistics.label"),
        "carriers": known_carriers() if can_ship else [],
        "is_waiting": _waits_for_the_platform(rows) or (not rows and presenting.is_planned_soon(order=order)),
        "nothing_planned": "" if rows else presenting.nothing_planned(order=order),
    }
    return render(request, "logistics/order_panel.html", context)


def _waits_for_the_platform(rows: list[dict[str, Any]]) -> bool:
    """Say whether the panel shall look again by itself: the platform is being told and nobody types here."""
    told = [one["row"] for row in rows for one in row["shipment"].told]
    being_told = any(one.outcome in queries.OPEN_OUTCOMES and one.state == WorkState.WAITING for one in told)
    awaited = any(row["card"] and row["card"].is_waiting for row in rows)
    return (being_told or awaited) and not any(row["form"] for row in rows)


@allow("logistics.view")
@require_GET
def order_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an order's shipments, with a form for those that wait to leave."""
    return panel_of(request, _order(actor_of(request), pk))


def shipment_or_404(actor: Actor, pk: int) -> tuple[Shipment, Order]:
    """Return a shipment the actor may see, with its first order. Raises ``Http404``."""
    found = queries.with_content(Shipment.objects.visible_to(actor)).filter(pk=pk).first()
    line = found.lines.first() if found is not None else None
    if found is None or line is None:
        raise Http404(_("There is no such shipment."))
    return found, _order(actor, line.line.order_id)


def done(request: HttpRequest, order: Order, said: str) -> HttpResponse:
    """Show the whole order page anew with a word of success: its state, lines and timeline changed too."""
    messages.success(request, said)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect("orders:detail", order.pk)


@allow("logistics.ship")
@require_POST
def dispatch_shipment(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a planned shipment leave, wholly or in part, or only note its carrier and number."""
    actor = actor_of(request)
    shipment, order = shipment_or_404(actor, pk)
    form = ShipForm(request.POST, shipment=shipment)
    if not form.is_valid():
        return panel_of(request, order, tried=form)
    words = {name: form.cleaned_data[name] for name in ("carrier", "tracking_number", "service")}
    try:
        if "note" in request.POST:
            gone = dispatch.change_tracking(shipment_id=pk, at=clock.now(), actor=actor.name, **words)
            said = _("Carrier and number of %(number)s are noted.") % {"number": gone.number}
        else:
            gone = dispatch.dispatch(
                shipment_id=pk, lines=form.parts(), at=clock.now(), actor=actor.name, **words
            )
            said = _("%(number)s has left. The marketplace is told next.") % {"number": gone.number}
    except (ShipmentRefused, NotAllowed) as error:
        return panel_of(request, order, tried=form, problem=str(error))
    return done(request, order, said)


@allow("logistics.ship")
@require_POST
def set_tracking(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct carrier and number of a shipment that left; the marketplace is told again."""
    actor = actor_of(request)
    shipment, order = shipment_or_404(actor, pk)
    try:
        dispatch.change_tracking(
            shipment_id=pk,
            carrier=request.POST.get("carrier", "")[:60],
            service=request.POST.get("service", shipment.service)[:80],
            tracking_number=request.POST.get("tracking_number", "")[:120],
            at=clock.now(),
            actor=actor.name,
        )
    except (ShipmentRefused, NotAllowed) as error:
        return panel_of(request, order, problem=str(error))
    said = _("Carrier and number of %(number)s are noted.") % {"number": shipment.number}
    return done(request, order, said)


@allow("logistics.ship")
@require_POST
def tell_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the marketplace told now: by hand, or again after a refusal."""
    actor = actor_of(request)
    row = get_object_or_404(Confirmation.objects.visible_to(actor), pk=pk)
    confirmation.again(confirmation_id=row.pk, at=clock.now(), actor=actor.name)
    return done(request, _order(actor, row.order_id), _("The marketplace is told next."))
