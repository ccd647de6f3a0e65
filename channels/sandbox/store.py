"""The market's own storage: one SQLite database in its directory, or in memory."""

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

SCHEMA = """
create table if not exists meta (key text primary key, value text not null) without rowid;
create table if not exists sellers (
    name text primary key, platform text not null, seller_id text not null, client_id text not null,
    client_secret text not null, refresh_token text not null, started_at integer
) without rowid;
create table if not exists listings (
    id integer primary key, seller text not null, marketplace text not null, code text not null,
    external_code text not null, network_code text not null, title text not null, product_type text not null,
    price integer not null, currency text not null, by_platform integer not null, quantity integer not null,
    parent text not null, theme text not null, components text not null, weight real not null,
    paired integer not null, created integer not null, updated integer not null, changed_by text not null,
    unique (seller, marketplace, code)
);
create table if not exists listing_changes (
    id integer primary key, listing integer not null, at integer not null, before integer not null,
    after integer not null, by text not null
);
create index if not exists listing_changes_listing on listing_changes (listing, id);
create table if not exists orders (
    id text primary key, seller text not null, marketplace text not null, placed integer not null,
    visible integer not null, updated integer not null, status text not null, by_platform integer not null,
    poison text not null, doc text not null
);
create index if not exists orders_updated on orders (seller, updated, id);
create index if not exists orders_placed on orders (seller, placed, id);
create table if not exists due (
    id integer primary key, at integer not null, kind text not null, object text not null, data text not null
);
create index if not exists due_at on due (at, id);
create table if not exists tokens (
    token text primary key, seller text not null, expires integer not null, revoked integer not null
) without rowid;
create table if not exists faults (
    id integer primary key, seller text not null, operation text not null, kind text not null,
    remaining integer, settings text not null, taken integer not null
);
create table if not exists calls (
    id integer primary key, at integer not null, seller text not null, operation text not null,
    method text not null, path text not null, query text not null, body text not null,
    status integer not null, fault text not null
);
create index if not exists calls_operation on calls (seller, operation, id);
create table if not exists documents (
    id text primary key, seller text not null, content_type text not null, body blob, expires real not null,
    operation text not null
) without rowid;
create table if not exists feeds (
    id text primary key, seller text not null, type text not null, marketplaces text not null,
    document text not null, status text not null, created integer not null, started integer, ended integer,
    result text not null
) without rowid;
create table if not exists notes (
    platform text not null, key text not null, value text not null, primary key (platform, key)
) without rowid;
create table if not exists money (
    id integer primary key, seller text not null, place text not null, object text not null,
    key text not null, at integer not null, free integer not null, kind text not null, doc text not null,
    settled integer, unique (object, key)
);
create index if not exists money_free on money (seller, place, free) where settled is null;
create index if not exists money_booked on money (seller, at);
create index if not exists money_settled on money (settled) where settled is not null;
create table if not exists statements (
    id integer primary key, seller text not null, place text not null, number text not null,
    revision integer not null, starts integer not null, ends integer not null, created integer not null,
    currency text not null, total integer not null, reserve integer not null, packed blob not null
);
create index if not exists statements_created on statements (seller, created);
create index if not exists statements_place on statements (seller, place, id);
create table if not exists pushes (
    id integer primary key, at integer not null, seller text not null, event text not null,
    method text not null, url text not null, headers text not null, body blob not null,
    fault text not null, tries integer not null, status integer not null, answer text not null
);
"""

TABLES = (
    "meta",
    "sellers",
    "listings",
    "listing_changes",
    "orders",
    "due",
    "tokens",
    "faults",
    "calls",
    "documents",
    "feeds",
    "notes",
    "money",
    "statements",
    "pushes",
)


def _notes_nothing(orders: Iterable[Any]) -> None:
    """Stand in where no world is behind the storage."""


class Store(sqlite3.Connection):
    """The market's database; remembers which orders the transaction at hand made or changed.

    ``note_money`` hears of every order before it is written.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.saved_orders: dict[str, bool] = {}
        self.watches_orders = False
        self.note_money: Callable[[Iterable[Any]], None] = _notes_nothing

    def note_saved(self, order_id: str) -> None:
        """Remember an order the transaction is about to write, and whether it is a new one."""
        if self.watches_orders and order_id not in self.saved_orders:
            row = self.execute("select 1 from orders where id = ?", (order_id,)).fetchone()
            self.saved_orders[order_id] = row is None


def open_store(directory: Path | None) -> Store:
    """Open the market's database, made when it is not there; ``None`` keeps it in memory.

    The connection is shared by all threads; the world's lock puts them in a row.
    """
    where = ":memory:"
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        where = str(directory / "market.sqlite3")
    connection = sqlite3.connect(where, check_same_thread=False, isolation_level=None, factory=Store)
    connection.row_factory = sqlite3.Row
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    connection.executescript(SCHEMA)
    return connection


def empty_store(connection: sqlite3.Connection) -> None:
    """Forget everything."""
    for table in TABLES:
        connection.execute(f"delete from {table}")  # noqa: S608 - names of our own constant


def read_meta(connection: sqlite3.Connection, key: str) -> str | None:
    """Return one fact about the world, or ``None`` when it was never written."""
    row = connection.execute("select value from meta where key = ?", (key,)).fetchone()
    return None if row is None else str(row["value"])


def write_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Write one fact about the world."""
    connection.execute("insert or replace into meta (key, value) values (?, ?)", (key, value))


def read_note(connection: sqlite3.Connection, platform: str, key: str) -> str | None:
    """Return what a platform's dialect noted under a key, or ``None``."""
    row = connection.execute(
        "select value from notes where platform = ? and key = ?", (platform, key)
    ).fetchone()
    return None if row is None else str(row["value"])


def write_note(connection: sqlite3.Connection, platform: str, key: str, value: str | None) -> None:
    """Note something for a platform's dialect; ``None`` forgets it."""
    if value is None:
        connection.execute("delete from notes where platform = ? and key = ?", (platform, key))
    else:
        connection.execute(
            "insert or replace into notes (platform, key, value) values (?, ?, ?)", (platform, key, value)
        )


def read_notes(connection: sqlite3.Connection, platform: str, prefix: str) -> dict[str, str]:
    """Return every note of a platform whose key begins so, by key."""
    rows = connection.execute(
        "select key, value from notes where platform = ? and substr(key, 1, ?) = ? order by key",
        (platform, len(prefix), prefix),
    )
    return {row["key"]: row["value"] for row in rows}
