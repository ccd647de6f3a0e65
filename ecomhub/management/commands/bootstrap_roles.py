"""``manage.py bootstrap_roles``: make the database and its three logins on a server you run."""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg2
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ecomhub.runtime.roles import Login, Logins, bootstrap

VARIABLES = ("DATABASE_OWNER_URL", "DATABASE_URL", "DATABASE_REPORT_URL")


class Command(BaseCommand):
    """Reads the administrator from DATABASE_ADMIN_URL and the logins from the other database URLs."""

    help = (
        "Create or refresh the owner, application and report logins and the database. The administrator "
        "comes from DATABASE_ADMIN_URL, names and passwords from DATABASE_OWNER_URL, DATABASE_URL and "
        "DATABASE_REPORT_URL. Safe to repeat; run it before `migrate`."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the roles and the database."""
        admin = os.environ.get("DATABASE_ADMIN_URL")
        if not admin:
            raise CommandError("Set DATABASE_ADMIN_URL to the address of a login that may create roles.")
        owner, app, report = (self._login(variable) for variable in VARIABLES)
        if len({owner.name, app.name, report.name}) < 3:
            raise CommandError(f"{', '.join(VARIABLES)} must name three different logins.")
        database = unquote(urlsplit(os.environ["DATABASE_URL"]).path[1:])
        try:
            bootstrap(admin=admin, logins=Logins(owner=owner, app=app, report=report), database=database)
        except psycopg2.Error as error:
            raise CommandError(f"The server refused: {error}") from error
        result = {"database": database, "owner": owner.name, "app": app.name, "report": report.name}
        if options["json"]:
            self.stdout.write(json.dumps(result))
        else:
            self.stdout.write(
                f"Database {database}: logins {owner.name}, {app.name} and {report.name} are ready."
            )

    def _login(self, variable: str) -> Login:
        parts = urlsplit(os.environ.get(variable, ""))
        if not parts.username or not parts.password:
            raise CommandError(f"Set {variable} with a login and its password; see .env.example.")
        return Login(name=unquote(parts.username), password=unquote(parts.password))
