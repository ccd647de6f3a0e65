"""Reads of the house, for the Channels page: how each shop and stream stands, in figures and in words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Prefetch, Q, QuerySet

from channels import differing, feeds, lanes, offers, pricing
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
from channels.registry import by_file_keys
from ecomhub import work
from ecomhub.access import Actor
from ecomhub.sentences import shown
from ecomhub.work import ClockTimestamp, WorkState

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
class Outgoing:
    """What waits to go out for an account: listings whose quantity changed, feeds under way, prices."""

    quantities: int = 0
    feeds: int = 0
    prices: int = 0
    last_sent_at: datetime | None = None


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
    outgoing: "Outgoing"

    @property
    def is_by_file(self) -> bool:
        """Say whether orders and statements of the account come as files."""
        return self.account.platform in by_file_keys()

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
            outgoing=outgoing_of(account=account),
        )
        for account in accounts
    ]


def outgoing_of(*, account: ChannelAccount) -> Outgoing:
    """Return what waits to go out for an account, whether or not it may go now."""
    found = Outgoing()
    if account.pushes_stock:
        sent = Publication.objects.filter(listing__shop__account=account).aggregate(last=Max("sent_at"))
        found = replace(
            found,
            quantities=offers.changed(account_id=account.pk).count(),
            feeds=feeds.open_batches(account_id=account.pk).count(),
            last_sent_at=sent["last"],
        )
    return replace(found, prices=pricing.to_send(account_id=account.pk).count())


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
                last_error=shown(pull.last_error),
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
    """Return each shop the actor may see, when its orders were last read, and whether that is stale.

    Shops worked by file are left out: nobody reads for them.
    """
    read_for = Shop.objects.visible_to(actor).exclude(account__platform__in=by_file_keys())
    shops = read_for.select_related("account").order_by("account__name", "pk")
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


def for_list(rows: "QuerySet[Listing]") -> "QuerySet[Listing]":
    """Bring along what a row of the listings page shows: shop, account, stock and price work at once, what
    the listing sells in one more statement.
    """
    parts = ListingComponent.objects.select_related("sku").order_by("pk")
    timed = rows.annotate(read_at=ClockTimestamp())
    return timed.select_related("shop__account", "publication", "price_publication").prefetch_related(
        Prefetch("components", queryset=parts)
    )


@dataclass(frozen=True, slots=True)
class ListingCounts:
    """How many listings an actor may see, and how many of them wait for something."""

    every: int
    unmapped: int
    refused: int
    paused: int


LISTING_VIEWS = ("all", "unmapped", "differs", "refused", "paused")
_REFUSED = Q(publication__errors__gt=0) | Q(price_publication__errors__gt=0)
_PAUSED = Q(is_paused=True) | Q(shop__is_paused=True)


def listing_counts(*, actor: Actor) -> ListingCounts:
    """Count the listings the actor may see, by what they wait for: one statement."""
    found = Listing.objects.visible_to(actor).aggregate(
        every=Count("pk"),
        unmapped=Count("pk", filter=Q(is_mapped=False, is_parent=False)),
        refused=Count("pk", filter=_REFUSED),
        paused=Count("pk", filter=_PAUSED & Q(is_parent=False)),
    )
    return ListingCounts(**found)


def listings(
    *,
    actor: Actor,
    view: str = "all",
    text: str = "",
    platform: str = "",
    account: ChannelAccount | None = None,
    shop: Shop | None = None,
) -> "QuerySet[Listing]":
    """Return the listings that match, in no order yet.

    ``view`` is one of ``LISTING_VIEWS``. ``text`` finds a part of the listing's code, its title or the code
    of a SKU it sells, and a whole product number.
    """
    rows: QuerySet[Listing] = Listing.objects.visible_to(actor)
    if view == "unmapped":
        rows = Listing.objects.visible_to(actor).unmapped()
    elif view == "refused":
        rows = rows.filter(_REFUSED)
    elif view == "paused":
        rows = rows.filter(_PAUSED, is_parent=False)
    elif view == "differs":
        rows = rows.filter(pk__in=differing.differing().values("listing"))
    if platform:
        rows = rows.filter(shop__account__platform=platform)
    if account is not None:
        rows = rows.filter(shop__account=account)
    if shop is not None:
        rows = rows.filter(shop=shop)
    if text:
        sells = ListingComponent.objects.filter(sku__code__icontains=text).values("listing")
        rows = rows.filter(
            Q(external_id__icontains=text)
            | Q(title__icontains=text)
            | Q(product_id__iexact=text)
            | Q(pk__in=sells)
        )
    return rows
