"""Deposits a settlement states: from clearing to money on its way, and settlements that are through."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import connection

from channels.settlement_messages import Binding, Holder
from ecomhub import events
from ecomhub.events import Happening
from finance.accounting import books, fx, ledger, plan
from finance.accounting.ledger import Leg
from finance.models import Book, MoneyAccount, Payout, Settlement
from finance.sources import registry
from finance.statements.posting import RatesMissing, holder_of

_BALANCES = """
SELECT settlement_id, sum(amount), sum(base_amount) FROM finance_posting
 WHERE settlement_id = ANY(%s) AND account_id = '1110' GROUP BY 1
"""
_CLOSE = """
UPDATE finance_settlement s
   SET closed_at = CASE WHEN b.balance = 0 THEN coalesce(s.closed_at, %(at)s) END
  FROM (SELECT o.id, coalesce((SELECT sum(p.amount) FROM finance_posting p
                                WHERE p.settlement_id = o.id AND p.account_id = '1110'), 0) AS balance
          FROM finance_settlement o WHERE o.id = ANY(%(settlements)s)) b
 WHERE s.id = b.id AND s.state = 'posted' AND (b.balance = 0) <> (s.closed_at IS NOT NULL)
RETURNING s.id, s.closed_at IS NOT NULL
"""

_STATED = ("amount", "sent_at", "reference")


def deposit(*, account: MoneyAccount, settlements: Sequence[int], actor: str = "system") -> list[int]:
    """Send the stated deposits of posted settlements on their way; return the payouts that changed.

    A re-issue that states another deposit moves the difference; where the payout arrived already, it is
    compared anew with what arrived when money is explained next. Less than nothing is taken back the same
    way, unless the platform lets its next settlement carry it. Belongs into a transaction
    that holds the settlements' rows. The base amount moves as it stands, so that nothing of it stays behind.
    Raises ``finance.statements.posting.RatesMissing``.
    """
    stated = Settlement.objects.filter(
        pk__in=settlements,
        state=Settlement.State.POSTED,
        deposited_at__isnull=False,
        total__isnull=False,
    ).order_by("pk")
    rows = [row for row in stated if holder_of(account=account, source=row.source) == Holder.CHANNEL.value]
    if not rows:
        return []
    book = Book.objects.get(pk=account.book_id)
    balances = _balances([row.pk for row in rows])
    held = Payout.objects.filter(settlement__in=rows).select_for_update(no_key=True).order_by("pk")
    sent = {payout.settlement_id: payout for payout in held}
    changed = []
    for row in rows:
        payout = sent.get(row.pk)
        wanted = row.total or Decimal(0)
        if wanted < 0 and _carries(row.source):
            wanted = Decimal(0)
        step = wanted - (Decimal(0) if payout is None else payout.amount)
        if step == 0 or row.deposited_at is None:
            continue
        if payout is None:
            payout = Payout(account=account, settlement=row, currency=row.currency)
        payout.amount, payout.sent_at = wanted, row.deposited_at
        payout.reference = row.payout_ref or row.external_id
        payout.save(update_fields=_STATED if payout.pk else None)
        _move(
            book=book, account=account, row=row, payout=payout, step=step,
            balance=balances.get(row.pk, (Decimal(0), Decimal(0))), actor=actor,
        )  # fmt: skip
        changed.append(payout.pk)
    return changed


def close(*, settlements: Sequence[int], at: datetime) -> None:
    """Mark settlements through whose clearing is zero, and open again those whose is not."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, {"settlements": list(settlements), "at": at})
        changed = sorted(cursor.fetchall())
    events.record_many(
        happenings=[
            Happening("settlement", pk, "reconciled" if is_through else "opened_again", at)
            for pk, is_through in changed
        ]
    )


def _carries(source: str) -> bool:
    """Say whether a source has lines that carry a balance on to the next settlement."""
    try:
        return any(rule.binding is Binding.CARRY for rule in registry.source(source).rules)
    except LookupError:
        return True


def _balances(settlements: Sequence[int]) -> dict[int, tuple[Decimal, Decimal]]:
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, [list(settlements)])
        return {one: (amount, base) for one, amount, base in cursor.fetchall()}


def _move(
    *,
    book: Book,
    account: MoneyAccount,
    row: Settlement,
    payout: Payout,
    step: Decimal,
    balance: tuple[Decimal, Decimal],
    actor: str,
) -> None:
    day = books.open_day(book=book, day=books.day_of(book=book, instant=payout.sent_at))
    want = (row.currency, day)
    rate = fx.rates_for(book=book, wanted=[want]).get(want)
    if rate is None:
        raise RatesMissing([want])
    base = balance[1] if step == balance[0] else rate.base(step)
    moves = Payout.objects.filter(pk=payout.pk, postings__account=plan.PAYOUTS).values("postings").count()
    legs = [
        Leg(
            account=code,
            currency=row.currency,
            amount=sign * step,
            base_amount=sign * base,
            rate_id=rate.rate_id,
            shop_id=row.shop_id,
            settlement_id=settlement,
            payout_id=to,
            money_account_id=account.pk,
        )
        for code, sign, settlement, to in (
            (plan.PAYOUTS, 1, None, payout.pk),
            (plan.CLEARING, -1, row.pk, None),
        )
    ]
    ledger.post(
        book=book, effective_on=day, kind="payout", key=f"payout:{payout.pk}:{moves}", legs=legs, actor=actor
    )
