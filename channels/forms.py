"""Forms of the channel pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from channels import proxies
from channels.adapter import Platform
from channels.models import Shop
from channels.proxies import AccountRefused
from ecomhub.models import LegalEntity

OUR_SANDBOX = "our_sandbox"


def environments(*, offered: Platform) -> list[tuple[str, Any]]:
    """Return the environments an account of a platform can live in; our sandbox only while it runs."""
    known: list[tuple[str, Any]] = [
        (name, f"{name} · {urlsplit(address).hostname}") for name, address in offered.endpoints.items()
    ]
    if settings.ECOMHUB_SANDBOX_URL:
        known.insert(0, (OUR_SANDBOX, _("The invented market of this demo")))
    return known


def place_of(*, offered: Platform, environment: str) -> tuple[str, str]:
    """Return (endpoint, token endpoint) of an environment."""
    if environment == OUR_SANDBOX and settings.ECOMHUB_SANDBOX_URL:
        base = str(settings.ECOMHUB_SANDBOX_URL).rstrip("/")
        return base, base + urlsplit(offered.token_endpoint).path
    return offered.endpoints[environment], offered.token_endpoint


class CredentialsForm(forms.Form):
    """The credential fields of one platform."""

    def __init__(self, *args: Any, offered: Platform, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = offered
        for one in offered.credential_fields:
            widget = forms.PasswordInput(render_value=True) if one.secret else forms.TextInput()
            widget.attrs["autocomplete"] = "off"
            self.fields[f"credential_{one.key}"] = forms.CharField(
                label=str(one.label),
                help_text=str(one.help),
                required=one.required,
                widget=widget,
                max_length=2000,
            )

    def credentials(self) -> dict[str, str]:
        """Return the credentials by the platform's own keys."""
        keys = [one.key for one in self.offered.credential_fields]
        return {key: self.cleaned_data[f"credential_{key}"].strip() for key in keys}

    def take_over(self, credentials: Mapping[str, str]) -> None:
        """Show credentials as they are after a test: a platform may have given a new refresh token."""
        keys = [one.key for one in self.offered.credential_fields if one.key in credentials]
        self.data = {**dict(self.data.items()), **{f"credential_{key}": credentials[key] for key in keys}}


def check_proxy(text: str) -> None:
    """Refuse what is no proxy's address. Raises ``ValidationError``."""
    try:
        proxies.read(text=text)
    except AccountRefused as refusal:
        raise forms.ValidationError(str(refusal)) from refusal


def proxy_field() -> forms.CharField:
    """Return the field for an account's own way out."""
    return forms.CharField(
        label=_("Outgoing proxy"),
        required=False,
        max_length=500,
        validators=[check_proxy],
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "placeholder": "http://user:password@host:port"}
        ),
        help_text=_("Every call of this account goes through it. Its login is kept sealed. Empty for none."),
    )


class AccountForm(CredentialsForm):
    """A new account: what it is called, where it lives, its credentials, from when it is worked."""

    name = forms.CharField(label=_("What you call it"), max_length=60)
    environment = forms.ChoiceField(label=_("Where it lives"))
    seller_id = forms.CharField(label=_("Seller ID"), max_length=80)
    go_live_at = forms.DateTimeField(
        label=_("Work orders placed from"),
        help_text=_("Older orders are kept for search and finance, never worked."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    legal_entity = forms.ModelChoiceField(
        label=_("Company"),
        queryset=LegalEntity.objects.order_by("code"),
        required=False,
        empty_label=_("The first company"),
    )
    proxy = proxy_field()

    def __init__(self, *args: Any, offered: Platform, at: datetime, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"go_live_at": at})
        super().__init__(*args, offered=offered, **kwargs)
        self.fields["environment"].choices = environments(offered=offered)  # type: ignore[attr-defined]


class SwitchForm(forms.Form):
    """What an account does on its platform once it is switched on."""

    pushes_stock = forms.BooleanField(
        label=_("Push stock"),
        required=False,
        initial=True,
        help_text=_("Quantities below go to the platform."),
    )
    confirms_shipments = forms.BooleanField(
        label=_("Mark orders as shipped"),
        required=False,
        initial=True,
        help_text=_("Carrier and tracking number go to the platform when goods leave."),
    )
    pushes_prices = forms.BooleanField(
        label=_("Push prices"),
        required=False,
        help_text=_("A price a person sets on a listing goes to the platform."),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)


if TYPE_CHECKING:
    _ShopFields = forms.ModelForm[Shop]
else:
    _ShopFields = forms.ModelForm


class ShopForm(_ShopFields):
    """How a shop is called, who looks after it, and how it ships and sells."""

    class Meta:
        model = Shop
        fields = (
            "name",
            "short_name",
            "group",
            "person_in_charge",
            "legal_entity",
            "time_zone",
            "tells",
            "auto_approve",
            "buffer",
            "percentage",
            "cap",
            "is_paused",
        )
        labels = {
            "name": _("Name"),
            "short_name": _("Short name"),
            "group": _("Group"),
            "person_in_charge": _("Person in charge"),
            "legal_entity": _("Company"),
            "time_zone": _("Time zone"),
            "tells": _("Mark as shipped"),
            "auto_approve": _("Approve orders by itself"),
            "buffer": _("Units kept back"),
            "percentage": _("Percentage offered"),
            "cap": _("At most"),
            "is_paused": _("Stop offering stock"),
        }
