"""Imports as pages show them: how far each is, what became of its settlements, what to do when it stopped."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ecomhub.access import Actor
from finance import seeing
from finance.models import ImportJob, SettlementFile, SourceFile
from finance.pages.page_parts import SETTLEMENT_COLORS
from finance.statements import accepting, import_queries, settlement_queries, summaries, uploading
from finance.statements.summaries import Summary

STANDING_COLORS = {
    ImportJob.Standing.WAITING: "secondary",
    ImportJob.Standing.READING: "azure",
    ImportJob.Standing.POSTING: "azure",
    ImportJob.Standing.DONE: "green",
    ImportJob.Standing.FAILED: "red",
}
_PROBLEMS: dict[str, str | Promise] = {
    uploading.MISSING: _("The file is not in the store. Restore the files of the backup, then try again."),
    uploading.DAMAGED: _("The file in the store was changed. Restore it from the backup, then try again."),
}
_STOPPED = _("It stopped several times. Nothing is lost and nothing was booked twice. Try again.")
_WAITS = _("It stopped and goes on by itself. Nothing is lost and nothing was booked twice.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one settlement of a document, with its color, and whether somebody may decide it."""

    one: Summary
    color: str
    label: str
    reason: str
    is_open: bool = False
    is_crossed: bool = False

    @property
    def totals(self) -> Sequence[tuple[str, object]]:
        """Return the sums by type, the largest first."""
        return sorted((self.one.totals or {}).items(), key=lambda pair: -abs(pair[1]))


@dataclass(frozen=True, slots=True)
class Card:
    """One import."""

    row: ImportJob
    color: str
    problem: str = ""
    detail: str = ""
    can_retry: bool = False
    is_refused: bool = False
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def file(self) -> SourceFile:
        """Return its document."""
        return self.row.document


def cards_of(*, imports: Sequence[ImportJob], actor: Actor) -> list[Card]:
    """Return imports as cards. Two statements for all of them."""
    now = import_queries.said_now(imports=imports)
    crossed = settlement_queries.crossed(settlements={settlement for _file, settlement in now})
    can_decide = actor.may("finance.post") and seeing.everything(actor=actor)
    return [_card(row, now, crossed, can_decide=can_decide) for row in imports]


def _card(
    row: ImportJob,
    now: dict[tuple[int, int], SettlementFile],
    crossed: Collection[int],
    *,
    can_decide: bool,
) -> Card:
    found = [summaries.restored(kept) for kept in row.outcomes]
    is_stuck = row.standing is ImportJob.Standing.FAILED or (row.errors > 0 and row.lease_until is None)
    problem = ""
    if row.is_working and is_stuck:
        problem = str(_WAITS)
    elif is_stuck:
        problem = str(_PROBLEMS.get(row.last_error, _STOPPED))
    return Card(
        row=row,
        color=STANDING_COLORS[row.standing],
        problem=problem,
        detail="" if row.last_error in _PROBLEMS or not is_stuck else row.last_error[:300],
        can_retry=is_stuck,
        is_refused=any(not one.settlement_id for one in found) and _is_refused(row.document),
        outcomes=[
            _outcome(
                one,
                now.get((row.document_id, one.settlement or 0)),
                can_decide=can_decide,
                is_crossed=one.settlement in crossed,
            )
            for one in found
        ],
    )


def _is_refused(file: SourceFile) -> bool:
    return file.state == SourceFile.State.REFUSED


def _outcome(one: Summary, held: SettlementFile | None, *, can_decide: bool, is_crossed: bool) -> Outcome:
    """Return what became of a settlement; what was decided of its document since then counts."""
    state, reason = one.state, one.words
    if held is not None and state != SettlementFile.State.DUPLICATE:
        state, reason = SettlementFile.State(held.state), summaries.reason_words(held.reason)
    return Outcome(
        one=one,
        color=SETTLEMENT_COLORS[state.value],
        label=str(state.label),
        reason=reason,
        is_open=can_decide and held is not None and accepting.is_open(document=held),
        is_crossed=is_crossed,
    )
