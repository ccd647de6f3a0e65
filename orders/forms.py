"""The filter bar of the order list."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels.registry import platforms
from orders.models import HoldReason, IssueKind
from orders.queries import OrderFilter
from orders.states import Status


class OrderFilterForm(forms.Form):
    """What an order list can be narrowed to. Wrong values narrow nothing."""

    more = ("platform", "issue", "hold")
    """These stand behind a button: the ones that are asked for seldom."""

    q = forms.CharField(label=_("Order, SKU, title, tracking or buyer"), required=False, max_length=120)
    shop = forms.TypedChoiceField(label=_("Shop"), required=False, coerce=int, empty_value=None)
    country = forms.CharField(
        label=_("Country"),
        required=False,
        max_length=2,
        widget=forms.TextInput(attrs={"size": 3, "placeholder": _("Country"), "autocomplete": "off"}),
    )
    warehouse = forms.TypedChoiceField(label=_("Warehouse"), required=False, coerce=int, empty_value=None)
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("Any status")), *Status.choices]
    )
    platform = forms.ChoiceField(label=_("Platform"), required=False)
    sku = forms.CharField(
        label=_("SKU"), required=False, max_length=64, widget=forms.TextInput(attrs={"placeholder": _("SKU")})
    )
    placed_from = forms.DateField(
        label=_("Ordered from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "title": _("Ordered from")}),
    )
    placed_to = forms.DateField(
        label=_("Ordered to"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "title": _("Ordered to")}),
    )
    issue = forms.ChoiceField(
        label=_("Exception"), required=False, choices=[("", _("Any exception")), *IssueKind.choices]
    )
    hold = forms.ChoiceField(
        label=_("Hold"), required=False, choices=[("", _("Any hold")), *HoldReason.choices]
    )
    tab = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, shops: list[tuple[int, str]], warehouses: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        known = sorted((key, one.name) for key, one in platforms().items())
        self._choose("shop", [("", _("All shops")), *shops])
        self._choose("warehouse", [("", _("All warehouses")), *warehouses])
        self._choose("platform", [("", _("All platforms")), *known])

    def _choose(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    @property
    def more_used(self) -> int:
        """Count the filters in use that stand behind the button."""
        return len(self.asked().keys() & set(self.more))

    def wanted(self, *, tab: str) -> OrderFilter:
        """Return the filter these values mean."""
        self.is_valid()
        values = self.cleaned_data
        shop, country = values.get("shop"), values.get("country", "").upper()
        until = values.get("placed_to")
        return OrderFilter(
            tab=tab,
            text=values.get("q", ""),
            shop_ids=[shop] if shop else [],
            platforms=[values["platform"]] if values.get("platform") else [],
            statuses=[values["status"]] if values.get("status") else [],
            countries=[country] if country else [],
            warehouse_id=values.get("warehouse"),
            sku=values.get("sku", ""),
            placed_from=_midnight(values.get("placed_from")),
            placed_before=_midnight(until + timedelta(days=1)) if until else None,
            hold=values.get("hold", ""),
            issue=values.get("issue", ""),
        )

    def asked(self) -> dict[str, str]:
        """Return the values that narrow the list, for addresses."""
        self.is_valid()
        return {
            name: str(self.data[name])
            for name in self.fields
            if name != "tab" and name in self.data and self.cleaned_data.get(name)
        }


def _midnight(day: Any) -> datetime | None:
    """Return the first instant of a day in the reader's zone, as UTC."""
    if day is None:
        return None
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone()).astimezone(UTC)
