"""Reads of the queue of exceptions about money."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from ecomhub import keyset
from ecomhub.access import Actor
from finance import seeing
from finance.models import MoneyException

PAGE = 50


@dataclass(frozen=True, slots=True)
class ExceptionFilter:
    """What is asked of the queue; ``owner`` is a name, ``state`` open, accepted or solved."""

    state: str = "open"
    kind: str = ""
    owner: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ExceptionPage:
    """One page by keyset, the oldest first; the keys are empty where there is no neighbor."""

    rows: list[MoneyException]
    previous: str = ""
    following: str = ""


def exceptions_of(*, actor: Actor) -> "QuerySet[MoneyException]":
    """Return the exceptions somebody may see, with what they are about."""
    return seeing.exceptions(actor=actor).select_related(
        "shop", "money_account", "order", "settlement", "line_type", "payout"
    )


def exceptions(*, actor: Actor, wanted: ExceptionFilter) -> "QuerySet[MoneyException]":
    """Return the exceptions that fit a filter, in no order."""
    rows = exceptions_of(actor=actor).filter(state=wanted.state)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.owner:
        rows = rows.filter(owner__iexact=wanted.owner)
    if wanted.text:
        rows = rows.filter(Q(reference__icontains=wanted.text) | Q(order__external_id__icontains=wanted.text))
    return rows


def exception_page(*, rows: "QuerySet[MoneyException]", after: str = "", before: str = "") -> ExceptionPage:
    """Return one page."""
    keys = ["since", "pk"]
    behind, ahead = keyset.day_place(after), keyset.day_place(before)
    if ahead:
        taken = list(
            rows.filter(keyset.before(keys=keys, values=ahead)).order_by("-since", "-pk")[: PAGE + 1]
        )
        shown, earlier, later = taken[:PAGE][::-1], len(taken) > PAGE, True
    else:
        if behind:
            rows = rows.filter(keyset.behind(keys=keys, values=behind))
        taken = list(rows.order_by("since", "pk")[: PAGE + 1])
        shown, earlier, later = taken[:PAGE], bool(behind), len(taken) > PAGE
    if not shown:
        return ExceptionPage([])
    return ExceptionPage(shown, _key(shown[0]) if earlier else "", _key(shown[-1]) if later else "")


def kind_counts(*, actor: Actor) -> dict[str, int]:
    """Return how many open exceptions there are of each kind."""
    rows = exceptions_of(actor=actor).filter(state=MoneyException.State.OPEN).order_by()
    return dict(rows.values_list("kind").annotate(Count("pk")))


def open_count(*, actor: Actor) -> int:
    """Return how many open exceptions somebody may see."""
    return exceptions_of(actor=actor).filter(state=MoneyException.State.OPEN).count()


def _key(row: MoneyException) -> str:
    return f"{row.since.isoformat()}_{row.pk}"
