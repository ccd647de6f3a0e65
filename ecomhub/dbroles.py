"""Migration operations that say what the application's login may do with a table.

The owner's login migrates; the application's and the report's logins are other roles (their names come
from settings). Revoking from the application alone keeps foreign keys into the table working.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_EXISTS = "SELECT 1 FROM pg_roles WHERE rolname = %s"


def _roles_there(editor: BaseDatabaseSchemaEditor, names: Sequence[str]) -> list[str]:
    with editor.connection.cursor() as cursor:
        there = []
        for name in names:
            cursor.execute(_EXISTS, [name])
            if cursor.fetchone():
                there.append(editor.quote_name(name))
    return there


def grant_defaults() -> migrations.RunPython:
    """Let the application work with every table, and the report's login read, now and later."""

    def forwards(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        writes = (
            "GRANT SELECT, INSERT, UPDATE, DELETE ON {all} TABLES {place} TO {role}",
            "GRANT USAGE, SELECT ON {all} SEQUENCES {place} TO {role}",
        )
        reads = ("GRANT SELECT ON {all} TABLES {place} TO {role}",)
        for names, grants in (
            ([settings.ECOMHUB_DB_APP_ROLE], writes),
            ([settings.ECOMHUB_DB_REPORT_ROLE], reads),
        ):
            for role in _roles_there(editor, names):
                for grant in grants:
                    editor.execute(grant.format(all="ALL", place="IN SCHEMA public", role=role))
                    later = grant.format(all="", place="", role=role)
                    editor.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public {later}")

    return migrations.RunPython(forwards, migrations.RunPython.noop, elidable=False)


def append_only(*tables: str) -> migrations.RunPython:
    """Take UPDATE, DELETE and TRUNCATE on these tables from the application's login."""

    def forwards(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        for role in _roles_there(editor, [settings.ECOMHUB_DB_APP_ROLE]):
            for table in tables:
                editor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {editor.quote_name(table)} FROM {role}")

    return migrations.RunPython(forwards, migrations.RunPython.noop, elidable=False)


def no_delete(*tables: str) -> migrations.RunPython:
    """Take DELETE and TRUNCATE from the application's login: rows change but never vanish."""

    def forwards(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        for role in _roles_there(editor, [settings.ECOMHUB_DB_APP_ROLE]):
            for table in tables:
                editor.execute(f"REVOKE DELETE, TRUNCATE ON {editor.quote_name(table)} FROM {role}")

    return migrations.RunPython(forwards, migrations.RunPython.noop, elidable=False)


def may_update(table: str, *columns: str) -> migrations.RunPython:
    """Let the application's login change single columns of a table that is append-only otherwise."""

    def forwards(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        names = ", ".join(editor.quote_name(column) for column in columns)
        for role in _roles_there(editor, [settings.ECOMHUB_DB_APP_ROLE]):
            editor.execute(f"GRANT UPDATE ({names}) ON {editor.quote_name(table)} TO {role}")

    return migrations.RunPython(forwards, migrations.RunPython.noop, elidable=False)
