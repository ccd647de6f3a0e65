"""The form of a rule of reconciliation: those of its fields that its condition looks at."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from finance.reconciliation.rules import MOST_DAYS, MOST_PERCENT, MOST_PLACE


def _fields() -> dict[str, forms.Field]:
    """Return what can be changed about rules, fresh for one form."""
    return {
        "tolerance": forms.DecimalField(
            label=_("Tolerance"),
            min_value=Decimal(0),
            max_digits=19,
            decimal_places=4,
            help_text=_("In the money's currency. The larger of it and the percent counts."),
        ),
        "tolerance_percent": forms.DecimalField(
            label=_("Tolerance in percent"),
            min_value=Decimal(0),
            max_value=Decimal(MOST_PERCENT),
            max_digits=7,
            decimal_places=4,
        ),
        "days": forms.IntegerField(label=_("Days"), min_value=0, max_value=MOST_DAYS),
        "cap_month": forms.DecimalField(
            label=_("Cap per month"),
            required=False,
            min_value=Decimal(0),
            max_digits=19,
            decimal_places=4,
            help_text=_("In the book's currency. What would be above waits for a person; empty: no cap."),
        ),
        "place": forms.IntegerField(
            label=_("Place"),
            min_value=1,
            max_value=MOST_PLACE,
            help_text=_("Lower places are tried first; the first rule that fits decides."),
        ),
        "is_active": forms.BooleanField(label=_("Active"), required=False),
    }


class RuleForm(forms.Form):
    """What a rule decides from now on, and why; a new one's platform besides."""

    def __init__(
        self, *args: Any, names: Sequence[str], platforms: Sequence[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._names = tuple(names)
        if platforms:
            self.fields["platform"] = forms.ChoiceField(
                label=_("Platform"),
                choices=[(key, key) for key in platforms],
                help_text=_("Or the wallet or bank the money comes from."),
            )
        self.fields |= {name: field for name, field in _fields().items() if name in self._names}
        self.fields["reason"] = forms.CharField(label=_("Reason"), max_length=200)

    def wanted(self) -> dict[str, Any]:
        """Return what the rule is to be, by the names of its fields."""
        return {name: self.cleaned_data[name] for name in self._names}
