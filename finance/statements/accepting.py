"""What a person decides of a document that does not agree: it is accepted as it is, or set aside as evidence.

Accepting books its lines, and what they differ by from what it states as a line of its own that stands
unclassified. Setting aside books nothing. Both need a reason, and stay on record with who gave it.
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from ecomhub import events
from finance.models import DocumentRuling, ImportJob, Settlement, SettlementFile
from finance.statements import posting, uploading
from finance.statements.restating import DECIDABLE

Kind = DocumentRuling.Kind
State = SettlementFile.State


class RulingRefused(Exception):
    """A document cannot be decided like that; the text says what to do."""


def is_open(*, document: SettlementFile) -> bool:
    """Say whether a document waits for somebody to decide."""
    return document.state == State.STAGED and document.reason in DECIDABLE


def may_accept(*, document: SettlementFile) -> bool:
    """Say whether a document can be accepted: it waits, or was only set aside."""
    is_aside = document.state == State.EVIDENCE and document.reason == "set_aside"
    return is_aside or is_open(document=document)


def difference_of(*, document: SettlementFile) -> Decimal | None:
    """Return what a document states more than its lines add up to; ``None`` where it states no total."""
    return None if document.total is None else document.total - document.lines_total


def ruling_of(*, document: SettlementFile) -> DocumentRuling | None:
    """Return what was decided of a document last."""
    rulings = DocumentRuling.objects.filter(settlement=document.settlement_id, file=document.file_id)
    return rulings.order_by("-pk").first()


def accept(*, document: SettlementFile, reason: str, at: datetime, actor: str) -> ImportJob:
    """Accept a document as it is; the import that is returned books it. Raises ``RulingRefused``."""
    with transaction.atomic():
        held = _held(document)
        if not may_accept(document=held):
            raise RulingRefused(_closed())
        if _is_accepted(held):
            raise RulingRefused(_("It was accepted already and is being booked. Reload the page."))
        _rule(held, Kind.ACCEPTED, reason, at=at, actor=actor)
        Settlement.objects.filter(pk=held.settlement_id).update(accepted_reason=reason.strip()[:200])
        return uploading.ask(file=held.file, settlement=held.settlement, at=at, actor=actor)


def set_aside(*, document: SettlementFile, reason: str, at: datetime, actor: str) -> None:
    """Keep a document beside as evidence; nothing of it is booked. Raises ``RulingRefused``."""
    with transaction.atomic():
        held = _held(document)
        if not is_open(document=held) or _is_accepted(held):
            raise RulingRefused(_closed())
        _rule(held, Kind.SET_ASIDE, reason, at=at, actor=actor)
        held.state, held.reason = State.EVIDENCE, "set_aside"
        held.save(update_fields=["state", "reason"])
        settlement = held.settlement
        others = SettlementFile.objects.filter(settlement=settlement, state=State.STAGED)
        if settlement.state == Settlement.State.STAGED and not others.exists():
            settlement.state, settlement.reason = Settlement.State.EVIDENCE, "set_aside"
            settlement.updated_at = at
            settlement.version += 1
            settlement.save(update_fields=["state", "reason", "updated_at", "version"])


def _held(document: SettlementFile) -> SettlementFile:
    """Hold the settlement's row and return the document as it is now."""
    posting.lock(settlements=[document.settlement_id])
    rows = SettlementFile.objects.select_related("settlement", "file")
    held = rows.filter(settlement=document.settlement_id, file=document.file_id).first()
    if held is None:
        raise RulingRefused(_closed())
    return held


def _is_accepted(document: SettlementFile) -> bool:
    last = ruling_of(document=document)
    return last is not None and last.kind == Kind.ACCEPTED


def _closed() -> str:
    return _("This document waits for nobody any more. Reload the page.")


def _rule(held: SettlementFile, kind: DocumentRuling.Kind, reason: str, *, at: datetime, actor: str) -> None:
    said = reason.strip()[:200]
    if not said:
        raise RulingRefused(_("Say why: the reason stays with the settlement."))
    ruling = DocumentRuling.objects.create(
        settlement=held.settlement,
        file=held.file,
        kind=kind,
        reason=said,
        was=held.reason,
        difference=difference_of(document=held),
        actor=actor[:160],
        at=at,
    )
    difference = "" if ruling.difference is None else str(ruling.difference)
    events.record(
        object_kind="settlement",
        object_id=held.settlement_id,
        kind=str(kind),
        at=at,
        actor=actor[:160],
        file=held.file_id,
        reason=said,
        difference=difference,
    )
