"""Checking every law of every house in one snapshot of the database."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from ecomhub import discovery
from ecomhub.discovery import Law

SHOWN = 20
"""Broken things named per law; all of them are counted."""
_NUMBERED = re.compile(r"([A-Z]\d+)(?:\.\w+)?")
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class LawResult:
    """How many things a law looked at, how many break it, and the first of those by name."""

    id: str
    title: str
    checked: int
    violations: int
    examples: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return what a report says of it."""
        return {
            "id": self.id,
            "title": self.title,
            "checked": self.checked,
            "violations": self.violations,
            "examples": self.examples,
        }


@dataclass(frozen=True, slots=True)
class Chapter:
    """What a report says under one id: a law, or all that bear one number, such as I6 and I6.decided.

    ``checked`` and ``violations`` are the sums over them; ``parts`` names them where there are several.
    """

    id: str
    laws: list[LawResult]

    @property
    def title(self) -> str:
        """Return what the law of this id says, or what all of its parts say."""
        return next((law.title for law in self.laws if law.id == self.id), "") or "; ".join(
            law.title for law in self.laws
        )

    @property
    def checked(self) -> int:
        """Return how many things were looked at."""
        return sum(law.checked for law in self.laws)

    @property
    def violations(self) -> int:
        """Return how many of them are broken."""
        return sum(law.violations for law in self.laws)

    @property
    def parts(self) -> list[LawResult]:
        """Return the laws that bear a name of their own behind the number."""
        return [law for law in self.laws if law.id != self.id]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it; the examples are those of all its laws."""
        examples = [one for law in self.laws for one in law.examples]
        said = LawResult(self.id, self.title, self.checked, self.violations, examples).as_dict()
        return said | {"parts": [law.as_dict() for law in self.parts]}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome over all laws."""

    laws: list[LawResult]

    @property
    def ok(self) -> bool:
        """Say whether no law is broken."""
        return not self.broken

    @property
    def broken(self) -> list[str]:
        """Return the ids of the broken laws."""
        return [law.id for law in self.laws if law.violations]

    @property
    def chapters(self) -> list[Chapter]:
        """Return every number once with all that bears it, I2 before I10, and the laws without a number."""
        found: dict[str, list[LawResult]] = {}
        for law in self.laws:
            number = _NUMBERED.fullmatch(law.id)
            found.setdefault(number[1] if number else law.id, []).append(law)
        return [Chapter(id=name, laws=found[name]) for name in sorted(found, key=_place)]

    def as_dict(self) -> dict[str, Any]:
        """Return what `manage.py verify --json` prints."""
        return {"ok": self.ok, "laws": [chapter.as_dict() for chapter in self.chapters]}


def _place(name: str) -> list[str | int]:
    """Return what puts ids in an order in which numbers count as numbers."""
    return [int(part) if part.isdigit() else part for part in _DIGITS.split(name)]


def verify(*, laws: Sequence[Law] | None = None) -> Verdict:
    """Check laws (all that are found, unless given) against one read-only snapshot.

    Not inside a transaction: a snapshot that began earlier would be another one.
    """
    with _snapshot():
        return Verdict(laws=[_check(law) for law in (discovery.laws() if laws is None else laws)])


@contextmanager
def _snapshot() -> Iterator[None]:
    """Open a REPEATABLE READ, READ ONLY transaction without the application's time limits."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(
                "SELECT set_config(name, '0', true) FROM pg_settings "
                "WHERE name IN ('statement_timeout', 'transaction_timeout')"
            )
        yield


def _check(law: Law) -> LawResult:
    with connection.cursor() as cursor:
        cursor.execute(law.checked)
        checked = int(cursor.fetchone()[0])
        cursor.execute(law.violations)
        broken = cursor.fetchmany(SHOWN)
        count = cursor.rowcount
    examples = [", ".join(str(part) for part in row if part is not None) for row in broken]
    return LawResult(
        id=law.id, title=law.title, checked=checked, violations=max(count, len(broken)), examples=examples
    )
