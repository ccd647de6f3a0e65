"""``manage.py sandbox``: the invented market as a process, and the staff that works against the hub."""

import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from channels.sandbox import staff
from channels.sandbox.__main__ import main as serve


class Command(BaseCommand):
    """Serves the market, or plays the warehouse through the REST API. Absent in production."""

    help = (
        "Serve the invented market (`sandbox`), or play the warehouse through the REST API (`sandbox staff`)."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options; what the market itself takes is handed on."""
        parser.add_argument("part", nargs="?", choices=["serve", "staff"], default="serve")
        parser.add_argument("--token", default="", help="staff: a token of `manage.py api_token`")
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="staff: the hub's address")
        parser.add_argument("--for", dest="seconds", type=float, default=60.0, help="staff: how many seconds")
        parser.add_argument(
            "--seed", type=int, default=7, help="what the market, or the staff's luck, grows from"
        )
        parser.add_argument("--json", action="store_true", help="staff: print the summary as JSON")
        parser.add_argument("--host", default="127.0.0.1", help="serve: address to listen on")
        parser.add_argument("--port", type=int, default=8090, help="serve: port to listen on")
        parser.add_argument("--dir", default="", help="serve: where the market is kept; none: in memory")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the part that was asked for."""
        if settings.PRODUCTION:
            raise CommandError("The sandbox does not exist in production.")
        if options["part"] == "staff":
            self._work(options)
            return
        words = ["--host", options["host"], "--port", str(options["port"]), "--seed", str(options["seed"])]
        if options["dir"]:
            words += ["--dir", options["dir"]]
        sys.exit(serve(words))

    def _work(self, options: dict[str, Any]) -> None:
        if not options["token"]:
            raise CommandError("Give a token: --token T. `manage.py api_token --user NAME` makes one.")
        try:
            summary = staff.work(
                url=options["url"],
                token=options["token"],
                seconds=options["seconds"],
                seed=options["seed"],
            )
        except staff.Unwelcome as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(summary.as_dict()))
        else:
            self.stdout.write(str(summary))
