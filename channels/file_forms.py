"""The form for an account nobody speaks for."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from channels.adapter import Platform
from ecomhub.models import LegalEntity
from ecomhub.shell.display import country_name

_FEW = 20
"""So many countries are shown one below the other."""


class FileAccountForm(forms.Form):
    """What the account is called, where it sells, whose it is, from when it is worked."""

    name = forms.CharField(label=_("What you call it"), max_length=60)
    countries = forms.MultipleChoiceField(
        label=_("Countries it sells in"), help_text=_("Each becomes a shop of its own.")
    )
    seller_id = forms.CharField(
        label=_("Seller ID"), max_length=80, required=False, help_text=_("As the platform names the seller.")
    )
    currency = forms.CharField(
        label=_("Currency"), max_length=3, required=False, help_text=_("Empty for the country's own.")
    )
    time_zone = forms.CharField(
        label=_("Time zone"), max_length=64, required=False, help_text=_("Empty for the country's own.")
    )
    legal_entity = forms.ModelChoiceField(
        label=_("Company"),
        queryset=LegalEntity.objects.order_by("code"),
        required=False,
        empty_label=_("The first company"),
    )
    go_live_at = forms.DateTimeField(
        label=_("Work orders placed from"),
        help_text=_("Older orders are kept for search and finance, never worked."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, offered: Platform, at: datetime, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"go_live_at": at})
        super().__init__(*args, **kwargs)
        places = [
            (place.id, f"{country_name(place.country)} · {place.currency}") for place in offered.marketplaces
        ]
        field = self.fields["countries"]
        field.widget = (
            forms.CheckboxSelectMultiple() if len(places) <= _FEW else forms.SelectMultiple(attrs={"size": 8})
        )
        field.choices = places  # type: ignore[attr-defined]

    def clean_currency(self) -> str:
        """Return the three letters as they are kept."""
        return str(self.cleaned_data["currency"]).strip().upper()
