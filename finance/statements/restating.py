"""What becomes of a document's settlement, whatever was known of it before and in whichever order files come.

The same lines again are nothing new. A document with all lines we have and more brings the others. One with
fewer is evidence. One that has other lines waits for a person: nothing is ever reversed by itself. What a
person decided of a document holds whenever it is read again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels.settlement_messages import Holder, Source
from finance.models import DocumentRuling, Settlement, SettlementFile
from finance.models.settlements import TOLD
from finance.statements.staging import Heading

State = SettlementFile.State

REASONS: dict[str, str | Promise] = {
    "total_mismatch": _(
        "Its lines do not add up to its total. Get the document once more from its source, or wait for the "
        "re-issued one: that posts what was missing."
    ),
    "no_statement": _("The document has lines of it but says nothing about it. Look at their currency."),
    "stated_twice": _("The document says two different things about it. Get it once more from its source."),
    "payout_differs": _(
        "What it says was paid out is another amount than its total. Get it once more from its source."
    ),
    "rate_missing": _("A rate into the book's currency is missing. Import or type it; it is then posted."),
    "announced": _("The money is announced and not paid yet."),
    "unfinished": _("It is being posted. If that was interrupted, import the file again: it goes on."),
    "differs": _(
        "It has other lines than what is posted, and lacks some of those. Compare both files and decide."
    ),
    "subset": _("Everything in it is posted already, with more; it is kept beside."),
    "other_source": _("The same money came in another kind of document; this one is kept beside."),
    "overlaps": _(
        "Another statement has the same lines for the same days, and no number tells whether they are the "
        "same money. Get one for the days that are not booked yet, or accept it if they are other money."
    ),
    "known_elsewhere": _("Other statements of the account posted everything in it; it is kept beside."),
    "partly_known": _("Other statements of the account posted some of its lines; it stands for the others."),
    TOLD: _("The platform tells of one transaction here; a settlement books it. It stands under Held back."),
    "evidence": _("This kind of document repeats money that another one posts; it is kept beside."),
    "too_fine": _("An amount has more decimals than its currency. Get the document once more."),
    "unusable": _("An amount is not a number the books can hold. Get the document once more."),
    "no_currency": _("Its currency is not one of ISO 4217. Get the document once more."),
    "refused": _("The ledger refused it. Nothing of it was posted."),
    "accepted": _("A person accepted it as it is; what it differs by stands unclassified."),
    "set_aside": _("A person set it aside; it is kept beside and nothing of it is posted."),
}
"""Why a settlement is not simply posted, in words that say what to do."""


DECIDABLE = ("total_mismatch", "no_statement", "stated_twice", "differs", "overlaps")
"""Why a document waits for a person who may accept it, or set it aside."""


@dataclass(slots=True)
class Known:
    """What is known of a settlement before: its row, its lines, and those of them the document has too.

    ``ruling`` is what a person decided of this document.
    """

    settlement: Settlement | None = None
    lines: int = 0
    shared: int = 0
    posted_elsewhere: bool = False
    ruling: DocumentRuling | None = None


@dataclass(slots=True)
class Decision:
    """What becomes of one settlement of a document; ``keeps`` its new lines, ``posts`` what is not posted.

    ``accepted`` is the reason a person gave for accepting it: it then keeps what it differs by as a line of
    its own, of the amount ``difference``.
    """

    heading: Heading
    settlement: Settlement | None
    state: SettlementFile.State
    reason: str = ""
    keeps: bool = False
    posts: bool = False
    added: int = 0
    missing: int = 0
    accepted: str = ""
    difference: Decimal = Decimal(0)

    @property
    def is_new(self) -> bool:
        """Say whether none of the settlement's lines are kept yet."""
        return self.added == self.heading.lines - self.heading.elsewhere.lines and not self.missing


