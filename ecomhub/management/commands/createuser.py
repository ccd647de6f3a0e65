"""``manage.py createuser``: make a person with a role."""

import json
import os
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from ecomhub.access import Role
from ecomhub.models import User
from ecomhub.tokens import create_person


class Command(BaseCommand):
    """Makes a person; nobody signs up by themselves."""

    help = (
        "Make a person with a role. The password comes from ECOMHUB_PASSWORD or --password; without both "
        "a random one is made and printed once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("name_of_user", nargs="?", metavar="USERNAME", help="the login name")
        parser.add_argument("--username", help="the same, as an option")
        parser.add_argument("--role", required=True, choices=[role.value for role in Role])
        parser.add_argument("--email", default="")
        parser.add_argument("--language", default="en", choices=["en", "zh-hans"])
        parser.add_argument("--password", default="", help="better given as ECOMHUB_PASSWORD")
        parser.add_argument(
            "--if-missing", action="store_true", help="succeed when the person is there already"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the person."""
        username = options["username"] or options["name_of_user"]
        if not username:
            raise CommandError("Say the login name: --username NAME.")
        given = options["password"] or os.environ.get("ECOMHUB_PASSWORD", "")
        there = User.objects.filter(username=username).first()
        if there is not None:
            if not options["if_missing"]:
                raise CommandError(f"There is a user {username} already. Add --if-missing if that is fine.")
            return self._say(options, {"username": username, "role": there.role, "created": False})
        try:
            _person, password = create_person(
                username=username,
                role=Role(options["role"]),
                password=given,
                email=options["email"],
                language=options["language"],
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except IntegrityError as error:
            raise CommandError(f"Somebody made the user {username} meanwhile.") from error
        result = {"username": username, "role": options["role"], "created": True}
        if not given:
            result["password"] = password
        return self._say(options, result)

    def _say(self, options: dict[str, Any], result: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(result))
            return
        words = "is ready" if result["created"] else "was there already; nothing was changed"
        self.stdout.write(f"{result['username']} ({result['role']}) {words}.")
        if "password" in result:
            self.stdout.write(f"Password: {result['password']}")
