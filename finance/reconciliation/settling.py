"""An order's money against what was expected of it: when it is complete, the difference is booked.

What was expected stands on 1105 by component, and every line of the order's money takes from it. Parts that a
platform pays in one sum with the goods (shipping, discounts, the seller's own tax) are set against that sum.
A difference within its rule's tolerance is booked at once to its component's account; a larger one is an
exception until a person accepts it.

An order is judged anew whenever something of it changed, by all that is known of it and not by what came
since it was last looked at: many small differences are together a large one. What was booked before is then
brought to what is to be booked now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from finance.accounting import books
from finance.models import Book, MatchRule, MoneyException, OrderMoney
from finance.reconciliation import exceptions, expecting, purses, variance_booking
from finance.reconciliation.exceptions import Found
from finance.reconciliation.purses import Purse
from finance.reconciliation.tariffs import habits_of
from finance.reconciliation.variance_booking import FEE, OTHER, SALES, Booking
from orders.states import Status

Kind = MoneyException.Kind
KINDS = (Kind.SHORT_PAID, Kind.OVER_PAID, Kind.FEE_ABOVE_TARIFF)
_ENDED = frozenset({Status.SHIPPED.value, Status.COMPLETED.value, Status.CANCELED.value})
_ZERO = Decimal(0)


@dataclass(slots=True)
class Rules:
    """The rules of one platform's differences by what they decide."""

    by_condition: Mapping[str, MatchRule]

    def tolerance(self, condition: str, of: Decimal = _ZERO) -> Decimal:
        """Return up to which difference a rule decides."""
        rule = self.by_condition.get(condition)
        if rule is None:
            return _ZERO
        allowed: Decimal = max(rule.tolerance, abs(of) * rule.tolerance_percent / 100)
        return allowed

    def waits(self) -> timedelta:
        """Return how long after its last line an order's money may still grow."""
        rule = self.by_condition.get("sales")
        return timedelta(days=14 if rule is None else rule.days)


@dataclass(slots=True)
class Verdict:
    """What is to be done about an order: book its difference, by which rules or whom, or ask a person.

    ``is_complete`` says that its money will not grow by itself; then everything is booked but what is
    ``asked``, by (currency, group of components). ``kinds`` are those a person accepted.
    """

    is_complete: bool = False
    found: list[Found] = field(default_factory=list)
    asked: set[tuple[str, str]] = field(default_factory=set)
    rules: dict[str, MatchRule | None] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    actor: str = "system"

    @property
    def books(self) -> bool:
        """Say whether all of the order is booked."""
        return self.is_complete and not self.found


def settle(*, rows: Sequence[OrderMoney], book: Book, at: datetime) -> int:
    """Look at what these orders of one book were paid; return how many differences were booked.

    Belongs into a transaction that holds the rows, and changes them without saving.
    """
    ids = [row.pk for row in rows]
    money = purses.read(order_ids=ids)
    held_rules = _rules()
    accepted = exceptions.accepted_for(orders=ids, kinds=[*KINDS, Kind.NEVER_PAID])
    statuses = _statuses(ids)
    today = books.day_of(book=book, instant=at)
    verdicts: dict[int, Verdict] = {}
    found: list[Found] = []
    kept_back = expecting.usual_fees(
        orders=[row.pk for row in rows if row.pk in money and _never_left(row, statuses[row.pk][0])],
        book=book,
    )
    for row in rows:
        mine = money.get(row.pk, {})
        status, platform = statuses[row.pk]
        for purse in mine.values():
            purse.set_off_shipping(habits_of(platform).takes_shipping)
        rules = _of_platform(held_rules, platform)
        held = {kind: each for (order, kind), each in accepted.items() if order == row.pk}
        verdict = judge(
            row=row,
            money=mine,
            status=status,
            rules=rules,
            accepted=held,
            today=today,
            usual_fees=kept_back.get(row.pk, _ZERO),
        )
        verdicts[row.pk] = verdict
        found += verdict.found
        _stand(row, verdict, mine)
    exceptions.record(kinds=KINDS, found=found, at=at, orders=ids)
    bookings = [
        Booking(
            row=row,
            money=money.get(row.pk, {}) if verdicts[row.pk].is_complete else {},
            asked=verdicts[row.pk].asked,
            rules=verdicts[row.pk].rules,
            actor=verdicts[row.pk].actor if verdicts[row.pk].is_complete else "system",
            day=_day_of(money.get(row.pk, {}), today),
        )
        for row in rows
    ]
    booked = variance_booking.bring(bookings=bookings, book=book)
    _note_booked(booked, verdicts)
    return len(booked)


def _day_of(money: Mapping[str, Purse], today: date) -> date:
    """Return the day a difference is of: never older than what it clears, goods may leave after payment."""
    paid = max((purse.last_line for purse in money.values() if purse.last_line), default=today)
    return max([paid, *(purse.last_entry for purse in money.values())])


def _note_booked(booked: Sequence[int], verdicts: Mapping[int, Verdict]) -> None:
    """Remember what of a person's decisions is booked with these orders."""
    for kind in (*KINDS, Kind.NEVER_PAID):
        orders = [pk for pk in booked if verdicts[pk].books or kind in verdicts[pk].kinds]
        if orders:
            exceptions.note_booked(orders=orders, kinds=[kind])


def _stand(row: OrderMoney, verdict: Verdict, money: Mapping[str, Purse]) -> None:
    """Say where the order's money stands; what is zero without a booking is settled as well."""
    is_zero = not any(
        purse.taxes or any(part.left for part in purse.parts.values()) for purse in money.values()
    )
    if verdict.books or (is_zero and money and row.shipped_on is not None):
        row.state = OrderMoney.State.SETTLED
    elif verdict.found:
        row.state = OrderMoney.State.WAITING
    else:
        row.state = OrderMoney.State.OPEN