def decide(*, heading: Heading, known: Known, source: Source) -> Decision:
    """Decide what becomes of a settlement a document speaks of."""
    said = Decision(heading, known.settlement, State.STAGED)
    said.added = heading.lines - heading.elsewhere.lines - known.shared
    said.missing = known.lines - known.shared
    if known.ruling is not None and known.ruling.kind == DocumentRuling.Kind.ACCEPTED:
        said.accepted = known.ruling.reason
    for state, reason, holds in _OBSTACLES:
        if said.accepted and reason in (*DECIDABLE, "subset"):
            continue
        if holds(heading, known, said, source):
            said.state, said.reason = state, reason
            said.keeps = state is State.EVIDENCE and reason in (TOLD, "evidence", "other_source")
            return said
    is_posted = known.settlement is not None and known.settlement.state == Settlement.State.POSTED
    if is_posted and not said.added:
        said.state = State.DUPLICATE
        return said
    said.state, said.keeps, said.posts = State.POSTED, True, True
    said.reason = "accepted" if said.accepted else "partly_known" if heading.elsewhere.lines else ""
    return said


def total_of(heading: Heading) -> Decimal | None:
    """Return what the document states for a settlement, where it states anything."""
    return None if heading.statement is None else heading.statement.total


_Holds = Callable[[Heading, Known, Decision, Source], bool]


def _mismatch(heading: Heading, known: Known, said: Decision, source: Source) -> bool:
    total = total_of(heading)
    return total is not None and total != heading.total


def _differs(heading: Heading, source: Source) -> bool:
    """Say whether a platform's document names two amounts of one payout, in the same currency."""
    said = heading.statement
    if said is None or None in (said.total, said.payout_amount) or source.holder is not Holder.CHANNEL:
        return False
    return said.payout_currency == said.currency and said.payout_amount != said.total


_OBSTACLES: tuple[tuple[SettlementFile.State, str, _Holds], ...] = (
    (State.REFUSED, "unusable", lambda heading, *_: heading.is_unusable),
    (State.REFUSED, "no_currency", lambda heading, *_: heading.has_no_currency),
    (State.REFUSED, "too_fine", lambda heading, *_: heading.is_too_fine),
    (State.EVIDENCE, "set_aside", lambda _heading, known, *_: _is_set_aside(known)),
    (State.EVIDENCE, TOLD, lambda _heading, _known, _said, source: source.announces),
    (State.EVIDENCE, "evidence", lambda _heading, _known, _said, source: source.is_evidence),
    (State.EVIDENCE, "known_elsewhere", lambda heading, known, *_: _is_elsewhere(heading, known)),
    (State.EVIDENCE, "subset", lambda _heading, _known, said, _source: not said.added and said.missing > 0),
    (State.EVIDENCE, "subset", lambda *given: bool(given[1].lines) and not given[2].added and _odd(*given)),
    (State.STAGED, "no_statement", lambda heading, *_: heading.statement is None),
    (State.STAGED, "stated_twice", lambda heading, *_: heading.is_stated_twice),
    (State.STAGED, "total_mismatch", _mismatch),
    (State.STAGED, "payout_differs", lambda heading, _known, _said, source: _differs(heading, source)),
    (
        State.STAGED,
        "announced",
        lambda heading, *_: heading.statement is not None and not heading.statement.pays,
    ),
    (State.EVIDENCE, "other_source", lambda _heading, known, *_: known.posted_elsewhere),
    (State.STAGED, "overlaps", lambda heading, _known, said, _source: bool(heading.alike and said.added)),
    (State.STAGED, "differs", lambda _heading, _known, said, _source: said.added > 0 and said.missing > 0),
)


def _is_elsewhere(heading: Heading, known: Known) -> bool:
    return not known.lines and 0 < heading.lines == heading.elsewhere.lines


def _is_set_aside(known: Known) -> bool:
    return known.ruling is not None and known.ruling.kind == DocumentRuling.Kind.SET_ASIDE


def _odd(heading: Heading, known: Known, said: Decision, source: Source) -> bool:
    """Say whether a document with exactly the lines we have states something else about them."""
    if heading.statement is None or heading.is_stated_twice or not heading.statement.pays:
        return True
    return _mismatch(heading, known, said, source)
