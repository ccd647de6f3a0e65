"""Why something waits, in a few words for a list; the pages of the thing itself say what to do."""

from django.utils.translation import gettext_noop as _

from ecomhub.sentences import kept

WORDS: dict[str, str] = {
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


def kept_reason(reason: str) -> str:
    """Return a reason's code as a kept sentence; a code nobody worded stands for itself."""
    return kept(WORDS[reason]) if reason in WORDS else reason
