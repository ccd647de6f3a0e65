"""Forms of the finance pages: filters, files, accounts of money, mappings, rates, acts on periods."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from channels.models import ChannelAccount, Shop
from channels.settlement_messages import Binding, Holder, LineKind
from ecomhub.models import LegalEntity
from ecomhub.money import known_currencies
from finance.accounting.rate_queries import RateFilter
from finance.accounting.rate_sources import ECB, MANUAL, PARITY, PLATFORM, SOURCES
from finance.models import Account, FxRate, MoneyAccount, MoneyException
from finance.pages.page_parts import account_name, month_asked
from finance.queries import SettlementFilter
from finance.reconciliation.exception_queries import ExceptionFilter

MOST_FILES = 50


def day_input(**attrs: Any) -> forms.DateInput:
    """Return an input for a day that browsers show their calendar for."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", **attrs})


class SettlementFilterForm(forms.Form):
    """The filter bar of the settlements."""

    q = forms.CharField(label=_("Settlement or payout number"), required=False, max_length=120)
    account = forms.ModelChoiceField(
        label=pgettext_lazy("money", "Account"),
        queryset=MoneyAccount.objects.none(),
        required=False,
        empty_label=_("All accounts"),
    )
    currency = forms.ChoiceField(label=_("Currency"), required=False)
    month = forms.CharField(
        label=_("Month"),
        required=False,
        max_length=7,
        widget=forms.TextInput(attrs={"type": "month", "title": _("Month the settlement ends in")}),
    )
    state = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, accounts: Sequence[MoneyAccount], currencies: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._accounts = {str(row.pk): row for row in accounts}
        choices: list[tuple[str, Any]] = [("", _("All accounts"))]
        self.fields["account"] = forms.ChoiceField(
            label=pgettext_lazy("money", "Account"),
            required=False,
            choices=[*choices, *((key, row.name) for key, row in self._accounts.items())],
        )
        codes: list[tuple[str, Any]] = [("", _("All currencies"))]
        self.fields["currency"].choices = [*codes, *((code, code) for code in currencies)]  # type: ignore[attr-defined]

    def wanted(self) -> SettlementFilter:
        """Return what was asked for; what cannot be read is left out."""
        self.is_valid()
        values = self.cleaned_data
        return SettlementFilter(
            state=str(values.get("state", "")),
            account=self._accounts.get(str(values.get("account", ""))),
            currency=str(values.get("currency", "")),
            month=month_asked(str(values.get("month", ""))),
            text=str(values.get("q", "")).strip().replace("\0", ""),
        )


class ManyFilesInput(forms.ClearableFileInput):
    """A file input for several files."""

    allow_multiple_selected = True


