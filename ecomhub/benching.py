"""What every bench needs: a copy of the tables to write in, and words for its figures."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg2
from django.conf import settings
from django.db import connection, connections
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from ecomhub.discovery import BenchResult

NONE_ALLOWED = (
    "oversold",
    "deadlocks",
    "rows_rewritten",
    "missed",
    "doubled",
    "slow_searches",
    "mib_over_memory",
)
"""Exact figures that have to be 0."""

MOST_STATEMENTS = 6
"""What a list may cost, whatever its page size."""

_TABLES = """
SELECT relname, reloptions FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'django_migrations'
"""
_FOREIGN_KEYS = """
SELECT c.relname, k.conname, pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.contype = 'f' AND c.relnamespace = 'public'::regnamespace
"""
_TRIGGERS = """
SELECT pg_get_triggerdef(t.oid, true)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace
"""
_GRANTS = """
SELECT table_name, privilege_type FROM information_schema.role_table_grants
WHERE table_schema = 'public' AND grantee = %s AND table_name <> 'django_migrations'
"""


@contextmanager
def scratch(*, copied: Sequence[str] = (), name: str = "") -> Iterator[Cursor]:
    """Give the bench empty copies of all tables, with their keys, indexes, triggers and rights.

    Inside, the default connection and processes forked from here see the copies instead of the tables;
    rows of the tables in ``copied`` are in them. Yields an autocommitting cursor of the owner. Afterwards
    nothing is left. Several at once are told apart by ``name``; ``look_at`` goes from one to another.
    """
    schema = schema_name(name)
    alias = "owner" if "owner" in settings.DATABASES else "default"
    owner = psycopg2.connect(**_parameters(alias))
    owner.autocommit = True
    held = dict(connection.settings_dict.get("OPTIONS", {}))
    try:
        with owner.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
            _copy_tables(cursor, schema, copied)
            connection.close()
            connection.settings_dict["OPTIONS"] = held | {"options": f"-c search_path={schema},public"}
            yield cursor
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"] = held
        with owner.cursor() as cursor:
            cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        owner.close()


def schema_name(name: str = "") -> str:
    """Return the schema of this process's scratch tables."""
    return f"bench_{os.getpid()}{name and '_'}{name}"


def look_at(*, name: str) -> None:
    """Let the default connection see the scratch tables of this name from now on."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SET search_path = {}, public").format(sql.Identifier(schema_name(name))))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]


def _parameters(alias: str) -> dict[str, Any]:
    known = connections[alias].settings_dict
    given = {
        "dbname": connection.settings_dict["NAME"],
        "user": known["USER"],
        "password": known["PASSWORD"],
        "host": known["HOST"],
        "port": known["PORT"],
    }
    return {name: value for name, value in given.items() if value}


def _copy_tables(cursor: Cursor, schema: str, copied: Sequence[str]) -> None:
    cursor.execute("SET search_path = public")
    cursor.execute(_TABLES)
    tables: list[tuple[str, list[str] | None]] = cursor.fetchall()
    cursor.execute(_FOREIGN_KEYS)
    keys = cursor.fetchall()
    cursor.execute(_TRIGGERS)
    triggers = [definition for (definition,) in cursor.fetchall()]
    cursor.execute(_GRANTS, [connection.settings_dict["USER"]])
    grants = cursor.fetchall()
    # Names in the definitions now mean the copies.
    cursor.execute(sql.SQL("SET search_path = {}, public").format(sql.Identifier(schema)))
    for table, options in tables:
        names = {"new": sql.Identifier(schema, table), "old": sql.Identifier("public", table)}
        cursor.execute(sql.SQL("CREATE TABLE {new} (LIKE {old} INCLUDING ALL)").format(**names))
        if options:
            stored = sql.SQL(", ").join(sql.SQL(option) for option in options)
            cursor.execute(sql.SQL("ALTER TABLE {new} SET ({stored})").format(**names, stored=stored))
        if table in copied:
            cursor.execute(sql.SQL("INSERT INTO {new} SELECT * FROM {old}").format(**names))
    for table, name, definition in keys:
        cursor.execute(
            sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                sql.Identifier(schema, table), sql.Identifier(name), sql.SQL(definition)
            )
        )
    for definition in triggers:
        cursor.execute(definition)
    _grant(cursor, schema, grants)


def _grant(cursor: Cursor, schema: str, grants: Sequence[tuple[str, str]]) -> None:
    application = sql.Identifier(connection.settings_dict["USER"])
    place = sql.Identifier(schema)
    cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(place, application))
    cursor.execute(
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {} TO {}").format(place, application)
    )
    for table, privilege in grants:
        cursor.execute(
            sql.SQL("GRANT {} ON {} TO {}").format(
                sql.SQL(privilege), sql.Identifier(schema, table), application
            )
        )


def as_dict(*, result: BenchResult) -> dict[str, Any]:
    """Return a result as the JSON line prints it, its exact figures beside the others."""
    return {
        "name": result.name,
        "unit": result.unit,
        "ours": round(result.ours, 3),
        "limit": round(result.limit, 3),
        "ratio": round(result.ratio, 3),
        "bound": result.bound,
        "cases": result.cases,
        **result.exact,
    }


def lines(*, result: BenchResult) -> list[str]:
    """Return a result in words."""
    words = [
        f"{result.name}: ours {result.ours:,.0f}, limit {result.limit:,.0f} {result.unit}; "
        f"ratio {result.ratio:.2f}, bound {result.bound:.2f}"
    ]
    words += ["  " + ", ".join(f"{name} {value}" for name, value in case.items()) for case in result.cases]
    if result.exact:
        words.append("  " + ", ".join(f"{name} {value}" for name, value in result.exact.items()))
    return words


def misses(*, result: BenchResult) -> list[str]:
    """Return what of a result is not as it has to be."""
    missed = [
        f"{name} is {result.exact[name]} and has to be 0" for name in NONE_ALLOWED if result.exact.get(name)
    ]
    if result.exact.get("statements", 0) > MOST_STATEMENTS:
        missed.append(f"a list took {result.exact['statements']} statements, {MOST_STATEMENTS} are allowed")
    if result.ratio < result.bound:
        missed.append(f"the ratio {result.ratio:.2f} is below {result.bound:.2f}")
    return missed
