"""From payout to wallet to bank: money that left one account, found where it arrived, by rules in order.

A rule decides only where it leaves no choice: one payout, one receipt. What is less than was sent goes to the
rule's account. A conversion goes through the trading account with both amounts at the event's own rate: the
difference to the reference rate is the spread, the reference rate's own movement the realized result.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Sum
from django.db.models.functions import Abs

from channels.settlement_messages import Holder
from ecomhub import events
from finance.accounting import books, fx, ledger, plan
from finance.models import Book, Journal, Match, MatchRule, Payout, Posting
from finance.reconciliation import match_legs
from finance.reconciliation.match_legs import Arrival, Sent

MOST = 2_000
"""Payouts, and receipts, looked at in one turn."""
_SHORTEST_REFERENCE = 6
_BACK = timedelta(days=1)
"""A receipt may bear the day before its payout where zones differ."""

_SENT = """
SELECT y.id, y.account_id, y.currency, y.amount, (y.sent_at AT TIME ZONE b.zone)::date, b.id,
       concat_ws(' ', y.reference, s.external_id, s.payout_ref), s.payout_amount, s.payout_currency,
       s.shop_id, a.provider
  FROM finance_payout y
  JOIN finance_moneyaccount a ON a.id = y.account_id
  JOIN finance_book b ON b.id = a.book_id
  LEFT JOIN finance_settlement s ON s.id = y.settlement_id
 WHERE y.state = 'sent' AND y.amount > 0 ORDER BY y.sent_at DESC, y.id DESC LIMIT %s
"""
_ARRIVED = """
SELECT l.id, a.id, l.currency, l.amount, l.effective_on, a.book_id, a.holder,
       concat_ws(' ', l.reference, l.order_ref, l.note), p.account_id, -p.base_amount, p.rate_id, l.posted_at
  FROM finance_settlement s
  JOIN finance_moneyaccount a ON a.id = s.account_id
  JOIN finance_settlementline l ON l.settlement_id = s.id AND l.amount > 0
  JOIN LATERAL (SELECT account_id, base_amount, rate_id, payout_id FROM finance_posting
                 WHERE line_id = l.id ORDER BY turn DESC LIMIT 1) p
       ON p.account_id = ANY(ARRAY['1120', '1130']) AND p.payout_id IS NULL
 WHERE s.state = 'posted' AND (a.holder <> 'channel' OR s.recorded_at > %s)
   AND (a.holder <> 'channel' OR l.line_type_id IN (
        SELECT m.line_type_id FROM finance_typemapping m WHERE m.binding = 'payout'))
   AND NOT EXISTS (SELECT FROM finance_match m WHERE m.line_id = l.id)
 ORDER BY l.posted_at DESC, l.id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class _Given:
    """What a rule looks at besides a payout and a receipt."""

    rule: MatchRule
    book: Book
    reference: Callable[[Arrival], Decimal | None]

    def within(self, sent: Decimal, difference: Decimal) -> bool:
        """Say whether less arrived than was sent, and not less than the rule lets pass."""
        allowed: Decimal = max(self.rule.tolerance, sent * self.rule.tolerance_percent / 100)
        return 0 < difference <= allowed


Test = Callable[[Sent, Arrival, _Given], bool]


def _refers(sent: Sent, arrival: Arrival) -> bool:
    said = arrival.said.casefold()
    words = {word for word in sent.said.casefold().split() if len(word) >= _SHORTEST_REFERENCE}
    return any(word in said for word in words)


def _elsewhere(sent: Sent, arrival: Arrival) -> bool:
    return arrival.holder != Holder.CHANNEL.value and arrival.account_id != sent.account_id


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
    """Say whether the difference is a rounding one that the book's caps let pass."""
    difference = sent.amount - arrival.amount
    if not _same(sent, arrival) or not difference or not arrival.amount:
        return False
    worth = abs(arrival.base * difference / arrival.amount)
    if worth > given.book.rounding_cap:
        return False
    used = _rounded_in(book=given.book, day=arrival.on)
    cap: Decimal = given.book.rounding_cap_month
    return used + worth <= cap


