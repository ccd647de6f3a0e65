"""The house's fragment of an account's preview: which orders its platform would be told about."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ecomhub.access import actor_of, allow
from logistics.models import Confirmation
from orders.models import Order
from orders.states import Status

EXAMPLES = 10


@allow("logistics.view")
@require_GET
def of_account(request: HttpRequest, pk: int) -> HttpResponse:
    """Count the orders that would be marked as shipped when their goods leave, and those that left untold."""
    actor = actor_of(request)
    coming = Order.objects.visible_to(actor).filter(
        account=pk,
        status__in=[Status.REVIEW, Status.PROCESS, Status.LABEL, Status.SHIP],
        fulfillment_method="by_seller",
        is_before_go_live=False,
    )
    untold = Confirmation.objects.visible_to(actor).filter(order__account=pk, outcome="withheld")
    context = {
        "coming": coming.count(),
        "untold": untold.count(),
        "examples": untold.select_related("order").order_by("-pk")[:EXAMPLES],
    }
    return render(request, "logistics/account_panel.html", context)
