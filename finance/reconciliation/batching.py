"""Many small entries in two statements, each of them once."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date

from django.db import connection

from finance.accounting import ledger
from finance.accounting.ledger import Leg
from finance.models import Book

_JOURNALS = """
INSERT INTO finance_journal (book_id, effective_on, kind, key, memo, actor)
SELECT %(book)s, e.day, e.kind, e.key, e.memo, e.actor
  FROM unnest(%(days)s::date[], %(kinds)s::text[], %(keys)s::text[], %(memos)s::text[], %(actors)s::text[])
    AS e(day, kind, key, memo, actor) ORDER BY e.key
    ON CONFLICT (book_id, key) DO NOTHING RETURNING id, key
"""
_TYPES = {"account": "text", "currency": "text", "component": "text", "amount": "numeric",
          "base_amount": "numeric", "turn": "int"}  # fmt: skip
_NAMES = tuple(field.name for field in fields(Leg))
_COLUMNS = ", ".join("account_id" if name == "account" else name for name in _NAMES)
_ARRAYS = ", ".join(f"%s::{_TYPES.get(name, 'bigint')}[]" for name in _NAMES)
_LEGS = f"""
INSERT INTO finance_posting (journal_id, {_COLUMNS})
SELECT * FROM unnest(%s::bigint[], {_ARRAYS})
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry to be written; ``key`` happens once per book."""

    effective_on: date
    kind: str
    key: str
    legs: Sequence[Leg]
    memo: str = ""
    actor: str = "system"


def post_many(*, book: Book, entries: Sequence[Entry]) -> dict[str, int]:
    """Write entries in the caller's transaction; return the journals written now by their keys.

    Entries without legs are left out; a key the book has already is passed over. Raises as
    ``finance.accounting.ledger.post`` does, and then nothing is written.
    """
    wanted = [entry for entry in entries if entry.legs]
    if not wanted:
        return {}
    with ledger.refusals(), connection.cursor() as cursor:
        cursor.execute(
            _JOURNALS,
            {
                "book": book.pk,
                "days": [entry.effective_on for entry in wanted],
                "kinds": [str(entry.kind) for entry in wanted],
                "keys": [entry.key for entry in wanted],
                "memos": [entry.memo[:200] for entry in wanted],
                "actors": [entry.actor[:160] for entry in wanted],
            },
        )
        made: dict[str, int] = {key: journal for journal, key in cursor.fetchall()}
        pairs = [(made[entry.key], leg) for entry in wanted if entry.key in made for leg in entry.legs]
        if pairs:
            columns = [[getattr(leg, name) for _journal, leg in pairs] for name in _NAMES]
            cursor.execute(_LEGS, [[journal for journal, _leg in pairs], *columns])
    return made
