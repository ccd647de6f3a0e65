"""Layouts people made: trying one on a kept document, saving it under a name, forgetting it.

A saved layout never changes. The next one under its name replaces it, and documents keep the one they were
read by.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from channels.money_files.tables import Row
from ecomhub import events
from finance.models import MoneyAccount, RememberedLayout, SourceFile
from finance.sources import trying
from finance.sources.layouts import read_layout
from finance.sources.trying import Trial
from finance.statements import raw_rows, recognizing


class LayoutRefused(Exception):
    """A layout cannot be kept like that; the text says what to do."""


@dataclass(slots=True)
class Sheet:
    """A kept document as a layout's editor sees it: open, with its first rows."""

    file: SourceFile
    content: BinaryIO
    head: bytes
    rows: list[Row]

    def headings(self, row: int) -> list[str]:
        """Return the headings that stand in a row."""
        return trying.headings_in(self.rows, row)

    def complete(self, layout: Mapping[str, Any], *, row: int) -> dict[str, Any]:
        """Return a layout with what makes a document of its kind known again."""
        return trying.completed(layout, head=self.head, row=row, headings=self.headings(row))

    def try_out(self, layout: Mapping[str, Any]) -> Trial:
        """Read the document by a layout. Raises ``StatementUnreadable``."""
        return trying.try_out(
            content=self.content,
            size=self.file.file.size,
            reading=recognizing.reading_of(file=self.file, layout=None),
            layout=read_layout(json.dumps(layout)),
        )


@contextmanager
def opened(*, file: SourceFile, at: datetime, actor: str) -> Iterator[Sheet]:
    """Open a kept document for an editor and note who looked.

    Raises ``StatementUnreadable`` when it is no table, ``raw_rows.DocumentLost``.
    """
    with raw_rows.opened(file=file, at=at, actor=actor) as content:
        head = trying.head_of(content=content, size=file.file.size)
        yield Sheet(file, content, head, trying.rows_of(head))


def save(
    *,
    account: MoneyAccount,
    name: str,
    layout: Mapping[str, Any],
    at: datetime,
    actor: str,
) -> RememberedLayout:
    """Remember a layout of an account under a name; one that has the name already is replaced.

    Raises ``LayoutRefused``, and ``StatementUnreadable`` when it is none.
    """
    name = name.strip()[:80]
    if not name:
        raise LayoutRefused(_("Give the layout a name."))
    read_layout(json.dumps(layout))
    headings: Sequence[str] = layout.get("headings", [])
    kept = {key: value for key, value in layout.items() if key != "headings"}
    with transaction.atomic():
        MoneyAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
        same = RememberedLayout.objects.filter(account=account, name=name)
        same.filter(ended_at=None).update(ended_at=at)
        last = same.aggregate(last=Max("version"))["last"] or 0
        row = RememberedLayout.objects.create(
            account=account,
            name=name,
            version=last + 1,
            headings=list(headings),
            layout=kept,
            actor=actor[:160],
            saved_at=at,
        )
        _record(row, "layout_saved", at=at, actor=actor)
    return row


def forget(*, layout: RememberedLayout, at: datetime, actor: str) -> bool:
    """Recognize nothing by a layout any more; whether it was still remembered."""
    with transaction.atomic():
        MoneyAccount.objects.select_for_update(no_key=True).get(pk=layout.account_id)
        ended = RememberedLayout.objects.filter(pk=layout.pk, ended_at=None).update(ended_at=at)
        if ended:
            _record(layout, "layout_forgotten", at=at, actor=actor)
    return bool(ended)


def sample_of(*, layout: RememberedLayout) -> SourceFile | None:
    """Return the newest document that was read by a layout of this name, else the account's newest."""
    documents = SourceFile.objects.filter(account=layout.account_id).order_by("-pk")
    return documents.filter(layout__name=layout.name).first() or documents.first()


def _record(layout: RememberedLayout, kind: str, *, at: datetime, actor: str) -> None:
    events.record(
        object_kind="money_account",
        object_id=layout.account_id,
        kind=kind,
        at=at,
        actor=actor[:160],
        name=layout.name,
        version=layout.version,
    )
