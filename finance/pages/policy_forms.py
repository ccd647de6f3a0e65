"""The form of a book's policy of rates and rounding."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from finance.accounting.policies import MOST_DAYS
from finance.accounting.rate_sources import SOURCES
from finance.models import Book


class PolicyForm(forms.Form):
    """Which rates a book takes and what is rounding from now on, and why."""

    rate_policy = forms.ChoiceField(label=_("Rate of an amount"), choices=Book.RatePolicy.choices)
    rate_source = forms.ChoiceField(
        label=_("Source"),
        help_text=_("Closing rates come from it too. A rate typed by a person wins on its day."),
    )
    rate_days = forms.IntegerField(
        label=_("Days a rate may be old"),
        min_value=0,
        max_value=MOST_DAYS,
        help_text=_("What finds none waits until there is one; a later rate is never taken."),
    )
    allows_cross_rates = forms.BooleanField(
        label=_("Rates through a third currency"),
        required=False,
        help_text=_(
            "Where the source has no rate of a pair, it is computed from two rates of one day, such as USD "
            "to EUR and EUR to CNY, and kept with both. Without this the money waits."
        ),
    )
    rounding_cap = forms.DecimalField(
        label=_("Rounding in one match"),
        min_value=Decimal(0),
        max_digits=19,
        decimal_places=4,
        help_text=_(
            "In the book's currency. A payout that differs from its receipt by no more is found, and the "
            "difference goes to 1910; 0 lets nothing pass."
        ),
    )
    rounding_cap_month = forms.DecimalField(
        label=_("Rounding in a month"),
        min_value=Decimal(0),
        max_digits=19,
        decimal_places=4,
        help_text=_("All of a month together; what is above waits for a person."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rate_source"].choices = [(one.key, one.title) for one in SOURCES]  # type: ignore[attr-defined]
