"""Every component on one page, for people who build pages. Absent in production."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from ecomhub import clock
from ecomhub.access import allow
from ecomhub.discovery import TileValue
from ecomhub.money import Money
from ecomhub.shell.composing import ShownTile
from ecomhub.shell.parts import Choice, Happening, Pager, Tab
from ecomhub.shell.toasts import add_toast, close_dialog

COLORS = ("secondary", "purple", "azure", "indigo", "blue", "teal", "green", "yellow", "orange", "red")
STATES = (
    ("Unpaid", "secondary"),
    ("To review", "purple"),
    ("To process", "azure"),
    ("Ready to print", "indigo"),
    ("Ready to ship", "blue"),
    ("Shipped", "teal"),
    ("Completed", "green"),
    ("On hold", "yellow"),
    ("Exceptions", "red"),
    ("Canceled", "secondary"),
)
BUYERS = (
    ("Sofía García", "ES", "EUR"),
    ("刘洋", "CN", "CNY"),
    ("Noah Martin", "GB", "GBP"),
    ("山田 花子", "JP", "JPY"),
    ("Łukasz Żak", "PL", "PLN"),
    ("فاطمة الكويتي", "KW", "KWD"),
)
ROWS = 24


class ShownFilter(forms.Form):
    """A filter bar as lists have it."""

    q = forms.CharField(label="Order number, SKU or buyer", required=False)
    shop = forms.ChoiceField(label="Shop", required=False, choices=[("", "Any shop"), ("1", "Amazon DE")])
    country = forms.ChoiceField(label="Country", required=False, choices=[("", "Any country"), ("DE", "DE")])
    since = forms.DateField(
        label="Ordered since", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


class ShownForm(forms.Form):
    """One field of each kind, with errors when sent empty."""

    quantity = forms.IntegerField(
        label="Quantity", min_value=1, help_text="Units that arrived, damaged ones too."
    )
    cost = forms.DecimalField(label="Unit cost", required=False)
    currency = forms.ChoiceField(label="Currency", choices=[("CNY", "CNY"), ("USD", "USD")])
    reason = forms.ChoiceField(
        label="Reason", widget=forms.RadioSelect, choices=[("count", "Counted"), ("damage", "Damaged")]
    )
    sellable = forms.BooleanField(
        label="Ready to be sold", required=False, help_text="Otherwise it waits apart."
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    file = forms.FileField(label="Import products", required=False)


def _shown() -> None:
    if settings.PRODUCTION:
        raise Http404


def _count(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() else 0


def _rows(at: datetime, *, first: int) -> list[dict[str, Any]]:
    rows = []
    for position in range(first, first - ROWS, -1):
        buyer, country, currency = BUYERS[position % len(BUYERS)]
        label, color = STATES[position % len(STATES)]
        rows.append(
            {
                "id": position,
                "number": f"114-{3941689 + position * 37}-{8772200 + position}",
                "shop": "Amazon DE" if position % 3 else "Amazon US",
                "buyer": buyer,
                "country": country,
                "placed_at": at - timedelta(minutes=11 * (first - position)),
                "due_at": at + timedelta(hours=30 - 3 * (first - position)),
                "units": position % 4 + 1,
                "amount": Money(Decimal(position * 7919 % 300000) / 100, currency).rounded().amount,
                "currency": currency,
                "label": label,
                "color": color,
                "gift": position % 7 == 0,
            }
        )
    return rows


def _tiles() -> list[ShownTile]:
    shown = (
        ("process", "To process", "shopping-cart", TileValue(value=128)),
        ("ship", "To ship today", "truck", TileValue(value=419, tone="warning", note="31 late")),
        ("exceptions", "Exceptions", "alert-triangle", TileValue(value=12, tone="danger", note="5 new")),
        ("stock", "Low stock", "package", TileValue(value=0, tone="ok")),
    )
    return [
        ShownTile(key=key, title=title, icon=icon, url="#", value=value) for key, title, icon, value in shown
    ]


@allow("shell.styleguide")
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show every component.

    ``?new=`` says how many rows came since, ``?coming=`` how many will; ``?errors`` shows a refused form,
    ``?list`` shows the list alone, as a list page has it.
    """
    _shown()
    at = clock.now()
    here = reverse("ecomhub:styleguide")
    first = 40 + _count(request, "new")
    form = ShownForm({"currency": "USD"}) if "errors" in request.GET else ShownForm()
    context = {
        "at": at,
        "alone": "list" in request.GET,
        "live_url": f"{reverse('ecomhub:styleguide-live')}?new={_count(request, 'coming')}",
        "colors": COLORS,
        "states": STATES,
        "tiles": _tiles(),
        "rows": _rows(at, first=first),
        "filter": ShownFilter(request.GET or None),
        "form": form,
        "tabs": [
            Tab(
                label=label,
                url=f"{here}?tab={place}",
                count=place * 317 % 1500,
                active=place == 4,
                color=color if color == "red" else "",
            )
            for place, (label, color) in enumerate(STATES)
        ],
        "pager": Pager(shown=ROWS, total=12843, next_url=f"{here}?after=1"),
        "story": [
            Happening(
                at=at, title="Shipped", text="DHL 00340434161094042557", who="mei", icon="truck", color="teal"
            ),
            Happening(
                at=at - timedelta(hours=3),
                title="Stock reserved",
                text="Shenzhen, 2 units",
                icon="lock",
                color="blue",
            ),
            Happening(at=at - timedelta(days=400), title="Ordered", icon="shopping-cart"),
        ],
        "choices": [
            Choice(label="Open", url=here, icon="eye"),
            Choice(
                label="Receive stock",
                url=reverse("ecomhub:styleguide-dialog"),
                icon="package-import",
                method="dialog",
            ),
            Choice(
                label="Cancel order",
                url=reverse("ecomhub:styleguide-toast"),
                icon="ban",
                method="post",
                confirm="Cancel this order and release its stock?",
                danger=True,
            ),
        ],
        "amounts": [
            (Decimal("1234.5"), "EUR"),
            (Decimal("98000"), "JPY"),
            (Decimal("-12.3456"), "USD"),
            (Decimal("7.25"), "KWD"),
        ],
    }
    return render(request, "shell/styleguide.html", context)


