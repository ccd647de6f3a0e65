"""Selling in tests: orders that ship, fees that are published, money that is explained."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from channels.messages import IncomingOrder, OrderState
from channels.models import ChannelAccount
from finance.models import MoneyException, OrderMoney, Posting, Tariff
from finance.reconciliation import explaining
from finance.reconciliation.explaining import Turn
from orders.models import Order
from tests.orders import factory

SHIPPED_AT = datetime(2026, 3, 3, 12, tzinfo=UTC)
LATER = datetime(2026, 4, 20, 12, tzinfo=UTC)


def ship(
    shop: ChannelAccount,
    order: IncomingOrder,
    *,
    at: datetime = SHIPPED_AT,
    state: OrderState = OrderState.SHIPPED,
    **changes: Any,
) -> Order:
    """The platform shows the order as shipped."""
    minutes = int((at - order.updated_at).total_seconds() // 60)
    newer = factory.again(order, minutes=minutes, state=state, platform_status=state.value, **changes)
    return factory.taken(shop, newer, at=at)


def sell(
    shop: ChannelAccount, number: int = 1, *lines: Any, at: datetime = SHIPPED_AT, **changes: Any
) -> Order:
    """An order that was taken in and shipped."""
    incoming = factory.incoming(number, *lines, **changes)
    factory.take(shop, incoming)
    return ship(shop, incoming, at=at)


def publish(fee: str = "Commission", percent: str = "15", **changes: Any) -> Tariff:
    """A fee Amazon publishes."""
    values: dict[str, Any] = {
        "platform": "amazon", "fee": fee, "account_id": "5200", "base": "charges",
        "percent": Decimal(percent), "currency": "USD", "valid_from": date(2026, 1, 1),
    }  # fmt: skip
    return Tariff.objects.create(**{**values, **changes})


def turn(at: datetime = LATER) -> Turn:
    """Explain everything that is due."""
    return explaining.take_turn(at=at, sweeps=True)


def owed(order: Order) -> dict[str, Decimal]:
    """What an order still owes by component."""
    rows = Posting.objects.filter(account="1105", order=order).values_list("component")
    return {component: amount for component, amount in rows.annotate(sum=Sum("amount")) if amount}


def earned(order: Order) -> dict[str, Decimal]:
    """What an order earned by account, gains positive."""
    rows = Posting.objects.filter(order=order).exclude(account__code__startswith="1").values_list("account")
    return {code: -amount for code, amount in rows.annotate(sum=Sum("amount")) if amount}


def state(order: Order) -> str:
    """Where an order's money stands."""
    return OrderMoney.objects.get(order=order).state


def raised(*, payouts: bool = False) -> list[tuple[str, Decimal]]:
    """The open exceptions with their amounts; those of payouts nobody looks for here only when asked for."""
    rows = MoneyException.objects.filter(state="open").order_by("kind", "pk")
    if not payouts:
        rows = rows.exclude(kind="unmatched_payout")
    return list(rows.values_list("kind", "amount"))
