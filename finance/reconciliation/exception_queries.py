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


def exception_page(
    *, rows: "QuerySet[MoneyException]", after: str = "", before: str = ""
) -> keyset.Page[MoneyException]:
    """Return one page, the oldest first."""
    return keyset.page_of(
        rows=rows,
        keys=["since", "pk"],
        after=keyset.day_place(after),
        up_to=keyset.day_place(before),
        size=PAGE,
        key_of=lambda row: keyset.day_key(row.since, row.pk),
        newest_first=False,
    )


def kind_counts(*, actor: Actor) -> dict[str, int]:
    """Return how many open exceptions there are of each kind."""
    rows = exceptions_of(actor=actor).filter(state=MoneyException.State.OPEN).order_by()
    return dict(rows.values_list("kind").annotate(Count("pk")))


def open_count(*, actor: Actor) -> int:
    """Return how many open exceptions somebody may see."""
    return exceptions_of(actor=actor).filter(state=MoneyException.State.OPEN).count()
