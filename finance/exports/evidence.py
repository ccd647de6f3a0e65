"""The evidence pack (对账底稿): what an auditor needs of a book's days, in one archive.

The documents as they came, the reports made of them, the checklist of the close and every invariant, all of
one snapshot; each file with its hash, so that anybody can see that nothing was changed later.
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from django.utils import translation
from django.utils.translation import gettext as _

from ecomhub import files
from ecomhub.models import StoredFile
from ecomhub.sheets.writing import write_csv
from finance import laws
from finance.accounting import balances
from finance.closing import period_checks
from finance.exports import making
from finance.exports.catalog import REPORTS
from finance.exports.making import Progress
from finance.exports.shapes import Report, Wish
from finance.exports.snapshot import Snapshot
from finance.exports.writing import plain
from finance.models import Account, Book, PeriodAct, PolicyChange

NEEDS = ("book", "since", "through")
XLSX_ROWS = 100_000
"""Reports of up to so many rows are in the pack as workbooks too."""
_EXAMPLES = 20
_UNSAFE = re.compile(r"[^\w.()（） -]+")
_LANGUAGES = (("README.md", "en"), ("README.zh-CN.md", "zh-hans"))

_SOURCES = """
WITH touched AS (
    SELECT DISTINCT l.settlement_id, l.file_id
      FROM finance_settlementline l
      JOIN finance_settlement s ON s.id = l.settlement_id
      JOIN finance_moneyaccount a ON a.id = s.account_id
     WHERE a.book_id = %(book)s AND l.effective_on BETWEEN %(since)s AND %(through)s
), named AS (
    SELECT file_id FROM touched
    UNION
    SELECT d.file_id FROM finance_settlementfile d JOIN touched t ON t.settlement_id = d.settlement_id
)
SELECT f.file_id, a.name, f.digest, f.source, f.state, f.received_at, f.actor
  FROM named n
  JOIN finance_sourcefile f ON f.id = n.file_id
  JOIN finance_moneyaccount a ON a.id = f.account_id
 ORDER BY a.name, f.received_at, f.id
"""


@dataclass(frozen=True, slots=True)
class Pack:
    """What an archive holds."""

    manifest: dict[str, Any]
    rows: int
    is_personal: bool


@dataclass(slots=True)
class _Archive:
    """An archive being written, and the hash and size of everything in it."""

    zip: zipfile.ZipFile
    entries: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, content: IO[bytes], **facts: Any) -> None:
        """Add a file of any size."""
        digest, size = hashlib.sha256(), 0
        with self.zip.open(name, "w", force_zip64=True) as member:
            while part := content.read(files.PART):
                digest.update(part)
                size += len(part)
                member.write(part)
        self.entries.append({"path": name, "size": size, "sha256": digest.hexdigest(), **facts})

    def add_text(self, name: str, text: str) -> None:
        """Add a small text."""
        self.add(name, BytesIO(text.encode()))

    def add_json(self, name: str, value: Any) -> None:
        """Add facts."""
        self.add_text(name, json.dumps(value, ensure_ascii=False, indent=2, default=plain) + "\n")


def write(*, snapshot: Snapshot, wish: Wish, path: Path, head: Mapping[str, Any], progress: Progress) -> Pack:
    """Write the archive of a book's days; ``wish`` has them. Raises as the files and reports do."""
    book = Book.objects.select_related("legal_entity").get(pk=wish.book or 0)
    is_personal = False
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as opened:
        archive = _Archive(opened)
        for name, language in _LANGUAGES:
            with translation.override(language):
                archive.add_text(name, readme(book=book, wish=wish, head=head))
        is_personal = _sources(archive, snapshot, wish, progress)
        made = _reports(archive, snapshot, wish, path.parent, progress)
        checks = _checks(archive, snapshot, book, wish, progress)
        manifest = {
            **head,
            "company": book.legal_entity.name,
            "base_currency": book.currency,
            "checks": checks,
            "reports": made,
            "files": list(archive.entries),
        }
        archive.add_json("manifest.json", manifest)
        sums = "".join(f"{entry['sha256']}  {entry['path']}\n" for entry in archive.entries)
        archive.add_text("SHA256SUMS", sums)
    return Pack(manifest, sum(report["rows"] for report in made), is_personal)


def readme(*, book: Book, wish: Wish, head: Mapping[str, Any]) -> str:
    """Return what the pack is and how to check it, in the language in force."""
    title = _("Evidence pack")
    facts = [
        (_("Time zone"), wish.zone),
        (_("Base currency"), book.currency),
        (_("Snapshot"), str(head["snapshot_at"])),
    ]
    parts = [
        ("sources/", _("every document of these days as it came in, byte by byte")),
        ("reports/", _("the reports made of them: CSV, and workbooks where they are not too long")),
        ("checks/laws.json", _("every invariant of the books, with its count and what breaks it")),
        ("checks/checklist.json", _("the checklist of the close, computed")),
        ("checks/periods.json", _("who closed and reopened periods, when and why")),
        ("checks/policies.json", _("who changed which rates the book takes, when and why")),
        ("checks/trial_balance.csv", _("the balance of every account at the end of the last day")),
        ("manifest.json", _("filters, rows, totals per currency and the hash of every file")),
    ]
    lines = [
        f"# {title}: {book.legal_entity.name}, {wish.since} – {wish.through}",
        "",
        *(f"* {name}: {value}" for name, value in facts),
        "",
        _("All reports and checks are of this one snapshot of the database."),
        "",
        *(f"* `{place}`: {words}" for place, words in parts),
        "",
        _("Check that nothing was changed: run `sha256sum -c SHA256SUMS` where the archive was unpacked."),
        _("Text that begins with = + - @ has an apostrophe in front, so that no spreadsheet runs it."),
    ]
    return "\n".join(lines) + "\n"


