"""Bringing everything that is sealed under the newest key of the ring, so that an older key can go.

Each value is replaced only if it is still the one that was read; what already has the newest key is passed
over. So it may run beside everything else, be stopped at any moment and be started again.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from psycopg2 import sql

from ecomhub import files, sealed
from ecomhub.models import StoredFile
from ecomhub.sealed import SealBroken

CHUNK = 500
"""Values sealed anew in one transaction."""
FILES = "files"
"""The place of the store of files, beside the columns of tables."""

_READ = """
SELECT {pk}, {column} FROM {table}
 WHERE {pk} > %(after)s AND {column} LIKE 'v1:%%' AND split_part({column}, ':', 2) <> %(newest)s
 ORDER BY {pk} LIMIT %(chunk)s
"""
_WRITE = """
UPDATE {table} t SET {column} = v.fresh
  FROM unnest(%(pks)s::bigint[], %(old)s::text[], %(fresh)s::text[]) AS v (pk, old, fresh)
 WHERE t.{pk} = v.pk AND t.{column} = v.old
"""
_USED = """
SELECT split_part({column}, ':', 2), count(*) FROM {table} WHERE {column} LIKE 'v1:%%' GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of sealed values, named such as ``channels.datakey.sealed``."""

    name: str
    parts: dict[str, sql.Composable] = field(repr=False)


@dataclass(slots=True)
class Resealed:
    """How many values a place had to seal anew, how many could not be opened, and the first of those."""

    place: str
    done: int = 0
    broken: int = 0
    examples: list[str] = field(default_factory=list)

    def refuse(self, name: object, reason: object) -> None:
        """Count a value that stays as it is."""
        self.broken += 1
        if len(self.examples) < 10:
            self.examples.append(f"{self.place} {name}: {reason}")


def columns() -> list[Column]:
    """Return every column of sealed values of every app, by name."""
    found = []
    for model in apps.get_models():
        for each in model._meta.local_concrete_fields:
            named = each.name == "sealed" or each.name.startswith("sealed_")
            key = model._meta.pk.column
            if named and isinstance(each, models.TextField) and each.column and key:
                parts: dict[str, sql.Composable] = {
                    "table": sql.Identifier(model._meta.db_table),
                    "column": sql.Identifier(each.column),
                    "pk": sql.Identifier(key),
                }
                found.append(Column(f"{model._meta.label_lower}.{each.name}", parts))
    return sorted(found, key=lambda column: column.name)


def used() -> dict[str, dict[str, int]]:
    """Return how many values each key of the ring, or one no longer in it, sealed; by key id and place."""
    found: dict[str, dict[str, int]] = {}
    with connection.cursor() as cursor:
        for column in columns():
            cursor.execute(sql.SQL(_USED).format(**column.parts))
            for key_id, count in cursor.fetchall():
                found.setdefault(key_id, {})[column.name] = count
    kept: Counter[str] = Counter()
    for file in _files():
        try:
            kept[sealed.key_id_of(blob=files.seal_of(file=file))] += 1
        except files.FileMissing:
            continue
    for key_id, count in kept.items():
        found.setdefault(key_id, {})[FILES] = count
    return found


def reseal(*, progress: Callable[[Resealed], None]) -> list[Resealed]:
    """Seal everything anew that is not under the newest key; ``progress`` hears of every chunk.

    Values that cannot be opened stay as they are and are counted.
    """
    told = [_reseal_column(column, progress) for column in columns()]
    return [*told, _reseal_files(progress)]


def _reseal_column(column: Column, progress: Callable[[Resealed], None]) -> Resealed:
    told, after = Resealed(column.name), 0
    while rows := _read(column, after):
        fresh: list[tuple[int, str, str]] = []
        for pk, blob in rows:
            try:
                fresh.append((pk, blob, sealed.reseal(blob=blob)))
            except SealBroken as error:
                told.refuse(pk, error)
        told.done += _write(column, fresh)
        after = rows[-1][0]
        progress(told)
    return told


def _read(column: Column, after: int) -> list[tuple[int, str]]:
    values: dict[str, Any] = {"after": after, "newest": sealed.active_key_id(), "chunk": CHUNK}
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(_READ).format(**column.parts), values)
        rows: list[tuple[int, str]] = cursor.fetchall()
    return rows


def _write(column: Column, rows: Sequence[tuple[int, str, str]]) -> int:
    values: dict[str, Any] = {
        "pks": [pk for pk, _old, _fresh in rows],
        "old": [old for _pk, old, _fresh in rows],
        "fresh": [fresh for _pk, _old, fresh in rows],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.SQL(_WRITE).format(**column.parts), values)
        written: int = cursor.rowcount
    return written


def _files() -> Iterator[StoredFile]:
    """Go through the sealed files, each content once."""
    rows = StoredFile.objects.filter(sealed=True).order_by("digest", "pk").distinct("digest")
    return rows.iterator(chunk_size=CHUNK)


def _reseal_files(progress: Callable[[Resealed], None]) -> Resealed:
    told, newest = Resealed(FILES), sealed.active_key_id()
    for file in _files():
        try:
            if sealed.key_id_of(blob=files.seal_of(file=file)) == newest:
                continue
            files.change_seal(file=file, change=lambda blob: sealed.reseal(blob=blob))
        except (SealBroken, files.FileMissing) as error:
            told.refuse(file.pk, error)
            continue
        told.done += 1
        if told.done % CHUNK == 0:
            progress(told)
    return told
