"""Booking that a payout arrived, and taking that back: both are entries of their own, kept for ever.

A receipt that stood in suspense goes to money in transit first, so that from then on its line says what it
is. Taken back, it stands as its type's mapping says again, and no rule puts the same two together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from channels.settlement_messages import Binding, Holder
from ecomhub import events
from finance.accounting import books, fx, ledger, plan
from finance.accounting.ledger import Leg
from finance.models import Book, Journal, Match, MatchRule, Payout, SettlementLine, TypeMapping
from finance.reconciliation import match_legs
from finance.reconciliation.match_legs import Arrival, Sent
from finance.statements import posting

State = Payout.State
RESTATED = "restated"
"""What keys of entries begin with that took a payout apart because its deposit changed."""


class MatchRefused(Exception):
    """Nothing was matched or taken apart; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Finder:
    """Who found it: a rule, or a person with a reason. ``account`` takes what is between."""

    rule: MatchRule | None
    account: str
    actor: str = "system"
    reason: str = ""


def match(*, sent: Sent, arrivals: Sequence[Arrival], by: Finder, book: Book, at: datetime) -> bool:
    """Book that a payout arrived in receipts of one currency; ``False`` when something of it changed since.

    A line that was taken for a transfer becomes a payout with that.
    """
    with transaction.atomic():
        posting.lock(settlements=_settlements(sent, arrivals))
        payout = _payout(sent, at=at, by=by)
        if payout is None or _is_held(arrivals):
            return False
        book = _held(book)
        day = books.open_day(book=book, day=match_legs.together(arrivals).on)
        if sent.line_id is not None:
            _move(sent.line_id, to=plan.WITHDRAWALS, payout=payout, book=book, by=by)
        arrivals = [
            _explained(each, book=book, by=by) if each.stands_on == plan.SUSPENSE else each
            for each in arrivals
        ]
        sent = replace(sent, payout_id=payout.pk)
        try:
            made = match_legs.legs(sent=sent, arrivals=arrivals, book=book, day=day, account=by.account)
        except fx.RateMissing:
            made = None
        if made is None:
            transaction.set_rollback(True)
            return False
        turn = Match.objects.filter(payout=payout, part=0).count()
        posted = ledger.post(
            book=book, effective_on=day, kind=Journal.Kind.MATCH, legs=made.legs, actor=by.actor,
            key=f"match:payout:{payout.pk}" + (f":{turn}" if turn else ""), memo=by.reason,
        )  # fmt: skip
        Match.objects.bulk_create(
            Match(
                book=book, rule=by.rule, actor=by.actor[:160], payout=payout, line_id=each.line_id, part=part,
                journal_id=posted.journal_id, currency=made.currency,
                difference=made.difference if part == 0 else 0,
            )
            for part, each in enumerate(arrivals)
        )  # fmt: skip
        _arrived(payout, arrivals, by=by, at=at)
    return True


def take_back(*, payout_id: int, reason: str, at: datetime, actor: str) -> None:
    """Take a payout and its receipts apart: the entry is reversed, the receipts wait again.

    Raises ``MatchRefused``.
    """
    if not reason.strip():
        raise MatchRefused(_("Say why: the reason is kept with the entry."))
    _take_apart(payout_id=payout_id, key="unmatch", reason=reason.strip()[:200], at=at, actor=actor)


def let_go(*, payout_id: int, at: datetime) -> None:
    """Take a payout whose settlement now states another deposit, and its receipts, apart.

    Rules may put the same together again. Raises ``MatchRefused``.
    """
    _take_apart(payout_id=payout_id, key=RESTATED, reason="", at=at, actor="system")


def _take_apart(*, payout_id: int, key: str, reason: str, at: datetime, actor: str) -> None:
    with transaction.atomic():
        held = Match.objects.filter(payout=payout_id, undoing__isnull=True).select_related("line")
        lines = [row.line for row in held if row.line is not None]
        payout = Payout.objects.select_related("line").get(pk=payout_id)
        own = [] if payout.line is None else [payout.line]
        posting.lock(settlements=sorted({line.settlement_id for line in [*lines, *own]}))
        payout = Payout.objects.select_for_update(no_key=True).get(pk=payout_id)
        rows = list(Match.objects.filter(payout=payout, undoing__isnull=True).order_by("part"))
        if not rows or payout.state not in (State.ARRIVED, State.FAILED):
            raise MatchRefused(_("This payout is not matched any more. Reload the page."))
        book = _held(rows[0].book)
        entry = Journal.objects.get(pk=rows[0].journal_id)
        undone = ledger.reverse(
            journal_id=entry.pk,
            effective_on=books.open_day(book=book, day=entry.effective_on),
            key=f"{key}:payout:{payout.pk}:{entry.pk}",
            memo=reason,
            actor=actor,
        )
        Match.objects.filter(pk__in=[row.pk for row in rows]).update(undoing=undone.journal_id)
        payout.state = State.SENT if _stays_payout(payout) else State.DROPPED
        payout.arrived_line = payout.arrived_at = None
        payout.save(update_fields=["state", "arrived_line", "arrived_at"])
        posting.rebook(lines=[line.pk for line in [*lines, *own]], kind="reclass", actor=actor)
        events.record(
            object_kind="payout", object_id=payout.pk, at=at, actor=actor, entry=entry.pk, reason=reason,
            kind="restated" if key == RESTATED else "taken_apart",
        )  # fmt: skip


