"""``manage.py verify``: do all laws of the houses hold right now?"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecomhub import verifying


class Command(BaseCommand):
    """Checks every law in one read-only snapshot. Exit code 1 when one is broken."""

    help = "Check every law of every house in one snapshot."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Choose the output."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify."""
        verdict = verifying.verify()
        if options["json"]:
            self.stdout.write(json.dumps(verdict.as_dict(), ensure_ascii=False))
        else:
            self.stdout.write("\n".join(_lines(verdict)))
        if not verdict.ok:
            raise CommandError(f"broken: {', '.join(verdict.broken)}")


def _lines(verdict: verifying.Verdict) -> list[str]:
    lines = []
    for chapter in verdict.chapters:
        lines.append(_line(chapter))
        lines += [f"         {part.id}: {_counts(part)}" for part in chapter.parts]
        lines += [f"         {example}" for law in chapter.laws for example in law.examples]
    return lines


def _line(chapter: verifying.Chapter) -> str:
    mark = "BROKEN" if chapter.violations else "ok"
    return f"{mark:7}{chapter.id}: {_counts(chapter)} {chapter.title}."


def _counts(of: verifying.Chapter | verifying.LawResult) -> str:
    return f"{of.checked} checked, {of.violations} broken."
