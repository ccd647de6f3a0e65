"""Taking in sheets: uploaded, looked at (dry run), applied in chunks that survive a crash.

Works for every importer discovery finds. A chunk's rows, its findings and the row it reached are written in
one transaction, so a second worker begins behind it; importers do each row at most once anyway.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from ecomhub import discovery, files, work
from ecomhub.sheets import Finding, Importer, Job, Outcome, SheetRefused, Table, read_table
from ecomhub.sheets.raw import MAX_BYTES
from ecomhub.work import ClockTimestamp, WorkState
from inventory.ledger import LedgerRefused
from inventory.models import SheetImport

KEPT_FINDINGS = 2_000
"""Findings kept for the page; refused rows come first."""
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Step = SheetImport.Step


class ImportRefused(Exception):
    """An import cannot be taken, or cannot go on like that; the text says what to do."""


def importer_of(*, kind: str) -> Importer:
    """Return the importer of a kind. Raises ``ImportRefused``."""
    found = discovery.importers().get(kind)
    if found is None:
        kinds = ", ".join(sorted(discovery.importers()))
        raise ImportRefused(
            _("There is no sheet of the kind %(kind)s; there are: %(kinds)s") % {"kind": kind, "kinds": kinds}
        )
    return found


def upload(
    *,
    kind: str,
    name: str,
    data: bytes,
    at: datetime,
    actor: str,
    options: Mapping[str, bool] | None = None,
) -> SheetImport:
    """Keep a sheet for looking at. Raises ``ImportRefused`` when it is too large or of no known kind."""
    importer = importer_of(kind=kind)
    if len(data) > MAX_BYTES:
        raise ImportRefused(_("The file is larger than %d MB. Split it.") % (MAX_BYTES // 1_000_000))
    chosen = {option.key: bool((options or {}).get(option.key)) for option in importer.options}
    file = files.store(
        data=data,
        purpose="sheet",
        name=name,
        content_type=_XLSX if data.startswith(b"PK") else "text/csv",
        sealed=importer.personal,
    )
    return SheetImport.objects.create(
        kind=kind,
        file=file,
        options=chosen,
        language=translation.get_language() or "en",
        uploaded_by=actor[:160],
        uploaded_at=at,
    )


def preview(*, import_id: int, at: datetime) -> SheetImport:
    """Look at a sheet and write down what each row would do; nothing else is written.

    An unusable file ends as refused, with the reason in ``report["error"]``. Raises ``ImportRefused`` when
    it is being applied or was applied.
    """
    row = SheetImport.objects.select_related("file").get(pk=import_id)
    with translation.override(row.language):
        try:
            table = _table(row)
            _refuse_other_kind(row, table)
        except SheetRefused as refusal:
            row.step = Step.REFUSED
            row.report = {"error": {"code": refusal.code, "message": str(refusal)}}
        else:
            findings = importer_of(kind=row.kind).check(rows=table.rows, job=_job(row, at))
            row.step = Step.PREVIEWED
            row.rows_total = len(table.rows)
            row.report = _report(findings, ignored=table.ignored)
    looked_at = SheetImport.objects.filter(pk=row.pk, step__in=[Step.UPLOADED, Step.PREVIEWED, Step.REFUSED])
    if not looked_at.update(step=row.step, rows_total=row.rows_total, report=row.report):
        raise ImportRefused(_("This import is being applied already."))
    return row


def begin(*, import_id: int) -> None:
    """Let a previewed import be applied; the clockwork or ``apply_claimed`` does it.

    Raises ``ImportRefused`` when it was not previewed, or nothing of it can be applied.
    """
    ready = SheetImport.objects.filter(pk=import_id, step=Step.PREVIEWED)
    started = ready.exclude(rows_total=0).update(
        step=Step.APPLYING, rows_done=0, report={}, state=WorkState.WAITING, due_at=ClockTimestamp()
    )
    if not started:
        raise ImportRefused(_("Look at the sheet first; then it can be applied once."))


def discard(*, import_id: int) -> None:
    """Forget a sheet that was only looked at. Raises ``ImportRefused`` once it is being or was applied."""
    kept = [Step.UPLOADED, Step.PREVIEWED, Step.REFUSED]
    gone, _rows = SheetImport.objects.filter(pk=import_id, step__in=kept).delete()
    if not gone:
        raise ImportRefused(_("This import was begun already; it cannot be discarded any more."))


def claim(*, import_id: int) -> SheetImport | None:
    """Claim an import that waits to be applied; ``None`` when somebody else works on it or nothing waits."""
    rows = work.claim(model=SheetImport, limit=1, where=Q(pk=import_id, step=Step.APPLYING))
    return rows[0] if rows else None


def apply_claimed(*, row: SheetImport, at: datetime, seconds: float = 60) -> bool:
    """Apply chunks of a claimed import for some seconds; whether it is finished.

    Unfinished, it is due again at once. Raises ``ecomhub.work.LeaseLost``.
    """
    deadline = time.monotonic() + seconds
    with translation.override(row.language):
        try:
            table = _table(row)
        except (SheetRefused, files.FileMissing, files.FileDamaged) as refusal:
            _give_up(row, str(refusal))
            return True
        importer, job = importer_of(kind=row.kind), _job(row, at)
        reached = int(row.report.get("reached", 0))
        left = [one for one in table.rows if one.number > reached]
        refused = {
            finding.row: finding
            for finding in importer.check(rows=table.rows, job=job)
            if finding.outcome is Outcome.REFUSED
        }
        for chunk in importer.chunks(rows=left):
            with transaction.atomic():
                work.hold(row=row)
                found = _apply_rows(importer, [one for one in chunk if one.number not in refused], job)
                passed = [refused[one.number] for one in chunk if one.number in refused]
                _note_progress(row, table, [*found, *passed], reached=chunk[-1].number, rows=len(chunk))
            if time.monotonic() > deadline and chunk[-1] is not left[-1]:
                work.finish(row=row, due_in=timedelta())
                return False
            work.renew(row=row)
    with transaction.atomic():
        work.finish(row=row)
        SheetImport.objects.filter(pk=row.pk).update(step=Step.APPLIED)
    row.step = Step.APPLIED
    return True


def due_imports(*, limit: int = 10) -> list[int]:
    """Return the imports that wait to be applied and that nobody works on."""
    due = SheetImport.objects.filter(work.is_due(), step=Step.APPLYING)
    return list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:limit])


def findings_of(*, report: Mapping[str, Any]) -> list[Finding]:
    """Return the findings a report keeps, by row."""
    return sorted(
        (
            Finding(row, Outcome(outcome), subject, reason)
            for row, outcome, subject, reason in report.get("findings", [])
        ),
        key=lambda finding: finding.row,
    )


def _table(row: SheetImport) -> Table:
    columns = importer_of(kind=row.kind).columns
    return read_table(data=files.read(file=row.file), columns=columns)


def _refuse_other_kind(row: SheetImport, table: Table) -> None:
    """Raise ``SheetRefused`` when another kind of sheet knows more of its columns than the chosen one."""
    data = files.read(file=row.file)
    for kind, importer in discovery.importers().items():
        if kind == row.kind:
            continue
        try:
            other = read_table(data=data, columns=importer.columns)
        except SheetRefused:
            continue
        if len(other.found) > len(table.found):
            raise SheetRefused(
                "other_kind",
                _("This looks like a sheet of the kind “%s”. Upload it again with that kind.")
                % importer.title,
            )


def _job(row: SheetImport, at: datetime) -> Job:
    return Job(at=at, actor=row.uploaded_by, digest=row.file.digest, options=row.options)


def _apply_rows(importer: Importer, rows: Sequence[Any], job: Job) -> list[Finding]:
    """Apply rows together; when the database refuses, halve down to what it refuses."""
    if not rows:
        return []
    try:
        with transaction.atomic():
            return importer.apply(rows=rows, job=job)
    except (IntegrityError, DataError, LedgerRefused) as error:
        parts = importer.halves(rows=rows)
        if len(parts) == 1:
            reason = _("This row could not be stored: %s") % str(error).splitlines()[0][:200]
            return [Finding(row.number, Outcome.REFUSED, "", reason) for row in rows]
    return [finding for part in parts for finding in _apply_rows(importer, part, job)]


def _report(
    findings: Sequence[Finding], *, ignored: Sequence[str], before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    before = before or {}
    counts = Counter(before.get("counts", {}))
    counts.update(str(finding.outcome) for finding in findings)
    kept = list(before.get("findings", []))
    kept += [[one.row, str(one.outcome), one.subject, one.reason] for one in findings]
    kept.sort(key=lambda one: (one[1] != Outcome.REFUSED, one[0]))
    return {
        "counts": {str(outcome): counts.get(str(outcome), 0) for outcome in Outcome},
        "ignored": list(ignored),
        "findings": kept[:KEPT_FINDINGS],
        "cut": bool(before.get("cut")) or len(kept) > KEPT_FINDINGS,
    }


def _note_progress(
    row: SheetImport, table: Table, findings: Sequence[Finding], *, reached: int, rows: int
) -> None:
    report = _report(findings, ignored=table.ignored, before=row.report) | {"reached": reached}
    row.report = report
    row.rows_done += rows
    SheetImport.objects.filter(pk=row.pk).update(report=report, rows_done=row.rows_done)


def _give_up(row: SheetImport, message: str) -> None:
    with transaction.atomic():
        work.hold(row=row)
        row.step = Step.REFUSED
        row.report = dict(row.report) | {"error": {"code": "unreadable", "message": message}}
        SheetImport.objects.filter(pk=row.pk).update(step=row.step, report=row.report)
        work.finish(row=row)
