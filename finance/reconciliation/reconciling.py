"""From payout to wallet to bank: money that left one account, found where it arrived, by rules in order.

A rule decides only where it leaves no choice: one payout, one receipt. What is less than was sent goes to the
rule's account. A conversion goes through the trading account with both amounts at the event's own rate: the
difference to the reference rate is the spread, the reference rate's own movement the realized result.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Abs

from channels.settlement_messages import Holder
from finance.accounting import fx, plan
from finance.accounting.ledger import LedgerRefused
from finance.models import Book, MatchRule, MoneyException, Posting
from finance.reconciliation import exceptions, match_booking, match_legs, open_money
from finance.reconciliation.exceptions import Found
from finance.reconciliation.match_booking import Finder, MatchRefused
from finance.reconciliation.match_legs import Arrival, Sent

Scope = MatchRule.Scope

_SHORTEST_REFERENCE = 6
_BACK = timedelta(days=1)
"""A receipt may bear the day before its payout where zones differ."""
_NAMED = 3
"""How many of the candidates an exception names."""


@dataclass(frozen=True, slots=True)
class _Given:
    """What a rule looks at besides a payout and a receipt."""

    rule: MatchRule
    book: Book
    reference: Callable[[Arrival], Decimal | None]

    def within(self, sent: Decimal, difference: Decimal) -> bool:
        """Say whether less arrived than was sent, and not less than the rule lets pass."""
        return 0 < difference <= allowed(rule=self.rule, amount=sent)


Test = Callable[[Sent, Arrival, _Given], bool]


def allowed(*, rule: MatchRule, amount: Decimal) -> Decimal:
    """Return how much a rule lets pass beside an amount, in the amount's currency."""
    return Decimal(max(rule.tolerance, abs(amount) * rule.tolerance_percent / 100))


def _refers(sent: Sent, arrival: Arrival) -> bool:
    said = arrival.said.casefold()
    words = {word for word in sent.said.casefold().split() if len(word) >= _SHORTEST_REFERENCE}
    return any(word in said for word in words)


def _elsewhere(sent: Sent, arrival: Arrival) -> bool:
    """Say whether money came to another account, or on from a platform's orders to its own wallet."""
    if arrival.account_id == sent.account_id:
        return arrival.holder == Holder.CHANNEL.value and arrival.source != sent.source
    return arrival.holder != Holder.CHANNEL.value


def _same(sent: Sent, arrival: Arrival) -> bool:
    return _elsewhere(sent, arrival) and sent.currency == arrival.currency


def _less(sent: Sent, arrival: Arrival, given: _Given) -> bool:
    return _same(sent, arrival) and given.within(sent.amount, sent.amount - arrival.amount)


def _converted(sent: Sent, arrival: Arrival, given: _Given) -> bool:
    """Say whether a receipt in another currency is worth what was sent, by the day's reference rates."""
    if sent.currency == arrival.currency or arrival.holder == Holder.CHANNEL.value:
        return False
    worth = given.reference(match_legs.as_sent(sent, arrival))
    if not worth:
        return False
    return abs(worth - arrival.base) <= abs(worth) * given.rule.tolerance_percent / 100


def _stated(sent: Sent, arrival: Arrival, given: _Given) -> bool:
    if sent.stated is None or sent.stated_currency != arrival.currency or not _elsewhere(sent, arrival):
        return False
    short = sent.stated - arrival.amount
    return short == 0 or given.within(sent.stated, short)


def _rounded(sent: Sent, arrival: Arrival, given: _Given) -> bool:
    return _same(sent, arrival) and is_rounding(sent=sent, arrival=arrival, book=given.book)


def is_rounding(*, sent: Sent, arrival: Arrival, book: Book) -> bool:
    """Say whether amounts of one currency differ by no more than the book's caps let pass as rounding."""
    difference = sent.amount - arrival.amount
    if not difference or not arrival.amount:
        return False
    worth = abs(arrival.base * difference / arrival.amount)
    if worth > book.rounding_cap:
        return False
    cap: Decimal = book.rounding_cap_month
    return _rounded_in(book=book, day=arrival.on) + worth <= cap


TESTS: dict[str, Test] = {
    "came_back": lambda sent, arrival, _given: (
        (arrival.account_id, arrival.source) == (sent.account_id, sent.source)
        and (sent.currency, sent.amount) == (arrival.currency, arrival.amount)
    ),
    "reference": lambda sent, arrival, _given: (
        _same(sent, arrival) and sent.amount == arrival.amount and _refers(sent, arrival)
    ),
    "reference_fee": lambda sent, arrival, given: _less(sent, arrival, given) and _refers(sent, arrival),
    "reference_converted": lambda sent, arrival, given: (
        _refers(sent, arrival) and _converted(sent, arrival, given)
    ),
    "stated": _stated,
    "amount": lambda sent, arrival, _given: _same(sent, arrival) and sent.amount == arrival.amount,
    "rounded": _rounded,
    "amount_fee": _less,
    "converted": _converted,
}
"""What each condition of a payout rule asks; data names them."""


