"""Why something waits, in a few words for a list; the pages of the thing itself say what to do."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, str | Promise] = {
    "total_mismatch": _("its lines do not add up to its total"),
    "no_statement": _("the document says nothing about it"),
    "stated_twice": _("the document says two different things about it"),
    "payout_differs": _("the document names two amounts of its payout"),
    "differs": _("another document has other lines"),
    "overlaps": _("another statement has the same lines"),
    "announced": _("announced, not paid yet"),
    "unfinished": _("being posted"),
    "rate_missing": _("a rate is missing"),
    "refused": _("the ledger refused it"),
    "shipment": _("its shipment is not booked yet"),
    "transfer": _("the other side of the transfer is not valued yet"),
}


def words_of(reason: str) -> str:
    """Return a reason's code in words; a code nobody worded stands for itself."""
    return str(WORDS.get(reason, reason))
