"""``manage.py tariff_import FILE``: take in what platforms charge."""

import json
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from ecomhub import clock, files
from ecomhub.sheets import Job, Outcome, SheetRefused, read_table
from finance.reconciliation import tariff_sheet
from finance.sheets import TARIFF_COLUMNS


class Command(BaseCommand):
    """Exit code 1 when a row was refused; the others are taken in."""

    help = "Import published fees (CSV or XLSX); the same sheet again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the sheet."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what each row would do, write nothing"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import."""
        path: Path = options["file"]
        try:
            table = read_table(data=path.read_bytes(), columns=TARIFF_COLUMNS)
            digest = files.hash_of(path=path)
        except (SheetRefused, OSError) as error:
            raise CommandError(str(error)) from error
        job = Job(at=clock.now(), actor="command", digest=digest)
        work = tariff_sheet.check if options["dry_run"] else tariff_sheet.apply
        with transaction.atomic():
            findings = work(rows=table.rows, job=job)
        counts = Counter(str(finding.outcome) for finding in findings)
        refused = [finding for finding in findings if finding.outcome is Outcome.REFUSED]
        said = {
            "file": path.name,
            "rows": len(table.rows),
            "counts": {str(outcome): counts.get(str(outcome), 0) for outcome in Outcome},
            "ignored_columns": list(table.ignored),
            "refused": [{"row": one.row, "subject": one.subject, "reason": one.reason} for one in refused],
        }
        if options["json"]:
            self.stdout.write(json.dumps(said, ensure_ascii=False))
        else:
            words = ", ".join(f"{count} {outcome}" for outcome, count in said["counts"].items())  # type: ignore[attr-defined]
            self.stdout.write(f"{path.name}: {len(table.rows)} rows, {words}")
            for one in refused:
                self.stdout.write(f"  row {one.row}: {one.subject} refused: {one.reason}")
        if refused:
            raise CommandError("Some rows were refused. Correct them and import the sheet again.")
