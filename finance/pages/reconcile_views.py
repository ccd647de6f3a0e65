"""Reconciliation: every order in three columns, ours, the settlements', the difference; and on its page."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from channels.models import Shop
from ecomhub import clock
from ecomhub.access import actor_of, allow
from ecomhub.shell.parts import Pager
from finance import seeing
from finance.models import OrderMoney
from finance.pages.page_parts import (
    MONEY_COLORS,
    TOLD_COLORS,
    account_names,
    address,
    difference_word,
    number_asked,
    section_tabs,
)
from finance.pages.reconcile_forms import ReconcileFilterForm
from finance.pages.reconcile_tabs import OPENING, reconcile_tabs
from finance.reconciliation import opening_queries, order_queries
from finance.statements import deferred_queries, settlement_queries
from orders.models import Order


def short_words() -> dict[str, str]:
    """Return where an order's money stands, in a word or two."""
    return {
        OrderMoney.State.OPEN.value: _("Expected"),
        OrderMoney.State.WAITING.value: _("Differs"),
        OrderMoney.State.SETTLED.value: str(OrderMoney.State.SETTLED.label),
    }


@allow("finance.view")
@require_GET
def reconcile(request: HttpRequest) -> HttpResponse:
    """List orders with what they were expected to bring, what settlements say, and the difference."""
    actor = actor_of(request)
    shops = list(Shop.objects.visible_to(actor).order_by("short_name"))
    form = ReconcileFilterForm(request.GET, shops=shops)
    state, shop, text = form.wanted()
    page = order_queries.money_page(
        actor=actor,
        state=state,
        shop=shop,
        text=text,
        after=number_asked(request.GET.get("after", "")),
        before=number_asked(request.GET.get("before", "")),
    )
    orders = [row.pk for row in page.rows]
    parts = order_queries.parts_of(orders=orders) if orders else {}
    told = deferred_queries.told_of(orders=orders) if orders else {}
    today = clock.now().date()
    counts = order_queries.money_counts(actor=actor)
    kept: dict[str, object] = {"q": text, "shop": shop or ""}
    here = {**kept, "state": state}
    context = {
        "sections": section_tabs("reconcile", actor=actor),
        "views": reconcile_tabs(actor=actor, active=state, counts=counts, kept=kept),
        "filter": form,
        "clear_url": address("finance:reconcile", state=state) if text or shop else "",
        "rows": [
            (
                row,
                MONEY_COLORS[row.state],
                [
                    (total, difference_word(total.difference))
                    for total in order_queries.totals_of(parts=parts.get(row.pk, []))
                ],
                order_queries.overdue(row=row, today=today),
                told.get(row.pk, []),
                short_words()[row.state],
            )
            for row in page.rows
        ],
        "has_told": bool(told),
        "pager": Pager(
            shown=len(page.rows),
            previous_url=address("finance:reconcile", **here, before=page.previous)
            if page.previous
            else None,
            next_url=address("finance:reconcile", **here, after=page.following) if page.following else None,
            total=None if text or shop else counts.get(state, 0) if state else sum(counts.values()),
        ),
    }
    return render(request, "finance/reconcile.html", context)


@allow("finance.view")
@require_GET
def opening_orders(request: HttpRequest) -> HttpResponse:
    """List the money of orders from before the go-live, with what it adds up to on 1106."""
    actor = actor_of(request)
    shops = list(Shop.objects.visible_to(actor).order_by("short_name"))
    form = ReconcileFilterForm(request.GET, shops=shops)
    _state, shop, text = form.wanted()
    kept: dict[str, object] = {"q": text, "shop": shop or ""}
    page = opening_queries.opening_page(
        actor=actor,
        shop=shop,
        text=text,
        after=number_asked(request.GET.get("after", "")),
        before=number_asked(request.GET.get("before", "")),
    )
    totals = opening_queries.opening_totals(actor=actor, shop=shop, text=text)
    context = {
        "sections": section_tabs("reconcile", actor=actor),
        "views": reconcile_tabs(actor=actor, active=OPENING, kept=kept),
        "filter": form,
        "clear_url": address("finance:opening-orders") if text or shop else "",
        "rows": page.rows,
        "totals": totals,
        "is_filtered": bool(text or shop) or actor.shop_ids is not None,
        "sees_entries": seeing.everything(actor=actor),
        "pager": Pager(
            shown=len(page.rows),
            previous_url=address("finance:opening-orders", **kept, before=page.previous)
            if page.previous
            else None,
            next_url=address("finance:opening-orders", **kept, after=page.following)
            if page.following
            else None,
            total=sum(one.rows for one in totals),
        ),
    }
    return render(request, "finance/opening_orders.html", context)


@allow("finance.view")
@require_GET
def order_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """Show on an order's page what it earned: expected, settled, the difference, and the lines."""
    actor = actor_of(request)
    order = Order.objects.visible_to(actor).filter(pk=pk).first()
    if order is None:
        raise Http404(_("There is no such order."))
    parts = order_queries.parts_of(orders=[pk]).get(pk, [])
    names = account_names() if parts else {}
    standing = OrderMoney.objects.filter(pk=pk).first()
    told = list(deferred_queries.of_order(order=pk))
    context = {
        "order": order,
        "standing": standing,
        "color": "" if standing is None else MONEY_COLORS[standing.state],
        "parts": [
            (part, names.get(part.component, _("Money of the whole order")), difference_word(part.difference))
            for part in parts
        ],
        "totals": [
            (total, difference_word(total.difference)) for total in order_queries.totals_of(parts=parts)
        ],
        "told": [(one, TOLD_COLORS[one.state]) for one in told],
        "told_sums": deferred_queries.summed(rows=told),
        "lines": order_queries.order_lines(order=order, size=settlement_queries.PAGE),
        "can_see_rows": actor.may("finance.export"),
    }
    return render(request, "finance/order_panel.html", context)
