"""``manage.py bench NAME``: our speed beside the limit's, in one run."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecomhub import benching, discovery


class Command(BaseCommand):
    """Runs one bench; the last line it prints is JSON. Exit code 1 when a bound or an exact figure fails."""

    help = "Run a bench: our speed as a share of the limit's."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the bench."""
        parser.add_argument("name", nargs="?", help="which one; without it, the names are listed")
        parser.add_argument("--json", action="store_true", help="print the JSON line only")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it."""
        benches = discovery.benches()
        name = options["name"]
        if name is None:
            self.stdout.write("\n".join(sorted(benches)))
            return
        if name not in benches:
            raise CommandError(f"There is no bench {name}; there are: {', '.join(sorted(benches))}")
        result = benches[name]()
        if not options["json"]:
            self.stdout.write("\n".join(benching.lines(result=result)))
        self.stdout.write(json.dumps(benching.as_dict(result=result)))
        if misses := benching.misses(result=result):
            raise CommandError("; ".join(misses))
