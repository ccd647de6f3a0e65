"""``manage.py api_token``: make a token for the REST API."""

import json
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ecomhub.access import SCOPES, Actor
from ecomhub.models import User
from ecomhub.reaching import OutOfReach, named
from ecomhub.tokens import UnknownScope, issue


class Command(BaseCommand):
    """Prints the token, the only time it can be read."""

    help = "Make a token for the REST API. It is printed once; only its hash is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("name_of_user", nargs="?", metavar="USER", help="whose token it is")
        parser.add_argument("--user", help="the same, as an option")
        parser.add_argument("--name", default="api", help="what the token is for (default: api)")
        parser.add_argument(
            "--scopes",
            default=",".join(sorted(SCOPES)),
            help=f"what it may do, comma separated (default: all): {', '.join(sorted(SCOPES))}",
        )
        parser.add_argument("--shops", help="the only shops it may see: short names or ids, comma separated")
        parser.add_argument(
            "--warehouses", help="the only warehouses it may see: codes or ids, comma separated"
        )
        parser.add_argument("--days", type=int, help="after how many days it ends (default: never)")
        parser.add_argument(
            "--replace", action="store_true", help="revoke the user's older tokens of this name"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the token."""
        username = options["user"] or options["name_of_user"]
        if not username:
            raise CommandError("Say whose token it is: --user NAME.")
        person = User.objects.filter(username=username, is_active=True).first()
        if person is None:
            raise CommandError(f"There is no user {username}. Make one with `manage.py createuser`.")
        scopes = [word.strip() for word in options["scopes"].split(",") if word.strip()]
        try:
            token = issue(
                user=person,
                name=options["name"],
                scopes=scopes,
                shop_ids=_ids("shops", options["shops"], person.actor()),
                warehouse_ids=_ids("warehouses", options["warehouses"], person.actor()),
                lives=timedelta(days=options["days"]) if options["days"] else None,
                replace=options["replace"],
            )
        except (UnknownScope, OutOfReach) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            result = {"user": username, "name": options["name"], "scopes": sorted(scopes), "token": token}
            self.stdout.write(json.dumps(result))
        else:
            self.stdout.write(token)


def _ids(key: str, text: str | None, actor: Actor) -> list[int] | None:
    """Return what is named, as far as the person may see it. Raises ``OutOfReach``."""
    if text is None:
        return None
    words = [word.strip() for word in text.split(",") if word.strip()]
    return named(key=key, words=words, actor=actor) or []
