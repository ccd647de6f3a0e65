"""Trying a layout on a document before it is saved: its first rows, its columns, what would be read.

Nothing here is written anywhere; a long text document is tried on its beginning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from channels.money_files.encodings import head_text
from channels.money_files.tables import Row, find_heading, first_rows, fold
from channels.money_files.workbooks import is_workbook
from channels.settlement_messages import MoneyLine, Reading, Statement, StatementUnreadable
from ecomhub.sheets.raw import MAX_BYTES
from finance.sources import bank_sheets, shops, wallets
from finance.sources.layouts import Layout
from finance.sources.mapped import read_mapped

EXCERPT = 1 << 20
SHOWN = 30
"""Lines of a trial that are shown; all of them are counted."""


@dataclass(slots=True)
class Total:
    """What the lines of one type, or of one settlement, add up to in one currency."""

    name: str
    currency: str
    lines: int = 0
    amount: Decimal = Decimal(0)
    stated: Decimal | None = None

    @property
    def difference(self) -> Decimal | None:
        """Return the stated total less the lines, where one is stated."""
        return None if self.stated is None else self.stated - self.amount


@dataclass(slots=True)
class Trial:
    """What a layout reads from a document; ``is_part``: from its beginning only."""

    is_part: bool = False
    shown: list[MoneyLine] = field(default_factory=list)
    lines: int = 0
    settlements: dict[tuple[str, str], Total] = field(default_factory=dict)
    types: dict[tuple[str, str], Total] = field(default_factory=dict)


def head_of(*, content: BinaryIO, size: int) -> bytes:
    """Return as much of a document as its rows are known from: a workbook whole, of a text the beginning."""
    is_book = is_workbook(content)
    content.seek(0)
    head = content.read(MAX_BYTES if is_book and size <= MAX_BYTES else EXCERPT)
    content.seek(0)
    return head


def rows_of(head: bytes) -> list[Row]:
    """Return the first rows of a sheet. Raises ``StatementUnreadable`` for what is none."""
    rows = first_rows(head)
    if not rows:
        raise StatementUnreadable(_("The sheet cannot be opened, or has no rows. Save it as CSV first."))
    return rows


def heading_row(rows: Sequence[Row]) -> int:
    """Return the number of the row that most probably has the headings: wide, and without numbers."""
    widest = max(_filled(row) for row in rows)
    for row in rows:
        if _filled(row) * 3 >= widest * 2 and not any(_is_number(cell) for cell in row.cells):
            return row.number
    return rows[0].number


def headings_in(rows: Sequence[Row], number: int) -> list[str]:
    """Return the headings a row has, each once: two that fold to the same are one column to a layout."""
    cells = next((row.cells for row in rows if row.number == number), ())
    found: dict[str, str] = {}
    for cell in cells:
        if fold(cell):
            found.setdefault(fold(cell), cell.strip())
    return list(found.values())


def propose(headings: Sequence[str], roles: Sequence[str]) -> dict[str, str]:
    """Return the columns whose headings are words the hub knows, by role; a heading has one role at most."""
    known = (*wallets.LAYOUTS, *shops.LAYOUTS, *bank_sheets.LAYOUTS)
    found: dict[str, str] = {}
    for role in roles:
        words = {fold(name) for layout in known for name in layout.columns.get(role, ())}
        fitting = [name for name in headings if fold(name) in words and name not in found.values()]
        if fitting:
            found[role] = fitting[0]
    if "credit" in found and "debit" in found:
        found.pop("amount", None)
    elif "amount" in found:
        found = {role: name for role, name in found.items() if role not in ("credit", "debit")}
    return found


def completed(layout: Mapping[str, Any], *, head: bytes, row: int, headings: Sequence[str]) -> dict[str, Any]:
    """Return a layout with what makes it known again: its headings, and its row where that is not found.

    The columns that it uses have to be there.
    """
    used = sorted({name for names in layout.get("columns", {}).values() for name in names})
    return {
        **layout,
        "header_row": 0 if _finds(head, used, row) else row,
        "marks": used,
        "headings": list(headings),
    }


def try_out(*, content: BinaryIO, size: int, reading: Reading, layout: Layout) -> Trial:
    """Read a document by a layout. Raises ``StatementUnreadable`` saying what is wrong and where."""
    trial = Trial()
    content, trial.is_part = _beginning(content, size)
    for item in read_mapped(content, reading, layout):
        if isinstance(item, Statement):
            key = (item.settlement_id, item.currency)
            trial.settlements.setdefault(key, Total(*key)).stated = item.total
        else:
            _count(trial, item)
    if not trial.lines:
        raise StatementUnreadable(
            _("Nothing was read. Choose the row with the headings, and the columns of the date and amount.")
        )
    return trial


def _count(trial: Trial, line: MoneyLine) -> None:
    trial.lines += 1
    if len(trial.shown) < SHOWN:
        trial.shown.append(line)
    kind = (" / ".join(part for part in line.types if part), line.currency)
    for totals, key in (
        (trial.settlements, (line.settlement_id, line.currency)),
        (trial.types, kind),
    ):
        total = totals.setdefault(key, Total(*key))
        total.lines += 1
        total.amount += line.amount


def _beginning(content: BinaryIO, size: int) -> tuple[BinaryIO, bool]:
    """Return a document, or of a long text its first lines."""
    if size <= EXCERPT or is_workbook(content):
        return content, False
    content.seek(0)
    text = head_text(content.read(EXCERPT))
    return BytesIO(text[: text.rfind("\n") + 1].encode()), True


def _finds(head: bytes, used: Sequence[str], row: int) -> bool:
    """Say whether the first row with these headings is the one that was chosen."""
    wanted = {fold(name) for name in used}
    if head.startswith(b"PK"):
        found = next(
            (one.number for one in first_rows(head) if wanted <= {fold(cell) for cell in one.cells}), 0
        )
        return found == row
    heading = find_heading(head_text(head), wanted.issubset)
    return heading is not None and heading.row == row


def _filled(row: Row) -> int:
    return sum(bool(cell.strip()) for cell in row.cells)


def _is_number(cell: str) -> bool:
    bare = cell.strip().lstrip("+-(").replace(",", "").replace(".", "").rstrip(")")
    return bare.isdigit()
