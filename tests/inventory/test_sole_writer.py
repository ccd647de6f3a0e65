"""Only the ledger writes stock: in the code, and as the database lets the application."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

ROOT = Path(settings.BASE_DIR)
LEDGER = ROOT / "inventory" / "ledger"
TABLES = ("stocklevel", "stockmovement", "costlayer")
MODELS = ("StockLevel", "StockMovement", "CostLayer")
WRITES = {
    "create",
    "bulk_create",
    "update",
    "bulk_update",
    "delete",
    "get_or_create",
    "update_or_create",
    "save",
}
# A bench's limit writes the same rows by the barest statement, into copies of the tables.
ALLOWED = ("bench.py", "bench_")
_SQL = re.compile(
    rf"(insert\s+into|update|delete\s+from|truncate|merge\s+into|copy)\s+inventory_({'|'.join(TABLES)})",
    re.IGNORECASE,
)


def sources() -> list[Path]:
    """Every module of ours that is no migration and not the ledger."""
    return [
        path
        for app in settings.ECOMHUB_APPS
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts and LEDGER not in path.parents and not path.name.startswith(ALLOWED)
    ]


def writes_in(source: str) -> list[str]:
    """What in a module writes stock: raw SQL in its texts, or a writing call that names a model."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and (hit := _SQL.search(node.value))
        ):
            found.append(hit[0])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            inside = {name.id for name in ast.walk(node.func) if isinstance(name, ast.Name)}
            found += [f"{model}.{node.func.attr}" for model in MODELS if model in inside]
    return found


def test_no_module_but_the_ledger_writes_stock() -> None:
    guilty = {str(path.relative_to(ROOT)): writes_in(path.read_text()) for path in sources()}
    assert {path: what for path, what in guilty.items() if what} == {}
    assert len(guilty) > 50


@pytest.mark.parametrize(
    "source",
    [
        "StockLevel.objects.filter(pk=1).update(reserved=3)",
        "CostLayer(quantity=1).save()",
        "x = f'''UPDATE  inventory_stocklevel SET on_hand = {n}'''",
        "StockMovement.objects.bulk_create([])",
    ],
)
def test_the_search_for_other_writers_finds_one(source: str) -> None:
    assert writes_in(source)


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["inventory_stockmovement", "inventory_costlayer"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_cannot_rewrite_the_ledger(table: str, verb: str) -> None:
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(verb.format(table))
