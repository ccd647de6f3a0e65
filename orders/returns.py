"""Returns as platforms report them by themselves, page by page; what their orders show comes with the orders.

Read-only rows until somebody works on them here. A return whose order is not here waits for it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import F, Q, Sum
from django.db.models.functions import Least

from channels import failures, lanes
from channels.messages import BadItem, IncomingReturn
from channels.models import ChannelAccount, FailedImport, Pull
from channels.polling import PageCounts
from ecomhub import work
from orders.models import Order, PlatformReturn, WaitingReturn
from orders.opened import Opened, open_orders
from orders.writing import write

KIND = "return"
PARTLY = "partly"
FULLY = "fully"
_READ_AGAIN = timedelta(days=1)
_MOST_UNITS = 1_000_000
_LARGEST_AMOUNT = Decimal(10) ** 15

_UPSERT = """
INSERT INTO orders_platformreturn AS held
       (order_id, line_id, external_id, quantity, status, reason, refunded, reported_at)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::int[], %s::text[], %s::text[],
                     %s::numeric[], %s::timestamptz[])
    ON CONFLICT (order_id, external_id, line_id) DO UPDATE
   SET quantity = excluded.quantity, status = excluded.status, reason = excluded.reason,
       refunded = excluded.refunded, reported_at = excluded.reported_at, updated_at = clock_timestamp()
 WHERE (held.quantity, held.status, held.reason, held.refunded)
       IS DISTINCT FROM (excluded.quantity, excluded.status, excluded.reason, excluded.refunded)
