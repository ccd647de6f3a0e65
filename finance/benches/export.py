"""``make bench NAME=export``: exports as a worker makes them, beside a server cursor that only writes.

The limit reads the same query through a server-side cursor and writes it by the same writer, without looking
at a cell, adding up, checking against the pages' sums, hashing or keeping the file. Both sides write the
report as people get it, which is two columns more than the twenty a workbook is asked for: what each cell
costs beyond the writer is counted for all of them. The memory is held to its bound with either writer.
"""

import csv
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from openpyxl import Workbook
from psycopg2.extensions import cursor as Cursor

from channels.models import Shop
from ecomhub import benching
from ecomhub.access import SYSTEM
from ecomhub.discovery import BenchResult
from finance.benches import parts
from finance.benches.parts import AT
from finance.exports import exporting, settlement_lines, snapshot
from finance.exports.shapes import Wish
from finance.models import ExportJob

LINES = int(os.environ.get("ECOMHUB_BENCH_LINES", "1000000"))
XLSX_LINES = min(LINES, int(os.environ.get("ECOMHUB_BENCH_XLSX_LINES", "200000")))
ROUNDS = int(os.environ.get("ECOMHUB_BENCH_ROUNDS", "1"))
BOUND = 0.33
XLSX_BOUND = 0.67
MEMORY_MIB = 32

_FILL = """
INSERT INTO ecomhub_storedfile (digest, purpose, name, content_type, size, sealed)
VALUES ('bench', 'statement', 'settlement.txt', '', 0, false);
INSERT INTO finance_sourcefile (account_id, digest, file_id, source, state, reason, lines, actor, received_at)
SELECT %(account)s, 'bench', max(id), 'amazon_settlement_v2', 'read', '', 0, 'bench', %(at)s
  FROM ecomhub_storedfile;
INSERT INTO finance_linetype (source, first, second, third, seen_at)
VALUES ('amazon_settlement_v2', 'Order', 'ItemPrice', 'Principal', %(at)s),
       ('amazon_settlement_v2', 'Order', 'ItemFees', 'Commission', %(at)s);
INSERT INTO finance_settlement (account_id, external_id, currency, source, shop_id, state, reason,
    platform_status, total, lines_total, line_count, posted_count, payout_ref, payout_currency,
    accepted_reason, version)
SELECT %(account)s, 'bench ' || n, 'USD', 'amazon_settlement_v2', %(shop)s, 'posted', '', '', 0, 0, 0, 0, '',
       '', '', 1 FROM generate_series(1, 2) n;
INSERT INTO finance_settlementline (settlement_id, file_id, "row", content, occurrence, line_type_id,
    currency, amount, posted_at, effective_on, order_ref, line_ref, sku_code, quantity, reference,
    marketplace, note)
SELECT (SELECT min(id) FROM finance_settlement) + CASE WHEN n <= %(first)s THEN 0 ELSE 1 END,
       (SELECT max(id) FROM finance_sourcefile), n + 2, int8send(n) || int8send(0), 0,
       (SELECT min(id) FROM finance_linetype) + n %% 2, 'USD', (n %% 4999 + 5) / 100.0 * (1 - 2 * (n %% 2)),
       %(at)s - n * interval '1 second', '2026-03-01'::date + (n %% 14)::int,
       '902-' || lpad(n::text, 7, '0') || '-' || lpad((n * 7919 %% 9999991)::text, 7, '0'), n::text,
       'SKU-' || n %% 1000, 1, CASE WHEN n %% 100 = 0 THEN '=1+1' ELSE 'ref ' || n END, 'Amazon.com', ''
  FROM generate_series(1, %(lines)s::bigint) n;
INSERT INTO finance_journal (book_id, effective_on, kind, key, memo, actor)
VALUES (%(book)s, '2026-03-14', 'settlement', 'bench', '', 'bench');
INSERT INTO finance_posting (journal_id, account_id, currency, amount, base_amount, component, line_id, turn)
SELECT (SELECT max(id) FROM finance_journal), '1105', 'USD', -l.amount, -l.amount, '4000', l.id, 0
  FROM finance_settlementline l
"""
_TRIGGERS = ("finance_journal", "finance_posting")


