"""Reads every page shares: whose money somebody may see, and the settlements with their figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from django.db.models import (
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Sum,
)
from django.db.models.functions import Coalesce

from ecomhub import keyset
from ecomhub.access import Actor
from finance import seeing
from finance.models import Book, LineType, MoneyAccount, Posting, Settlement, SourceFile, TypeMapping
from finance.models.settlements import TOLD
from finance.sources import registry

PAGE = 50
_STATES = (
    Settlement.State.POSTED,
    Settlement.State.STAGED,
    Settlement.State.EVIDENCE,
    Settlement.State.REFUSED,
)


@dataclass(frozen=True, slots=True)
class SettlementFilter:
    """What is asked of the list of settlements; ``month`` is its first day, in UTC."""

    state: str = ""
    account: MoneyAccount | None = None
    currency: str = ""
    month: date | None = None
    text: str = ""


def accounts_of(*, actor: Actor) -> "QuerySet[MoneyAccount]":
    """Return the money accounts somebody may see, by name, with what a page says of them."""
    return seeing.accounts(actor=actor).select_related("book", "channel", "shop").order_by("name")


def books_of(*, actor: Actor) -> "QuerySet[Book]":
    """Return the books somebody may see, with whose they are."""
    return seeing.books(actor=actor).select_related("legal_entity").order_by("pk")


def settlements_of(*, actor: Actor) -> "QuerySet[Settlement]":
    """Return the settlements somebody may see, with their accounts."""
    return seeing.settlements(actor=actor).select_related("account", "account__book")


def files_of(*, actor: Actor) -> "QuerySet[SourceFile]":
    """Return the documents somebody may see, with their accounts."""
    return seeing.files(actor=actor).select_related("account", "file")


def settlements(*, actor: Actor, wanted: SettlementFilter) -> "QuerySet[Settlement]":
    """Return the settlements that fit a filter, in no order.

    What a platform tells of single transactions has a page of its own.
    """
    rows = settlements_of(actor=actor).exclude(reason=TOLD)
    if wanted.state in _STATES:
        rows = rows.filter(state=wanted.state)
    if wanted.account is not None:
        rows = rows.filter(account=wanted.account)
    if wanted.currency:
        rows = rows.filter(currency=wanted.currency)
    if wanted.text:
        rows = rows.filter(Q(external_id__icontains=wanted.text) | Q(payout_ref__icontains=wanted.text))
    if wanted.month is not None:
        first = datetime(wanted.month.year, wanted.month.month, 1, tzinfo=UTC)
        after = datetime(
            wanted.month.year + wanted.month.month // 12, wanted.month.month % 12 + 1, 1, tzinfo=UTC
        )
        rows = rows.filter(
            Q(ends_at__gte=first, ends_at__lt=after)
            | Q(ends_at__isnull=True, deposited_at__gte=first, deposited_at__lt=after)
        )
    return rows


def settlement_page(
    *, rows: "QuerySet[Settlement]", after: str = "", before: str = "", size: int = PAGE
) -> keyset.Page[Settlement]:
    """Return one page, the latest deposit first; a settlement without one stands at its end."""
    return keyset.page_of(
        rows=rows.annotate(day=Coalesce("deposited_at", "ends_at", "recorded_at")),
        keys=["day", "pk"],
        after=keyset.instant_place(after),
        up_to=keyset.instant_place(before),
        size=size,
        key_of=lambda row: keyset.instant_key(row.deposited_at or row.ends_at or row.recorded_at, row.pk),
        fields=keyset.INSTANT_FIELDS,
    )


def state_counts(*, actor: Actor, wanted: SettlementFilter) -> dict[str, int]:
    """Return how many settlements fit a filter in each state; ``""`` counts all."""
    loose = SettlementFilter(
        account=wanted.account, currency=wanted.currency, month=wanted.month, text=wanted.text
    )
    rows = settlements(actor=actor, wanted=loose).order_by().values_list("state").annotate(Count("pk"))
    counts = dict(rows)
    return {"": sum(counts.values()), **{state.value: counts.get(state.value, 0) for state in _STATES}}


def unmapped_types() -> "QuerySet[LineType]":
    """Return the types of line nobody said anything about, without those no document posts by."""
    evidence = [source.key for source in registry.sources().values() if source.is_evidence]
    rows = LineType.objects.exclude(source__in=evidence)
    return rows.filter(~Exists(TypeMapping.objects.filter(line_type=OuterRef("pk"))))


def unexplained(*, settlements: Sequence[Settlement]) -> dict[int, Decimal]:
    """Return what is not explained of settlements, in their currency: nothing is not in it.

    Of a posted one what stands in suspense; of another one what its total and its lines differ by, or all of
    it where nothing is posted and it states no total. Evidence explains nothing by itself.
    """
    found: dict[int, Decimal] = {}
    for row in settlements:
        if row.state in (Settlement.State.STAGED, Settlement.State.REFUSED):
            left = (row.total or Decimal(0)) - row.lines_total
            if left:
                found[row.pk] = left
    posted = [row.pk for row in settlements if row.state == Settlement.State.POSTED]
    sums = (
        Posting.objects.filter(account="1900", line__settlement__in=posted)
        .order_by()
        .values_list("line__settlement")
        .annotate(sum=Sum("amount"))
    )
    return found | {pk: -amount for pk, amount in sums if amount}


def currencies_of(*, actor: Actor) -> list[str]:
    """Return the currencies there are settlements in."""
    rows = settlements_of(actor=actor).order_by("currency").values_list("currency", flat=True)
    return list(rows.distinct())


def recent_files(*, actor: Actor, size: int = PAGE) -> list[SourceFile]:
    """Return the documents that came in last, without the many that only tell of single transactions."""
    telling = [source.key for source in registry.sources().values() if source.announces]
    return list(files_of(actor=actor).exclude(source__in=telling).order_by("-pk")[:size])


def waiting_count(*, actor: Actor) -> int:
    """Return how many settlements wait for somebody: staged or refused."""
    rows = settlements_of(actor=actor)
    return rows.filter(state__in=(Settlement.State.STAGED, Settlement.State.REFUSED)).count()
