"""A turn of explaining money: notice what changed, expect, settle, value stock, match, look for oddities.

Every step takes its work from rows that the database keeps, in chunks that are complete in themselves; a turn
that is cut off is gone on with by the next one.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import F, Q

from finance.accounting.ledger import LedgerRefused
from finance.models import Book, OrderMoney
from finance.reconciliation import (
    costing,
    delivering,
    exceptions,
    expecting,
    noticing,
    reconciling,
    settling,
)
from finance.statements import late_orders

CHUNK = 100
SECONDS = 25.0
_AGAIN_AFTER = timedelta(days=1)
_WAITS_FOR_RATE = "rate_missing"
_REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn did; ``is_through`` says that nothing was left to do."""

    orders: int
    stock_places: int
    payouts: int
    raised: int
    solved: int
    is_through: bool


def take_turn(*, at: datetime, seconds: float = SECONDS, sweeps: bool | None = None) -> Turn:
    """Do what is due for some seconds. Safe to run twice at once; the same again changes nothing.

    The queue of exceptions is looked through when money was booked or a day has gone by since the last time;
    ``sweeps`` says whether to do it in any case, or not now.
    """
    deadline = time.monotonic() + seconds
    through = [
        _until(deadline, lambda: noticing.orders_changed(at=at))[1],
        _until(deadline, late_orders.find_orders)[1],
        _until(deadline, noticing.journals_booked)[1],
    ]
    orders, done = _until(deadline, lambda: explain_due(at=at))
    through.append(done)
    moved, done = _until(deadline, lambda: costing.value_due(at=at))
    through.append(done)
    payouts, done = _until(deadline, lambda: _match(at=at))
    through.append(done)
    is_late = time.monotonic() > deadline
    changed = exceptions.Changed()
    wanted = noticing.needs_sweep(at=at) if sweeps is None else sweeps
    if wanted and not is_late:
        reach = noticing.sweep_reach(at=at)
        changed = exceptions.sweep(at=at, since=noticing.swept_through())
        noticing.note_sweep(reach=reach)
    return Turn(
        orders=orders,
        stock_places=moved,
        payouts=payouts,
        raised=changed.raised,
        solved=changed.solved,
        is_through=all(through) and not is_late,
    )


def _until(deadline: float, step: Callable[[], int]) -> tuple[int, bool]:
    """Repeat a step until it finds nothing or the time is up; return (how much, whether nothing is left)."""
    total = 0
    while True:
        done = step()
        total += done
        if not done:
            return total, True
        if time.monotonic() > deadline:
            return total, False


def _match(*, at: datetime) -> int:
    """Compare payouts and receipts where there is something new to compare; return how many were found."""
    if not noticing.needs_matching(at=at):
        return 0
    reach = noticing.match_reach(at=at)
    reconciling.let_go_of_restated(since=noticing.matched_through(), at=at)
    found = reconciling.match_payouts(at=at)
    noticing.note_matching(reach=reach)
    return found


def explain_due(*, at: datetime, limit: int = CHUNK) -> int:
    """Expect and settle a chunk of due orders; return how many were looked at.

    Besides what is marked, money that is still open is looked at once a day: time alone completes it.
    """
    with transaction.atomic():
        due = OrderMoney.objects.filter(Q(checked_at__isnull=True) | Q(checked_at__lt=at)).filter(
            Q(is_due=True) | (~Q(state=OrderMoney.State.SETTLED) & Q(checked_at__lt=at - _AGAIN_AFTER))
        )
        rows = list(
            due.order_by(F("checked_at").asc(nulls_first=True), "pk").select_for_update(
                skip_locked=True, of=("self",), no_key=True
            )[:limit]
        )
        rows.sort(key=lambda row: (row.book_id, row.pk))
        for book_id, group in groupby(rows, key=lambda row: row.book_id):
            _explain(rows=list(group), book_id=book_id, at=at)
        for row in rows:
            row.is_due, row.checked_at = row.reason == _WAITS_FOR_RATE, at
        OrderMoney.objects.bulk_update(
            rows,
            [
                "state", "is_due", "reason", "content", "accruals", "variances", "shipped_on", "due_on",
                "checked_at",
            ],
        )  # fmt: skip
    return len(rows)


def _explain(*, rows: Sequence[OrderMoney], book_id: int, at: datetime) -> None:
    """Explain orders together; when the ledger refuses, one by one, so that one bad order stops no other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM finance_book WHERE id = %s FOR SHARE", [book_id])
    book = Book.objects.get(pk=book_id)
    before = [_fields(row) for row in rows]
    try:
        with transaction.atomic():
            expecting.expect(rows=rows, book=book, at=at)
            settling.settle(rows=rows, book=book, at=at)
            delivering.recognize(orders=[row.pk for row in rows])
    except (LedgerRefused, IntegrityError, DataError):
        for row, values in zip(rows, before, strict=True):
            row.__dict__.update(values)
        if len(rows) == 1:
            rows[0].reason = _REFUSED
            return
        for row in rows:
            _explain(rows=[row], book_id=book_id, at=at)


def _fields(row: OrderMoney) -> dict[str, object]:
    return {name: value for name, value in row.__dict__.items() if not name.startswith("_")}
