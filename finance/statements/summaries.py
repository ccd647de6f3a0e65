"""What became of one settlement of a document: as a value, as JSON beside an import, in words."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import get_language

from finance.models import SettlementFile, SourceFile
from finance.statements import restating


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of one settlement of a document; amounts in ``currency``.

    ``posted`` counts the lines this import brought into the ledger. A document that could not be read has
    one summary without a settlement; its ``reason`` is a sentence, and ``reasons`` has it in each language.
    """

    settlement_id: str
    currency: str
    state: SettlementFile.State
    reason: str = ""
    header_total: Decimal | None = None
    lines_total: Decimal = Decimal(0)
    lines: int = 0
    posted: int = 0
    totals: dict[str, Decimal] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    settlement: int | None = None
    reasons: dict[str, str] | None = None

    @property
    def words(self) -> str:
        """Return why it is not simply posted, in the reader's language."""
        return reason_words(self.reason, self.reasons)

    @property
    def difference(self) -> Decimal | None:
        """Return the total less the lines, where a total is stated."""
        return None if self.header_total is None else self.header_total - self.lines_total


def reason_words(reason: str, reasons: dict[str, str] | None = None) -> str:
    """Return a reason in the reader's language: a code's sentence, or one kept in every language."""
    if reasons:
        language = get_language() or settings.LANGUAGE_CODE
        return reasons.get(language) or reasons.get(settings.LANGUAGE_CODE) or reason
    return str(restating.REASONS.get(reason, reason))


def refusal_of(file: SourceFile) -> str:
    """Return why a document was refused, in the reader's language."""
    return reason_words(file.reason, file.reasons)


def stored(summary: Summary) -> dict[str, Any]:
    """Return a summary as JSON keeps it; amounts and instants are text."""
    return {
        "settlement_id": summary.settlement_id,
        "currency": summary.currency,
        "state": summary.state.value,
        "reason": summary.reason,
        "reasons": summary.reasons,
        "header_total": None if summary.header_total is None else str(summary.header_total),
        "lines_total": str(summary.lines_total),
        "lines": summary.lines,
        "posted": summary.posted,
        "totals": {name: str(amount) for name, amount in (summary.totals or {}).items()},
        "starts_at": None if summary.starts_at is None else summary.starts_at.isoformat(),
        "ends_at": None if summary.ends_at is None else summary.ends_at.isoformat(),
        "settlement": summary.settlement,
    }


def restored(kept: dict[str, Any]) -> Summary:
    """Return the summary that was stored."""
    return Summary(
        settlement_id=kept["settlement_id"],
        currency=kept["currency"],
        state=SettlementFile.State(kept["state"]),
        reason=kept["reason"],
        reasons=kept["reasons"],
        header_total=None if kept["header_total"] is None else Decimal(kept["header_total"]),
        lines_total=Decimal(kept["lines_total"]),
        lines=kept["lines"],
        posted=kept["posted"],
        totals={name: Decimal(amount) for name, amount in kept["totals"].items()},
        starts_at=None if kept["starts_at"] is None else datetime.fromisoformat(kept["starts_at"]),
        ends_at=None if kept["ends_at"] is None else datetime.fromisoformat(kept["ends_at"]),
        settlement=kept["settlement"],
    )
