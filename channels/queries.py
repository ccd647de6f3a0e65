"""Reads of the house, for the Channels page: how each shop and stream stands, in figures and in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Prefetch, Q, QuerySet, prefetch_related_objects

from channels import lanes, offers
from channels.models import (
    ChannelAccount,
    FailedImport,
    Listing,
    ListingComponent,
    Publication,
    Pull,
    Shop,
    SyncRun,
)
from channels.pace import pace
from channels.quota import Quota, quotas_of
from ecomhub import work
from ecomhub.access import Actor
from ecomhub.work import WorkState

LAG_RUNS = timedelta(days=1)
STALE_AFTER = timedelta(minutes=30)
"""An order stream without success for so long (in the account's time) makes its shops stale."""

_LAGS = """
SELECT pull_id, percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY lag_s)
  FROM channels_syncrun
 WHERE pull_id = ANY(%s) AND ok AND lag_s IS NOT NULL AND ended_at > %s
 GROUP BY pull_id
"""


@dataclass(frozen=True, slots=True)
class StreamView:
    """How one stream of one account stands. Seconds are the account's own, ``next_run_in_s`` is real time."""

    pull: Pull
    label: str
    last_success_at: datetime | None
    last_error: str
    is_running: bool
    is_stopped: bool
    next_run_in_s: float
    lag_p50_s: float | None
    lag_p95_s: float | None
    behind_s: int
    last_run: SyncRun | None


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account with its shops, streams, quota and what waits for a person."""

    account: ChannelAccount
    shops: tuple[Shop, ...]
    streams: tuple[StreamView, ...]
    quotas: tuple[Quota, ...]
    listings: int
    unmapped: int
    failed_imports: int
    refused: int

    @property
    def is_import_only(self) -> bool:
        """Say whether nothing goes out for this account."""
        return self.account.switched_on_at is None


def accounts_visible_to(*, actor: Actor) -> "QuerySet[ChannelAccount]":
    """Return the accounts of which the actor may see at least one shop."""
    rows = ChannelAccount.objects.order_by("name")
    if not actor.may("channels.view"):
        return rows.none()
    return rows if actor.shop_ids is None else rows.filter(shops__in=actor.shop_ids).distinct()


def overview(*, actor: Actor, at: datetime) -> list[AccountView]:
    """Return every account the actor may see, with figures that need no request to a platform."""
    accounts = list(accounts_visible_to(actor=actor))
    ids = [account.pk for account in accounts]
    shops = _by_account(Shop.objects.visible_to(actor).filter(account__in=ids).order_by("pk"))
    streams = _stream_views(account_ids=ids, at=at)
    listings = _listing_counts(account_ids=ids)
    failed = _counts(FailedImport.objects.filter(account__in=ids).exclude(state=WorkState.DONE), "account")
    refused = _counts(
        Publication.objects.filter(listing__shop__account__in=ids, errors__gt=0), "listing__shop__account"
    )
    return [
        AccountView(
            account=account,
            shops=tuple(shops.get(account.pk, ())),
            streams=tuple(streams.get(account.pk, ())),
            quotas=tuple(quotas_of(account=account)),
            listings=listings.get(account.pk, (0, 0))[0],
            unmapped=listings.get(account.pk, (0, 0))[1],
            failed_imports=failed.get(account.pk, 0),
            refused=refused.get(account.pk, 0),
        )
        for account in accounts
    ]


def _by_account(rows: "QuerySet[Shop]") -> dict[int, list[Shop]]:
    found: dict[int, list[Shop]] = {}
    for row in rows:
        found.setdefault(row.account_id, []).append(row)
    return found


def _counts(rows: "QuerySet[Any]", field: str) -> dict[int, int]:
    return dict(rows.order_by().values_list(field).annotate(Count("pk")))


def _listing_counts(*, account_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    rows = (
        Listing.objects.filter(shop__account__in=account_ids, is_parent=False)
        .order_by()
        .values_list("shop__account")
        .annotate(every=Count("pk"), unmapped=Count("pk", filter=Q(is_mapped=False)))
    )
    return {account: (every, unmapped) for account, every, unmapped in rows}


def _stream_views(*, account_ids: Sequence[int], at: datetime) -> dict[int, list[StreamView]]:
    pulls = list(Pull.objects.filter(account__in=account_ids).select_related("account").order_by("pk"))
    lags = _lags(pull_ids=[pull.pk for pull in pulls], since=at - LAG_RUNS)
    latest = SyncRun.objects.filter(pull__in=pulls).order_by().values("pull").annotate(last=Max("pk"))
    runs = {run.pull_id: run for run in SyncRun.objects.filter(pk__in=[row["last"] for row in latest])}
    now = work.database_now()
    found: dict[int, list[StreamView]] = {}
    for pull in pulls:
        if pull.state == WorkState.DONE:
            continue
        p50, p95 = lags.get(pull.pk, (None, None))
        running = pull.lease_until is not None and pull.lease_until > now
        found.setdefault(pull.account_id, []).append(
            StreamView(
                pull=pull,
                label=str(Pull.Stream(pull.stream).label),
                last_success_at=pull.last_success_at,
                last_error=pull.last_error,
                is_running=running,
                is_stopped=pull.state == WorkState.QUARANTINED,
                next_run_in_s=max((pull.due_at - now).total_seconds(), 0.0),
                lag_p50_s=p50,
                lag_p95_s=p95,
                behind_s=lanes.seconds_behind(pull=pull, cursor=pull.cursor, at=at),
                last_run=runs.get(pull.pk),
            )
        )
    return found


def _lags(*, pull_ids: Sequence[int], since: datetime) -> dict[int, tuple[float, float]]:
    with connection.cursor() as cursor:
        cursor.execute(_LAGS, [list(pull_ids), since])
        return {pull_id: (p50, p95) for pull_id, (p50, p95) in cursor.fetchall()}


def freshness(*, actor: Actor, at: datetime) -> list[tuple[Shop, datetime | None, bool]]:
    """Return each shop the actor may see, when its orders were last read, and whether that is stale."""
    shops = Shop.objects.visible_to(actor).select_related("account").order_by("account__name", "pk")
    read = dict(Pull.objects.filter(stream=Pull.Stream.ORDERS).values_list("account_id", "last_success_at"))
    found = []
    for shop in shops:
        last = read.get(shop.account_id)
        found.append((shop, last, last is None or at - last > STALE_AFTER))
    return found


def wall_seconds(*, account: ChannelAccount, seconds: float) -> float:
    """Return how long seconds of an account's world last on the wall."""
    return seconds / pace(endpoint=account.endpoint)


def failed_imports(*, actor: Actor) -> "QuerySet[FailedImport]":
    """Return what could not be taken in and waits (抓单失败), the latest first."""
    accounts = accounts_visible_to(actor=actor)
    rows = FailedImport.objects.filter(account__in=accounts).exclude(state=WorkState.DONE)
    return rows.select_related("account").order_by("-last_seen_at", "-pk")


def unmapped_listings(*, actor: Actor) -> "QuerySet[Listing]":
    """Return the listings that sell no SKU yet (未配对), those that buyers ordered first among them."""
    return Listing.objects.visible_to(actor).unmapped().select_related("shop__account").order_by("pk")


@dataclass(frozen=True, slots=True)
class QuantityView:
    """One listing's wanted and shown quantity; ``why`` names the cause of a difference by a stable key."""

    listing: Listing
    wanted: int | None
    shown: int | None
    why: str
    detail: str


def quantities(*, listings: Sequence[Listing]) -> list[QuantityView]:
    """Return wanted and shown quantities of listings (read with shop and account), and why they differ.

    ``why`` is empty when they agree, else one of: by_channel, parent, unpaired, import_only, stopped, brake,
    paused, on_its_way, accepted, refused, waiting.
    """
    prefetch_related_objects(listings, "publication", "components")
    publications = {row.pk: held for row in listings if (held := _publication_of(row)) is not None}
    mapped = [row for row in publications.values() if row.listing.is_mapped]
    plan = offers.wanted_quantities(publications=mapped)
    found = []
    for listing in listings:
        publication = publications.get(listing.pk)
        wanted = plan.get(publication.pk) if publication is not None else None
        shown = listing.remote_quantity
        if publication is not None:
            shown = offers.shown_quantity(publication=publication)
        why, detail = _why(listing=listing, publication=publication, wanted=wanted, shown=shown)
        found.append(QuantityView(listing=listing, wanted=wanted, shown=shown, why=why, detail=detail))
    return found


def _publication_of(listing: Listing) -> Publication | None:
    return getattr(listing, "publication", None)


def for_list(rows: "QuerySet[Listing]") -> "QuerySet[Listing]":
    """Bring along what a row of the listings page shows: shop, account and publication at once, what the
    listing sells in one more statement.
    """
    parts = ListingComponent.objects.select_related("sku").order_by("pk")
    return rows.select_related("shop__account", "publication").prefetch_related(
        Prefetch("components", queryset=parts)
    )


def listing_counts(*, actor: Actor) -> tuple[int, int]:
    """Return how many listings the actor may see and how many of them sell nothing yet: one statement."""
    unmapped = Count("pk", filter=Q(is_mapped=False, is_parent=False))
    found = Listing.objects.visible_to(actor).aggregate(every=Count("pk"), unmapped=unmapped)
    return found["every"], found["unmapped"]


def _why(
    *,
    listing: Listing,
    publication: Publication | None,
    wanted: int | None,
    shown: int | None,
) -> tuple[str, str]:
    account = listing.shop.account
    if listing.is_parent:
        return "parent", ""
    if listing.fulfillment_method == "by_channel":
        return "by_channel", ""
    if not listing.is_mapped or publication is None:
        return "unpaired", ""
    if publication.errors and publication.last_error:
        return "refused", publication.last_error
    unconfirmed = publication.sent_at is not None and (
        publication.confirmed_at is None or publication.confirmed_at < publication.sent_at
    )
    if wanted == shown:
        return ("accepted", "") if unconfirmed else ("", "")
    if account.switched_on_at is None or not account.pushes_stock:
        return "import_only", ""
    if account.state != ChannelAccount.State.CONNECTED:
        return "stopped", account.state_reason
    if account.brake_engaged_at is not None:
        return "brake", account.brake_reason
    if listing.is_paused or listing.shop.is_paused:
        return "paused", ""
    return ("on_its_way", "") if publication.batch_id is not None else ("waiting", "")
