"""How an order's profit looks in the REST API."""

from types import SimpleNamespace
from typing import Any

from rest_framework import serializers

from ecomhub.rest.fields import FilterSerializer, MoneyField, choices_of, codes, numbers
from finance.models import OrderMoney
from finance.reconciliation.profit_queries import Component, OrderProfit


class ProfitComponentSerializer(serializers.Serializer[Any]):
    """One account's share of an order's profit, gains positive: booked, expected at shipment, paid so far."""

    account = serializers.CharField()
    base_amount = MoneyField(amount="base", currency="base_currency")
    amount = MoneyField(amount="amount")
    expected = MoneyField(amount="expected")
    paid = MoneyField(amount="paid")
    is_actual = serializers.BooleanField()


class ProfitSerializer(serializers.Serializer[Any]):
    """What one order earns in its book's currency; ``is_actual`` when all its money is explained."""

    order = serializers.IntegerField(source="order_id")
    external_id = serializers.CharField()
    shop = serializers.IntegerField(source="shop_id")
    state = serializers.ChoiceField(choices=OrderMoney.State.choices)
    is_actual = serializers.BooleanField()
    net_sales = MoneyField(amount="net_sales", currency="base_currency")
    margin1 = MoneyField(amount="margin1", currency="base_currency")
    margin2 = MoneyField(amount="margin2", currency="base_currency")
    margin3 = MoneyField(amount="margin3", currency="base_currency")
    components = ProfitComponentSerializer(many=True)


def shown_profit(row: OrderMoney, profit: OrderProfit) -> SimpleNamespace:
    """Return an order's profit with the currencies its amounts are in."""
    base = row.book.currency
    margins = profit.margins
    return SimpleNamespace(
        order_id=row.pk,
        external_id=row.order.external_id,
        shop_id=row.shop_id,
        state=row.state,
        is_actual=profit.is_actual,
        base_currency=base,
        net_sales=margins.net_sales,
        margin1=margins.margin1,
        margin2=margins.margin2,
        margin3=margins.margin3,
        components=[_component(part, row.currency, base) for part in profit.components.values()],
    )


def _component(part: Component, currency: str, base_currency: str) -> SimpleNamespace:
    return SimpleNamespace(
        account=part.account,
        base=part.base,
        amount=part.amount,
        expected=part.expected,
        paid=part.paid,
        is_actual=part.is_actual,
        currency=currency,
        base_currency=base_currency,
    )


class ProfitFilter(FilterSerializer):
    """Filters of the list of orders' profit."""

    order = numbers(help_text="Ids of orders.")
    external_id = codes(120, help_text="The platform's order numbers.")
    shop = numbers(help_text="Ids of shops.")
    state = choices_of(OrderMoney.State.choices, help_text="Where the order's money stands.")
