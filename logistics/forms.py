"""Forms of the shipment pages."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from inventory.models import Warehouse
from logistics.models import Shipment, ShipmentLine
from logistics.splitting import Part


@dataclass(frozen=True, slots=True)
class LineToLeave:
    """One order line of a shipment: its SKUs, its title, the field for how many leave, and the most."""

    lines: list[ShipmentLine]
    title: str
    field: forms.BoundField
    most: int


class UnitsForm(forms.Form):
    """How many units of each line of a shipment leave, or are arranged, now."""

    def __init__(
        self, data: QueryDict | None = None, *, shipment: Shipment, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial, prefix=f"s{shipment.pk}")
        self.shipment = shipment
        self.held: dict[int, int] = {}
        for line in shipment.lines.all():
            units = min(self.held.get(line.line_id, line.line_quantity), line.line_quantity)
            self.held[line.line_id] = units
        for line_id, units in self.held.items():
            self.fields[f"units-{line_id}"] = forms.IntegerField(
                label=_("Units that leave now"), min_value=0, max_value=units, initial=units
            )

    def parts(self) -> list[Part] | None:
        """Return what leaves, or ``None`` when all of it does."""
        wanted = {line_id: int(self.cleaned_data[f"units-{line_id}"]) for line_id in self.held}
        if wanted == self.held:
            return None
        return [Part(line_id, units) for line_id, units in wanted.items() if units]

    def lines_to_leave(self) -> list[LineToLeave]:
        """Return each order line with its field and what it takes from the shelf."""
        found = []
        for line_id, most in self.held.items():
            lines = [line for line in self.shipment.lines.all() if line.line_id == line_id]
            found.append(LineToLeave(lines, lines[0].line.title, self[f"units-{line_id}"], most))
        return found


class ShipForm(UnitsForm):
    """Carrier and number of a shipment, and how many units of each line leave now."""

    carrier = forms.CharField(
        label=_("Carrier"),
        max_length=60,
        widget=forms.TextInput(attrs={"list": "carriers", "autocomplete": "off"}),
    )
    tracking_number = forms.CharField(label=_("Tracking number"), max_length=120, required=False)
    service = forms.CharField(label=_("Service"), max_length=80, required=False)


class ShipmentFilterForm(forms.Form):
    """The filter bar of the shipments list."""

    q = forms.CharField(label=_("Shipment, order or tracking number"), required=False, max_length=120)
    warehouse = forms.ModelChoiceField(
        label=_("Warehouse"),
        queryset=Warehouse.objects.none(),
        required=False,
        empty_label=_("All warehouses"),
    )
    view = forms.CharField(required=False, widget=forms.HiddenInput)
