"""What sources say of their types of line, as rows that SQL can join: never a platform's name in a query."""

from collections.abc import Callable, Iterator

from channels.settlement_messages import TypeRule
from finance.sources import registry

MATCHES = """w.source = t.source AND w.first IN ('*', t.first) AND w.second IN ('*', t.second)
               AND w.third IN ('*', t.third)"""
"""How a row ``w`` of ``rows_of`` fits a type of line ``t``."""


def rows_of(said: Callable[[TypeRule], str | None]) -> str:
    """Return ``VALUES`` of (source, first, second, third, word) for the rules of which something is said."""
    return "VALUES {}".format(", ".join(_rows(said)))


def _rows(said: Callable[[TypeRule], str | None]) -> Iterator[str]:
    for source in registry.sources().values():
        for rule in source.rules:
            word = said(rule)
            if word:
                yield "({})".format(", ".join(_text(cell) for cell in (source.key, *rule.types, word)))


def _text(cell: str) -> str:
    """Return a text constant; a percent sign is written apart, for queries with parameters."""
    return "'{}'".format(cell.replace("'", "''").replace("%", "' || chr(37) || '"))
