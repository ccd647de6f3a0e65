"""Payouts in the REST API: money on its way, and where it arrived."""

from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ecomhub.rest.fields import FilterSerializer, MoneyField, choices_of, codes, instant, numbers
from finance import seeing
from finance.api_base import FinanceViewSet
from finance.models import Payout

STATES = [choice for choice in Payout.State.choices if choice[0] != Payout.State.DROPPED]


class PayoutSerializer(serializers.ModelSerializer[Payout]):
    """A payout (放款): money a settlement or a wallet's line sent on its way to the next account.

    What it was matched with, and what was between, are the ``finance/matches`` of the payout.
    """

    account = serializers.CharField(source="account.name")
    provider = serializers.CharField(source="account.provider")
    settlement = serializers.IntegerField(source="settlement_id", allow_null=True)
    line = serializers.IntegerField(source="line_id", allow_null=True, help_text="The line that sent it.")
    amount = MoneyField(amount="amount")
    state = serializers.ChoiceField(choices=STATES)
    arrived_line = serializers.IntegerField(source="arrived_line_id", allow_null=True)

    class Meta:
        model = Payout
        fields: ClassVar[list[str]] = [
            "id",
            "account",
            "provider",
            "settlement",
            "line",
            "reference",
            "amount",
            "sent_at",
            "state",
            "arrived_at",
            "arrived_line",
        ]
        read_only_fields = fields


class PayoutFilter(FilterSerializer):
    """Filters of the list of payouts."""

    account = codes(80, help_text="Names of the money accounts that sent them.")
    provider = codes(40, help_text="Platforms, wallets, banks.")
    currency = codes(3)
    state = choices_of(STATES)
    settlement = numbers(help_text="Ids of settlements.")
    reference = codes(160, help_text="The payouts' own numbers.")
    sent_after = instant()
    sent_before = instant()


class Payouts(FinanceViewSet):
    """Payouts of the caller's shops; those of wallets and banks for callers who are not limited."""

    serializer_class = PayoutSerializer
    filter_serializer_class = PayoutFilter
    queryset = Payout.objects.none()
    lookups: ClassVar[dict[str, str]] = {
        "account": "account__name__in",
        "provider": "account__provider__in",
        "currency": "currency__in",
        "state": "state__in",
        "settlement": "settlement__in",
        "reference": "reference__in",
        "sent_after": "sent_at__gte",
        "sent_before": "sent_at__lt",
    }

    def get_queryset(self) -> QuerySet[Payout]:
        """Return the caller's payouts."""
        rows = seeing.payouts(actor=self.actor).exclude(state=Payout.State.DROPPED)
        return rows.select_related("account")

    @extend_schema(operation_id="payouts_list", parameters=[PayoutFilter])
    def list(self, request: Request) -> Response:
        """List payouts, the latest first."""
        return self.page()

    @extend_schema(operation_id="payouts_retrieve")
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one payout."""
        return Response(self.shown(self.get_object(), many=False))
