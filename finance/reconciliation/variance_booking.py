"""Booking what an order brought more or less than expected, to the accounts of its components.

What is to be booked is computed from all that is known of the order, and only what it differs by from what
is booked already becomes an entry: a difference that is asked about anew goes back to 1105 that way, and
looking often ends where looking once does.

Base amounts are part of that. Lines have the base amount of their own day, so that only what was expected
moves with the rate: as far as it was paid, to the realized result; what was not paid is worth what it was on
the day the money came. Rates are those of these days, whenever it is booked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ecomhub.money import rounded
from finance.accounting import books, fx, plan
from finance.accounting.ledger import Leg
from finance.models import Book, Journal, Match, MatchRule, OrderMoney
from finance.reconciliation import batching, expecting, purses
from finance.reconciliation.batching import Entry
from finance.reconciliation.purses import Booked, Part, Place, Purse, Sum, earliest

SALES, FEE, OTHER = "sales", "fee", "other"
"""Groups of components: the buyer's money, fees a tariff let expect, and what nobody expected."""
LUMP = "4000"
_OURS = frozenset({plan.UNSETTLED, plan.COLLECTED_TAX, plan.REALIZED})
_ZERO = Decimal(0)
_NOTHING: Sum = (_ZERO, _ZERO, None)
Rates = Mapping[fx.Wanted, fx.BookRate]


@dataclass(frozen=True, slots=True)
class Booking:
    """An order whose differences are to be booked, all but those of the (currency, group) that are ``asked``.

    Without ``money`` none is, and what was booked is taken back. ``day`` is the day of the entry.
    """

    row: OrderMoney
    money: Mapping[str, Purse]
    asked: set[tuple[str, str]]
    rules: Mapping[str, MatchRule | None]
    actor: str
    day: date

    def group(self, place: Place) -> str:
        """Return the group of a component's account."""
        purse = self.money.get(place[0])
        part = None if purse is None else purse.parts.get(place[1])
        return OTHER if part is None else _group(part)


@dataclass(slots=True)
class _Change:
    """The entry that brings an order to what is to be booked, with what that is and what was booked."""

    booking: Booking
    entry: Entry
    wanted: dict[Place, Sum]
    before: Booked


def bring(*, bookings: Sequence[Booking], book: Book) -> list[int]:
    """Bring orders to what is to be booked of their differences; return those of which something was.

    Belongs into a transaction that holds the rows, and changes them without saving. An order without a rate
    keeps ``reason`` "rate_missing" and is tried again.
    """
    held = purses.booked(order_ids=[one.row.pk for one in bookings if one.row.variances])
    rates = fx.rates_for(book=book, wanted={want for one in bookings for want in _wanted_rates(one, book)})
    changes: list[_Change] = []
    for one in bookings:
        day = books.open_day(book=book, day=one.day)
        known = {want: rates.get(want) or rates.get((want[0], day)) for want in _valued(one)}
        if None in known.values():
            one.row.state, one.row.reason = OrderMoney.State.OPEN, "rate_missing"
            continue
        wanted = _wanted(one, {want: rate for want, rate in known.items() if rate is not None}, book)
        before = held.get(one.row.pk, Booked())
        legs = _steps(one.row, wanted, before)
        if legs:
            one.row.variances += 1
            key = f"variance:order:{one.row.pk}:{one.row.variances}"
            entry = Entry(day, Journal.Kind.VARIANCE, key, legs, actor=one.actor)
            changes.append(_Change(one, entry, wanted, before))
    made = batching.post_many(book=book, entries=[change.entry for change in changes])
    changes = [change for change in changes if change.entry.key in made]
    _tell(changes, made, book)
    return [change.booking.row.pk for change in changes if change.wanted]


def _wanted_rates(one: Booking, book: Book) -> Iterable[fx.Wanted]:
    """Yield the rates an order's differences need, and those of the entry's day for want of them."""
    day = books.open_day(book=book, day=one.day)
    for currency, valued in _valued(one):
        yield currency, valued
        yield currency, day


def _valued(one: Booking) -> list[fx.Wanted]:
    """Return the currencies and days whose rates an order's differences need."""
    return [
        (currency, gathered.day)
        for currency, purse in one.money.items()
        for gathered in _gathered(purse, one.day)
    ]


@dataclass(slots=True)
class _Gathered:
    """Parts of an order that are one difference: those a platform pays in one sum stand under the goods."""

    part: Part
    day: date
    parts: list[Part] = field(default_factory=list)

    @property
    def left(self) -> Decimal:
        """Return the difference."""
        return sum((part.left for part in self.parts), _ZERO)

    def base(self, rate: fx.BookRate, digits_of: str) -> Decimal:
        """Return the difference in base currency."""
        taken = sum((part.taken for part in self.parts), _ZERO)
        taken_base = sum((part.taken_base for part in self.parts), _ZERO)
        owed = self.left + taken
        paid = _ZERO if owed * taken <= 0 else taken if abs(taken) <= abs(owed) else owed
        paid_base = taken_base if paid == taken else rounded(taken_base * paid / taken, digits_of)
        return rate.base(owed - paid) - (taken_base - (paid_base if paid else _ZERO))


