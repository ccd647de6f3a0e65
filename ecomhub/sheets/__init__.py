"""Sheets people bring and take: reading CSV and XLSX into checked rows, importing them, writing safe CSV.

An app offers importers in its ``sheets`` module as ``IMPORTERS: list[Importer]``; discovery finds them and
``inventory.imports`` runs them. An importer's ``check`` looks at all rows and writes nothing; its ``apply``
gets about ``CHUNK`` rows that passed, inside one transaction, and does each of them at most once, by
``job.cause(row=row)``.
"""

from ecomhub.sheets.cells import CellRefused, Numbers
from ecomhub.sheets.nouns import (
    CHUNK,
    Column,
    Finding,
    Importer,
    Job,
    Option,
    Outcome,
    SheetRow,
    Table,
    repeated,
)
from ecomhub.sheets.reading import SheetRefused, read_table
from ecomhub.sheets.writing import template, write_csv

IMPORTERS: list[Importer] = []
"""The ground imports nothing itself."""

__all__ = [
    "CHUNK",
    "IMPORTERS",
    "CellRefused",
    "Column",
    "Finding",
    "Importer",
    "Job",
    "Numbers",
    "Option",
    "Outcome",
    "SheetRefused",
    "SheetRow",
    "Table",
    "read_table",
    "repeated",
    "template",
    "write_csv",
]
