"""Checking every law of every house in one snapshot of the database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from ecomhub import discovery
from ecomhub.discovery import Law

SHOWN = 20
"""Broken things named per law; all of them are counted."""


@dataclass(frozen=True, slots=True)
class LawResult:
    """How many things a law looked at, how many break it, and the first of those by name."""

    id: str
    title: str
    checked: int
    violations: int
    examples: list[str] = field(default_factory=list)


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

    def as_dict(self) -> dict[str, Any]:
        """Return what `manage.py verify --json` prints."""
        return {
            "ok": self.ok,
            "laws": [
                {
                    "id": law.id,
                    "title": law.title,
                    "checked": law.checked,
                    "violations": law.violations,
                    "examples": law.examples,
                }
                for law in self.laws
            ],
        }


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
