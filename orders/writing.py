"""Writing open orders: any number in a fixed number of statements, inside the caller's transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from json import dumps
from operator import attrgetter
from typing import Any

from django.db import connection

from ecomhub.events import record_many
from inventory import ledger
from inventory.ledger import Claim, Levels
from orders.copying import copy_rows
from orders.models import Allocation, Order, OrderIssue, OrderLine
from orders.opened import RELEASE, RESERVE, SHIP, Opened

ORDER_COLUMNS: dict[str, str] = {
    "status": "text",
    "platform_status": "text",
    "platform_state": "text",
    "fulfillment_method": "text",
    "is_before_go_live": "boolean",
    "hold_reason": "text",
    "issue_count": "smallint",
    "cancel_requested": "boolean",
    "cancel_declined_at": "timestamptz",
    "is_gift": "boolean",
    "return_status": "text",
    "country": "text",
    "currency": "text",
    "total": "numeric",
    "units": "integer",
    "shipping_service": "text",
    "placed_at": "timestamptz",
    "paid_at": "timestamptz",
    "ship_by_at": "timestamptz",
    "shipped_at": "timestamptz",
    "canceled_at": "timestamptz",
    "source_updated_at": "timestamptz",
    "content_hash": "bytea",
    "note": "text",
    "version": "integer",
    "updated_at": "timestamptz",
}
LINE_COLUMNS: dict[str, str] = {
    "listing_id": "bigint",
    "title": "text",
    "quantity": "integer",
    "quantity_allocated": "integer",
    "quantity_shipped": "integer",
    "quantity_shipped_elsewhere": "integer",
    "quantity_canceled": "integer",
    "quantity_returned": "integer",
    "charge": "numeric",
    "discount": "numeric",
    "shipping": "numeric",
    "shipping_discount": "numeric",
    "gift_wrap": "numeric",
    "tax": "numeric",
    "marketplace_collects_tax": "boolean",
    "refunded": "numeric",
    "currency": "text",
    "gift_message_sealed": "bytea",
}
ALLOCATION_COLUMNS = {
    "units": "integer",
    "quantity": "integer",
    "quantity_shipped": "integer",
    "quantity_released": "integer",
}
ISSUE_COLUMNS = {"detail": "jsonb", "solved_at": "timestamptz"}

_NEW_ORDER = ("id", "account_id", "shop_id", "external_id", *ORDER_COLUMNS, "created_at")
_NEW_LINE = ("id", "order_id", "external_id", *LINE_COLUMNS)
_NEW_ALLOCATION = ("line_id", "sku_id", "warehouse_id", *ALLOCATION_COLUMNS)
_NEW_ISSUE = ("order_id", "line_id", "kind", "detail", "opened_at", "solved_at")
_get_order = attrgetter(*_NEW_ORDER)
_get_line = attrgetter(*_NEW_LINE)
_get_allocation = attrgetter(*_NEW_ALLOCATION)
_get_issue = attrgetter(*_NEW_ISSUE)


def update_rows(*, table: str, columns: dict[str, str], rows: Sequence[Any]) -> None:
    """Update rows by primary key in one statement from objects with these attributes."""
    if not rows:
        return
    names = list(columns)
    sets = ", ".join(f"{name} = v.{name}" for name in names)
    arrays = ", ".join(f"%s::{columns[name]}[]" for name in names)
    values: list[Any] = [[row.pk for row in rows]]
    for name in names:
        taken = [getattr(row, name) for row in rows]
        if columns[name] == "jsonb":
            taken = [dumps(each, ensure_ascii=False) for each in taken]
        values.append(taken)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} t SET {sets} FROM unnest(%s::bigint[], {arrays}) AS v(id, {', '.join(names)}) "  # noqa: S608
            "WHERE t.id = v.id",
            values,
        )


def write(
    *, opened: Iterable[Opened], at: datetime, actor: str = "system", levels: Levels | None = None
) -> None:
    """Write what was collected on open orders and move the stock it asks for.

    ``levels`` are the locked stock levels, when the caller has them. Raises the ledger's refusals; a
    reservation that is not granted on locked levels is a programming mistake and raises ``RuntimeError``.
    """
    touched = [each for each in opened if each.is_new or each.is_changed]
    if not touched:
        return
    new = [each for each in touched if each.is_new]
    old = [each for each in touched if not each.is_new]
    _write_orders(new=new, old=old, at=at)
    _write_lines(touched)
    _write_allocations(touched)
    _write_issues(touched)
    copy_rows(
        table="orders_allocationtrace",
        columns=("order_id", "at", "trace"),
        rows=((each.order.pk, at, trace) for each in touched for trace in each.traces),
    )
    record_many(happenings=[one for each in new for one in each.happenings], first=True)
    record_many(happenings=[one for each in old for one in each.happenings])
    _move_stock(touched, at=at, actor=actor, levels=levels)


def _write_orders(*, new: Sequence[Opened], old: Sequence[Opened], at: datetime) -> None:
    for each in old:
        each.order.version += 1
        each.order.updated_at = at
    copy_rows(table="orders_order", columns=_NEW_ORDER, rows=(_get_order(each.order) for each in new))
    update_rows(table=Order._meta.db_table, columns=ORDER_COLUMNS, rows=[each.order for each in old])


def _write_lines(touched: Sequence[Opened]) -> None:
    copy_rows(
        table="orders_orderline",
        columns=_NEW_LINE,
        rows=(_get_line(line) for each in touched for line in each.new_lines),
    )
    changed = [
        line for each in touched if each.changed_lines for line in each.lines if line.pk in each.changed_lines
    ]
    update_rows(table=OrderLine._meta.db_table, columns=LINE_COLUMNS, rows=changed)


def _write_allocations(touched: Sequence[Opened]) -> None:
    copy_rows(
        table="orders_allocation",
        columns=_NEW_ALLOCATION,
        rows=(_get_allocation(row) for each in touched for row in each.new_allocations),
    )
    changed = [
        row
        for each in touched
        if each.changed_allocations
        for row in each.allocations
        if row.pk in each.changed_allocations
    ]
    update_rows(table=Allocation._meta.db_table, columns=ALLOCATION_COLUMNS, rows=changed)


def _write_issues(touched: Sequence[Opened]) -> None:
    changed = [issue for each in touched for issue in each.changed_issues]
    update_rows(table=OrderIssue._meta.db_table, columns=ISSUE_COLUMNS, rows=changed)
    copy_rows(
        table="orders_orderissue",
        columns=_NEW_ISSUE,
        rows=(_get_issue(issue) for each in touched for issue in each.new_issues),
    )


def _move_stock(touched: Sequence[Opened], *, at: datetime, actor: str, levels: Levels | None) -> None:
    claims: dict[str, list[Claim]] = {RELEASE: [], SHIP: [], RESERVE: []}
    for each in touched:
        for place, claim in each.stock.items():
            claims[place[0]].append(claim)
    held = levels
    if held is None and any(claims.values()):
        held = ledger.lock_levels(
            pairs={(claim.sku_id, claim.warehouse_id) for kind in claims.values() for claim in kind}
        )
    if claims[RELEASE]:
        ledger.release(claims=claims[RELEASE], at=at, actor=actor, levels=held)
    if claims[SHIP]:
        ledger.ship(claims=claims[SHIP], at=at, actor=actor, levels=held)
    if claims[RESERVE] and not all(ledger.reserve(claims=claims[RESERVE], at=at, actor=actor, levels=held)):
        raise RuntimeError("a reservation was planned on levels that were not locked")