def export() -> BenchResult:
    """Measure CSV and XLSX by turns; the ratio is the worse one, XLSX being allowed half of CSV's loss."""
    figures: dict[str, list[float]] = {
        f"{format_}{what}": [] for format_ in ("csv", "xlsx") for what in ("", "_limit", "_growth", "_peak")
    }
    exact = {"missed": 0}
    with (
        tempfile.TemporaryDirectory() as folder,
        parts.files_in(folder),
        benching.scratch(copied=["finance_account", "finance_currency"]) as cursor,
    ):
        first = _fill(cursor)
        sizes = {"csv": LINES, "xlsx": XLSX_LINES}
        for round_ in range(ROUNDS):
            for format_, rows in sizes.items():
                chosen = [first] if format_ == "xlsx" else []
                ways = {
                    format_: lambda f=format_, s=chosen, n=rows: _ours(f, s, n),  # type: ignore[misc]
                    f"{format_}_limit": lambda f=format_, s=chosen: _LIMITS[f](Path(folder), s),
                }
                for name in sorted(ways, reverse=bool(round_ % 2)):
                    seconds, growth, peak = parts.apart(ways[name])
                    figures[name].append(rows / seconds)
                    if name == format_:
                        figures[f"{format_}_growth"].append(growth)
                        figures[f"{format_}_peak"].append(peak)
        made = ExportJob.objects.filter(rows_done__gt=0, file__isnull=False).count()
        exact["missed"] = 2 * ROUNDS - made
    grown = {format_: max(figures[f"{format_}_growth"]) for format_ in sizes}
    exact["mib_over_memory"] = sum(max(0, round(growth - MEMORY_MIB)) for growth in grown.values())
    ratios = {
        format_: statistics.median(
            ours / limit for ours, limit in zip(figures[format_], figures[f"{format_}_limit"], strict=True)
        )
        for format_ in sizes
    }
    return BenchResult(
        name="export",
        unit="rows/s",
        ours=statistics.median(figures["csv"]),
        limit=statistics.median(figures["csv_limit"]),
        ratio=min(ratios["csv"], ratios["xlsx"] * BOUND / XLSX_BOUND),
        bound=BOUND,
        cases=[
            {
                "case": f"{format_}, {sizes[format_]} rows of {len(settlement_lines.REPORT.columns)} columns",
                "ours": [round(rate) for rate in figures[format_]],
                "limit": [round(rate) for rate in figures[f"{format_}_limit"]],
                "ratio": round(ratios[format_], 3),
                "bound": bound,
            }
            for format_, bound in (("csv", BOUND), ("xlsx", XLSX_BOUND))
        ]
        + [
            {
                "case": f"memory of {format_}",
                "growth_mib": round(growth),
                "peak_mib": round(max(figures[f"{format_}_peak"])),
                "bound": MEMORY_MIB,
            }
            for format_, growth in grown.items()
        ],
        exact=exact,
    )


def _fill(cursor: Cursor) -> int:
    """Make the lines, each with its posting; returns the settlement that holds those of the workbook."""
    account = parts.seller()
    for table in _TRIGGERS:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    cursor.execute(
        _FILL,
        {
            "account": account.pk,
            "shop": Shop.objects.get().pk,
            "book": account.book_id,
            "at": AT,
            "lines": LINES,
            "first": XLSX_LINES,
        },
    )
    for table in _TRIGGERS:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    cursor.execute("VACUUM ANALYZE finance_settlementline")
    cursor.execute("VACUUM ANALYZE finance_posting")
    cursor.execute("SELECT min(id) FROM finance_settlement")
    (first,) = cursor.fetchone() or (0,)
    return int(first)


def _ours(format_: str, settlements: list[int], rows: int) -> None:
    row = exporting.ask(
        kind="settlement_lines",
        format=format_,
        parameters={"settlement": settlements},
        actor=SYSTEM,
        at=AT,
    )
    standing = exporting.carry_out(export_id=row.pk, now=lambda: AT)
    row.refresh_from_db()
    if standing != ExportJob.Standing.READY or row.rows_done != rows:
        raise RuntimeError(f"the export ended as {standing} with {row.rows_done} rows: {row.last_error}")


def _rows(settlements: list[int]) -> Iterator[list[tuple[object, ...]]]:
    wish = Wish(zone="UTC", settlements=settlements)
    with snapshot.taken() as taken:
        yield from taken.batches(settlement_lines.REPORT.rows, wish.given())


def _limit_csv(folder: Path, settlements: list[int]) -> None:
    with (folder / "limit.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        for batch in _rows(settlements):
            writer.writerows(batch)


def _limit_xlsx(folder: Path, settlements: list[int]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for batch in _rows(settlements):
        for row in batch:
            sheet.append(row)
    book.save(folder / "limit.xlsx")


_LIMITS: dict[str, Callable[[Path, list[int]], None]] = {"csv": _limit_csv, "xlsx": _limit_xlsx}
