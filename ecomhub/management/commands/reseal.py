"""``manage.py reseal``: seal everything under the newest key, and say which keys are still needed."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ecomhub import resealing, sealed
from ecomhub.resealing import Resealed


class Command(BaseCommand):
    """Exit code 1 when a value cannot be opened with any key of the ring."""

    help = (
        "Seal every sealed value and file again under the first key of ECOMHUB_KEYRING. Restart web, worker "
        "and beat with the new key first, then run this, then take out the keys it calls unused. It may be "
        "stopped and started again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--check", action="store_true", help="change nothing, only say which keys are used"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal anew, then count."""
        told = [] if options["check"] else resealing.reseal(progress=self._progress)
        used = resealing.used()
        ring = list(sealed.keyring())
        unused = [key_id for key_id in ring[1:] if key_id not in used]
        unknown = sorted(set(used) - set(ring))
        broken = sum(part.broken for part in told)
        if options["json"]:
            done = {part.place: part.done for part in told}
            report = {"newest": ring[0], "resealed": done, "used": used, "unused": unused, "unknown": unknown}
            self.stdout.write(json.dumps({**report, "broken": broken}))
        else:
            self.stdout.write("\n".join(_lines(told=told, used=used, ring=ring)))
        for example in [one for part in told for one in part.examples]:
            self.stderr.write(example)
        if broken or unknown:
            raise CommandError(
                "some values have a key that is not in ECOMHUB_KEYRING or were changed; put the missing key "
                "back at the ring's end and run this again"
            )

    def _progress(self, told: Resealed) -> None:
        self.stderr.write(f"{told.place}: {told.done} sealed anew")


def _lines(*, told: list[Resealed], used: dict[str, dict[str, int]], ring: list[str]) -> list[str]:
    lines = [f"{part.place}: {part.done} sealed anew" for part in told if part.done]
    for key_id in [*ring, *sorted(set(used) - set(ring))]:
        count = sum(used.get(key_id, {}).values())
        if key_id not in ring:
            word = "is NOT IN THE RING, and they cannot be opened"
        elif key_id == ring[0]:
            word = "seals what is new"
        else:
            word = (
                "is still needed: run `manage.py reseal`" if count else "is unused: take it out of the ring"
            )
        lines.append(f"key {key_id}: {count} values; it {word}")
    return lines