RETURNING xmax = 0
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One return of one line as it is written; ``line_id`` is ``None`` where no line of ours is named."""

    order_id: int
    line_id: int | None
    reported: IncomingReturn


def open_lanes(*, at: datetime) -> int:
    """Open the stream for accounts whose platform began to report returns; returns how many."""
    return lanes.open_missing(stream=Pull.Stream.RETURNS, at=at)


def take_in(
    *,
    account: ChannelAccount,
    reported: Sequence[IncomingReturn],
    bad: Sequence[BadItem],
    at: datetime,
) -> PageCounts:
    """Take one page of returns in, inside the caller's transaction; returns what became of each.

    What is the same as before writes nothing. Returns of unknown orders wait for them.
    """
    good, broken = _sorted(reported)
    for item in (*bad, *broken):
        failures.quarantine(
            account_id=account.pk,
            kind=KIND,
            external_id=item.external_id,
            reason=item.reason,
            raw=item.raw,
            at=at,
        )
    latest = {(each.order_id, each.external_id, each.line_id): each for each in good}
    known = _orders(account_id=account.pk, external_ids={each.order_id for each in latest.values()})
    waiting = [each for each in latest.values() if each.order_id not in known]
    mine = [each for each in latest.values() if each.order_id in known]
    _wait(account_id=account.pk, reported=waiting, at=at)
    created, updated = _write_known(reported=mine, known=known, at=at)
    failures.solved(
        account_id=account.pk, kind=KIND, external_ids=sorted({each.external_id for each in good})
    )
    return PageCounts(
        seen=len(reported) + len(bad),
        created=created + len(waiting),
        updated=updated,
        unchanged=len(good) - len(waiting) - created - updated,
        quarantined=len(bad) + len(broken),
    )


def _sorted(reported: Sequence[IncomingReturn]) -> tuple[list[IncomingReturn], list[BadItem]]:
    """Part what can be stored from what cannot."""
    good: list[IncomingReturn] = []
    broken: list[BadItem] = []
    for each in reported:
        fault = _fault(each)
        if fault:
            name = each.external_id.replace("\x00", "")[:120] or "(no id)"
            broken.append(
                BadItem(name, fault, raw={"order": each.order_id[:120], "status": each.status[:40]})
            )
        else:
            good.append(each)
    return good, broken


def _fault(each: IncomingReturn) -> str:
    texts = (each.external_id, each.order_id, each.line_id, each.status, each.reason)
    if not each.external_id or not each.order_id:
        return "the return names no order or has no number"
    if any("\x00" in text for text in texts):
        return "a text contains a NUL character"
    if max(len(each.external_id), len(each.order_id)) > 120 or len(each.line_id) > 80:
        return "a number is too long"
    if not 0 <= each.quantity <= _MOST_UNITS:
        return f"{each.quantity} is not a quantity"
    if each.refunded is not None and not abs(each.refunded) < _LARGEST_AMOUNT:
        return "an amount is out of range"
    if each.at is not None and each.at.tzinfo is None:
        return "a time has no time zone"
    return ""


def _orders(*, account_id: int, external_ids: Collection[str]) -> dict[str, int]:
    rows = Order.objects.filter(account=account_id, external_id__in=list(external_ids))
    return dict(rows.values_list("external_id", "pk"))


def _wait(*, account_id: int, reported: Sequence[IncomingReturn], at: datetime) -> None:
    WaitingReturn.objects.bulk_create(
        [
            WaitingReturn(
                account_id=account_id,
                order_external_id=each.order_id,
                external_id=each.external_id,
                line_external_id=each.line_id,
                quantity=each.quantity,
                status=each.status[:40],
                reason=each.reason[:200],
                refunded=each.refunded,
                reported_at=each.at or at,
            )
            for each in reported
        ],
        update_conflicts=True,
        unique_fields=["account", "order_external_id", "external_id", "line_external_id"],
        update_fields=["quantity", "status", "reason", "refunded", "reported_at"],
    )


def attach(*, account_id: int, external_ids: Sequence[str], at: datetime) -> int:
    """Give orders that are new here the returns that waited for them; returns how many."""
    rows = WaitingReturn.objects.filter(account=account_id, order_external_id__in=external_ids)
    held = list(rows.order_by("pk"))
    if not held:
        return 0
    reported = [
        IncomingReturn(
            external_id=row.external_id,
            line_id=row.line_external_id,
            quantity=row.quantity,
            status=row.status,
            reason=row.reason,
            refunded=row.refunded,
            at=row.reported_at,
            order_id=row.order_external_id,
        )
        for row in held
    ]
    known = _orders(account_id=account_id, external_ids=external_ids)
    _write_known(reported=reported, known=known, at=at)
    WaitingReturn.objects.filter(pk__in=[row.pk for row in held]).delete()
    return len(held)


def _write_known(
    *, reported: Sequence[IncomingReturn], known: Mapping[str, int], at: datetime
) -> tuple[int, int]:
    """Write returns of orders that are here and count on their lines what comes back."""
    if not reported:
        return 0, 0
    opened = open_orders(order_ids={known[each.order_id] for each in reported})
    rows = []
    for each in reported:
        lines = {line.external_id: line.pk for line in opened[known[each.order_id]].lines}
        rows.append(Row(known[each.order_id], lines.get(each.line_id), each))
    counts = upsert(rows=rows, at=at)
    if any(counts):
        _count(opened=opened.values(), at=at)
    return counts


def upsert(*, rows: Iterable[Row], at: datetime) -> tuple[int, int]:
    """Write returns in one statement, only what is new or different; returns how many of each."""
    latest = {(row.order_id, row.reported.external_id, row.line_id): row for row in rows}
    if not latest:
        return 0, 0
    _drop_placeholders(latest.values())
    found = list(latest.values())
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            [
                [row.order_id for row in found],
                [row.line_id for row in found],
                [row.reported.external_id[:120] for row in found],
                [max(row.reported.quantity, 0) for row in found],
                [row.reported.status[:40] for row in found],
                [row.reported.reason[:200] for row in found],
                [row.reported.refunded for row in found],
                [row.reported.at or at for row in found],
            ],
        )
        inserted = [bool(new) for (new,) in cursor.fetchall()]
    return sum(inserted), len(inserted) - sum(inserted)


def _drop_placeholders(rows: Iterable[Row]) -> None:
    """A return whose line was not known takes its line once it is."""
    named = [row for row in rows if row.line_id is not None]
    pairs = {(row.order_id, row.reported.external_id) for row in named}
    held = PlatformReturn.objects.filter(line=None, order__in={order_id for order_id, _name in pairs})
    gone = [row.pk for row in held if (row.order_id, row.external_id) in pairs]
    PlatformReturn.objects.filter(pk__in=gone).delete()


def _count(*, opened: Iterable[Opened], at: datetime) -> None:
    found = list(opened)
    rows = PlatformReturn.objects.filter(order__in=[each.order.pk for each in found]).exclude(line=None)
    coming = dict(rows.values_list("line").annotate(units=Sum("quantity")).order_by())
    for each in found:
        count_on(each, coming=coming, at=at)
    write(opened=found, at=at)


def count_on(opened: Opened, *, coming: Mapping[int, int], at: datetime) -> None:
    """Count on an open order's lines what comes back, by line, and how far the order is returned."""
    for line in opened.lines:
        quantity = coming.get(line.pk, 0)
        if quantity != line.quantity_returned:
            line.quantity_returned = quantity
            opened.touch_line(line)
            opened.note("return_reported", at=at, line=line.pk, quantity=quantity)
    returned = sum(line.quantity_returned for line in opened.lines)
    ordered = sum(line.quantity - line.quantity_canceled for line in opened.lines)
    opened.order.return_status = (FULLY if returned >= ordered else PARTLY) if returned else ""


def retry_failed(*, limit: int) -> int:
    """Let the stream read once more what could not be taken in; returns how many rows were looked at."""
    rows = work.claim(
        model=FailedImport,
        limit=limit,
        where=Q(kind=KIND, account__state=ChannelAccount.State.CONNECTED),
    )
    for row in rows:
        with transaction.atomic():
            idle = Pull.objects.filter(
                account=row.account_id, stream=Pull.Stream.RETURNS, pass_to__isnull=True
            )
            idle.update(cursor=Least(F("cursor"), row.last_seen_at - _READ_AGAIN))
            work.ring(model=Pull, pks=list(idle.values_list("pk", flat=True)))
            work.fail(row=row, reason=row.reason)
    return len(rows)
