"""Forms for connecting an account in the browser, and for its way out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from channels.adapter import Platform
from channels.authorization import Authorization
from channels.forms import environments, proxy_field
from ecomhub.models import LegalEntity


class ApplicationForm(forms.Form):
    """Our application at the platform; what an account knows already may stay empty."""

    def __init__(
        self, *args: Any, authorization: Authorization, held: Mapping[str, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.authorization = authorization
        self.held = held or {}
        for one in authorization.fields:
            widget = forms.PasswordInput(render_value=True) if one.secret else forms.TextInput()
            widget.attrs["autocomplete"] = "off"
            known = self.held.get(one.key, "")
            self.fields[f"application_{one.key}"] = forms.CharField(
                label=str(one.label),
                help_text=_("Empty keeps what is stored.") if known and one.secret else str(one.help),
                required=one.required and not known,
                initial="" if one.secret else known,
                widget=widget,
                max_length=2000,
            )

    def application(self) -> dict[str, str]:
        """Return the fields by the platform's own keys, with what was stored where one was left empty."""
        keys = [one.key for one in self.authorization.fields]
        typed = {key: self.cleaned_data[f"application_{key}"].strip() for key in keys}
        return {key: value or self.held.get(key, "") for key, value in typed.items()}


class ConnectForm(ApplicationForm):
    """A new account: what it is called, whose it is, where it lives, and our application there."""

    name = forms.CharField(label=_("What you call it"), max_length=60)
    environment = forms.ChoiceField(label=_("Where it lives"))
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
    proxy = proxy_field()

    def __init__(self, *args: Any, offered: Platform, at: datetime, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"go_live_at": at})
        super().__init__(*args, **kwargs)
        self.fields["environment"].choices = environments(offered=offered)  # type: ignore[attr-defined]


class ProxyForm(forms.Form):
    """The way out of one account."""

    proxy = proxy_field()
