"""Closing periods and opening them again.

A close is a day: nothing may be effective on or before it any more, which the database refuses by itself.
Facts that come later are effective on the first open day and keep their own date on their line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ecomhub import events, verifying
from ecomhub.access import Actor
from ecomhub.discovery import Law
from ecomhub.limits import lift_limits
from finance.accounting import books, revaluing
from finance.accounting.fx import RateMissing
from finance.closing import period_checks
from finance.closing.period_checks import Finding, Weight
from finance.models.ledger import Book, PeriodAct


class PeriodRefused(Exception):
    """A period cannot be closed or reopened like that. ``findings`` says what is in the way."""

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = list(findings)


def checklist(*, book: Book, through: date) -> list[Finding]:
    """Compute what is in the way of closing a book's periods up to and with a day."""
    return period_checks.look(book=book, through=through)


def broken_laws(*, laws: Sequence[Law]) -> Finding:
    """Check the house's invariants in one snapshot, as a line of the checklist; not inside a transaction.

    Those that a check of the list looks at for the period are left to it.
    """
    covered = {name for check in period_checks.CHECKS for name in check.covers}
    broken = verifying.verify(laws=[law for law in laws if law.id not in covered]).broken
    return Finding(
        "invariants",
        gettext_noop("Every invariant of the ledger holds"),
        gettext_noop("Run verify: it names what is broken."),
        Weight.BLOCKING,
        len(broken),
        broken[:10],
    )


def close(
    *,
    book: Book,
    through: date,
    at: datetime,
    actor: Actor,
    accepted: Mapping[str, str] | None = None,
    laws: Sequence[Law] | None = None,
    revalues: bool = True,
) -> PeriodAct:
    """Close a book's periods up to and with a day that is over.

    Money in other currencies is revalued first unless ``revalues`` is false. ``accepted`` gives a reason for
    each acceptable finding there is. ``laws`` are checked before, outside of the transaction. Raises
    ``PeriodRefused`` with the findings, and then nothing changed.
    """
    _may(actor, "finance.close")
    if through >= books.day_of(book=book, instant=at):
        raise PeriodRefused(_("%s is not over yet. Close a period after its last day.") % through)
    first = [] if laws is None else [broken_laws(laws=laws)]
    with transaction.atomic():
        lift_limits()
        # Waits for entries that are being written; those that come after see the new lock.
        book = Book.objects.select_for_update(no_key=True).get(pk=book.pk)
        if through < books.first_open_day(book=book):
            raise PeriodRefused(_("%s is closed already, or before the book's first day.") % through)
        if revalues:
            try:
                revaluing.revalue(book=book, on=through, actor=actor.name)
            except RateMissing as missing:
                raise PeriodRefused(str(missing), checklist(book=book, through=through)) from missing
        findings = [*first, *checklist(book=book, through=through)]
        _judge(findings, accepted or {})
        return _record(
            book,
            PeriodAct.Kind.CLOSE,
            through,
            at=at,
            actor=actor,
            checks=[
                asdict(finding) | {"accepted": (accepted or {}).get(finding.key, "")} for finding in findings
            ],
        )


def reopen(*, book: Book, through: date | None, reason: str, at: datetime, actor: Actor) -> PeriodAct:
    """Open closed periods again: ``through`` is the last day that stays closed, ``None`` for none.

    Only the role that holds ``finance.reopen`` may, with a reason, and it stays on record. Raises
    ``PeriodRefused``.
    """
    _may(actor, "finance.reopen")
    if not reason.strip():
        raise PeriodRefused(_("Say why the period is opened again."))
    with transaction.atomic():
        book = Book.objects.select_for_update(no_key=True).get(pk=book.pk)
        if book.locked_through is None or (through is not None and through >= book.locked_through):
            raise PeriodRefused(_("That is open already."))
        return _record(book, PeriodAct.Kind.REOPEN, through, at=at, actor=actor, reason=reason.strip()[:200])


def _may(actor: Actor, action: str) -> None:
    if not actor.may(action):
        raise PeriodRefused(_("Your role does not include this. Ask an administrator for it."))


def _judge(findings: Sequence[Finding], accepted: Mapping[str, str]) -> None:
    """Refuse what blocks, and what could be accepted and was not."""
    blocking = [one for one in findings if one.count and one.weight is Weight.BLOCKING]
    if blocking:
        raise PeriodRefused(
            _("The period cannot be closed: %s.") % ", ".join(one.key for one in blocking), findings
        )
    open_ = [
        one
        for one in findings
        if one.count and one.weight is Weight.ACCEPTABLE and not accepted.get(one.key, "").strip()
    ]
    if open_:
        raise PeriodRefused(
            _("Settle these first, or accept them with a reason: %s.") % ", ".join(one.key for one in open_),
            findings,
        )


def _record(
    book: Book,
    kind: PeriodAct.Kind,
    through: date | None,
    *,
    at: datetime,
    actor: Actor,
    reason: str = "",
    checks: Sequence[object] = (),
) -> PeriodAct:
    """Write the act and the lock; the database takes the one only with the other."""
    act = PeriodAct.objects.create(
        book=book, kind=kind, through=through, reason=reason, checks=list(checks), actor=actor.name, at=at
    )
    book.locked_through = through
    book.save(update_fields=["locked_through"])
    events.record(
        object_kind="book",
        object_id=book.pk,
        kind="period_closed" if kind == PeriodAct.Kind.CLOSE else "period_reopened",
        at=at,
        actor=actor.name,
        through=None if through is None else through.isoformat(),
        reason=reason,
    )
    return act
