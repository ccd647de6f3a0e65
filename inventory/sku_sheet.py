"""Taking in a sheet of SKUs: a known code is changed, a new one created, an empty cell changes nothing."""

import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from ecomhub.sheets import CellRefused, Finding, Job, Outcome, SheetRow, repeated
from inventory import catalog
from inventory.catalog import SkuRefused, Wanted, Written
from inventory.models import Sku

_TEXTS = (
    "name_en",
    "name_zh",
    "category",
    "hs_code",
    "origin_country",
    "declared_name_en",
    "declared_name_zh",
    "declared_currency",
    "picture_url",
)
_SIZES = ("weight_g", "length_mm", "width_mm", "height_mm", "safety_stock")
_FLAGS = ("has_battery", "is_liquid")


def _wanted(row: SheetRow) -> Wanted:
    """Read a row. Raises ``CellRefused`` or ``SkuRefused``."""
    code = catalog.clean_code(row.text("code", longest=64, required=True))
    values: dict[str, Any] = {}
    for key in _TEXTS:
        if row.has(key):
            values[key] = row.text(key, longest=500)
    for key in _SIZES:
        if row.has(key):
            values[key] = row.integer(key, most=10_000_000)
    for key in _FLAGS:
        if row.has(key):
            values[key] = row.boolean(key)
    if row.has("declared_value"):
        values["declared_value"] = row.decimal("declared_value")
    if row.has("barcode"):
        values["barcodes"] = re.split(r"[\s,;|，；、]+", row.text("barcode", longest=500))
    if row.has("status"):
        values["status"] = _status(row.text("status"))
    return Wanted(code=code, values=catalog.clean(values))


def _status(text: str) -> str:
    """Accept the stored value or its word in the language of the person."""
    word = text.casefold().replace(" ", "_")
    for value, label in Sku.Status.choices:
        if word in (value, str(label).casefold().replace(" ", "_")):
            return str(value)
    return text


def _read(rows: Sequence[SheetRow]) -> tuple[list[tuple[SheetRow, Wanted]], dict[int, Finding]]:
    read: list[tuple[SheetRow, Wanted]] = []
    refused: dict[int, Finding] = {}
    for row in rows:
        try:
            read.append((row, _wanted(row)))
        except (CellRefused, SkuRefused) as refusal:
            subject = row.values.get("code", "")[:64]
            refused[row.number] = Finding(row.number, Outcome.REFUSED, subject, str(refusal))
    again = repeated(keys=((row.number, wanted.code) for row, wanted in read))
    for row, wanted in read:
        if row.number in again:
            reason = _("The SKU stands in row %d already; keep one of them") % again[row.number]
            refused[row.number] = Finding(row.number, Outcome.REFUSED, wanted.code, reason)
    return [(row, wanted) for row, wanted in read if row.number not in again], refused


def _findings(
    rows: Sequence[SheetRow],
    read: Sequence[tuple[SheetRow, Wanted]],
    results: Sequence[Written | SkuRefused],
    refused: dict[int, Finding],
) -> list[Finding]:
    found = dict(refused)
    for (row, wanted), result in zip(read, results, strict=True):
        found[row.number] = _finding(row, wanted, result)
    return [found[row.number] for row in rows]


def _finding(row: SheetRow, wanted: Wanted, result: Written | SkuRefused) -> Finding:
    if isinstance(result, SkuRefused):
        return Finding(row.number, Outcome.REFUSED, wanted.code, str(result))
    if result.created:
        return Finding(row.number, Outcome.CREATED, wanted.code)
    if result.changed:
        return Finding(row.number, Outcome.UPDATED, wanted.code, ", ".join(result.changed))
    return Finding(row.number, Outcome.UNCHANGED, wanted.code)


def check(*, rows: Sequence[SheetRow], job: Job) -> list[Finding]:
    """Say what each row would do; writes nothing."""
    read, refused = _read(rows)
    results: list[Written | SkuRefused] = []
    for start in range(0, len(read), 2000):
        part = [wanted for _row, wanted in read[start : start + 2000]]
        results.extend(catalog.preview_many(wanted=part))
    return _findings(rows, read, results, refused)


def apply(*, rows: Sequence[SheetRow], job: Job) -> list[Finding]:
    """Create and change SKUs; doing it again changes nothing."""
    read, refused = _read(rows)
    wanted = [one for _row, one in read]
    return _findings(rows, read, catalog.write_many(wanted=wanted, at=job.at, actor=job.actor), refused)
