"""``make bench NAME=ingest``: taking orders in, ours beside COPY and upsert of the very same rows."""

import os
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO

from django.db import connection, transaction
from psycopg2.extensions import cursor as Cursor

from channels.listings import pair
from channels.messages import IncomingOrder
from channels.models import ChannelAccount, Listing, Shop
from ecomhub import benching
from ecomhub.discovery import BenchResult
from ecomhub.models import LegalEntity
from inventory import catalog, ledger, warehouses
from orders.bench_orders import LISTINGS, MARKETPLACE, order_number
from orders.intake import take_in

PAGE = 100
PAGES = int(os.environ.get("ECOMHUB_BENCH_PAGES", "20"))
ROUNDS = int(os.environ.get("ECOMHUB_BENCH_ROUNDS", "5"))
BOUND = 0.25
REIMPORT_BOUND = 2.0
AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table an order writes to: what the limit copies, and what makes its rows unique."""

    name: str
    columns: str
    unique: str
    update: str = ""


# Everything our intake writes; the counters are written by the trigger, for both alike.
_TABLES = (
    _Table("channels_datakey", "id, account_id, external_id, sealed, redacted_at", "account_id, external_id"),
    _Table(
        "orders_order",
        "id, account_id, shop_id, external_id, status, platform_status, platform_state, fulfillment_method, "
        "is_before_go_live, hold_reason, issue_count, cancel_requested, cancel_declined_at, is_gift, "
        "return_status, country, currency, total, units, shipping_service, placed_at, paid_at, ship_by_at, "
        "shipped_at, canceled_at, source_updated_at, content_hash, note, version, created_at, updated_at",
        "account_id, external_id",
        "status = excluded.status, source_updated_at = excluded.source_updated_at, "
        "content_hash = excluded.content_hash, updated_at = excluded.updated_at "
        "WHERE orders_order.source_updated_at < excluded.source_updated_at",
    ),
    _Table(
        "orders_orderline",
        "id, order_id, external_id, listing_id, title, quantity, quantity_allocated, quantity_shipped, "
        "quantity_shipped_elsewhere, quantity_canceled, quantity_returned, charge, discount, shipping, "
        "shipping_discount, gift_wrap, tax, marketplace_collects_tax, refunded, currency, "
        "gift_message_sealed",
        "order_id, external_id",
        "quantity = excluded.quantity, charge = excluded.charge "
        "WHERE orders_orderline.quantity <> excluded.quantity",
    ),
    _Table(
        "orders_allocation",
        "line_id, sku_id, warehouse_id, units, quantity, quantity_shipped, quantity_released",
        "line_id, sku_id, warehouse_id",
    ),
    _Table("orders_allocationtrace", "order_id, at, trace", ""),
    _Table("orders_orderbuyer", "order_id, sealed, tokens, changed_at", "order_id"),
    _Table(
        "channels_rawdocument",
        "account_id, kind, external_id, content_hash, sealed, received_at",
        "account_id, kind, external_id, content_hash",
    ),
    _Table(
        "ecomhub_event",
        "object_kind, object_id, sequence, kind, data, actor, at",
        "object_kind, object_id, sequence",
    ),
    _Table(
        "inventory_stockmovement",
        "sku_id, warehouse_id, kind, on_hand_delta, reserved_delta, on_hand_after, reserved_after, demand, "
        "cause, actor, at, note",
        "cause, kind, sku_id, warehouse_id",
    ),
)
# The rows of one page, found by its orders.
_OF_PAGE = {
    "orders_order": "id = ANY(%(orders)s)",
    "orders_orderline": "order_id = ANY(%(orders)s)",
    "orders_allocation": "line_id IN (SELECT id FROM orders_orderline WHERE order_id = ANY(%(orders)s))",
    "orders_allocationtrace": "order_id = ANY(%(orders)s)",
    "orders_orderbuyer": "order_id = ANY(%(orders)s)",
    "channels_datakey": "external_id = ANY(%(names)s)",
    "channels_rawdocument": "external_id = ANY(%(names)s)",
    "ecomhub_event": "object_id = ANY(%(orders)s)",
    "inventory_stockmovement": "demand = ANY("
    "SELECT 'order-line:' || id FROM orders_orderline WHERE order_id = ANY(%(orders)s))",
}
_LEVELS = """
WITH need AS (
    SELECT sku_id, warehouse_id, sum(reserved_delta)::int AS units
    FROM staged_inventory_stockmovement GROUP BY 1, 2
), held AS (
    SELECT l.id, need.units FROM inventory_stocklevel l JOIN need USING (sku_id, warehouse_id)
    ORDER BY l.id FOR UPDATE OF l
)
UPDATE inventory_stocklevel l SET reserved = reserved + held.units, version = version + 1, changed_at = %s
FROM held WHERE l.id = held.id AND l.on_hand - l.reserved >= held.units
"""

Staged = dict[str, bytes]
"""One page's rows by table, as COPY text."""