TESTS: dict[str, Test] = {
    "came_back": lambda sent, arrival, _given: (
        arrival.account_id == sent.account_id
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
    """Find payouts where they arrived, rule by rule; return how many were found."""
    rules = list(
        MatchRule.objects.filter(scope=MatchRule.Scope.PAYOUT, is_active=True).order_by("place", "pk")
    )
    sent, arrived = _open(at=at)
    if not sent or not arrived:
        return 0
    found = 0
    for book in Book.objects.filter(pk__in={each.book_id for each in sent}).order_by("pk"):
        mine = {each.payout_id: each for each in sent if each.book_id == book.pk}
        theirs = {each.line_id: each for each in arrived if each.book_id == book.pk}
        reference = _references(book, mine.values(), theirs.values())
        for rule in rules:
            given = _Given(rule, book, reference)
            for one, other in _certain(list(mine.values()), list(theirs.values()), given):
                if not _within_cap(one, other, rule, book):
                    continue
                if match(sent=one, arrival=other, rule=rule, book=book, at=at):
                    found += 1
                mine.pop(one.payout_id)
                theirs.pop(other.line_id)
    return found


def match_by_hand(*, payout_id: int, line_id: int, at: datetime, actor: str) -> bool:
    """Match a payout with a receipt a person chose; the difference is a fee, or a conversion's spread.

    Return ``False`` when one of them is not open any more.
    """
    sent, arrived = _open(at=at)
    one = next((each for each in sent if each.payout_id == payout_id), None)
    other = next((each for each in arrived if each.line_id == line_id), None)
    if one is None or other is None or one.book_id != other.book_id:
        return False
    book = Book.objects.get(pk=one.book_id)
    return match(sent=one, arrival=other, rule=None, book=book, at=at, actor=actor)


def match(
    *, sent: Sent, arrival: Arrival, rule: MatchRule | None, book: Book, at: datetime, actor: str = "system"
) -> bool:
    """Book that a payout arrived as a receipt, with what is between them; ``False`` when it had before."""
    with transaction.atomic():
        payout = Payout.objects.select_for_update(no_key=True).get(pk=sent.payout_id)
        if payout.state != Payout.State.SENT or Match.objects.filter(line=arrival.line_id).exists():
            return False
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM finance_book WHERE id = %s FOR SHARE", [book.pk])
        book = Book.objects.get(pk=book.pk)
        day = books.open_day(book=book, day=arrival.on)
        account = plan.COLLECTION_FEES if rule is None or rule.account_id is None else rule.account_id
        try:
            made = match_legs.legs(sent=sent, arrival=arrival, book=book, day=day, account=account)
        except fx.RateMissing:
            return False
        if made is None:
            return False
        posted = ledger.post(
            book=book, effective_on=day, kind=Journal.Kind.MATCH, key=f"match:payout:{payout.pk}",
            legs=made.legs, actor=actor,
        )  # fmt: skip
        Match.objects.create(
            book=book, rule=rule, actor=actor[:160], payout=payout, line_id=arrival.line_id,
            journal_id=posted.journal_id, currency=made.currency, difference=made.difference,
        )  # fmt: skip
        came_back = arrival.account_id == sent.account_id and arrival.holder == Holder.CHANNEL.value
        payout.state = Payout.State.FAILED if came_back else Payout.State.ARRIVED
        payout.arrived_line_id, payout.arrived_at = arrival.line_id, arrival.at
        payout.save(update_fields=["state", "arrived_line", "arrived_at"])
        events.record(
            object_kind="payout", object_id=payout.pk, kind=str(payout.state), at=at, actor=actor,
            line=arrival.line_id, rule="" if rule is None else rule.key,
        )  # fmt: skip
    return True


def _open(*, at: datetime) -> tuple[list[Sent], list[Arrival]]:
    with connection.cursor() as cursor:
        cursor.execute(_SENT, [MOST])
        sent = [Sent(*row) for row in cursor.fetchall()]
        if not sent:
            return [], []
        cursor.execute(_ARRIVED, [at - timedelta(days=120), MOST])
        return sent, [Arrival(*row) for row in cursor.fetchall()]


def _certain(
    sent: Sequence[Sent], arrived: Sequence[Arrival], given: _Given
) -> Iterable[tuple[Sent, Arrival]]:
    """Return the pairs in which neither side fits another one."""
    test = TESTS.get(given.rule.condition)
    if test is None:
        return []
    fitting: dict[int, list[Sent]] = {}
    pairs: list[tuple[Sent, list[Arrival]]] = []
    latest = timedelta(days=given.rule.days)
    for one in sent:
        if given.rule.platform not in ("", one.platform):
            continue
        near = [
            each for each in arrived
            if one.on - _BACK <= each.on <= one.on + latest and test(one, each, given)
        ]  # fmt: skip
        pairs.append((one, near))
        for each in near:
            fitting.setdefault(each.line_id, []).append(one)
    return [(one, near[0]) for one, near in pairs if len(near) == 1 and len(fitting[near[0].line_id]) == 1]


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
    if rule.cap_month is None or rule.account_id is None or sent.currency != arrival.currency:
        return True
    worth = abs(arrival.base * (sent.amount - arrival.amount) / arrival.amount)
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
