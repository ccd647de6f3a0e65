"""Pages to look at: the order list, its live rows, and one order."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from ecomhub import clock
from ecomhub.access import Actor, actor_of, allow
from ecomhub.shell.parts import Choice, Pager, Tab
from inventory.models import Warehouse
from orders import canceling, presenting, queries
from orders.buyers import masked, open_buyer
from orders.forms import OrderFilterForm
from orders.issue_words import issues_shown
from orders.lifecycle import BY_CHANNEL
from orders.models import Order, OrderLine, PlatformCancel
from orders.queries import OrderFilter
from orders.states import OPEN, Status

TAB_COLORS = {"exceptions": "red", "hold": "yellow", "cancel_requested": "orange"}
LIVE_CAP = 100


def _tab_words() -> dict[str, str]:
    return {
        "all": _("All"),
        "unpaid": _("Unpaid"),
        "review": _("To review"),
        "process": _("To process"),
        "label": _("Ready to print"),
        "ship": _("Ready to ship"),
        "shipped": _("Shipped"),
        "completed": _("Completed"),
        "hold": _("On hold"),
        "exceptions": _("Exceptions"),
        "cancel_requested": _("Asked to cancel"),
        "by_channel": _("By the channel"),
        "canceled": _("Canceled"),
        "ignored": _("Ignored"),
    }


def _address(name: str, params: dict[str, str]) -> str:
    return f"{reverse(name)}?{urlencode({key: value for key, value in params.items() if value})}"


def _tabs(*, open_tab: str, asked: dict[str, str], counts: dict[str, int]) -> list[Tab]:
    words = _tab_words()
    counts = {"all": _every(counts), **counts}
    return [
        Tab(
            label=words[tab],
            url=_address("orders:list", {**asked, "tab": tab}),
            count=counts.get(tab),
            active=tab == open_tab,
            color=TAB_COLORS.get(tab, "") if counts.get(tab) else "",
        )
        for tab in queries.TABS
    ]


def _every(counts: dict[str, int]) -> int:
    """Return how many orders there are: those we ship are counted by status, the others by themselves."""
    return sum(counts.get(tab, 0) for tab in (*Status.values, "by_channel"))


def _bulk() -> list[Choice]:
    words = {
        "approve": (_("Approve"), "check"),
        "hold": (_("Hold"), "player-pause"),
        "release": (_("Release the hold"), "player-play"),
        "ignore": (_("Ignore"), "eye-off"),
    }
    return [
        Choice(label=label, url=reverse("orders:bulk", args=[action]), icon=icon)
        for action, (label, icon) in words.items()
    ]


def _counts(actor: Actor, wanted: OrderFilter, asked: dict[str, str]) -> tuple[dict[str, int], int]:
    """Return the tabs' counters and how many the list holds: by its counter where that is exact, else counted
    up to a cap. One statement.
    """
    orders = queries.found(actor=actor, wanted=wanted) if asked else None
    counts, counted = queries.counts_with(actor=actor, orders=orders)
    if asked:
        return counts, counted
    return counts, _every(counts) if wanted.tab == "all" else counts.get(wanted.tab, 0)


def _filter(request: HttpRequest, actor: Actor) -> tuple[OrderFilterForm, str]:
    shops, houses = queries.places(actor=actor)
    tab = request.GET.get("tab", "all")
    return OrderFilterForm(request.GET, shops=shops, warehouses=houses), tab if tab in queries.TABS else "all"


@allow("orders.view")
@require_GET
def orders(request: HttpRequest) -> HttpResponse:
    """List orders, newest first, by tabs and filters."""
    actor = actor_of(request)
    form, tab = _filter(request, actor)
    wanted, asked = form.wanted(tab=tab), form.asked()
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    page = queries.page(actor=actor, wanted=wanted, after=after, before=before, shape=queries.for_table)
    counts, total = _counts(actor, wanted, asked)
    is_more = bool(asked) and total >= queries.COUNT_CAP
    here = {**asked, "tab": tab}
    context: dict[str, Any] = {
        "tabs": _tabs(open_tab=tab, asked=asked, counts=counts),
        "filter": form,
        "clear_url": _address("orders:list", {"tab": tab}) if asked else "",
        "has_orders": _every(counts) > 0,
        "rows": [presenting.table_row(order, actor=actor) for order in page.rows],
        "bulk": _bulk() if actor.may("orders.work") else [],
        "pager": Pager(
            shown=len(page.rows),
            previous_url=_address("orders:list", {**here, "before": page.previous})
            if page.previous
            else None,
            next_url=_address("orders:list", {**here, "after": page.next}) if page.next else None,
            total=queries.COUNT_CAP - 1 if is_more else total,
            is_more=is_more,
        ),
        "live_url": "" if before or after else _live_url(here, page.rows, at=clock.real_now()),
    }
    return render(request, "orders/list.html", context)


def _live_url(here: dict[str, str], rows: list[Order], *, at: datetime) -> str:
    ends = {"newest": queries.key_of(rows[0]), "oldest": queries.key_of(rows[-1])} if rows else {}
    return _address("orders:live", {**here, **ends, "at": f"{at.timestamp():.3f}"})


def _since(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(text), tz=clock.real_now().tzinfo)
    except (ValueError, OverflowError, OSError):
        return None


@allow("orders.view")
@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """Say whether the list has newer orders, and bring the rows that changed in place."""
    actor = actor_of(request)
    form, tab = _filter(request, actor)
    wanted, asked = form.wanted(tab=tab), form.asked()
    newest, oldest = request.GET.get("newest", ""), request.GET.get("oldest", "")
    asked_at, since = clock.real_now(), _since(request.GET.get("at", ""))
    count = queries.newer_than(actor=actor, wanted=wanted, key=newest, cap=LIVE_CAP)
    changed: list[Order] = []
    if since is not None and tab == "all" and not asked:
        changed = queries.changed_rows(actor=actor, wanted=wanted, newest=newest, oldest=oldest, since=since)
    if not count and not changed:
        return HttpResponse(status=204)
    here = {**asked, "tab": tab}
    ends = {"newest": newest, "oldest": oldest, "at": f"{asked_at.timestamp():.3f}"}
    words = ngettext("%(count)d new order", "%(count)d new orders", count) % {"count": count}
    context = {
        "url": _address("orders:live", {**here, **ends}),
        "count": count,
        "words": words if count < LIVE_CAP else _("More than %(count)d new orders") % {"count": LIVE_CAP - 1},
        "list_url": _address("orders:list", here),
        "rows": [presenting.table_row(order, actor=actor) for order in changed],
        "can_work": actor.may("orders.work"),
    }
    return render(request, "orders/live.html", context)


def order_or_404(actor: Actor, pk: int) -> Order:
    """Return an order the actor may see, with all a page shows. Raises ``Http404``."""
    try:
        return queries.detail(actor=actor, order_id=pk)
    except Order.DoesNotExist:
        raise Http404(_("There is no such order, or it is not yours to see.")) from None


@allow("orders.view")
@require_GET
def of_line(request: HttpRequest, pk: int) -> HttpResponse:
    """Go from a line, as the stock journal names it, to its order."""
    line = OrderLine.objects.filter(pk=pk).only("order_id").first()
    if line is None:
        raise Http404(_("There is no such order, or it is not yours to see."))
    return redirect("orders:detail", line.order_id)


def _cancel_shown(order: Order) -> PlatformCancel | None:
    """Return what is being said to the platform about canceling, or why it said no to an order that waits."""
    row = canceling.latest(order_id=order.pk)
    if row is None or row.is_open:
        return row
    return row if row.is_stopped and order.status in OPEN and row.answer else None


@allow("orders.view")
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one order: lines, money, stock, exceptions, shipments, what happened."""
    actor = actor_of(request)
    order = order_or_404(actor, pk)
    lines = list(order.lines.all())
    issues = getattr(order, "open_issues", [])
    houses = dict(Warehouse.objects.values_list("pk", "code"))
    context = {
        "order": order,
        "color": presenting.STATUS_COLORS[order.status],
        "lines": lines,
        "has_canceled": any(line.quantity_canceled for line in lines),
        "has_returned": any(line.quantity_returned for line in lines),
        "amounts": presenting.amounts(order, lines),
        "collects": any(line.marketplace_collects_tax for line in lines),
        "flags": presenting.flags_of(order, issues=[]),
        "issues": issues_shown(issues=issues, lines=lines),
        "choices": presenting.choices(order, actor=actor),
        "cancel": _cancel_shown(order),
        "traces": [
            {"at": row.at, "text": presenting.trace_text(row.trace, warehouses=houses)}
            for row in sorted(order.allocation_traces.all(), key=lambda row: -row.pk)
        ],
        "returns": order.returns.all(),
        "buyer": masked(buyer=open_buyer(order=order)),
        "timeline": [presenting.happening(event) for event in queries.timeline(order=order)][::-1],
        "is_open": order.status in OPEN and order.fulfillment_method != BY_CHANNEL,
    }
    return render(request, "orders/detail.html", context)
