"""Exports in the background: asked for, made from one snapshot, handed out with a manifest.

A worker that dies leaves nothing behind but its row; the next one begins again with a snapshot of its own,
because half a file of one snapshot and half of another one are no report. The file, its manifest and the news
of it are written in one transaction that holds the row, so an export ends once.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from django.db import DatabaseError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from ecomhub import events, files, work
from ecomhub.access import Actor
from ecomhub.limits import lift_limits
from ecomhub.work import ClockTimestamp, LeaseLost, WorkState
from finance.accounting import books
from finance.exports import evidence, making, snapshot
from finance.exports.catalog import REPORTS
from finance.exports.making import ExportBroken, Made
from finance.exports.shapes import Wish
from finance.exports.writing import CONTENT_TYPES, plain
from finance.models import Book, ExportJob, MoneyAccount, Settlement

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=3)
_NOTE_SECONDS = 1.0
_LISTS = ("account", "settlement", "currency", "state")
_DAYS = ("since", "through")
Kind, Format, Standing = ExportJob.Kind, ExportJob.Format, ExportJob.Standing
NEEDS: dict[str, tuple[str, ...]] = {
    **{kind: report.needs for kind, report in REPORTS.items()},
    Kind.EVIDENCE.value: evidence.NEEDS,
}
"""What each kind has to be given: a book, days."""


class ExportRefused(Exception):
    """An export cannot be made like that. ``field`` names the parameter, ``code`` the reason."""

    def __init__(self, code: str, text: str, field: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.field = field


def ask(
    *,
    kind: str,
    format: str,
    parameters: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    zone: str = "",
    language: str = "",
) -> ExportJob:
    """Ask for an export; the clockwork or ``carry_out`` makes it.

    ``parameters``: ``book`` (a company's code), ``account`` (names), ``settlement`` (ids), ``currency``,
    ``state``, ``since`` and ``through`` (days, both included). Where a report needs a book and there is one
    only, or a last day, they are filled in. The zone is the book's unless given. Raises ``ExportRefused``.
    """
    if actor.shop_ids is not None:
        raise ExportRefused(
            "all_shops_needed",
            _("Reports are of the whole company. Ask somebody whose access is not limited to shops."),
        )
    given = {name: value for name, value in parameters.items() if value not in (None, "", [])}
    book = _book(kind, given, at=at)
    _check(kind=kind, format=format, given=given)
    chosen = zone or (book.zone if book is not None else "UTC")
    try:
        ZoneInfo(chosen)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ExportRefused("no_such_zone", _("There is no such time zone."), "zone") from error
    row = ExportJob(
        kind=kind,
        format=format,
        parameters={name: _stored(value) for name, value in given.items()},
        language=(language or translation.get_language() or "en")[:10],
        zone=chosen,
        asked_by=actor.name[:160],
        asked_at=at,
    )
    wish_of(row=row)
    row.save()
    return row


def _stored(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _book(kind: str, given: dict[str, Any], *, at: datetime) -> Book | None:
    """Return the book that is meant, filled in with the last day where they are needed and clear."""
    code = str(given.get("book", ""))
    found = list(Book.objects.select_related("legal_entity").order_by("pk")[:2])
    book = Book.objects.filter(legal_entity__code=code).first() if code else None
    if code and book is None:
        raise ExportRefused("no_such_book", _("There is no company with this code and books."), "book")
    if not code and "book" in NEEDS.get(kind, ()):
        if len(found) != 1:
            raise ExportRefused("book_needed", _("Name the company whose books are meant."), "book")
        book = found[0]
        given["book"] = book.legal_entity.code
    if kind == Kind.OPEN_ITEMS and book is not None and "through" not in given:
        given["through"] = books.day_of(book=book, instant=at)
    return book


def _check(*, kind: str, format: str, given: Mapping[str, Any]) -> None:
    if kind not in NEEDS:
        raise ExportRefused("no_such_report", _("There is no such report."), "kind")
    if (format == Format.ZIP) != (kind == Kind.EVIDENCE) or format not in Format.values:
        raise ExportRefused(
            "wrong_format", _("Reports are CSV or XLSX; an evidence pack is a ZIP archive."), "format"
        )
    for name in NEEDS[kind]:
        if name not in given:
            raise ExportRefused(f"{name}_needed", _("This report needs both days."), name)
    since, through = given.get("since"), given.get("through")
    if since and through and str(since) > str(through):
        raise ExportRefused("days_reversed", _("The first day is after the last one."), "since")


def wish_of(*, row: ExportJob) -> Wish:
    """Return what an export asks for, its names looked up. Raises ``ExportRefused``."""
    given = row.parameters
    accounts = MoneyAccount.objects.filter(name__in=given.get("account", []))
    account_ids = list(accounts.order_by("pk").values_list("pk", flat=True))
    if len(account_ids) != len(set(given.get("account", []))):
        raise ExportRefused("no_such_account", _("There is no account with this name."), "account")
    settlements = given.get("settlement", [])
    if Settlement.objects.filter(pk__in=settlements).count() != len(set(settlements)):
        raise ExportRefused("no_such_settlement", _("There is no such settlement."), "settlement")
    book = Book.objects.filter(legal_entity__code=given["book"]).first() if "book" in given else None
    return Wish(
        zone=row.zone,
        is_chinese=row.language.startswith("zh"),
        book=None if book is None else book.pk,
        accounts=account_ids,
        settlements=settlements,
        currencies=given.get("currency", []),
        states=given.get("state", []),
        since=date.fromisoformat(given["since"]) if "since" in given else None,
        through=date.fromisoformat(given["through"]) if "through" in given else None,
    )


def cancel(*, export_id: int, at: datetime) -> bool:
    """Stop an export that is not ready; whoever works on it notices. Says whether there was one to stop."""
    waiting = ExportJob.objects.filter(
        pk=export_id, state__in=[WorkState.WAITING, WorkState.QUARANTINED], canceled_at=None
    )
    return bool(waiting.update(state=WorkState.DONE, canceled_at=at, lease_until=None))


def ended_words() -> str:
    """Say why an export cannot be stopped."""
    return _("This export is ready or was canceled already.")


def again(*, export_id: int) -> None:
    """Try an export that failed once more."""
    failed = ExportJob.objects.filter(pk=export_id, state=WorkState.QUARANTINED)
    work.ring(model=ExportJob, pks=list(failed.values_list("pk", flat=True)))


def due_exports(*, limit: int = 10) -> list[int]:
    """Return the exports that wait and that nobody works on."""
    due = ExportJob.objects.filter(work.is_due())
    return list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:limit])


def carry_out(*, export_id: int, now: Callable[[], datetime]) -> ExportJob.Standing | None:
    """Make one export, if it waits and nobody else does; return where it stands then.

    Not inside a transaction. What cannot be made is noted on the row, with the reason.
    """
    row = work.claim_one(model=ExportJob, pk=export_id, lease=LEASE)
    if row is None:
        return None
    try:
        with translation.override(row.language), tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / _name(row)
            manifest, made, is_personal = _made(row, path)
            _keep(row=row, path=path, manifest=manifest, made=made, is_personal=is_personal, at=now())
    except LeaseLost:
        log.warning("finance.export.stopped", export_id=export_id)
    except (ExportBroken, ExportRefused, files.FileMissing, files.FileDamaged) as error:
        log.exception("finance.export.broken", export_id=export_id)
        _fail(row, error, final=True)
    except (DatabaseError, OSError, ValueError) as error:
        log.exception("finance.export.failed", export_id=export_id)
        _fail(row, error, final=False)
    row.refresh_from_db()
    return row.standing


def _fail(row: ExportJob, error: Exception, *, final: bool) -> None:
    try:
        work.fail(row=row, reason=str(error) or type(error).__name__, final=final)
    except LeaseLost:
        log.warning("finance.export.stopped", export_id=row.pk)


def _name(row: ExportJob) -> str:
    """Return the file's name: what, whose, which days."""
    given = row.parameters
    parts = [row.kind, given.get("book", ""), given.get("since", ""), given.get("through", "")]
    return "-".join(part for part in parts if part) + f".{row.format}"


def _made(row: ExportJob, path: Path) -> tuple[dict[str, Any], Made, bool]:
    """Write the file; return its manifest, what it holds and whether it has personal data in it."""
    wish = wish_of(row=row)
    progress = _Progress(row)
    with snapshot.taken() as taken:
        head = {
            "report": row.kind,
            "format": row.format,
            "language": row.language,
            "time_zone": row.zone,
            "snapshot_at": plain(taken.at),
            "asked_by": row.asked_by,
            "asked_at": plain(row.asked_at),
            "filters": row.parameters,
        }
        if row.kind == Kind.EVIDENCE:
            pack = evidence.write(snapshot=taken, wish=wish, path=path, head=head, progress=progress)
            return head | pack.manifest, Made(pack.rows, {}), pack.is_personal
        report = REPORTS[row.kind]
        wanted = making.expected(snapshot=taken, report=report, wish=wish)
        progress.total(wanted.rows)
        made = making.write(
            snapshot=taken,
            report=report,
            wish=wish,
            format=row.format,
            path=path,
            wanted=wanted,
            progress=progress,
        )
    columns = [column.key for column in report.columns]
    return head | {"columns": columns, "rows": made.rows, "totals": made.texts()}, made, False


class _Progress:
    """Writes how far the work is, and keeps its lease. Raises ``LeaseLost`` when it is not ours any more."""

    def __init__(self, row: ExportJob) -> None:
        self._row = row
        self._done = 0
        self._note_at = time.monotonic() + _NOTE_SECONDS
        self._write(rows_done=0, rows_total=None)

    def total(self, rows: int) -> None:
        """Note how many rows there will be."""
        self._write(rows_total=rows)

    def __call__(self, rows: int) -> None:
        self._done += rows
        if time.monotonic() >= self._note_at:
            self._write(rows_done=self._done)
            self._note_at = time.monotonic() + _NOTE_SECONDS

    def _write(self, **values: Any) -> None:
        mine = ExportJob.objects.filter(
            pk=self._row.pk, lease_epoch=self._row.lease_epoch, state=WorkState.WAITING
        )
        if not mine.update(lease_until=ClockTimestamp() + LEASE, **values):
            raise LeaseLost(f"export {self._row.pk} was canceled or belongs to another worker")


def _keep(
    *, row: ExportJob, path: Path, manifest: dict[str, Any], made: Made, is_personal: bool, at: datetime
) -> None:
    """Keep the file and say that it is there, together or not at all."""
    with transaction.atomic():
        lift_limits()
        work.hold(row=row)
        mine = ExportJob.objects.filter(pk=row.pk, state=WorkState.WAITING)
        if not mine.exists():
            raise LeaseLost(f"export {row.pk} was canceled")
        file, digest = files.store_path(
            path=path,
            purpose="export",
            name=path.name,
            content_type=CONTENT_TYPES[row.format],
            sealed=is_personal,
        )
        manifest |= {"file": path.name, "size": file.size, "sha256": digest}
        mine.update(file=file, manifest=manifest, rows_done=made.rows, rows_total=made.rows, ready_at=at)
        work.finish(row=row)
        events.record(object_kind="export", object_id=row.pk, kind="ready", at=at, actor=row.asked_by)


def parts(*, row: ExportJob) -> Iterator[bytes]:
    """Return the file's bytes part by part, checked before the first one.

    Raises ``ExportRefused`` while it is not ready, and as ``ecomhub.files.opened`` does.
    """
    if row.file is None:
        raise ExportRefused("not_ready", _("This export is not ready."))
    content = _content(row)
    first: Sequence[bytes] = [part for part in [next(content, b"")] if part]
    return chain(first, content)


def _content(row: ExportJob) -> Iterator[bytes]:
    assert row.file is not None  # noqa: S101 - the caller looked
    with files.opened(file=row.file) as kept:
        while part := kept.read(files.PART):
            yield part
