"""The legs of a payout that arrived: what was sent, what came, the fee, the conversion and its results."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Any

from django.db.models import Max, Sum

from finance.accounting import fx, plan
from finance.accounting.ledger import Leg
from finance.models import Book, FxRate, Posting

_EXACT = Context(prec=60)
_ZERO = Decimal(0)
EVENT = "event"
"""Source of rates that one conversion itself had."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A payout on its way. ``said`` are its references, ``stated`` what a converting platform pays.

    ``line_id`` is set for a line that is no payout yet but may be a transfer; ``source`` is what told of it.
    """

    payout_id: int
    account_id: int
    currency: str
    amount: Decimal
    on: date
    book_id: int
    said: str
    stated: Decimal | None
    stated_currency: str | None
    shop_id: int | None
    platform: str
    line_id: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A line that brings money, as it stands in the ledger; ``name`` is what it calls itself.

    ``source`` is what told of it.
    """

    line_id: int
    account_id: int
    currency: str
    amount: Decimal
    on: date
    book_id: int
    holder: str
    said: str
    stands_on: str
    base: Decimal
    rate_id: int | None
    at: datetime
    settlement_id: int
    turn: int
    name: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """The legs of a match, and what was posted beside the money itself."""

    legs: list[Leg]
    currency: str
    difference: Decimal


def as_sent(sent: Sent, arrival: Arrival) -> Arrival:
    """Return the receipt as if what was sent had arrived unconverted."""
    return replace(arrival, currency=sent.currency, amount=sent.amount)


def together(arrivals: Sequence[Arrival]) -> Arrival:
    """Return several receipts in one currency as one, of the latest's day."""
    last = max(arrivals, key=lambda each: (each.on, each.line_id))
    return replace(
        last,
        amount=sum((each.amount for each in arrivals), _ZERO),
        base=sum((each.base for each in arrivals), _ZERO),
    )


def legs(*, sent: Sent, arrivals: Sequence[Arrival], book: Book, day: date, account: str) -> Made | None:
    """Return the legs for one payout and its receipts, all in one currency; ``account`` takes the fee.

    ``None`` when the payout's balance is not what it says. Raises ``finance.accounting.fx.RateMissing``.
    """
    leaving = _leaving(sent)
    if -sum((leg.amount for leg in leaving), _ZERO) != sent.amount:
        return None
    arrival = together(arrivals)
    found = [*leaving, *(_arriving(each) for each in arrivals)]
    if sent.currency == arrival.currency:
        difference = sent.amount - arrival.amount
        found += _fee(sent, arrival.currency, difference, book=book, day=day, account=account)
        return Made(_balanced(found, sent, arrival, book), arrival.currency, difference)
    stated = sent.stated if sent.stated_currency == arrival.currency else None
    given = arrival.amount if stated is None else stated
    fee = given - arrival.amount
    fees = _fee(sent, arrival.currency, fee, book=book, day=day, account=_fee_account(account))
    brought = arrival.base + sum((leg.base_amount for leg in fees), _ZERO)
    found += fees
    found += _conversion(sent, arrival, given=given, brought=brought, book=book, day=day)
    return Made(_balanced(found, sent, arrival, book), arrival.currency, fee)


def _leaving(sent: Sent) -> list[Leg]:
    """Take the payout from where it stands, with the base amount it has there."""
    rows = (
        Posting.objects.filter(payout=sent.payout_id, account__in=[plan.PAYOUTS, plan.WITHDRAWALS])
        .values("account", "currency", "money_account")
        .annotate(amount=Sum("amount"), base=Sum("base_amount"), rate=Max("rate"))
        .order_by("account", "currency")
    )
    return [
        Leg(
            row["account"],
            row["currency"],
            -row["amount"],
            -row["base"],
            row["rate"],
            payout_id=sent.payout_id,
            money_account_id=row["money_account"],
            shop_id=sent.shop_id,
        )
        for row in rows
        if row["amount"] or row["base"]
    ]


def _arriving(arrival: Arrival) -> Leg:
    return Leg(
        arrival.stands_on,
        arrival.currency,
        arrival.amount,
        arrival.base,
        arrival.rate_id,
        money_account_id=arrival.account_id,
    )


def _fee(sent: Sent, currency: str, amount: Decimal, *, book: Book, day: date, account: str) -> list[Leg]:
    if not amount:
        return []
    rate = fx.rate_for(book=book, currency=currency, day=day)
    return [Leg(account, currency, amount, rate.base(amount), rate.rate_id, shop_id=sent.shop_id)]


def _fee_account(account: str) -> str:
    return plan.COLLECTION_FEES if account == plan.SPREAD else account


def _conversion(
    sent: Sent, arrival: Arrival, *, given: Decimal, brought: Decimal, book: Book, day: date
) -> list[Leg]:
    """Pass the money through the trading account: both amounts, one base value, and the two results."""
    rate = fx.rate_for(book=book, currency=sent.currency, day=day)
    event = _event_rate(sent, arrival, given=given, book=book, day=day)
    worth = rate.base(sent.amount)
    through = sent.amount if sent.currency == book.currency else brought
    spread = worth - brought
    foreign = arrival.currency if sent.currency == book.currency else sent.currency
    there = fx.rate_for(book=book, currency=arrival.currency, day=day)
    common: dict[str, Any] = {"shop_id": sent.shop_id}
    found = [
        Leg(plan.TRADING, sent.currency, sent.amount, through,
            None if rate.rate_id is None else event or rate.rate_id, **common),
        Leg(plan.TRADING, arrival.currency, -given, -through,
            None if there.rate_id is None else event or there.rate_id, **common),
    ]  # fmt: skip
    if spread:
        found.append(Leg(plan.SPREAD, foreign, _ZERO, spread, shop_id=sent.shop_id))
    return found


def _event_rate(sent: Sent, arrival: Arrival, *, given: Decimal, book: Book, day: date) -> int | None:
    """Store the rate the conversion itself had; ``None`` where it says nothing about the book's currency."""
    if book.currency not in (sent.currency, arrival.currency):
        return None
    unit, rate = fx.as_quoted(_EXACT.divide(given, sent.amount))
    place = {"source": EVENT, "kind": FxRate.Kind.EVENT, "base": sent.currency, "quote": arrival.currency,
             "on": day}  # fmt: skip
    held = FxRate.objects.filter(**place, unit=unit, rate=rate).first()
    if held is None:
        last = FxRate.objects.filter(**place).aggregate(version=Max("version"))["version"] or 0
        held = FxRate.objects.create(**place, unit=unit, rate=rate, version=last + 1)
    return held.pk


def _balanced(found: list[Leg], sent: Sent, arrival: Arrival, book: Book) -> list[Leg]:
    """Give what the reference rate moved by, from the payout to its arrival, to the realized result."""
    rest = sum((leg.base_amount for leg in found), _ZERO)
    if not rest:
        return found
    foreign = arrival.currency if sent.currency == book.currency else sent.currency
    return [*found, Leg(plan.REALIZED, foreign, _ZERO, -rest, shop_id=sent.shop_id)]
