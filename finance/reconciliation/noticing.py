"""Noticing which orders' money has to be looked at: what changed on orders, and what was booked for them.

Both are read behind a mark, in the order of the transactions that wrote them, and only as far as no writer
is still open. So nothing is passed over, and what is read twice changes nothing.
"""

from datetime import datetime

from django.db import connection, transaction

from channels.models import ChannelAccount
from finance.accounting import plan
from finance.models import Progress
from finance.statements import money_accounts

CHUNK = 1_000
JOURNALS = 200
ORDERS_READ, JOURNALS_READ, SWEPT, MATCHED = "orders", "journals", "swept", "matched"
_MATCHES_AGAIN_SECONDS = 3600

_CHANGED = """
SELECT o.change_epoch, o.change_xid::text, o.id, o.account_id
  FROM orders_order o
 WHERE (o.change_epoch, o.change_xid, o.id) > (%s, %s::text::xid8, %s)
   AND (o.change_epoch, o.change_xid) < (ecomhub_epoch(), pg_snapshot_xmin(pg_current_snapshot()))
 ORDER BY o.change_epoch, o.change_xid, o.id LIMIT %s
"""
_HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"
_BOOKED = """
SELECT j.transaction::text, j.id FROM finance_journal j
 WHERE (j.transaction, j.id) > (%s::text::xid8, %s)
   AND j.transaction < pg_snapshot_xmin(pg_current_snapshot())
 ORDER BY j.transaction, j.id LIMIT %s
"""
_MARK = """
INSERT INTO finance_ordermoney AS m (order_id, book_id, shop_id, currency, state, is_due, reason, content,
    accruals, variances)
SELECT o.id, {book}, o.shop_id, o.currency, 'open', true, '', '', 0, 0 FROM orders_order o {where}
 ORDER BY o.id ON CONFLICT (order_id) DO UPDATE SET is_due = true, checked_at = NULL
"""
_SHIPPED = """
JOIN unnest(%(accounts)s::bigint[], %(books)s::bigint[]) AS b(account_id, book_id) USING (account_id)
WHERE o.id = ANY(%(orders)s) AND NOT o.is_before_go_live
  AND (EXISTS (SELECT FROM orders_orderline l WHERE l.order_id = o.id AND l.quantity_shipped > 0)
       OR EXISTS (SELECT FROM finance_ordermoney h WHERE h.order_id = o.id))
"""
_PAID = """
JOIN (SELECT DISTINCT p.order_id, j.book_id
        FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id
       WHERE p.journal_id = ANY(%(journals)s) AND p.account_id = ANY(%(accounts)s) AND p.order_id IS NOT NULL
         AND j.kind NOT IN ('shipment', 'variance', 'revaluation')) b ON b.order_id = o.id
"""


def orders_changed(*, at: datetime, limit: int = CHUNK) -> int:
    """Mark changed orders of which something was shipped; return how many changed orders were read."""
    with transaction.atomic():
        mark = _mark(ORDERS_READ)
        with connection.cursor() as cursor:
            cursor.execute(_CHANGED, [mark.epoch, str(mark.transaction), mark.row, limit])
            rows = cursor.fetchall()
            if not rows:
                return 0
            accounts = ChannelAccount.objects.in_bulk({row[3] for row in rows})
            books = {
                pk: money_accounts.of_channel(channel=account, at=at).book_id
                for pk, account in sorted(accounts.items())
            }
            cursor.execute(
                _MARK.format(book="b.book_id", where=_SHIPPED),
                {
                    "orders": [row[2] for row in rows],
                    "accounts": list(books),
                    "books": list(books.values()),
                },
            )
        epoch, number, row, _account = rows[-1]
        _move(mark, epoch=epoch, number=int(number), row=row)
    return len(rows)


