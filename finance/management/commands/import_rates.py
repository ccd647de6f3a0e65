"""``manage.py import_rates [FILE...]``: take exchange rates in."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from finance.accounting import rate_sources, rates
from finance.accounting.rate_sources import RatesUnreadable
from finance.accounting.rates import RateImport


def _as_dict(done: RateImport, name: str) -> dict[str, Any]:
    return {
        "file": name,
        "source": done.source,
        "rates": done.rates,
        "new": done.new,
        "corrected": done.corrected,
        "first_on": done.first_on and done.first_on.isoformat(),
        "last_on": done.last_on and done.last_on.isoformat(),
        "was_known": done.was_known,
    }


class Command(BaseCommand):
    """Without a file it takes the ECB's history in that came with the installation."""

    help = "Import exchange rates: the ECB's history, the central parity, or a plain list."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the files and whose rates they are."""
        parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
        parser.add_argument(
            "--source", default="", choices=["", *rate_sources.BY_KEY], help="when the layout does not say it"
        )
        parser.add_argument("--reason", default="", help="why, for rates by hand")
        parser.add_argument("--json", action="store_true", help="print one JSON object per file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import."""
        if not options["files"]:
            self._say(rates.import_packaged(actor="command"), "packaged", options["json"])
        for path in options["files"]:
            try:
                done = rates.import_rates(
                    data=path.read_bytes(),
                    name=path.name,
                    source=options["source"],
                    reason=options["reason"],
                    actor="command",
                )
            except (RatesUnreadable, OSError) as error:
                raise CommandError(f"{path.name}: {error}") from error
            self._say(done, path.name, options["json"])

    def _say(self, done: RateImport, name: str, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(_as_dict(done, name)))
        elif done.was_known:
            self.stdout.write(f"{name}: was taken in before.")
        else:
            self.stdout.write(
                f"{name}: {done.rates} rates of {done.source} from {done.first_on} to {done.last_on}, "
                f"{done.new} new, {done.corrected} corrected."
            )
