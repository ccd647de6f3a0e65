"""Forms about documents somebody has to decide: what one is, how its columns read, whether it is accepted."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from channels.money_files.dates import DateOrder
from channels.settlement_messages import Source
from ecomhub.money import known_currencies
from finance.models import RememberedLayout

COLUMNS: dict[str, Any] = {
    "date": _("Date"),
    "time": _("Time, where it has its own column"),
    "zone": _("Time zone"),
    "amount": pgettext_lazy("column", "Amount"),
    "sign": _("Word that says in or out"),
    "credit": _("Money in"),
    "debit": _("Money out"),
    "fee": _("Fee beside the amount"),
    "balance": _("Balance after it"),
    "currency": _("Currency"),
    "type": _("Type of movement"),
    "detail": _("Its detail"),
    "status": pgettext_lazy("column", "Status"),
    "order": _("Order number"),
    "reference": _("Reference"),
    "line": _("Order line"),
    "sku": "SKU",
    "quantity": pgettext_lazy("column", "Quantity"),
    "settlement": _("Settlement number"),
    "marketplace": _("Marketplace or shop"),
    "withheld": _("Tax withheld"),
    "note": _("Note"),
}
"""What a column may be, by its role in a layout, in the order of the page."""


class SourceForm(forms.Form):
    """What a document is that content alone does not tell: a source, or a remembered layout."""

    read_as = forms.ChoiceField(label=_("It is"))

    def __init__(
        self,
        *args: Any,
        fitting: Sequence[str],
        sources: Sequence[Source],
        layouts: Sequence[RememberedLayout],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._layouts = {f"layout:{row.pk}": row for row in layouts}
        near = [(one.key, one.title) for one in sources if one.key in fitting]
        rest = [(one.key, one.title) for one in sources if one.key not in fitting]
        groups: list[tuple[Any, Any]] = [("", _("Choose what it is"))]
        groups += [(_("Its content fits"), near)] if near else []
        groups += [(_("Layouts"), [(key, row.name) for key, row in self._layouts.items()])] if layouts else []
        groups += [(_("Kinds of document"), rest)] if rest else []
        self.fields["read_as"].choices = groups  # type: ignore[attr-defined]

    def chosen(self) -> tuple[str, RememberedLayout | None]:
        """Return the key of a source, or a layout."""
        key = str(self.cleaned_data["read_as"])
        layout = self._layouts.get(key)
        return ("", layout) if layout is not None else (key, None)


class LayoutForm(forms.Form):
    """Which column of a sheet is what, and how its dates, numbers and words read."""

    name = forms.CharField(label=_("Name of the layout"), max_length=80)
    date_order = forms.ChoiceField(label=_("How dates are written"), required=False)
    decimal_mark = forms.ChoiceField(label=_("Decimal mark"), required=False)
    currency_code = forms.CharField(
        label=_("Currency of all rows"), max_length=3, required=False, help_text=_("Where no column says it.")
    )
    in_words = forms.CharField(
        label=_("Words for money in"),
        max_length=400,
        required=False,
        help_text=_("With commas between them."),
    )
    out_words = forms.CharField(
        label=_("Words for money out"),
        max_length=400,
        required=False,
        help_text=_("With commas between them."),
    )
    done = forms.CharField(
        label=_("Statuses of money that moved"),
        max_length=400,
        required=False,
        help_text=_("With commas between them. Rows of another status are kept and not booked."),
    )
    fee_included = forms.ChoiceField(label=_("The fee is"), required=False)
    parts = forms.MultipleChoiceField(
        label=_("Columns the amount is made of"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each becomes a line of its own, with its heading as the type."),
    )

    def __init__(self, *args: Any, headings: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        columns = [(name, name) for name in headings]
        none: list[tuple[str, Any]] = [("", "–")]
        for role, label in COLUMNS.items():
            self.fields[f"column_{role}"] = forms.ChoiceField(
                label=label, required=role == "date", choices=[*none, *columns]
            )
        self._choose("parts", columns)
        self._choose(
            "date_order",
            [
                ("", _("As the dates show")),
                (DateOrder.DAY_FIRST.value, _("Day first: 31/12/2026")),
                (DateOrder.MONTH_FIRST.value, _("Month first: 12/31/2026")),
            ],
        )
        self._choose(
            "decimal_mark",
            [("", _("As the amounts show")), (".", _("Point: 1,234.56")), (",", _("Comma: 1.234,56"))],
        )
        self._choose(
            "fee_included",
            [
                ("", _("As the balances show")),
                ("yes", _("taken off the amount already")),
                ("no", _("taken besides the amount")),
            ],
        )

    def _choose(self, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        self.fields[name].choices = list(choices)  # type: ignore[attr-defined]

    def clean_currency_code(self) -> str:
        """Return the code in capitals."""
        code = str(self.cleaned_data["currency_code"]).strip().upper()
        if code and code not in known_currencies():
            raise forms.ValidationError(
                gettext("%s is not a currency. Use its three letters of ISO 4217.") % code
            )
        return code

    def clean(self) -> dict[str, Any]:
        """Refuse what no sheet can be read by."""
        values = super().clean() or {}
        if not values.get("column_amount") and not (
            values.get("column_credit") and values.get("column_debit")
        ):
            self.add_error(
                "column_amount",
                gettext("Choose the column of the amount, or both of money in and money out."),
            )
        if values.get("column_amount") and (values.get("column_credit") or values.get("column_debit")):
            self.add_error(
                "column_amount", gettext("Choose one amount, or money in and money out, and not all three.")
            )
        if values.get("column_sign") and not (values.get("in_words") and values.get("out_words")):
            self.add_error(
                "column_sign", gettext("Write below which words mean money in and which money out.")
            )
        used = [values[f"column_{role}"] for role in COLUMNS if values.get(f"column_{role}")]
        for twice in sorted({name for name in used if used.count(name) > 1}):
            self.add_error(None, gettext("The column %s is chosen twice.") % twice)
        return values

    def layout(self) -> dict[str, Any]:
        """Return the layout as the sources read it."""
        values = self.cleaned_data
        columns = {role: [values[f"column_{role}"]] for role in COLUMNS if values.get(f"column_{role}")}
        included = {"yes": True, "no": False}.get(str(values["fee_included"]))
        return {
            "columns": columns,
            "date": values["date_order"],
            "decimal_mark": values["decimal_mark"],
            "currency": values["currency_code"],
            "in_words": _listed(values["in_words"]),
            "out_words": _listed(values["out_words"]),
            "done": _listed(values["done"]),
            "fee_included": included,
            "parts": values["parts"],
        }


def initial_of(*, name: str, layout: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form's values of a layout, of several spellings of a heading the first."""
    columns = {
        f"column_{role}": names[0] if isinstance(names, list) else names
        for role, names in layout.get("columns", {}).items()
        if names
    }
    included = {True: "yes", False: "no"}.get(layout.get("fee_included"), "")  # type: ignore[arg-type]
    return columns | {
        "name": name,
        "date_order": layout.get("date", ""),
        "decimal_mark": layout.get("decimal_mark", ""),
        "currency_code": layout.get("currency", ""),
        "in_words": ", ".join(layout.get("in_words", [])),
        "out_words": ", ".join(layout.get("out_words", [])),
        "done": ", ".join(layout.get("done", [])),
        "fee_included": included,
        "parts": layout.get("parts", []),
    }


class RulingForm(forms.Form):
    """What is decided of a document that does not agree, and why."""

    kind = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, kinds: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.replace("，", ",").replace("、", ",").split(",") if word.strip()]
