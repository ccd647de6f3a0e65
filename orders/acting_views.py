"""Pages that change orders: moves, holds, exceptions, many at once, showing a buyer."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from ecomhub import clock
from ecomhub.access import Actor, actor_of, allow
from ecomhub.shell.toasts import add_toast, close_dialog
from orders import acting, holds, issues, revealing
from orders.lifecycle import can
from orders.models import Order, OrderIssue
from orders.opened import NotAllowed, Opened
from orders.states import OPEN

BULK_LIMIT = 200


def visible(actor: Actor, pk: int) -> None:
    """Raise ``Http404`` for an order the actor may not see."""
    if not Order.objects.visible_to(actor).filter(pk=pk).exists():
        raise Http404(_("There is no such order, or it is not yours to see."))


def tried(act: Callable[[], object], *, done: str) -> HttpResponse:
    """Do an act and reload the page; a refusal is said and changes nothing."""
    response = HttpResponse(status=204)
    try:
        act()
    except NotAllowed as refusal:
        return add_toast(response, text=str(refusal), level="error")
    response.headers["HX-Refresh"] = "true"
    return add_toast(response, text=done)


@allow("orders.view")
@require_POST
def act(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Make one of the table's moves; the move itself asks for the right it needs."""
    actor = actor_of(request)
    visible(actor, pk)
    note = request.POST.get("note", "")

    def move() -> None:
        acting.perform(order_id=pk, action=action, at=clock.now(), actor=actor, note=note)

    return tried(move, done=_("Done."))


@allow("orders.work")
@require_POST
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop an order by hand."""
    actor = actor_of(request)
    visible(actor, pk)
    return tried(
        lambda: holds.hold(order_id=pk, at=clock.now(), actor=actor.name), done=_("The order is on hold.")
    )


@allow("orders.work")
@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a held order go on."""
    actor = actor_of(request)
    visible(actor, pk)
    return tried(
        lambda: holds.release_hold(order_id=pk, at=clock.now(), actor=actor.name),
        done=_("The order goes on."),
    )


@allow("orders.work")
@require_POST
def solve(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark an exception as solved."""
    actor = actor_of(request)
    issue = OrderIssue.objects.filter(pk=pk, order__in=Order.objects.visible_to(actor)).first()
    if issue is None:
        raise Http404(_("There is no such exception."))
    return tried(
        lambda: issues.solve_issue(issue_id=pk, at=clock.now(), actor=actor.name),
        done=_("The exception is solved."),
    )


@allow("orders.view_buyer")
@require_POST
def buyer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the buyer of an order; who looked is written down."""
    actor = actor_of(request)
    try:
        found = revealing.reveal(order_id=pk, at=clock.now(), actor=actor)
    except Order.DoesNotExist:
        raise Http404(_("There is no such order, or it is not yours to see.")) from None
    return render(request, "orders/buyer.html", {"buyer": found})


@dataclass(frozen=True, slots=True)
class Bulk:
    """One act on many orders: its words, whether it can be done to one, and doing it."""

    title: str
    can: Callable[[Order], bool]
    do: Callable[[int, Actor], object]


def _moves(action: str) -> Callable[[int, Actor], object]:
    return lambda pk, actor: acting.perform(order_id=pk, action=action, at=clock.now(), actor=actor)


def _can_move(action: str) -> Callable[[Order], bool]:
    return lambda order: can(Opened(order, list(order.lines.all())), action=action)


def _bulks() -> dict[str, Bulk]:
    return {
        "approve": Bulk(_("Approve"), _can_move("approve"), _moves("approve")),
        "ignore": Bulk(_("Ignore"), _can_move("ignore"), _moves("ignore")),
        "hold": Bulk(
            _("Hold"),
            lambda order: order.status in OPEN and not order.hold_reason,
            lambda pk, actor: holds.hold(order_id=pk, at=clock.now(), actor=actor.name),
        ),
        "release": Bulk(
            _("Release the hold"),
            lambda order: bool(order.hold_reason) and not order.cancel_requested,
            lambda pk, actor: holds.release_hold(order_id=pk, at=clock.now(), actor=actor.name),
        ),
    }


def _chosen(request: HttpRequest, actor: Actor) -> list[Order]:
    values = request.POST if request.method == "POST" else request.GET
    ids = [int(text) for text in values.getlist("ids") if text.isdigit()][:BULK_LIMIT]
    found = Order.objects.visible_to(actor).filter(pk__in=ids)
    return list(found.select_related("account", "shop").prefetch_related("lines").order_by("pk"))


@allow("orders.work")
@require_http_methods(["GET", "POST"])
def bulk(request: HttpRequest, action: str) -> HttpResponse:
    """Say what an act would do to the chosen orders, then do it to those it fits."""
    chosen = _bulks().get(action)
    if chosen is None:
        raise Http404(_("There is no such action."))
    actor = actor_of(request)
    orders = _chosen(request, actor)
    if request.method == "GET":
        fits = [order for order in orders if chosen.can(order)]
        left = [order for order in orders if not chosen.can(order)]
        context = {"title": chosen.title, "action": request.path, "fits": fits, "left": left}
        return render(request, "orders/bulk.html", context)
    done, refused = 0, []
    for order in orders:
        try:
            chosen.do(order.pk, actor)
            done += 1
        except NotAllowed as refusal:
            refused.append(f"{order.external_id}: {refusal}")
    response = close_dialog(HttpResponse(status=204))
    response.headers["HX-Refresh"] = "true"
    words = ngettext("%(count)d order changed.", "%(count)d orders changed.", done) % {"count": done}
    add_toast(response, text=words)
    if refused:
        add_toast(response, text=" ".join(refused[:3]), level="warning")
    return response
