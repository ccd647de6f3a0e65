"""Forms of the webhook pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecomhub.webhooks.topics import known


class EndpointForm(forms.Form):
    """Where to send what."""

    name = forms.CharField(label=_("Name"), max_length=80, required=False, help_text=_("For yourself."))
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("An https address that can be reached from the internet."),
    )
    topics = forms.MultipleChoiceField(label=_("Topics"), widget=forms.CheckboxSelectMultiple, choices=[])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["topics"]
        field.choices = [(name, f"{topic.title} ({name})") for name, topic in known().items()]  # type: ignore[attr-defined]


class ReplayForm(forms.Form):
    """A range of the company's time whose messages are sent again."""

    since = forms.DateTimeField(label=_("From"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    until = forms.DateTimeField(label=_("To"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    only_failed = forms.BooleanField(label=_("Only those that were never taken"), required=False)