def _sources(archive: _Archive, snapshot: Snapshot, wish: Wish, progress: Progress) -> bool:
    """Add the documents; says whether any of them is personal."""
    is_personal = False
    names, rows = snapshot.all(_SOURCES, wish.given())
    for values in rows:
        row = dict(zip(names, values, strict=True))
        stored = StoredFile.objects.get(pk=row["file_id"])
        is_personal = is_personal or stored.sealed
        place = f"sources/{_safe(row['name'])}/{row['digest'][:12]}-{_safe(stored.name)}"
        with files.opened(file=stored) as content:
            archive.add(
                place,
                content,
                account=row["name"],
                source=row["source"],
                state=row["state"],
                received_at=plain(row["received_at"]),
                received_by=row["actor"],
            )
        progress(0)
    return is_personal


def _safe(name: str) -> str:
    return _UNSAFE.sub("_", name).strip(". ")[:120] or "file"


def _reports(
    archive: _Archive, snapshot: Snapshot, wish: Wish, folder: Path, progress: Progress
) -> list[dict[str, Any]]:
    wanted = {
        kind: making.expected(snapshot=snapshot, report=report, wish=wish) for kind, report in REPORTS.items()
    }
    formats = {kind: ("csv", "xlsx") if made.rows <= XLSX_ROWS else ("csv",) for kind, made in wanted.items()}
    progress.total(sum(wanted[kind].rows * len(formats[kind]) for kind in REPORTS))
    found = []
    for kind, report in REPORTS.items():
        for format_ in formats[kind]:
            made = _report(
                archive, snapshot, report, wish, folder / f"part.{format_}", wanted[kind], progress
            )
            found.append(
                {
                    "report": kind,
                    "path": archive.entries[-1]["path"],
                    "rows": made.rows,
                    "totals": made.texts(),
                }
            )
    return found


def _report(
    archive: _Archive,
    snapshot: Snapshot,
    report: Report,
    wish: Wish,
    path: Path,
    wanted: making.Made,
    progress: Progress,
) -> making.Made:
    made = making.write(
        snapshot=snapshot,
        report=report,
        wish=wish,
        format=path.suffix[1:],
        path=path,
        wanted=wanted,
        progress=progress,
    )
    with path.open("rb") as content:
        archive.add(f"reports/{report.kind}{path.suffix}", content)
    path.unlink()
    return made


def _checks(
    archive: _Archive, snapshot: Snapshot, book: Book, wish: Wish, progress: Progress
) -> dict[str, Any]:
    """Add what the checks say; returns them in short."""
    held = []
    for law in laws.LAWS:
        checked = int(snapshot.all(law.checked)[1][0][0])
        broken = snapshot.all(law.violations)[1]
        examples = [", ".join(str(part) for part in row if part is not None) for row in broken[:_EXAMPLES]]
        held.append(
            {
                "id": law.id,
                "title": law.title,
                "checked": checked,
                "violations": len(broken),
                "examples": examples,
            }
        )
        progress(0)
    archive.add_json("checks/laws.json", held)
    through = wish.through
    assert through is not None  # noqa: S101 - asked for
    with snapshot.shared():
        findings = [
            period_checks.worded(check=asdict(finding))
            for finding in period_checks.look(book=book, through=through)
        ]
        trial = balances.trial_balance(book=book, through=through)
        acts = list(
            PeriodAct.objects.filter(book=book)
            .order_by("pk")
            .values("kind", "through", "reason", "checks", "actor", "at")
        )
        policies = list(
            PolicyChange.objects.filter(book=book)
            .order_by("pk")
            .values("rate_policy", "rate_source", "rate_days", "allows_cross_rates", "rounding_cap",
                    "rounding_cap_month", "instead_of", "reason", "actor", "at")
        )  # fmt: skip
        names = {account.code: account for account in Account.objects.all()}
    for act in acts:
        act["checks"] = [period_checks.worded(check=check) for check in act["checks"]]
    archive.add_json("checks/checklist.json", findings)
    archive.add_json("checks/periods.json", acts)
    archive.add_json("checks/policies.json", policies)
    archive.add("checks/trial_balance.csv", BytesIO(_trial_balance(book, trial, names, wish)))
    return {
        "laws": len(held),
        "laws_broken": [law["id"] for law in held if law["violations"]],
        "checklist": {finding["key"]: finding["count"] for finding in findings},
        "trial_balance_is_zero": trial.is_zero,
    }


def _trial_balance(
    book: Book, trial: balances.TrialBalance, names: Mapping[str, Account], wish: Wish
) -> bytes:
    in_base = " ".join((_("Balance in base currency"), f"({book.currency})"))
    header = [
        _("Account code"),
        _("Name of the account"),
        _("Currency"),
        _("Balance"),
        in_base,
        _("Entries"),
    ]
    rows: list[list[str | int | Decimal | None]] = []
    for row in trial.rows:
        account = names.get(row.account)
        name = "" if account is None else account.name_zh if wish.is_chinese else account.name
        rows.append([row.account, name, row.currency, row.amount, row.base_amount, row.legs])
    return write_csv(header=header, rows=rows)
