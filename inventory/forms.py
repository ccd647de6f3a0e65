"""Forms of the product and stock pages."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecomhub.discovery import importers
from ecomhub.money import known_currencies
from inventory.models import Sku, StockMovement, Warehouse


class ProductFilterForm(forms.Form):
    """The filter bar of the product list."""

    q = forms.CharField(label=_("SKU, name or barcode"), required=False, max_length=120)
    stock = forms.ChoiceField(
        label=_("Stock"),
        required=False,
        choices=[
            ("", _("Any stock")),
            ("in_stock", _("In stock")),
            ("low", _("At or below safety stock")),
            ("out", _("Nothing to promise")),
            ("oversold", _("More reserved than on hand")),
        ],
    )
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("Any status")), *Sku.Status.choices]
    )
    category = forms.ChoiceField(label=_("Category"), required=False, choices=[])

    def __init__(self, *args: Any, categories: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["category"]
        field.choices = [("", _("Any category")), *((one, one) for one in categories)]  # type: ignore[attr-defined]


class MovementFilterForm(forms.Form):
    """The filter bar of the stock journal (库存流水)."""

    q = forms.CharField(label=_("SKU code"), required=False, max_length=64)
    warehouse = forms.ModelChoiceField(
        label=_("Warehouse"),
        queryset=Warehouse.objects.none(),
        required=False,
        empty_label=_("All warehouses"),
    )
    kind = forms.ChoiceField(
        label=_("Movement"), required=False, choices=[("", _("Any movement")), *StockMovement.Kind.choices]
    )


class SkuForm(forms.Form):
    """A SKU as a person writes it; ``inventory.catalog`` decides what may stand in it."""

    code = forms.CharField(label=_("SKU code"), max_length=64)
    name_en = forms.CharField(label=_("English name"), max_length=200, required=False)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=200, required=False)
    category = forms.CharField(label=_("Category"), max_length=120, required=False)
    status = forms.ChoiceField(label=_("Status"), choices=Sku.Status.choices, initial=Sku.Status.ACTIVE)
    barcodes = forms.CharField(
        label=_("Barcodes"), required=False, help_text=_("Several are separated by commas.")
    )
    safety_stock = forms.IntegerField(label=_("Safety stock"), min_value=0, initial=0)
    weight_g = forms.IntegerField(label=_("Weight (g)"), min_value=0, required=False)
    length_mm = forms.IntegerField(label=_("Length (mm)"), min_value=0, required=False)
    width_mm = forms.IntegerField(label=_("Width (mm)"), min_value=0, required=False)
    height_mm = forms.IntegerField(label=_("Height (mm)"), min_value=0, required=False)
    hs_code = forms.CharField(label=_("HS code"), max_length=20, required=False)
    origin_country = forms.CharField(
        label=_("Country of origin"), max_length=2, required=False, help_text=_("Two letters, such as CN.")
    )
    declared_name_en = forms.CharField(label=_("Declared name, English"), max_length=200, required=False)
    declared_name_zh = forms.CharField(label=_("Declared name, Chinese"), max_length=200, required=False)
    declared_value = forms.DecimalField(
        label=_("Declared value"), min_value=0, max_digits=19, decimal_places=4, required=False
    )
    declared_currency = forms.CharField(label=_("Its currency"), max_length=3, required=False)
    picture_url = forms.CharField(label=_("Picture address"), max_length=500, required=False)
    has_battery = forms.BooleanField(label=_("Contains a battery"), required=False)
    is_liquid = forms.BooleanField(label=_("Is a liquid"), required=False)

    def __init__(self, *args: Any, sku: Sku | None = None, **kwargs: Any) -> None:
        if sku is not None:
            held = {name: getattr(sku, name) for name in self.base_fields if hasattr(sku, name)}
            kwargs.setdefault("initial", {**held, "barcodes": ", ".join(sku.barcodes)})
        super().__init__(*args, **kwargs)
        if sku is not None:
            del self.fields["code"]

    def values(self) -> dict[str, Any]:
        """Return the fields for ``inventory.catalog``, without the code."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "code"}
        values["barcodes"] = [part.strip() for part in values["barcodes"].split(",")]
        return values


