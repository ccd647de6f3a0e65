"""A company with any number of orders, made by a few statements: what lists and feeds are measured on."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Model
from psycopg2.extensions import cursor as Cursor

from channels.models import ChannelAccount, Listing, ListingComponent, Shop
from ecomhub.models import LegalEntity
from inventory.models import Sku, Warehouse
from orders.models import Allocation, Order, OrderLine, SearchKey
from orders.search import TRACKING

AT = datetime(2026, 1, 1, tzinfo=UTC)
SHOPS = 8
LISTINGS = 1000

_TABLES = ("orders_order", "orders_orderline", "orders_allocation", "orders_searchkey")
_SMALL = ("channels_listing", "channels_listingcomponent", "channels_shop", "inventory_sku")
_KEYS = """
SELECT format('ALTER TABLE %%I.%%I DROP CONSTRAINT %%I', n.nspname, c.relname, k.conname)
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE k.contype = 'f' AND n.nspname = current_schema() AND c.relname = ANY(%s)
"""
_INDEXES = """
SELECT format('%%I.%%I', n.nspname, i.relname), pg_get_indexdef(i.oid)
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = current_schema() AND c.relname = ANY(%s)
   AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.oid)
"""
_PLACED = "%(at)s::timestamptz - (%(n)s - i) * (interval '365 days' / %(n)s)"
_ORDER = {
    "id": "i",
    "account_id": "1 + i %% 4",
    "shop_id": "1 + i %% %(shops)s",
    "external_id": "'902-' || lpad((i::bigint * 7919 %% 9999991)::text, 7, '0') || '-' "
    "|| lpad(i::text, 7, '0')",
    # The last days' orders are in work, all others have gone.
    "status": "(ARRAY['review', 'process', 'label', 'ship', 'shipped', 'shipped', 'shipped', 'completed', "
    "'completed', 'canceled'])[CASE WHEN i > %(n)s * 0.97 THEN 1 + (hashint4(i) & 2147483647) %% 4 "
    "ELSE 5 + (hashint4(i) & 2147483647) %% 6 END]",
    "total": "10 + i %% 90",
    "placed_at": _PLACED,
    "updated_at": _PLACED,
    "change_epoch": "0",
    "change_xid": "i::text::xid8",
}
_LINE = {
    "id": "i::bigint * 2 + x",
    "order_id": "i",
    "external_id": "x::text",
    "listing_id": "1 + (i::bigint * x * 31) %% %(listings)s",
    "title": "'Ceramic mug number ' || 1 + (i::bigint * x * 31) %% %(listings)s",
}
_CLAIM = {"id": "i::bigint * 2 + x", "line_id": "i::bigint * 2 + x", "sku_id": _LINE["listing_id"]}
_TRACKED = {
    "id": "i",
    "order_id": "i",
    "text": "'1Z' || lpad((i::bigint * 104729 %% 99999989)::text, 8, '0') || i",
}
_ONCE = "generate_series(1, %(n)s) i"
_TWICE = "generate_series(1, %(n)s) i, generate_series(1, 2) x"
_TEMPLATE = -1
_TALLY = """
INSERT INTO orders_ordertally (shop_id, bucket, delta)
SELECT shop_id, status, count(*) FROM orders_order GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Filled:
    """What was made: how many orders, and one in the middle to search and to page from."""

    orders: int
    middle: int
    number: str
    tracking: str


def fill(cursor: Cursor, *, orders: int) -> Filled:
    """Fill the tables the owner's cursor sees with a year of orders of two lines each, indexes made last.

    The default connection sees the same tables.
    """
    given = {"at": AT, "n": orders, "shops": SHOPS, "listings": LISTINGS}
    _small_tables()
    indexes = _bare(cursor)
    for table in _TABLES:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    _templates()
    for model, values, rows in (
        (Order, _ORDER, _ONCE),
        (OrderLine, _LINE, _TWICE),
        (Allocation, _CLAIM, _TWICE),
        (SearchKey, _TRACKED, _ONCE),
    ):
        _multiply(cursor, model, values, rows, given)
    cursor.execute(_TALLY)
    cursor.execute("SET maintenance_work_mem = '512MB'")
    for definition in indexes:
        cursor.execute(definition)
    for table in _TABLES:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    for table in (*_TABLES, *_SMALL):
        cursor.execute(f"VACUUM ANALYZE {table}")
    middle = orders // 2
    cursor.execute(
        "SELECT o.external_id, k.text FROM orders_order o JOIN orders_searchkey k ON k.order_id = o.id "
        "WHERE o.id = %s",
        [middle],
    )
    number, tracking = cursor.fetchone() or ("", "")
    return Filled(orders=orders, middle=middle, number=number, tracking=tracking)


