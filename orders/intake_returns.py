"""Goods coming back as the platform shows them with their order: read-only rows, counted on the lines."""

from collections.abc import Iterable
from datetime import datetime

from channels.messages import IncomingOrder
from orders.opened import Opened
from orders.returns import Row, count_on, upsert


def note_returns(opened: Opened, *, incoming: IncomingOrder, at: datetime) -> None:
    """Count on an open order what comes back; a return naming a line we do not know counts nowhere."""
    if not incoming.returns:
        return
    lines = {line.external_id: line.pk for line in opened.lines}
    coming: dict[int, int] = {}
    for each in incoming.returns:
        if each.line_id in lines:
            pk = lines[each.line_id]
            coming[pk] = coming.get(pk, 0) + max(each.quantity, 0)
    count_on(opened, coming=coming, at=at)


def write_returns(*, pairs: Iterable[tuple[Opened, IncomingOrder]], at: datetime) -> None:
    """Write the platform's returns of orders that are written already."""
    rows = []
    for opened, incoming in pairs:
        lines = {line.external_id: line.pk for line in opened.lines}
        rows += [Row(opened.order.pk, lines.get(each.line_id), each) for each in incoming.returns]
    upsert(rows=rows, at=at)