def _token() -> str:
    return uuid.uuid4().hex


class StockForm(forms.Form):
    """What receiving and adjusting share. ``token`` makes a double press one act."""

    warehouse = forms.ModelChoiceField(
        label=_("Warehouse"), queryset=Warehouse.objects.none(), empty_label=_("Choose a warehouse")
    )
    token = forms.CharField(widget=forms.HiddenInput, initial=_token, max_length=40)

    def __init__(self, *args: Any, warehouses: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "dialog_%s")
        super().__init__(*args, **kwargs)
        self.fields["warehouse"].queryset = warehouses  # type: ignore[attr-defined]


class ReceiveForm(StockForm):
    """Units that arrived, with what each cost."""

    quantity = forms.IntegerField(label=_("Units received"), min_value=1, max_value=1_000_000)
    unit_cost = forms.DecimalField(label=_("Cost per unit"), min_value=0, max_digits=19, decimal_places=4)
    currency = forms.CharField(label=_("Currency"), initial="CNY", min_length=3, max_length=3)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def clean_currency(self) -> str:
        """Return the currency code in capitals."""
        code = str(self.cleaned_data["currency"]).upper()
        if code not in known_currencies():
            raise forms.ValidationError(_("Write a currency as three letters, such as CNY."))
        return code


class AdjustForm(StockForm):
    """A correction of what is on hand, with its reason."""

    delta = forms.IntegerField(
        label=_("Units to add or take"),
        min_value=-1_000_000,
        max_value=1_000_000,
        help_text=_("-2 takes two units away, 3 adds three."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def clean_delta(self) -> int:
        """Refuse a correction that corrects nothing."""
        delta = int(self.cleaned_data["delta"])
        if delta == 0:
            raise forms.ValidationError(_("Write how many units to add or to take away."))
        return delta


class WarehouseForm(forms.Form):
    """A warehouse to open or change."""

    code = forms.CharField(label=_("Code"), max_length=20)
    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.ChoiceField(label=_("Kind"), choices=Warehouse.Kind.choices)
    country = forms.CharField(
        label=_("Country"), min_length=2, max_length=2, help_text=_("Two letters, such as CN.")
    )
    priority = forms.IntegerField(
        label=_("Priority"), min_value=0, max_value=32767, initial=100, help_text=_("Lower ships first.")
    )
    serves_countries = forms.CharField(
        label=_("Countries it ships to first"),
        required=False,
        help_text=_("Two letters each, separated by commas."),
    )
    is_sellable = forms.BooleanField(label=_("Its stock is for sale"), required=False, initial=True)

    def __init__(self, *args: Any, warehouse: Warehouse | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "dialog_%s")
        if warehouse is not None:
            held = {name: getattr(warehouse, name) for name in self.base_fields}
            kwargs.setdefault("initial", {**held, "serves_countries": ", ".join(warehouse.serves_countries)})
        super().__init__(*args, **kwargs)
        if warehouse is not None:
            del self.fields["code"]

    def values(self) -> dict[str, Any]:
        """Return the fields for ``inventory.warehouses``."""
        values = dict(self.cleaned_data)
        parts = values["serves_countries"].split(",")
        values["serves_countries"] = [part.strip().upper() for part in parts if part.strip()]
        return values


class UploadForm(forms.Form):
    """A sheet to look at before anything is taken in."""

    kind = forms.ChoiceField(label=_("What it holds"), choices=[])
    file = forms.FileField(label=_("CSV or XLSX file"), max_length=200)
    create_warehouses = forms.BooleanField(
        label=_("Open warehouses the hub does not know yet"), required=False
    )

    def __init__(self, *args: Any, actions: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(kind, one.title) for kind, one in importers().items() if one.action in actions]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
