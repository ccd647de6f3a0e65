"""The filter of the reconcile screen."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from channels.models import Shop
from finance.models import OrderMoney


class ReconcileFilterForm(forms.Form):
    """Order number, shop, and the state of the open tab."""

    q = forms.CharField(label=_("Order number"), required=False, max_length=120)
    shop = forms.ChoiceField(label=_("Shop"), required=False)
    state = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, shops: Sequence[Shop], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        empty: list[tuple[str, Any]] = [("", _("All shops"))]
        self.fields["shop"].choices = [*empty, *((str(shop.pk), shop.short_name) for shop in shops)]  # type: ignore[attr-defined]

    def wanted(self) -> tuple[str, int | None, str]:
        """Return (state, shop, order number); what cannot be read is left out."""
        self.is_valid()
        values = self.cleaned_data
        state, shop = str(values.get("state", "")), str(values.get("shop", ""))
        return (
            state if state in OrderMoney.State.values else "",
            int(shop) if shop else None,
            str(values.get("q", "")).strip().replace("\0", ""),
        )
