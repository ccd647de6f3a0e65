"""Reads of imports: the newest, those of a document, and what is known of their settlements now."""

from collections.abc import Sequence

from django.db.models import QuerySet

from ecomhub.access import Actor
from finance import seeing
from finance.models import DocumentRuling, ImportJob, RememberedLayout, SettlementFile, SourceFile

RECENT = 12


def imports_of(*, actor: Actor) -> "QuerySet[ImportJob]":
    """Return the imports somebody may see, with their documents."""
    return seeing.imports(actor=actor).select_related("document__account", "document__file", "layout")


def recent(*, actor: Actor, size: int = RECENT) -> list[ImportJob]:
    """Return the imports that were asked for last, the newest first."""
    return list(imports_of(actor=actor).order_by("-pk")[:size])


def of_document(*, actor: Actor, file: SourceFile, size: int = RECENT) -> list[ImportJob]:
    """Return the imports of one document, the newest first."""
    return list(imports_of(actor=actor).filter(document=file).order_by("-pk")[:size])


def said_now(*, imports: Sequence[ImportJob]) -> dict[tuple[int, int], SettlementFile]:
    """Return what is held now of the settlements of these imports, by document and settlement."""
    files = {row.document_id for row in imports if row.outcomes}
    if not files:
        return {}
    rows = SettlementFile.objects.filter(file__in=files).select_related("settlement")
    return {(row.file_id, row.settlement_id): row for row in rows}


def layouts_of(*, actor: Actor) -> list[RememberedLayout]:
    """Return the remembered layouts somebody may see, by account and name."""
    rows = seeing.layouts(actor=actor).select_related("account")
    return list(rows.order_by("account__name", "name"))


def rulings_of(*, settlement: int) -> "QuerySet[DocumentRuling]":
    """Return what was decided of a settlement's documents, the newest first."""
    return DocumentRuling.objects.filter(settlement=settlement).select_related("file__file").order_by("-pk")