def judge(
    *,
    row: OrderMoney,
    money: Mapping[str, Purse],
    status: str,
    rules: Rules,
    accepted: Mapping[str, MoneyException],
    today: date,
    usual_fees: Decimal = _ZERO,
) -> Verdict:
    """Decide about one order. Pure: writes nothing.

    ``usual_fees`` are those a tariff makes for an order that was paid and given back before anything left:
    what a platform keeps of such an order up to them is a fee like any other.
    """
    verdict = Verdict()
    left = {currency: purse for currency, purse in money.items() if _has_left(purse)}
    if not left or status not in _ENDED or (row.shipped_on is None and status != Status.CANCELED):
        return verdict
    complete = True
    for purse in left.values():
        if not _is_complete(row, purse, status=status, rules=rules, accepted=accepted, today=today):
            complete = False
            if purse.sales_left >= -rules.tolerance("sales") or status == Status.CANCELED:
                continue
        _weigh(
            row,
            purse,
            verdict,
            status=status,
            rules=rules,
            accepted=accepted,
            today=today,
            usual_fees=usual_fees,
        )
    verdict.is_complete = complete
    return verdict


def _has_left(purse: Purse) -> bool:
    return bool(purse.taxes) or any(part.left or part.base for part in purse.parts.values())


def _is_complete(
    row: OrderMoney,
    purse: Purse,
    *,
    status: str,
    rules: Rules,
    accepted: Mapping[str, MoneyException],
    today: date,
) -> bool:
    unpaid = accepted.get(Kind.NEVER_PAID)
    if unpaid is not None and unpaid.amount == _total(purse) and not purse.last_line:
        return True
    if purse.last_line is None:
        return False
    if purse.last_line + rules.waits() < today:
        return True
    if row.shipped_on is None:
        return status == Status.CANCELED and abs(_total(purse) - purse.fees_left) <= rules.tolerance("sales")
    fits = purse.has_sales and abs(purse.sales_left) <= rules.tolerance("sales")
    return fits and not purse.fees_missing


def _never_left(row: OrderMoney, status: str) -> bool:
    return row.shipped_on is None and status == Status.CANCELED


def _total(purse: Purse) -> Decimal:
    return sum((part.left for part in purse.parts.values()), _ZERO)


def _weigh(
    row: OrderMoney,
    purse: Purse,
    verdict: Verdict,
    *,
    status: str,
    rules: Rules,
    accepted: Mapping[str, MoneyException],
    today: date,
    usual_fees: Decimal,
) -> None:
    """Hold the differences against the tolerances; what is above is found unless a person accepted it."""
    if Kind.NEVER_PAID in accepted and not purse.last_line:
        verdict.actor = accepted[Kind.NEVER_PAID].closed_by
        verdict.kinds.add(str(Kind.NEVER_PAID))
        verdict.rules |= dict.fromkeys((SALES, FEE, OTHER))
        return
    sales, above, usual = purse.sales_left, purse.fees_above, purse.fees_expected
    if _never_left(row, status):
        # Paid and given back before anything left: only what was kept of it is a difference.
        sales, above, usual = _total(purse) - purse.fees_left, purse.fees_left - usual_fees, usual_fees
    checks: list[tuple[str, str, Decimal, Decimal]] = [
        (SALES, Kind.SHORT_PAID if sales > 0 else Kind.OVER_PAID, sales, rules.tolerance("sales")),
        (FEE, Kind.FEE_ABOVE_TARIFF, max(above, _ZERO), rules.tolerance("fee_above", usual)),
    ]  # fmt: skip
    names = {SALES: "sales", FEE: "fee_above" if purse.fees_above > 0 else "fee_below"}
    for part, kind, difference, tolerance in checks:
        known = accepted.get(kind)
        if abs(difference) <= tolerance:
            verdict.rules.setdefault(part, rules.by_condition.get(names[part]))
        elif known is not None and known.amount == difference and known.currency == purse.currency:
            verdict.actor = known.closed_by or verdict.actor
            verdict.kinds.add(str(kind))
            verdict.rules[part] = None
        else:
            verdict.found.append(_found(row, kind, difference, purse, today))
            # What was kept of goods that never left is one question, whatever it was called.
            asked = (SALES, FEE, OTHER) if _never_left(row, status) else (part,)
            verdict.asked |= {(purse.currency, group) for group in asked}
    verdict.rules.setdefault(OTHER, rules.by_condition.get("unexpected"))


def _found(row: OrderMoney, kind: str, amount: Decimal, purse: Purse, today: date) -> Found:
    return Found(
        kind=str(kind),
        key=f"{kind}:order:{row.pk}:{purse.currency}",
        book_id=row.book_id,
        amount=amount,
        currency=purse.currency,
        since=purse.last_line or today,
        shop_id=row.shop_id,
        money_account_id=purse.money_account_id,
        order_id=row.pk,
    )


def _statuses(ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return (status, platform) of orders."""
    rows = OrderMoney.objects.filter(pk__in=ids)
    return {
        pk: (status, platform)
        for pk, status, platform in rows.values_list("pk", "order__status", "order__account__platform")
    }


def _rules() -> list[MatchRule]:
    rows = MatchRule.objects.filter(scope=MatchRule.Scope.VARIANCE, is_active=True)
    return list(rows.order_by("platform", "-place", "-pk"))


def _of_platform(rules: Sequence[MatchRule], platform: str) -> Rules:
    """Return the rules that hold for a platform: its own before those for all, the first place first."""
    return Rules({rule.condition: rule for rule in rules if rule.platform in ("", platform)})
