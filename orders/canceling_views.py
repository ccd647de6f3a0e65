"""Pages that cancel: the dialog with the platform's reasons, answering a buyer's request, asking again."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from channels.registry import platform
from ecomhub import clock
from ecomhub.access import actor_of, allow
from ecomhub.celery import ring
from ecomhub.shell.toasts import add_toast, close_dialog
from orders import canceling
from orders.acting_views import tried, visible
from orders.models import Order
from orders.opened import NotAllowed
from orders.tasks import cancel_there


@allow("orders.cancel")
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then cancel the order at its platform."""
    actor = actor_of(request)
    visible(actor, pk)
    order = Order.objects.select_related("account").get(pk=pk)
    problem = ""
    if request.method == "POST":
        try:
            row = canceling.ask(
                order_id=pk,
                reason=request.POST.get("reason", "")[:120],
                note=request.POST.get("note", "")[:500],
                at=clock.now(),
                actor=actor.name,
            )
        except NotAllowed as refusal:
            problem = str(refusal)
        else:
            ring(cancel_there, row.pk)
            response = close_dialog(HttpResponse(status=204))
            response.headers["HX-Refresh"] = "true"
            return add_toast(
                response, text=_("The platform is asked to cancel. The order waits for its word.")
            )
    context = {
        "order": order,
        "platform": platform(order.account.platform).name,
        "reasons": canceling.reasons(order=order).items(),
        "chosen": request.POST.get("reason", ""),
        "note": request.POST.get("note", ""),
        "problem": problem,
    }
    return render(request, "orders/cancel.html", context)


@allow("orders.cancel")
@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept a buyer's request to cancel at the platform."""
    return _answer(request, pk, accept=True, done=_("The platform is told that the request is accepted."))


@allow("orders.cancel")
@require_POST
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Decline a buyer's request to cancel, at the platform where it takes answers."""
    return _answer(request, pk, accept=False, done=_("The request is declined and the order goes on."))


def _answer(request: HttpRequest, pk: int, *, accept: bool, done: str) -> HttpResponse:
    actor = actor_of(request)
    visible(actor, pk)

    def say() -> None:
        row = canceling.answer(order_id=pk, accept=accept, at=clock.now(), actor=actor.name)
        if row is not None:
            ring(cancel_there, row.pk)

    return tried(say, done=done)


@allow("orders.cancel")
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the platform now."""
    actor = actor_of(request)
    visible(actor, pk)

    def say() -> None:
        ring(cancel_there, canceling.again(order_id=pk, at=clock.now(), actor=actor.name).pk)

    return tried(say, done=_("The platform is asked next."))


@allow("orders.cancel")
@require_POST
def give_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop asking the platform; the order goes on."""
    actor = actor_of(request)
    visible(actor, pk)
    return tried(
        lambda: canceling.give_up(order_id=pk, at=clock.now(), actor=actor.name),
        done=_("The order goes on as before."),
    )