def stocked() -> ChannelAccount:
    """Create an account with paired listings and plenty of stock in two warehouses."""
    entity = LegalEntity.objects.create(code="bench", name="Bench", country="CN", currency="CNY")
    account = ChannelAccount.objects.create(
        platform="amazon",
        name="Bench",
        seller_id="BENCH",
        endpoint="http://127.0.0.1:1",
        token_endpoint="http://127.0.0.1:1",  # noqa: S106
        go_live_at=AT - timedelta(days=30),
        switched_on_at=AT - timedelta(days=30),
    )
    shop = Shop.objects.create(
        account=account,
        marketplace=MARKETPLACE,
        name="Bench",
        short_name="Bench",
        legal_entity=entity,
        country="US",
        currency="USD",
    )
    places = [warehouses.create(code=f"BENCH{number}", country="US") for number in (1, 2)]
    for number in range(LISTINGS):
        sku = catalog.create_sku(code=f"BENCH-{number}", values={}, at=AT)
        listing = Listing.objects.create(shop=shop, external_id=f"BENCH-{number}", title="A mug")
        pair(listing=listing, components=[(sku.pk, 1)], at=AT)
        for place in places:
            ledger.receive(
                sku_id=sku.pk,
                warehouse_id=place.pk,
                quantity=1_000_000,
                unit_cost=Decimal(1),
                currency="CNY",
                cause=f"bench:{number}:{place.pk}",
                at=AT,
            )
    return account


def _empty(cursor: Cursor) -> None:
    """Begin with clean tables: what the round before left would slow this one."""
    names = ", ".join(table.name for table in _TABLES)
    cursor.execute(f"TRUNCATE {names}, orders_ordertally CASCADE")
    cursor.execute("UPDATE inventory_stocklevel SET reserved = 0")
    cursor.execute("VACUUM ANALYZE inventory_stocklevel")


def _ours(account: ChannelAccount, pages: Sequence[Sequence[IncomingOrder]]) -> float:
    """Take every page in as a pull does; returns orders per second."""
    begin = time.perf_counter()
    for page in pages:
        with transaction.atomic():
            take_in(account=account, orders=page, bad=(), at=AT)
    return len(pages) * PAGE / (time.perf_counter() - begin)


def _staged(cursor: Cursor, pages: Sequence[Sequence[IncomingOrder]]) -> list[Staged]:
    """Return what ours wrote for each page, sealed bytes included."""
    found = []
    for page in pages:
        names = [order.external_id for order in page]
        cursor.execute("SELECT id FROM orders_order WHERE external_id = ANY(%s)", [names])
        values = {"names": names, "orders": [row[0] for row in cursor.fetchall()]}
        staged = {}
        for table in _TABLES:
            rows = f"SELECT {table.columns} FROM {table.name} WHERE {_OF_PAGE[table.name]}"  # noqa: S608
            out = BytesIO()
            query = cursor.mogrify(rows, values).decode()
            cursor.copy_expert(f"COPY ({query}) TO STDOUT", out)
            staged[table.name] = out.getvalue()
        found.append(staged)
    return found


