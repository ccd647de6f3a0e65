"""``manage.py import_sheet KIND FILE``: take in a sheet as the page does."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecomhub import clock
from ecomhub.sheets import Outcome
from inventory import imports
from inventory.imports import ImportRefused
from inventory.models import SheetImport
from inventory.stock_sheet import CREATE_WAREHOUSES

WAIT_SECONDS = 600


class Command(BaseCommand):
    """Checks a CSV or XLSX sheet and, without --dry-run, applies it. Exit code 1 when a row was refused."""

    help = "Import a sheet (skus, stock, pairings ...) from a CSV or XLSX file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the sheet."""
        parser.add_argument("kind", help="skus, stock, pairings ...")
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--dry-run", action="store_true", help="say what each row would do, write nothing"
        )
        parser.add_argument(
            "--create-warehouses", action="store_true", help="stock: create warehouses that do not exist yet"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import."""
        row = self._look(options)
        if not options["dry_run"] and row.step == SheetImport.Step.PREVIEWED and row.rows_total:
            row = self._apply(row)
        report = self._as_dict(row)
        self.stdout.write(json.dumps(report, ensure_ascii=False) if options["json"] else _words(report))
        if "error" in report:
            raise CommandError("Nothing was imported.")
        if report["counts"][Outcome.REFUSED]:
            raise CommandError("Some rows were refused. Correct them and import the sheet again.")

    def _look(self, options: dict[str, Any]) -> SheetImport:
        path: Path = options["file"]
        try:
            row = imports.upload(
                kind=options["kind"],
                name=path.name,
                data=path.read_bytes(),
                at=clock.now(),
                actor="command",
                options={CREATE_WAREHOUSES: options["create_warehouses"]},
            )
            return imports.preview(import_id=row.pk, at=clock.now())
        except (ImportRefused, OSError) as error:
            raise CommandError(str(error)) from error

    def _apply(self, row: SheetImport) -> SheetImport:
        """Apply it here; a worker may have been quicker, and then this waits for it."""
        imports.begin(import_id=row.pk)
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            claimed = imports.claim(import_id=row.pk)
            if claimed is not None:
                imports.apply_claimed(row=claimed, at=clock.now(), seconds=WAIT_SECONDS)
            row.refresh_from_db()
            if row.step != SheetImport.Step.APPLYING:
                return row
            time.sleep(0.5)
        raise CommandError("The import is not finished; a worker goes on with it. Look at its page.")

    def _as_dict(self, row: SheetImport) -> dict[str, Any]:
        """Return the outcome as it is printed."""
        findings = imports.findings_of(report=row.report)
        return {
            "id": row.pk,
            "kind": row.kind,
            "file": row.file.name,
            "step": str(row.step),
            "rows": row.rows_total,
            "counts": row.report.get("counts", dict.fromkeys(map(str, Outcome), 0)),
            "ignored_columns": row.report.get("ignored", []),
            "findings": [
                {"row": one.row, "outcome": str(one.outcome), "subject": one.subject, "reason": one.reason}
                for one in findings
            ],
        } | ({"error": row.report["error"]} if "error" in row.report else {})


def _words(report: dict[str, Any]) -> str:
    """Return the outcome for a person: refused rows in full, the others counted."""
    if "error" in report:
        return f"{report['file']} was not imported: {report['error']['message']}"
    counts = ", ".join(f"{number} {outcome}" for outcome, number in report["counts"].items())
    lines = [f"{report['file']}: {report['rows']} rows, {counts} ({report['step']})"]
    if report["ignored_columns"]:
        lines.append(f"Columns nobody asked for: {', '.join(report['ignored_columns'])}")
    lines += [
        f"  row {one['row']}: {one['subject']} refused: {one['reason']}"
        for one in report["findings"]
        if one["outcome"] == Outcome.REFUSED
    ]
    return "\n".join(lines)