def match_payouts(*, at: datetime) -> int:
    """Find payouts and transfers where they arrived, rule by rule; return how many were found.

    What fits several equally well is left to a person, and no weaker rule is asked about it: it is raised
    with the names of all that fit.
    """
    kinds = (Scope.PAYOUT, Scope.TRANSFER)
    rules = list(MatchRule.objects.filter(scope__in=kinds, is_active=True).order_by("place", "pk"))
    sent = [*open_money.payouts(), *open_money.outgoing()]
    arrived = open_money.receipts(at=at) if sent else []
    undone = open_money.undone_pairs() if arrived else set()
    found = 0
    unclear: list[Found] = []
    for book in Book.objects.filter(pk__in={each.book_id for each in sent}).order_by("pk") if arrived else ():
        mine = {each.payout_id: each for each in sent if each.book_id == book.pk}
        theirs = {each.line_id: each for each in arrived if each.book_id == book.pk}
        reference = _references(book, mine.values(), theirs.values())
        for rule in rules:
            given = _Given(rule, book, reference)
            fits = _fits(list(mine.values()), list(theirs.values()), given, undone)
            for one, other in fits.certain:
                if not _within_cap(one, other, rule, book):
                    continue
                account = plan.COLLECTION_FEES if rule.account_id is None else rule.account_id
                by = Finder(rule, account)
                found += match_booking.match(sent=one, arrivals=[other], by=by, book=book, at=at)
                mine.pop(one.payout_id)
                theirs.pop(other.line_id)
            unclear += _unclear(fits, book)
            for payout, line in fits.unclear:
                mine.pop(payout, None)
                theirs.pop(line, None)
    _raise(unclear, at=at)
    return found


def let_go_of_restated(*, since: tuple[int, int], at: datetime) -> int:
    """Take payouts and receipts apart whose deposit a re-issued settlement changed; return how many.

    Rules then compare what arrived with the new deposit, and what none of them lets pass waits for a person.
    ``since`` is the last entry (its transaction and key) that was looked at before.
    """
    done = 0
    for payout in open_money.restated(since=since):
        with suppress(MatchRefused, LedgerRefused):
            match_booking.let_go(payout_id=payout, at=at)
            done += 1
    return done


@dataclass(slots=True)
class _Fits:
    """What fits by one rule: pairs without a choice, and those with one, by (payout, receipt)."""

    certain: list[tuple[Sent, Arrival]]
    unclear: dict[tuple[int, int], tuple[Sent, Arrival]]


def _fits(
    sent: Sequence[Sent], arrived: Sequence[Arrival], given: _Given, undone: set[tuple[int, int]]
) -> _Fits:
    """Return the pairs a rule allows: certain where neither side fits another one."""
    test = TESTS.get(given.rule.condition)
    if test is None:
        return _Fits([], {})
    days = sorted((each.on, each.line_id, each) for each in arrived)
    ons = [on for on, _line, _each in days]
    pairs = []
    for one in sent:
        if given.rule.platform not in ("", one.platform) or not _is_asked(one, given):
            continue
        first = bisect_left(ons, one.on - _BACK)
        last = bisect_right(ons, one.on + timedelta(days=given.rule.days))
        pairs += [
            (one, each) for _on, _line, each in days[first:last]
            if (one.payout_id, each.line_id) not in undone and test(one, each, given)
            and (one.line_id is None or _is_transfer(each, given))
        ]  # fmt: skip
    left = Counter(one.payout_id for one, _each in pairs)
    came = Counter(each.line_id for _one, each in pairs)
    certain, unclear = [], {}
    for one, each in pairs:
        if left[one.payout_id] > 1 or came[each.line_id] > 1:
            unclear[one.payout_id, each.line_id] = (one, each)
        elif (one.line_id is None) == (given.rule.scope == Scope.PAYOUT):
            certain.append((one, each))
    return _Fits(certain, unclear)


def _is_asked(one: Sent, given: _Given) -> bool:
    """Say whether a rule speaks of payouts, of transfers, or, by the amount alone, has to look at both."""
    if given.rule.condition == "amount":
        return True
    return (one.line_id is None) == (given.rule.scope == Scope.PAYOUT)


def _is_transfer(arrival: Arrival, given: _Given) -> bool:
    """Say whether a receipt may be the other side of a line nobody explained.

    By the amount alone only one that nobody explained either.
    """
    return given.rule.condition != "amount" or arrival.stands_on == plan.SUSPENSE