def _gathered(purse: Purse, day: date) -> list[_Gathered]:
    """Return the differences of a purse; what no line named apart goes with the goods."""
    lump = purse.part(LUMP)
    found: dict[str, _Gathered] = {}
    for part in list(purse.parts.values()):
        goes_along = not part.component or (part.is_sale and not part.lines and lump.lines)
        name = LUMP if goes_along else part.component
        found.setdefault(name, _Gathered(purse.part(name), day)).parts.append(part)
    for one in found.values():
        paid = earliest(part.first for part in one.parts) or purse.first_line or day
        one.day = max([paid, *(part.left_on for part in one.parts if part.left_on)])
    return [found[name] for name in sorted(found)]


def _group(part: Part) -> str:
    if part.is_sale:
        return SALES
    return FEE if part.is_fee and part.expected else OTHER


def _wanted(one: Booking, rates: Rates, book: Book) -> dict[Place, Sum]:
    """Return what is to be booked of an order's differences by place."""
    found: dict[Place, Sum] = {}
    for currency, purse in one.money.items():
        rest = _ZERO
        for gathered in _gathered(purse, one.day):
            if (currency, _group(gathered.part)) in one.asked:
                continue
            rate = rates[currency, gathered.day]
            base = gathered.base(rate, book.currency)
            _add(found, (currency, gathered.part.component, "", None), (gathered.left, base, rate.rate_id))
            for part in gathered.parts:
                rest += part.base - base
                base = _ZERO
                _clear(found, purse, part, rate)
        _add(found, (currency, plan.REALIZED, "", None), (_ZERO, rest, None))
    return {place: each for place, each in found.items() if each[0] or each[1]}


def _clear(found: dict[Place, Sum], purse: Purse, part: Part, rate: fx.BookRate) -> None:
    """Take a part from where it stands: on 1105, and what a marketplace named as tax from there."""
    amount, base = part.left, part.base
    if part.component == expecting.OWN_TAX:
        for settlement, taxed, taxed_base, tax_rate in purse.taxes:
            amount, base = amount - taxed, base - taxed_base
            place = (purse.currency, plan.COLLECTED_TAX, "", settlement)
            _add(found, place, (-taxed, -taxed_base, tax_rate or rate.rate_id))
    place = (purse.currency, plan.UNSETTLED, part.component, None)
    _add(found, place, (-amount, -base, part.rate_id or rate.rate_id))


def _add(found: dict[Place, Sum], place: Place, more: Sum) -> None:
    amount, base, rate = found.get(place, _NOTHING)
    found[place] = (amount + more[0], base + more[1], rate or more[2])


def _steps(row: OrderMoney, wanted: Mapping[Place, Sum], before: Booked) -> list[Leg]:
    """Return the legs from what was booked to what is to be booked."""
    legs = []
    for place in sorted({*wanted, *before.sums}, key=str):
        amount, base, rate = wanted.get(place, _NOTHING)
        was, was_base, was_rate = before.sums.get(place, _NOTHING)
        if amount == was and base == was_base:
            continue
        currency, account, component, settlement = place
        legs.append(
            Leg(
                account,
                currency,
                amount - was,
                base - was_base,
                (rate or was_rate) if amount != was else None,
                component=component,
                shop_id=row.shop_id,
                order_id=row.pk,
                settlement_id=settlement,
            )
        )
    return legs


def _tell(changes: Sequence[_Change], made: Mapping[str, int], book: Book) -> None:
    """Keep which rule or whom each difference was booked by; one that was taken back does not hold."""
    told = []
    for change in changes:
        one, journal = change.booking, made[change.entry.key]
        for leg in change.entry.legs:
            if leg.account in _OURS or not leg.amount:
                continue
            place = (leg.currency, leg.account, "", None)
            if not change.wanted.get(place, _NOTHING)[0]:
                Match.objects.filter(
                    order=one.row.pk, journal__in=change.before.journals, component=leg.account,
                    currency=leg.currency, undoing__isnull=True,
                ).update(undoing=journal)  # fmt: skip
                continue
            told.append(
                Match(
                    book=book, rule=one.rules.get(one.group(place)), actor=one.actor[:160],
                    order_id=one.row.pk, journal_id=journal, component=leg.account, currency=leg.currency,
                    difference=leg.amount,
                )
            )  # fmt: skip
    Match.objects.bulk_create(told)
