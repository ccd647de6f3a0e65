"""Matching by hand: a person says which receipts are a payout, sees what is between, and where that goes.

The same legs as by rule. What is between is a fee, a rounding or a conversion's spread, each within the
limits of the rules ``by_hand_fee`` and ``by_hand_converted`` and the book's caps; more than that is refused
in words, because it is either another payment or money that is still missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from channels.settlement_messages import Holder
from ecomhub.money import decimal_text, rounded
from finance.accounting import books, fx, plan
from finance.accounting.fx import RateMissing
from finance.accounting.ledger import Leg
from finance.models import Book, MatchRule
from finance.reconciliation import match_booking, match_legs, open_money, reconciling
from finance.reconciliation.match_booking import Finder, MatchRefused
from finance.reconciliation.match_legs import Arrival, Sent

FEE, CONVERTED = "by_hand_fee", "by_hand_converted"
MOST_RECEIPTS = 50
BETWEEN = (
    plan.COLLECTION_FEES,
    plan.ROUNDING_RESIDUAL,
    plan.SPREAD,
    plan.REALIZED,
    plan.TRADING,
)
"""Accounts that take what is between what was sent and what arrived."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What matching would book. ``legs`` are those beside the money itself; ``refusal`` says why not.

    ``difference`` is what arrived less than was sent, in ``currency``; with a conversion, the fee alone.
    """

    sent: Sent
    arrivals: list[Arrival]
    currency: str = ""
    arrived: Decimal = Decimal(0)
    difference: Decimal = Decimal(0)
    base_currency: str = ""
    legs: list[Leg] = field(default_factory=list)
    account: str = ""
    refusal: str = ""

    @property
    def is_converted(self) -> bool:
        """Say whether another currency arrived than was sent."""
        return bool(self.currency) and self.currency != self.sent.currency


def look(*, payout_id: int, lines: Sequence[int], at: datetime) -> Outcome:
    """Say what matching a payout with these lines would book. Nothing is written.

    Raises ``MatchRefused`` when the payout is not on its way any more.
    """
    with transaction.atomic():
        outcome = _look(payout_id=payout_id, lines=lines, at=at)
        # A conversion's own rate is stored only with the match.
        transaction.set_rollback(True)
    return outcome


def _look(*, payout_id: int, lines: Sequence[int], at: datetime) -> Outcome:
    sent = next(iter(open_money.payouts(payout_id=payout_id)), None)
    if sent is None:
        raise MatchRefused(_("This payout is not on its way any more. Reload the page."))
    asked = sorted(set(lines))
    arrivals = sorted(open_money.receipts(at=at, lines=asked), key=lambda each: (each.on, each.line_id))
    book = Book.objects.get(pk=sent.book_id)
    refusal = _refusal(sent, arrivals, asked)
    if refusal:
        return Outcome(sent, arrivals, base_currency=book.currency, refusal=refusal)
    arrival = match_legs.together(arrivals)
    try:
        account, refusal = _place(sent, arrival, book)
        made = match_legs.legs(
            sent=sent,
            arrivals=arrivals,
            book=book,
            day=books.open_day(book=book, day=arrival.on),
            account=account or plan.COLLECTION_FEES,
        )
    except RateMissing as missing:
        return Outcome(sent, arrivals, base_currency=book.currency, refusal=str(missing))
    if made is None:
        return Outcome(
            sent,
            arrivals,
            base_currency=book.currency,
            refusal=_(
                "The ledger holds another amount for this payout than it was sent with. Look at its entries."
            ),
        )
    return Outcome(
        sent,
        arrivals,
        currency=arrival.currency,
        arrived=arrival.amount,
        difference=made.difference,
        base_currency=book.currency,
        legs=[leg for leg in made.legs if leg.account in BETWEEN],
        account=account,
        refusal=refusal,
    )


def match(*, payout_id: int, lines: Sequence[int], reason: str, at: datetime, actor: str) -> None:
    """Match a payout with the lines a person chose, with their reason. Raises ``MatchRefused``."""
    if not reason.strip():
        raise MatchRefused(_("Say why: the reason is kept with the entry."))
    outcome = look(payout_id=payout_id, lines=lines, at=at)
    if outcome.refusal:
        raise MatchRefused(outcome.refusal)
    by = Finder(None, outcome.account or plan.COLLECTION_FEES, actor, reason.strip()[:200])
    book = Book.objects.get(pk=outcome.sent.book_id)
    if not match_booking.match(sent=outcome.sent, arrivals=outcome.arrivals, by=by, book=book, at=at):
        raise MatchRefused(_("Something of it changed meanwhile. Reload the page."))


def _refusal(sent: Sent, arrivals: Sequence[Arrival], asked: Sequence[int]) -> str:
    """Say in words why these lines cannot be the payout, empty when they can."""
    if not asked:
        return _("Choose one or more receipts.")
    if len(asked) > MOST_RECEIPTS:
        return _("Choose at most %d receipts at once.") % MOST_RECEIPTS
    if len(arrivals) < len(asked):
        return _("A receipt was matched or classified meanwhile. Choose anew.")
    if any(each.book_id != sent.book_id for each in arrivals):
        return _("The receipts are of another company than the payout.")
    if len({each.currency for each in arrivals}) > 1:
        return _("The receipts are in several currencies. Choose those of one.")
    if any((each.amount > 0) != (sent.amount > 0) for each in arrivals):
        return _("Money that came in cannot be money that was taken, nor the other way round.")
    if any(each.holder == Holder.CHANNEL.value and each.account_id != sent.account_id for each in arrivals):
        return _("A payout comes back to the account that sent it, not to another shop's.")
    return ""


def _place(sent: Sent, arrival: Arrival, book: Book) -> tuple[str, str]:
    """Return (the account of what is between, why it may not go there)."""
    if sent.currency != arrival.currency:
        return plan.SPREAD, _conversion_refusal(sent, arrival, book)
    difference = sent.amount - arrival.amount
    if not difference:
        return "", ""
    if reconciling.is_rounding(sent=sent, arrival=arrival, book=book):
        return plan.ROUNDING_RESIDUAL, ""
    words = {
        "difference": f"{decimal_text(abs(difference), sent.currency)} {sent.currency}",
        "limit": "0",
    }
    if difference < 0:
        return plan.COLLECTION_FEES, (
            _(
                "%(difference)s more arrived than was sent. That is other money: "
                "choose fewer receipts or another payout."
            )
            % words
        )
    rule = _rule(FEE)
    limit = Decimal(0) if rule is None else reconciling.allowed(rule=rule, amount=sent.amount)
    account = plan.COLLECTION_FEES if rule is None or rule.account_id is None else rule.account_id
    if difference <= limit:
        return account, ""
    words["limit"] = f"{decimal_text(rounded(limit, sent.currency), sent.currency)} {sent.currency}"
    return account, (
        _(
            "%(difference)s is missing, and a fee by hand may be %(limit)s at most. "
            "Choose the receipts that are missing, or wait for the rest."
        )
        % words
    )


def _conversion_refusal(sent: Sent, arrival: Arrival, book: Book) -> str:
    """Say why a receipt in another currency is too far from the day's rates, empty when it is not."""
    day = books.open_day(book=book, day=arrival.on)
    worth = fx.rate_for(book=book, currency=sent.currency, day=day).base(sent.amount)
    rule = _rule(CONVERTED)
    limit = Decimal(0) if rule is None else abs(worth) * rule.tolerance_percent / 100
    if abs(worth - arrival.base) <= limit:
        return ""
    return _(
        "By the day's rates %(sent)s is worth %(worth)s, and what arrived %(arrived)s: too far apart for a "
        "conversion. Choose other receipts."
    ) % {
        "sent": f"{decimal_text(sent.amount, sent.currency)} {sent.currency}",
        "worth": f"{decimal_text(worth, book.currency)} {book.currency}",
        "arrived": f"{decimal_text(arrival.base, book.currency)} {book.currency}",
    }


def _rule(condition: str) -> MatchRule | None:
    rules = MatchRule.objects.filter(
        scope=MatchRule.Scope.PAYOUT, condition=condition, is_active=True, platform=""
    )
    return rules.order_by("place", "pk").first()
