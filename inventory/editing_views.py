"""Pages that change products and stock: new, edit, receive, adjust, warehouses."""

from typing import Any

from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from ecomhub import clock
from ecomhub.access import actor_of, allow
from ecomhub.shell.toasts import add_toast, close_dialog
from inventory import catalog, ledger, queries
from inventory import warehouses as warehousing
from inventory.catalog import SkuRefused
from inventory.forms import AdjustForm, ReceiveForm, SkuForm, StockForm, WarehouseForm
from inventory.ledger import LedgerRefused
from inventory.models import Sku, Warehouse
from inventory.warehouses import WarehouseRefused


def _sku(request: HttpRequest, pk: int) -> Sku:
    found = Sku.objects.visible_to(actor_of(request)).filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such SKU."))
    return found


def _refuse(form: Form, field: str, message: str) -> None:
    form.add_error(field if field in form.fields else None, message)


@allow("inventory.edit")
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Write down a new SKU."""
    form = SkuForm(request.POST or None)
    if form.is_valid():
        try:
            made = catalog.create_sku(
                code=form.cleaned_data["code"],
                values=form.values(),
                at=clock.now(),
                actor=actor_of(request).name,
            )
            return redirect("inventory:detail", pk=made.pk)
        except SkuRefused as refusal:
            _refuse(form, refusal.field, str(refusal))
    return render(request, "inventory/edit.html", {"form": form, "sku": None})


@allow("inventory.edit")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a SKU; its code is for ever."""
    sku = _sku(request, pk)
    form = SkuForm(request.POST or None, sku=sku)
    if form.is_valid():
        try:
            catalog.update_sku(sku_id=pk, values=form.values(), at=clock.now(), actor=actor_of(request).name)
            return redirect("inventory:detail", pk=pk)
        except SkuRefused as refusal:
            _refuse(form, refusal.field, str(refusal))
    return render(request, "inventory/edit.html", {"form": form, "sku": sku})


def _dialog(request: HttpRequest, form: Form, **words: str) -> HttpResponse:
    context = {"form": form, "action": request.path, **words}
    return render(request, "inventory/dialog.html", context)


def _done(text: str) -> HttpResponse:
    response = close_dialog(add_toast(HttpResponse(status=204), text=text))
    response.headers["HX-Refresh"] = "true"
    return response


def _sell_warehouses(request: HttpRequest) -> dict[str, Any]:
    own = queries.warehouses(actor=actor_of(request)).exclude(kind=Warehouse.Kind.CHANNEL)
    return {"warehouses": own}


@allow("inventory.move")
@require_http_methods(["GET", "POST"])
def receive(request: HttpRequest, pk: int) -> HttpResponse:
    """Take units into a warehouse with what each cost."""
    sku = _sku(request, pk)
    form = ReceiveForm(request.POST or None, **_sell_warehouses(request))
    if form.is_valid():
        values = form.cleaned_data
        try:
            moved = ledger.receive(
                sku_id=pk,
                warehouse_id=values["warehouse"].pk,
                quantity=values["quantity"],
                unit_cost=values["unit_cost"],
                currency=values["currency"],
                cause=f"receive:{values['token']}",
                at=clock.now(),
                actor=actor_of(request).name,
                note=values["note"],
            )
            text = _("%(units)d units of %(sku)s received. %(after)d are on hand now.")
            return _done(text % {"units": values["quantity"], "sku": sku.code, "after": moved.on_hand_after})
        except LedgerRefused as refusal:
            form.add_error(None, str(refusal))
    title = _("Receive %(sku)s") % {"sku": sku.code}
    return _dialog(request, form, title=title, submit=_("Receive"))


@allow("inventory.move")
@require_http_methods(["GET", "POST"])
def adjust(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what is on hand, with a reason."""
    sku = _sku(request, pk)
    form: StockForm = AdjustForm(request.POST or None, **_sell_warehouses(request))
    if form.is_valid():
        values = form.cleaned_data
        try:
            moved = ledger.adjust(
                sku_id=pk,
                warehouse_id=values["warehouse"].pk,
                delta=values["delta"],
                reason=values["reason"],
                cause=f"adjust:{values['token']}",
                at=clock.now(),
                actor=actor_of(request).name,
            )
            text = _("%(sku)s corrected. %(after)d are on hand now.")
            return _done(text % {"sku": sku.code, "after": moved.on_hand_after})
        except ledger.NotEnoughOnHand:
            form.add_error("delta", _("So many are not on hand there. Write a smaller number."))
        except LedgerRefused as refusal:
            form.add_error(None, str(refusal))
    title = _("Adjust %(sku)s") % {"sku": sku.code}
    return _dialog(request, form, title=title, submit=_("Adjust"))


@allow("inventory.edit")
@require_http_methods(["GET", "POST"])
def warehouse_new(request: HttpRequest) -> HttpResponse:
    """Open a warehouse."""
    form = WarehouseForm(request.POST or None)
    if form.is_valid():
        try:
            made = warehousing.create(code=form.cleaned_data["code"], **_without_code(form))
            return _done(_("Warehouse %(code)s is open.") % {"code": made.code})
        except WarehouseRefused as refusal:
            _refuse(form, refusal.field, str(refusal))
    return _dialog(request, form, title=_("New warehouse"), submit=pgettext("warehouse", "Open"))


@allow("inventory.edit")
@require_http_methods(["GET", "POST"])
def warehouse_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a warehouse."""
    warehouse = Warehouse.objects.visible_to(actor_of(request)).filter(pk=pk).first()
    if warehouse is None:
        raise Http404(_("There is no such warehouse."))
    form = WarehouseForm(request.POST or None, warehouse=warehouse)
    if form.is_valid():
        try:
            warehousing.update(warehouse_id=pk, **form.values())
            return _done(_("Saved."))
        except WarehouseRefused as refusal:
            _refuse(form, refusal.field, str(refusal))
    title = _("Warehouse %(code)s") % {"code": warehouse.code}
    return _dialog(request, form, title=title, submit=_("Save"))


def _without_code(form: WarehouseForm) -> dict[str, Any]:
    return {name: value for name, value in form.values().items() if name != "code"}
