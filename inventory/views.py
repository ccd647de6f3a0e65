"""Pages to look at: products with their stock, one product, the stock journal, warehouses."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecomhub import clock, discovery, events
from ecomhub.access import Actor, actor_of, allow
from ecomhub.shell.parts import Choice, Happening, Pager, Tab
from inventory import queries
from inventory.forms import MovementFilterForm, ProductFilterForm
from inventory.keys import pack, unpack
from inventory.models import Sku, StockMovement
from inventory.queries import Page, Product

KIND_COLORS = {
    "receive": "green",
    "reserve": "azure",
    "release": "secondary",
    "ship": "teal",
    "take_back": "purple",
    "adjust": "orange",
    "transfer_out": "indigo",
    "transfer_in": "indigo",
}
STATUS_COLORS = {"active": "green", "phasing_out": "orange", "retired": "secondary"}
EVENT_ICONS = {"created": "plus", "updated": "pencil"}


def section_tabs(here: str, *, actor: Actor) -> list[Tab]:
    """Return the tabs that join the house's pages, those the actor may open."""
    words = {"list": _("Products"), "movements": _("Stock journal"), "warehouses": _("Warehouses")}
    if actor.may("sheets.import"):
        words["imports"] = _("Imports")
    return [
        Tab(label=label, url=reverse(f"inventory:{name}"), active=name == here)
        for name, label in words.items()
    ]


def _address(name: str, params: dict[str, Any]) -> str:
    kept = {key: value for key, value in params.items() if value}
    return f"{reverse(name)}?{urlencode(kept)}" if kept else reverse(name)


def _choices(actor: Actor, sku: Sku) -> list[Choice]:
    choices = []
    if actor.may("inventory.move"):
        receive, adjust = (reverse(f"inventory:{verb}", args=[sku.pk]) for verb in ("receive", "adjust"))
        choices += [
            Choice(label=_("Receive"), url=receive, icon="package-import", method="dialog"),
            Choice(label=_("Adjust"), url=adjust, icon="adjustments", method="dialog"),
        ]
    if actor.may("inventory.edit"):
        edit = reverse("inventory:edit", args=[sku.pk])
        choices.append(Choice(label=_("Edit"), url=edit, icon="pencil"))
    return choices


def _row(actor: Actor, product: Product) -> dict[str, Any]:
    return {
        "product": product,
        "sku": product.sku,
        "color": STATUS_COLORS[product.sku.status],
        "is_short": product.promised <= 0,
        "choices": _choices(actor, product.sku),
    }


@allow("inventory.view")
@require_GET
def products(request: HttpRequest) -> HttpResponse:
    """List SKUs with what lies where and what may still be promised."""
    actor = actor_of(request)
    form = ProductFilterForm(request.GET, categories=queries.categories(actor=actor))
    form.is_valid()
    asked = {
        name: str(form.cleaned_data.get(name, "")).strip() for name in ("q", "stock", "status", "category")
    }
    found = {name: asked[name] for name in ("stock", "status", "category")}
    page = queries.products(
        actor=actor,
        search=asked["q"],
        stock=found["stock"],
        status=found["status"],
        category=found["category"],
        after=unpack(text=request.GET.get("after", "")),
        before=unpack(text=request.GET.get("before", "")),
    )
    total = queries.counted(rows=queries.skus(actor=actor, search=asked["q"], **found))
    before, after = pack(key=page.previous_before), pack(key=page.next_after)
    context = {
        "sections": section_tabs("list", actor=actor),
        "filter": form,
        "clear_url": reverse("inventory:list") if any(asked.values()) else "",
        "rows": [_row(actor, product) for product in page.rows],
        "pager": Pager(
            shown=len(page.rows),
            previous_url=_address("inventory:list", {**asked, "before": before}) if before else None,
            next_url=_address("inventory:list", {**asked, "after": after}) if after else None,
            total=total,
        ),
    }
    return render(request, "inventory/products.html", context)


