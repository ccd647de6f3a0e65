"""The test database: made and migrated by the owner, then used through the application's login."""

from __future__ import annotations

import os
from urllib.parse import unquote, urlsplit

import psycopg2
from django.db import connections
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

PRISTINE = "pristine"


def _login(variable: str) -> dict[str, str]:
    parts = urlsplit(os.environ[variable])
    return {"USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or "")}


def _use(variable: str) -> None:
    default = connections["default"]
    default.close()
    default.settings_dict.update(_login(variable))


def become_owner() -> None:
    """Let Django's default connection be the owner's."""
    _use("DATABASE_OWNER_URL")


def become_application() -> None:
    """Let Django's connections be what they are in service, on the test database."""
    _use("DATABASE_URL")
    name = connections["default"].settings_dict["NAME"]
    for alias in connections:
        connections[alias].settings_dict["NAME"] = name


def connect_owner() -> Connection:
    """An autocommitting connection of the owner to the test database."""
    parts = urlsplit(os.environ["DATABASE_OWNER_URL"])
    connection = psycopg2.connect(
        host=parts.hostname,
        port=parts.port,
        dbname=connections["default"].settings_dict["NAME"],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
    connection.autocommit = True
    return connection


class Cleaner:
    """Empties the database between transactional tests, through the owner.

    The application may not TRUNCATE, so Django's own flush cannot do it. Rows that migrations wrote are
    kept in a schema of their own and put back when a test changed them.
    """

    def __init__(self) -> None:
        self._connection = connect_owner()
        self._tables = self._names("public")
        self._keep()

    def close(self) -> None:
        """End the owner's connection."""
        self._connection.close()

    def _names(self, schema: str) -> list[str]:
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
                "AND relnamespace = %s::regnamespace AND relname <> 'django_migrations' ORDER BY relname",
                [schema],
            )
            return [name for (name,) in cursor.fetchall()]

    def _filled(self) -> list[str]:
        probes = [
            sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM public.{})").format(
                sql.Literal(name), sql.Identifier(name)
            )
            for name in self._tables
        ]
        with self._connection.cursor() as cursor:
            cursor.execute(sql.SQL(" UNION ALL ").join(probes))
            return [name for (name,) in cursor.fetchall()]

    def _keep(self) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("DROP SCHEMA IF EXISTS {0} CASCADE; CREATE SCHEMA {0}").format(
                    sql.Identifier(PRISTINE)
                )
            )
            self._kept = self._filled()
            for name in self._kept:
                cursor.execute(
                    sql.SQL("CREATE TABLE {}.{} AS TABLE public.{}").format(
                        sql.Identifier(PRISTINE), sql.Identifier(name), sql.Identifier(name)
                    )
                )
            self._columns = {name: self._stored_columns(name) for name in self._kept}
        self._state = self._fingerprint()

    def _stored_columns(self, table: str) -> list[str]:
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' "
                "AND table_name = %s AND is_generated = 'NEVER'",
                [table],
            )
            return [name for (name,) in cursor.fetchall()]

    def _fingerprint(self) -> list[tuple[object, ...]]:
        """Row count and writing transactions of each kept table: any change to a row shows."""
        if not self._kept:
            return []
        parts = [
            sql.SQL("SELECT {}, count(*), sum(xmin::text::numeric) FROM public.{}").format(
                sql.Literal(name), sql.Identifier(name)
            )
            for name in self._kept
        ]
        with self._connection.cursor() as cursor:
            cursor.execute(sql.SQL(" UNION ALL ").join(parts))
            return sorted(cursor.fetchall())

    def clean(self) -> None:
        """Empty every table a test filled and put back what migrations wrote."""
        touched = [name for name in self._filled() if name not in self._kept]
        restore = self._fingerprint() != self._state
        emptied = touched + (self._kept if restore else [])
        if not emptied:
            return
        self._connection.autocommit = False
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '10s'; SET CONSTRAINTS ALL DEFERRED")
                cursor.execute(
                    sql.SQL("TRUNCATE {} CASCADE").format(
                        sql.SQL(", ").join(sql.Identifier("public", name) for name in emptied)
                    )
                )
                for name in self._kept if restore else []:
                    columns = sql.SQL(", ").join(sql.Identifier(column) for column in self._columns[name])
                    cursor.execute(
                        sql.SQL(
                            "INSERT INTO public.{} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}.{}"
                        ).format(
                            sql.Identifier(name),
                            columns,
                            columns,
                            sql.Identifier(PRISTINE),
                            sql.Identifier(name),
                        )
                    )
            self._connection.commit()
        finally:
            self._connection.rollback()
            self._connection.autocommit = True
        if restore:
            self._state = self._fingerprint()
