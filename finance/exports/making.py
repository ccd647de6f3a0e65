"""Making one report's file out of a snapshot, and checking that it adds up to what the pages show."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from django.utils.translation import gettext as _

from ecomhub.money import decimal_text
from finance.exports.shapes import Report, Wish
from finance.exports.snapshot import Snapshot
from finance.exports.writing import SHEETS, Totals, plain


class Progress(Protocol):
    """Is told how the work goes, and raises when it is not ours any more."""

    def __call__(self, rows: int) -> None:
        """Take in that so many more rows were written."""

    def total(self, rows: int) -> None:
        """Take in how many rows there will be."""


class ExportBroken(Exception):
    """A report does not add up to what its snapshot holds: it is not handed out."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a file holds."""

    rows: int
    totals: Totals

    def texts(self) -> dict[str, dict[str, str]]:
        """Return the totals as decimal text."""
        return {
            key: {currency: decimal_text(amount, currency) for currency, amount in held.items()}
            for key, held in self.totals.items()
        }


def expected(*, snapshot: Snapshot, report: Report, wish: Wish) -> Made:
    """Return how many rows a report has and what they add up to, by the pages' own sums."""
    names, found = snapshot.all(report.control, wish.given())
    totals: Totals = {column.key: {} for column in report.totaled}
    rows: int | None = 0
    for values in found:
        row = dict(zip(names, values, strict=True))
        rows = None if rows is None or row["rows"] is None else rows + row["rows"]
        for column in report.totaled:
            held, currency = totals[column.key], row[column.currency]
            held[currency] = held.get(currency, Decimal(0)) + row[column.key]
    if rows is None:
        rows = snapshot.all(f"SELECT count(*) FROM ({report.rows}) r", wish.given())[1][0][0]  # noqa: S608
    return Made(rows, totals)


def write(
    *,
    snapshot: Snapshot,
    report: Report,
    wish: Wish,
    format: str,
    path: Path,
    wanted: Made,
    progress: Progress,
) -> Made:
    """Write a report's file. Raises ``ExportBroken`` when its rows are not what was ``expected``."""
    sheet = SHEETS[format](path=path, columns=report.columns, zone=wish.zone)
    rows = 0
    for batch in snapshot.batches(report.rows, wish.given()):
        rows += sheet.add(batch)
        progress(len(batch))
    sheet.close(facts=facts(snapshot=snapshot, report=report, wish=wish, rows=rows))
    made = Made(rows, sheet.totals)
    if made.rows != wanted.rows or _nonzero(made.totals) != _nonzero(wanted.totals):
        raise ExportBroken(
            f"{report.kind}: {made.rows} rows {made.texts()} written, {wanted.rows} {wanted.texts()} there"
        )
    return made


def facts(*, snapshot: Snapshot, report: Report, wish: Wish, rows: int) -> Mapping[str, str]:
    """Return what a person should know of a report: what it is, its zone, snapshot and filters."""
    filters = {
        name: value
        for name, value in wish.given().items()
        if name not in ("zone", "chinese") and value not in (None, [])
    }
    return {
        _("Report"): str(report.title),
        _("Time zone"): wish.zone,
        _("Snapshot"): plain(snapshot.at),
        _("Rows"): str(rows),
        _("Filters"): ", ".join(
            f"{name}: {' '.join(map(plain, value)) if isinstance(value, list) else plain(value)}"
            for name, value in filters.items()
        )
        or "-",
    }


def _nonzero(totals: Totals) -> Totals:
    return {
        key: {currency: amount for currency, amount in held.items() if amount} for key, held in totals.items()
    }