def _timeline(sku: Sku) -> list[Happening]:
    words = {"created": _("Created"), "updated": _("Changed")}
    happenings = [
        Happening(
            at=event.at,
            title=words.get(event.kind, event.kind),
            text=", ".join(event.data.get("fields", [])),
            who=event.actor,
            icon=EVENT_ICONS.get(event.kind, "circle-dot"),
        )
        for event in events.of(object_kind="sku", object_id=sku.pk)
    ]
    return happenings[::-1]


@allow("inventory.view")
@require_GET
def product(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one SKU: its stock per warehouse, its latest movements, its data for customs."""
    actor = actor_of(request)
    found = queries.product(actor=actor, sku_id=pk)
    if found is None:
        raise Http404(_("There is no such SKU."))
    movements = queries.movements_of(actor=actor, sku_id=pk, limit=20)
    context = {
        "product": found,
        "sku": found.sku,
        "color": STATUS_COLORS[found.sku.status],
        "choices": _choices(actor, found.sku),
        "movements": _movement_rows(movements),
        "journal_url": _address("inventory:movements", {"q": found.sku.code}),
        "timeline": _timeline(found.sku),
    }
    return render(request, "inventory/product.html", context)


def _movement_rows(page: Page[StockMovement]) -> list[dict[str, Any]]:
    kinds = discovery.demands()
    return [
        {"movement": row, "color": KIND_COLORS[row.kind], "demand": _demand(row.demand, kinds)}
        for row in page.rows
    ]


def _demand(text: str, kinds: Mapping[str, discovery.Demand]) -> dict[str, str]:
    """Return for whom stock moved, in words and with its page; an unknown kind stays as it is."""
    kind, _colon, key = text.partition(":")
    known = kinds.get(kind)
    if known is None or not key.isdecimal():
        return {"text": text, "url": ""}
    return {"text": f"{known.title} {key}", "url": reverse(known.url_name, args=[int(key)])}


@allow("inventory.view")
@require_GET
def movements(request: HttpRequest) -> HttpResponse:
    """Show the stock journal (库存流水), newest first."""
    actor = actor_of(request)
    form = MovementFilterForm(request.GET)
    form.fields["warehouse"].queryset = queries.warehouses(actor=actor)  # type: ignore[attr-defined]
    form.is_valid()
    code, kind = form.cleaned_data.get("q", "").strip(), form.cleaned_data.get("kind", "")
    warehouse = form.cleaned_data.get("warehouse")
    sku_id = queries.sku_ids_by_code(codes=[code]).get(code, 0) if code else None
    after = unpack(text=request.GET.get("after", ""))
    page = queries.movements_of(
        actor=actor,
        sku_id=sku_id,
        warehouse_id=warehouse.pk if warehouse else None,
        kinds=[kind] if kind else (),
        after=after[1] if after else None,
    )
    asked = {"q": code, "kind": kind, "warehouse": warehouse.pk if warehouse else ""}
    next_key = pack(key=page.next_after)
    context = {
        "sections": section_tabs("movements", actor=actor),
        "filter": form,
        "clear_url": reverse("inventory:movements") if any(asked.values()) else "",
        "rows": _movement_rows(page),
        "pager": Pager(
            shown=len(page.rows),
            previous_url=_address("inventory:movements", asked) if after else None,
            next_url=_address("inventory:movements", {**asked, "after": next_key}) if next_key else None,
        ),
    }
    return render(request, "inventory/movements.html", context)


@allow("inventory.view")
@require_GET
def warehouses(request: HttpRequest) -> HttpResponse:
    """List the warehouses, in the order they ship."""
    actor = actor_of(request)
    context = {
        "sections": section_tabs("warehouses", actor=actor),
        "warehouses": queries.warehouses(actor=actor),
        "can_edit": actor.may("inventory.edit"),
        "at": clock.now(),
    }
    return render(request, "inventory/warehouses.html", context)
