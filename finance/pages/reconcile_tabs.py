"""The tabs of the reconcile screen: orders by where their money stands, opening orders, and the rules."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from ecomhub.access import Actor
from ecomhub.shell.parts import Tab
from finance import seeing
from finance.models import OrderMoney
from finance.pages.page_parts import address

State = OrderMoney.State
OPENING, RULES = "opening", "rules"
_COLORS = {State.WAITING.value: "orange"}


def reconcile_tabs(
    *,
    actor: Actor,
    active: str,
    counts: Mapping[str, int] | None = None,
    kept: Mapping[str, object] | None = None,
) -> list[Tab]:
    """Return the tabs somebody may open; ``active`` is a state of money, ``opening`` or ``rules``.

    ``counts`` are the orders in each state; ``kept`` is what the lists are filtered by.
    """
    words = [("", _("All"))]
    words += [(state.value, str(state.label)) for state in (State.OPEN, State.WAITING, State.SETTLED)]
    here = dict(kept or {})
    tabs = []
    for key, label in words:
        count = None
        if counts is not None:
            count = counts.get(key, 0) if key else sum(counts.values())
        where = address("finance:reconcile", **{**here, "state": key})
        color = _COLORS.get(key, "") if count else ""
        tabs.append(Tab(label=label, url=where, count=count, active=active == key, color=color))
    opening = address("finance:opening-orders", **here)
    tabs.append(Tab(label=_("Opening orders"), url=opening, active=active == OPENING))
    if seeing.everything(actor=actor):
        tabs.append(Tab(label=_("Rules"), url=address("finance:rules"), active=active == RULES))
    return tabs
