"""Reads of what platforms tell of single transactions: held back until when, released, and told of orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from ecomhub import keyset
from ecomhub.access import Actor
from finance import seeing
from finance.models import AnnouncedMoney, MoneyAccount, Settlement

PAGE = 50
AGES = (7, 14, 30)
"""The borders of the ages of held money, in days since it was posted."""
_ZERO = Decimal(0)
State = AnnouncedMoney.State


@dataclass(frozen=True, slots=True)
class DeferredFilter:
    """What is asked of the transactions; ``state`` empty: all of them."""

    state: str = State.DEFERRED.value
    account: MoneyAccount | None = None
    currency: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What one account holds back in one currency.

    ``ages`` are the sums by how long ago the money was posted, one more than ``AGES`` has borders.
    ``overdue`` should have come free by now, ``soon`` comes free within a week; ``undated`` has no date.
    """

    account: MoneyAccount
    currency: str
    amount: Decimal
    count: int
    ages: tuple[Decimal, ...]
    overdue: Decimal
    soon: Decimal
    undated: Decimal
    oldest: datetime
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderTold:
    """What a platform tells it will pay for an order in one currency, and how much of it is held back."""

    currency: str
    amount: Decimal
    held: Decimal
    until: datetime | None


@dataclass(frozen=True, slots=True)
class SettlementTold:
    """What was released in a settlement's time beside what the settlement says, without what only moves.

    ``is_through``: the platform told transactions through the settlement's end.
    """

    told: Decimal
    count: int
    is_through: bool


def _sum(wanted: Q) -> Coalesce:
    return Coalesce(Sum("amount", filter=wanted), _ZERO)


def held(*, actor: Actor, at: datetime) -> list[Held]:
    """Return what is held back by account and currency, the largest ones of a currency first."""
    borders = [at - timedelta(days=days) for days in AGES]
    ages = [Q(posted_at__gt=borders[0])]
    ages += [Q(posted_at__lte=new, posted_at__gt=old) for new, old in pairwise(borders)]
    ages.append(Q(posted_at__lte=borders[-1]))
    week = at + timedelta(days=7)
    sums = (
        seeing.announced(actor=actor)
        .filter(state=State.DEFERRED)
        .values_list("account", "currency")
        .annotate(
            held=Sum("amount"),
            count=Count("pk"),
            **{f"age{place}": _sum(age) for place, age in enumerate(ages)},
            overdue=_sum(Q(matures_at__lt=at)),
            soon=_sum(Q(matures_at__gte=at, matures_at__lt=week)),
            undated=_sum(Q(matures_at__isnull=True)),
            oldest=Min("posted_at"),
            next_at=Min("matures_at", filter=Q(matures_at__gte=at)),
        )
        .order_by("currency", "-held")
    )
    rows = list(sums)
    accounts = MoneyAccount.objects.in_bulk([row[0] for row in rows])
    last = 4 + len(ages)
    return [Held(accounts[row[0]], row[1], row[2], row[3], tuple(row[4:last]), *row[last:]) for row in rows]


def transactions(*, actor: Actor, wanted: DeferredFilter) -> "QuerySet[AnnouncedMoney]":
    """Return the transactions that fit a filter, in no order."""
    rows = seeing.announced(actor=actor).select_related("account", "order", "shop")
    if wanted.state == State.DEFERRED:
        rows = rows.filter(state=State.DEFERRED)
    elif wanted.state == State.RELEASED:
        rows = rows.filter(state=State.RELEASED, was_deferred=True)
    if wanted.account is not None:
        rows = rows.filter(account=wanted.account)
    if wanted.currency:
        rows = rows.filter(currency=wanted.currency)
    if wanted.text:
        rows = rows.filter(
            Q(order_ref__istartswith=wanted.text) | Q(order__external_id__istartswith=wanted.text)
        )
    return rows


def counts(*, actor: Actor, wanted: DeferredFilter) -> dict[str, int]:
    """Return how many transactions fit a filter in each view."""
    loose = DeferredFilter("", wanted.account, wanted.currency, wanted.text)
    found = transactions(actor=actor, wanted=loose).aggregate(
        all=Count("pk"),
        deferred=Count("pk", filter=Q(state=State.DEFERRED)),
        released=Count("pk", filter=Q(state=State.RELEASED, was_deferred=True)),
    )
    return {"": found["all"], "deferred": found["deferred"], "released": found["released"]}


def currencies(*, actor: Actor) -> list[str]:
    """Return the currencies there are transactions in."""
    rows = seeing.announced(actor=actor).order_by("currency").values_list("currency", flat=True)
    return list(rows.distinct())


def page(
    *, rows: "QuerySet[AnnouncedMoney]", after: str = "", before: str = ""
) -> keyset.Page[AnnouncedMoney]:
    """Return one page: the transaction posted last first."""
    return keyset.page_of(
        rows=rows,
        keys=["posted_at", "pk"],
        after=keyset.instant_place(after),
        up_to=keyset.instant_place(before),
        size=PAGE,
        key_of=lambda row: keyset.instant_key(row.posted_at, row.pk),
        fields=keyset.INSTANT_FIELDS,
    )


def told_of(*, orders: Sequence[int]) -> dict[int, list[OrderTold]]:
    """Return what platforms tell of orders: all of it, and the part that is held back."""
    deferred = Q(state=State.DEFERRED)
    rows = (
        AnnouncedMoney.objects.filter(order__in=orders)
        .values_list("order", "currency")
        .annotate(Sum("amount"), held=_sum(deferred), until=Min("matures_at", filter=deferred))
        .order_by("order", "currency")
    )
    found: dict[int, list[OrderTold]] = {}
    for order, currency, amount, kept, until in rows:
        found.setdefault(order, []).append(OrderTold(currency, amount, kept, until))
    return found


def of_order(*, order: int) -> "QuerySet[AnnouncedMoney]":
    """Return the transactions of an order, the oldest first."""
    return AnnouncedMoney.objects.filter(order=order).select_related("account").order_by("posted_at", "pk")


def summed(*, rows: Sequence[AnnouncedMoney]) -> list[OrderTold]:
    """Return what these transactions of one order come to, one sum a currency."""
    found = []
    for currency in sorted({row.currency for row in rows}):
        mine = [row for row in rows if row.currency == currency]
        kept = [row for row in mine if row.state == State.DEFERRED]
        until = min((row.matures_at for row in kept if row.matures_at is not None), default=None)
        amount = sum((row.amount for row in mine), _ZERO)
        found.append(OrderTold(currency, amount, sum((row.amount for row in kept), _ZERO), until))
    return found


def settlement_told(*, settlement: Settlement) -> SettlementTold | None:
    """Return what was released in a settlement's time; ``None`` where its account tells nothing of that."""
    if settlement.starts_at is None or settlement.ends_at is None:
        return None
    told = AnnouncedMoney.objects.filter(account=settlement.account_id, currency=settlement.currency)
    if not told.filter(posted_at__lt=settlement.ends_at).exists():
        return None
    sums = told.filter(
        state=State.RELEASED, released_at__gte=settlement.starts_at, released_at__lt=settlement.ends_at
    ).aggregate(amount=Sum("amount"), count=Count("pk"))
    newest = AnnouncedMoney.objects.filter(
        account=settlement.account_id, state=State.RELEASED, released_at__gte=settlement.ends_at
    )
    return SettlementTold(sums["amount"] or _ZERO, sums["count"], newest.exists())
