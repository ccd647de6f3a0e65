"""Fields of the REST API that Django REST Framework does not bring: money, and choices of a filter."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ecomhub.money import decimal_text
from ecomhub.rest import sparse
from ecomhub.sentences import shown

MOST_VALUES = 100
"""How many values one filter takes at once."""


class MoneySerializer(serializers.Serializer[Any]):
    """An amount as decimal text (never a float) and its ISO 4217 currency."""

    amount = serializers.CharField()
    currency = serializers.CharField()


class SaidField(serializers.CharField):
    """A stored reason in the language of the request; a platform's own words as they came."""

    def to_representation(self, value: str) -> str:
        """Return the sentence in words."""
        return shown(value)


@extend_schema_field(MoneySerializer(allow_null=True))
class MoneyField(serializers.Field[Any, Any, Any, Any]):
    """Reads an amount column and the currency column beside it: ``{"amount": "12.30", "currency": "EUR"}``.

    ``null`` means that the platform did not say, which is not zero.
    """

    def __init__(self, *, amount: str, currency: str = "currency", **options: Any) -> None:
        self.amount = amount
        self.currency = currency
        super().__init__(source="*", read_only=True, **options)

    def to_representation(self, value: Any) -> dict[str, str] | None:
        """Return the amount with its currency, or ``None`` when it is unknown."""
        amount: Decimal | None = getattr(value, self.amount)
        currency: str = getattr(value, self.currency)
        if amount is None:
            return None
        return {"amount": decimal_text(amount, currency), "currency": currency}


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know, so that a misspelled one is not silently ignored."""

    def to_internal_value(self, data: Any) -> Any:
        """Read the known fields. Raises ``ValidationError`` naming each unknown one."""
        if hasattr(data, "keys"):
            unknown = sorted(set(data.keys()) - set(self.fields) - self.also_allowed())
            if unknown:
                raise serializers.ValidationError(
                    {name: [_("There is no such field. See the API's schema.")] for name in unknown}
                )
        return super().to_internal_value(data)

    def also_allowed(self) -> frozenset[str]:
        """Return names that somebody else reads."""
        return frozenset()


class FilterSerializer(StrictSerializer):
    """The query parameters of a list; paging and sparse answers read their own."""

    def also_allowed(self) -> frozenset[str]:
        """Allow the pager's parameters and ``fields``."""
        return frozenset({"cursor", "page_size", sparse.PARAMETER})


def codes(longest: int = 64, **options: Any) -> "serializers.ListField":
    """Return a filter that may be repeated up to ``MOST_VALUES`` times, such as SKU codes."""
    return serializers.ListField(
        child=serializers.CharField(max_length=longest), required=False, max_length=MOST_VALUES, **options
    )


def numbers(**options: Any) -> "serializers.ListField":
    """Return a filter by keys that may be repeated up to ``MOST_VALUES`` times."""
    return serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False,
        max_length=MOST_VALUES,
        **options,
    )


def choices_of(choices: Any, **options: Any) -> "serializers.ListField":
    """Return a filter by words of a fixed set, repeated as often as there are words."""
    return serializers.ListField(
        child=serializers.ChoiceField(choices=choices), required=False, max_length=MOST_VALUES, **options
    )


def flag(**options: Any) -> serializers.BooleanField:
    """Return a yes-or-no filter that means nothing when it is not given."""
    return serializers.BooleanField(required=False, allow_null=True, default=None, **options)


def instant(**options: Any) -> serializers.DateTimeField:
    """Return one end of a range of instants."""
    return serializers.DateTimeField(required=False, **options)