def _small_tables() -> None:
    """Make what orders refer to; the ids are 1, 2, 3 …"""
    entity = LegalEntity.objects.create(id=1, code="bench", name="Bench", country="CN", currency="CNY")
    Warehouse.objects.create(id=1, code="BENCH", name="Bench", country="CN", legal_entity=entity)
    ChannelAccount.objects.bulk_create(
        ChannelAccount(
            id=number,
            platform="amazon",
            name=f"Bench {number}",
            seller_id=f"B{number}",
            endpoint="http://127.0.0.1:1",
            token_endpoint="http://127.0.0.1:1",  # noqa: S106
            go_live_at=AT,
            switched_on_at=AT,
        )
        for number in range(1, 5)
    )
    Shop.objects.bulk_create(
        Shop(
            id=number,
            account_id=1 + number % 4,
            marketplace=f"M{number}",
            name=f"Shop {number}",
            short_name=f"Shop {number}",
            legal_entity=entity,
            country="US",
            currency="USD",
        )
        for number in range(1, SHOPS + 1)
    )
    Sku.objects.bulk_create(Sku(id=number, code=f"SKU-{number:05}") for number in range(1, LISTINGS + 1))
    Listing.objects.bulk_create(
        Listing(
            id=number,
            shop_id=1 + number % SHOPS,
            external_id=f"LIST-{number:05}",
            title=f"Ceramic mug number {number}",
            is_mapped=True,
        )
        for number in range(1, LISTINGS + 1)
    )
    ListingComponent.objects.bulk_create(
        ListingComponent(id=number, listing_id=number, sku_id=number) for number in range(1, LISTINGS + 1)
    )


def _templates() -> None:
    """Make one row of each big table with the models' own defaults, to be multiplied."""
    order = Order.objects.create(
        id=_TEMPLATE,
        account_id=1,
        shop_id=1,
        external_id="template",
        status="shipped",
        platform_status="UNSHIPPED",
        platform_state="open",
        country="US",
        currency="USD",
        total=1,
        units=2,
        shipping_service="STANDARD",
        placed_at=AT,
        source_updated_at=AT,
        content_hash=b"0" * 32,
    )
    line = OrderLine.objects.create(
        id=_TEMPLATE,
        order=order,
        external_id="1",
        listing_id=1,
        quantity=1,
        quantity_allocated=1,
        charge="24.50",
        shipping="4.99",
        tax="2.11",
        currency="USD",
    )
    Allocation.objects.create(id=_TEMPLATE, line=line, sku_id=1, warehouse_id=1, quantity=1)
    SearchKey.objects.create(id=_TEMPLATE, order=order, kind=TRACKING, text="template")


def _multiply(
    cursor: Cursor, model: type[Model], values: dict[str, str], rows: str, given: dict[str, object]
) -> None:
    """Copy a table's template once per row of ``rows``, with ``values`` in place of its own, and drop it."""
    columns = [str(field.column) for field in model._meta.concrete_fields if not field.generated]
    wanted = ", ".join(values.get(column, f"t.{column}") for column in columns)
    table = model._meta.db_table
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {wanted} "  # noqa: S608 - constants of ours
        f"FROM {table} t, {rows} WHERE t.id = {_TEMPLATE}",
        given,
    )
    cursor.execute(f"DELETE FROM {table} WHERE id = {_TEMPLATE}")  # noqa: S608 - constants of ours


def _bare(cursor: Cursor) -> list[str]:
    """Take references and indexes off the big tables; returns how to make the indexes again."""
    cursor.execute(_KEYS, [list(_TABLES)])
    for (statement,) in cursor.fetchall():
        cursor.execute(statement)
    cursor.execute(_INDEXES, [list(_TABLES)])
    found: list[tuple[str, str]] = cursor.fetchall()
    for name, _definition in found:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _name, definition in found]
