"""Rules of the street that import contracts cannot say, read from the source."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.runtime.test_ground import CHECKOUT

HOUSES = ("ecomhub", "inventory", "channels", "orders", "logistics", "finance")
FORBIDDEN_NAMES = {"services.py", "utils.py", "helpers.py", "signals.py"}


def _modules() -> Iterator[Path]:
    for house in HOUSES:
        yield from (
            path for path in sorted((CHECKOUT / house).rglob("*.py")) if "migrations" not in path.parts
        )


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_every_house_stands_in_the_street() -> None:
    linter = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]
    street = next(contract for contract in linter["contracts"] if contract["type"] == "layers")
    assert sorted(street["layers"]) == sorted(settings.ECOMHUB_APPS) == sorted(linter["root_packages"])
    found = {path.parent.name for path in CHECKOUT.glob("*/apps.py")}
    assert found == set(settings.ECOMHUB_APPS)


def test_no_platform_touches_the_database() -> None:
    for path in (CHECKOUT / "channels" / "platforms").rglob("*.py"):
        touched = [name for name in _imported(ast.parse(path.read_text())) if name.startswith("django.db")]
        assert not touched, path


@pytest.mark.parametrize("path", list(_modules()), ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_a_module_imports_at_its_top_and_has_a_telling_name(path: Path) -> None:
    assert path.name not in FORBIDDEN_NAMES
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            local = [inner for inner in ast.walk(node) if isinstance(inner, (ast.Import, ast.ImportFrom))]
            assert not local, f"{node.name} imports inside"


def test_every_migration_is_named() -> None:
    for house in HOUSES:
        for path in (CHECKOUT / house / "migrations").glob("0*.py"):
            assert "_auto_" not in path.name, path
            assert not path.stem.endswith("_initial") or path.stem == "0001_initial", path