def journals_booked(*, limit: int = JOURNALS) -> int:
    """Mark the orders that money was booked for; return how many entries were read."""
    with transaction.atomic():
        mark = _mark(JOURNALS_READ)
        with connection.cursor() as cursor:
            cursor.execute(_HORIZON)
            if mark.transaction > int(cursor.fetchone()[0]):
                # The database came out of a dump and counts transactions anew: everything is read once more.
                mark.transaction = mark.row = 0
            cursor.execute(_BOOKED, [str(mark.transaction), mark.row, limit])
            rows = cursor.fetchall()
            if not rows:
                return 0
            cursor.execute(
                _MARK.format(book="b.book_id", where=_PAID),
                {
                    "journals": [row for _number, row in rows],
                    "accounts": [plan.UNSETTLED, plan.GOODS_SENT],
                },
            )
        _move(mark, epoch=0, number=int(rows[-1][0]), row=rows[-1][1])
    return len(rows)


Reach = tuple[int, int, int]
"""How far something looks: (day or hour, transaction, entry). Taken before the look, kept after it: what is
booked meanwhile, by another turn, was not looked at."""


def needs_sweep(*, at: datetime) -> bool:
    """Say whether money was booked, or a day went by, since the queue of exceptions was looked through."""
    swept = Progress.objects.filter(name=SWEPT).first()
    return swept is None or (swept.epoch, swept.transaction, swept.row) != sweep_reach(at=at)


def note_sweep(*, reach: Reach) -> None:
    """Remember up to where the queue of exceptions was looked through."""
    epoch, number, row = reach
    Progress.objects.update_or_create(
        name=SWEPT, defaults={"epoch": epoch, "transaction": number, "row": row}
    )


def swept_through() -> tuple[int, int]:
    """Return the last entry the queue was looked through for; (0, 0) when everything has to be looked at."""
    marks = {row.name: row for row in Progress.objects.filter(name__in=[SWEPT, JOURNALS_READ])}
    swept, read = marks.get(SWEPT), marks.get(JOURNALS_READ)
    if swept is None or read is None or swept.transaction > read.transaction:
        return 0, 0
    return swept.transaction, swept.row


def matched_through() -> tuple[int, int]:
    """Return the last entry payouts and receipts were compared for; (0, 0) when all have to be."""
    marks = {row.name: row for row in Progress.objects.filter(name__in=[MATCHED, JOURNALS_READ])}
    held, read = marks.get(MATCHED), marks.get(JOURNALS_READ)
    if held is None or read is None or held.transaction > read.transaction:
        return 0, 0
    return held.transaction, held.row


def needs_matching(*, at: datetime) -> bool:
    """Say whether money was booked, or an hour went by, since payouts and receipts were compared."""
    held = Progress.objects.filter(name=MATCHED).first()
    return held is None or (held.epoch, held.transaction, held.row) != match_reach(at=at)


def note_matching(*, reach: Reach) -> None:
    """Remember up to where payouts and receipts were compared."""
    epoch, number, row = reach
    Progress.objects.update_or_create(
        name=MATCHED, defaults={"epoch": epoch, "transaction": number, "row": row}
    )


def forget_looks() -> None:
    """Let payouts be compared and the queue of exceptions be looked through again, whatever was booked."""
    Progress.objects.filter(name__in=[SWEPT, MATCHED]).update(epoch=0)


def match_reach(*, at: datetime) -> Reach:
    """Return how far comparing payouts and receipts looks now."""
    _day, number, row = sweep_reach(at=at)
    return int(at.timestamp()) // _MATCHES_AGAIN_SECONDS, number, row


def sweep_reach(*, at: datetime) -> Reach:
    """Return how far looking through the queue of exceptions looks now."""
    read = Progress.objects.filter(name=JOURNALS_READ).first()
    return (at.toordinal(), 0, 0) if read is None else (at.toordinal(), read.transaction, read.row)


def _mark(name: str) -> Progress:
    Progress.objects.get_or_create(name=name)
    return Progress.objects.select_for_update().get(name=name)


def _move(mark: Progress, *, epoch: int, number: int, row: int) -> None:
    Progress.objects.filter(pk=mark.pk).update(epoch=epoch, transaction=number, row=row)
