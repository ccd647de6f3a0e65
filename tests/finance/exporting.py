"""Making exports in tests, and opening their files again."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from ecomhub.access import SYSTEM
from finance.exports import exporting
from finance.models import ExportJob, MoneyAccount
from tests.finance.settling import take
from tests.finance.v2 import V2, fee, other, price

AT = datetime(2026, 4, 2, 12, tzinfo=UTC)
NASTY = ("=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(1)", "\tx", "\rx", "'=1")


def ask(kind: str, format: str = "csv", **parameters: Any) -> ExportJob:
    """Ask for an export as a door does; ``zone`` and ``language`` are not filters."""
    more = {name: parameters.pop(name) for name in ("zone", "language") if name in parameters}
    return exporting.ask(kind=kind, format=format, parameters=parameters, actor=SYSTEM, at=AT, **more)


def make(kind: str, format: str = "csv", **parameters: Any) -> ExportJob:
    """An export that is ready."""
    row = ask(kind, format, **parameters)
    standing = exporting.carry_out(export_id=row.pk, now=lambda: AT)
    row.refresh_from_db()
    assert standing == ExportJob.Standing.READY, row.last_error
    return row


def content(row: ExportJob) -> bytes:
    """The bytes of a ready export."""
    return b"".join(exporting.parts(row=row))


def table(row: ExportJob) -> list[dict[str, str]]:
    """The rows of a CSV export by the keys of its columns."""
    data = content(row)
    assert data.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    return [dict(zip(row.manifest["columns"], line, strict=True)) for line in lines[1:]]


def heading(row: ExportJob) -> list[str]:
    """The headings of a CSV export."""
    return next(csv.reader(io.StringIO(content(row).decode("utf-8-sig"), newline="")))


def workbook(row: ExportJob) -> Any:
    """An XLSX export, opened."""
    return load_workbook(io.BytesIO(content(row)))


def pack(row: ExportJob) -> zipfile.ZipFile:
    """An evidence pack, opened."""
    return zipfile.ZipFile(io.BytesIO(content(row)))


def read_json(archive: zipfile.ZipFile, name: str) -> Any:
    """Facts in a pack."""
    return json.loads(archive.read(name))


def summed(rows: list[dict[str, str]], key: str, currency: str = "USD", by: str = "currency") -> Decimal:
    """What a column of a CSV export adds up to in one currency."""
    return sum(
        (Decimal(row[key]) for row in rows if row[key] and row[by] == currency),
        Decimal(0),
    )


def settle(account: MoneyAccount, folder: Path, **changes: Any) -> None:
    """A settlement with money of an order, a fee and something no order knows."""
    rows = [
        price("30.00"),
        fee("-4.50"),
        price("12.34", order="111-222", sku="=cmd|' /C calc'!A0"),
        other("-5.00", "Something never seen"),
    ]
    take(account, V2(rows, **changes).write(folder))
