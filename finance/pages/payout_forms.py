"""Forms of the pages of payouts: the filter, and reasons."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from finance.models import MoneyAccount
from finance.pages.page_parts import month_asked
from finance.reconciliation.payout_queries import STATES, PayoutFilter


class PayoutFilterForm(forms.Form):
    """The filter bar of the payouts."""

    q = forms.CharField(label=_("Payout or settlement number"), required=False, max_length=120)
    account = forms.ChoiceField(label=pgettext_lazy("money", "Account"), required=False)
    currency = forms.ChoiceField(label=_("Currency"), required=False)
    month = forms.CharField(
        label=_("Month"),
        required=False,
        max_length=7,
        widget=forms.TextInput(attrs={"type": "month", "title": _("Month the payout was sent in")}),
    )
    state = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, accounts: Sequence[MoneyAccount], currencies: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._accounts = {str(row.pk): row for row in accounts}
        names: list[tuple[str, Any]] = [("", _("All accounts"))]
        codes: list[tuple[str, Any]] = [("", _("All currencies"))]
        names += [(key, row.name) for key, row in self._accounts.items()]
        self.fields["account"].choices = names  # type: ignore[attr-defined]
        self.fields["currency"].choices = [*codes, *((code, code) for code in currencies)]  # type: ignore[attr-defined]

    def wanted(self) -> PayoutFilter:
        """Return what was asked for; what cannot be read is left out."""
        self.is_valid()
        values = self.cleaned_data
        state = str(values.get("state", ""))
        return PayoutFilter(
            state=state if state in STATES else "",
            account=self._accounts.get(str(values.get("account", ""))),
            currency=str(values.get("currency", "")),
            month=month_asked(str(values.get("month", ""))),
            text=str(values.get("q", "")).strip().replace("\0", ""),
        )


class ReasonForm(forms.Form):
    """Why somebody matches or takes apart."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("It stays with the entry in the ledger."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