def _settlements(sent: Sent, arrivals: Sequence[Arrival]) -> list[int]:
    found = {each.settlement_id for each in arrivals}
    if sent.line_id is not None:
        found |= set(SettlementLine.objects.filter(pk=sent.line_id).values_list("settlement", flat=True))
    return sorted(found)


def _held(book: Book) -> Book:
    """Return the book anew, which nobody closes until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM finance_book WHERE id = %s FOR SHARE", [book.pk])
    return Book.objects.get(pk=book.pk)


def _payout(sent: Sent, *, at: datetime, by: Finder) -> Payout | None:
    """Return the payout that is on its way, held; a line becomes one."""
    if sent.line_id is None:
        payout = Payout.objects.select_for_update(no_key=True).get(pk=sent.payout_id)
        return payout if payout.state == State.SENT and payout.amount == sent.amount else None
    line = SettlementLine.objects.get(pk=sent.line_id)
    payout, is_new = Payout.objects.select_for_update(no_key=True).get_or_create(
        line=line,
        defaults={
            "account_id": sent.account_id,
            "reference": line.reference,
            "currency": line.currency,
            "amount": -line.amount,
            "sent_at": line.posted_at,
        },
    )
    if not is_new and payout.state != State.DROPPED:
        return None
    payout.state = State.SENT
    payout.save(update_fields=["state"])
    events.record(
        object_kind="payout", object_id=payout.pk, kind="found", at=at, actor=by.actor, line=line.pk
    )
    return payout


def _is_held(arrivals: Sequence[Arrival]) -> bool:
    lines = [each.line_id for each in arrivals]
    return Match.objects.filter(line__in=lines, undoing__isnull=True).exists()


def _explained(arrival: Arrival, *, book: Book, by: Finder) -> Arrival:
    _move(arrival.line_id, to=plan.PAYOUTS, payout=None, book=book, by=by)
    return replace(arrival, stands_on=plan.PAYOUTS)


def _move(line_id: int, *, to: str, payout: Payout | None, book: Book, by: Finder) -> None:
    """Book a line that stands in suspense as money in transit, with the base amount it has."""
    line = SettlementLine.objects.get(pk=line_id)
    last = line.postings.order_by("-turn").first()
    if last is None or last.account_id != plan.SUSPENSE:
        raise MatchRefused(_("A line was booked otherwise meanwhile. Reload the page."))
    common = {
        "currency": last.currency,
        "rate_id": last.rate_id,
        "shop_id": last.shop_id,
        "money_account_id": last.money_account_id,
        "line_id": line_id,
    }
    legs = [
        Leg(plan.SUSPENSE, amount=-last.amount, base_amount=-last.base_amount, turn=last.turn + 1, **common),
        Leg(to, amount=last.amount, base_amount=last.base_amount, turn=last.turn + 2,
            payout_id=None if payout is None else payout.pk, **common),
    ]  # fmt: skip
    ledger.post(
        book=book, effective_on=books.open_day(book=book, day=line.effective_on), legs=legs, actor=by.actor,
        kind=Journal.Kind.RECLASS, key=f"found:{line_id}:{last.turn + 1}", memo=by.reason,
    )  # fmt: skip


def _arrived(payout: Payout, arrivals: Sequence[Arrival], *, by: Finder, at: datetime) -> None:
    last = match_legs.together(arrivals)
    told = payout.settlement or (payout.line and payout.line.settlement)
    came_back = (
        last.account_id == payout.account_id
        and last.holder == Holder.CHANNEL.value
        and (not told or told.source == last.source)
    )
    payout.state = State.FAILED if came_back else State.ARRIVED
    payout.arrived_line_id, payout.arrived_at = last.line_id, last.at
    payout.save(update_fields=["state", "arrived_line", "arrived_at"])
    data = {"reason": by.reason[:200]} if by.reason else {}
    events.record(
        object_kind="payout", object_id=payout.pk, kind=str(payout.state), at=at, actor=by.actor,
        line=last.line_id, receipts=len(arrivals), rule="" if by.rule is None else by.rule.key, **data,
    )  # fmt: skip


def _stays_payout(payout: Payout) -> bool:
    """Say whether a payout is one without the match: of a settlement, or of a line whose type says so."""
    if payout.line is None:
        return True
    mapping = TypeMapping.objects.filter(line_type=payout.line.line_type_id).order_by("-version").first()
    return mapping is not None and mapping.binding == Binding.PAYOUT.value