class ManyFiles(forms.FileField):
    """Several files; none of them is looked into."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        """Return the files. An empty one is refused by its reader, with its name."""
        given = list(data) if isinstance(data, (list, tuple)) else [data] if data else []
        if not given:
            raise forms.ValidationError(gettext("Choose one or more files."))
        if len(given) > MOST_FILES:
            raise forms.ValidationError(gettext("Give at most %d files at once.") % MOST_FILES)
        return given


class ImportForm(forms.Form):
    """Statements of one account."""

    account = forms.ChoiceField(label=pgettext_lazy("money", "Account"))
    documents = ManyFiles(label=_("Settlement and statement files"))

    def __init__(
        self,
        *args: Any,
        accounts: Sequence[MoneyAccount],
        channels: Sequence[ChannelAccount],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.accounts = {f"m{row.pk}": row for row in accounts}
        self.channels = {f"c{row.pk}": row for row in channels}
        empty: list[tuple[str, Any]] = [("", _("Choose the account the files are of"))]
        self.fields["account"].choices = [  # type: ignore[attr-defined]
            *empty,
            *((key, f"{row.name} · {row.get_holder_display()}") for key, row in self.accounts.items()),
            *((key, row.name) for key, row in self.channels.items()),
        ]


class MoneyAccountForm(forms.Form):
    """A wallet, a bank account, or a platform account whose files come by hand."""

    holder = forms.ChoiceField(label=_("What it is"))
    name = forms.CharField(label=_("Name"), max_length=80)
    provider = forms.CharField(
        label=_("Provider"), max_length=40, help_text=_("Such as PingPong, Payoneer, the bank, the platform.")
    )
    currency = forms.CharField(
        label=_("Currency"), max_length=3, required=False, help_text=_("Where its files do not say it.")
    )
    zone = forms.CharField(
        label=_("Time zone"), max_length=64, initial="Asia/Shanghai", help_text=_("For times without a zone.")
    )
    company = forms.ModelChoiceField(
        label=_("Company"), queryset=LegalEntity.objects.order_by("pk"), required=False, empty_label=None
    )
    shop = forms.ModelChoiceField(
        label=_("Shop"),
        queryset=Shop.objects.order_by("short_name"),
        required=False,
        empty_label=_("None"),
        help_text=_("Of a platform account: the shop whose orders its lines speak of."),
    )
    live_on = forms.DateField(
        label=_("Live since"),
        required=False,
        widget=day_input(),
        help_text=_("Older money settles the opening orders."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["holder"].choices = [  # type: ignore[attr-defined]
            (Holder.WALLET.value, _("Wallet")),
            (Holder.BANK.value, _("Bank account")),
            (Holder.CHANNEL.value, _("Platform account, files only")),
        ]

    def clean_currency(self) -> str:
        """Return the code in capitals."""
        code = str(self.cleaned_data["currency"]).strip().upper()
        if code and code not in known_currencies():
            raise forms.ValidationError(
                gettext("%s is not a currency. Use its three letters of ISO 4217.") % code
            )
        return code

    def clean_zone(self) -> str:
        """Refuse what is no zone."""
        zone = str(self.cleaned_data["zone"]).strip()
        if zone not in available_timezones():
            raise forms.ValidationError(
                gettext("%s is not a time zone. Use a name such as Asia/Shanghai.") % zone
            )
        return zone


def kind_words() -> list[tuple[str, Any]]:
    """Return the kinds of line, in words."""
    return [
        (LineKind.CHARGE.value, pgettext_lazy("line kind", "Charge")),
        (LineKind.FEE.value, pgettext_lazy("line kind", "Fee")),
        (LineKind.TAX.value, pgettext_lazy("line kind", "Tax")),
        (LineKind.REFUND.value, pgettext_lazy("line kind", "Refund")),
        (LineKind.ADJUSTMENT.value, pgettext_lazy("line kind", "Adjustment")),
        (LineKind.RESERVE.value, pgettext_lazy("line kind", "Reserve")),
        (LineKind.TRANSFER.value, pgettext_lazy("line kind", "Transfer")),
    ]


def binding_words() -> list[tuple[str, Any]]:
    """Return what a line may belong to, in words."""
    return [
        (Binding.ACCOUNT.value, _("To the account itself")),
        (Binding.ORDER.value, _("To its order: it settles what was expected")),
        (Binding.PAYOUT.value, _("It is money sent to the next account")),
        (Binding.CARRY.value, _("It brings an earlier settlement's balance")),
    ]


class MappingForm(forms.Form):
    """What a type of line is booked as."""

    account = forms.ChoiceField(label=_("Account of the plan"))
    kind = forms.ChoiceField(label=_("Kind"))
    binding = forms.ChoiceField(label=_("It belongs"))
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, accounts: Sequence[Account], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        empty: list[tuple[str, Any]] = [("", _("Choose an account"))]
        self._choose(
            "account", [*empty, *((row.code, f"{row.code} {account_name(row)}") for row in accounts)]
        )
        self._choose("kind", kind_words())
        self._choose("binding", binding_words())

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]


class RateFilterForm(forms.Form):
    """The filter bar of the rates."""

    q = forms.CharField(label=_("Currency or pair, such as USD/CNY"), required=False, max_length=10)
    source = forms.ChoiceField(label=_("Source"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    on = forms.DateField(label=_("Up to"), required=False, widget=day_input())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        empty: list[tuple[str, Any]] = [("", _("All sources"))]
        self.fields["source"].choices = [*empty, *((one.key, one.title) for one in SOURCES)]  # type: ignore[attr-defined]
        every: list[tuple[str, Any]] = [("", _("All kinds"))]
        self.fields["kind"].choices = [*every, *FxRate.Kind.choices]  # type: ignore[attr-defined]

    def wanted(self) -> RateFilter:
        """Return what was asked for; what cannot be read is left out."""
        self.is_valid()
        values = self.cleaned_data
        return RateFilter(
            source=str(values.get("source", "")),
            text=str(values.get("q", "")).strip().replace("\0", ""),
            on=values.get("on"),
            kind=str(values.get("kind", "")),
        )


class RateForm(forms.Form):
    """A rate typed by a person."""

    unit = forms.IntegerField(label=_("So many"), min_value=1, max_value=10_000, initial=1)
    base = forms.CharField(label=_("of"), max_length=3)
    rate = forms.DecimalField(
        label=_("cost"),
        max_digits=24,
        decimal_places=12,
        min_value=Decimal("0.000000000001"),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    quote = forms.CharField(label=pgettext_lazy("rate", "in"), max_length=3)
    on = forms.DateField(
        label=_("On"), widget=day_input(), help_text=_("A monthly rate stands on the month's first day.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def clean_base(self) -> str:
        """Return the code in capitals."""
        return str(self.cleaned_data["base"]).strip().upper()

    def clean_quote(self) -> str:
        """Return the code in capitals."""
        return str(self.cleaned_data["quote"]).strip().upper()


class RateFileForm(forms.Form):
    """A document of rates."""

    file = forms.FileField(label=_("File with rates"))
    source = forms.ChoiceField(label=_("Source"), required=False)
    reason = forms.CharField(
        label=_("Reason"), max_length=200, required=False, help_text=_("Needed for rates by hand.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        empty: list[tuple[str, Any]] = [("", _("As its layout says"))]
        known = [one for one in SOURCES if one.key in (ECB, PARITY, PLATFORM, MANUAL)]
        self.fields["source"].choices = [*empty, *((one.key, one.title) for one in known)]  # type: ignore[attr-defined]


class ReopenForm(forms.Form):
    """Opening closed periods again."""

    through = forms.DateField(
        label=_("Last day that stays closed"),
        required=False,
        widget=day_input(),
        help_text=_("Empty: nothing stays closed."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)


class ExceptionFilterForm(forms.Form):
    """The filter bar of the queue."""

    q = forms.CharField(label=_("Order or reference"), required=False, max_length=120)
    kind = forms.ChoiceField(label=_("What is wrong"), required=False)
    owner = forms.CharField(
        label=pgettext_lazy("exception", "Owner"),
        required=False,
        max_length=160,
        widget=forms.TextInput(attrs={"placeholder": pgettext_lazy("exception", "Owner")}),
    )
    state = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        empty: list[tuple[str, Any]] = [("", _("All kinds"))]
        self.fields["kind"].choices = [*empty, *MoneyException.Kind.choices]  # type: ignore[attr-defined]

    def wanted(self) -> ExceptionFilter:
        """Return what was asked for; what cannot be read is left out."""
        self.is_valid()
        values = self.cleaned_data
        state = str(values.get("state", ""))
        return ExceptionFilter(
            state=state if state in MoneyException.State.values else MoneyException.State.OPEN.value,
            kind=str(values.get("kind", "")),
            owner=str(values.get("owner", "")).strip().replace("\0", ""),
            text=str(values.get("q", "")).strip().replace("\0", ""),
        )


class AcceptForm(forms.Form):
    """Accepting exceptions as they are."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class NoteForm(forms.Form):
    """Who looks after an exception, and what they know."""

    owner = forms.CharField(label=pgettext_lazy("exception", "Owner"), max_length=160, required=False)
    text = forms.CharField(
        label=_("Note"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


def last_day_of_month_before(day: date) -> date:
    """Return the last day of the month before a day's."""
    return date.fromordinal(day.replace(day=1).toordinal() - 1)
