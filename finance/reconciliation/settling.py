"""An order's money against what was expected of it: when it is complete, the difference is booked.

What was expected stands on 1105 by component, and every line of the order's money takes from it. Parts that a
platform pays in one sum with the goods (shipping, discounts, the seller's own tax) are set against that sum.
A difference within its rule's tolerance is booked at once to its component's account; a larger one is an
exception until a person accepts it. Nothing is left over: exchange differences go to the realized result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from finance.accounting import books, fx, plan
from finance.accounting.ledger import Leg
from finance.models import Book, Journal, Match, MatchRule, MoneyException, OrderMoney
from finance.reconciliation import batching, exceptions, expecting, purses
from finance.reconciliation.batching import Entry
from finance.reconciliation.exceptions import Found
from finance.reconciliation.purses import Part, Purse
from finance.reconciliation.tariffs import habits_of
from orders.states import Status

Kind = MoneyException.Kind
LUMP = "4000"
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
    """What is to be done about an order: book its difference, by which rules or whom, or ask a person."""

    books: bool = False
    found: list[Found] = field(default_factory=list)
    rules: dict[str, MatchRule | None] = field(default_factory=dict)
    actor: str = "system"


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
    return _book(rows=rows, money=money, verdicts=verdicts, book=book, today=today)


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
    verdict.books = complete and not verdict.found
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
        verdict.rules |= dict.fromkeys(("sales", "fee", "other"))
        return
    sales, above, usual = purse.sales_left, purse.fees_above, purse.fees_expected
    if _never_left(row, status):
        # Paid and given back before anything left: only what was kept of it is a difference.
        sales, above, usual = _total(purse) - purse.fees_left, purse.fees_left - usual_fees, usual_fees
    checks: list[tuple[str, str, Decimal, Decimal]] = [
        ("sales", Kind.SHORT_PAID if sales > 0 else Kind.OVER_PAID, sales, rules.tolerance("sales")),
        ("fee", Kind.FEE_ABOVE_TARIFF, max(above, _ZERO), rules.tolerance("fee_above", usual)),
    ]  # fmt: skip
    names = {"sales": "sales", "fee": "fee_above" if purse.fees_above > 0 else "fee_below"}
    for part, kind, difference, tolerance in checks:
        known = accepted.get(kind)
        if abs(difference) <= tolerance:
            verdict.rules.setdefault(part, rules.by_condition.get(names[part]))
        elif known is not None and known.amount == difference and known.currency == purse.currency:
            verdict.actor = known.closed_by or verdict.actor
            verdict.rules[part] = None
        else:
            verdict.found.append(_found(row, kind, difference, purse, today))
    verdict.rules.setdefault("other", rules.by_condition.get("unexpected"))


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


def _book(
    *,
    rows: Sequence[OrderMoney],
    money: Mapping[int, Mapping[str, Purse]],
    verdicts: Mapping[int, Verdict],
    book: Book,
    today: date,
) -> int:
    """Book the differences of orders whose money is complete."""
    ready = [row for row in rows if verdicts[row.pk].books]
    days: dict[int, date] = {}
    wanted: set[fx.Wanted] = set()
    for row in ready:
        mine = money[row.pk]
        last = max((purse.last_line for purse in mine.values() if purse.last_line), default=today)
        # A difference is never older than what it clears: goods may leave after they were paid.
        last = max(last, *(purse.last_entry for purse in mine.values()))
        days[row.pk] = books.open_day(book=book, day=last)
        wanted |= {(currency, days[row.pk]) for currency in mine}
    rates = fx.rates_for(book=book, wanted=wanted)
    entries: list[Entry] = []
    told: dict[str, list[tuple[OrderMoney, Part, Decimal, MatchRule | None, str, str]]] = {}
    for row in ready:
        mine, day, verdict = money[row.pk], days[row.pk], verdicts[row.pk]
        if any((currency, day) not in rates for currency in mine):
            row.state, row.reason = OrderMoney.State.OPEN, "rate_missing"
            continue
        legs: list[Leg] = []
        key = f"variance:order:{row.pk}:{row.variances + 1}"
        for currency, purse in mine.items():
            made, differences = _legs(row, purse, rates[currency, day])
            legs += made
            for part, amount in differences:
                rule = verdict.rules.get(_group(part))
                told.setdefault(key, []).append((row, part, amount, rule, verdict.actor, currency))
        row.variances += bool(legs)
        entries.append(Entry(day, Journal.Kind.VARIANCE, key, legs, actor=verdict.actor))
    journals = batching.post_many(book=book, entries=entries)
    booked = [row.pk for row in ready if f"variance:order:{row.pk}:{row.variances}" in journals]
    exceptions.note_booked(orders=booked, kinds=[*KINDS, Kind.NEVER_PAID])
    Match.objects.bulk_create(
        [
            Match(
                book=book, rule=rule, actor=actor[:160], order_id=row.pk, journal_id=journals[key],
                component=part.component, currency=currency, difference=amount,
            )
            for key, made_of in told.items()
            if key in journals
            for row, part, amount, rule, actor, currency in made_of
        ]
    )  # fmt: skip
    return len(journals)


def _group(part: Part) -> str:
    if part.is_sale:
        return "sales"
    return "fee" if part.is_fee and part.expected else "other"


def _legs(row: OrderMoney, purse: Purse, rate: fx.BookRate) -> tuple[list[Leg], list[tuple[Part, Decimal]]]:
    """Return the legs that bring 1105 of an order to zero, and the difference of each component."""
    common: dict[str, Any] = {
        "currency": purse.currency,
        "shop_id": row.shop_id,
        "order_id": row.pk,
    }
    legs: list[Leg] = []
    for settlement, amount, base, tax_rate in purse.taxes:
        legs.append(
            Leg(plan.COLLECTED_TAX, amount=-amount, base_amount=-base, rate_id=tax_rate or rate.rate_id,
                settlement_id=settlement, **common)
        )  # fmt: skip
    taxed = sum((amount for _s, amount, _b, _r in purse.taxes), _ZERO)
    taxed_base = sum((base for _s, _a, base, _r in purse.taxes), _ZERO)
    differences = _differences(purse)
    for part in purse.parts.values():
        is_tax = part.component == expecting.OWN_TAX
        amount = part.left - (taxed if is_tax else _ZERO)
        base = part.base - (taxed_base if is_tax else _ZERO)
        if amount or base:
            legs.append(
                Leg(plan.UNSETTLED, amount=-amount, base_amount=-base, component=part.component,
                    rate_id=part.rate_id or rate.rate_id, **common)
            )  # fmt: skip
    for part, amount in differences:
        legs.append(
            Leg(part.component, amount=amount, base_amount=rate.base(amount), rate_id=rate.rate_id, **common)
        )
    rest = sum((leg.base_amount for leg in legs), _ZERO)
    if rest:
        legs.append(Leg(plan.REALIZED, amount=_ZERO, base_amount=-rest, **common))
    return legs, differences


def _differences(purse: Purse) -> list[tuple[Part, Decimal]]:
    """Return what is booked to each component's account; what no line named apart goes with the goods."""
    lump = purse.part(LUMP)
    sums: dict[str, Decimal] = {}
    for part in purse.parts.values():
        goes_along = not part.component or (part.is_sale and not part.lines and lump.lines)
        name = LUMP if goes_along else part.component
        sums[name] = sums.get(name, _ZERO) + part.left
    return [(purse.part(name), amount) for name, amount in sorted(sums.items()) if amount]
