"""Looking into kept documents: the row a line was read from, or the whole; each look is written down.

Documents of wallets and banks may name people, which the tables of this house never do.
"""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, BinaryIO

from django.db import transaction

from channels.money_files.tables import open_table
from channels.settlement_messages import StatementUnreadable
from ecomhub import events, files
from ecomhub.sealed import SealBroken
from finance.models import SettlementLine, SourceFile

_COLUMNS = 4
_NO_TABLE = (b"{", b"[", b"<", b":", b"%PDF")


class DocumentLost(Exception):
    """The document cannot be opened: it is not in the store, was changed, or its key is gone."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row of a table as it stands in its document, cell by cell with the heading's words."""

    number: int
    cells: list[tuple[str, str]]


def show(*, line: SettlementLine, at: datetime, actor: str) -> RawRow | None:
    """Return the row a line was read from and note who looked; ``None`` where the document is no table.

    Raises ``DocumentLost``.
    """
    try:
        with files.opened(file=line.file.file) as content:
            found = _find(content, line.row)
    except (files.FileMissing, files.FileDamaged, SealBroken) as error:
        raise DocumentLost(str(error)) from error
    _note(line.file_id, "row_shown", at=at, actor=actor, row=line.row)
    return found


@contextmanager
def opened(*, file: SourceFile, at: datetime, actor: str) -> Iterator[BinaryIO]:
    """Open a document whose rows are shown, and note who looked. Raises ``DocumentLost``."""
    with ExitStack() as held:
        try:
            content = held.enter_context(files.opened(file=file.file))
        except (files.FileMissing, files.FileDamaged, SealBroken) as error:
            raise DocumentLost(str(error)) from error
        _note(file.pk, "rows_shown", at=at, actor=actor)
        yield content


def take(*, file: SourceFile, at: datetime, actor: str) -> IO[bytes]:
    """Return a document's bytes as an open temporary file and note who took it. Raises ``DocumentLost``."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    try:
        with files.opened(file=file.file) as content:
            shutil.copyfileobj(content, copy)
    except (files.FileMissing, files.FileDamaged, SealBroken) as error:
        copy.close()
        raise DocumentLost(str(error)) from error
    copy.seek(0)
    _note(file.pk, "downloaded", at=at, actor=actor)
    return copy


def _find(content: BinaryIO, number: int) -> RawRow | None:
    head = content.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    content.seek(0)
    if head.startswith(_NO_TABLE):
        return None
    try:
        with open_table(content, _is_heading) as (heading, rows):
            row = next((row for row in rows if row.number == number), None)
            if row is None:
                return None
            pairs = itertools.zip_longest(heading.cells, row.cells, fillvalue="")
            return RawRow(number, [(name, cell.strip()) for name, cell in pairs if cell.strip()])
    except StatementUnreadable:
        return None


def _is_heading(names: frozenset[str]) -> bool:
    return len(names) >= _COLUMNS and not any(name.isdigit() for name in names)


def _note(pk: int, kind: str, *, at: datetime, actor: str, **data: int) -> None:
    with transaction.atomic():
        SourceFile.objects.select_for_update(no_key=True).get(pk=pk)
        events.record(object_kind="source_file", object_id=pk, kind=kind, at=at, actor=actor, **data)