def _limit(pages: Sequence[Staged]) -> float:
    """Copy the same rows into staging and upsert them from there; returns orders per second."""
    connection.ensure_connection()
    raw = connection.connection
    with raw.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS staged_{table.name}")
            cursor.execute(
                f"CREATE TEMP TABLE staged_{table.name} ON COMMIT DELETE ROWS "  # noqa: S608
                f"AS SELECT {table.columns} FROM {table.name} LIMIT 0"
            )
        begin = time.perf_counter()
        for page in pages:
            cursor.execute("BEGIN")
            for table in _TABLES:
                cursor.copy_expert(f"COPY staged_{table.name} FROM STDIN", BytesIO(page[table.name]))
                cursor.execute(_upsert(table))
            cursor.execute(_LEVELS, [AT])
            cursor.execute("COMMIT")
        return len(pages) * PAGE / (time.perf_counter() - begin)


def _upsert(table: _Table) -> str:
    moved = f"INSERT INTO {table.name} ({table.columns}) SELECT {table.columns} FROM staged_{table.name}"  # noqa: S608
    if not table.unique:
        return moved
    return f"{moved} ON CONFLICT ({table.unique}) DO " + (
        f"UPDATE SET {table.update}" if table.update else "NOTHING"
    )


def _next_transaction(cursor: Cursor) -> int:
    cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    found: tuple[int] | None = cursor.fetchone()
    return 0 if found is None else int(found[0])


def _written_since(cursor: Cursor, transaction_id: int) -> int:
    written = 0
    for name in [*(table.name for table in _TABLES), "orders_ordertally", "inventory_stocklevel"]:
        cursor.execute(
            f"SELECT count(*) FROM {name} WHERE xmin::text::bigint >= %s",  # noqa: S608
            [transaction_id],
        )
        row: tuple[int] | None = cursor.fetchone()
        written += 0 if row is None else row[0]
    return written


def take_some(*, number: int) -> None:
    """Take so many orders of a fresh account in, for the benches that read them."""
    chance = random.Random(7)  # noqa: S311
    account = stocked()
    orders = [order_number(each, chance=chance, at=AT) for each in range(number)]
    _ours(account, [orders[start : start + PAGE] for start in range(0, number, PAGE)])


def ingest() -> BenchResult:
    """Measure the intake of whole pages against COPY and upsert of the rows it writes, and the re-import."""
    chance = random.Random(7)  # noqa: S311
    orders = [order_number(number, chance=chance, at=AT) for number in range(PAGE * PAGES)]
    pages = [orders[start : start + PAGE] for start in range(0, len(orders), PAGE)]
    rates: dict[str, list[float]] = {"ours": [], "limit": [], "again": []}
    rewritten = 0
    with benching.scratch() as cursor:
        account = stocked()
        _empty(cursor)
        _ours(account, pages)
        staged = _staged(cursor, pages)
        for round_ in range(ROUNDS):
            for way in ("ours", "limit") if round_ % 2 else ("limit", "ours"):
                _empty(cursor)
                rates[way].append(_ours(account, pages) if way == "ours" else _limit(staged))
                if way == "ours":
                    before = _next_transaction(cursor)
                    rates["again"].append(_ours(account, pages))
                    rewritten += _written_since(cursor, before)
    ratio = statistics.median(ours / limit for ours, limit in zip(rates["ours"], rates["limit"], strict=True))
    times = statistics.median(
        again / fresh for again, fresh in zip(rates["again"], rates["ours"], strict=True)
    )
    return BenchResult(
        name="ingest",
        unit="orders/s",
        ours=statistics.median(rates["ours"]),
        limit=statistics.median(rates["limit"]),
        ratio=ratio,
        bound=BOUND,
        cases=[
            {
                "case": f"fresh pages of {PAGE}",
                "ours": [round(rate) for rate in rates["ours"]],
                "limit": [round(rate) for rate in rates["limit"]],
                "ratio": round(ratio, 3),
            },
            {
                "case": "unchanged pages again",
                "ours": [round(rate) for rate in rates["again"]],
                "times_fresh": round(times, 2),
                "bound": REIMPORT_BOUND,
            },
        ],
        exact={"rows_rewritten": rewritten},
    )
