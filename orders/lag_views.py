"""Fragments of other pages: how quickly orders come."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ecomhub import clock
from ecomhub.access import actor_of, allow
from ecomhub.shell.display import span_text
from orders import lag_queries
from orders.lag_queries import ShopLag


@allow("channels.view")
@require_GET
def by_shop(request: HttpRequest) -> HttpResponse:
    """Show on the Channels page how long each shop's orders took to get here."""
    rows = lag_queries.shop_lags(actor=actor_of(request), at=clock.now())
    return render(request, "orders/lags.html", {"rows": [(row, *_words(row)) for row in rows]})


def _words(row: ShopLag) -> tuple[str, str]:
    return (
        "–" if row.p50_s is None else span_text(row.p50_s),
        "–" if row.p95_s is None else span_text(row.p95_s),
    )
