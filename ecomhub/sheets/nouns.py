"""Columns, rows, findings and importers."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from django.utils.translation import gettext as _

from ecomhub.sheets import cells
from ecomhub.sheets.cells import CellRefused, Numbers

CHUNK = 500
"""Rows applied in one transaction."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column an importer reads. ``key`` is the header in our own files; ``names`` are other headers
    people use for it, in any language; ``title`` is a lazy translation, accepted as a header too.
    """

    key: str
    title: Any
    names: tuple[str, ...] = ()
    required: bool = False
    number: bool = False
    example: str = ""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row of a sheet as text by column key; ``number`` is the row a person sees (the header is 1).

    Columns the sheet does not have are not in ``values``; empty cells are ``""``. The readers below raise
    ``CellRefused`` with a text for the person.
    """

    number: int
    values: Mapping[str, str]
    titles: Mapping[str, str] = field(default_factory=dict)
    numbers: Numbers = Numbers.POINT
    exact: frozenset[str] = frozenset()
    broken: Mapping[str, str] = field(default_factory=dict)

    def has(self, key: str) -> bool:
        """Say whether the sheet has the column and this row something in it."""
        return bool(self.values.get(key)) or key in self.broken

    def text(self, key: str, *, longest: int = 200, required: bool = False) -> str:
        """Return a cell's text; empty when there is none."""
        if key in self.broken:
            raise CellRefused(self._about(key, self.broken[key]))
        text = self.values.get(key, "")
        if required and not text:
            raise CellRefused(self._about(key, _("is empty; fill it in")))
        if len(text) > longest:
            raise CellRefused(self._about(key, _("is longer than %d characters") % longest))
        if cells.was_shortened(text):
            raise CellRefused(
                self._about(key, _("lost digits in Excel (%s); format the column as text") % text)
            )
        return text

    def decimal(self, key: str, *, least: Decimal | None = Decimal(0), places: int = 4) -> Decimal | None:
        """Return a cell's number, ``None`` when empty."""
        text = self.text(key)
        if not text:
            return None
        try:
            value = cells.parse_number(text, numbers=Numbers.POINT if key in self.exact else self.numbers)
        except CellRefused as refusal:
            raise CellRefused(self._about(key, str(refusal))) from refusal
        if least is not None and value < least:
            raise CellRefused(self._about(key, _("is less than %s") % least))
        if value != round(value, places):
            raise CellRefused(self._about(key, _("has more than %d decimals") % places))
        if abs(value) >= Decimal("1e15"):
            raise CellRefused(self._about(key, _("is too large")))
        return value

    def integer(self, key: str, *, least: int = 0, most: int = 2_000_000_000) -> int | None:
        """Return a cell's whole number, ``None`` when empty."""
        value = self.decimal(key, least=Decimal(least), places=0)
        if value is not None and value > most:
            raise CellRefused(self._about(key, _("is more than %d") % most))
        return None if value is None else int(value)

    def boolean(self, key: str) -> bool | None:
        """Return a cell's yes or no (1/0, true/false, yes/no, 是/否), ``None`` when empty."""
        text = self.text(key)
        if not text:
            return None
        value = cells.parse_boolean(text)
        if value is None:
            raise CellRefused(self._about(key, _("is neither yes nor no: %s") % text))
        return value

    def _about(self, key: str, what: str) -> str:
        return f"{self.titles.get(key, key)} {what}"


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet that was read: its rows, the columns it has, and headers nobody asked for."""

    rows: list[SheetRow]
    found: tuple[str, ...]
    ignored: tuple[str, ...]


class Outcome(StrEnum):
    """What an importer does, or would do, with a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Finding:
    """What happens to one row. ``subject`` names the thing (a SKU code); ``reason`` says what to change in
    a refused row, or which fields an update touches.
    """

    row: int
    outcome: Outcome
    subject: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """One sheet being imported: who brings it, when, and the SHA-256 of its content."""

    at: datetime
    actor: str
    digest: str
    options: Mapping[str, bool] = field(default_factory=dict)

    def cause(self, *, row: SheetRow) -> str:
        """Return the name of this row's act: the same file's same row is always the same act."""
        return f"sheet:{self.digest[:24]}:{row.number}"


class Work(Protocol):
    """Looks at rows, or applies them; one finding per row, in their order."""

    def __call__(self, *, rows: Sequence[SheetRow], job: Job) -> list[Finding]:
        """Return the findings."""
        ...


@dataclass(frozen=True, slots=True)
class Option:
    """A choice the person makes for the whole sheet; off unless said."""

    key: str
    title: Any


@dataclass(frozen=True, slots=True)
class Importer:
    """A kind of sheet an app can take in. ``action`` is the right a person needs for it, besides that to
    import sheets at all. Neighboring rows with the same text in the column ``together`` are one thing: they
    are applied in one call. A ``personal`` sheet tells about people, and is kept sealed.
    """

    kind: str
    title: Any
    columns: Sequence[Column]
    check: Work
    apply: Work
    action: str = "inventory.import"
    options: tuple[Option, ...] = ()
    together: str = ""
    personal: bool = False

    def chunks(self, *, rows: Sequence[SheetRow], size: int = CHUNK) -> Iterator[Sequence[SheetRow]]:
        """Yield the rows in chunks of about ``size`` that part nothing that belongs together."""
        begun = 0
        for place in range(1, len(rows) + 1):
            is_whole = place == len(rows) or not self._belongs(rows[place - 1], rows[place])
            if place == len(rows) or (is_whole and place - begun >= size):
                yield rows[begun:place]
                begun = place

    def halves(self, *, rows: Sequence[SheetRow]) -> Sequence[Sequence[SheetRow]]:
        """Return the rows in two parts, or in one where all of them belong together."""
        places = [place for place in range(1, len(rows)) if not self._belongs(rows[place - 1], rows[place])]
        if not places:
            return [rows]
        middle = min(places, key=lambda place: abs(2 * place - len(rows)))
        return [rows[:middle], rows[middle:]]

    def _belongs(self, one: SheetRow, other: SheetRow) -> bool:
        return bool(self.together) and one.values.get(self.together) == other.values.get(self.together)


def repeated(*, keys: Iterable[tuple[int, Hashable]]) -> dict[int, int]:
    """Return for each row whose key an earlier row has too, that earlier row: ``{row: earlier row}``."""
    first: dict[Hashable, int] = {}
    again: dict[int, int] = {}
    for row, key in keys:
        if key in first:
            again[row] = first[key]
        else:
            first[key] = row
    return again