@allow("shell.styleguide")
@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """Answer a live list's question; with ``?new=`` of a number there is something new."""
    _shown()
    count = _count(request, "new")
    if not count:
        return HttpResponse(status=204)
    here = reverse("ecomhub:styleguide")
    context = {
        "id": "sg-live",
        "url": reverse("ecomhub:styleguide-live"),
        "count": count,
        "list_url": f"{here}?new={count}",
        "target": "#sg-list",
        "rows": "#sg-rows",
        "words": f"{count} new orders",
    }
    return render(request, "components/live.html", context)


@allow("shell.styleguide")
def dialog(request: HttpRequest) -> HttpResponse:
    """Show a form in the dialog; a good answer closes it with a toast, a refused one shows errors."""
    _shown()
    form = ShownForm(request.POST or None, auto_id="dialog_%s")
    if request.method == "POST" and form.is_valid():
        return close_dialog(add_toast(HttpResponse(status=204), text="Received."))
    return render(request, "shell/styleguide_dialog.html", {"form": form})


@allow("shell.styleguide")
@require_POST
def toast(request: HttpRequest) -> HttpResponse:
    """Answer with two toasts."""
    _shown()
    response = HttpResponse(status=204)
    add_toast(response, text="Order canceled, stock released.")
    return add_toast(response, text="The marketplace has to be told by hand.", level="warning")


@allow("shell.styleguide")
@require_GET
def progress(request: HttpRequest) -> HttpResponse:
    """Answer a polled bar one step further."""
    _shown()
    value = min(100, _count(request, "step") + 20)
    context = {
        "id": "sg-progress",
        "url": f"{reverse('ecomhub:styleguide-progress')}?step={value}",
        "value": value,
        "most": 100,
        "text": f"Importing products: {value} of 100",
        "done": value >= 100,
    }
    return render(request, "components/progress.html", context)
