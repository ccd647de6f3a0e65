"""One snapshot of the database for a whole export, on a connection of its own.

The work's own row goes on being written on the usual connection meanwhile: how far it is, whose it is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from ecomhub.limits import lift_limits

BATCH = 2_000
"""Rows in memory at once."""


@dataclass(slots=True)
class Snapshot:
    """A read-only, repeatable view; ``at`` is the database's instant it was taken."""

    at: datetime
    _held: BaseDatabaseWrapper

    def all(
        self, sql: str, given: Mapping[str, Any] | None = None
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Return the names of the columns and all rows of a small answer."""
        with self._held.cursor() as cursor:
            cursor.execute(sql, None if given is None else dict(given))
            return [column[0] for column in cursor.description], cursor.fetchall()

    def batches(self, sql: str, given: Mapping[str, Any]) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of a large answer through a server-side cursor, a batch at a time."""
        with self._held.chunked_cursor() as cursor:
            cursor.execute(sql, dict(given))
            while rows := cursor.fetchmany(BATCH):
                yield rows

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Let the usual connection see this snapshot for a while; what is written meanwhile is taken back.

        Not inside a transaction.
        """
        name = self.all("SELECT pg_export_snapshot()")[1][0][0]
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute("SET TRANSACTION SNAPSHOT %s", [name])
            lift_limits()
            yield
            transaction.set_rollback(True)


@contextmanager
def taken() -> Iterator[Snapshot]:
    """Take a snapshot; it ends with the block."""
    held = connection.copy()
    try:
        held.set_autocommit(False)
        with held.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # The whole answer will be read: the plan that ends first, not the one that begins first.
            cursor.execute(
                "SELECT statement_timestamp(), set_config('cursor_tuple_fraction', '1', true), "
                "(SELECT count(set_config(name, '0', true)) FROM pg_settings WHERE name IN "
                "('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout'))"
            )
            at: datetime = cursor.fetchone()[0]
        yield Snapshot(at=at, _held=held)
    finally:
        held.close()
