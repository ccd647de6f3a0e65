"""Database logins: an owner who migrates, the application, and a reader for reports.

Roles belong to the whole cluster, so they are made here and never by a migration; migrations only grant.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

OWNER = "ecomhub_owner"
APP = "ecomhub_app"
REPORT = "ecomhub_report"

# No write of the application may outlive these: bulk work goes in chunks, sweeps come back.
APP_LIMITS = {
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "30s",
    "transaction_timeout": "30s",
}
REPORT_LIMITS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
}


@dataclass(frozen=True, kw_only=True)
class Login:
    """One database login."""

    name: str
    password: str


@dataclass(frozen=True, kw_only=True)
class Logins:
    """The three logins of one installation."""

    owner: Login
    app: Login
    report: Login


def role_names() -> tuple[str, str, str]:
    """Names of the owner, application and report roles, from the environment or the defaults."""
    return (
        os.environ.get("ECOMHUB_DB_OWNER_ROLE", OWNER),
        os.environ.get("ECOMHUB_DB_APP_ROLE", APP),
        os.environ.get("ECOMHUB_DB_REPORT_ROLE", REPORT),
    )


def login_url(*, server: str, login: Login, database: str) -> str:
    """The address of ``database`` on the server of the URL ``server``, for this login."""
    parts = urlsplit(server)
    place = parts.hostname or "127.0.0.1"
    port = f":{parts.port}" if parts.port else ""
    who = f"{quote(login.name, safe='')}:{quote(login.password, safe='')}"
    return urlunsplit((parts.scheme, f"{who}@{place}{port}", f"/{database}", parts.query, ""))


def bootstrap(*, admin: str, logins: Logins, database: str, may_create_databases: bool = False) -> None:
    """Create or refresh the three logins and the database, through the administrator's URL ``admin``.

    Safe to repeat. ``may_create_databases`` lets the owner make test databases.
    """
    connection = psycopg2.connect(admin)
    connection.autocommit = True
    try:
        _ensure_role(connection, login=logins.owner, limits={"lock_timeout": "30s"})
        _ensure_role(connection, login=logins.app, limits=APP_LIMITS)
        _ensure_role(connection, login=logins.report, limits=REPORT_LIMITS)
        _ensure_database(
            connection,
            logins=logins,
            database=database,
            may_create=may_create_databases,
        )
    finally:
        connection.close()


def _ensure_role(connection: Connection, *, login: Login, limits: Mapping[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [login.name])
        verb = "ALTER" if cursor.fetchone() else "CREATE"
        cursor.execute(
            sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                sql.SQL(verb), sql.Identifier(login.name), sql.Literal(login.password)
            )
        )
        cursor.execute("SELECT name FROM pg_settings WHERE name = ANY(%s)", [list(limits)])
        known = {name for (name,) in cursor.fetchall()}  # transaction_timeout came with release 17
        for name in sorted(known):
            cursor.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(
                    sql.Identifier(login.name),
                    sql.Identifier(name),
                    sql.Literal(limits[name]),
                )
            )


def _ensure_database(connection: Connection, *, logins: Logins, database: str, may_create: bool) -> None:
    name, owner = sql.Identifier(database), sql.Identifier(logins.owner.name)
    readers = sql.SQL(", ").join([sql.Identifier(logins.app.name), sql.Identifier(logins.report.name)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
        if cursor.fetchone() is None:
            # A managed server's administrator is no superuser: it must belong to the owner to give to it.
            cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(owner))
            cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
        if may_create:
            cursor.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(owner))
        cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
        cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, readers))
        cursor.execute(
            sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(name, sql.Identifier(logins.app.name))
        )
