"""A sheet that was only looked at can be forgotten; one that was begun cannot."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from inventory import imports
from inventory.imports import ImportRefused
from inventory.models import SheetImport

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def looked_at() -> SheetImport:
    row = imports.upload(
        kind="skus", name="lamps.csv", data=b"code,name_en\nLAMP-1,A lamp\n", at=AT, actor="mei"
    )
    return imports.preview(import_id=row.pk, at=AT)


def test_checked_sheet_is_discarded_once() -> None:
    row = looked_at()
    imports.discard(import_id=row.pk)
    assert not SheetImport.objects.exists()
    with pytest.raises(ImportRefused):
        imports.discard(import_id=row.pk)


def test_begun_sheet_stays() -> None:
    row = looked_at()
    imports.begin(import_id=row.pk)
    with pytest.raises(ImportRefused):
        imports.discard(import_id=row.pk)
    assert SheetImport.objects.filter(pk=row.pk).exists()
