"""Forms of the listing pages: the filter, what a listing sells, its limits, its price."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels import queries
from channels.models import ChannelAccount, Shop
from channels.registry import platforms
from ecomhub.access import Actor

MOST_PARTS = 30


class ListingFilterForm(forms.Form):
    """The filter bar of the listings page."""

    q = forms.CharField(label=_("Listing, title, SKU or product number"), required=False, max_length=120)
    platform = forms.ChoiceField(label=_("Platform"), required=False)
    account = forms.ModelChoiceField(
        label=_("Account"),
        queryset=ChannelAccount.objects.none(),
        required=False,
        empty_label=_("All accounts"),
    )
    shop = forms.ModelChoiceField(
        label=_("Shop"), queryset=Shop.objects.none(), required=False, empty_label=_("All shops")
    )
    view = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = sorted(platforms().values(), key=lambda one: one.name)
        self._choose("platform", [("", _("All platforms")), *((one.key, one.name) for one in known)])
        self.fields["account"].queryset = queries.accounts_visible_to(actor=actor)  # type: ignore[attr-defined]
        shops = Shop.objects.visible_to(actor).order_by("short_name")
        self.fields["shop"].queryset = shops  # type: ignore[attr-defined]

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def asked(self) -> dict[str, Any]:
        """Return what was asked for, as ``queries.listings`` takes it; what cannot be read is left out."""
        self.is_valid()
        values = self.cleaned_data
        view = str(values.get("view", ""))
        return {
            "view": view if view in queries.LISTING_VIEWS else "all",
            "text": str(values.get("q", "")).strip(),
            "platform": values.get("platform", ""),
            "account": values.get("account"),
            "shop": values.get("shop"),
        }


class PartForm(forms.Form):
    """One component of a listing."""

    sku = forms.CharField(
        label=_("SKU"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"list": "sku-options", "autocomplete": "off"}),
    )
    units = forms.IntegerField(label=_("Units"), required=False, min_value=1, max_value=100_000, initial=1)


def part_forms(*, data: QueryDict, extra: int = 0) -> list[PartForm]:
    """Return the component rows of a posted editor, and so many empty ones more."""
    count = min(len(data.getlist("sku")), MOST_PARTS)
    skus, units = data.getlist("sku"), data.getlist("units")
    rows = [
        PartForm({"sku": skus[at], "units": units[at] if at < len(units) else "1"}, auto_id=f"part_{at}_%s")
        for at in range(count)
    ]
    fresh = [PartForm(auto_id=f"part_{at}_%s") for at in range(count, min(count + extra, MOST_PARTS))]
    return rows + fresh


def held_parts(*, parts: list[tuple[str, int]]) -> list[PartForm]:
    """Return the component rows of what a listing sells now, at least one."""
    given = parts or [("", 1)]
    return [
        PartForm(initial={"sku": code, "units": units}, auto_id=f"part_{at}_%s")
        for at, (code, units) in enumerate(given)
    ]


class OfferForm(forms.Form):
    """How much of the stock a listing offers; an empty field follows the shop."""

    buffer = forms.IntegerField(label=_("Units kept back"), required=False, min_value=0, max_value=1_000_000)
    percentage = forms.IntegerField(label=_("Percentage offered"), required=False, min_value=0, max_value=100)
    cap = forms.IntegerField(label=_("At most"), required=False, min_value=0, max_value=1_000_000)
    is_paused = forms.BooleanField(label=_("Stop offering stock"), required=False)

    def follow(self, *, shop: Shop) -> "OfferForm":
        """Say in the empty fields what the shop has."""
        self.fields["buffer"].widget.attrs["placeholder"] = gettext("shop: %d") % shop.buffer
        self.fields["percentage"].widget.attrs["placeholder"] = gettext("shop: %d") % shop.percentage
        cap = gettext("no limit") if shop.cap is None else gettext("shop: %d") % shop.cap
        self.fields["cap"].widget.attrs["placeholder"] = cap
        return self


class PriceForm(forms.Form):
    """A new price, in the shop's currency."""

    price = forms.CharField(
        label=_("New price"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    is_meant = forms.BooleanField(label=_("Yes, this large change is meant"), required=False)

    def clean_price(self) -> Decimal:
        """Read the amount as people write it: a comma or a point before the decimals, no grouping."""
        text = str(self.cleaned_data["price"]).strip().replace(" ", "").replace(" ", "")
        if text.count(",") == 1 and "." not in text:
            text = text.replace(",", ".")
        try:
            amount = Decimal(text)
        except InvalidOperation as error:
            raise forms.ValidationError(gettext("Write an amount such as 12.50.")) from error
        if not amount.is_finite():
            raise forms.ValidationError(gettext("Write an amount such as 12.50."))
        return amount
