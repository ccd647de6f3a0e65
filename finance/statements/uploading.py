"""Imports in the background: a document is kept, a row of work asks for it, a worker takes it in.

The document is on disk and its row is written before anybody is told, and taking it in is safe to begin anew:
a worker that dies loses nothing and doubles nothing. Two imports of one account take turns.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from ecomhub import files, work
from ecomhub.sealed import SealBroken
from ecomhub.work import ClockTimestamp, LeaseLost, WorkState
from finance.models import ImportJob, MoneyAccount, RememberedLayout, Settlement, SourceFile
from finance.statements import importing, summaries
from finance.statements.importing import ImportBusy
from finance.statements.recognizing import Choice
from finance.statements.summaries import Summary

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=3)
_BUSY = timedelta(seconds=2)
_NOTE_SECONDS = 1.0
MISSING, DAMAGED = "file_missing", "file_damaged"
"""Why an import cannot go on, as its row keeps it: the store has not what it should have."""


def upload(*, account: MoneyAccount, path: Path, name: str, at: datetime, actor: str) -> ImportJob:
    """Keep a document of an account and ask for its import. Raises ``OSError`` when it cannot be kept."""
    file = importing.keep_file(account=account, path=path, name=name, at=at, actor=actor)
    return ask(file=file, at=at, actor=actor)


def ask(
    *,
    file: SourceFile,
    at: datetime,
    actor: str,
    source: str = "",
    layout: RememberedLayout | None = None,
    settlement: Settlement | None = None,
) -> ImportJob:
    """Ask for a kept document to be taken in; the clockwork or ``carry_out`` does it.

    ``source`` or ``layout`` is what a person chose to read it as. ``settlement`` limits it to one that was
    ruled on.
    """
    return ImportJob.objects.create(
        document=file,
        source=source,
        layout=layout,
        settlement=settlement,
        asked_by=actor[:160],
        asked_at=at,
    )


def again(*, imports: QuerySet[ImportJob], import_id: int) -> bool:
    """Try an import that stopped, or waits after an error, once more now; whether there was one."""
    stuck = imports.filter(Q(state=WorkState.QUARANTINED) | Q(state=WorkState.WAITING, errors__gt=0))
    pks = list(stuck.filter(pk=import_id, lease_until=None).values_list("pk", flat=True))
    work.ring(model=ImportJob, pks=pks)
    return bool(pks)


def due_imports(*, limit: int = 10) -> list[int]:
    """Return the imports that wait and that nobody works on."""
    due = ImportJob.objects.filter(work.is_due())
    return list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:limit])


def carry_out(*, import_id: int, now: Callable[[], datetime]) -> ImportJob.Standing | None:
    """Take one document in, if its row waits and nobody else does; return where it stands then.

    Not inside a transaction. ``None``: somebody else has it, or it is not due.
    """
    row = work.claim_one(model=ImportJob, pk=import_id, lease=LEASE)
    if row is None:
        return None
    try:
        _end(row, _take(row, at=now()), at=now())
    except LeaseLost:
        log.warning("finance.import.lost", import_id=import_id)
    except ImportBusy:
        _give_back(row)
    except (files.FileMissing, files.FileDamaged, SealBroken) as error:
        log.exception("finance.import.broken", import_id=import_id)
        _fail(row, MISSING if isinstance(error, files.FileMissing) else DAMAGED, final=True)
    except Exception as error:
        # Whatever it is: a person sees it beside the import, and it is tried again.
        log.exception("finance.import.failed", import_id=import_id)
        _fail(row, f"{type(error).__name__}: {error}", final=False)
    row.refresh_from_db()
    return row.standing


def _take(row: ImportJob, *, at: datetime) -> Sequence[Summary]:
    documents = SourceFile.objects.select_related("file", "layout", "account", "account__book")
    file = documents.get(pk=row.document_id)
    progress = _Progress(row)
    if row.settlement is not None:
        return importing.look_again(
            file=file, settlement=row.settlement, at=at, actor=row.asked_by, note=progress, wait=0
        )
    choice = Choice(source=row.source, layout=row.layout)
    return importing.finish(file=file, at=at, actor=row.asked_by, choice=choice, note=progress, wait=0)


def _end(row: ImportJob, found: Sequence[Summary], *, at: datetime) -> None:
    with transaction.atomic():
        work.hold(row=row)
        ImportJob.objects.filter(pk=row.pk).update(
            outcomes=[summaries.stored(one) for one in found],
            lines_read=sum(one.lines for one in found),
            done_at=at,
            step="",
        )
        work.finish(row=row)


def _fail(row: ImportJob, reason: str, *, final: bool) -> None:
    try:
        work.fail(row=row, reason=reason, final=final)
    except LeaseLost:
        log.warning("finance.import.lost", import_id=row.pk)


def _give_back(row: ImportJob) -> None:
    """Wait for the import of the same account that runs."""
    try:
        work.postpone(row=row, due_in=_BUSY)
    except LeaseLost:
        log.warning("finance.import.lost", import_id=row.pk)


class _Progress:
    """Writes how far an import is and keeps its lease. Raises ``LeaseLost`` when it is not ours any more."""

    def __init__(self, row: ImportJob) -> None:
        self._row = row
        self._step = ""
        self._note_at = 0.0
        self._write(step=ImportJob.Step.READING, lines_read=0, lines_kept=0)

    def __call__(self, step: str, lines: int) -> None:
        if step == self._step and time.monotonic() < self._note_at:
            return
        self._step = step
        counted = "lines_kept" if step == ImportJob.Step.POSTING else "lines_read"
        self._write(step=step, **{counted: lines})

    def _write(self, **values: Any) -> None:
        self._note_at = time.monotonic() + _NOTE_SECONDS
        mine = ImportJob.objects.filter(
            pk=self._row.pk, lease_epoch=self._row.lease_epoch, state=WorkState.WAITING
        )
        if not mine.update(lease_until=ClockTimestamp() + LEASE, **values):
            raise LeaseLost(f"import {self._row.pk} belongs to another worker")
