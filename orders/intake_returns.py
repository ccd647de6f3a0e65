"""Goods coming back as the platform reports them: read-only rows until somebody works on them here."""

from collections.abc import Iterable
from datetime import datetime

from channels.messages import IncomingOrder, IncomingReturn
from orders.models import PlatformReturn
from orders.opened import Opened

PARTLY = "partly"
FULLY = "fully"


def note_returns(opened: Opened, *, incoming: IncomingOrder, at: datetime) -> None:
    """Count on an open order what comes back; a return naming a line we do not know is left out."""
    if not incoming.returns:
        return
    coming: dict[str, int] = {}
    for each in incoming.returns:
        coming[each.line_id] = coming.get(each.line_id, 0) + max(each.quantity, 0)
    for line in opened.lines:
        quantity = coming.get(line.external_id, 0)
        if quantity != line.quantity_returned:
            line.quantity_returned = quantity
            opened.touch_line(line)
            opened.note("return_reported", at=at, line=line.pk, quantity=quantity)
    returned = sum(line.quantity_returned for line in opened.lines)
    ordered = sum(line.quantity - line.quantity_canceled for line in opened.lines)
    if returned:
        opened.order.return_status = FULLY if returned >= ordered else PARTLY


def write_returns(*, pairs: Iterable[tuple[Opened, IncomingOrder]], at: datetime) -> None:
    """Write the platform's returns of orders that are written already."""
    rows = []
    for opened, incoming in pairs:
        if incoming.returns:
            lines = {line.external_id: line.pk for line in opened.lines}
            latest = {each.external_id: each for each in incoming.returns if each.line_id in lines}
            rows += [_row(opened, each, line_id=lines[each.line_id], at=at) for each in latest.values()]
    if rows:
        PlatformReturn.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["order", "external_id"],
            update_fields=["line", "quantity", "status", "reason", "refunded", "reported_at"],
        )


def _row(opened: Opened, each: IncomingReturn, *, line_id: int, at: datetime) -> PlatformReturn:
    return PlatformReturn(
        order_id=opened.order.pk,
        line_id=line_id,
        external_id=each.external_id[:120],
        quantity=max(each.quantity, 0),
        status=each.status[:40],
        reason=each.reason[:200],
        refunded=each.refunded,
        reported_at=each.at or at,
    )