def _unclear(fits: _Fits, book: Book) -> list[Found]:
    """Say what fits more than one: a receipt with its payouts, or a payout with its receipts."""
    by_line: dict[int, list[tuple[Sent, Arrival]]] = {}
    by_payout: dict[int, list[tuple[Sent, Arrival]]] = {}
    for (payout, line), pair in fits.unclear.items():
        by_line.setdefault(line, []).append(pair)
        by_payout.setdefault(payout, []).append(pair)
    found = []
    for line, pairs in by_line.items():
        if len(pairs) > 1:
            names = [_name_of(one) for one, _each in pairs]
            found.append(_ambiguous(f"line:{line}", pairs[0], names, book, is_receipt=True))
    for payout, pairs in by_payout.items():
        if all(len(by_line[each.line_id]) == 1 for _one, each in pairs):
            names = [each.name or str(each.on) for _one, each in pairs]
            found.append(_ambiguous(f"payout:{payout}", pairs[0], names, book, is_receipt=False))
    return found


def _ambiguous(
    key: str, pair: tuple[Sent, Arrival], names: Sequence[str], book: Book, *, is_receipt: bool
) -> Found:
    one, each = pair
    more = f" +{len(names) - _NAMED}" if len(names) > _NAMED else ""
    payout = one.payout_id if one.line_id is None else None
    return Found(
        kind=MoneyException.Kind.AMBIGUOUS,
        key=f"ambiguous:{key}",
        book_id=book.pk,
        amount=each.amount if is_receipt else one.amount,
        currency=each.currency if is_receipt else one.currency,
        since=each.on if is_receipt else one.on,
        money_account_id=each.account_id if is_receipt else one.account_id,
        payout_id=payout,
        line_id=each.line_id if is_receipt else one.line_id,
        reference=(" / ".join(name[:45] for name in names[:_NAMED]) + more)[:160],
    )


def _name_of(one: Sent) -> str:
    words = one.said.split()
    return words[0] if words else f"{one.amount} {one.currency}"


def _raise(unclear: Sequence[Found], *, at: datetime) -> None:
    """Bring the queue up to date about what fits more than one; nothing is written where nothing changed."""
    kind = MoneyException.Kind.AMBIGUOUS
    rows = MoneyException.objects.filter(kind=kind).exclude(state=MoneyException.State.SOLVED)
    held = {(row.key, row.amount, row.reference) for row in rows}
    found = {each.key: each for each in unclear}
    if held != {(each.key, each.amount, each.reference) for each in found.values()}:
        exceptions.record(kinds=[kind], found=list(found.values()), at=at)


def _references(
    book: Book, sent: Iterable[Sent], arrived: Iterable[Arrival]
) -> Callable[[Arrival], Decimal | None]:
    """Return what amounts are worth in base currency by the reference rates of their days."""
    currencies = {each.currency for each in sent}
    wanted = {(currency, each.on) for currency in currencies for each in arrived}
    rates = fx.rates_for(book=book, wanted=wanted)

    def worth(arrival: Arrival) -> Decimal | None:
        rate = rates.get((arrival.currency, arrival.on))
        return None if rate is None else rate.base(arrival.amount)

    return worth


_USED = """
SELECT coalesce(sum(abs(p.base_amount)), 0)
  FROM finance_match m
  JOIN finance_journal j ON j.id = m.journal_id
  JOIN finance_posting p ON p.journal_id = j.id AND p.account_id = %s
 WHERE m.rule_id = %s AND m.book_id = %s
   AND date_trunc('month', j.effective_on) = date_trunc('month', %s::date)
"""


def _within_cap(sent: Sent, arrival: Arrival, rule: MatchRule, book: Book) -> bool:
    """Say whether the rule may still post this difference in the month of its arrival."""
    whole = sent.stated if rule.condition == "stated" else sent.amount
    same = sent.stated_currency if rule.condition == "stated" else sent.currency
    if rule.cap_month is None or rule.account_id is None or whole is None or same != arrival.currency:
        return True
    if whole == arrival.amount:
        return True
    worth = abs(arrival.base * (whole - arrival.amount) / arrival.amount)
    with connection.cursor() as cursor:
        cursor.execute(_USED, [rule.account_id, rule.pk, book.pk, arrival.on])
        used: Decimal = cursor.fetchone()[0]
    cap: Decimal = rule.cap_month
    return used + worth <= cap


def _rounded_in(*, book: Book, day: date) -> Decimal:
    """Return what was posted to rounding in a month, in base currency, whatever its sign."""
    rows = Posting.objects.filter(
        journal__book=book,
        account=plan.ROUNDING_RESIDUAL,
        journal__effective_on__year=day.year,
        journal__effective_on__month=day.month,
    )
    worth = rows.aggregate(sum=Sum(Abs("base_amount"), default=Decimal(0)))["sum"]
    return Decimal(worth)
